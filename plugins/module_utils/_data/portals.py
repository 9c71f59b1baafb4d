# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sellers whose only interface is a portal and a mail: what a person types in there, whom one writes to, what is due.

One row a seller; a user's reseller is one of these rows with other words (settings ``portal`` of the account). Labels
are Japanese, as people meet them. What a document does not say stays empty, and nothing is guessed: CPI names the
mailbox for corrections (CPI-11), Cybertrust takes requests by mail and prints no address (ca-apis 3).

Facts: ``CPI-5`` and the like count what the sellers' documents say (``facts.py`` has them in words), ``ca-apis 6.2`` is
the union of the fields of Japanese application forms.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class SheetField(t.NamedTuple):
    """A field of an application. source: where its value is (``_ca/portal/sheet.py`` reads it)."""

    key: str
    label: str
    group: str
    source: str


_ORDER, _TECHNICAL, _DN = "申込内容", "技術情報", "証明書の識別名 (DN)"
_ORGANIZATION, _RESPONSIBLE = "申請団体", "申請責任者"
_TECHNICIAN, _BILLING = "技術担当者", "経理担当者・請求先"


def _person(word: str, group: str) -> tuple[SheetField, ...]:
    labels = (
        *(("name", "氏名"), ("kana", "フリガナ"), ("department", "部署名"), ("title", "役職")),
        *(("phone", "電話番号"), ("mail", "メールアドレス")),
    )
    return tuple(SheetField(f"{word}_{key}", label, group, f"{word}.{key}") for key, label in labels)


#: every field that a sheet can have, in the order in which forms ask (ca-apis 6.2)
FIELDS: tuple[SheetField, ...] = (
    SheetField("kind", "申込種別", _ORDER, "kind"),
    SheetField("product", "品目", _ORDER, "product"),
    SheetField("period", "有効期間", _ORDER, "options.period"),
    SheetField("quantity", "数量", _ORDER, "options.quantity"),
    SheetField("addition", "オプション", _ORDER, "addition"),
    SheetField("coupon", "クーポンコード", _ORDER, "options.coupon"),
    SheetField("po_number", "発注番号", _ORDER, "options.po_number"),
    SheetField("reference", "お客様管理番号", _ORDER, "reference"),
    SheetField("common_name", "コモンネーム (CN)", _TECHNICAL, "common_name"),
    SheetField("dns_names", "サブジェクト代替名 (SAN)", _TECHNICAL, "dns_names"),
    SheetField("server_software", "サーバーソフトウェア", _TECHNICAL, "options.server_software"),
    SheetField("method", "ドメイン名の認証方法", _TECHNICAL, "method"),
    SheetField("approver", "承認メールアドレス", _TECHNICAL, "contact"),
    SheetField("csr", "CSR", _TECHNICAL, "csr"),
    SheetField("C", "国名 (C)", _DN, "dn.C"),
    SheetField("ST", "都道府県名 (ST)", _DN, "dn.ST"),
    SheetField("L", "市区町村名 (L)", _DN, "dn.L"),
    SheetField("O", "組織名 (O, 英語表記)", _DN, "dn.O"),
    SheetField("japanese_name", "申請団体名 (日本語)", _ORGANIZATION, "organization.japanese_name"),
    SheetField("corporate_type", "法人格", _ORGANIZATION, "organization.corporate_type"),
    SheetField("representative", "代表者名", _ORGANIZATION, "organization.representative"),
    SheetField("postal_code", "郵便番号", _ORGANIZATION, "organization.postal_code"),
    SheetField("address", "所在地", _ORGANIZATION, "organization.address"),
    SheetField("phone", "代表電話番号", _ORGANIZATION, "organization.phone"),
    SheetField("tdb_code", "帝国データバンク企業コード", _ORGANIZATION, "organization.tdb_code"),
    SheetField("duns", "DUNSナンバー", _ORGANIZATION, "organization.duns"),
    *_person("responsible", _RESPONSIBLE),
    *_person("technical", _TECHNICIAN),
    *_person("billing", _BILLING),
)

_ORDER_FIELDS = ("kind", "product", "period", "addition", "reference")
_DV_FIELDS = (*_ORDER_FIELDS, "common_name", "dns_names", "method", "approver")
_OV_FIELDS = (
    *(*_ORDER_FIELDS, "coupon", "po_number", "common_name", "dns_names", "server_software", "method", "approver"),
    *("csr", "C", "ST", "L", "O", "japanese_name", "corporate_type", "representative", "postal_code", "address"),
    *("phone", "tdb_code", "duns"),
    *(one.key for one in FIELDS if one.group in (_RESPONSIBLE, _TECHNICIAN, _BILLING)),
)
#: what an application by an organization cannot do without (ca-apis 6.2; JPRS-12, IIJ-15, IDCF-6: a person is called)
_OV_REQUIRED = ("C", "ST", "L", "O", "japanese_name", "phone", "responsible_name")


