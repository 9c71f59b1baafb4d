# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIJサーバ証明書管理サービス: whom its three CAs mail, and the work of applying, in the order of the work.

What is the same for all products is written once. This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LOCAL_PARTS,
    ContactOffer,
    StepRule,
)

MANUAL = "https://manual.iij.jp/ct/help/ (申請情報登録後の対応)"
FAQ = "https://manual.iij.jp/ct/help/ (FAQ)"
WINDOW = "https://manual.iij.jp/ct/help/2261080.html and the pages after it"
_MAIL = ("email",)

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
    source=FAQ,
    notes=(_WHICH_TXT,),
)
_DIGICERT_WHOIS = ContactOffer(
    kind="whois",
    levels=("base",),
    selectable=False,
    mailed="all",
    covers="fqdn",
    facts=("IIJ-2", "IIJ-19"),
    source=FAQ + "; SC-080v3",
    until=date(2025, 7, 15),
)
DIGICERT_CONTACTS = (
    _TXT,
    ContactOffer(
        kind="constructed",
        levels=("fqdn", "www_base"),
        selectable=False,
        mailed="all",
        covers="fqdn",
        facts=("IIJ-2",),
        source=FAQ,
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
    mailed="first", facts=("IIJ-3", "IIJ-19"), source=FAQ + "; Cybertrust ended it on this day", until=_CYBERTRUST_END
)
CYBERTRUST_CONTACTS = (
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
GLOBALSIGN_CONTACTS = (
    _TXT._replace(selectable=True, mailed="chosen", facts=("IIJ-4", "IIJ-5", "IIJ-24")),
    ContactOffer(
        kind="constructed",
        levels=("fqdn", "base"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IIJ-4",),
        source=FAQ,
        local_parts=LOCAL_PARTS,
    ),
    ContactOffer(
        kind="soa",
        levels=("base",),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("IIJ-4", "IIJ-6"),
        # the document names no end of it: the rule does
        source=FAQ + "; SC-080v3",
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

TXT_FIRST = StepRule(
    "customer",
    "publish {mailbox} in DNS, at the contract's common name, before the application, the same at every authoritative"
    " server, and keep it until the certificate is there",
    ("IIJ-5", "BR 3.2.2.4.14", "BR 3.2.2.9"),
    FAQ,
    methods=_MAIL,
    contacts=("txt",),
)
READABLE = StepRule(
    "customer",
    "see that mail to {mailbox} arrives and is read",
    ("IIJ-14",),
    MANUAL,
    methods=_MAIL,
    contacts=("constructed",),
)


def _person(facts_of_ca: str, source: str) -> StepRule:
    action = f"see that {{responsible}} is somebody whom the CA takes as 申請責任者: {facts_of_ca}"
    return StepRule("customer", action, ("IIJ-22",), source)


WHO_DIGICERT = _person("knowledge.digicert.com SO23345", "https://knowledge.digicert.com/ja/jp/solution/SO23345.html")
WHO_CYBERTRUST = _person(
    "SureBoard 申請項目一覧", "https://www.cybertrust.co.jp/sureserver/apply/sboard-enrol-items.html"
)
WHO_GLOBALSIGN = _person("FAQ 348, 技術担当者", "https://jp.globalsign.com/support/faq/348.html")
APPLY = (
    StepRule(
        "customer",
        "look up last time's data: IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス >"
        " 前回申請情報の確認",
        ("IIJ-23",),
        FAQ,
        purposes=("renew", "reissue"),
    ),
    StepRule(
        "customer",
        "make a key and a CSR and choose お客様がCSRを作成: the old CSR would be taken, a new one is recommended",
        ("IIJ-10",),
        FAQ,
        key_made_by=("us",),
    ),
    StepRule(
        "customer",
        "register the application data for {common_name} in IIJサービスオンライン",
        ("IIJ-1", "IIJ-14"),
        MANUAL,
        purposes=("issue",),
    ),
    StepRule(
        "customer",
        "do the renewal procedure (運用管理担当者 of the service group): the period may change, product, common name"
        " and linked service may not",
        ("IIJ-9", "IIJ-20"),
        WINDOW,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=21,
    ),
    StepRule(
        "customer",
        "answer whether it is to be renewed, and cancel (解約) if not: who says nothing is renewed",
        ("IIJ-11", "IIJ-20"),
        WINDOW,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=26,
    ),
    StepRule(
        "customer",
        "hand in the own CSR within the window: otherwise IIJ makes key and CSR, and only a reissue leads back",
        ("IIJ-11", "IIJ-20"),
        WINDOW,
        purposes=("renew",),
        key_made_by=("us",),
        before_expiry_days=21,
    ),
    StepRule(
        "customer",
        "apply for the reissue (再発行) in IIJサービスオンライン: it changes who makes the CSR, not the options",
        ("IIJ-11", "IIJ-13"),
        FAQ,
        purposes=("reissue",),
    ),
    StepRule(
        "seller", "make a new key and a new CSR (IIJがCSRを作成)", ("IIJ-10", "IIJ-11"), FAQ, key_made_by=("seller",)
    ),
    StepRule("seller", "apply to the CA", ("IIJ-1",), MANUAL),
)
DIGICERT_MAIL = (
    StepRule(
        "ca",
        "mail a one-time URL to all recipients at once; nobody chooses them",
        ("IIJ-2",),
        FAQ,
        methods=_MAIL,
        after_days=14,
    ),
    StepRule(
        "customer",
        "approve by the URL in any one of the mails: a person does",
        ("IIJ-2", "IIJ-14"),
        FAQ,
        methods=_MAIL,
        after_days=14,
    ),
)
CYBERTRUST_MAIL = (
    StepRule(
        "ca",
        "mail the registrant's addresses in WHOIS first",
        ("IIJ-3",),
        FAQ,
        methods=_MAIL,
        until=_CYBERTRUST_END,
    ),
    StepRule(
        "seller",
        "tell that the CA has no approval, or no address to ask, and ask for another recipient or method",
        ("IIJ-3",),
        FAQ,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "name the recipient or method to the seller: the TXT contact {mailbox} is recommended",
        ("IIJ-3",),
        FAQ,
        methods=_MAIL,
    ),
    StepRule(
        "customer",
        "approve as the mail says: a person does",
        ("IIJ-3", "IIJ-14"),
        FAQ,
        methods=_MAIL,
        after_days=14,
    ),
    StepRule(
        "customer",
        "with the www option be ready to confirm the added name too (its own TXT contact): it is another one than"
        " {common_name}",
        ("IIJ-13",),
        FAQ,
        methods=_MAIL,
        options=("www_option",),
    ),
)
GLOBALSIGN_MAIL = (
    StepRule(
        "customer",
        "register {mailbox} as 承認メールアドレス",
        ("IIJ-4",),
        FAQ,
        methods=_MAIL,
        purposes=("issue",),
    ),
    StepRule(
        "customer",
        "check 承認メールアドレス and change it to {mailbox} within the window; outside of it IIJ can",
        ("IIJ-4", "IIJ-20"),
        MANUAL,
        methods=_MAIL,
        purposes=("renew",),
        opens_before_expiry_days=30,
        before_expiry_days=21,
    ),
    StepRule("ca", "mail the approval link to {mailbox}", ("IIJ-4",), FAQ, methods=_MAIL),
    StepRule(
        "customer",
        "approve by the link: a person does; it is valid for 30 days, then the mail has to be asked for again",
        ("IIJ-4", "GlobalSign approval"),
        "https://info-globalsign.com/news/1481256437",
        methods=_MAIL,
        after_days=30,
    ),
)
ASKED = (
    StepRule(
        "ca",
        "ask for the domain right (mail), the will to apply (phone or mail) and documents, if any: one week by the"
        " manual, two by the FAQ; it may leave questions out, a late answer delays the issue",
        ("IIJ-14",),
        MANUAL + "; " + FAQ,
        after_days=14,
    ),
    StepRule(
        "customer",
        "be ready for the call to {phone}, the main number of {organization} in 帝国データバンク (COSMOSNET) or"
        " 東京商工リサーチ (tsr-van2): it asks for the employment and the will of {responsible}; have CN, O, L, ST"
        " and C at hand, and brief whoever answers when {responsible} is away (a call back, or another time)",
        ("IIJ-15",),
        MANUAL + "; " + FAQ,
        after_days=14,
        task="call",
    ),
    StepRule(
        "customer",
        "give documents, if asked for, to IIJ's sales contact",
        ("IIJ-17",),
        FAQ,
        after_days=14,
        task="papers",
    ),
)
EV_MAIL = StepRule(
    "customer",
    "{responsible} approves the application itself by a second mail, to {responsible_mail}: it is another mail than the"
    " one for the domain, to another address",
    ("IIJ-16",),
    MANUAL,
    after_days=14,
    task="ev_mail",
)
QUICK = (
    StepRule(
        "ca",
        "mail for the domain at once; with some exceptions nothing else is asked",
        ("IIJ-14",),
        FAQ,
    ),
    StepRule(
        "customer",
        "expect no call: the will to apply, if asked for, comes by mail",
        ("IIJ-15",),
        FAQ,
        task="intent_mail",
    ),
)
ISSUE = StepRule("ca", "issue, about a week after the answers", ("IIJ-14",), MANUAL, after_days=21)
ISSUE_QUICK = StepRule("ca", "issue soon after the approval", ("IIJ-14",), MANUAL)
INSTALL = (
    StepRule(
        "customer",
        "fetch certificate and key from IIJサービスオンライン and install them",
        ("IIJ-11", "IIJ-18"),
        MANUAL,
        key_made_by=("seller",),
        deployed_by=("us",),
    ),
    StepRule(
        "customer",
        "fetch the certificate from IIJサービスオンライン and install it with its chain",
        ("IIJ-18",),
        MANUAL,
        key_made_by=("us",),
        deployed_by=("us",),
    ),
    StepRule("seller", "install it on the linked service", ("IIJ-18",), MANUAL, deployed_by=("seller",)),
)
WWW_LINKED = StepRule(
    "customer",
    "have {common_name} as the contract FQDN of the linked service: none (IIJ Webハイグレード2,"
    " IIJドキュメントエクスチェンジ, IIJ GIOコンテンツアクセラレーション, IIJマネージドWAF連携オプション) serves the"
    " name that the www option adds",
    ("IIJ-13",),
    FAQ,
    options=("www_option",),
    deployed_by=("seller",),
)
