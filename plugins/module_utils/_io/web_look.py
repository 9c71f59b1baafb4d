# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches a validation file as a CA does (BR 3.2.2.4.18 and .19), and says hop by hop what came.

Addresses come from sight's resolvers, never from this machine's; host header and TLS name are those of the URL.
Redirects: only 301, 302, 307, 308 with Location, only to http and https on ports 80 and 443; how many, and whether to
another domain, is the CA's own rule (``_data/file_looks.py``). Certificates are not verified on this look: the rules
ask for none, and the page may be why one is wanted. Nothing secret is sent. Inner addresses are not fetched from: a
redirect would let strangers knock at doors of this network.

This file is private to the collection.
"""

from __future__ import annotations

import errno
import re
import time
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding, sentences
from ansible_collections.inkan.tls.plugins.module_utils._core.inner_addresses import is_inner
from ansible_collections.inkan.tls.plugins.module_utils._core.names import is_address, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url, escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._data.file_looks import FILE_LOOKS, FileLook
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

LOOKS: dict[str, FileLook] = {row.key: row for row in FILE_LOOKS}
#: a token has some hundred octets; a page that answers everything is cut off here
MAX_BODY = 64 * 1024
MAX_ADDRESSES = 16
#: one request, and one walk through all its redirects
REQUEST_SECONDS = 10.0
WALK_SECONDS = 40.0
_REDIRECTS = (301, 302, 307, 308)
_META_REFRESH = re.compile(rb"""<meta\s[^<>]{0,300}?http-equiv\s{0,9}=\s{0,9}["']?refresh""", re.IGNORECASE)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_ACME = "/.well-known/acme-challenge/"


class FileWish(t.NamedTuple):
    """ca: the row of ``file_looks``."""

    url: str
    content: str
    ca: str = "any"

    @property
    def rules(self) -> FileLook:
        return LOOKS["acme"] if _is_acme(self.url) else LOOKS[self.ca]


class Hop(t.NamedTuple):
    """One request; status None: no answer came."""

    url: str
    address: str
    status: int | None


class Visit(t.NamedTuple):
    """The walk from one address of the host to the end. found None: this machine cannot reach the address's family.
    word: the code of what is wrong.
    """

    address: str
    found: bool | None
    status: int | None
    hops: tuple[Hop, ...]
    reason: str
    word: str = ""


class FileSighting(t.NamedTuple):
    """visible: every address that could be reached serves the content."""

    visits: tuple[Visit, ...]
    findings: tuple[Finding, ...]

    @property
    def visible(self) -> bool:
        return not self.lacking

    @property
    def lacking(self) -> tuple[str, ...]:
        return tuple(sentences(one for one in self.findings if one.is_fatal))

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(sentences(one for one in self.findings if not one.is_fatal))


class AddressBook(t.Protocol):
    def addresses(self, host: str) -> t.Sequence[str]:
        """Every address of the host as the CA's resolver would find it; raises InkanError."""


class Fetch(t.Protocol):
    """One request to one address; the URL's host is what is asked for."""

    def __call__(self, url: str, address: str, port: int, timeout: float) -> HttpResponse: ...


def fetch(url: str, address: str, port: int, timeout: float) -> HttpResponse:
    """Over the network; its own connection, so that threads may call it."""
    client = DirectHttp(as_ca_looks=True, max_body=MAX_BODY)
    try:
        return client.request("GET", url, timeout=timeout, connect_to=(address, port))
    finally:
        client.close()


class _Target(t.NamedTuple):
    url: str
    host: str
    port: int


class _Stop(t.NamedTuple):
    """Why a URL is not fetched: code and reason."""

    word: str
    why: str


#: the registrable domain of a name, None where it cannot be told
BaseOf = t.Callable[[str], t.Optional[str]]


def url_error(url: str) -> str | None:
    """Why a CA would not fetch this URL, or None."""
    target = _first_target(url)
    return target.why if isinstance(target, _Stop) else None


def look(
    wishes: t.Iterable[FileWish],
    book: AddressBook,
    sight: Sight,
    executor: Executor,
    fetch: Fetch = fetch,
    monotonic: t.Callable[[], float] = time.monotonic,
    base_of: BaseOf = lambda _name: None,
) -> dict[FileWish, FileSighting]:
    """One look at all of them, from every address of each host."""
    unique = list(dict.fromkeys(wishes))
    starts = dict(zip(unique, executor.map(lambda wish: _starts(wish, book, sight), unique)))
    pairs = [(wish, address) for wish in unique for address in starts[wish].addresses]

    def visit(pair: tuple[FileWish, str]) -> Visit:
        ends = monotonic() + WALK_SECONDS
        get = _Get(sight, fetch, lambda: min(REQUEST_SECONDS, ends - monotonic()))
        return _Walk(pair[0], pair[1], book, get, base_of).to_the_end()

    visits = dict(zip(pairs, executor.map(visit, pairs)))
    return {
        wish: _sighting(wish, [visits[wish, address] for address in starts[wish].addresses], starts[wish])
        for wish in unique
    }


