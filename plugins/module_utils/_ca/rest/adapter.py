# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter for sellers whose API is described (``description``): the verbs of ``_ca/contract``, no memory at all.

    submit ──► the order's number is the handle ──► look … look ──► download
      │ answer lost                                  prepare, ready, cancel: where the description has them
      └──► find, by our reference, exactly

An order ends by its status word only, never by an error answer; and an end is believed when the seller says it twice
(caches and half-updated databases say "expired" of orders that are alive). After ``submit`` whatever is not plainly a
refusal is a TransportError with ``sent``: the order may exist, and is looked for.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import settings_refused
from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import has_key_of, pem_blocks, serial_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    Capabilities,
    Contact,
    Finding,
    Issued,
    OrderRequest,
    Seen,
    Status,
    not_offered,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.counted import counted_as
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.answers import OrderAnswer, unusable_answer
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Call, Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.listing import Listing
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.network import Network, Reply
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.words import known_word, words_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._io.client_identity import ClientIdentity
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

__all__ = ["RestAdapter", "RestFactory"]

_ENDS = frozenset({Status.REFUSED, Status.EXPIRED, Status.CANCELLED})


class RestAdapter:
    """CaAdapter."""

    def __init__(self, network: Network, description: Description) -> None:
        self._network = network
        self._description = description

    @property
    def capabilities(self) -> Capabilities:
        methods, ready = self._description.methods, self._calls.get("ready")
        asked = set() if ready is None else set(methods) if ready.only_for is None else ready.only_for
        return Capabilities(
            methods=tuple(methods),
            wildcard_methods=tuple(name for name, method in methods.items() if method.wildcard),
            finding=Finding.EXACT if "find" in self._calls else Finding.IMPOSSIBLE,
            finds_ours="find" in self._calls,
            find_delay=self._calls["find"].delay if "find" in self._calls else 5.0,
            revoke="revoke" in self._calls,
            cancel="cancel" in self._calls,
            unasked_methods=tuple(name for name in methods if name not in asked),
            renewing=self._description.renewing,
            resending="resend" in self._calls,
            changing_contact="change_contact" in self._calls,
        )

    def submit(self, request: OrderRequest) -> Seen:
        """Once the number is known the order is not lost again, whatever else is wrong with the answer."""
        call = self._calls["submit"]
        reply = self._network.ask(call, self._words(request, must_know=True), still_ours=request.still_ours)
        try:
            order = self._order_in(call, reply)
            order.require_reference(request)
            handle = order.order_id
        except ProtocolError as failure:
            raise _without_number(call, failure.sentence()) from failure
        if not handle:
            raise _without_number(call, "it says no order number, or one that is no number")
        return _adopted(order, handle, request, reply.retry_after)

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """By our reference, which no other order of ours has; ``since`` is not needed. A live one is preferred to one
        that has ended (both bear our reference where a list was so late that the order was sent again)."""
        listed = [one for one in self._listed(request) if one.reference == request.reference]
        for order in listed:
            if not order.order_id:
                raise unusable_answer(
                    "our order is in its list without a number", "look at order_id in the description"
                )
        ours = [order for order in listed if order.order_id not in known_handles]
        if not ours:
            return None
        order = min(ours, key=lambda one: one.meaning.status in _ENDS)
        return _adopted(order, order.order_id, request, None)

    def look(self, handle: str, request: OrderRequest) -> Seen:
        seen = self._looked(handle, request)
        return self._looked(handle, request) if seen.status in _ENDS else seen

    def prepare(self, handle: str, request: OrderRequest) -> Seen:
        """What an order needs beside its being bought (its CSR, say), until the seller shows that it has it."""
        call = self._calls.get("prepare")
        if call is None:
            return _not_again(self.look(handle, request))
        try:
            reply = self._network.ask(call, self._words(request, order_id=handle))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            seen = self.look(handle, request)
            if seen.status is Status.WANTS_PREPARATION:
                raise _not_about_the_order(refusal) from refusal
            return seen
        return _not_again(self._seen_in(call, reply, handle, request) or self.look(handle, request))

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """Where nobody can call the seller's crawler: a look. A refusal is told only if the order still waits."""
        call = self._calls.get("ready")
        if call is None or request.method in self.capabilities.unasked_methods:
            return self.look(handle, request)
        try:
            reply = self._network.ask(call, self._words(request, order_id=handle))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            seen = self.look(handle, request)
            if seen.status is Status.WANTS_VALIDATION:
                raise _not_about_the_order(refusal) from refusal
            return seen
        return self._seen_in(call, reply, handle, request) or self.look(handle, request)

    def download(self, handle: str, request: OrderRequest) -> Issued:
        """A certificate for another key is handed on when the seller sends it twice: then a person has to look."""
        certificates = self._downloaded(handle, request)
        if not has_key_of(request.csr_pem, certificates):
            certificates = self._downloaded(handle, request)
        return Issued(certificate=certificates[0], chain=tuple(certificates[1:]))

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        return self._acted("resend", "send approval mails again", handle, request)

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        if self._description.contacts is not None:
            known_word(self._description.contacts, contact.kind, "contacts", request.reference)
        told = {**request.options, "contact": {"kind": contact.kind, "address": contact.address}}
        return self._acted("change_contact", "ask somebody else for approval", handle, replace(request, options=told))

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """One that is refused is as wanted if the order has ended meanwhile."""
        call = self._calls.get("cancel")
        if call is None:
            raise _not_offered("cancel an order")
        words = self._words(request, order_id=handle)
        try:
            reply = self._network.ask(call, words)
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            seen = self.look(handle, request)
            if seen.status not in _ENDS | {Status.ISSUED}:
                raise
            return seen
        if reply.gone:
            return Seen(handle=handle, status=Status.CANCELLED, status_word="(gone)")
        seen_in_answer = self._seen_in(call, reply, handle, request)
        if seen_in_answer is not None:
            return seen_in_answer
        seen = self.look(handle, request)
        is_gone = seen.status is Status.EXPIRED and seen.status_word == _GONE
        return Seen(handle=handle, status=Status.CANCELLED, status_word=_GONE) if is_gone else seen

    def revoke(self, certificate_pem: str, reason: str) -> None:
        call = self._calls.get("revoke")
        if call is None:
            raise _not_offered("revoke a certificate")
        reasons = self._description.reasons
        words = {
            "serial": serial_of(certificate_pem),
            "certificate": certificate_pem,
            "reason": reason if reasons is None else known_word(reasons, reason, "reasons", "revoke"),
        }
        self._network.ask(call, words)

    def _acted(self, name: str, what: str, handle: str, request: OrderRequest) -> Seen:
        call = self._calls.get(name)
        if call is None:
            raise not_offered(what)
        try:
            reply = self._network.ask(call, self._words(request, order_id=handle))
        except RefusedError as refusal:
            seen = None if refusal.retryable else self.look(handle, request)
            if seen is None or seen.status is Status.WANTS_APPROVAL:
                raise
            return seen  # somebody approved meanwhile, or it has ended
        return self._seen_in(call, reply, handle, request) or self.look(handle, request)

    # --- parts of verbs ----------------------------------------------------------------------------------------------

    @property
    def _calls(self) -> t.Mapping[str, Call]:
        return self._description.calls

    def _words(self, request: OrderRequest, *, must_know: bool = False, **more: t.Any) -> dict[str, t.Any]:
        return words_of(self._description, request, must_know=must_know, **more)

    def _asked(self, call: Call, words: t.Mapping[str, t.Any], target: str = "") -> Reply:
        """A call that only reads: a refusal of it says nothing about the order."""
        try:
            return self._network.ask(call, words, target)
        except RefusedError as refusal:
            raise _not_about_the_order(refusal) from refusal

    def _order_in(self, call: Call, reply: Reply) -> OrderAnswer:
        where = call.order or self._description.order.at
        return OrderAnswer.read(where.of(reply.data) if where is not None else reply.data, self._description)

    def _looked(self, handle: str, request: OrderRequest) -> Seen:
        call = self._calls["look"]
        reply = self._asked(call, self._words(request, order_id=handle))
        if reply.gone:
            problem = "the seller knows no such order"
            return Seen(handle=handle, status=Status.EXPIRED, status_word=_GONE, problem=problem)
        order = self._order_in(call, reply)
        order.require_handle(handle, request)
        return order.seen(handle, request, reply.retry_after)

    def _downloaded(self, handle: str, request: OrderRequest) -> list[str]:
        call, shape = self._calls.get("download"), self._description.order
        where = (shape.certificate, shape.chain) if call is None else (call.certificate, call.chain)
        call = call or self._calls["look"]
        reply = self._asked(call, self._words(request, order_id=handle))
        data = reply.data
        if call.name == "look":
            order = self._order_in(call, reply)
            order.require_handle(handle, request)
            data = order.data
        found = [expression.of(data) if expression is not None else None for expression in where]
        if found[0] is None or reply.gone:
            raise RefusedError(
                code="rest_not_issued",
                what="The certificate is not there yet",
                where=f"order {handle}",
                why="the seller's answer does not have it",
                todo="Run again; if it stays, look at certificate in the description",
                retryable=True,
            )
        return pem_blocks(*(text for value in found for text in _texts(value)))

    def _seen_in(self, call: Call, reply: Reply, handle: str, request: OrderRequest) -> Seen | None:
        """The order in the answer to an act, if there is one that can be read and has not ended unasked."""
        if reply.already or reply.gone:
            return None
        try:
            order = self._order_in(call, reply)
            order.require_handle(handle, request)
            seen = order.seen(handle, request, reply.retry_after)
        except ProtocolError:
            return None  # the act was done; what became of the order is asked as always
        if seen.status is Status.UNKNOWN or (call.name != "cancel" and seen.status in _ENDS):
            return None
        return seen

    def _listed(self, request: OrderRequest) -> list[OrderAnswer]:
        """All orders that find can read, page by page. Half a list is none: "not there" costs a certificate."""
        call, listing = self._calls["find"], Listing(self._calls["find"], self._description, self._network.url)
        while listing.goes_on:
            words = self._words(request, page=listing.page, offset=listing.length, cursor=listing.cursor)
            listing.take(self._asked(call, words, listing.target))
        return listing.orders


