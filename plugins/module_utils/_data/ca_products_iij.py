# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIJサーバ証明書管理サービス: certificates of three CAs that IIJ applies for (agency), and brought ones (byo).

The facts IIJ-1 to IIJ-24 stand in ``facts.py``. The mail is the only method that the documents describe; what replaces
it when it ends they do not say. Steps that are the same for all products are written once, in the order of the work.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_digicert as digicert
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LOCAL_PARTS,
    ChangeRule,
    ContactOffer,
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

_MANUAL = "https://manual.iij.jp/ct/help/ (申請情報登録後の対応)"
_FAQ = "https://manual.iij.jp/ct/help/ (FAQ)"
_WINDOW = "https://manual.iij.jp/ct/help/2261080.html and the pages after it"
_MAIL = ("email",)
_MANAGERS = "the operations managers (運用管理担当者) of the service group and of the service"
_ASK = (
    "approval scope, reuse of a validation, methods without mail and presetting the recipient are not answered in the"
    " documents: ask the seller",
)

# -- mailboxes --------------------------------------------------------------------------------------------------------

#: both records may stand, at the name and above it: which one counts is asked and not answered
_WHICH_TXT = "where the registrable domain has such a record too, ask the seller which one counts"
_TXT = ContactOffer(
    kind="txt",
    levels=("fqdn",),
    selectable=False,
    mailed="all",
    covers="fqdn",
    facts=("IIJ-2", "IIJ-5", "IIJ-24"),
    source=_FAQ,
    notes=(_WHICH_TXT,),
)
_DIGICERT_WHOIS = ContactOffer(
    kind="whois",
    levels=("base",),
    selectable=False,
    mailed="all",
    covers="fqdn",
    facts=("IIJ-2", "IIJ-19"),
    source=_FAQ + "; SC-080v3",
    until=date(2025, 7, 15),
)
_DIGICERT_CONTACTS = (
    _TXT,
    ContactOffer(
        kind="constructed",
        levels=("fqdn", "www_base"),
        selectable=False,
        mailed="all",
        covers="fqdn",
        facts=("IIJ-2",),
        source=_FAQ,
        local_parts=LOCAL_PARTS,
    ),
    _DIGICERT_WHOIS._replace(name_types=("jp_general",), holder="the public contact (公開連絡窓口)"),
    _DIGICERT_WHOIS._replace(
        name_types=("jp_organisational", "jp_geographic"),
        holder="the registrant or the technical contact (登録担当者, 技術連絡担当者)",
    ),
    _DIGICERT_WHOIS._replace(name_types=("other",), holder="the administrative and the technical contact"),
)
#: the documents say 2025-07-15; Cybertrust stopped earlier
_CYBERTRUST_END = date(2025, 6, 25)
_CYBERTRUST_WHOIS = _DIGICERT_WHOIS._replace(
    mailed="first", facts=("IIJ-3", "IIJ-19"), source=_FAQ + "; Cybertrust ended it on this day", until=_CYBERTRUST_END
)
_CYBERTRUST_CONTACTS = (
    _CYBERTRUST_WHOIS._replace(name_types=("jp_general",), holder="the public contact (公開連絡窓口)"),
    _CYBERTRUST_WHOIS._replace(
        name_types=("jp_organisational",),
        holder="the registrant and the technical contact, both (登録担当者, 技術連絡担当者)",
    ),
    _CYBERTRUST_WHOIS._replace(
        name_types=("other",), holder="the registrant, the administrative and technical contact"
    ),
    _TXT._replace(
        mailed="on_request",
        facts=("IIJ-3", "IIJ-5", "IIJ-24"),
        notes=(
            "to publish it in advance is recommended: the documents name no recipient since WHOIS ended, the seller"
            " tells",
            _WHICH_TXT,
        ),
    ),
)
_GLOBALSIGN_WHOIS = _DIGICERT_WHOIS._replace(selectable=True, mailed="chosen", facts=("IIJ-4", "IIJ-19"))
_GLOBALSIGN_CONTACTS = (
    _TXT._replace(selectable=True, mailed="chosen", facts=("IIJ-4", "IIJ-5", "IIJ-24")),
    ContactOffer(
        kind="constructed",
        levels=("fqdn", "base"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IIJ-4",),
        source=_FAQ,
        local_parts=LOCAL_PARTS,
    ),
    ContactOffer(
        kind="soa",
        levels=("base",),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IIJ-4", "IIJ-6"),
        source=_FAQ + "; SC-080v3",
        until=date(2025, 7, 15),
        holder="the mailbox of RNAME, its first dot read as @",
        notes=("a mailbox of the DNS hosting's own must not be used without the word of its owner",),
    ),
    _GLOBALSIGN_WHOIS._replace(name_types=("jp_general",), holder="the public contact (公開連絡窓口)"),
    _GLOBALSIGN_WHOIS._replace(
        name_types=("jp_organisational", "jp_geographic"),
        holder="the registrant or the technical contact (登録担当者, 技術連絡担当者)",
    ),
    _GLOBALSIGN_WHOIS._replace(name_types=("other",), holder="the administrative and the technical contact"),
)

# -- steps ------------------------------------------------------------------------------------------------------------

_TXT_FIRST = StepRule(
    "customer",
    "publish {mailbox} in DNS, at the contract's common name, before the application, the same at every authoritative"
    " server, and keep it until the certificate is there",
    ("IIJ-5", "BR 3.2.2.4.14", "BR 3.2.2.9"),
    _FAQ,
    methods=_MAIL,
    contacts=("txt",),
)
_READABLE = StepRule(
    "customer",
    "see that mail to {mailbox} arrives and is read",
    ("IIJ-14",),
    _MANUAL,
    methods=_MAIL,
    contacts=("constructed",),
)


def _person(facts_of_ca: str, source: str) -> StepRule:
    action = f"see that {{responsible}} is somebody whom the CA takes as 申請責任者: {facts_of_ca}"
    return StepRule("customer", action, ("IIJ-22",), source)


_WHO_DIGICERT = _person("knowledge.digicert.com SO23345", "https://knowledge.digicert.com/ja/jp/solution/SO23345.html")
_WHO_CYBERTRUST = _person(
    "SureBoard 申請項目一覧", "https://www.cybertrust.co.jp/sureserver/apply/sboard-enrol-items.html"
)
_WHO_GLOBALSIGN = _person("FAQ 348, 技術担当者", "https://jp.globalsign.com/support/faq/348.html")
_APPLY = (
    StepRule(
        "customer",
        "look up last time's data: IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス >"
        " 前回申請情報の確認",
        ("IIJ-23",),
        _FAQ,
        purposes=("renew", "reissue"),
    ),
    StepRule(
        "customer",
        "make a key and a CSR and choose お客様がCSRを作成: the old CSR would be taken, a new one is recommended",
        ("IIJ-10",),
        _FAQ,
        key_made_by=("us",),
    ),
    StepRule(
        "customer",
        "register the application data for {common_name} in IIJサービスオンライン",
        ("IIJ-1", "IIJ-14"),
        _MANUAL,
        purposes=("issue",),
    ),
    StepRule(
        "customer",
        "do the renewal procedure (運用管理担当者 of the service group): the period may change, product, common name"
        " and linked service may not",
        ("IIJ-9", "IIJ-20"),
        _WINDOW,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=21,
    ),
    StepRule(
        "customer",
        "answer whether it is to be renewed, and cancel (解約) if not: who says nothing is renewed",
        ("IIJ-11", "IIJ-20"),
        _WINDOW,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=26,
    ),
    StepRule(
        "customer",
        "hand in the own CSR within the window: otherwise IIJ makes key and CSR, and only a reissue leads back",
        ("IIJ-11", "IIJ-20"),
        _WINDOW,
        purposes=("renew",),
        key_made_by=("us",),
        before_expiry_days=21,
    ),
    StepRule(
        "customer",
        "apply for the reissue (再発行) in IIJサービスオンライン: it changes who makes the CSR, not the options",
        ("IIJ-11", "IIJ-13"),
        _FAQ,
        purposes=("reissue",),
    ),
    StepRule(
        "seller", "make a new key and a new CSR (IIJがCSRを作成)", ("IIJ-10", "IIJ-11"), _FAQ, key_made_by=("seller",)
    ),
    StepRule("seller", "apply to the CA", ("IIJ-1",), _MANUAL),
)
_DIGICERT_MAIL = (
    StepRule(
        "ca",
        "mail a one-time URL to all recipients at once; nobody chooses them",
        ("IIJ-2",),
        _FAQ,
        methods=_MAIL,
        after_days=14,
    ),
    StepRule(
        "customer",
        "approve by the URL in any one of the mails: a person does",
        ("IIJ-2", "IIJ-14"),
        _FAQ,
        methods=_MAIL,
        after_days=14,
    ),
)
_CYBERTRUST_MAIL = (
    StepRule(
        "ca",
        "mail the registrant's addresses in WHOIS first",
        ("IIJ-3",),
        _FAQ,
        methods=_MAIL,
        until=_CYBERTRUST_END,
    ),
    StepRule(
        "seller",
        "tell that the CA has no approval, or no address to ask, and ask for another recipient or method",
        ("IIJ-3",),
        _FAQ,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "name the recipient or method to the seller: the TXT contact {mailbox} is recommended",
        ("IIJ-3",),
        _FAQ,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "approve as the mail says: a person does",
        ("IIJ-3", "IIJ-14"),
        _FAQ,
        methods=_MAIL,
        after_days=14,
    ),
    StepRule(
        "customer",
        "with the www option be ready to confirm the added name too (its own TXT contact): it is another one than"
        " {common_name}",
        ("IIJ-13",),
        _FAQ,
        methods=_MAIL,
        options=("www_option",),
    ),
)
_GLOBALSIGN_MAIL = (
    StepRule(
        "customer",
        "register {mailbox} as 承認メールアドレス",
        ("IIJ-4",),
        _FAQ,
        methods=_MAIL,
        purposes=("issue",),
    ),
    StepRule(
        "customer",
        "check 承認メールアドレス and change it to {mailbox} within the window; outside of it IIJ can",
        ("IIJ-4", "IIJ-20"),
        _MANUAL,
        methods=_MAIL,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=21,
    ),
    StepRule("ca", "mail the approval link to {mailbox}", ("IIJ-4",), _FAQ, methods=_MAIL),
    StepRule(
        "customer",
        "approve by the link: a person does; it is valid for 30 days, then the mail has to be asked for again",
        ("IIJ-4", "GlobalSign approval"),
        "https://info-globalsign.com/news/1481256437",
        methods=_MAIL,
        after_days=30,
    ),
)
_ASKED = (
    StepRule(
        "ca",
        "ask for the domain right (mail), the will to apply (phone or mail) and documents, if any: one week by the"
        " manual, two by the FAQ; it may leave questions out, a late answer delays the issue",
        ("IIJ-14",),
        _MANUAL + "; " + _FAQ,
        after_days=14,
    ),
    StepRule(
        "customer",
        "be ready for the call to {phone}, the main number of {organization} in 帝国データバンク (COSMOSNET) or"
        " 東京商工リサーチ (tsr-van2): it asks for the employment and the will of {responsible}; have CN, O, L, ST"
        " and C at hand, and brief whoever answers when {responsible} is away (a call back, or another time)",
        ("IIJ-15",),
        _MANUAL + "; " + _FAQ,
        after_days=14,
    ),
    StepRule("customer", "give documents, if asked for, to IIJ's sales contact", ("IIJ-17",), _FAQ, after_days=14),
)
_EV_MAIL = StepRule(
    "customer",
    "{responsible} approves the application itself by a second mail, to {responsible_mail}: it is another mail than the"
    " one for the domain, to another address",
    ("IIJ-16",),
    _MANUAL,
    after_days=14,
)
_QUICK = (
    StepRule(
        "ca",
        "mail for the domain at once; with some exceptions nothing else is asked",
        ("IIJ-14",),
        _FAQ,
    ),
    StepRule("customer", "expect no call: the will to apply, if asked for, comes by mail", ("IIJ-15",), _FAQ),
)
_ISSUE = StepRule("ca", "issue, about a week after the answers", ("IIJ-14",), _MANUAL, after_days=21)
_ISSUE_QUICK = StepRule("ca", "issue soon after the approval", ("IIJ-14",), _MANUAL)
_INSTALL = (
    StepRule(
        "customer",
        "fetch certificate and key from IIJサービスオンライン and install them",
        ("IIJ-11", "IIJ-18"),
        _MANUAL,
        key_made_by=("seller",),
        deployed_by=("us",),
    ),
    StepRule(
        "customer",
        "fetch the certificate from IIJサービスオンライン and install it with its chain",
        ("IIJ-18",),
        _MANUAL,
        key_made_by=("us",),
        deployed_by=("us",),
    ),
    StepRule("seller", "install it on the linked service", ("IIJ-18",), _MANUAL, deployed_by=("seller",)),
)
_WWW_LINKED = StepRule(
    "customer",
    "have {common_name} as the contract FQDN of the linked service: none (IIJ Webハイグレード2,"
    " IIJドキュメントエクスチェンジ, IIJ GIOコンテンツアクセラレーション, IIJマネージドWAF連携オプション) serves the"
    " name that the www option adds",
    ("IIJ-13",),
    _FAQ,
    options=("www_option",),
    deployed_by=("seller",),
)

# -- the rest of a product --------------------------------------------------------------------------------------------

_NOTICES = (
    NoticeRule(35, _MANAGERS, ("IIJ-7",), _FAQ),
    NoticeRule(30, _MANAGERS, ("IIJ-7",), _FAQ),
)
_CHANGES = (
    ChangeRule(
        "product", ("renew", "reissue"), "apply anew for the other product; let this one end by 解約", ("IIJ-9",), _FAQ
    ),
    ChangeRule("common_name", ("renew", "reissue"), "apply anew for the other name", ("IIJ-9",), _FAQ),
    ChangeRule(
        "options.linked_service", ("renew",), "ask for another linked service by its own procedure", ("IIJ-9",), _FAQ
    ),
)
_WWW_CHANGE = ChangeRule(
    "options.www_option", ("reissue",), "choose it at the next renewal, or by a new application", ("IIJ-13",), _FAQ
)
_RENEWAL = RenewalRule(
    outcome="renews",
    # the window ends 21 days before; whether to renew has to be answered by day 26, which is the stricter
    facts=("IIJ-11", "IIJ-20", "IIJ-21"),
    source=_FAQ + "; " + _WINDOW,
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


_REISSUE = (ReissueRule(("IIJ-11", "IIJ-13"), _FAQ),)
_CUSTODY = (CustodyRule(("us", "seller"), ("us", "seller"), ("IIJ-10", "IIJ-18"), _FAQ),)
_ONE_NAME = (NameRule("no", 1, ("IIJ-9",), _FAQ),)
_TWO_NAMES = (NameRule("no", 1, ("IIJ-13",), _FAQ, www_option="www_option"),)
_ONE_STAR = (NameRule("only", 1, ("IIJ-1",), _FAQ),)

_DIGICERT = Product(
    key="iij-digicert-secure-server-id",
    seller="iij",
    ca="digicert",
    validation_level="ov",
    title="IIJ, DigiCert セキュア・サーバID",
    source=_FAQ,
    names=_ONE_NAME,
    custody=_CUSTODY,
    methods=(
        MethodOffer(
            method="email",
            rules=("3.2.2.4.4", "3.2.2.4.14"),
            places="mail",
            facts=("IIJ-2", "IIJ-24"),
            source=_FAQ,
            other_products=("digicert-ov", "iij-byo"),
            notes=_ASK,
        ),
    ),
    contacts=_DIGICERT_CONTACTS,
    steps=(_TXT_FIRST, _READABLE, _WHO_DIGICERT, *_APPLY, *_DIGICERT_MAIL, *_ASKED, _ISSUE, *_INSTALL),
    notices=_NOTICES,
    renewal=_renewal("2y"),
    reissue=_REISSUE,
    changes=_CHANGES,
    validity=(
        ValidityRule("after_issue", ("IIJ-8",), _FAQ, amount=365, seconds=86_399, adds_days_left=True, period="1y"),
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
    steps=(_TXT_FIRST, _READABLE, _WHO_DIGICERT, *_APPLY, *_DIGICERT_MAIL, *_ASKED, _EV_MAIL, _ISSUE, *_INSTALL),
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
            source=_FAQ,
            other_products=("iij-byo",),
            notes=_ASK,
        ),
    ),
    contacts=_CYBERTRUST_CONTACTS,
    steps=(
        _TXT_FIRST,
        _WHO_CYBERTRUST,
        *_APPLY,
        *_CYBERTRUST_MAIL,
        *_ASKED,
        _ISSUE,
        *_INSTALL,
        _WWW_LINKED,
    ),
    renewal=_renewal("2y", "3y"),
    changes=(*_CHANGES, _WWW_CHANGE),
    validity=(
        ValidityRule("after_expiry", ("IIJ-8",), _FAQ, amount=12, period="1y"),
        ValidityRule("after_expiry", ("IIJ-8",), _FAQ, amount=6, period="6m"),
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
            source=_FAQ,
            other_products=("globalsign-ov", "iij-byo"),
            notes=_ASK,
        ),
    ),
    contacts=_GLOBALSIGN_CONTACTS,
    steps=(_TXT_FIRST, _READABLE, _WHO_GLOBALSIGN, *_APPLY, *_GLOBALSIGN_MAIL, *_ASKED, _ISSUE, *_INSTALL),
    renewal=_renewal("2y", "3y", "4y", "5y"),
    validity=(
        ValidityRule("after_issue", ("IIJ-8",), _FAQ, amount=397, period="1y"),
        ValidityRule("after_issue", ("IIJ-8",), _FAQ, amount=214, adds_days_left=True, period="6m"),
    ),
)
_QUICK_DV = _GLOBALSIGN._replace(
    key="iij-globalsign-quick-dv",
    validation_level="dv",
    title="IIJ, GlobalSign クイック認証SSL",
    methods=(_GLOBALSIGN.methods[0]._replace(other_products=("globalsign-dv", "iij-byo")),),
    steps=(_TXT_FIRST, _READABLE, *_APPLY, *_GLOBALSIGN_MAIL, *_QUICK, _ISSUE_QUICK, *_INSTALL),
)

