# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIJサーバ証明書管理サービス: certificates of three CAs that IIJ applies for (agency), and brought ones (byo).

The facts IIJ-1 to IIJ-24 stand in ``facts.py``. The mail is the only method that the documents describe; what replaces
it when it ends they do not say. Mailboxes and steps stand in ``ca_products_iij_steps``.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_digicert as digicert
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_iij_steps as steps
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    ChangeRule,
    CustodyRule,
    MethodOffer,
    NameRule,
    NoticeRule,
    Product,
    ReissueRule,
    RenewalRule,
    Seller,
    SourceRule,
    StepRule,
    ValidityRule,
)

SELLER = Seller("iij", "IIJサーバ証明書管理サービス", "https://manual.iij.jp/ct/help/")

_MANAGERS = "the operations managers (運用管理担当者) of the service group and of the service"
_ASK = (
    "approval scope, reuse of a validation, methods without mail and presetting the recipient are not answered in the"
    " documents: ask the seller",
)

_NOTICES = (
    NoticeRule(35, _MANAGERS, ("IIJ-7",), steps.FAQ),
    NoticeRule(30, _MANAGERS, ("IIJ-7",), steps.FAQ),
)
_CHANGES = (
    ChangeRule(
        "product",
        ("renew", "reissue"),
        "apply anew for the other product; let this one end by 解約",
        ("IIJ-9",),
        steps.FAQ,
    ),
    ChangeRule("common_name", ("renew", "reissue"), "apply anew for the other name", ("IIJ-9",), steps.FAQ),
    ChangeRule(
        "options.linked_service",
        ("renew",),
        "ask for another linked service by its own procedure",
        ("IIJ-9",),
        steps.FAQ,
    ),
)
_WWW_CHANGE = ChangeRule(
    "options.www_option", ("reissue",), "choose it at the next renewal, or by a new application", ("IIJ-13",), steps.FAQ
)
_RENEWAL = RenewalRule(
    outcome="renews",
    # the window ends 21 days before; whether to renew has to be answered by day 26, which is the stricter
    facts=("IIJ-11", "IIJ-20", "IIJ-21"),
    source=steps.FAQ + "; " + steps.WINDOW,
    opens_days=30,
    closes_days=21,
    key_made_by="seller",
    period="last",
    cancel_days=26,
    period_instead="1y",
    note="with last time's data and a key that IIJ makes, unless 不承認 is answered when the CA asks",
)


def _renewal(*stopped: str) -> tuple[RenewalRule, ...]:
    return (_RENEWAL._replace(stopped_periods=stopped),)


_REISSUE = (ReissueRule(("IIJ-11", "IIJ-13"), steps.FAQ),)
_CUSTODY = (CustodyRule(("us", "seller"), ("us", "seller"), ("IIJ-10", "IIJ-18"), steps.FAQ),)
#: an application has one common name, and only GlobalSign's products are listed with a wildcard option
_ONE_NAME = (NameRule("no", 1, ("IIJ-1",), steps.FAQ + "; one name, no wildcard: our reading of its list"),)
_TWO_NAMES = (NameRule("no", 1, ("IIJ-13",), steps.FAQ, www_option="www_option"),)
_ONE_STAR = (NameRule("only", 1, ("IIJ-1",), steps.FAQ),)

