# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders as answers show them."""

from __future__ import annotations

import typing as t
from datetime import datetime

from lab.clock import jst
from lab.vices import Switches

from .book import Book
from .form import Form
from .making import Making
from .products import DNS, URL
from .proving import Proving
from .soap_writing import Element, pem_text
from .values import Order

UNKNOWN_STATUS = "11"
OPTION = "OrderQueryOption"
WORDS = {
    "1": "initial", "2": "phishing check", "3": "cancelled before issue", "4": "issued", "5": "cancelled after issue",
    "6": "waiting for revocation", "7": "revoked",
}  # fmt: skip


class Options(t.NamedTuple):
    """What an answer shall have."""

    option: bool
    certificate: bool
    fulfillment: bool
    authorities: bool
    csr: bool
    sans: bool
    status: str

    @classmethod
    def of(cls, form: Form) -> Options:
        def wants(word: str) -> bool:
            return form.flag(f"{OPTION}.Return{word}")

        wants("PKCS12")
        return cls(
            option=wants("OrderOption"),
            certificate=wants("CertificateInfo"),
            fulfillment=wants("Fulfillment"),
            authorities=wants("CACerts"),
            csr=wants("OriginalCSR"),
            sans=wants("SANEntries"),
            status=form.text(f"{OPTION}.OrderStatus", 2, shape="[0-9]+"),
        )


