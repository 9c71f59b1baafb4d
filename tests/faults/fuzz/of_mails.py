# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails, the server that hands them out, the pages behind their links, and tokens for mailboxes."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    OurOrder,
    about_of,
    names_in,
    values_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_form import sending
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_links import (
    Place,
    approving_link,
    shown_link,
    unwrapped,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import Border as Gate
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import authentication_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import MAIL_PROFILES
from ansible_collections.inkan.tls.plugins.module_utils._mail import imap
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.oauth import with_token
from ansible_collections.inkan.tls.plugins.module_utils._mail.pages import Browser, read_page
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import FakeClock
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module import mailroom

from fuzz.border import Border
from fuzz.deck import Card, Deck, HostileHttp, mutated_deck

__all__ = ["BORDERS"]

_WHEN = datetime(2026, 11, 20, tzinfo=timezone.utc)
_PLACE = Place((mailroom.HOST,), "/link", ("reject",))
_GATES = (Gate("mx.example.jp", ("mx.example.jp",)), Gate(microsoft=True), Gate())
_ORDER = OurOrder("shop", "ref-1", "digicert", "main", ("shop.example.jp", "*.shop.example.jp"), _WHEN)
_MOST_ATTACHMENTS = 60


def _play_mail(raw: bytes) -> object:
    mail = read_mail(Letter("1", raw, _WHEN, False))
    assert len(mail.text) <= 200_000
    assert len(mail.attachments) <= _MOST_ATTACHMENTS
    found = approving_link(mail.links, _PLACE)
    for gate in _GATES:
        wrong = authentication_error(mail.trace, gate, mail.senders[0] if mail.senders else "")
        assert wrong is None or re.fullmatch(r"[a-z_]+", wrong[0])
    for profile in MAIL_PROFILES:
        about_of(mail.subject, profile)
    return {"why": found.why, "where": shown_link(found.url) if found.url else ""}


def _seeds_mail() -> list[bytes]:
    html = (
        "<html><body><p>承認 <a href='https://approve.digicert.example/link?t=1'>here</a>"
        "<script>x</script><!-- c --></body></html>"
    )
    parts = (
        b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: text/html; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"PGEgaHJlZj0iaHR0cDovL2EiPg==\r\n"
        b"--x\r\nContent-Disposition: attachment; filename*=utf-8''%e3%81%82.zip\r\n\r\nabc\r\n--x--\r\n"
    )
    wrapped = "https://urldefense.com/v3/__https://approve.digicert.example/link?t=1*x__;Kg!!a"
    safe = "https://jpn01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fapprove.digicert.example%2Flink%3Ft%3D1"
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(1200)
    )
    anchor = "<a href='https://urldefense.com/v\n3/__https://x__;!!'>x</a>"
    return [
        mailroom.letter(),
        mailroom.letter(link=wrapped),
        mailroom.letter(link=safe, Subject="=?iso-2022-jp?b?GyRCPjVHJxsoQg==?= x"),
        mailroom.letter(text=html, Content_Type="text/html; charset=shift_jis"),
        mailroom.letter(text=anchor, Content_Type="text/html; charset=utf-8"),
        parts,
        deep,
        mailroom.letter(Authentication_Results="mx.example.jp; (a(b)c) dkim=pass header.d=a.example; dmarc=fail"),
    ]


def _play_links(raw: bytes) -> object:
    links = raw.decode("utf-8", "replace").split(" ")
    found = approving_link(links, _PLACE)
    if found.url:
        again = unwrapped(found.url)
        host = re.match(r"https://([^/?#]*)", again)
        assert host is not None and host[1].lower() in (mailroom.HOST, f"{mailroom.HOST}:443"), again[:200]
        shown_link(found.url)
    return {"why": found.why}


def _seeds_links() -> list[bytes]:
    one = mailroom.LINK
    wrapped = f"https://urldefense.proofpoint.com/v2/url?u={one.replace('%', '-').replace('/', '_')}"
    v3 = f"https://urldefense.com/v3/__{one}__;Kg!!x"
    return [one.encode(), wrapped.encode(), v3.encode(), f"{one} https://a@{mailroom.HOST}/link?x".encode()]


# --- pages -----------------------------------------------------------------------------------------------------------


def _play_page(raw: bytes) -> object:
    kind, _mark, body = raw.partition(b"\n")
    page = read_page(HttpResponse(200, {"content-type": kind.decode("latin-1")}, body, mailroom.LINK))
    for profile in MAIL_PROFILES:
        for step in range(len(profile.forms)):
            made = sending(page, profile, step, _ORDER, "shop.example.jp", "x")
            assert not hasattr(made, "url") or made.url.startswith(f"https://{mailroom.HOST}/"), made
    names_in(values_of(page.rows, ("Domain", "ドメイン")))
    return None


def _seeds_page() -> list[bytes]:
    page = mailroom.page().encode()
    odd = b"<base href='http://['><form action='//[x' method=post><button>Approve</button></form>"
    radio = (
        b"<form method=post><label for=f>FQDN</label><input type=radio id=f name=s value=1><select name=a>"
        b"<textarea name=b></textarea><input type=image alt=x><button name=n value=v>Approve</button></form>"
    )
    return [b"text/html; charset=utf-8\n" + one for one in (page, odd, radio)] + [b"text/html\n<meta charset=x>"]