class _Starts(t.NamedTuple):
    """The addresses to visit; inner ones; or why there is none."""

    addresses: t.Sequence[str] = ()
    inner: t.Sequence[str] = ()
    stop: _Stop | None = None


def _starts(wish: FileWish, book: AddressBook, sight: Sight) -> _Starts:
    target = _first_target(wish.url)
    if isinstance(target, _Stop):
        return _Starts(stop=target)
    if wish.content.strip() and wish.content.strip() in wish.url:
        why = "the value is part of the URL, which proves nothing (BR 3.2.2.4.18)"
        return _Starts(stop=_Stop("file_value_in_url", why))
    try:
        found = book.addresses(target.host)[:MAX_ADDRESSES]
    except InkanError as error:
        return _Starts(stop=_Stop("file_no_address", error.sentence()))
    if not found:
        return _Starts(stop=_Stop("file_no_address", f"{target.host} has no address"))
    inner = [] if sight.may_be_private else [address for address in found if is_inner(address)]
    return _Starts([address for address in found if address not in inner], inner)


def _sighting(wish: FileWish, visits: t.Sequence[Visit], starts: _Starts) -> FileSighting:
    shown = bare_url(wish.url)
    findings = [Finding(starts.stop.word, shown, "", starts.stop.why)] if starts.stop else []
    findings += [
        Finding("file_private_address", shown, address, "is an address of an inner network") for address in starts.inner
    ]
    findings += [Finding(visit.word, shown, visit.address, visit.reason) for visit in visits if visit.found is False]
    findings += [
        Finding("file_not_tried", shown, one.address, f"was not looked at: {one.reason}")
        for one in visits
        if one.found is None
    ]
    if not any(one.is_fatal for one in findings) and not any(visit.found for visit in visits):
        findings.append(Finding("file_none_reached", shown, "", "no address of the host could be reached"))
    return FileSighting(tuple(visits), tuple(findings))


# --- one walk --------------------------------------------------------------------------------------------------------


class _Get(t.NamedTuple):
    """From the first address that answers, as a CA falls back from IPv6 to IPv4, within the time of the walk."""

    sight: Sight
    fetch: Fetch
    seconds_left: t.Callable[[], float]

    def __call__(self, target: _Target, addresses: t.Sequence[str]) -> tuple[HttpResponse, str]:
        port = self.sight.https_port if target.port == 443 else self.sight.http_port
        failure = TransportError(code="http_no_address", what=f"{target.host} has no address", todo="Check its records")
        for address in addresses[:MAX_ADDRESSES]:
            if not self.sight.may_be_private and is_inner(address):
                continue
            try:
                return self.fetch(target.url, address, port, self.seconds_left()), address
            except TransportError as error:
                failure = error
        raise failure


class _Walk:
    """From one address through all redirects."""

    def __init__(self, wish: FileWish, address: str, book: AddressBook, get: _Get, base_of: BaseOf) -> None:
        self._wish = wish
        self._address = address
        self._book = book
        self._get = get
        self._base_of = base_of
        self._hops: list[Hop] = []
        self._seen: set[str] = set()

    def to_the_end(self) -> Visit:
        url: str | Visit = self._wish.url
        while isinstance(url, str):
            url = self._step(url)
        return url

    def _end(self, found: bool | None, status: int | None, word: str, reason: str) -> Visit:
        return Visit(self._address, found, status, tuple(self._hops), reason, word)

    def _step(self, url: str) -> str | Visit:
        """The next URL, or the end."""
        target = _parse(url)
        if isinstance(target, _Stop):
            return self._end(False, self._hops[-1].status, target.word, f"redirects to {bare_url(url)}: {target.why}")
        stop = self._stop(target)
        if stop is not None:
            return self._end(False, self._hops[-1].status, stop.word, f"redirects to {bare_url(url)}: {stop.why}")
        self._seen.add(target.url)
        try:
            response, used = self._get(target, self._book.addresses(target.host) if self._hops else [self._address])
        except InkanError as error:
            found = None if not self._hops and _no_route(error) else False
            word = _failure_word(error, bool(self._hops))
            self._hops.append(Hop(bare_url(url), self._address if not self._hops else "", None))
            return self._end(found, None, word, f"gives no answer: {error.sentence()}")
        self._hops.append(Hop(bare_url(url), used, response.status))
        location = response.headers.get("location", "")
        if response.status not in _REDIRECTS or not location:
            word, reason = _judged(self._wish, response)
            return self._end(not reason, response.status, word, reason or "serves the content")
        return self._next(url, location, response.status)

    def _next(self, url: str, location: str, status: int) -> str | Visit:
        try:
            following = urllib.parse.urljoin(url, location)
        except ValueError:
            reason = f"redirects to what is no URL: {escaped(location, 200)}"
            return self._end(False, status, "file_redirect_host", reason)
        if following in self._seen:
            return self._end(
                False, status, "file_redirect_loop", f"redirects in a circle, back to {bare_url(following)}"
            )
        most = self._wish.rules.most_redirects
        if len(self._hops) > most:
            return self._end(False, status, "file_redirect_many", f"redirects more than {most} times")
        return following

    def _stop(self, target: _Target) -> _Stop | None:
        """Why a redirect is not followed to there."""
        if not self._hops:
            return None
        if self._wish.rules.same_domain:
            here = self._base_of(urllib.parse.urlsplit(self._wish.url).hostname or "")
            there = self._base_of(target.host)
            if here is not None and here != there:
                return _Stop("file_redirect_domain", f"this CA follows within {here} only")
        if self._get.sight.may_be_private:
            return None
        try:
            addresses = self._book.addresses(target.host)
        except InkanError:
            return None
        if addresses and all(is_inner(address) for address in addresses):
            return _Stop("file_redirect_private", f"{target.host} has addresses of an inner network only")
        return None


