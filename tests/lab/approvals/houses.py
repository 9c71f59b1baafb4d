# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each house writes, and in which character set. Words are made up from what sellers' documents tell (APPROVALS.md
says which); none of it is a copy of a real mail.
"""

from __future__ import annotations

import typing as t
from email.charset import QP, Charset
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid

from lab.clock import jst

if t.TYPE_CHECKING:
    from datetime import datetime


class House(t.NamedTuple):
    """page: which kind of page its link leads to, empty: it has no link. form: text, html, quoted or both."""

    key: str
    name: str
    sender: str
    subject: str
    text: str
    charset: str = "utf-8"
    form: str = "text"
    page: str = ""


HOUSES = {
    house.key: house
    for house in (
        House(
            "jprs",
            "JPRSサーバー証明書",
            "info@jprs.jp",
            "ドメイン名承認のお願い（{domain}）",
            "{to} 様\n\n下記のサーバー証明書のお申し込みについて、ドメイン名の承認をお願いします。\n\n"
            "コモンネーム: {domain}\n\n■承認ページURL\n{url}\n\n有効期限は25日間です。\n",
            charset="iso-2022-jp",
            page="jprs",
        ),
        House(
            "cybertrust",
            "サイバートラスト",
            "sureserver_support@cybertrust.co.jp",
            "SSL サーバー証明書 ドメイン名使用権確認について({domain})",
            "{to} 様\n\nSSLサーバー証明書のご申請にともない、ドメイン名の使用権を確認いたします①。\n"
            "FQDN: {domain}\n下記のURLを開き、内容をご確認のうえ「承認する」を押してください。\n{url}\n",
            charset="windows-31j",
            page="cybertrust",
        ),
        House(
            "globalsign",
            "GlobalSign",
            "approver@globalsign.lab.example",
            "[GlobalSign] SSLサーバ証明書 承認のお願い {domain}",
            "<p>{to} 様</p><p>ドメイン名: {domain}<br>証明書の発行を承認する場合は "
            '<a href="{url}">こちら</a> を開いてください。</p>',
            form="html",
            page="globalsign",
        ),
        House(
            "sectigo",
            "Lab SSL by Sectigo",
            "noreply@trust-provider.com",
            "ORDER #{order} - Domain Control Validation for {domain}",
            "Dear {to},\n\nTo permit the issuance of the certificate for {domain}, open\n{url}\n"
            "and enter the following key/validation code:\n  {code}\n\n"
            "To reject the certificate:\n{reject}\n",
            form="quoted",
            page="sectigo",
        ),
        House(
            "digicert-ev",
            "DigiCert",
            "no-reply@digitalcertvalidation.com",
            "EV証明書: 申請責任者による申請の承認のお願い {domain}",
            "{to} 様\n\n申請責任者としての承認をお願いします。Extended Validation の証明書: {domain}\n{url}\n",
            page="intent",
        ),
        House(
            "quick-intent",
            "GlobalSign",
            "vetting@globalsign.lab.example",
            "クイック認証SSL お申し込みの意思の確認 {domain}",
            "{to} 様\n\nドメイン名: {domain}\nお申し込みの意思をご確認ください。\n{url}\n",
            page="intent",
        ),
        House(
            "jprs-transfer",
            "JPRS",
            "info@jprs.jp",
            "ドメイン名移管の承認について（{domain}）",
            "{to} 様\n\nドメイン名: {domain}\nドメイン名移管（指定事業者変更）の承認ページURL:\n{url}\n"
            "承認または不承認を選んでください。証明書とは関係ありません。\n",
            charset="iso-2022-jp",
            page="transfer",
        ),
        House("cpi-started", "CPI", "ssl-info@cpi.ad.jp", "【CPI】SSLサーバー証明書 申請開始のお知らせ {domain}",
              "コモンネーム: {domain}\n申請を開始しました。\n"),
        House("cpi-refusal-asked", "CPI", "ssl-info@cpi.ad.jp", "【CPI】非承認の理由のご確認 {domain}",
              "コモンネーム: {domain}\n非承認の理由をお知らせください。\n"),
        House("cpi-installed", "CPI", "ssl-info@cpi.ad.jp", "【CPI】設定完了のお知らせ {domain}",
              "コモンネーム: {domain}\nSSLサーバー証明書の設定が完了しました。\n"),
        House("iij-renewal", "IIJ", "ssl-notice@iij.lab.example", "サーバ証明書 更新のご案内 {domain}",
              "コモンネーム: {domain}\n証明書の有効期限の{days}日前です。\n"),
        House("idcf-completed", "IDCフロンティア", "ssl-notice@idcf.lab.example", "SSL証明書 更新完了のお知らせ",
              "コモンネーム: {domain}\nSSLサーバー証明書の更新が完了しました。\n"),
    )
}  # fmt: skip


def write(house: House, facts: t.Mapping[str, str], now: datetime) -> bytes:
    text = house.text.format(**facts)
    subject = house.subject.format(**facts)
    message = _body(house, text)
    charset = "iso-2022-jp" if house.charset == "iso-2022-jp" else "utf-8"
    message["From"] = f"{Header(house.name, charset).encode()} <{house.sender}>"
    message["To"] = facts["to"]
    message["Subject"] = t.cast(str, Header(subject, charset))
    message["Date"] = format_datetime(jst(now))
    message["Message-ID"] = make_msgid(domain=house.sender.partition("@")[2])
    return message.as_bytes()


def _body(house: House, text: str) -> t.Any:
    if house.form == "html":
        return MIMEText(f"<html><body>{text}</body></html>", "html", "utf-8")
    if house.form == "quoted":
        quoted = Charset("utf-8")
        quoted.body_encoding = QP
        return MIMEText(text, "plain", quoted)  # type: ignore[arg-type]
    if house.charset == "windows-31j":  # with letters of NEC, in a name that Python does not know
        made = MIMEText("", "plain", "us-ascii")
        del made["Content-Type"], made["Content-Transfer-Encoding"]
        made["Content-Type"] = 'text/plain; charset="windows-31j"'
        made["Content-Transfer-Encoding"] = "8bit"
        made.set_payload(text.encode("cp932").decode("ascii", "surrogateescape"))
        return made
    return MIMEText(text, "plain", house.charset)