class Hand(t.NamedTuple):
    """Something that a person asks of the seller. products: keys that begin so (empty: all). letter: what to write;
    ``{number}``, ``{common_name}`` and ``{mailbox}`` are filled in. Empty: it cannot be asked, ``what`` says why."""

    what: str
    letter: str
    facts: tuple[str, ...]
    products: str = ""


class Portal(t.NamedTuple):
    """A seller's portal.

    apply, renew     the menu path; status: where number, file and certificate are looked up
    number           what the seller calls the number of an application
    ask              whom one writes to (a name; ask_mail: the mailbox, where the documents print one)
    methods          words of ``validation.method``
    approval_days    an approval mail that was not answered so many days after the application ends it (None: not said)
    fields, required  keys of FIELDS; those of OV and EV in ov_fields, ov_required
    reissues         a certificate is issued again inside its term
    products         keys of the catalogue, and what the portal calls them
    """

    seller: str
    title: str
    url: str
    apply: str
    status: str
    ask: str
    facts: tuple[str, ...]
    renew: str = ""
    number: str = "申込番号"
    ask_mail: str = ""
    methods: tuple[str, ...] = ("email",)
    approval_days: int | None = None
    fields: tuple[str, ...] = (*_DV_FIELDS, "csr")
    required: tuple[str, ...] = ("common_name",)
    ov_fields: tuple[str, ...] = _OV_FIELDS
    ov_required: tuple[str, ...] = _OV_REQUIRED
    reissues: bool = False
    resend: tuple[Hand, ...] = ()
    change: tuple[Hand, ...] = ()
    cancel: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    products: tuple[tuple[str, str], ...] = ()


_AGAIN = (
    "承認メールの再送をお願いいたします。\n{number_word}: {number}\nコモンネーム: {common_name}\n送信先: {mailbox}\n"
)
_ELSEWHERE = (
    "承認メールの送信先を次のメールアドレスに変更のうえ、再送をお願いいたします。\n"
    "{number_word}: {number}\nコモンネーム: {common_name}\n変更後の送信先: {mailbox}\n"
)

_IIJ_MENU = "IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス"

