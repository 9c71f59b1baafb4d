# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter for GlobalSign Atlas (HVCA v2, ca-apis 2a): the verbs of ``_ca/contract``.

Atlas has no orders: names are claimed first, and a certificate is sent for when all claims are verified.

    submit ── a claim is not verified ──► handle claims/…  look, ready: assert the claims ── all verified ─┐
      ▲  └─── all are ──► POST /certificates ──► handle certificate/SERIAL ── 202, 404 ──► ISSUED          │
      └──────────────────────────── is_cleared: submitted once more, with an intent of its own ◄───────────┘

So the request that buys something is always a submit, whose intent is on the disk before: lost, it is looked for by
public key in the list of what was issued. A handle of claims means that nothing was ordered. Renewal and reissue are
new orders to Atlas, and a certificate cannot be cancelled, only revoked.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import settings_refused
from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import serial_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    Capabilities,
    Contact,
    Finding,
    Issued,
    OrderRequest,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.counted import counted_as
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.certificates import (
    Certificates,
    serial_number,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claim import Book, Claim
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claims import Claims, contact_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.network import (
    Call,
    Network,
    is_gone,
    not_sent,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.policy import Policy
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.telling import (
    claims_seen,
    judge_method,
    no_handle,
    no_product,
    no_serial,
    no_such_certificate,
    unknown_reason,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._data.atlas_words import METHOD_WORDS, REASONS
from ansible_collections.inkan.tls.plugins.module_utils._io.client_identity import ClientIdentity
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

__all__ = ["AtlasAdapter", "AtlasFactory"]

_CLAIMS, _CERTIFICATE = "claims/", "certificate/"


class AtlasAdapter:
    """CaAdapter."""

    def __init__(self, network: Network, settings: Settings, book: Book) -> None:
        self._network = network
        self._settings = settings
        self._claims = Claims(network, settings, book)
        self._certificates = Certificates(network)
        self._policy: Policy | None = None

    @property
    def capabilities(self) -> Capabilities:
        """cancel: of what is not ordered yet; there is no such call."""
        return Capabilities(
            methods=tuple(row.method for row in METHOD_WORDS),
            wildcard_methods=tuple(row.method for row in METHOD_WORDS if row.wildcard),
            finding=Finding.EXACT,
            find_delay=self._settings.find_delay,
            finds_ours=True,
            resending=True,
            changing_contact=True,
        )

    # --- ordering ----------------------------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> Seen:
        """Only the last request orders; whatever is lost before it, no order is."""
        try:
            body = self._body(request)
            claims = self._claims.begin(request)
        except TransportError as failure:
            failure.sent = False
            raise
        except DeadlineError as failure:
            raise not_sent(failure) from failure
        seen = self._seen(_CLAIMS + request.reference, request, claims)
        if not seen.is_cleared:
            return seen
        request.still_ours()
        answer = self._network.ask(
            Call("POST", "/certificates", "order a certificate", body, good=(201,), is_submit=True)
        )
        serial = serial_number(answer.located)
        if serial is None:
            raise no_serial(self._network.where, request)
        return Seen(f"{_CERTIFICATE}{serial:x}", Status.ISSUING, "201")

    def _body(self, request: OrderRequest) -> dict[str, t.Any]:
        if request.product not in self._settings.products:
            raise no_product(request, self._settings.products)
        judge_method(request)
        if self._policy is None:
            answer = self._network.ask(Call("GET", "/validationpolicy", "read the validation policy"))
            self._policy = Policy.read(answer.data)
        return self._policy.body(request, self._settings, self._network.now())

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """A submit that only began claims has made nothing."""
        known = {serial_number(one[len(_CERTIFICATE) :]) for one in known_handles if one.startswith(_CERTIFICATE)}
        found = self._certificates.find(request, {one for one in known if one is not None}, since)
        return None if found is None else Seen(f"{_CERTIFICATE}{found[0]:x}", found[1].status, found[1].word)

    # --- looking and acting ------------------------------------------------------------------------------------------

    def look(self, handle: str, request: OrderRequest) -> Seen:
        serial = _serial_in(handle)
        if serial is None:
            return self._seen(handle, request, self._claims.standing(request))
        try:
            info = self._certificates.show(serial)
        except RefusedError as refusal:
            if not is_gone(refusal):
                raise
            raise no_such_certificate(serial, refusal) from refusal
        problem = "Atlas says that the certificate is revoked" if info.status is Status.REFUSED else ""
        return Seen(handle, info.status, info.word, problem=problem, retry_after=info.retry_after)

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """What a person approves by mail is only looked at."""
        if _serial_in(handle) is not None:
            return self.look(handle, request)
        claims = self._claims.standing(request)
        if request.method != "email":
            for domain, claim in claims.items():
                if claim is not None and claim.means == "pending":
                    claims[domain] = self._claims.check(claim, request.method)
        return self._seen(handle, request, claims, is_asked=True)

    def _seen(
        self, handle: str, request: OrderRequest, claims: t.Mapping[str, Claim | None], *, is_asked: bool = False
    ) -> Seen:
        return claims_seen(
            handle,
            request,
            claims,
            token=self._claims.token,
            settings=self._settings,
            now=self._network.now(),
            is_asked=is_asked,
        )

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        return self._mailed(handle, request)

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        """Where the new mailbox approves another domain, that one is claimed: by the submit that follows."""
        changed = {"contact": {"kind": contact.kind, "address": contact.address}}
        return self._mailed(handle, replace(request, options={**request.options, **changed}))

    def _mailed(self, handle: str, request: OrderRequest) -> Seen:
        if _serial_in(handle) is not None:
            return self.look(handle, request)
        claims = self._claims.standing(request)
        address = contact_of(request)[1]
        for domain, claim in claims.items():
            if claim is not None and claim.means == "pending":
                claims[domain] = self._claims.send_again(claim, address)
        return self._seen(handle, request, claims)

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """Before the certificate nothing is at Atlas but claims, which other orders may build on; they run out by
        themselves. A certificate that was sent for is not to be stopped: it is downloaded, and may be revoked."""
        if _serial_in(handle) is not None:
            return self.look(handle, request)
        return Seen(handle, Status.CANCELLED, "not ordered")

    # --- certificates ------------------------------------------------------------------------------------------------

    def download(self, handle: str, request: OrderRequest) -> Issued:
        serial = _serial_in(handle)
        if serial is None:
            raise no_handle(handle)
        return self._certificates.issued(serial, request)

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """One that is revoked already is as wanted."""
        if reason not in REASONS:
            raise unknown_reason(reason)
        serial = int(serial_of(certificate_pem), 16)
        body = {"revocation_reason": reason, "revocation_time": int(self._network.now().timestamp())}
        try:
            self._network.ask(Call("PATCH", f"/certificates/{serial:X}", "revoke", body, good=(204,)))
        except RefusedError as refusal:
            if refusal.retryable or not self._is_revoked(serial):
                raise

    def _is_revoked(self, serial: int) -> bool:
        try:
            return self._certificates.show(serial).status is Status.REFUSED
        except RefusedError:
            return False


class AtlasFactory:
    """AdapterFactory. budget: from settings and a folder to what counts the requests (default: a shared file)."""

    def __init__(
        self,
        *,
        clock: Clock,
        http: t.Callable[[Settings], HttpClient] | None = None,
        budget: t.Callable[[Settings, str], Budget] | None = None,
    ) -> None:
        self._clock = clock
        self._http = http or _direct_http
        self._budget = budget or self._shared_budget

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return parse_settings(account)[1]

    def open(self, account: AccountConfig, *, deadline: float) -> AtlasAdapter:
        settings, errors = parse_settings(account)
        if settings is None:
            raise settings_refused(account, errors)
        budget = self._budget(settings, os.path.dirname(account.state_directory))
        network = Network(self._http(settings), self._clock, settings, budget, deadline=deadline)
        return AtlasAdapter(network, settings, Book(account.state_directory, self._clock))

    def _shared_budget(self, settings: Settings, folder: str) -> Budget:
        """Counted by credential."""
        return counted_as((settings.url, settings.api_key), settings.limits, folder, self._clock)


def _direct_http(settings: Settings) -> HttpClient:
    identity = None
    if settings.client_certificate:
        identity = ClientIdentity(settings.client_certificate, settings.client_key, settings.client_key_password)
    return DirectHttp(ca_bundle=settings.ca_bundle, identity=identity)


def _serial_in(handle: str) -> int | None:
    """None: the handle is of claims."""
    if handle.startswith(_CLAIMS):
        return None
    serial = serial_number(handle[len(_CERTIFICATE) :]) if handle.startswith(_CERTIFICATE) else None
    if serial is None:
        raise no_handle(handle)
    return serial