def _play_visit(raw: bytes) -> object:
    """A link, what it leads to, and what comes after the form: never to another host."""
    clock = FakeClock()
    http = HostileHttp(Deck.read(raw), clock)
    asked: list[str] = []
    request = http.request

    def noting(method: str, url: str, **more: t.Any) -> HttpResponse:
        asked.append(url)
        return request(method, url, **more)

    http.request = noting  # type: ignore[method-assign]
    browser = Browser(http, seconds=5.0)
    browser.show(mailroom.LINK)
    browser.send(mailroom.LINK, [("t", "1"), ("名", "値")])
    strange = [url for url in asked if not url.startswith(f"https://{mailroom.HOST}/")]
    assert not strange, f"it went elsewhere: {strange[0][:200]!r}"
    return None


def _seeds_visit() -> list[bytes]:
    headers = {"content-type": "text/html; charset=utf-8", "set-cookie": "a=b; path=/, c=d"}
    page = Card("", 200, headers, mailroom.page().encode())
    moved = Card("", 302, {"location": "/link?t=2", "set-cookie": "a=b"}, b"")
    return [Deck("show", cards).raw() for cards in ((page,), (moved, page), (page, moved))]


# --- mailboxes -------------------------------------------------------------------------------------------------------


class _Wire:
    """A socket that answers each line of the client with the next piece; @@ is the tag of what was asked."""

    def __init__(self, pieces: t.Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self._waiting = self._pieces.pop(0) if self._pieces else b""

    def sendall(self, data: bytes) -> None:
        tag = data.split(b" ", 1)[0].strip()
        self._waiting += (self._pieces.pop(0) if self._pieces else b"").replace(b"@@", tag)

    def makefile(self, *_mode: object, **_more: object) -> _Wire:
        return self

    def readline(self, limit: int = -1) -> bytes:
        line, mark, rest = self._waiting.partition(b"\n")
        self._waiting = rest
        return (line + mark)[:limit] if limit > 0 else line + mark

    def read(self, size: int) -> bytes:
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        return found

    def settimeout(self, _seconds: float) -> None:
        """Nobody waits here."""

    def shutdown(self, *_how: object) -> None:
        """It was open."""

    def close(self) -> None:
        """It was open."""


def _play_imap(raw: bytes) -> object:
    wire = _Wire(raw.split(b"\n%%\n"))
    config = MailboxConfig("m", "imap", {"host": "mx.example.jp", "user": "a"}, {"password": "secret-word-1"})
    box = imap.ImapMailbox(config, FakeClock(), deadline=60.0)

    class Dialled(imap._Bounded):
        def _create_socket(self, *_timeout: object) -> t.Any:
            return wire

    box._connected = lambda: Dialled(box._opened, "mx.example.jp")  # type: ignore[method-assign]
    with contextlib.ExitStack() as stack:
        stack.enter_context(box)
        return [one.id for one in box.letters(since=_WHEN)]


def _seeds_imap() -> list[bytes]:
    letter = b"From: a@b.example\r\n\r\nx"
    body = b"* 1 FETCH (UID 7 BODY[]<0> {%d}\r\n%s)\r\n@@ OK done\r\n" % (len(letter), letter)
    when = b'* 1 FETCH (UID 7 RFC822.SIZE 30 INTERNALDATE "20-Nov-2026 09:00:00 +0900")\r\n@@ OK done\r\n'
    far = b'* 1 FETCH (UID 7 RFC822.SIZE 30 INTERNALDATE "31-Dec-9999 23:59:59 -2300")\r\n@@ OK done\r\n'
    pieces = [
        b"* OK hello\r\n",
        b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n@@ OK done\r\n",
        b"+ \r\n",
        b"@@ OK done\r\n",
        b"* 1 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n@@ OK [READ-ONLY] done\r\n",
        b"* SEARCH 7\r\n@@ OK done\r\n",
        when,
        body,
        b"* BYE\r\n@@ OK done\r\n",
    ]
    plain = [pieces[0], b"* CAPABILITY IMAP4rev1\r\n@@ OK done\r\n", b"@@ OK done\r\n", *pieces[4:]]
    odd = [*plain[:4], b"* SEARCH {1}\r\n7 8\r\n@@ OK done\r\n", *plain[5:]]
    return [b"\n%%\n".join(one) for one in (pieces, plain, [*plain[:5], far, *plain[6:]], odd)]


def _play_token(raw: bytes) -> object:
    settings = {"oauth2": {"service": "microsoft365", "tenant": "t", "client_id": "c"}, "user": "u", "host": "h"}
    config = MailboxConfig("m", "imap", settings, {"client_secret": "secret-word-1"})
    return with_token(config, HostileHttp(Deck.read(raw), FakeClock()), FakeClock(), None, 5.0).name


def _seeds_token() -> list[bytes]:
    good = Card("", 200, {}, json.dumps({"access_token": "abc", "expires_in": 3600}).encode())
    bad = Card("", 400, {}, json.dumps({"error": "invalid_client", "error_description": "no"}).encode())
    return [Deck("token", (one,)).raw() for one in (good, bad)]


BORDERS = (
    Border("mails", "hostile mails", _play_mail, _seeds_mail, reads=("_mail/reading.py",), short=90),
    Border("links of mails", "hostile mails", _play_links, _seeds_links, short=90),
    Border("approval pages", "hostile pages", _play_page, _seeds_page, reads=("_mail/pages.py",), short=90),
    Border("visits to approval pages", "hostile pages", _play_visit, _seeds_visit, mutated_deck, short=60),
    Border("mailbox imap", "hostile mails", _play_imap, _seeds_imap, reads=("_mail/imap.py",), short=70),
    Border("tokens of mailboxes", "hostile mails", _play_token, _seeds_token, mutated_deck, reads=("_mail/oauth.py",)),
)
