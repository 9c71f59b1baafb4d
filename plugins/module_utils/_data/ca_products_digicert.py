# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigiCert (CertCentral), ordered directly or from a reseller who sells the same product.

Facts are named by the pages of dev.digicert.com (Services API) that say so.

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
    RenewalRule,
    Seller,
    StepRule,
    ValidityRule,
)

SELLER = Seller("digicert", "DigiCert CertCentral", "https://dev.digicert.com/certcentral-apis/services-api/")

_ORDER = "https://dev.digicert.com/certcentral-apis/services-api/orders/order-dv-ssl.html"
_MAILS = "https://dev.digicert.com/certcentral-apis/services-api/domains/ (dcv emails)"
_FILE = (
    "https://dev.digicert.com/en/certcentral-apis/services-api/file-based-domain-control-validation--http-token-.html"
)
_WHOIS = "https://knowledge.digicert.com/content/digicertknowledgebase/ja/jp/solution/SO28004.html"

PRODUCTS: tuple[Product, ...] = (
    Product(
        key="digicert-dv",
        seller="digicert",
        ca="digicert",
        validation_level="dv",
        title="DigiCert DV",
        source=_ORDER,
        names=(NameRule("may", 100, ("DigiCert dns_names",), _ORDER + "; the number is the account's", raisable=True),),
        custody=(CustodyRule(("us",), ("us",), ("DigiCert csr", "BR 6.1.1.3"), _ORDER),),
        methods=(
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
                method="file",
                rules=("3.2.2.4.18",),
                places="file",
                facts=("DigiCert dcv_method http-token",),
                source=_FILE,
                wildcard=False,
                files=(f"http://{{adn}}/.well-known/pki-validation/{LATER}",),
            ),
        ),
        contacts=(
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
        ),
        steps=(
            StepRule(
                "customer",
                "publish {mailbox} in DNS before the order, the same at every authoritative server, and keep it until"
                " the certificate is there",
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
            StepRule("customer", "make key and CSR, then place the order", ("DigiCert csr",), _ORDER),
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
                "publish the TXT record at every authoritative server; its value is valid for 30 days",
                ("DigiCert dns-txt-token", "BR 3.2.2.4.7"),
                _ORDER,
                methods=("dns",),
                after_days=30,
            ),
            StepRule(
                "customer",
                "serve the file at every name of the certificate, without redirects, and at the name without www even"
                " if it was not ordered: DigiCert adds that one; the value is valid for 30 days",
                ("DigiCert http-token", "BR 3.2.2.4.18"),
                _FILE,
                methods=("file",),
                after_days=30,
            ),
            StepRule(
                "ca", "look at every name by itself, or when asked", ("DigiCert check-dcv",), _ORDER, ("dns", "file")
            ),
            StepRule("ca", "issue", ("DigiCert order status",), _ORDER),
            StepRule("customer", "remove the token", ("BR 3.2.2.4.7",), "BR 3.2.2.4.7", methods=("dns", "file")),
            StepRule("customer", "deploy the certificate with the chain that came with it", ("DigiCert csr",), _ORDER),
        ),
        renewal=(RenewalRule("lapses", ("DigiCert auto_renew",), _ORDER + ": a renewal is a new order"),),
        validity=(
            ValidityRule("ca_decides", ("BR 6.3.2",), "the days ordered, under the cap", until=date(2026, 2, 24)),
            ValidityRule(
                "days",
                ("DigiCert cert_validity",),
                "https://dev.digicert.com/certcentral-apis/services-api/domains/submit-for-validation.html",
                amount=199,
                since=date(2026, 2, 24),
            ),
        ),
    ),
)
