# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""IDC Frontier rental server: it applies to DigiCert (with GeoTrust) and Cybertrust (with BIZCERT) for its customers.

The facts IDCF-1 to IDCF-7 stand in ``facts.py``. The mail is the only method that the document describes; what replaces
it when it ends, and what happens to a renewal that nobody confirms, it does not say.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_digicert as digicert
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
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

_PAGE = "https://www.idcf.jp/rentalserver/support/procedure/ssl_procedure.html"

SELLER = Seller("idcf", "IDC Frontier rental server (IDCフロンティア レンタルサーバー)", _PAGE)

_MAIL = ("email",)

_CONTACTS = (
    ContactOffer(
        # of the five constructed addresses only this one
        kind="constructed",
        levels=("fqdn",),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IDCF-3",),
        source=_PAGE,
        local_parts=("postmaster",),
    ),
    ContactOffer(
        kind="txt",
        levels=("fqdn",),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IDCF-3",),
        source=_PAGE,
        notes=("adding a domain setting at IDC Frontier makes such a record: check its value",),
    ),
)

_APPLY = (
    StepRule(
        "customer",
        "make the mailbox {mailbox} before applying",
        ("IDCF-3",),
        _PAGE,
        methods=_MAIL,
        contacts=("constructed",),
    ),
    StepRule(
        "customer",
        "publish {mailbox} in DNS as TXT contact of the applied name and check the value that is there already; the"
        " same at every authoritative server, until the certificate is there",
        ("IDCF-3", "BR 3.2.2.4.14", "BR 3.2.2.9"),
        _PAGE,
        methods=_MAIL,
        contacts=("txt",),
    ),
    StepRule(
        "customer", "apply for {common_name} in カスタマーポータル", ("IDCF-1", "IDCF-2"), _PAGE, purposes=("issue",)
    ),
    StepRule(
        "customer",
        "confirm the application data by the day that IDC Frontier sets, and change them if they are not right any"
        " more",
        ("IDCF-1", "IDCF-2"),
        _PAGE,
        purposes=("renew",),
    ),
    StepRule(
        "customer",
        "as a sole proprietor in the first year: have ready the stamped copy of 個人事業の開廃業届出書 or"
        " 事業開始等の申告書",
        ("IDCF-7",),
        _PAGE,
        organization_kinds=("sole_proprietor",),
        organization_year="first",
        task="papers",
    ),
    StepRule(
        "customer",
        "as a sole proprietor from the second year on: have ready the copy of last year's return of income (or"
        " consumption) tax with trade name and stamp of receipt",
        ("IDCF-7",),
        _PAGE,
        organization_kinds=("sole_proprietor",),
        organization_year="later",
        task="papers",
    ),
    StepRule(
        "customer",
        "as a sole proprietor have ready a personal document: a copy of driving licence, passport or health-insurance"
        " card, within its validity; or the original, at most 3 months old, of 住民票の写し (without My Number) or"
        " 外国人登録原票記載事項証明書",
        ("IDCF-7",),
        _PAGE,
        organization_kinds=("sole_proprietor",),
        task="papers",
    ),
    StepRule(
        "customer",
        "as a sole proprietor have ready the newest telephone bill, not one from the web; without it the CA sends a"
        " telegram to an address that it has verified: answer it",
        ("IDCF-7",),
        _PAGE,
        organization_kinds=("sole_proprietor",),
        task="papers",
    ),
    StepRule(
        "seller",
        "apply to the CA, and ask you for the data or documents that the CA wants",
        ("IDCF-2", "IDCF-7"),
        _PAGE,
    ),
    StepRule("ca", "examine the application", ("IDCF-2",), _PAGE),
)
_DIGICERT_MAIL = (
    StepRule(
        "ca",
        "mail to {mailbox} from no-reply@digitalcertvalidation.com or no-reply@geotrust.com, with the subject [Domain"
        " Approval] ドメイン名の利用権確認のお願い: {common_name}, perhaps with an order number; at a renewal it may"
        " not come",
        ("IDCF-2", "IDCF-4"),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "open the URL in the mail, check the page and press 承認する: a person does",
        ("IDCF-4",),
        _PAGE,
        methods=_MAIL,
    ),
)
_CYBERTRUST_MAIL = (
    StepRule(
        "ca",
        "mail to {mailbox} from sureserver_support@cybertrust.co.jp, with the subject SSL サーバー証明書"
        " ドメイン名使用権確認について({common_name}); at a renewal it may not come",
        ("IDCF-2", "IDCF-5"),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "open the URL in the mail, check the page and press 承認する; under 承認範囲 tick FQDN限定で使用権を承認する,"
        " write the customer's name into ご署名 and press 承認: a person does",
        ("IDCF-5",),
        _PAGE,
        methods=_MAIL,
    ),
)
_CALL = StepRule(
    "customer",
    "{responsible} answers the call to {phone}, the main number of {organization} in a third-party database; at a"
    " renewal it may not come",
    ("IDCF-2", "IDCF-6"),
    _PAGE,
    task="call",
)
_CALL_EV = (
    StepRule(
        "customer",
        "somebody else than {responsible} answers the call to {phone}, the main number of {organization} in a"
        " third-party database, and confirms that {responsible} works there; at a renewal it may not come",
        ("IDCF-2", "IDCF-6"),
        _PAGE,
        task="colleague_call",
    ),
    StepRule(
        "customer",
        "{responsible} then confirms the issue by mail, to {responsible_mail}",
        ("IDCF-6",),
        _PAGE,
        task="ev_mail",
    ),
)
_END = (
    StepRule("ca", "issue", ("IDCF-2",), _PAGE),
    StepRule(
        "customer",
        "set the certificate in WEBドメイン設定 when 通知メールアドレス is told that it is there: the first time only",
        ("IDCF-2",),
        _PAGE,
        purposes=("issue",),
    ),
    StepRule(
        "seller",
        "install the renewed certificate (our reading: the document has the customer do it the first time only) and"
        " tell 通知メールアドレス",
        ("IDCF-2",),
        _PAGE,
        purposes=("renew",),
    ),
)

