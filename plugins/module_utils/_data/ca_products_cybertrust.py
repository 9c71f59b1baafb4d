# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cybertrust Japan (SureServer, SureServer EV), ordered directly at its portals SureBoard and SureHandsOn.

It publishes no API for orders; ACME is offered at SureHandsOn, its address and words are told to customers only.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LOCAL_PARTS,
    ContactOffer,
    CustodyRule,
    MethodOffer,
    NameRule,
    Product,
    RenewalRule,
    Seller,
    StepRule,
    ValidityRule,
)

_FAQ = "https://www.cybertrust.ne.jp/sureserver/support/faq/ (ss_faq05)"
_APPLY = "https://www.cybertrust.ne.jp/sureserver/apply/pre_apply_ss.html"
_ACME = "https://www.cybertrust.co.jp/ssl/productinfo/acme.html"
_PERSON = "https://www.cybertrust.co.jp/sureserver/apply/sboard-enrol-items.html"
_WWW = "https://www.cybertrust.co.jp/sureserver/productinfo/wwwoption.html"

SELLER = Seller("cybertrust", "Cybertrust Japan", "https://www.cybertrust.co.jp/ssl/")

_MAIL = ("email",)
#: the day on which Cybertrust stopped WHOIS contacts
_WHOIS_END = date(2025, 6, 25)

_OV = Product(
    key="cybertrust-ov",
    seller="cybertrust",
    ca="cybertrust",
    validation_level="ov",
    title="Cybertrust SureServer",
    source=_APPLY,
    names=(NameRule("no", 1, ("IIJ-13",), _WWW, www_option="www_option"),),
    custody=(CustodyRule(("us",), ("us",), ("Cybertrust SureBoard", "BR 6.1.1.3"), _PERSON),),
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.4", "3.2.2.4.14"),
            places="mail",
            facts=("Cybertrust approval mail", "Cybertrust ACME"),
            source=_FAQ + "; " + _ACME,
            way_out="ACME, which Cybertrust offers at SureHandsOn",
        ),
    ),
    contacts=(
        ContactOffer(
            kind="whois",
            levels=("base",),
            selectable=False,
            mailed="first",
            covers="fqdn",
            facts=("Cybertrust approval mail", "IIJ-3"),
            source=_FAQ,
            until=_WHOIS_END,
        ),
        ContactOffer(
            kind="constructed",
            levels=("fqdn", "base"),
            selectable=True,
            mailed="on_request",
            covers="fqdn",
            facts=("Cybertrust approval mail",),
            source=_FAQ,
            local_parts=LOCAL_PARTS,
            notes=("the approval page lets one choose the whole base domain instead of this name",),
        ),
        ContactOffer(
            kind="txt",
            levels=("fqdn",),
            selectable=True,
            mailed="on_request",
            covers="fqdn",
            facts=("IIJ-3", "IIJ-5"),
            source="https://manual.iij.jp/ct/help/ (FAQ)",
        ),
    ),
    steps=(
        StepRule(
            "customer",
            "publish {mailbox} in DNS before the application, the same at every authoritative server, and keep it until"
            " the certificate is there",
            ("IIJ-3", "BR 3.2.2.4.14", "BR 3.2.2.9"),
            "BR 3.2.2.4.14, A.2.1",
            methods=_MAIL,
            contacts=("txt",),
        ),
        StepRule(
            "customer",
            "see that mail to {mailbox} arrives and is read, and ask the support desk to send it there",
            ("Cybertrust approval mail",),
            _FAQ,
            methods=_MAIL,
            contacts=("constructed",),
        ),
        StepRule(
            "customer",
            "see that {responsible} is somebody whom Cybertrust takes as 申請責任者 (SureBoard 申請項目一覧)",
            ("IIJ-22",),
            _PERSON,
        ),
        StepRule(
            "customer",
            "make key and CSR, then apply at SureBoard or SureHandsOn",
            ("Cybertrust SureBoard",),
            _PERSON,
        ),
        StepRule("ca", "mail the approval page to {mailbox}", ("Cybertrust approval mail",), _FAQ, methods=_MAIL),
        StepRule(
            "customer",
            "approve on the page, and choose there whether for this name or for the base domain: a person does",
            ("Cybertrust approval mail",),
            _FAQ,
            methods=_MAIL,
        ),
        StepRule(
            "customer",
            "{responsible} answers the call to {phone}, asked by Cybertrust",
            ("Cybertrust call",),
            _APPLY,
            task="call",
        ),
        StepRule("ca", "issue", ("Cybertrust SureBoard",), _PERSON),
        StepRule(
            "customer", "deploy the certificate with the chain that came with it", ("Cybertrust SureBoard",), _PERSON
        ),
    ),
    renewal=(RenewalRule("lapses", ("Cybertrust SureBoard",), _APPLY + ": a renewal is applied for"),),
    validity=(ValidityRule("ca_decides", ("BR 6.3.2",), "the term bought; BR 6.3.2 caps it"),),
    utc_offset=9,
)

PRODUCTS: tuple[Product, ...] = (
    _OV,
    _OV._replace(key="cybertrust-ev", validation_level="ev", title="Cybertrust SureServer EV"),
)
