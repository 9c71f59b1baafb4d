# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order and a certificate as the API shows them, with the vices of their contents."""

from __future__ import annotations

import typing as t
from datetime import datetime

from cryptography import x509

from lab.clock import iso_jst, jst
from lab.issuing import Issuing, pem
from lab.vices import Switches

from .orders import Order, Orders

STRANGE_STATE = "screening"
LOOKS = ("look", "find")
Document = dict[str, t.Any]


class Showing:
    def __init__(self, orders: Orders, switches: Switches, issuing: Issuing) -> None:
        self._orders, self._switches, self._issuing = orders, switches, issuing

    def order(self, order: Order, call: str) -> Document:
        state = order.state
        if call == "look":
            before = self._orders.before(order.order_id)
            if before and self._switches.strikes("stale_answer_first", f"{order.order_id} {state}"):
                order, state = before, before.state
            if self._switches.strikes("strange_status", order.order_id):
                state = STRANGE_STATE
        document = plain(order, self._switches.is_on("times_without_zone"))
        document["state"] = state
        if call in LOOKS and self._switches.is_on("number_for_text") and order.order_id.isdigit():
            document["order_id"] = int(order.order_id)
        if self._switches.is_on("nulls_for_lists"):
            document = t.cast(Document, _each(document, lambda value: None if value == [] else value))
        if self._switches.is_on("keys_left_out"):
            document = _without_empty(document)
        return document

    def certificate(self, order: Order) -> Document:
        leaf = order.certificate
        if self._switches.strikes("other_certificate", order.order_id):
            leaf = self._somebody_elses(order)
        chain = self._chain(order)
        texts = [leaf, *map(pem, chain)]
        if self._switches.is_on("pem_with_text"):
            texts = [_with_text(text) for text in texts]
        if self._switches.is_on("pem_no_newline"):
            texts = [text.rstrip("\n") for text in texts]
        if self._switches.is_on("crlf_pem"):
            texts = [text.replace("\n", "\r\n") for text in texts]
        intermediates = texts[1:]
        if self._switches.is_on("chain_in_one_text"):
            intermediates = ["\n".join(intermediates)]
        return {"certificate": texts[0], "intermediates": intermediates}

    def _chain(self, order: Order) -> list[x509.Certificate]:
        chain = self._issuing.chain(order.issuer)
        if self._switches.is_on("new_intermediate"):
            chain[0] = self._issuing.renewed(order.issuer)
        if self._switches.is_on("wrong_chain"):
            chain[0] = self._issuing.impostor(order.issuer)
        if self._switches.is_on("root_included"):
            chain.append(self._issuing.root.certificate)
        if self._switches.is_on("chain_reversed"):
            chain.reverse()
        return chain

    def _somebody_elses(self, order: Order) -> str:
        """A true certificate for the same names, but for another key."""
        own = x509.load_pem_x509_certificate(order.certificate.encode())
        start, end = own.not_valid_before_utc, own.not_valid_after_utc
        key = self._issuing.root.key.public_key()
        return pem(self._issuing.issue(key, order.names, start, end, order.issuer))


def plain(order: Order, without_zone: bool = False) -> Document:
    """As the manual has it."""

    def moment(value: datetime) -> str:
        return jst(value).strftime("%Y/%m/%d %H:%M:%S") if without_zone else iso_jst(value)

    certificate = None
    if order.not_after is not None:
        certificate = {"serial": order.serial, "not_after": moment(order.not_after)}
    return {
        "order_id": order.order_id,
        "partner_order_id": order.partner_order_id,
        "product": order.product,
        "state": order.state,
        "common_name": order.common_name,
        "names": list(order.names),
        "created_at": moment(order.created_at),
        "expires_at": moment(order.expires_at),
        "reason": order.reason,
        "auth": {
            "method": order.method,
            "sent_to": order.sent_to if order.state != "received" else [],
            "files": [file._asdict() for file in order.files],
            "records": [record._asdict() for record in order.records],
            "done": list(order.done),
        },
        "certificate": certificate,
    }


def _each(value: t.Any, change: t.Callable[[t.Any], t.Any]) -> t.Any:
    if isinstance(value, dict):
        value = {key: _each(item, change) for key, item in value.items()}
    return change(value)


def _without_empty(document: Document) -> Document:
    inside = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in document.items()}
    return {key: value for key, value in inside.items() if value not in (None, [])}


def _with_text(text: str) -> str:
    """As openssl x509 writes it before a certificate."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    return f"subject={subject}\nissuer={issuer}\n{text}"