class Showing:
    def __init__(self, book: Book, proving: Proving, making: Making, switches: Switches, base_url: str) -> None:
        self._book, self._proving, self._making = book, proving, making
        self._switches, self._base_url = switches, base_url

    # --- small things ---

    def number(self, order_id: str) -> str:
        return f" {order_id} " if self._switches.is_on("gcc_order_id_blanks") else order_id

    def moment(self, at: datetime | None) -> str | None:
        if at is None:
            return None
        text = jst(at).isoformat(timespec="milliseconds")
        return text.removesuffix("+09:00") if self._switches.is_on("gcc_times_without_zone") else text

    def product(self, order: Order) -> str:
        product = order.application.product
        return product.internal if self._switches.is_on("gcc_product_code_internal") else product.code

    def sub_id(self, order: Order) -> str:
        return "" if self._switches.is_on("gcc_sub_id_hidden") else order.application.sub_id

    def status(self, order: Order) -> str:
        if self._switches.is_on("gcc_strange_status_always"):
            return UNKNOWN_STATUS
        return UNKNOWN_STATUS if self._switches.strikes("gcc_strange_status", order.id) else order.status

    def seen(self, order: Order) -> Order:
        """As it is, or as it was before."""
        before = self._book.before(order.id)
        stale = before is not None and self._switches.strikes("gcc_stale_answer_first", f"{order.id} {order.status}")
        return before if before is not None and stale else order

    # --- an order ---

    def detail(self, order: Order, options: Options) -> Element:
        order = self.seen(order)
        status = self.status(order)
        parts = [self._info(order, status), self._sub_info(order)]
        parts.append(self._option(order) if options.option else Element("OrderOption", None))
        parts.append(self.certificate(order) if options.certificate else Element("CertificateInfo", None))
        sans = [
            Element("SANEntry", [Element("SANOptionType", one.type), Element("SubjectAltName", one.name)])
            for one in order.application.sans
        ]
        parts.append(Element("SANEntries", sans if options.sans and sans else None))
        csr = order.application.request.csr if options.csr else ""
        if options.fulfillment:
            parts.append(self._making.fulfillment(order, with_chain=options.authorities, csr=csr))
        else:
            parts.append(self._only_csr(csr))
        events = [
            Element(
                "ModificationEvent",
                [
                    Element("ModificationEventName", event.name),
                    Element("ModificationEventTimestamp", self.moment(event.at)),
                ],
            )
            for event in order.events
        ]
        parts.append(Element("ModificationEvents", events))
        return Element("OrderDetail", parts)

    def _only_csr(self, csr: str) -> Element:
        if not csr:
            return Element("Fulfillment", None)
        missing = [Element(name, None) for name in ("CACertificates", "ServerCertificate")]
        return Element("Fulfillment", [*missing, Element("OriginalCSR", pem_text(csr)), Element("PKCS12Cert", None)])

    def _info(self, order: Order, status: str) -> Element:
        application = order.application
        period = [
            Element("Months", str(application.months)),
            Element("NotBefore", self.moment(application.not_before)),
            Element("NotAfter", self.moment(application.not_after)),
        ]
        flags = ("Express", "ValidityPeriodCustomize", "Insurance", "GSSupport", "RenewalExtention")
        words: list[tuple[str, str | None]] = [
            ("OrderId", self.number(order.id)),
            ("OriginalOrderIDForRenewal", None if order.reissue_of else application.renewal_target or None),
            ("OriginalOrderIDForReIssue", order.reissue_of or None),
            ("ProductCode", self.product(order)),
            ("BaseOption", application.base_option or None),
            ("OrderKind", application.kind.capitalize()),
            ("Licenses", "1"),
            *((f"{flag}Option", "false") for flag in flags),
            ("DomainName", application.common_name),
            ("OrderDate", self.moment(order.created_at)),
            ("OrderCompleteDate", self.moment(order.completed_at)),
            ("OrderCanceledDate", self.moment(order.canceled_at)),
            ("OrderDeactivatedDate", self.moment(order.deactivated_at)),
            ("OrderStatus", status),
            ("Price", "0.00"),
            ("Currency", "JPY"),
        ]
        instructions = Element("SpecialInstructions", application.special_instructions or None)
        elements = [Element(name, value) for name, value in words]
        return Element("OrderInfo", [*elements, Element("ValidityPeriod", period), instructions])

    def _sub_info(self, order: Order) -> Element:
        page = order.application.method in (DNS, URL)
        words: list[tuple[str, str | None]] = [
            ("CSRSkipOrderFlag", "false"),
            ("DNSOrderFlag", "true" if order.application.method == DNS else "false"),
            ("TrustedOrderFlag", "false"),
            ("P12DeleteStatus", None),
            ("P12DeleteDate", None),
            ("VerificationUrl", f"{self._base_url}/gcc/verification?o={order.id}" if page else None),
            ("SubId", self.sub_id(order)),
        ]
        return Element("OrderSubInfo", [Element(name, value) for name, value in words])

    def _option(self, order: Order) -> Element:
        application = order.application
        link = order.link
        organization = Element("OrganizationName", application.organization.get("OrganizationName") or None)
        contact = [Element(name, application.contact[name]) for name in ("FirstName", "LastName", "Phone", "Email")]
        return Element(
            "OrderOption",
            [
                Element("ApproverNotifiedDate", self.moment(link.made_at) if link else None),
                Element("ApproverConfirmDate", self.moment(order.validated_at) if link else None),
                Element("ApproverEmailAddress", link.address if link else None),
                Element("OrganizationInfo", [organization] if application.organization else None),
                Element("ContactInfo", contact),
            ],
        )

    def certificate(self, order: Order) -> Element:
        made = order.made
        words: list[tuple[str, str | None]] = [
            ("CertificateStatus", order.status),
            ("StartDate", self.moment(made.begin) if made else None),
            ("EndDate", self.moment(made.end) if made else None),
            ("CommonName", order.application.common_name),
            ("SerialNumber", made.serial if made else None),
            ("SubjectName", made.subject if made else f"CN={order.application.common_name}"),
            ("DNSNames", ",".join(made.names) if made else None),
        ]
        return Element("CertificateInfo", [Element(name, value) for name, value in words])

    # --- in a list ---

    def row(self, order: Order) -> Element:
        application = order.application
        organization = application.organization.get("OrganizationName", "") if application.organization else ""
        words: list[tuple[str, str | None]] = [
            ("OrderID", self.number(order.id)),
            ("BaseOption", application.base_option or None),
            ("ProductCode", self.product(order)),
            ("OrderKind", application.kind.capitalize()),
            ("Licenses", "1"),
            ("OrderRequestDate", self.moment(order.created_at)),
            ("OrderIssueDate", self.moment(order.completed_at)),
            ("OrderCanceledDate", self.moment(order.canceled_at)),
            ("OrderStatus", order.status),
            ("OrganizationName", organization),
            ("Months", str(application.months)),
            ("SubId", self.sub_id(order)),
            ("FQDN", application.common_name),
        ]
        return Element("SearchOrderDetail", [Element(name, value) for name, value in words])

    # --- for the lab ---

    def for_the_lab(self, order: Order) -> dict[str, t.Any]:
        return {
            "order_id": order.id,
            "partner_order_id": order.application.sub_id,
            "product": order.application.product.code,
            "state": f"{order.status} {WORDS[order.status]}",
            "common_name": order.application.common_name,
            "names": list(order.application.names),
            "reason": None,
            "method": order.application.method,
        }
