# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter for GlobalSign's GCC (SOAP 1.1, GSパネル): the verbs of ``_ca/contract``, no memory at all.

    by mail    reserve (GetDVApproverList) ─► submit (DVOrder) ─► 1 ── a person approves ──────────────┐
    by token   submit (DVDNSOrder, URLVerification), which tells the token ─► 1 ── ready (…ForIssue) ──┼─► 4 ─► download
    OV, EV     submit (OVOrder, EVOrder) ─► 1 ── people vet ───────────────────────────────────────────┘
    any        1 ─► 2 (phishing check) ─► 4        1, 2 ─► 3 (cancelled)        4 ─► 6 ─► 7 (revoked)

A lost DVOrder is found by its reserved number, and sending it again under that number is answered with -4004: it is
there. Any other lost order is found by SubID (our reference) or by its CSR. An order ends by its status only, and when
that is said twice; never by an error answer. A status that no table knows is unknown.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import settings_refused
from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import common_name_of, serial_of
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
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.answers import Detail, number_in
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.finding import Finder
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.network import (
    SERVER,
    Call,
    Network,
    codes_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.ordering import (
    address_of,
    approver_list,
    is_by_mail,
    is_by_token,
    order_call,
    product_of,
    reissue_call,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.orders import (
    ENDS,
    GONE,
    Orders,
    not_about_the_order,
    status_text,
    without_token,
    words_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.placing import looked_at, wanted_in
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Node
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
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
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import METHOD_WORDS, TOKEN_DAYS
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

__all__ = ["GccAdapter", "GccFactory"]

#: Seconds after a look that found nothing: the caches of its resolvers.
_NOT_YET = 10.0
_EXISTS, _REISSUED, _NO_RENEWAL = "-4004", "-4016", frozenset({"-6102", "-9025"})
#: Statuses of an order that is no base for a renewal or a reissue any more: nothing of it is left.
_GIVEN_BACK = frozenset({"3", "5", "6", "7"})
_REVOKED = frozenset({"6", "7"})
_MOST_ADDRESSES = 50


class GccAdapter:
    """CaAdapter, Reserving, PreparingAdapter."""

    def __init__(self, network: Network, settings: Settings, clock: Clock) -> None:
        self._network = network
        self._settings = settings
        self._clock = clock
        self._orders = Orders(network, settings, clock)
        self._finder = Finder(network, self._orders, settings, clock)

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

    def reserve(self, request: OrderRequest) -> str:
        """GetDVApproverList. An address that GlobalSign does not offer is told before anything is ordered."""
        if request.kind is OrderKind.REISSUE or not is_by_mail(request, self._settings):
            return ""
        product_of(request, self._settings)
        address = address_of(request)
        if not address:
            raise InputError(
                code="gcc_no_approver",
                what=f"Cannot order {request.common_name} at GlobalSign",
                where=f"order {request.reference}",
                why="no address is told that is to approve",
                todo="Set contact in the certificate's validation",
            )
        try:
            response = self._network.ask(approver_list(request.common_name))
        except TransportError as failure:
            failure.sent = False  # it orders nothing
            raise
        offered = _addresses(response)
        if offered and address.lower() not in {one.lower() for one in offered}:
            raise _not_offered(address, request, offered)
        number = number_in(response)
        if not number:
            raise TransportError(
                code="gcc_no_number_reserved",
                what="GlobalSign reserved no order number",
                where=f"reference {request.reference}",
                why="the list of approvers has none",
                todo="Run again",
                sent=False,
            )
        return number

    def submit(self, request: OrderRequest) -> Seen:
        """Once the number is known the order is not lost again, whatever else is wrong with the answer."""
        is_reissue = request.kind is OrderKind.REISSUE
        call = reissue_call(request, self._settings) if is_reissue else order_call(request, self._settings)
        try:
            response = self._network.ask(call)
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return self._after_refusal(refusal, request)
        except TransportError as failure:
            if request.replaces is not None and "-1" in codes_of(failure):
                self._require_predecessor(request, failure)
            raise
        return self._placed(response, request)

    def _placed(self, response: Node, request: OrderRequest) -> Seen:
        number = number_in(response)
        if not number:
            raise TransportError(
                code="gcc_order_without_number",
                what="GlobalSign took the order, but its answer cannot be used",
                where=f"reference {request.reference}",
                why="it says no order number",
                todo="It is looked for before anything is ordered again",
                sent=True,
            )
        if not is_by_token(request, self._settings):
            return Seen(number, Status.ACCEPTED, "(placed)")
        try:
            wanted = wanted_in(response, request, self._settings)
        except ProtocolError as failure:
            return Seen(number, Status.UNKNOWN, "(placed)", problem=failure.sentence())
        if not wanted.records and not wanted.files:
            return Seen(number, Status.ACCEPTED, "(placed)")  # a look asks for the token
        expires = self._clock.now() + timedelta(days=TOKEN_DAYS)
        return Seen(number, Status.WANTS_VALIDATION, "(placed)", wanted, expires=expires)

    def _after_refusal(self, refusal: RefusedError, request: OrderRequest) -> Seen:
        codes = set(codes_of(refusal))
        if _EXISTS in codes and request.reserved:
            return Seen(request.reserved, Status.ACCEPTED, "(placed before)")
        if request.replaces is not None and codes & (_NO_RENEWAL | GONE | {_REISSUED}):
            self._require_predecessor(request, refusal)
        if self._kinds(refusal) & {"phishing", "unknown", "state"}:  # it may have been taken, now or before
            seen = self._sent_before(refusal, request)
            if seen is not None:
                return seen
        raise refusal

    def _sent_before(self, refusal: RefusedError, request: OrderRequest) -> Seen | None:
        """Where that cannot be asked now, nothing is known: a refusal would close the order."""
        try:
            return self._finder.sent_before(request)
        except InkanError as failure:
            todo = "It is looked for before anything is ordered again"
            words = {**words_of(refusal), "todo": todo, "why": f"{refusal.why}; and {failure.sentence()}"}
            raise TransportError(sent=True, **words) from failure

    def _require_predecessor(self, request: OrderRequest, failure: InkanError) -> None:
        """-6102 says only that the order before cannot be renewed. Where this account has no such order, or it was
        given back, the renewal is bought as a new certificate; one that was renewed already, or is for another name,
        is not."""
        number = request.replaces.handle if request.replaces is not None else ""
        before = self._finder.predecessor(number, request.common_name)
        if before is None or before.status in _GIVEN_BACK:
            raise _predecessor_unknown(failure, number, before) from failure

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        return self._finder.find(request, known_handles, since)

    # --- looking -----------------------------------------------------------------------------------------------------

    def look(self, handle: str, request: OrderRequest) -> Seen:
        seen = self._orders.seen(handle, request)
        return self._orders.seen(handle, request) if seen.status in ENDS else seen

    def prepare(self, handle: str, request: OrderRequest) -> Seen:
        """An order of ours whose token nobody knows cannot be validated: it is cancelled before it is issued, so that
        the next one is the only one."""
        seen = self.look(handle, request)
        if seen.status is not Status.WANTS_PREPARATION:
            return seen
        try:
            self._modify(handle, self._settings.cancel_word, "cancel")
        except RefusedError as refusal:
            if refusal.retryable:
                raise
        detail = self._orders.detail(handle)
        if self._settings.statuses.get(detail.status) is not Status.CANCELLED:
            return without_token(handle, detail)
        problem = f"the token of order {handle} was in an answer that got lost: it was cancelled, and is ordered anew"
        return Seen(handle, Status.CANCELLED, status_text(detail.status), problem=problem, code="gcc_token_lost")

    # --- acting ------------------------------------------------------------------------------------------------------

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """…ForIssue: GlobalSign looks at one place a call, and issues at once when nothing is missing. That it did not
        find it yet is no error."""
        places = looked_at(request, self._settings) if is_by_token(request, self._settings) else []
        missing: RefusedError | None = None
        for place in places:
            try:
                response = self._network.ask(self._check(handle, request, place))
            except RefusedError as refusal:
                if refusal.retryable:
                    raise
                if "dcv" not in self._kinds(refusal):
                    return self._checked_in_vain(handle, request, refusal)
                missing = refusal
                continue
            status = response.word("CertificateStatus")
            if self._settings.statuses.get(status) is Status.ISSUED and response.word("X509Cert"):
                return Seen(handle, Status.ISSUED, status_text(status))
            return self.look(handle, request)
        return self._checked_in_vain(handle, request, missing) if missing else self.look(handle, request)

    def _check(self, handle: str, request: OrderRequest, place: str) -> Call:
        if request.method == "dns":
            return Call(SERVER, "DVDNSVerificationForIssue", "check", {"OrderID": handle, "ApproverFQDN": place})
        return Call(SERVER, "URLVerificationForIssue", "check", {"OrderID": handle, "ApproverURL": place})

    def _kinds(self, refusal: RefusedError) -> set[str]:
        return {self._settings.error_kinds.get(code, "unknown") for code in codes_of(refusal)}

    def _checked_in_vain(self, handle: str, request: OrderRequest, refusal: RefusedError) -> Seen:
        """The order may have gone on meanwhile; then the refusal says nothing."""
        seen = self.look(handle, request)
        if seen.status is not Status.WANTS_VALIDATION:
            return seen
        if "dcv" not in self._kinds(refusal):
            raise not_about_the_order(refusal) from refusal
        if self._is_overdue(seen):
            return self._given_up(handle, request, seen)
        return replace(seen, problem=refusal.why, retry_after=_NOT_YET)

    def _is_overdue(self, seen: Seen) -> bool:
        return seen.expires is not None and seen.expires <= self._clock.now()

    def _given_up(self, handle: str, request: OrderRequest, seen: Seen) -> Seen:
        """Its token lives no longer, and no call makes a new one: it is cancelled, and ordered anew in the next run."""
        ended = self.cancel(handle, request)
        if ended.status not in ENDS:
            return ended
        problem = f"the token of order {handle} ended after {TOKEN_DAYS} days: it was cancelled, and is ordered anew"
        return Seen(handle, Status.EXPIRED, seen.status_word, problem=problem, code="gcc_token_expired")

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        self._resend(handle)
        return self.look(handle, request)

    def _resend(self, handle: str) -> None:
        wish = {"OrderID": handle, "ResendEmailType": self._settings.resend_type}
        self._network.ask(Call(SERVER, "ResendEmail", "send approval mails", wish))

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        name = validated_name(request.common_name)
        wish = {"OrderID": handle, "ApproverEmail": contact.address, "FQDN": name}
        try:
            self._network.ask(Call(SERVER, "ChangeApproverEmail", "change the approver", wish))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            raise self._with_possible(refusal, request) from refusal
        if self._settings.mail_after_change:
            self._resend(handle)
        changed = {"contact": {"kind": contact.kind, "address": contact.address}}
        return self.look(handle, replace(request, options={**request.options, **changed}))

    def _with_possible(self, refusal: RefusedError, request: OrderRequest) -> RefusedError:
        """The refusal of an address, with those that GlobalSign would write to."""
        if "-4009" not in codes_of(refusal):
            return refusal
        try:
            possible = _addresses(self._network.ask(approver_list(request.common_name)))
        except InkanError:
            possible = []
        todo = f"Possible are {', '.join(possible)}" if possible else refusal.todo
        return RefusedError(todo=todo, **words_of(refusal))

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """One that is refused is as wanted if the order has ended meanwhile."""
        try:
            self._modify(handle, self._settings.cancel_word, "cancel")
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            seen = self._ended(handle, request)
            if seen.status not in ENDS | {Status.ISSUED}:
                raise
            return seen
        return self._ended(handle, request)

    def _ended(self, handle: str, request: OrderRequest) -> Seen:
        """Nothing is to be prepared in an order that is to end."""
        seen = self.look(handle, request)
        return replace(seen, status=Status.ACCEPTED) if seen.status is Status.WANTS_PREPARATION else seen

    def _modify(self, handle: str, word: str, what: str) -> None:
        self._network.ask(Call(SERVER, "ModifyOrder", what, {"OrderID": handle, "ModifyOrderOperation": word}))

    # --- certificates ------------------------------------------------------------------------------------------------

    def download(self, handle: str, request: OrderRequest) -> Issued:
        """One for another key is handed on when GlobalSign says it twice: then a person has to look."""
        certificates, detail = self._orders.certificates(handle, request)
        if not certificates:
            raise RefusedError(
                code="gcc_not_issued",
                what="The certificate is not there yet",
                where=f"order {handle}",
                why=f"GlobalSign calls the order {status_text(detail.status)} and hands out no certificate",
                todo="Run again",
                retryable=True,
            )
        return Issued(certificate=certificates[0], chain=tuple(certificates[1:]))

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """By its order, which is looked for by common name and serial number. GCC takes no reason. One that is revoked,
        or waits for it, is as wanted."""
        serial, name = serial_of(certificate_pem), common_name_of(certificate_pem)
        order = self._finder.of_certificate(name, serial)
        if order is None:
            raise RefusedError(
                code="gcc_certificate_unknown",
                what=f"Cannot revoke the certificate of {name}",
                where=f"serial {serial}",
                why=f"GlobalSign lists no order of {name} with this certificate for our account",
                todo="Revoke it in GSパネル",
            )
        if order.status in _REVOKED:
            return
        try:
            self._modify(order.number, self._settings.revoke_word, "revoke")
        except RefusedError as refusal:
            if refusal.retryable or self._orders.detail(order.number).status not in _REVOKED:
                raise


class GccFactory:
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

    def open(self, account: AccountConfig, *, deadline: float) -> GccAdapter:
        settings, errors = parse_settings(account)
        if settings is None:
            raise settings_refused(account, errors)
        budget = self._budget(settings, os.path.dirname(account.state_directory))
        http = self._http(settings.ca_bundle)
        return GccAdapter(Network(http, self._clock, settings, budget, deadline=deadline), settings, self._clock)

    def _shared_budget(self, settings: Settings, folder: str) -> Budget:
        """Counted by API user."""
        limits = [Limit(settings.requests_per_minute, 60.0)]
        return counted_as((settings.url, settings.user_name), limits, folder, self._clock)


# --- answers and errors ----------------------------------------------------------------------------------------------


def _addresses(response: Node) -> list[str]:
    found = [one.text.strip() for one in response.every("ApproverEmail")]
    return list(dict.fromkeys(escaped(one, 254) for one in found if one))[:_MOST_ADDRESSES]


def _not_offered(address: str, request: OrderRequest, offered: t.Sequence[str]) -> RefusedError:
    return RefusedError(
        code="gcc_approver_not_offered",
        what=f"GlobalSign does not ask {address} for approval of {request.common_name}",
        where=f"order {request.reference}",
        why="it is not in its list of approvers",
        todo=f"Possible are {', '.join(offered)}",
    )


def _predecessor_unknown(failure: InkanError, number: str, before: Detail | None) -> RefusedError:
    told = f"it is {status_text(before.status)}" if before is not None else "this account has no such order"
    return RefusedError(
        code="predecessor_unknown",  # PREDECESSOR_UNKNOWN of the contract
        what=f"GlobalSign does not take the order {number} as the one before",
        where=failure.where,
        why=f"{failure.why}; {told}",
        todo="Nothing was ordered. The order before may be of another account",
        reference=failure.reference,
    )
