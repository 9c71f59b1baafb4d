# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval mail to the chosen address, with one link."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from lab.history import History
from lab.letters import Post, Words

from .book import CA
from .values import Claim

SENDER = ("GlobalSign", "no-reply@globalsign.example")
PATH = "/atlas/approval"
SUBJECT = "ドメイン名の利用権確認のお願い Domain verification: {domain}"
TEXT = """\
{address} 様

以下のドメイン名について、利用権の確認の申請を受け付けました。
A request to verify the domain below has been received.

  ドメイン名 Domain : {domain}
  申請番号 Claim    : {claim}

次のリンクを開いて、「承認する」を押してください。
Follow the link below and press the button.
{url}

心当たりのない場合は、このメールを破棄してください。
"""
HTML = """\
<!DOCTYPE html>
<html lang="ja"><body><pre>{before}</pre><p>次のリンクを開いてください: <a href="{url}">{domain}</a></p></body></html>
"""


class ApprovalMailer:
    def __init__(self, post: Post, history: History, url: str) -> None:
        self._post, self._history, self._url = post, history, url

    def send(self, claim: Claim, address: str, link: str) -> None:
        words = self._words(claim, address, f"{self._url}{PATH}?{urlencode({'t': link})}")
        host, why = self._post.send(words, address)
        self._history.add(
            "mail", ca=CA, claim=claim.id, domain=claim.domain, to=address, subject=words.subject, delivered=not why,
            host=host, why=why,
        )  # fmt: skip

    def _words(self, claim: Claim, address: str, url: str) -> Words:
        facts = {"address": address, "domain": claim.domain, "claim": claim.id, "url": url}
        text = TEXT.format(**facts)
        before = escape(text.partition("\n\n次の")[0])
        html = HTML.format(before=before, url=escape(url), domain=escape(claim.domain))
        return Words(SUBJECT.format(**facts), text, html)
