# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order at GCC, read: its status and whose turn it is, and its certificate. Changes nothing there.

    1   DV by mail    awaiting the approval of whom it wrote to       DV by token   what the ledger knows to be wanted
        OV and EV     awaiting people (vetting, calls)                a reissue     being made
    2   GlobalSign's people look at the names (phishing check)

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import has_key_of, pem_blocks
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.answers import (
    Detail,
    number_in,
    order_number,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.network import QUERY, Call, Network
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.ordering import (
    address_of,
    is_by_mail,
    is_by_token,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.placing import looked_at, wanted_by_code
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_day
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import STATUS_WORDS, TOKEN_DAYS

__all__ = [
    "ENDS",
    "GONE",
    "STAFF",
    "Orders",
    "by_common_name",
    "not_about_the_order",
    "status_text",
    "without_token",
    "words_of",
]

ENDS = frozenset({Status.REFUSED, Status.EXPIRED, Status.CANCELLED})
#: Codes of an answer that means: there is no such order, or not for this account.
GONE = frozenset({"-4003", "-9916", "-9902"})
#: Seconds: nobody's look at the order makes people who look at it any faster.
STAFF = 600.0
_TEXTS = {row.number: row.words for row in STATUS_WORDS}
_SHOWN = ("ReturnOrderOption", "ReturnCertificateInfo", "ReturnOriginalCSR", "ReturnSANEntries")
_CERTIFICATES = ("ReturnFulfillment", "ReturnCACerts")


def status_text(number: str) -> str:
    """``2 (waiting for phishing check)``; a number or word that nobody knows as it came."""
    return f"{number} ({_TEXTS[number]})" if number in _TEXTS else number or "(none)"


def by_common_name(request: OrderRequest) -> Call:
    """The newest order of the name and our CSR."""
    wish = {"CommonName": request.common_name, "CSR": request.csr_pem}
    return Call(QUERY, "GetOrderByCommonName", "find the order", wish, is_query=True)


class Orders:
    def __init__(self, network: Network, settings: Settings, clock: Clock) -> None:
        self._network = network
        self._settings = settings
        self._clock = clock

    def detail(self, handle: str, *, certificates: bool = False) -> Detail:
        """GetOrderByOrderID. An answer about another order, or about none, is unusable."""
        number = order_number(handle)
        options = dict.fromkeys((*_SHOWN, *(_CERTIFICATES if certificates else ())), True)
        request = {"OrderID": number, "OrderQueryOption": options}
        response = self._network.ask(Call(QUERY, "GetOrderByOrderID", "look", request, is_query=True))
        node = response.first("OrderDetail") or response
        found = Detail.read(node)
        if not found.number:
            raise unusable("there is no order in it", "it has no OrderID")
        found.require_number(number)
        return found

    def seen(self, handle: str, request: OrderRequest) -> Seen:
        try:
            detail = self.detail(handle)
        except RefusedError as refusal:
            raise not_about_the_order(refusal) from refusal
        return self.seen_in(detail, handle, request)

    def seen_in(self, detail: Detail, handle: str, request: OrderRequest) -> Seen:
        detail.require_ours(request)
        status = self._settings.statuses.get(detail.status, Status.UNKNOWN)
        word = status_text(detail.status)
        if status is Status.WANTS_VALIDATION:
            return self._waiting(detail, handle, request)
        if status is Status.WANTS_APPROVAL:
            notes = (f"GlobalSign calls the order {handle} {word}: somebody has to act in GSパネル",)
            return Seen(handle, status, word, Wanted(notes=notes))
        if status is Status.VALIDATING:
            problem = "people of GlobalSign look at its names; write to its support if it lasts"
            return Seen(handle, status, word, problem=problem, retry_after=STAFF)
        return Seen(handle, status, word)

    def _waiting(self, detail: Detail, handle: str, request: OrderRequest) -> Seen:
        """Of a status that says only that the order was made."""
        word = status_text(detail.status)
        if request.kind is OrderKind.REISSUE:
            return Seen(handle, Status.ISSUING, word)
        if is_by_token(request, self._settings):
            if not looked_at(request, self._settings):
                return self._without_token(detail, handle, request)
            expires = self._end(detail.ordered_at)
            return Seen(handle, Status.WANTS_VALIDATION, word, request.wanted, expires=expires)
        if is_by_mail(request, self._settings):
            return self._mailed(detail, handle, request)
        notes = (
            f"people of GlobalSign vet the organization and the domain of order {handle}: answer their mails and calls",
        )
        return Seen(handle, Status.WANTS_APPROVAL, word, Wanted(notes=notes, mails=_mails(detail, request)))

    def _mailed(self, detail: Detail, handle: str, request: OrderRequest) -> Seen:
        end = self._end(detail.mailed_at or detail.ordered_at)
        notes: tuple[str, ...] = ()
        if end is not None and end <= self._clock.now():
            notes = (
                f"the link in the mail ended on {render_day(end.date())}; the order {handle} stays: have the mail sent"
                " again",
            )
        wanted = Wanted(notes=notes, mails=_mails(detail, request))
        return Seen(handle, Status.WANTS_APPROVAL, status_text(detail.status), wanted, expires=end)

    def _without_token(self, detail: Detail, handle: str, request: OrderRequest) -> Seen:
        """Its token was in an answer that got lost. Where nothing tells it, an order of ours is given up: prepare."""
        wanted = wanted_by_code(self._token(handle, request), request, self._settings)
        if wanted.records or wanted.files:
            word, expires = status_text(detail.status), self._end(detail.ordered_at)
            return Seen(handle, Status.WANTS_VALIDATION, word, wanted, expires=expires)
        if detail.reference == request.reference and self._settings.cancel_lost:
            return Seen(handle, Status.WANTS_PREPARATION, status_text(detail.status))
        return without_token(handle, detail)

    def _token(self, number: str, request: OrderRequest) -> str:
        """The domain validation code, which the WSDL has in the answer to a search; "" where it is not told."""
        try:
            response = self._network.ask(by_common_name(request))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return ""
        return response.word("DVC") if number_in(response) == number else ""

    def _end(self, begun: datetime | None) -> datetime | None:
        return begun + timedelta(days=TOKEN_DAYS) if begun is not None else None

    def is_overdue(self, detail: Detail) -> bool:
        """Whether the token of an order lives no longer; unknown is no."""
        end = self._end(detail.ordered_at)
        return end is not None and end <= self._clock.now()

    def certificates(self, handle: str, request: OrderRequest) -> tuple[list[str], Detail]:
        """The leaf, then what came with it; [] where there is none. One for another key, or without its issuers, is
        asked for twice."""
        found: list[str] = []
        for _time in range(2):
            try:
                detail = self.detail(handle, certificates=True)
            except RefusedError as refusal:
                raise not_about_the_order(refusal) from refusal
            found = pem_blocks(detail.certificate, *detail.chain) if detail.certificate else []
            if not found or (len(found) > 1 and has_key_of(request.csr_pem, found)):
                break
        return found, detail


def without_token(handle: str, detail: Detail) -> Seen:
    notes = (
        f"the token of order {handle} is told once, when it is ordered, and the ledger does not have it: have it"
        " approved in GSパネル, or cancel it (state=cancelled), and order anew",
    )
    return Seen(handle, Status.WANTS_APPROVAL, status_text(detail.status), Wanted(notes=notes))


def _mails(detail: Detail, request: OrderRequest) -> tuple[str, ...]:
    """To whom it wrote; where it does not tell, to whom it should."""
    address = detail.approver or address_of(request)
    return (address,) if address else ()


def not_about_the_order(refusal: RefusedError) -> InkanError:
    """An error answer ends no order: only its status does."""
    if refusal.retryable:
        return refusal
    todo = "The order stays as it is. Run again; if it stays, ask GlobalSign"
    return ProtocolError(retryable=True, todo=todo, **words_of(refusal))


def words_of(refusal: InkanError) -> dict[str, t.Any]:
    return {word: getattr(refusal, word) for word in ("code", "what", "where", "why", "reference")}