_DIGICERT = Product(
    key="iij-digicert-secure-server-id",
    seller="iij",
    ca="digicert",
    validation_level="ov",
    title="IIJ, DigiCert セキュア・サーバID",
    source=steps.FAQ,
    names=_ONE_NAME,
    custody=_CUSTODY,
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.4", "3.2.2.4.14"),
            places="mail",
            facts=("IIJ-2", "IIJ-24"),
            source=steps.FAQ,
            other_products=("digicert-ov", "iij-byo"),
            notes=_ASK,
        ),
    ),
    contacts=steps.DIGICERT_CONTACTS,
    steps=(
        steps.TXT_FIRST,
        steps.READABLE,
        steps.WHO_DIGICERT,
        *steps.APPLY,
        *steps.DIGICERT_MAIL,
        *steps.ASKED,
        steps.ISSUE,
        *steps.INSTALL,
    ),
    notices=_NOTICES,
    renewal=_renewal("2y"),
    reissue=_REISSUE,
    changes=_CHANGES,
    validity=(
        ValidityRule(
            "after_issue", ("IIJ-8",), steps.FAQ, amount=365, seconds=86_399, adds_days_left=True, period="1y"
        ),
        digicert.DAYS_199,
    ),
    utc_offset=9,
    form="agency",
)
_DIGICERT_EV = _DIGICERT._replace(
    key="iij-digicert-secure-server-id-ev",
    validation_level="ev",
    title="IIJ, DigiCert セキュア・サーバID EV",
    methods=(_DIGICERT.methods[0]._replace(other_products=("digicert-ev", "iij-byo")),),
    steps=(
        steps.TXT_FIRST,
        steps.READABLE,
        steps.WHO_DIGICERT,
        *steps.APPLY,
        *steps.DIGICERT_MAIL,
        *steps.ASKED,
        steps.EV_MAIL,
        steps.ISSUE,
        *steps.INSTALL,
    ),
)
_CYBERTRUST = _DIGICERT._replace(
    key="iij-cybertrust-sureserver-cloud",
    ca="cybertrust",
    title="IIJ, Cybertrust SureServer for クラウド",
    names=_TWO_NAMES,
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.14",),
            places="mail",
            facts=("IIJ-3", "IIJ-24"),
            source=steps.FAQ,
            other_products=("iij-byo",),
            notes=_ASK,
        ),
    ),
    contacts=steps.CYBERTRUST_CONTACTS,
    steps=(
        steps.TXT_FIRST,
        steps.WHO_CYBERTRUST,
        *steps.APPLY,
        *steps.CYBERTRUST_MAIL,
        *steps.ASKED,
        steps.ISSUE,
        *steps.INSTALL,
        steps.WWW_LINKED,
    ),
    renewal=_renewal("2y", "3y"),
    changes=(*_CHANGES, _WWW_CHANGE),
    validity=(
        ValidityRule("after_expiry", ("IIJ-8",), steps.FAQ, amount=12, period="1y"),
        ValidityRule("after_expiry", ("IIJ-8",), steps.FAQ, amount=6, period="6m"),
    ),
)
_GLOBALSIGN = _DIGICERT._replace(
    key="iij-globalsign-ov",
    ca="globalsign",
    title="IIJ, GlobalSign 企業認証SSL",
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.4", "3.2.2.4.14"),
            places="mail",
            facts=("IIJ-4", "IIJ-24"),
            source=steps.FAQ,
            other_products=("globalsign-ov", "iij-byo"),
            notes=_ASK,
        ),
    ),
    contacts=steps.GLOBALSIGN_CONTACTS,
    steps=(
        steps.TXT_FIRST,
        steps.READABLE,
        steps.WHO_GLOBALSIGN,
        *steps.APPLY,
        *steps.GLOBALSIGN_MAIL,
        *steps.ASKED,
        steps.ISSUE,
        *steps.INSTALL,
    ),
    renewal=_renewal("2y", "3y", "4y", "5y"),
    validity=(
        ValidityRule("after_issue", ("IIJ-8",), steps.FAQ, amount=397, period="1y"),
        ValidityRule("after_issue", ("IIJ-8",), steps.FAQ, amount=214, adds_days_left=True, period="6m"),
    ),
)
_QUICK_DV = _GLOBALSIGN._replace(
    key="iij-globalsign-quick-dv",
    validation_level="dv",
    title="IIJ, GlobalSign クイック認証SSL",
    methods=(_GLOBALSIGN.methods[0]._replace(other_products=("globalsign-dv", "iij-byo")),),
    steps=(
        steps.TXT_FIRST,
        steps.READABLE,
        *steps.APPLY,
        *steps.GLOBALSIGN_MAIL,
        *steps.QUICK,
        steps.ISSUE_QUICK,
        *steps.INSTALL,
    ),
)

