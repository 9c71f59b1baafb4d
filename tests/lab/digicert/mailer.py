# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval mail: one for each address that may approve, each with a link of its own. Any one approves."""

from __future__ import annotations

import typing as t
from html import escape
from urllib.parse import urlencode

from lab.history import History
from lab.letters import Post, Words
from lab.vices import Switches

from .book import CA
from .values import Link

SENDER = ("DigiCert", "no-reply@digitalcertvalidation.com")
PATH = "/digicert/link/validate"
SUBJECTS = {
    "ja": "[Domain Approval] ドメイン名の利用権確認のお願い: {domain} {order}",
    "en": "[Action Required] Approve Certificate Request for {domain} {order}",
}
OLD_SUBJECT = "[要対応] 以下の証明書申請を承認する {domain} {order}"
TEXTS = {
    "ja": """\
{address} 様

以下のドメイン名に対するサーバ証明書の申請を受け付けました。
ドメイン名の利用権の確認のため、承認をお願いいたします。

  ドメイン名        : {domain}
  証明書の名前      : {names}
  組織名            : {organization}
  オーダー番号      : {order}

次のリンクを開いて、内容をご確認のうえ「承認する」を押してください。
{url}

心当たりのない場合は、承認せずにサポートまでご連絡ください。
""",
    "en": """\
To {address}

We received a request for a certificate for the domain below.
Please confirm that you control this domain.

  Domain       : {domain}
  Names        : {names}
  Organization : {organization}
  Order        : {order}

Follow the link below and press "Approve".
{url}

If you do not know this request, do not approve it, and write to our support.
""",
}
LEADS = {"ja": "次のリンクを開いてください", "en": "Follow the link below"}
HTML = """\
<!DOCTYPE html>
<html lang="{locale}"><body><pre>{before}</pre><p>{lead}: <a href="{url}">{domain}</a></p></body></html>
"""


class Subject(t.NamedTuple):
    """What a mail is about."""

    #: of the order, or of the domain
    number: int
    domain: str
    names: tuple[str, ...]
    organization: str
    locale: str


class ApprovalMailer:
    def __init__(self, post: Post, history: History, switches: Switches) -> None:
        self._post, self._history, self._switches = post, history, switches
        self.base_url = ""

    def url(self, link: Link) -> str:
        return f"{self.base_url}{PATH}?{urlencode({'t': link.key})}"

    def send(self, subject: Subject, link: Link) -> None:
        words = self._words(subject, link)
        host, why = self._post.send(words, link.address)
        facts = {"host": host} if not why else {"host": host, "why": why}
        self._history.add(
            "mail", ca=CA, order=subject.number, domain=subject.domain, to=link.address, subject=words.subject,
            delivered=not why, **facts,
        )  # fmt: skip

    def _words(self, subject: Subject, link: Link) -> Words:
        locale = subject.locale if subject.locale in TEXTS else "en"
        facts = {
            "address": link.address,
            "domain": subject.domain,
            "names": ", ".join(subject.names),
            "organization": subject.organization or "-",
            "order": str(subject.number),
            "url": self.url(link),
        }
        line = OLD_SUBJECT if self._switches.is_on("dc_mail_old_subject") else SUBJECTS[locale]
        text = TEXTS[locale].format(**facts)
        before = text.partition("\n\n次の")[0].partition("\n\nFollow")[0]
        html = HTML.format(
            locale=locale,
            before=escape(before),
            lead=LEADS[locale],
            url=escape(facts["url"]),
            domain=escape(subject.domain),
        )
        return Words(line.format(**facts), text, html)
