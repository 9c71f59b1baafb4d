# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that have to be looked for: one whose answer was lost, one to be renewed or reissued, that of a certificate.

    reserved        the number is known: GetOrderByOrderID tells; one that was lost with the ledger is as any other
    any other       GetCertificateOrders by our SubID, GetOrderByCommonName with our CSR, GetOrderByDateRange (setting
                    find_by): how the searches behave is documented nowhere, so each must say that there is none, and
                    each hit is judged by what the order itself says: SubID, else CSR
    a reissue       has no SubID: by the order that it says to follow, and by its CSR

Searches have no pages as far as is documented. Nothing here changes anything at GlobalSign.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.answers import (
    Detail,
    details_in,
    number_in,
    same_request,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.network import QUERY, Call, Network, codes_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.ordering import is_by_mail
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.orders import (
    GONE,
    Orders,
    by_common_name,
    not_about_the_order,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Body
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

__all__ = ["Finder"]

#: An intent is written before the request leaves, by a clock that is not GlobalSign's.
_CLOCKS_DIFFER = timedelta(minutes=10)
#: Their clock, which times are written by (ca-apis 2b: +09:00).
_JST = timezone(timedelta(hours=9))
_LONG_AGO = timedelta(days=400)
_NOT_ISSUED_AND_CANCELLED = "3"
_MOST_READ = 50


class Finder:
    def __init__(self, network: Network, orders: Orders, settings: Settings, clock: Clock) -> None:
        self._network = network
        self._orders = orders
        self._settings = settings
        self._clock = clock

    # --- a lost order ------------------------------------------------------------------------------------------------

    def find(self, request: OrderRequest, known: frozenset[str], since: datetime) -> Seen | None:
        if request.reserved and request.kind is not OrderKind.REISSUE and is_by_mail(request, self._settings):
            return None if request.reserved in known else self._reserved(request)
        number = self._lost(request, known, since - _CLOCKS_DIFFER)
        return self._adopted(number, request) if number else None

    def _reserved(self, request: OrderRequest) -> Seen | None:
        """ "There is none" may be wrong (-1 is said of much): the order is then sent under the same number, which is
        taken once."""
        try:
            detail = self._orders.detail(request.reserved)
        except RefusedError as refusal:
            if refusal.retryable or GONE.isdisjoint(codes_of(refusal)):
                raise not_about_the_order(refusal) from refusal
            return None
        except TransportError as failure:
            if "-1" not in codes_of(failure):
                raise
            return None
        if detail.status == _NOT_ISSUED_AND_CANCELLED or not detail.status:
            return None
        return self._adopted(request.reserved, request)

    def _lost(self, request: OrderRequest, known: frozenset[str], since: datetime) -> str:
        """The number of our order; "" where no search has it. A live one is preferred to one that has ended."""
        seen: dict[str, bool] = {}
        for search in self._settings.find_by:
            for detail in self._search(search, request, since):
                if detail.number in known or detail.number in seen:
                    continue
                seen[detail.number] = self._is_ours(detail, request, since)
                if seen[detail.number]:
                    return detail.number
        return ""

    def _is_ours(self, detail: Detail, request: OrderRequest, since: datetime) -> bool:
        """By what the order itself says: SubID, else its CSR. One that was cancelled before it was issued is none of
        ours any more: nothing was bought."""
        is_reissue = request.kind is OrderKind.REISSUE
        if detail.reference and detail.reference != request.reference and not is_reissue:
            return False
        if detail.ordered_at is not None and detail.ordered_at < since:
            return False
        if detail.domain and detail.domain != request.common_name:
            return False
        whole = self._orders_own(detail.number)
        if whole.status == _NOT_ISSUED_AND_CANCELLED or (whole.ordered_at or since) < since:
            return False
        if whole.domain and whole.domain != request.common_name:
            return False
        if is_reissue:
            return self._is_our_reissue(whole, request)
        if whole.reference:
            return whole.reference == request.reference
        if whole.csr:
            return same_request(whole.csr, request.csr_pem)
        raise _unclear(whole)

    def _is_our_reissue(self, whole: Detail, request: OrderRequest) -> bool:
        """ReIssue takes no SubID: the order has none, or that of the one before."""
        target = request.replaces.handle if request.replaces is not None else ""
        if whole.number == target or (whole.reissues and whole.reissues != target):
            return False
        if whole.csr:
            return same_request(whole.csr, request.csr_pem)
        if whole.reissues:
            return True
        raise _unclear(whole)

    def _orders_own(self, number: str) -> Detail:
        try:
            return self._orders.detail(number)
        except RefusedError as refusal:
            raise not_about_the_order(refusal) from refusal

    def _adopted(self, number: str, request: OrderRequest) -> Seen:
        """The order as it is; where that cannot be read now, at least its number: it is there, and must not be lost."""
        try:
            seen = self._orders.seen(number, request)
        except InkanError as failure:
            if failure.code == "gcc_other_names":
                raise
            return Seen(number, Status.UNKNOWN, "found", problem=failure.sentence())
        return seen

    def sent_before(self, request: OrderRequest) -> Seen | None:
        """An order with our SubID, of these minutes: after a refusal that does not say whether it was taken."""
        is_reissue = request.kind is OrderKind.REISSUE  # an order is reissued once, whenever that was
        since = self._clock.now() - (_LONG_AGO if is_reissue else 2 * _CLOCKS_DIFFER)
        number = self._lost(request, frozenset(), since)
        return self._adopted(number, request) if number else None

    # --- a predecessor -----------------------------------------------------------------------------------------------

    def predecessor(self, number: str, common_name: str) -> Detail | None:
        """The order to be renewed or reissued; None where this account has no such order. -1 is said of much, also of a
        number that is none: then the list by common name decides."""
        try:
            return self._orders.detail(number)
        except RefusedError as refusal:
            if refusal.retryable or GONE.isdisjoint(codes_of(refusal)):
                raise not_about_the_order(refusal) from refusal
            return None
        except TransportError as failure:
            if "-1" not in codes_of(failure):
                raise
        return next((one for one in self._listed(common_name) if one.number == number), None)

    # --- the order of a certificate ----------------------------------------------------------------------------------

    def of_certificate(self, common_name: str, serial: str) -> Detail | None:
        """By common name: a search by serial is not offered. The newest first."""
        for one in sorted(self._listed(common_name), key=_when, reverse=True)[:_MOST_READ]:
            whole = self._orders_own(one.number)
            if whole.serial == serial:
                return whole
        return None

    # --- searches ----------------------------------------------------------------------------------------------------

    def _search(self, search: str, request: OrderRequest, since: datetime) -> list[Detail]:
        if search == "sub_id":
            return self._found(_query("GetCertificateOrders", {"SubID": request.reference}))
        if search == "common_name":
            return self._found(by_common_name(request))
        until = self._clock.now() + _CLOCKS_DIFFER + timedelta(hours=1)
        between = {"FromDate": _written(since), "ToDate": _written(until)}
        return self._found(_query("GetOrderByDateRange", {**between, "OrderQueryOption": {"ReturnOriginalCSR": True}}))

    def _listed(self, common_name: str) -> list[Detail]:
        return self._found(_query("GetCertificateOrders", {"FQDN": common_name}))

    def _found(self, call: Call) -> list[Detail]:
        """Details; or the one number that GetOrderByCommonName tells. "No such order" is an empty list."""
        try:
            response = self._network.ask(call)
        except RefusedError as refusal:
            if not refusal.retryable and not GONE.isdisjoint(codes_of(refusal)):
                return []
            raise not_about_the_order(refusal) from refusal
        found = details_in(response)
        number = "" if found else number_in(response)
        return [Detail(number)] if number else found


def _unclear(order: Detail) -> InkanError:
    return unusable(
        f"whether the order {order.number} is the one whose answer was lost",
        "it tells neither SubID nor CSR",
        "gcc_lost_order_unclear",
    )


def _query(operation: str, request: Body) -> Call:
    return Call(QUERY, operation, "find the order", request, is_query=True)


def _when(detail: Detail) -> tuple[bool, float]:
    return (detail.ordered_at is not None, detail.ordered_at.timestamp() if detail.ordered_at is not None else 0.0)


def _written(moment: datetime) -> str:
    """As their own times are: ``2026-11-20T10:26:39.000+09:00``."""
    return moment.astimezone(_JST).isoformat(timespec="milliseconds")