# -- brought ----------------------------------------------------------------------------------------------------------

_BYO_STEPS = (
    StepRule(
        "customer",
        "look up last time's data: IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス >"
        " サーバ証明書・秘密鍵の確認(前回登録情報)",
        ("IIJ-23",),
        _FAQ,
        purposes=("renew",),
    ),
    StepRule(
        "customer",
        "get a certificate for {common_name}, the contract's common name, from any CA: other names, type and CA may"
        " differ from last time's; its own rules count, ask it about calls and who may be 申請責任者",
        ("IIJ-1", "IIJ-12", "IIJ-15", "IIJ-22"),
        _FAQ,
    ),
    StepRule("customer", "give documents, if asked for, to the CA itself", ("IIJ-17",), _FAQ),
    StepRule(
        "customer",
        "for the www option ask Cybertrust itself; linked services then do serve the added name, which may need its own"
        " confirmation",
        ("IIJ-13",),
        _FAQ,
        options=("www_option",),
    ),
    StepRule(
        "customer",
        "register certificate and key at IIJ before the old certificate ends: nothing renews it, though the contract"
        " goes on",
        ("IIJ-11", "IIJ-12"),
        _FAQ,
        before_expiry_days=0,
    ),
    StepRule("seller", "install it on the linked service", ("IIJ-18",), _MANUAL, deployed_by=("seller",)),
    StepRule("customer", "install it on the servers", ("IIJ-18",), _MANUAL, deployed_by=("us",)),
)
_BYO = Product(
    key="iij-byo",
    seller="iij",
    ca=None,
    validation_level="dv",
    title="IIJ, 持ち込み証明書品目",
    source=_FAQ,
    names=(NameRule("may", 100, ("IIJ-12",), _FAQ + "; the number is that of the certificate", raisable=True),),
    custody=(CustodyRule(("us",), ("us", "seller"), ("IIJ-1", "IIJ-18"), _FAQ),),
    sources=(SourceRule(("IIJ-1", "IIJ-9", "IIJ-12"), _FAQ),),
    steps=_BYO_STEPS,
    notices=(NoticeRule(90, _MANAGERS, ("IIJ-7",), _FAQ),),
    renewal=(
        RenewalRule(
            outcome="lapses",
            facts=("IIJ-11",),
            source=_FAQ,
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