_FAILURES = {
    "http_timeout": "file_silent",
    "http_connect_timeout": "file_silent",
    "http_no_time_left": "file_silent",
    "http_no_connection": "file_unreachable",
    "http_no_tls": "file_tls",
    "http_too_large": "file_too_large",
    "http_no_address": "file_no_address",
    "dns_unresolved": "file_no_address",
}


def _failure_word(error: InkanError, redirected: bool) -> str:
    if error.code in ("http_bad_request", "http_bad_url") and redirected:
        return "file_redirect_host"
    return _FAILURES.get(error.code, "file_bad_answer")


def _no_route(error: InkanError) -> bool:
    """This machine lacks the address family: that says nothing about the server."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _NO_ROUTE


def _first_target(url: str) -> _Target | _Stop:
    """As ``_parse``, for what is fetched before any redirect."""
    target = _parse(url)
    if isinstance(target, _Stop):
        return _Stop("file_bad_url", target.why)
    if _is_acme(url) and (target.port != 80 or not target.url.startswith("http:")):
        return _Stop("file_bad_url", "an ACME token is first fetched by http on port 80 (RFC 8555 §8.3)")
    return target


def _is_acme(url: str) -> bool:
    return _ACME in url and urllib.parse.urlsplit(url).path.startswith(_ACME)


def _parse(url: str) -> _Target | _Stop:
    """Host and port of a URL that a CA fetches, or why it does not."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as failure:
        return _Stop("file_redirect_host", escaped(f"it is no URL: {failure}", 200))
    if parts.scheme not in ("http", "https"):
        return _Stop("file_redirect_scheme", "only http and https are fetched")
    host = (parts.hostname or "").rstrip(".")
    if "@" in parts.netloc:
        return _Stop("file_redirect_host", "it carries a user name or password")
    if is_address(host):
        return _Stop("file_redirect_host", "it names an address; CAs fetch from DNS names")
    reason = owner_name_error(host)
    if reason:
        return _Stop("file_redirect_host", escaped(f"its host is no DNS name: {reason}", 200))
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in (80, 443):
        why = f"port {port} is not fetched from, only 80 and 443 are (BR Authorized Ports)"
        return _Stop("file_redirect_port", why)
    clean = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))
    return _Target(clean, host, port)


def _judged(wish: FileWish, response: HttpResponse) -> tuple[str, str]:
    """Code and reason why this answer is not what the CA wants; empty if it is."""
    if response.status in _REDIRECTS:
        return "file_redirect_nowhere", f"answers {response.status} without saying where to"
    if not 200 <= response.status < 300:
        word = "file_redirect_status" if 300 <= response.status < 400 else "file_status"
        return word, f"answers {response.status}"
    body, rules, wanted = response.body, wish.rules, wish.content.strip().encode()
    if len(body) > rules.most_octets:
        return "file_too_large", f"serves {len(body)} octets, this CA reads {rules.most_octets}"
    if rules.whole:
        # RFC 8555 §8.3: the body is the key authorization, white space at its end ignored
        said = body.rstrip() if _is_acme(wish.url) else body.strip()
        return ("", "") if said == wanted else _other_content(body, wanted)
    return ("", "") if wanted in body else _other_content(body, wanted)


_BOM = b"\xef\xbb\xbf"


def _other_content(body: bytes, wanted: bytes) -> tuple[str, str]:
    if _META_REFRESH.search(body):
        return "file_meta_refresh", "serves a page that sends browsers on by meta refresh, which no CA follows"
    if body.startswith(_BOM) and body[len(_BOM) :].strip() == wanted:
        return "file_bom", "serves the content with a byte order mark before it"
    if any(wanted.decode("ascii", "replace").encode(form) in body for form in ("utf-16-le", "utf-16-be")):
        return "file_utf16", "serves the content as UTF-16"
    if wanted in body:
        return "file_other_content", "serves the content with more around it"
    if body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "file_page_for_all", "serves other content: a page of HTML"
    return "file_other_content", "serves other content"
