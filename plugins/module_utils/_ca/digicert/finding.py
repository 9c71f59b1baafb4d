# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was lost is looked for: an order by our reference, a reissue by the comment that bears it (else by its time), a
duplicate by our key, in the order's list of duplicates.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import has_key_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import (
    Handle,
    OrderInfo,
    RequestInfo,
    listed,
    moment_of,
    number_of,
    text_of_field,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network, codes_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.orders import (
    ENDS,
    QUEUE,
    Orders,
    not_about_the_order,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Finder"]

_MOST_PAGES = 20
_NOTHING = OrderInfo({})


class Finder:
    def __init__(self, network: Network, orders: Orders, settings: Settings) -> None:
        self._network = network
        self._orders = orders
        self._settings = settings

    def find(self, request: OrderRequest, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """By our reference; a live one is preferred to one that has ended. DigiCert lets several orders bear one: what
        has ended and is for other names is somebody else's."""
        if request.kind is OrderKind.REISSUE:
            return self._find_another(request, known_handles, since)
        known = {_of_order(handle) for handle in known_handles}
        ours = {number: word for number, word in self._with_reference(request.reference).items() if number not in known}
        for number in sorted(ours, key=lambda number: self._has_ended(ours[number])):
            try:
                return self._adopted(Handle(number), request)
            except ProtocolError:
                if not self._has_ended(ours[number]):
                    raise
        return None

    def _has_ended(self, word: str) -> bool:
        return self._orders.means(word) in ENDS

    def _with_reference(self, reference: str) -> dict[str, str]:
        """Numbers and status words of all orders; half a list is none: "not there" costs a certificate."""
        found: dict[str, str] = {}
        path = f"/order/alternate/{urllib.parse.quote(reference, safe='')}"
        for page in range(_MOST_PAGES):
            data = self._listed(path if not page else f"{path}?offset={len(found)}")
            orders = data.get("orders")
            if not isinstance(orders, list):
                raise unusable("the list of orders is not in it", "there is no list under orders")
            before = len(found)
            for one in listed(orders):
                number = number_of(one.get("order_id")) if isinstance(one, dict) else ""
                if not number:
                    raise unusable("an order with our reference has no number", escaped(repr(one), 200))
                found[number] = text_of_field(one, "status")
            about = data.get("page")
            total = about.get("total") if isinstance(about, dict) else None
            if not isinstance(total, int) or len(found) >= total:
                return found
            if len(found) == before:
                break
        raise unusable("the list of orders is not whole", f"{len(found)} orders are in it", "digicert_half_a_list")

    def _listed(self, path: str) -> t.Mapping[str, t.Any]:
        try:
            data = self._network.ask(Call("GET", path, "find by our reference"))
        except RefusedError as refusal:
            if not refusal.retryable and not self._settings.gone_codes.isdisjoint(codes_of(refusal)):
                return {"orders": []}
            raise not_about_the_order(refusal) from refusal
        if not isinstance(data, dict):
            raise unusable("the list of orders is not in it", f"it is a {type(data).__name__}")
        return data

    # --- another certificate of an order -------------------------------------------------------------------------

    def _find_another(self, request: OrderRequest, known: frozenset[str], since: datetime) -> Seen | None:
        if request.replaces is None:
            return None
        order = Handle.read(request.replaces.handle).order
        begun = since - timedelta(seconds=self._settings.clock_tolerance)
        if self._settings.reissue_as == "duplicate":
            found = self._duplicate_of(order, request, known, begun)
            if found is not None:
                return self._adopted(found, request)
        handle = Handle(order, way=self._settings.reissue_as)
        open_ones = self._requests(handle, request, known, begun)
        if handle.way == "duplicate":  # one that is approved is in the list, or will be
            open_ones = [one for one in open_ones if one.status in QUEUE]
        return self._adopted(replace(handle, request=open_ones[-1].number), request) if open_ones else None

    def _requests(
        self, handle: Handle, request: OrderRequest, known: frozenset[str], begun: datetime
    ) -> list[RequestInfo]:
        """Those that nobody knows: with our reference as their comment; else without one, and of that time."""
        words, by = self._settings.request_types[handle.way], self._settings.reissue_found_by
        taken = {one.request for one in _others(known)}
        fitting = [
            one
            for one in self._orders.info(handle).requests
            if one.number and one.number not in taken and any(word in one.kind for word in words)
        ]
        ours = [one for one in fitting if request.reference in one.comments] if by != "time" else []
        if ours or by == "comment":
            return ours
        return [one for one in fitting if not one.comments and one.date is not None and one.date >= begun]

    def _duplicate_of(self, order: str, request: OrderRequest, known: frozenset[str], begun: datetime) -> Handle | None:
        """The certificate with our key: there is no other sign of whose it is."""
        taken = {one.certificate for one in _others(known)}
        handle = Handle(order, way="duplicate", request="0")
        for one in reversed(self._orders.duplicates(handle)):
            number, date = number_of(one.get("id")), moment_of(one.get("date_created"))
            if number in taken or (date is not None and date < begun):
                continue
            if not number:
                raise unusable("a duplicate has no number", escaped(repr(one), 200), "digicert_half_a_list")
            theirs = replace(handle, certificate=number)
            if has_key_of(request.csr_pem, self._orders.certificates(theirs, _NOTHING, request.csr_pem)):
                return theirs
        return None

    def _adopted(self, handle: Handle, request: OrderRequest) -> Seen:
        """The order as it is; where that cannot be read now, at least its number: it is there, and must not be lost.
        ProtocolError where it is for other names: then it is not ours."""
        try:
            return self._orders.seen(handle, request)
        except InkanError as failure:
            if failure.code == "digicert_other_names" and isinstance(failure, ProtocolError):
                raise
            return Seen(handle=str(handle), status=Status.UNKNOWN, status_word="found", problem=failure.sentence())


def _of_order(handle: str) -> str:
    """The number of the order whose first certificate a handle means; "" where it means another one."""
    number, _mark, rest = handle.partition("/")
    return "" if rest.startswith(("reissue", "duplicate")) else number


def _others(known: frozenset[str]) -> t.Iterator[Handle]:
    """What the ledger knows that is another certificate of an order."""
    for text in known:
        number, _mark, rest = text.partition("/")
        if number.isdigit() and rest.startswith(("reissue", "duplicate")):
            yield Handle.read(text)