PORTALS: tuple[Portal, ...] = (
    Portal(
        seller="jprs",
        title="JPRSサーバー証明書の指定事業者",
        url="https://jprs.jp/pubcert/",
        apply="指定事業者の会員メニュー",
        status="指定事業者の会員メニュー",
        ask="指定事業者のサポート窓口",
        facts=("JPRS-6", "JPRS-13"),
        methods=("email", "file", "registrar"),
        required=("common_name", "approver"),
        ov_required=(*_OV_REQUIRED, "approver"),
        resend=(Hand("ask the reseller to have the approval mail sent again", _AGAIN, ("JPRS-2", "JPRS-13")),),
        change=(Hand("ask the reseller to have the mail sent elsewhere", _ELSEWHERE, ("JPRS-2", "JPRS-13")),),
        cancel="ask the reseller to withdraw the application",
        products=(
            ("jprs-dv", "ドメイン認証型"),
            ("jprs-dv-wildcard", "ドメイン認証型 (ワイルドカード)"),
            ("jprs-ov", "組織認証型"),
            ("jprs-ov-wildcard", "組織認証型 (ワイルドカード)"),
        ),
    ),
    Portal(
        seller="cpi",
        title="CPI SSLサーバー証明書",
        url="https://support.cpi.ad.jp/purpose/ssl",
        apply="マイページ",
        status="マイページ",
        ask="CPI (ssl-info)",
        ask_mail="ssl-info@cpi.ad.jp",
        facts=("CPI-2", "CPI-7", "CPI-11"),
        methods=("email", "registrar"),
        approval_days=25,
        fields=_DV_FIELDS,
        required=("common_name", "approver"),
        resend=(Hand("ask CPI to send the approval mail again", _AGAIN, ("CPI-6", "CPI-11")),),
        change=(
            Hand("ask CPI to send the approval mail to another of the six addresses", _ELSEWHERE, ("CPI-6", "CPI-11")),
        ),
        cancel="press 承認しない on the approval page, then write to ssl-info@cpi.ad.jp (CPI-4, CPI-11)",
        products=(("cpi-dv", "CPI SSLサーバー証明書"),),
    ),
    Portal(
        seller="iij",
        title="IIJサーバ証明書管理サービス",
        url="https://manual.iij.jp/ct/help/",
        apply=_IIJ_MENU,
        renew=f"{_IIJ_MENU} > 更新手続き",
        status=f"{_IIJ_MENU} > 前回申請情報の確認",
        ask="IIJのサポート窓口・営業担当",
        facts=("IIJ-1", "IIJ-17", "IIJ-23"),
        number="契約・申請の番号",
        reissues=True,
        resend=(Hand("ask IIJ to have the approval mail sent again", _AGAIN, ("IIJ-2", "IIJ-3", "IIJ-4")),),
        change=(
            Hand(
                "DigiCert mails all of its addresses and none can be chosen: publish the TXT contact instead, then ask"
                " IIJ to have the mail sent again",
                _AGAIN,
                ("IIJ-2", "IIJ-5"),
                "iij-digicert",
            ),
            Hand(
                "answer IIJ with the second recipient when it asks, or tell it first; publish the TXT contact before",
                _ELSEWHERE,
                ("IIJ-3", "IIJ-5"),
                "iij-cybertrust",
            ),
            Hand(
                "change 承認メールアドレス at the portal from 30 to 21 days before the certificate ends; outside of"
                " these days IIJ does",
                _ELSEWHERE,
                ("IIJ-4",),
                "iij-globalsign",
            ),
        ),
        cancel=f"withdraw the application at {_IIJ_MENU}",
        products=(
            ("iij-digicert-secure-server-id", "デジサート セキュア・サーバID"),
            ("iij-digicert-secure-server-id-ev", "デジサート セキュア・サーバID EV"),
            ("iij-digicert-global-server-id", "デジサート グローバル・サーバID"),
            ("iij-digicert-global-server-id-ev", "デジサート グローバル・サーバID EV"),
            ("iij-cybertrust-sureserver-cloud", "サイバートラスト SureServer for クラウド"),
            ("iij-cybertrust-sureserver-cloud-ev", "サイバートラスト SureServer EV for クラウド"),
            ("iij-globalsign-ov", "GMOグローバルサイン 企業認証SSL"),
            ("iij-globalsign-ov-wildcard", "GMOグローバルサイン 企業認証SSL (ワイルドカードオプション)"),
            ("iij-globalsign-quick-dv", "GMOグローバルサイン クイック認証SSL"),
            ("iij-globalsign-quick-dv-wildcard", "GMOグローバルサイン クイック認証SSL (ワイルドカードオプション)"),
            ("iij-byo", "持ち込み証明書品目"),
        ),
    ),
    Portal(
        seller="idcf",
        title="IDCフロンティア レンタルサーバー",
        url="https://www.idcf.jp/rentalserver/support/procedure/ssl_procedure.html",
        apply="カスタマーポータル",
        status="カスタマーポータル",
        ask="IDCフロンティアのサポート窓口 (カスタマーポータル)",
        facts=("IDCF-1", "IDCF-2", "IDCF-3"),
        fields=_DV_FIELDS,
        ov_fields=tuple(key for key in _OV_FIELDS if key != "csr"),
        resend=(Hand("ask IDC Frontier to have the approval mail sent again", _AGAIN, ("IDCF-3",)),),
        change=(
            Hand(
                "postmaster and the TXT contact are the only recipients: publish the TXT contact at the applied name,"
                " then ask IDC Frontier to have the mail sent again",
                _AGAIN,
                ("IDCF-3",),
            ),
        ),
        cancel="ask IDC Frontier to withdraw the application",
        labels=(("approver", "ドメイン名使用権確認のメールアドレス"),),
        products=(
            ("idcf-digicert-secure-server-id", "デジサート セキュア・サーバID"),
            ("idcf-digicert-secure-server-id-ev", "デジサート セキュア・サーバID EV"),
            ("idcf-geotrust-true-businessid", "ジオトラスト トゥルービジネスID"),
            ("idcf-geotrust-true-businessid-ev", "ジオトラスト トゥルービジネスID with EV"),
            ("idcf-cybertrust-sureserver", "サイバートラスト SureServer(R)"),
            ("idcf-bizcert", "BIZCERT"),
        ),
    ),
    Portal(
        seller="cybertrust",
        title="サイバートラスト SureBoard",
        url="https://www.cybertrust.ne.jp/sureserver/support/faq/sb/",
        apply="SureBoard > 新規申請",
        renew="SureBoard > 更新申請",
        status="SureBoard",
        ask="サイバートラストのサポートデスク",
        facts=("Cybertrust SureBoard", "Cybertrust approval mail"),
        resend=(Hand("ask the support desk by mail to send it again", _AGAIN, ("Cybertrust approval mail",)),),
        change=(
            Hand(
                "ask the support desk by mail for one of the five constructed addresses as the second recipient",
                _ELSEWHERE,
                ("Cybertrust approval mail", "IIJ-3"),
            ),
        ),
        cancel="ask the support desk to withdraw the application",
        products=(("cybertrust-ov", "SureServer"), ("cybertrust-ev", "SureServer EV")),
    ),
)
