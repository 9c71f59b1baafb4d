# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person with a mailbox: reads the approval mail, opens the page, presses a button. Nothing else is known to him.

    press(lab, "hostmaster@example.jp")                                the newest mail, 承認する
    press(lab, "hostmaster@example.jp", button="承認しない", order="LS-000002")
    press(lab, "hostmaster@example.jp", button="Approve")              a page in English

``lab`` is a Lab, or the facts of one that runs elsewhere (its lab.json). From a shell:

    python -m lab.human LAB_FOLDER ADDRESS [BUTTON]
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import ssl
import sys
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

from .mail import folder_of

if t.TYPE_CHECKING:
    from .lab import Lab

SECONDS = 10.0
#: the words by which a person finds the link that matters
BEFORE_THE_LINK = "承認ページURL|次のリンクを開いて|Follow the link below"


class NoMail(LookupError):
    """There is no such approval mail in the mailbox."""


class NoButton(LookupError):
    """The page has no such button; its text says why."""


class Pressed(t.NamedTuple):
    url: str
    #: what the page said before, and what came after the button
    before: str
    after: str
    status: int


class Mail(t.NamedTuple):
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The URL after these words; empty if there is none."""
        match = re.search(rf"(?:{BEFORE_THE_LINK}).*?(https?://[^\s<>\"]+)", self.text, re.DOTALL)
        return match[1] if match else ""


def press(
    lab: Lab | t.Mapping[str, t.Any],
    address: str,
    button: str = "承認する",
    order: str | None = None,
    seconds: float = SECONDS,
) -> Pressed:
    """``order``: words of the mail, as the order's number or its common name. Waits so many seconds for the mail."""
    facts = lab if isinstance(lab, t.Mapping) else lab.facts()
    url = _wait_for(Path(facts["maildirs"]), address, order or "", seconds).link
    browser = Browser(facts["api_ca"])
    _status, before = browser.open(url)
    fields = before.fields_with(button)
    status, after = browser.open(urllib.parse.urljoin(url, before.action), fields)
    return Pressed(url, before.text, after.text, status)


def read_mails(maildirs: Path, address: str) -> list[Mail]:
    """As a mail program shows them, the oldest first."""
    maildir = maildirs / folder_of(address)
    paths = sorted((path for part in ("new", "cur") for path in (maildir / part).glob("*")), key=lambda path: path.name)
    return [_mail(path.read_bytes()) for path in paths]


def _wait_for(maildirs: Path, address: str, words: str, seconds: float) -> Mail:
    until = time.monotonic() + seconds
    while True:
        mails = read_mails(maildirs, address)
        fitting = [mail for mail in mails if mail.link and _holds(mail, words)]
        if fitting:
            return fitting[-1]
        if time.monotonic() >= until:
            subjects = ", ".join(mail.subject for mail in mails) or "none at all"
            raise NoMail(f'no approval mail with "{words}" in the mailbox of {address}; there is: {subjects}')
        time.sleep(0.05)


def _holds(mail: Mail, words: str) -> bool:
    """As a word of its own: example.jp is not in www.example.jp."""
    return not words or re.search(rf"(?<![\w.*-]){re.escape(words)}(?![\w.-])", mail.text, re.ASCII) is not None


def _mail(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    if body is None:
        return Mail(str(message["Subject"] or ""), "")
    text = str(body.get_content())
    return Mail(str(message["Subject"] or ""), _Page.of(text).text if body.get_content_subtype() == "html" else text)


class Browser:
    """Opens pages by HTTPS, trusting the lab's authority only."""

    def __init__(self, authority: str) -> None:
        self._context = ssl.create_default_context(cafile=authority)

    def open(self, url: str, fields: t.Mapping[str, str] | None = None) -> tuple[int, _Page]:
        if not url.startswith("https://"):
            raise ValueError(f"a person does not open this: {url}")
        data = None if fields is None else urllib.parse.urlencode(fields).encode("ascii")
        try:
            with urllib.request.urlopen(url, data, timeout=SECONDS, context=self._context) as answer:
                return answer.status, _Page.of(answer.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _Page.of(error.read().decode("utf-8", "replace"))


class _Page(HTMLParser):
    """Text as one sees it, each link's address after its words, and the form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self._hidden: dict[str, str] = {}
        self._buttons: dict[str, dict[str, str]] = {}
        self._pressing: tuple[dict[str, str], list[str]] | None = None
        self._href = ""
        self._seen: list[str] = []

    @classmethod
    def of(cls, html: str) -> _Page:
        page = cls()
        page.feed(html)
        page.close()
        return page

    @property
    def text(self) -> str:
        return " ".join("".join(self._seen).split())

    def fields_with(self, button: str) -> dict[str, str]:
        """What a browser sends when this button is pressed."""
        if button not in self._buttons:
            raise NoButton(f"the page has no button {button}. It says: {self.text}")
        return {**self._hidden, **self._buttons[button]}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form" and facts.get("method", "").lower() == "post":
            self.action = facts.get("action", "")
        elif tag == "input" and (facts.get("type") == "hidden" or "checked" in facts):
            self._hidden[facts.get("name", "")] = facts.get("value", "")
        elif tag == "button":
            self._pressing = ({facts["name"]: facts.get("value", "")} if facts.get("name") else {}, [])
        elif tag == "a":
            self._href = facts.get("href", "")
        self._seen.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._pressing is not None:
            fields, words = self._pressing
            self._buttons["".join(words).strip()] = fields
            self._pressing = None
        elif tag == "a":
            self._seen.append(f" {self._href} ")
            self._href = ""

    def handle_data(self, data: str) -> None:
        self._seen.append(data)
        if self._pressing is not None:
            self._pressing[1].append(data)


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit("usage: python -m lab.human LAB_FOLDER ADDRESS [BUTTON]")
    print(press(json.loads(Path(sys.argv[1], "lab.json").read_text("utf-8")), *sys.argv[2:]).after)