_DIGICERT = Product(
    key="idcf-digicert-secure-server-id",
    seller="idcf",
    ca="digicert",
    validation_level="ov",
    title="IDC Frontier, DigiCert セキュア・サーバID",
    source=_PAGE,
    names=(NameRule("no", 1, ("IDCF-1",), _PAGE),),
    custody=(CustodyRule(("seller",), ("seller",), ("IDCF-2",), _PAGE + ": it lives on the rental server"),),
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.4", "3.2.2.4.14"),
            places="mail",
            facts=("IDCF-2", "IDCF-3"),
            source=_PAGE,
        ),
    ),
    contacts=_CONTACTS,
    steps=(*_APPLY, *_DIGICERT_MAIL, _CALL, *_END),
    renewal=(
        RenewalRule(
            outcome="lapses",
            facts=("IDCF-2",),
            source=_PAGE,
            note="the document does not say what happens to a renewal whose data nobody confirms: ask the seller",
        ),
    ),
    validity=digicert.VALIDITY,
    utc_offset=9,
    form="agency",
)
_DIGICERT_EV = _DIGICERT._replace(
    key="idcf-digicert-secure-server-id-ev",
    validation_level="ev",
    title="IDC Frontier, DigiCert セキュア・サーバID EV",
    steps=(*_APPLY, *_DIGICERT_MAIL, *_CALL_EV, *_END),
)
_CYBERTRUST = _DIGICERT._replace(
    key="idcf-cybertrust-sureserver",
    ca="cybertrust",
    title="IDC Frontier, Cybertrust SureServer(R)",
    steps=(*_APPLY, *_CYBERTRUST_MAIL, _CALL, *_END),
    validity=(ValidityRule("ca_decides", ("BR 6.3.2",), "the document names no number; BR 6.3.2 caps it"),),
)

PRODUCTS: tuple[Product, ...] = (
    _DIGICERT,
    _DIGICERT_EV,
    _DIGICERT._replace(key="idcf-geotrust-true-businessid", title="IDC Frontier, GeoTrust トゥルービジネスID"),
    _DIGICERT_EV._replace(
        key="idcf-geotrust-true-businessid-ev", title="IDC Frontier, GeoTrust トゥルービジネスID with EV"
    ),
    _CYBERTRUST,
    _CYBERTRUST._replace(
        key="idcf-bizcert",
        title="IDC Frontier, BIZCERT (Cybertrust)",
        steps=(
            StepRule(
                "customer",
                "with the contract of one month do all this when the certificate is about to end: the monthly renewal"
                " of the contract itself needs nothing (our reading)",
                ("IDCF-1",),
                _PAGE,
                purposes=("renew",),
            ),
            *_APPLY,
            *_CYBERTRUST_MAIL,
            _CALL,
            *_END,
        ),
    ),
)