_GONE = "(gone)"


class RestFactory:
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
        self._parsed: dict[str, tuple[AccountConfig, Settings | None, list[str]]] = {}

    def _settings(self, account: AccountConfig) -> tuple[Settings | None, list[str]]:
        """Each description is read once."""
        known = self._parsed.get(account.name)
        if known is None or known[0] != account:
            known = self._parsed[account.name] = (account, *parse_settings(account))
        return known[1], known[2]

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return self._settings(account)[1]

    def open(self, account: AccountConfig, *, deadline: float) -> RestAdapter:
        settings, errors = self._settings(account)
        if settings is None:
            raise settings_refused(account, errors)
        budget = None
        if settings.description.limits.budget:
            budget = self._budget(settings, os.path.dirname(account.state_directory))
        network = Network(self._http(settings), self._clock, settings, budget, deadline=deadline)
        return RestAdapter(network, settings.description)

    def _shared_budget(self, settings: Settings, folder: str) -> Budget:
        """Counted by address and secrets."""
        secrets = (f"{name}={value}" for name, value in sorted(settings.secrets.items()))
        return counted_as((settings.url, *secrets), settings.description.limits.budget, folder, self._clock)


def _direct_http(settings: Settings) -> HttpClient:
    identity, known = None, settings.secrets
    if settings.description.auth.has_client_certificate:
        password = known.get("client_key_password", "")
        identity = ClientIdentity(known["client_certificate"], known["client_key"], password)
    return DirectHttp(ca_bundle=settings.ca_bundle, identity=identity)


