# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPI SSLサーバー証明書 (KDDI Web Communications), a reseller of JPRS: its approval mails come from info@jprs.jp.

The facts CPI-1 to CPI-12 stand in ``facts.py``. CPI documents two ways: name and server under one account, or mail. No
file, and nothing that replaces the mail when it ends. Where CPI and its CA differ, the stricter of them stands here.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_jprs as jprs
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LOCAL_PARTS,
    ChangeRule,
    ContactOffer,
    CustodyRule,
    LinkRule,
    MethodOffer,
    NameRule,
    Product,
    RenewalRule,
    Seller,
    StepRule,
)

SELLER = Seller("cpi", "CPI (KDDI Web Communications)", "https://support.cpi.ad.jp/purpose/ssl")

_PAGE = "CPI, SSLサーバー証明書ドメイン認証について"

_WHOIS = ContactOffer(
    kind="whois",
    levels=("base",),
    selectable=True,
    mailed="chosen",
    covers="fqdn",
    facts=("CPI-2", "CPI-9"),
    source=_PAGE + "; SC-080v3",
    until=date(2025, 7, 6),
    notes=(
        "not for a name that is masked (GDPR) or whose base domain has no data; nic@cpi.ad.jp has to be unmasked first,"
        " its mail is not forwarded",
    ),
)

_MAIL = ("email",)

_STEPS = (
    StepRule(
        "customer",
        "make the mailbox {mailbox} before applying (with a new server: once that is set up) and let mail from"
        " info@jprs.jp pass",
        ("CPI-3",),
        _PAGE,
        methods=_MAIL,
        contacts=("constructed",),
    ),
    StepRule(
        "customer",
        "have the name and the server under one マイページ (an own procedure joins two contracts): then no mail is"
        " needed",
        ("CPI-1", "CPI-10"),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "apply in マイページ and check the common name {common_name}: it cannot be changed once it is validated",
        ("CPI-2", "CPI-7"),
        _PAGE,
    ),
    StepRule(
        "seller",
        "see that name and server are under one マイページID: no confirmation is asked for and no mail comes",
        ("CPI-1", "JPRS-11"),
        _PAGE,
        when="link",
    ),
    StepRule(
        "customer",
        "do not transfer the name to another registrar until the certificate is there: the mail would be needed after"
        " all",
        ("CPI-1",),
        _PAGE,
        when="link",
    ),
    StepRule(
        "customer",
        "the name left the account while the application runs: choose the address of the approval mail and tell CPI"
        " (ssl-info@cpi.ad.jp)",
        ("CPI-1", "CPI-2", "CPI-11"),
        _PAGE,
        when="link_lost",
    ),
    StepRule(
        "seller",
        "send 申請開始メール: the approval mail comes at about the same time",
        ("CPI-12",),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "ca",
        "mail the URL of the approval page (ドメイン承認メール, from info@jprs.jp) to {mailbox}",
        ("CPI-2", "CPI-3", "CPI-4"),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "open 承認ページURL, check the details and press 承認する: a person does; after 25 days the application is"
        " cancelled and there is no certificate",
        ("CPI-4", "CPI-5"),
        _PAGE,
        methods=_MAIL,
        after_days=25,
    ),
    StepRule(
        "customer",
        "if the mail does not come, ask CPI to send it again or to another of the addresses",
        ("CPI-6",),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "if something is wrong, press 承認しない, answer 非承認理由確認メール and write to ssl-info@cpi.ad.jp",
        ("CPI-4", "CPI-11", "CPI-12"),
        _PAGE,
        methods=_MAIL,
    ),
    StepRule("ca", "issue", ("CPI-5", "CPI-8"), _PAGE),
    StepRule("seller", "install the certificate, then send 設定完了メール", ("CPI-8", "CPI-12"), _PAGE),
    StepRule("customer", "count on the certificate from 設定完了メール on, not before", ("CPI-12",), _PAGE),
)

PRODUCTS: tuple[Product, ...] = (
    Product(
        key="cpi-dv",
        seller="cpi",
        ca="jprs",
        validation_level="dv",
        title="CPI SSLサーバー証明書 (DV)",
        source=_PAGE,
        names=(NameRule("no", 1, ("CPI-7",), _PAGE + "; one name, no wildcard: our reading of its common name"),),
        custody=(CustodyRule(("seller",), ("seller",), ("CPI-8",), _PAGE + ": CPI installs it, no CSR is asked for"),),
        methods=(
            MethodOffer(
                method="email",
                rules=("3.2.2.4.4",),
                places="mail",
                facts=("CPI-2", "CPI-10"),
                source=_PAGE,
                other_products=("jprs-dv",),
                notes=("it is not needed where name and server are under one マイページ (CPI-10)",),
            ),
            # as what method of the BR the CA counts it, CPI does not say: it is the CA's linkage with a registrar
            MethodOffer(
                method="registrar",
                rules=("3.2.2.4.12",),
                places="nothing",
                facts=("CPI-1", "JPRS-11"),
                source=_PAGE,
            ),
        ),
        links=(LinkRule("same_account", "registrar", "email", ("CPI-1", "CPI-10"), _PAGE),),
        contacts=(
            ContactOffer(
                # CPI's page has the applied name as it is; its CA takes www off (JPRS-3): so only what both have
                kind="constructed",
                levels=("unwww", "base"),
                selectable=True,
                mailed="chosen",
                covers="fqdn",
                facts=("CPI-2", "JPRS-3"),
                source=_PAGE,
                local_parts=LOCAL_PARTS,
            ),
            _WHOIS._replace(name_types=("jp_general",), holder="the public contact (公開連絡窓口)"),
            _WHOIS._replace(name_types=("jp_organisational", "jp_geographic"), holder="the registrant (登録担当者)"),
            # the page names these and means other gTLDs too, but neither .info nor .org
            _WHOIS._replace(tlds=("com", "net", "coop", "mobi"), holder="the administrative contact (Admin)"),
        ),
        steps=_STEPS,
        renewal=(
            RenewalRule(
                outcome="lapses",
                facts=("CPI renewal",),
                source="https://support.cpi.ad.jp/purpose/ssl",
                note="CPI renews nothing by itself",
            ),
        ),
        changes=(
            ChangeRule(
                field="common_name",
                at=("validated",),
                todo="apply anew with the other common name",
                facts=("CPI-7",),
                source=_PAGE,
            ),
        ),
        validity=jprs.VALIDITY,
        utc_offset=jprs.UTC_OFFSET,
        form="agency",
    ),
)
