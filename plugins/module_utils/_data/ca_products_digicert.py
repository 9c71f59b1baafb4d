# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigiCert (CertCentral), ordered directly or from a reseller who sells the same product.

Facts are named by the words of the Services API (dev.digicert.com) and stand in ``facts.py``.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LATER,
    LOCAL_PARTS,
    ContactOffer,
    CustodyRule,
    MethodOffer,
    NameRule,
    Product,
    ReissueRule,
    RenewalRule,
    RevalidationRule,
    Seller,
    StepRule,
    ValidityRule,
)

SELLER = Seller("digicert", "DigiCert CertCentral", "https://dev.digicert.com/certcentral-apis/services-api/")

_API = "https://dev.digicert.com/certcentral-apis/services-api/"
_ORDER = _API + "orders/order-dv-ssl.html"
_ORDER_OV = _API + "orders/order-basic-ov.html"
_ORDER_EV = _API + "orders/order-basic-ev.html"
_ORDERS = _API + "orders/"
_DOMAINS = _API + "domains/"
_MAILS = _DOMAINS + " (dcv emails)"
_FILE = (
    "https://dev.digicert.com/en/certcentral-apis/services-api/file-based-domain-control-validation--http-token-.html"
)
_WHOIS = "https://knowledge.digicert.com/content/digicertknowledgebase/ja/jp/solution/SO28004.html"

#: whatever was ordered; also where a seller applies for it
DAYS_199 = ValidityRule(
    "days",
    ("DigiCert cert_validity",),
    _DOMAINS + "submit-for-validation.html",
    amount=199,
    since=date(2026, 2, 24),
)
VALIDITY = (
    ValidityRule("ca_decides", ("BR 6.3.2",), "the days ordered; BR 6.3.2 caps them", until=date(2026, 2, 24)),
    DAYS_199,
)

