# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of ServerSSLService."""

from __future__ import annotations

import typing as t

from lab.vices import Switches

from .afterwards import Afterwards
from .api import ORDER, QUERY, SSL, Call
from .application import Application, read
from .approving import Approving
from .book import Book
from .desk import Desk
from .form import Form
from .making import Making
from .products import DNS, DV, EV, HUMAN, MAIL, OV, URL
from .proving import Proving
from .showing import Showing
from .soap_reading import Node
from .soap_writing import Element
from .values import Order

VERIFIED = "URLVerificationForIssue"


class SslCalls:
    def __init__(
        self,
        book: Book,
        desk: Desk,
        approving: Approving,
        afterwards: Afterwards,
        proving: Proving,
        making: Making,
        showing: Showing,
        switches: Switches,
    ) -> None:
        self._book, self._desk, self._approving, self._afterwards = book, desk, approving, afterwards
        self._proving, self._making, self._showing, self._switches = proving, making, showing, switches

    def calls(self) -> list[Call]:
        def order(name: str, act: t.Callable[[Node], t.Sequence[Element]], *payload: str) -> Call:
            return Call(name, SSL, ORDER, ORDER, payload, act)

        vetted = [
            order(name, self._vetted(name, validation), payload)
            for name, validation, payload in (
                ("OVOrder", OV, "OrderID"),
                ("OVOrderJP", OV, "OrderID"),
                ("EVOrder", EV, "OrderId"),
                ("EVOrderJP", EV, "OrderId"),
            )
        ]
        return [
            order("DVDNSOrder", self._dns_order, "OrderID", "DNSTXT", "VerificationFQDNList"),
            order("DVDNSVerificationForIssue", self._verify_record, VERIFIED),
            order("URLVerification", self._url_order, "OrderID", "MetaTag", "VerificationURLList"),
            order("URLVerificationForIssue", self._verify_page, VERIFIED),
            order("DVOrder", self._mail_order, "OrderID"),
            *vetted,
            order("ResendEmail", self._mail_again, "OrderId"),
            order("ChangeApproverEmail", self._change_approver, "OrderID"),
            order("ModifyOrder", self._modify, "OrderID"),
            Call("GetDVApproverList", SSL, QUERY, QUERY, ("Approvers", "OrderID"), self._dv_approvers),
            Call("GetApproverList", SSL, QUERY, QUERY, ("Approvers",), self._approvers),
        ]

    # --- orders ---

    def _take(self, call: str, node: Node, method: str, validation: str = DV) -> Order:
        return self._desk.take(self._application(call, node, method, validation))

    def _application(self, call: str, node: Node, method: str, validation: str) -> Application:
        return read(call, Form(node), (method,), validation, self._switches.is_on("gcc_san_type_2"))

    def _dns_order(self, node: Node) -> list[Element]:
        order = self._take("DVDNSOrder", node, DNS)
        fqdns = [Element("VerificationFQDN", name) for name in self._proving.fqdns(order)]
        return [self._id(order), Element("DNSTXT", self._proving.text(order)), Element("VerificationFQDNList", fqdns)]

    def _url_order(self, node: Node) -> list[Element]:
        order = self._take("URLVerification", node, URL)
        urls = [Element("VerificationURL", url) for url in self._proving.urls(order)]
        tag = Element("MetaTag", self._proving.meta_tag(order))
        return [self._id(order), tag, Element("VerificationURLList", urls)]

    def _mail_order(self, node: Node) -> list[Element]:
        return [self._id(self._take("DVOrder", node, MAIL))]

    def _vetted(self, call: str, validation: str) -> t.Callable[[Node], t.Sequence[Element]]:
        def act(node: Node) -> list[Element]:
            return [self._id(self._take(call, node, HUMAN, validation), "OrderId" if validation == EV else "OrderID")]

        return act

    def _id(self, order: Order, name: str = "OrderID") -> Element:
        """Its element is called OrderId in the answers of EVOrder, EVOrderJP and ResendEmail."""
        return Element(name, self._showing.number(order.id))

    # --- showing that one speaks for the names ---

    def _verify_record(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id, name = form.text("OrderID", 50, needed=True), form.name("ApproverFQDN", needed=True)
        form.judge()
        return [self._verified(self._desk.verify_record(order_id, name))]

    def _verify_page(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id, url = form.text("OrderID", 50, needed=True), form.text("ApproverURL", 1000, needed=True)
        form.judge()
        return [self._verified(self._desk.verify_page(order_id, url))]

    def _verified(self, order: Order) -> Element:
        fulfillment = self._making.fulfillment(order, with_chain=True)
        return Element(VERIFIED, [self._showing.certificate(order), fulfillment])

    # --- mails ---

    def _dv_approvers(self, node: Node) -> list[Element]:
        form = Form(node)
        name = form.name("FQDN", needed=True)
        form.judge()
        bare = name.removeprefix("*.")
        known = form.text("OrderID", 50)
        number = known if self._book.reserved.get(known) == bare else self._book.reserve(bare)
        return [self._list(name), Element("OrderID", self._showing.number(number))]

    def _approvers(self, node: Node) -> list[Element]:
        form = Form(node)
        name = form.name("FQDN", needed=True)
        form.judge()
        return [self._list(name)]

    def _list(self, name: str) -> Element:
        found = [
            Element("SearchOrderDetail", [Element("ApproverType", "GENERIC"), Element("ApproverEmail", address)])
            for address in self._proving.addresses(name)
        ]
        return Element("Approvers", found)

    def _mail_again(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id = form.text("OrderID", 50, needed=True)
        form.text("ResendEmailType", 20, needed=True, choices=("APPROVEREMAIL",))
        form.judge()
        return [self._id(self._approving.mail_again(order_id), "OrderId")]

    def _change_approver(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id, address = form.text("OrderID", 50, needed=True), form.mail("ApproverEmail", needed=True)
        name = form.name("FQDN", needed=True)
        form.judge()
        return [self._id(self._approving.change_approver(order_id, address, name))]

    def _modify(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id = form.text("OrderID", 50, needed=True)
        word = form.text("ModifyOrderOperation", 20, needed=True)
        form.judge()
        return [self._id(self._afterwards.modify(order_id, word))]