def _not_again(seen: Seen) -> Seen:
    """It was prepared, and the seller does not show it yet: it is looked at again, and then perhaps prepared again."""
    return replace(seen, status=Status.ACCEPTED) if seen.status is Status.WANTS_PREPARATION else seen


def _adopted(order: OrderAnswer, handle: str, request: OrderRequest, retry_after: float | None) -> Seen:
    """The order as it is; where that cannot be read, at least its number: it is there, and must not be lost."""
    try:
        return order.seen(handle, request, retry_after)
    except InkanError as failure:
        return Seen(handle=handle, status=Status.UNKNOWN, status_word="submitted", problem=failure.sentence())


def _texts(value: object) -> t.Iterator[str]:
    """PEM texts, however they are wrapped: one, or a list of them."""
    if isinstance(value, str):
        yield from [value] if value.strip() else []
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif value is not None:
        raise unusable_answer("the certificate is no text and no list of texts", f"it is a {type(value).__name__}")


def _without_number(call: Call, why: str) -> TransportError:
    return TransportError(
        code="rest_order_without_number",
        what=f"The seller took the order, but its answer cannot be used ({call.name})",
        why=why,
        todo="It is looked for before anything is ordered again; look at order_id in the description",
        sent=True,
    )


def _not_about_the_order(refusal: RefusedError) -> InkanError:
    """An error answer ends no order: only its status does."""
    if refusal.retryable:
        return refusal
    words = {word: getattr(refusal, word) for word in ("code", "what", "where", "why", "reference")}
    return ProtocolError(retryable=True, todo="The order stays as it is. Look at the description; run again", **words)


def _not_offered(what: str) -> RefusedError:
    return RefusedError(
        code="rest_not_offered",
        what=f"This seller's description has no way to {what}",
        todo="Do it at the seller's portal",
    )
