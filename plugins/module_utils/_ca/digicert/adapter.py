# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter for DigiCert CertCentral (Services API v2): the verbs of ``_ca/contract``, no memory at all.

    submit ─► needs_approval ── an administrator ──► pending ──► processing ──► issued ──► download
      │            └─ rejected                         │  prepare: the token, and where it goes
      │                                                │  ready: check-dcv, which only hurries DigiCert's own look
      │ issued at once, when all was validated before  └─ canceled
      └──────────────────────────────────────────────────────────────────────► issued

    issued ── submit (reissue) ─► reissue_pending ── issued, canceled, rejected ──► issued

A lost submit is found by our reference (``alternative_order_id``), a lost reissue by the comment that bears it. An
order ends by its status only, and when that is said twice; never by an error answer. A status that no table knows is
unknown.

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
    OrderKind,
    OrderRequest,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.counted import counted_as
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import (
    Handle,
    OrderInfo,
    listed,
    number_of,
    text_of_field,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.approving import Approver
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.domains import Domains
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.finding import Finder
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network, codes_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.ordering import (
    approval_mails,
    contact_of,
    duplicate_body,
    method_word,
    order_body,
    organization_of,
    product_of,
    reissue_body,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.orders import (
    ENDS,
    STAFF,
    Orders,
    not_about_the_order,
    words_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.placing import approval_domain, scope_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import (
    METHOD_WORDS,
    REASONS,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.budget import SharedBudget
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

__all__ = ["DigicertAdapter", "DigicertFactory"]

#: Seconds after a check that found nothing: the caches of its resolvers.
_NOT_YET = 10.0


class DigicertAdapter:
    """PreparingAdapter."""

    def __init__(self, network: Network, settings: Settings, clock: Clock) -> None:
        self._network = network
        self._settings = settings
        self._orders = Orders(network, settings, clock)
        self._domains = Domains(network)
        self._approver = Approver(network, settings)
        self._finder = Finder(network, self._orders, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            methods=tuple(row.method for row in METHOD_WORDS),
            wildcard_methods=tuple(row.method for row in METHOD_WORDS if row.wildcard),
            finding=Finding.EXACT,
            find_delay=self._settings.find_delay,
            finds_ours=True,
            renewing=True,
            reissuing=True,
            resending=True,
            changing_contact=True,
        )

    # --- ordering ----------------------------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> Seen:
        """Once the number is known the order is not lost again, whatever else is wrong with the answer."""
        product = product_of(request, self._settings)
        predecessor = Handle.read(request.replaces.handle).order if request.replaces is not None else ""
        domains: tuple[str, ...] = ()
        way = self._settings.reissue_as if request.kind is OrderKind.REISSUE else ""
        if way:
            make = duplicate_body if way == "duplicate" else reissue_body
            if way == "duplicate":
                self._require_same_names(predecessor, request)
            path, body = f"/order/certificate/{predecessor}/{way}", make(request, self._settings)
        else:
            mails = self._mails(request) if product.level == "dv" and request.method == "email" else []
            path, body = f"/order/certificate/{product.name_id}", order_body(request, self._settings, mails)
            domains = self._prevalidated(request)
        call = Call("POST", path, way or "order", body, is_submit=True)
        request.still_ours()
        try:
            answer = self._network.ask(call)
        except RefusedError as refusal:
            if predecessor and not refusal.retryable and self._is_about(refusal, predecessor):
                raise _predecessor_unknown(refusal, predecessor) from refusal
            raise
        return _placed(answer, request, way, domains)

    def _mails(self, request: OrderRequest, address: str = "", kind: str = "") -> list[dict[str, t.Any]]:
        """To whom the approval of each name goes. Where a published address lies, DigiCert tells."""
        kind = kind or contact_of(request)[0]
        offers: dict[str, tuple[str, ...]] = {}

        def found_at(name: str, address: str) -> str:
            levels = [".".join(name.split(".")[start:]) for start in range(name.count("."))]
            for level in levels if kind in ("txt", "caa") else []:
                if level not in offers:
                    offers[level] = self._addresses(level)
                if address.lower() in offers[level]:
                    return level
            return approval_domain(name, address)

        return approval_mails(request, address, found_at)

    def _addresses(self, name: str) -> tuple[str, ...]:
        """Those that DigiCert would write to; none where it does not tell. Nothing is ordered by it."""
        try:
            return tuple(one.lower() for one in self._domains.addresses(name))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return ()
        except TransportError as failure:
            failure.sent = False
            raise

    def _prevalidated(self, request: OrderRequest) -> tuple[str, ...]:
        """Nothing is ordered by it: whatever is lost here, no order is."""
        product = product_of(request, self._settings)
        if not self._settings.prevalidate or product.level == "dv":
            return ()
        organization = organization_of(request, self._settings)
        word = method_word(request, self._settings)
        mails = [one["email"] for one in approval_mails(request)[:1]] if request.method == "email" else []
        names = dict.fromkeys(scope_of(name, self._settings) for name in request.dns_names)
        try:
            numbers = [self._domains.add(name, organization, product.level, word, mails) for name in names]
        except TransportError as failure:
            failure.sent = False
            raise
        return tuple(number for number in numbers if number)

    def _require_same_names(self, predecessor: str, request: OrderRequest) -> None:
        """A duplicate has the names of its order (ca-apis 1.3). Found out before anything is sent."""
        call = Call("GET", f"/order/certificate/{predecessor}", "look at the order before")
        try:
            info = OrderInfo.read(self._network.ask(call))
        except RefusedError as refusal:
            if not refusal.retryable and self._is_gone(refusal):
                raise _predecessor_unknown(refusal, predecessor) from refusal
            raise
        except (TransportError, ProtocolError) as failure:  # nothing was ordered by it
            raise TransportError(sent=False, retry_at=failure.retry_at, **words_of(failure)) from failure
        if not info.has_names_of(request):
            raise InputError(
                code="digicert_duplicate_names",
                what=f"Cannot order a duplicate for {request.common_name}",
                where=f"order {predecessor}",
                why=f"a duplicate has the names of its order, which are {', '.join(info.names)[:1000]}",
                todo="Nothing was sent. Set reissue_as: reissue for other names inside the paid term, or order anew",
            )

    def _is_gone(self, refusal: RefusedError) -> bool:
        return not self._settings.gone_codes.isdisjoint(codes_of(refusal))

    def _is_about(self, refusal: RefusedError, predecessor: str) -> bool:
        """Whether the order to be renewed or reissued is why: DigiCert has no such order for us. That it complains of
        it is not enough: a renewal that is not taken (again, or yet) must not be bought as a new certificate."""
        if "not_found|order" in codes_of(refusal):
            return True
        try:
            self._network.ask(Call("GET", f"/order/certificate/{predecessor}", "look at the order before"))
        except RefusedError as failure:
            return not failure.retryable and self._is_gone(failure)
        except InkanError:
            return False
        return False

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        return self._finder.find(request, known_handles, since)

    # --- looking -----------------------------------------------------------------------------------------------------

    def look(self, handle: str, request: OrderRequest) -> Seen:
        seen = self._orders.seen(Handle.read(handle), request)
        return self._orders.seen(Handle.read(handle), request) if seen.status in ENDS else seen

    # --- acting ------------------------------------------------------------------------------------------------------

    def prepare(self, handle: str, request: OrderRequest) -> Seen:
        """An error answer ends nothing: the order stays as it is."""
        try:
            return self._orders.prepared(Handle.read(handle), request)
        except RefusedError as refusal:
            raise not_about_the_order(refusal) from refusal

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """check-dcv. That DigiCert looked and did not find it yet is no error: it looks again by itself, as we do."""
        ours = Handle.read(handle)
        if request.method == "email":
            return self.look(handle, request)
        if ours.domains:
            words = [word for number in ours.domains for word in [self._domains.check(number)] if word]
            if words:
                return self._not_yet(handle, "; ".join(words))
        try:
            data = self._network.ask(Call("PUT", f"/order/certificate/{ours.order}/check-dcv", "check"))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return self._checked_in_vain(handle, request, refusal)
        return self._checked(handle, request, data)

    def _checked(self, handle: str, request: OrderRequest, data: object) -> Seen:
        answer = data if isinstance(data, dict) else {}
        word = escaped(text_of_field(answer, "order_status"), 200)
        if self._orders.means(word) is Status.ISSUED:
            return self.look(handle, request) if Handle.read(handle).way else Seen(handle, Status.ISSUED, word)
        names = tuple(
            text_of_field(one, "dns_name").lower()
            for one in listed(answer.get("dns_name_validations"))
            if isinstance(one, dict) and one.get("status") == "valid"
        )
        if answer.get("dcv_status") == "valid":
            after = STAFF if self._orders.is_by_staff(request) else None
            return Seen(handle, Status.ISSUING, word or "(none)", validated=names, retry_after=after)
        return replace(self._not_yet(handle, ""), validated=names)

    def _checked_in_vain(self, handle: str, request: OrderRequest, refusal: RefusedError) -> Seen:
        """The order may have gone on meanwhile; then the refusal says nothing."""
        codes = {code.partition("|")[0] for code in codes_of(refusal)} | set(codes_of(refusal))
        if not codes.isdisjoint(self._settings.not_yet_codes):
            return self._not_yet(handle, refusal.why)
        seen = self.look(handle, request)
        if seen.status in (Status.WANTS_PREPARATION, Status.WANTS_VALIDATION, Status.VALIDATING):
            raise not_about_the_order(refusal) from refusal
        return seen

    def _not_yet(self, handle: str, why: str) -> Seen:
        return Seen(handle, Status.VALIDATING, "pending", problem=why, retry_after=_NOT_YET)

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        """The mails of DCV, and of an EV order those to its approvers."""
        self._send_mails(Handle.read(handle), request, None)
        approvers = [
            contact["email"]
            for contact in self._settings.contacts
            if contact.get("contact_type") == "ev_approver" and contact.get("email")
        ]
        if approvers and product_of(request, self._settings).level == "ev":
            path = f"/order/certificate/{Handle.read(handle).order}/order-approval/resend-emails"
            self._network.ask(Call("PUT", path, "send the EV approval again", {"emails": approvers}))
        return self.look(handle, request)

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        self._send_mails(Handle.read(handle), request, contact)
        changed = {"contact": {"kind": contact.kind, "address": contact.address}}
        return self.look(handle, replace(request, options={**request.options, **changed}))

    def _send_mails(self, handle: Handle, request: OrderRequest, contact: Contact | None) -> None:
        """contact: the new one, None: those that it wrote to."""
        locale = str(self._settings.extra.get("locale") or "")
        mails = [contact.address] if contact else list(self._orders.mails(handle, request))
        if handle.domains:
            for number in handle.domains:
                self._domains.send_mails(number, mails, locale)
            return
        wishes = [
            {"domain": one["dns_name"], "email": one["email"], "email_domain": one["email_domain"]}
            for mail in mails
            for one in self._mails(request, mail, contact.kind if contact else "")
        ]
        body: dict[str, t.Any] = {"domain_approval_emails": wishes}
        if locale:
            body["locale"] = locale
        path = f"/order/certificate/{handle.order}/resend-emails"
        try:
            self._network.ask(Call("PUT", path, "send approval mails", body))
        except RefusedError as refusal:
            if refusal.retryable or contact is None:
                raise
            raise self._with_possible(refusal, request) from refusal

    def _with_possible(self, refusal: RefusedError, request: OrderRequest) -> RefusedError:
        """The refusal of an address, with those that DigiCert would write to."""
        try:
            possible = self._domains.addresses(validated_name(request.common_name))
        except InkanError:
            possible = ()
        todo = f"Possible are {', '.join(escaped(one, 254) for one in possible)}" if possible else refusal.todo
        return RefusedError(todo=todo, **words_of(refusal))

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """One that is refused is as wanted if the order has ended meanwhile. Of a reissue only that is cancelled."""
        ours = Handle.read(handle)
        body = {"status": "canceled", "note": f"cancelled by inkan.tls, {request.reference}"}
        try:
            self._network.ask(Call("PUT", f"/order/certificate/{ours.order}/status", "cancel", body))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            seen = self.look(handle, request)
            if seen.status not in ENDS | {Status.ISSUED}:
                raise
            return seen
        if ours.way:
            return Seen(handle, Status.CANCELLED, "canceled")
        return self.look(handle, request)

    # --- certificates ------------------------------------------------------------------------------------------------

    def download(self, handle: str, request: OrderRequest) -> Issued:
        """One for another key is handed on when nothing else is to be had: then a person has to look."""
        ours = Handle.read(handle)
        info = self._orders.info(ours)
        certificates = self._orders.certificates(ours, info, wanted_key=request.csr_pem)
        if not certificates:
            raise RefusedError(
                code="digicert_not_issued",
                what="The certificate is not there yet",
                where=f"order {handle}",
                why=f"DigiCert calls the order {info.status_word!r} and hands out no certificate",
                todo="Run again",
                retryable=True,
            )
        return Issued(certificate=certificates[0], chain=tuple(certificates[1:]))

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """One that is revoked already is as wanted. Whether a serial number begins with a zero is told nowhere."""
        if reason not in REASONS:
            raise InputError(
                code="unknown_reason",
                what="Cannot revoke",
                why=f"DigiCert has no reason {reason!r}",
                todo=f"Choose one of {', '.join(REASONS)}",
            )
        serial = serial_of(certificate_pem)
        padded = serial.zfill(len(serial) + len(serial) % 2).upper()
        body: dict[str, t.Any] = {"revocation_reason": reason}
        if self._settings.skip_approval is not None:
            body["skip_approval"] = self._settings.skip_approval
        for number in dict.fromkeys((padded, serial)):
            try:
                data = self._network.ask(Call("PUT", f"/certificate/{number}/revoke", "revoke", body))
            except RefusedError as refusal:
                if refusal.retryable:
                    raise
                if self._is_revoked(number):
                    return
                if number != serial and not self._settings.gone_codes.isdisjoint({*codes_of(refusal), *_bare(refusal)}):
                    continue
                raise
            self._require_revoked(data)
            return

    def _require_revoked(self, data: object) -> None:
        """201 with a request: it waits for the account's own people, or for us where we may."""
        fields = data if isinstance(data, dict) else {}
        if fields.get("status") in (None, "approved"):
            return
        number, why = number_of(fields.get("id")), f"DigiCert calls the request {escaped(repr(fields['status']), 100)}"
        if number and self._settings.approve_requests:
            why = self._approver.answer(number, "a revocation")
            if not why:
                return
        raise RefusedError(
            code="digicert_revocation_waits",
            what="The certificate is not revoked yet",
            where=f"request {number or '(without number)'}",
            why=why,
            todo="An administrator of the CertCentral account has to approve it; or set skip_approval, where the key "
            "may",
        )

    def _is_revoked(self, serial: str) -> bool:
        try:
            data = self._network.ask(Call("GET", f"/order/certificate/{serial}", "look for the certificate"))
        except RefusedError:
            return False
        return isinstance(data, dict) and data.get("status") == "revoked"


class DigicertFactory:
    """AdapterFactory. budget: from settings and a folder to what counts the requests (default: a shared file)."""

    def __init__(
        self,
        *,
        clock: Clock,
        http: t.Callable[[str | None], HttpClient] | None = None,
        budget: t.Callable[[Settings, str], Budget] | None = None,
    ) -> None:
        self._clock = clock
        self._http = http or (lambda ca_bundle: DirectHttp(ca_bundle=ca_bundle))
        self._budget = budget or self._shared_budget

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return parse_settings(account)[1]

    def open(self, account: AccountConfig, *, deadline: float) -> DigicertAdapter:
        settings, errors = parse_settings(account)
        if settings is None:
            raise settings_refused(account, errors)
        budget = self._budget(settings, os.path.dirname(account.state_directory))
        where = budget.where if isinstance(budget, SharedBudget) else ""
        way_out = f"Whoever is sure that DigiCert takes requests again removes {where}" if where else ""
        http = self._http(settings.ca_bundle)
        network = Network(http, self._clock, settings, budget, deadline=deadline, way_out=way_out)
        return DigicertAdapter(network, settings, self._clock)

    def _shared_budget(self, settings: Settings, folder: str) -> Budget:
        """DigiCert counts by key, whatever accounts of ours use it."""
        customer = (settings.url, settings.api_key)
        return counted_as(customer, settings.limits, folder, self._clock, longest_hold=settings.longest_hold)


# --- answers and errors --------------------------------------------------------------------------------------------


def _placed(answer: object, request: OrderRequest, way: str, domains: tuple[str, ...]) -> Seen:
    info = OrderInfo.read(answer) if isinstance(answer, dict) else OrderInfo({})
    if not info.number:
        raise TransportError(
            code="digicert_order_without_number",
            what="DigiCert took the order, but its answer cannot be used",
            where=f"reference {request.reference}",
            why="it says no order number",
            todo="It is looked for before anything is ordered again",
            sent=True,
        )
    about = info.requests[-1] if info.requests else None
    handle = Handle(info.number)
    if way:
        number = about.number if about and about.number else "0"
        handle = replace(handle, way=way, request=number, certificate=number_of(info.data.get("certificate_id")))
    else:
        told = [number_of(one.get("id")) for one in listed(info.data.get("domains")) if isinstance(one, dict)]
        handle = replace(handle, domains=tuple(dict.fromkeys([*(number for number in told if number), *domains])))
    is_issued = bool(info.certificate_id or info.data.get("certificate_chain"))
    word = escaped(about.status, 200) if about and about.status else "(placed)"
    return Seen(str(handle), Status.ISSUED if is_issued else Status.ACCEPTED, word)


def _bare(refusal: RefusedError) -> set[str]:
    return {code.partition("|")[0] for code in codes_of(refusal)}


def _predecessor_unknown(refusal: RefusedError, predecessor: str) -> RefusedError:
    return RefusedError(
        code="predecessor_unknown",  # PREDECESSOR_UNKNOWN of the contract
        what=f"DigiCert does not take the order {predecessor} as the one before",
        where=refusal.where,
        why=refusal.why,
        todo="Nothing was ordered. The order before may be of another account or division",
        reference=refusal.reference,
    )
