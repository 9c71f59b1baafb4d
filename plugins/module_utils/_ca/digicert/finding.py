# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order whose answer was lost: found by our reference; another certificate of an order, by its comment or its time.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import (
    Handle,
    listed,
    number_of,
    text_of_field,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network, codes_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.orders import (
    ENDS,
    GONE,
    Orders,
    not_about_the_order,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Finder"]

_MOST_PAGES = 20
#: An intent is written before the request leaves, by a clock that is not DigiCert's.
_CLOCKS_DIFFER = timedelta(minutes=10)


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
            if not refusal.retryable and not GONE.isdisjoint(codes_of(refusal)):
                return {"orders": []}
            raise not_about_the_order(refusal) from refusal
        if not isinstance(data, dict):
            raise unusable("the list of orders is not in it", f"it is a {type(data).__name__}")
        return data

    def _find_another(self, request: OrderRequest, known: frozenset[str], since: datetime) -> Seen | None:
        """At its predecessor: the request with our reference; else one that nobody knows, of that time."""
        if request.replaces is None:
            return None
        handle = Handle(Handle.read(request.replaces.handle).order, way=self._settings.reissue_as)
        info = self._orders.info(handle)
        open_ones = [one for one in info.requests if handle.way in one.kind and one.number]
        taken = {one for text in known for one in [_request_in(text)] if one}
        ours = [one for one in open_ones if request.reference in one.comments]
        if not ours:
            ours = [
                one
                for one in open_ones
                if not one.comments
                and one.number not in taken
                and one.date is not None
                and one.date >= since - _CLOCKS_DIFFER
            ]
        if not ours:
            return None
        return self._adopted(replace(handle, request=ours[-1].number), request)

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


def _request_in(handle: str) -> str:
    parts = handle.split("/")
    return parts[2] if len(parts) > 2 and parts[1] != "domains" else ""
