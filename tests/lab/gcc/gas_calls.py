# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of GASService: looking, searching, reissuing."""

from __future__ import annotations

import typing as t
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from lab.vices import Switches

from . import problems
from .afterwards import Afterwards
from .api import GAS, ORDER, QUERY, Call
from .application import PARAMETER, read_csr
from .book import Book
from .desk import Desk
from .form import Form
from .problems import problem
from .products import PRODUCTS
from .proving import Proving
from .showing import Options, Showing
from .soap_reading import Node
from .soap_writing import Element
from .values import Order

INDEX_SECONDS = 2
HASHES = ("SHA256", "SHA384", "SHA512")
#: of CSRData and CertificatePreview
SUBJECT = (
    ("CommonName", NameOID.COMMON_NAME),
    ("Organization", NameOID.ORGANIZATION_NAME),
    ("OrganizationUnit", NameOID.ORGANIZATIONAL_UNIT_NAME),
    ("Locality", NameOID.LOCALITY_NAME),
    ("State", NameOID.STATE_OR_PROVINCE_NAME),
    ("Country", NameOID.COUNTRY_NAME),
    ("EmailAddress", NameOID.EMAIL_ADDRESS),
)


class GasCalls:
    def __init__(
        self, book: Book, desk: Desk, afterwards: Afterwards, proving: Proving, showing: Showing, switches: Switches
    ) -> None:
        self._book, self._desk, self._afterwards = book, desk, afterwards
        self._proving, self._showing, self._switches = proving, showing, switches

    def calls(self) -> list[Call]:
        def query(name: str, act: t.Callable[[Node], t.Sequence[Element]], *payload: str, to: str = QUERY) -> Call:
            return Call(name, GAS, QUERY, to, payload, act)

        validated = ("Price", "Currency", "ValidityPeriod", "ParsedCSR")
        in_range = ("FromDate", "ToDate", "OrderDetails")
        return [
            query("GetOrderByOrderID", self._look, "OrderID", "OrderDetail", to=ORDER),
            query("GetCertificateOrders", self._search, "SearchOrderDetails"),
            query("GetOrderByCommonName", self._by_name, "OrderID", "DVC"),
            query("GetOrderByDateRange", self._by_date, *in_range),
            query("GetModifiedOrders", self._by_change, *in_range),
            query("GetOrderByExpirationDate", self._by_end, "SearchOrderDetails"),
            query("DecodeCSR", self._decode, "CSRData", "CertificatePreview"),
            Call("ReIssue", GAS, ORDER, ORDER, ("OrderID", "TargetOrderID"), self._reissue),
            Call("ValidateOrderParameters", GAS, ORDER, ORDER, validated, self._validate),
        ]

    # --- one order ---

    def _look(self, node: Node) -> list[Element]:
        form = Form(node)
        order_id = form.text("OrderID", 50, needed=True)
        options = Options.of(form)
        form.judge()
        order = self._desk.the_order(order_id)
        return [Element("OrderID", self._showing.number(order.id)), self._showing.detail(order, options)]

    def _by_name(self, node: Node) -> list[Element]:
        """The newest one, and its code: DVC, as the vendor calls it."""
        form = Form(node)
        name, csr = form.name("CommonName"), form.text("CSR", 8000)
        if not name and not csr:
            form.wrong(problems.MISSING, "CommonName")
        form.judge()
        key = read_csr(csr).public_key if csr else b""
        found = [
            order
            for order in self._indexed()
            if (not name or order.application.common_name == name)
            and (not key or order.application.request.public_key == key)
        ]
        if not found and not self._switches.is_on("gcc_common_name_nil"):
            raise problem(problems.NO_ORDER)
        order = found[-1] if found else None
        number = self._showing.number(order.id) if order else None
        return [Element("OrderID", number), Element("DVC", self._code(order) if order else None)]

    def _code(self, order: Order) -> str | None:
        if order.application.method not in ("dns", "url") or self._switches.is_on("gcc_dvc_missing"):
            return None
        return order.code if self._switches.is_on("gcc_dvc_bare") else self._proving.text(order)

    # --- several ---

    def _indexed(self) -> list[Order]:
        """Those that searches know by now."""
        late = self._switches.is_on("gcc_late_index")
        return [order for order in self._book.orders() if not late or self._book.age(order.id) >= INDEX_SECONDS]

    def _search(self, node: Node) -> list[Element]:
        form = Form(node)
        begin, end = form.moment("FromDate"), form.moment("ToDate")
        wanted = {
            "fqdn": form.name("FQDN"),
            "product": form.text("ProductCode", 20, choices=_codes()),
            "status": form.text("OrderStatus", 2, shape="[0-9]+"),
            "sub_id": form.text("SubID", 100),
        }
        form.judge()
        found = [order for order in self._indexed() if _between(order.created_at, begin, end) and _fits(order, wanted)]
        return [self._rows(found)]

    def _by_end(self, node: Node) -> list[Element]:
        form = Form(node)
        begin, end = form.moment("ExpirationFromDate"), form.moment("ExpirationToDate")
        wanted = {
            "fqdn": form.name("FQDN"),
            "kind": form.text("OrderKind", 10).lower(),
            "status": form.text("OrderStatus", 2, shape="[0-9]+"),
            "sub_id": form.text("SubID", 100),
        }
        form.judge()
        found = [
            order
            for order in self._indexed()
            if order.made and _between(order.made.end, begin, end) and _fits(order, wanted)
        ]
        return [self._rows(found)]

    def _rows(self, found: t.Sequence[Order]) -> Element:
        if self._switches.is_on("gcc_list_unfiltered"):
            found = self._indexed()
        return Element("SearchOrderDetails", [self._showing.row(order) for order in found] or None)

    def _by_date(self, node: Node) -> list[Element]:
        return self._details(node, lambda order: [order.created_at])

    def _by_change(self, node: Node) -> list[Element]:
        return self._details(node, lambda order: [event.at for event in order.events])

    def _details(self, node: Node, moments: t.Callable[[Order], t.Sequence[datetime]]) -> list[Element]:
        form = Form(node)
        begin, end = form.moment("FromDate", needed=True), form.moment("ToDate", needed=True)
        options = Options.of(form)
        if begin and end and begin > end:
            form.wrong(problems.COMBINATION, "ToDate")
        form.judge()
        everything = self._switches.is_on("gcc_list_unfiltered")
        found = [
            order
            for order in self._indexed()
            if everything
            or (any(_between(at, begin, end) for at in moments(order)) and options.status in ("", order.status))
        ]
        details = [self._showing.detail(order, options) for order in found]
        echo = [Element(name, node.word(name)) for name in ("FromDate", "ToDate")]
        return [*echo, Element("OrderDetails", details or None)]

    # --- further ---

    def _reissue(self, node: Node) -> list[Element]:
        form = Form(node)
        target = form.text("TargetOrderID", 50, needed=True)
        form.text("HashAlgorithm", 10, needed=True, choices=HASHES)
        csr = form.text("OrderParameter.CSR", 8000, needed=True)
        names = [name.strip().lower() for name in form.text("OrderParameter.DNSNames", 8000).split(",") if name.strip()]
        form.judge()
        order = self._afterwards.reissue(target, read_csr(csr), names)
        return [
            Element("OrderID", self._showing.number(order.id)),
            Element("TargetOrderID", self._showing.number(target)),
        ]

    def _validate(self, node: Node) -> list[Element]:
        """As an order of the call that takes this product, but nothing comes of it. Contacts are not asked for."""
        form = Form(node)
        name = form.name("FQDN")
        product = PRODUCTS.get(form.text(f"{PARAMETER}.ProductCode", 20, needed=True, choices=tuple(PRODUCTS)))
        csr = form.text(f"{PARAMETER}.CSR", 8000, needed=True)
        months = form.number(f"{PARAMETER}.ValidityPeriod.Months", 60, needed=True)
        form.text(f"{PARAMETER}.OrderKind", 10, needed=True, choices=("new", "renewal", "transfer"))
        form.judge()
        request = read_csr(csr)
        if name and name != request.common_name:
            raise problem(problems.OTHER_NAME, "FQDN")
        if product is None:
            raise AssertionError("what is wrong has been said")
        if not self._proving.base(request.common_name):
            raise problem(problems.INVALID, f"{PARAMETER}.CSR")
        period = Element("ValidityPeriod", [Element("Months", str(months))])
        parsed = [
            Element("Subject", f"CN={request.common_name}"),
            Element("DomainName", request.common_name),
            *(Element(word, None) for word in ("Country", "Email", "Locality", "Organization")),
            *(Element(word, None) for word in ("OrganizationUnit", "State")),
            Element("IsValidDomainName", "true"),
        ]
        return [Element("Price", "0.00"), Element("Currency", "JPY"), period, Element("ParsedCSR", parsed)]

    def _decode(self, node: Node) -> list[Element]:
        form = Form(node)
        csr = form.text("CSR", 8000, needed=True)
        form.text("ProductType", 20, needed=True)
        form.judge()
        read_csr(csr)
        subject = x509.load_pem_x509_csr(csr.encode("ascii")).subject
        words = [Element(name, _attribute(subject, oid)) for name, oid in SUBJECT]
        return [Element("CSRData", words), Element("CertificatePreview", words[:-1])]


def _codes() -> list[str]:
    return [code for product in PRODUCTS.values() for code in (product.code, product.internal)]


def _fits(order: Order, wanted: t.Mapping[str, str]) -> bool:
    application = order.application
    has = {
        "fqdn": (application.common_name,),
        "product": (application.product.code, application.product.internal),
        "status": (order.status,),
        "sub_id": (application.sub_id,),
        "kind": (application.kind,),
    }
    return all(not value or value in has[word] for word, value in wanted.items())


def _between(at: datetime, begin: datetime | None, end: datetime | None) -> bool:
    return (begin is None or begin <= at) and (end is None or at <= end)


def _attribute(subject: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    found = subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else None