_METHODS = (
    MethodOffer(
        method="email",
        rules=("3.2.2.4.4", "3.2.2.4.14"),
        places="mail",
        facts=("DigiCert dcv_method email",),
        source=_ORDER,
        way_out="dns",
    ),
    MethodOffer(
        method="dns",
        rules=("3.2.2.4.7",),
        places="record",
        facts=("DigiCert dcv_method dns-txt-token",),
        source=_ORDER,
        # the domain itself or a label before it: the order tells
        records=((LATER + ".{adn}", "TXT", LATER),),
    ),
    MethodOffer(
        method="dns-cname",
        rules=("3.2.2.4.7",),
        places="record",
        facts=("DigiCert dcv_method dns-cname-token",),
        source=_ORDER,
        records=((LATER + ".{adn}", "CNAME", LATER),),
    ),
    MethodOffer(
        method="file",
        rules=("3.2.2.4.18",),
        places="file",
        facts=("DigiCert dcv_method http-token",),
        source=_FILE,
        wildcard=False,
        files=(f"http://{{adn}}/.well-known/pki-validation/{LATER}",),
    ),
)
_CONTACTS = (
    ContactOffer(
        kind="constructed",
        levels=("fqdn", "parents"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("DigiCert base_emails",),
        source=_MAILS,
        local_parts=LOCAL_PARTS,
    ),
    ContactOffer(
        # not at the www name: DigiCert adds the name without www, which an approval there would not cover
        kind="txt",
        levels=("unwww", "parents"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("DigiCert dns_txt_emails",),
        source=_MAILS,
    ),
    ContactOffer(
        kind="whois",
        levels=("base",),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("DigiCert whois_emails",),
        source=_WHOIS,
        until=date(2025, 7, 15),
    ),
)

_DNS, _TOKENS = ("dns", "dns-cname"), ("dns", "dns-cname", "file")
_BEFORE = (
    StepRule(
        "customer",
        "publish {mailbox} in DNS before the order, the same at every authoritative server, and keep it until the"
        " certificate is there",
        ("BR 3.2.2.4.14", "BR 3.2.2.9"),
        "BR 3.2.2.4.14, A.2.1",
        methods=("email",),
        contacts=("txt",),
    ),
    StepRule(
        "customer",
        "see that mail to {mailbox} arrives and is read",
        ("DigiCert base_emails",),
        _MAILS,
        methods=("email",),
        contacts=("constructed",),
    ),
)
_BEFORE_OV = (
    *_BEFORE,
    StepRule(
        "customer",
        "have {organization} validated in CertCentral beforehand: the order names the id that it has there",
        ("DigiCert organization.id",),
        _ORDER_OV,
    ),
)
_ORDERED = (
    StepRule("customer", "make key and CSR, then place the order", ("DigiCert csr",), _ORDER),
    StepRule(
        "customer",
        "approve the request in CertCentral where the account wants that: an API key whose user may skip it needs"
        " nobody",
        ("DigiCert skip_approval",),
        _ORDERS,
    ),
)
_EV_APPROVAL = StepRule(
    "customer",
    "the EV approver ({responsible}) approves the order by the mail to {responsible_mail}: it is another mail than the"
    " one for the domain",
    ("DigiCert ev_approver",),
    _ORDER_EV,
    task="ev_mail",
)
_AFTER = (
    StepRule("ca", "mail the approval link to {mailbox}", ("DigiCert dcv_emails",), _ORDER, methods=("email",)),
    StepRule(
        "customer",
        "open the link in the mail and approve: a person does; it is valid for 30 days",
        ("DigiCert dcv_emails", "BR 3.2.2.4.4"),
        _MAILS,
        methods=("email",),
        after_days=30,
    ),
    StepRule(
        "customer",
        "publish the record that the order wants at every authoritative server; its value is valid for 30 days",
        ("DigiCert dns-txt-token", "BR 3.2.2.4.7"),
        _ORDER,
        methods=_DNS,
        after_days=30,
    ),
    StepRule(
        "customer",
        "serve the file at every name of the certificate, without redirects, and at the name without www even if it was"
        " not ordered: DigiCert adds that one; the value is valid for 30 days",
        ("DigiCert http-token", "BR 3.2.2.4.18"),
        _FILE,
        methods=("file",),
        after_days=30,
    ),
    StepRule("ca", "look at every name by itself, or when asked", ("DigiCert check-dcv",), _ORDER, methods=_TOKENS),
    StepRule("ca", "issue", ("DigiCert order status",), _ORDER),
    StepRule("customer", "remove the token", ("BR 3.2.2.4.7",), "BR 3.2.2.4.7", methods=_TOKENS),
    StepRule("customer", "deploy the certificate with the chain that came with it", ("DigiCert csr",), _ORDER),
)

_AGAIN = ("revalidate",)
#: validating a domain again, apart from orders (OV, EV)
_REVALIDATE = (
    StepRule(
        "customer",
        "submit the domains for validation again, in CertCentral or by its API: nothing is ordered, no certificate is"
        " issued",
        ("DigiCert domain validation",),
        _DOMAINS,
        purposes=_AGAIN,
    ),
    StepRule(
        "ca",
        "mail the link that validates the domain again to {mailbox}",
        ("DigiCert domain validation", "DigiCert dcv_emails"),
        _DOMAINS,
        methods=("email",),
        purposes=_AGAIN,
    ),
    StepRule(
        "customer",
        "open the link in the mail and confirm the domain: a person does; it is valid for 30 days",
        ("DigiCert dcv_emails", "BR 3.2.2.4.4"),
        _MAILS,
        methods=("email",),
        after_days=30,
        purposes=_AGAIN,
    ),
    StepRule(
        "customer",
        "publish the record with the new token of the domain at every authoritative server; it is valid for 30 days",
        ("DigiCert domain validation", "BR 3.2.2.4.7"),
        _DOMAINS,
        methods=_DNS,
        after_days=30,
        purposes=_AGAIN,
    ),
    StepRule(
        "customer",
        "serve the file with the new token of the domain, without redirects, at every name it is validated for; it is"
        " valid for 30 days",
        ("DigiCert domain validation", "BR 3.2.2.4.18"),
        _DOMAINS,
        methods=("file",),
        after_days=30,
        purposes=_AGAIN,
    ),
    StepRule(
        "ca",
        "look at the domain by itself, or when asked, and validate it again",
        ("DigiCert check-dcv",),
        _DOMAINS,
        methods=_TOKENS,
        purposes=_AGAIN,
    ),
    StepRule(
        "customer",
        "remove the token",
        ("BR 3.2.2.4.7",),
        "BR 3.2.2.4.7",
        methods=_TOKENS,
        purposes=_AGAIN,
    ),
)

_DV = Product(
    key="digicert-dv",
    seller="digicert",
    ca="digicert",
    validation_level="dv",
    title="DigiCert DV",
    source=_ORDER,
    names=(NameRule("may", 100, ("DigiCert dns_names",), _ORDER + "; the number is the account's", raisable=True),),
    custody=(CustodyRule(("us",), ("us",), ("DigiCert csr", "BR 6.1.1.3"), _ORDER),),
    methods=_METHODS,
    contacts=_CONTACTS,
    steps=(*_BEFORE, *_ORDERED, *_AFTER),
    renewal=(RenewalRule("lapses", ("DigiCert auto_renew",), _ORDER + ": a renewal is a new order"),),
    reissue=(ReissueRule(("DigiCert reissue",), _ORDERS, whole_contract=True),),
    validity=VALIDITY,
)
_OV = _DV._replace(
    key="digicert-ov",
    validation_level="ov",
    title="DigiCert OV",
    source=_ORDER_OV,
    steps=(*_BEFORE_OV, *_ORDERED, *_AFTER, *_REVALIDATE),
    revalidation=(
        RevalidationRule(30, ("DigiCert domain validation",), _DOMAINS + ": a token or mail is valid for 30 days"),
    ),
)

PRODUCTS: tuple[Product, ...] = (
    _DV,
    _OV,
    _OV._replace(
        key="digicert-ev",
        validation_level="ev",
        title="DigiCert EV",
        source=_ORDER_EV,
        names=(NameRule("no", 100, ("DigiCert dns_names", "EVG 7.1.2.1"), _ORDER_EV, raisable=True),),
        steps=(*_BEFORE_OV, *_ORDERED, _EV_APPROVAL, *_AFTER, *_REVALIDATE),
    ),
)
