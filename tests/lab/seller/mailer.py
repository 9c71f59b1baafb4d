# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval mail (ドメイン承認メール), sent to the host that the DNS names for the address."""

from __future__ import annotations

import smtplib
import typing as t
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid
from html import escape
from urllib.parse import urlencode

from lab import mail as smtp
from lab.clock import LabClock, jst
from lab.history import History
from lab.vices import Switches

from .looking import Resolver
from .orders import Link, Order
from .products import PRODUCTS

SELLER = "ラボSSL"
SENDER = "approval@labssl.lab.example"

TEXT = """\
{address} ご担当者様

ラボSSLです。下記の内容でサーバー証明書のお申し込みを受け付けました。
証明書の発行には、ドメイン名を管理されている方の承認が必要です。
内容をお確かめのうえ、承認ページURLを開き、「承認する」または「承認しない」を
お選びください。

  商品            : {sold_as}
  お申し込み番号  : {order_id}
  コモンネーム    : {common_name}
  証明書の名前    : {names}

■承認ページURL
{url}

このURLの有効期限は {expires} です。
期限までに承認されなかったお申し込みは、取り消しとなります。
お心当たりのない場合は「承認しない」を選択してください。

----------------------------------------------------------------------
ラボSSL サーバー証明書窓口
このメールは送信専用です。ご返信いただいてもお答えできません。
"""

HTML = """\
<!DOCTYPE html>
<html lang="ja"><body>
<p>{address} ご担当者様</p>
<p>ラボSSLです。下記の内容でサーバー証明書のお申し込みを受け付けました。<br>
証明書の発行には、ドメイン名を管理されている方の承認が必要です。</p>
<table>
<tr><th>商品</th><td>{sold_as}</td></tr>
<tr><th>お申し込み番号</th><td>{order_id}</td></tr>
<tr><th>コモンネーム</th><td>{common_name}</td></tr>
<tr><th>証明書の名前</th><td>{names}</td></tr>
</table>
<p>承認ページURL: <a href="{url}">こちらから承認ページを開いてください</a></p>
<p>有効期限は {expires} です。お心当たりのない場合は「承認しない」を選択してください。</p>
<p><a href="{home}">ラボSSL</a></p>
</body></html>
"""


class ApprovalMailer:
    def __init__(
        self,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        resolver: Resolver,
        smtp_port: t.Callable[[], int],
    ) -> None:
        self._clock, self._history, self._switches = clock, history, switches
        self._resolver, self._smtp_port = resolver, smtp_port
        self.base_url = ""

    def url(self, order: Order, link: Link) -> str:
        return f"{self.base_url}/approval?{urlencode({'order': order.order_id, 'key': link.key})}"

    def send(self, order: Order, link: Link) -> None:
        host, why = self._deliver(self.message(order, link).as_bytes(), link.address)
        facts = {"host": host} if not why else {"host": host, "why": why}
        self._history.add(
            "mail",
            order=order.order_id,
            to=link.address,
            subject=_subject(order),
            delivered=not why,
            **facts,
        )

    def message(self, order: Order, link: Link) -> MIMEText:
        """Its headers are in the character set of its text, as such mails have it."""
        facts = {
            "address": link.address,
            "sold_as": PRODUCTS[order.product].sold_as,
            "order_id": order.order_id,
            "common_name": order.common_name,
            "names": "、".join(order.names),
            "url": self.url(order, link),
            "home": f"{self.base_url}/",
            "expires": jst(order.expires_at).strftime("%Y年%m月%d日 %H:%M"),
        }
        if self._switches.is_on("mail_html_only"):
            text, subtype = HTML.format(**{key: escape(value) for key, value in facts.items()}), "html"
        else:
            text, subtype = TEXT.format(**facts), "plain"
        charset = "iso-2022-jp" if self._switches.is_on("mail_iso2022jp") else "utf-8"
        message = MIMEText(text, subtype, charset)
        message["From"] = f"{Header(SELLER, charset).encode()} <{SENDER}>"
        message["To"] = link.address
        message["Subject"] = t.cast(
            str, Header(_subject(order), charset)
        )  # it folds itself, a text would be folded twice
        message["Date"] = format_datetime(jst(self._clock.now()))
        message["Message-ID"] = make_msgid(domain=SENDER.partition("@")[2])
        return message

    def _deliver(self, content: bytes, address: str) -> tuple[str, str]:
        """The host that took it, and why nobody did."""
        hosts = self._resolver.mail_hosts(address.partition("@")[2])
        why = "the DNS names no host for the mail of this domain"
        for name, host_address in hosts:
            try:
                smtp.send(host_address, self._smtp_port(), SENDER, [address], content)
            except (OSError, smtplib.SMTPException) as error:
                why = f"{name}: {type(error).__name__}: {error}"
            else:
                return name, ""
        return "", why


def _subject(order: Order) -> str:
    return f"【{SELLER}】ドメイン承認メール（{order.common_name}）"
