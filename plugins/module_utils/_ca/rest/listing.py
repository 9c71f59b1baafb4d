# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seller's list of orders, read to its end by whichever way it leads on. Bounded; half of it is none.

    {page}, {offset}    counted here; the end is a page with nothing new
    next and {cursor}   a word of the answer that the next request repeats; the end is that there is none
    next, link_header   the address of the next page: followed where it is another page of this very list

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.answers import OrderAnswer, unusable_answer
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Call, Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.network import Reply
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url

__all__ = ["Listing", "next_in_header", "target_of"]

#: Five thousand orders at twenty a page.
_MAX_PAGES = 250
_MAX_LISTED = 20_000
_LONGEST = 3000
_TARGET = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]|-]*")
#: One link of the header and its parameters (RFC 8288 §3); a comma outside the angles parts it from the next.
_LINK = re.compile(r"<([^<>]{0,3000})>((?:\s*;\s*[A-Za-z*]{1,40}\s*=\s*(?:\"[^\"]{0,400}\"|[^\s,;\"]{0,400}))*)")
_PARAMETER = re.compile(r";\s*([A-Za-z*]{1,40})\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]*))")


class Listing:
    """page, length, cursor, target: what the next request is made of."""

    def __init__(self, call: Call, description: Description, url: str) -> None:
        self._call, self._description, self._url = call, description, url
        self._found: dict[str, OrderAnswer] = {}
        self._seen: set[str] = set()
        self.page = 1
        self.cursor: str | None = None
        self.target = ""
        self.goes_on = True

    @property
    def length(self) -> int:
        return len(self._found)

    @property
    def orders(self) -> list[OrderAnswer]:
        return list(self._found.values())

    def take(self, reply: Reply) -> None:
        orders, total = ([], 0) if reply.gone else _page_of(self._call, reply)
        before = self.length
        for data in (one for one in orders if one is not None):
            order = OrderAnswer.read(data, self._description)
            self._found.setdefault(order.order_id or f" {self.length}", order)
        is_whole = total is not None and self.length >= total
        self.goes_on = not reply.gone and not is_whole and self._leads_on(reply, is_new=self.length > before)
        if not self.goes_on and total is not None and self.length < total:
            raise _half_a_list(self.length, total)
        self.page += 1
        if self.goes_on and self.page > _MAX_PAGES:
            raise _half_a_list(self.length, None)

    def _leads_on(self, reply: Reply, *, is_new: bool) -> bool:
        call = self._call
        if call.is_paged:
            return is_new
        if call.next is None and not call.has_link_header:
            return False
        told = next_in_header(reply.headers.get("link", "")) if call.next is None else _word(call.next.of(reply.data))
        if not told:
            return False
        if told in self._seen:
            raise unusable_answer("its list leads in a circle", "a page leads to one before it", "rest_half_a_list")
        self._seen.add(told)
        if call.has_cursor:
            self.cursor = told
        else:
            self.target = target_of(told, reply.url, self._url)
        return True


def _word(value: object) -> str:
    """null, false and nothing are the end of a list."""
    if value is None or value is False or value == "":
        return ""
    word = word_of(value)
    if word is None or len(word) > _LONGEST:
        raise unusable_answer("next is no word and no address", "look at next in the description")
    return word


def next_in_header(header: str) -> str:
    """The target of rel=next; "" where there is none."""
    for match in _LINK.finditer(header):
        for name, quoted, bare in _PARAMETER.findall(match[2]):
            if name.lower() == "rel" and "next" in (quoted or bare).lower().split():
                return match[1].strip()
    return ""


def target_of(told: str, asked: str, base: str) -> str:
    """Path and query of the next page. It is one of the same list: host and path are those that were asked.

    told: by the seller; asked: the address that it answered; base: the account's url.
    """
    try:
        here, there = urllib.parse.urlsplit(asked), urllib.parse.urlsplit(urllib.parse.urljoin(asked, told))
        same = (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
    except ValueError:
        raise _strange(told, "it is no URL") from None
    if not same or "@" in there.netloc:
        raise _strange(told, f"it leads away from {bare_url(base)}")
    if there.path != here.path or there.fragment:
        raise _strange(told, f"another path than {here.path} is no page of this list")
    target = f"{there.path}?{there.query}" if there.query else there.path
    if len(target) > _LONGEST or not _TARGET.fullmatch(target):
        raise _strange(told, "it is too long, or has letters that a URL cannot have")
    return target


def _page_of(call: Call, reply: Reply) -> tuple[list[t.Any], int | None]:
    orders = call.orders.of(reply.data) if call.orders is not None else None
    total = call.total.of(reply.data) if call.total is not None else None
    if orders is None and total == 0 and total is not False:
        return [], 0  # an empty list as some write it; without the 0 it could as well be another answer
    if not isinstance(orders, list) or len(orders) > _MAX_LISTED:
        why = f"{call.orders.text if call.orders else '@'!r} is no list there"
        raise unusable_answer("the list of orders is not in it", why)
    if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
        total = None
    return orders, total


def _half_a_list(listed: int, total: int | None) -> ProtocolError:
    return unusable_answer(
        "the list of orders is not whole",
        f"{listed} of {total if total is not None else 'more'} orders are in it",
        code="rest_half_a_list",
    )


def _strange(told: str, why: str) -> ProtocolError:
    return unusable_answer(f"its next page is at {bare_url(told)}", why, code="rest_strange_link")