# -- brought ----------------------------------------------------------------------------------------------------------

_BYO_STEPS = (
    StepRule(
        "customer",
        "look up last time's data: IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス >"
        " サーバ証明書・秘密鍵の確認(前回登録情報)",
        ("IIJ-23",),
        steps.FAQ,
        purposes=("renew",),
    ),
    StepRule(
        "customer",
        "get a certificate for {common_name}, the contract's common name, from any CA: other names, type and CA may"
        " differ from last time's; its own rules count, ask it about calls and who may be 申請責任者",
        ("IIJ-1", "IIJ-12", "IIJ-15", "IIJ-22"),
        steps.FAQ,
    ),
    StepRule(
        "customer",
        "give documents, if asked for, to the CA itself",
        ("IIJ-17",),
        steps.FAQ,
        task="papers",
    ),
    StepRule(
        "customer",
        "for the www option ask Cybertrust itself; linked services then do serve the added name, which may need its own"
        " confirmation",
        ("IIJ-13",),
        steps.FAQ,
        options=("www_option",),
    ),
    StepRule(
        "customer",
        "register certificate and key at IIJ before the old certificate ends: nothing renews it, though the contract"
        " goes on",
        ("IIJ-11", "IIJ-12"),
        steps.FAQ,
        before_expiry_days=0,
    ),
    StepRule("seller", "install it on the linked service", ("IIJ-18",), steps.MANUAL, deployed_by=("seller",)),
    StepRule("customer", "install it on the servers", ("IIJ-18",), steps.MANUAL, deployed_by=("us",)),
)
_BYO = Product(
    key="iij-byo",
    seller="iij",
    ca=None,
    validation_level="dv",
    title="IIJ, 持ち込み証明書品目",
    source=steps.FAQ,
    names=(NameRule("may", 100, ("IIJ-12",), steps.FAQ + "; the number is that of the certificate", raisable=True),),
    custody=(CustodyRule(("us",), ("us", "seller"), ("IIJ-1", "IIJ-18"), steps.FAQ),),
    sources=(SourceRule(("IIJ-1", "IIJ-9", "IIJ-12"), steps.FAQ),),
    steps=_BYO_STEPS,
    notices=(NoticeRule(90, _MANAGERS, ("IIJ-7",), steps.FAQ),),
    renewal=(
        RenewalRule(
            outcome="lapses",
            facts=("IIJ-11",),
            source=steps.FAQ,
            note="the contract goes on after the certificate ended, nothing renews the certificate",
        ),
    ),
    changes=_CHANGES,
    validity=(ValidityRule("ca_decides", ("IIJ-12",), "what the brought certificate says, under the cap"),),
    utc_offset=9,
    form="byo",
)

PRODUCTS: tuple[Product, ...] = (
    _DIGICERT,
    _DIGICERT_EV,
    _DIGICERT._replace(key="iij-digicert-global-server-id", title="IIJ, DigiCert グローバル・サーバID"),
    _DIGICERT_EV._replace(key="iij-digicert-global-server-id-ev", title="IIJ, DigiCert グローバル・サーバID EV"),
    _CYBERTRUST,
    _CYBERTRUST._replace(
        key="iij-cybertrust-sureserver-cloud-ev",
        validation_level="ev",
        title="IIJ, Cybertrust SureServer EV for クラウド",
        methods=(_CYBERTRUST.methods[0]._replace(other_products=("iij-byo",)),),
    ),
    _GLOBALSIGN,
    _GLOBALSIGN._replace(
        key="iij-globalsign-ov-wildcard", title="IIJ, GlobalSign 企業認証SSL, ワイルドカードオプション", names=_ONE_STAR
    ),
    _QUICK_DV,
    _QUICK_DV._replace(
        key="iij-globalsign-quick-dv-wildcard",
        title="IIJ, GlobalSign クイック認証SSL, ワイルドカードオプション",
        names=_ONE_STAR,
    ),
    _BYO,
)
