# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A letter as people read it: who, what, text, links, attachments. It is hostile: nothing is fetched or shown raw.

Every header of one name is kept, for a second From is told by no library (awx-and-mail 3.2). Links of HTML are taken
from ``href``, never from what the link shows.

This file is private to the collection.
"""

from __future__ import annotations

import email
import email.errors
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import re
import typing as t
from html.parser import HTMLParser

from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter

__all__ = ["Attachment", "Mail", "closed", "decoded", "id_of", "read_mail"]

_MAX_PARTS = 50
_TRACE = ("received", "authentication-results")
_MAX_TEXT = 200_000
_MAX_HEADER = 10_000
#: Comments, and groups, in one header: Python reads what lies within them by recursion.
_MAX_NESTED = 20
#: Names of charsets in Japanese mails that Python does not know, or knows too narrowly (awx-and-mail 3.3).
_CHARSETS = {
    "windows-31j": "cp932",
    "ms932": "cp932",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp",
    "eucjp-ms": "euc_jp",
}
_URL = re.compile(r"https?://[^\s<>\"'、。「」（）]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_TAG = re.compile(r"""<!--.*?-->|<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""", re.DOTALL)
_MAX_TAG = 4096
_MAX_UNCLOSED = 1000
_WHITE = re.compile(r"[ \t\r\f\v\u3000]+")


class Attachment(t.NamedTuple):
    """name: as the mail says it, only to be looked at, never a path; kind: its MIME type, lower case."""

    name: str
    kind: str
    content: bytes


class Mail(t.NamedTuple):
    """senders: the addresses of all From headers; recipients: of Delivered-To, X-Original-To, To and Cc.

    from_count: how many From headers there are: more than one is forged. text: plain text if there is one, else what
    HTML shows. links: of text and HTML, in order, each once, as written. authentication: the values of all
    Authentication-Results, the topmost first. trace: these and all Received, with their names, the topmost first.
    """

    letter: Letter
    message_id: str
    senders: tuple[str, ...]
    from_count: int
    recipients: tuple[str, ...]
    subject: str
    text: str
    links: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    authentication: tuple[str, ...]
    trace: tuple[tuple[str, str], ...] = ()


def read_mail(letter: Letter) -> Mail:
    message, (plain, pages, attachments) = _opened(letter.raw)
    shown = [_Page(page) for page in pages]
    text = "\n".join(plain) if any(part.strip() for part in plain) else "\n".join(page.text for page in shown)
    links = [link for page in shown for link in page.links] + [link for part in plain for link in _URL.findall(part)]
    return Mail(
        letter=letter,
        message_id=_header(message, "Message-ID").strip(),
        senders=_addresses(message, "From"),
        from_count=len(message.get_all("From", [])),
        recipients=_addresses(message, "Delivered-To", "X-Original-To", "To", "Cc"),
        subject=_WHITE.sub(" ", _header(message, "Subject").replace("\n", "")).strip(),
        text=text[:_MAX_TEXT],
        links=tuple(dict.fromkeys(link.strip() for link in links)),
        attachments=attachments,
        authentication=tuple(_unfolded(value) for value in message.get_all("Authentication-Results", [])),
        trace=tuple((name, _unfolded(value)) for name, value in message.items() if name.lower() in _TRACE),
    )


def id_of(raw: bytes) -> str:
    """The Message-ID, where it has the form of one (RFC 5322, 3.6.4); the sender's claim. Nothing else is read."""
    head = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw)
    found = _MESSAGE_ID.fullmatch(_header(head, "Message-ID").strip())
    return found.group() if found else ""


def _opened(raw: bytes) -> tuple[email.message.Message, _Parts]:
    """Of parts within parts within parts, deeper than the library can go, nothing but the head is read."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        return message, _parts(message)
    except RecursionError:
        return email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw), ([], [], ())


# --- headers -------------------------------------------------------------------------------------------------------


def _header(message: email.message.Message, name: str) -> str:
    """Bytes beyond ASCII stand there as such in some mails: UTF-8 (RFC 6532), or nothing that can be read."""
    found = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
    raw = next(found, "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _decoded_header(raw)


def _decoded_header(value: str) -> str:
    """RFC 2047; bytes that are no text become U+FFFD."""
    try:
        pieces = email.header.decode_header(value)
    except (ValueError, email.errors.HeaderParseError):
        return value
    return "".join(piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in pieces)


def _addresses(message: email.message.Message, *names: str) -> tuple[str, ...]:
    """addr-specs, the domain in lower case; of what cannot be read nothing is made up."""
    values = [_unfolded(value) for name in names for value in message.get_all(name, [])]
    values = [value for value in values if len(value) <= _MAX_HEADER and _is_shallow(value)]
    found = [address for _name, address in email.utils.getaddresses(values) if "@" in address]
    halves = (address.rpartition("@") for address in found)
    return tuple(dict.fromkeys(f"{local}@{domain.lower()}" for local, _at, domain in halves))


def _is_shallow(value: str) -> bool:
    return value.count("(") <= _MAX_NESTED and value.count(":") <= _MAX_NESTED


def _unfolded(value: t.Any) -> str:
    return " ".join(str(value).split())


# --- bodies --------------------------------------------------------------------------------------------------------


_Parts = tuple[list[str], list[str], tuple[Attachment, ...]]


def _parts(message: email.message.Message) -> _Parts:
    plain: list[str] = []
    pages: list[str] = []
    attachments: list[Attachment] = []
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS:
            break
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), part.get_filename()
        content = part.get_payload(decode=True)
        body = content if isinstance(content, bytes) else b""
        if name is not None or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attachments.append(Attachment(_decoded_header(name or ""), kind, body))
        elif kind == "text/html":
            pages.append(decoded(body, part.get_content_charset()))
        else:
            plain.append(decoded(body, part.get_content_charset()))
    return plain, pages, tuple(attachments)


def decoded(body: bytes, charset: str | None) -> str:
    name = (charset or "utf-8").lower()
    try:
        return body.decode(_CHARSETS.get(name, name), "replace")
    except (LookupError, ValueError):  # an unknown name, or a codec that does not decode text
        return body.decode("utf-8", "replace")


def closed(page: str) -> str:
    """With every ``<`` that opens no whole tag written out: the library looks for the ends of such to the end of the
    page, again and again, which takes minutes for a page that is made for it."""
    kept: list[str] = []
    start, left = 0, _MAX_UNCLOSED
    while left and (found := page.find("<", start)) >= 0:
        kept.append(page[start:found])
        tag = _TAG.match(page, found, found + _MAX_TAG)
        if tag is None:
            left -= 1
            kept.append("&lt;")
        start = found + 1 if tag is None else tag.end()
        kept.append("" if tag is None else tag[0])
    return "".join([*kept, page[start:].replace("<", "&lt;")])


class _Page(HTMLParser):
    """What a page of HTML shows, and where its links lead."""

    _HIDDEN = ("script", "style", "head", "template")
    _LINES = ("p", "br", "div", "tr", "li", "table", "h1", "h2", "h3", "h4")

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._words: list[str] = []
        self._hidden = 0
        self.feed(closed(page))
        self.close()

    @property
    def text(self) -> str:
        lines = (_WHITE.sub(" ", line).strip() for line in "".join(self._words).split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN:
            self._hidden += 1
        if tag in self._LINES:
            self._words.append("\n")
        if tag in ("a", "area"):
            self.links += [value for key, value in attrs if key == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in self._LINES:
            self._words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)
