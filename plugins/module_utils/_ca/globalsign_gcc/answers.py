# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GCC's answers as values: read leniently where something may be left out or nil, never trusted further than that.

The same words are looked for wherever they stand: what is in an ``OrderDetail`` differs from call to call, and the
recorded answers differ from the manuals (ca-apis 2b).

This file is private to the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Node
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, free_names
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

__all__ = ["Detail", "details_in", "moment_of", "number_in", "order_number", "same_request", "unusable"]

_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_ORDERS = 2000
_LONGEST = 1000
_PEM_FRAME = re.compile(r"-----[A-Z ]+-----")


def order_number(handle: str) -> str:
    if not _NUMBER.fullmatch(handle):
        raise InputError(
            code="gcc_no_order_number",
            what=f"Cannot ask GlobalSign for the order {escaped(handle, 100)!r}",
            why="an order of GCC has a number such as CEAP2611207388",
            todo="Give the order number that GSパネル shows",
        )
    return handle


def number_in(node: Node) -> str:
    """OrderID; the answers to EVOrder and ResendEmail write OrderId."""
    value = node.word("OrderID", "OrderId")
    return value if _NUMBER.fullmatch(value) else ""


@dataclass(frozen=True)
class Detail:
    """An order, as one answer tells it; "" and None for what it does not tell."""

    number: str
    status: str = ""
    reference: str = ""
    domain: str = ""
    names: tuple[str, ...] = ()
    ordered_at: datetime | None = None
    mailed_at: datetime | None = None
    approver: str = ""
    renews: str = ""
    reissues: str = ""
    serial: str = ""
    csr: str = ""
    certificate: str = ""
    chain: tuple[str, ...] = ()

    @classmethod
    def read(cls, node: Node) -> Detail:
        info = node.first("OrderInfo") or node
        return cls(
            number=number_in(info) or number_in(node),
            status=escaped(node.word("OrderStatus") or node.word("CertificateStatus"), 100),
            reference=node.word("SubId", "SubID")[:200],
            domain=_name(node.word("DomainName", "CommonName", "FQDN")),
            names=_names(node),
            ordered_at=moment_of(node.word("OrderDate", "OrderRequestDate")),
            mailed_at=moment_of(node.word("ApproverNotifiedDate")),
            approver=node.word("ApproverEmailAddress", "ApproverEmail")[:254],
            renews=node.word("OriginalOrderIDForRenewal"),
            reissues=node.word("OriginalOrderIDForReIssue"),
            serial=_hex(node.word("SerialNumber")),
            csr=node.word("OriginalCSR")[: 64 * 1024],
            certificate=node.word("X509Cert"),
            chain=tuple(one.text for one in node.every("CACert") if one.text.strip()),
        )

    def require_number(self, number: str) -> None:
        if self.number and self.number != number:
            why = f"asked was for {number}, it is about {self.number}"
            raise unusable("it is about another order", why, "gcc_other_order")

    def require_ours(self, request: OrderRequest) -> None:
        """For our names, and beside them only what comes for free; with our request, where it is told."""
        free = free_names(request.dns_names)
        ours = set(request.dns_names)
        strange = sorted({*self.names, *([self.domain] if self.domain else [])} - ours - free)
        missing = [name for name in request.dns_names if len(self.names) > 1 and name not in {*self.names, *free}]
        if strange or missing:
            told = ", ".join(dict.fromkeys([self.domain, *self.names]))
            why = f"ordered: {', '.join(request.dns_names)}; at GlobalSign: {told}"
            raise unusable("the order is not for the names that were ordered", why[:_LONGEST], "gcc_other_names")
        if self.csr and not same_request(self.csr, request.csr_pem):
            raise unusable("the order was made with another request", "its CSR is another one", "gcc_other_names")


def details_in(response: Node) -> list[Detail]:
    """The orders of a search, whichever way the answer wraps them; one without a number cannot be spoken of."""
    nodes = list(response.every("OrderDetail", "SearchOrderDetail"))
    if len(nodes) > _MOST_ORDERS:
        raise unusable("the list of orders is too long", f"it has {len(nodes)} orders, {_MOST_ORDERS} are possible")
    found = [Detail.read(node) for node in nodes]
    if any(not one.number for one in found):
        raise unusable("the list has an order without a number", "there is no OrderID in it")
    return found


def same_request(one: str, two: str) -> bool:
    """Whether two CSRs are the same, whatever their line ends and frames."""
    return "".join(_PEM_FRAME.sub("", one).split()) == "".join(_PEM_FRAME.sub("", two).split())


def moment_of(text: str) -> datetime | None:
    try:
        return parse_time(text) if text and len(text) < 40 else None
    except ValueError:
        return None


def _names(node: Node) -> tuple[str, ...]:
    """Of SANEntries and of DNSNames (a text, with one of several separators); what is no name is left out."""
    texts = [one.text for one in node.every("SubjectAltName")]
    texts += [part for one in node.every("DNSNames") for part in re.split(r"[\s,;|]+", one.text[: 64 * 1024])]
    names = [_name(text) for text in [node.word("DomainName", "CommonName", "FQDN"), *texts]]
    return tuple(dict.fromkeys(name for name in names if name))


def _name(text: str) -> str:
    word = text.strip().lower().rstrip(".")
    return word if dns_name_error(word) is None else ""


def _hex(text: str) -> str:
    """As ``%x`` writes it; "" where it is no hexadecimal number."""
    digits = re.sub(r"[\s:]", "", text).lower()
    return digits.lstrip("0") or "0" if re.fullmatch(r"[0-9a-f]{1,64}", digits) else ""


def unusable(what: str, why: str, code: str = "gcc_bad_answer") -> ProtocolError:
    return ProtocolError(
        code=code,
        what=f"GlobalSign's answer cannot be used: {what}",
        why=why,
        todo="Nothing of it was used. Run again; if it stays, ask GlobalSign",
        retryable=True,
    )
