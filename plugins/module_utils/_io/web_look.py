# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches a validation file as a CA does (BR 3.2.2.4.18 and .19), and says hop by hop what came.

Addresses come from sight's resolvers, never from this machine's; host header and TLS name are those of the URL.
Redirects: only 301, 302, 307, 308 with Location, only to http and https on ports 80 and 443, at most ten. Certificates
are not verified on this look: the rules ask for none, and the page may be why one is wanted. Nothing secret is sent.

This file is private to the collection.
"""

from __future__ import annotations

import errno
import re
import time
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import is_address, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url, escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

MAX_HOPS = 10
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
    url: str
    content: str


class Hop(t.NamedTuple):
    """One request; status None: no answer came."""

    url: str
    address: str
    status: int | None


class Visit(t.NamedTuple):
    """The walk from one address of the host to the end. found None: this machine cannot reach the address's family."""

    address: str
    found: bool | None
    status: int | None
    hops: tuple[Hop, ...]
    reason: str


class FileSighting(t.NamedTuple):
    """visible: every address that could be reached serves the content."""

    visible: bool
    visits: tuple[Visit, ...]
    lacking: tuple[str, ...]
    warnings: tuple[str, ...]


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


def url_error(url: str) -> str | None:
    """Why a CA would not fetch this URL, or None."""
    target = _first_target(url)
    return target if isinstance(target, str) else None


def look(
    wishes: t.Iterable[FileWish],
    book: AddressBook,
    sight: Sight,
    executor: Executor,
    fetch: Fetch = fetch,
    monotonic: t.Callable[[], float] = time.monotonic,
) -> dict[FileWish, FileSighting]:
    """One look at all of them, from every address of each host."""
    unique = list(dict.fromkeys(wishes))
    starts = {wish: _starts(wish, book) for wish in unique}
    pairs = [(wish, address) for wish in unique for address in starts[wish][0]]

    def visit(pair: tuple[FileWish, str]) -> Visit:
        ends = monotonic() + WALK_SECONDS
        get = _Get(sight, fetch, lambda: min(REQUEST_SECONDS, ends - monotonic()))
        return _visit(pair[0], pair[1], book, get)

    visits = dict(zip(pairs, executor.map(visit, pairs)))
    return {
        wish: _sighting(wish, [visits[wish, address] for address in starts[wish][0]], starts[wish][1])
        for wish in unique
    }


def _starts(wish: FileWish, book: AddressBook) -> tuple[t.Sequence[str], str]:
    """The addresses to visit, or why there is none."""
    target = _first_target(wish.url)
    if isinstance(target, str):
        return (), target
    if wish.content.strip() and wish.content.strip() in wish.url:
        return (), "the value is part of the URL, which proves nothing (BR 3.2.2.4.18)"
    try:
        found = book.addresses(target.host)
    except InkanError as error:
        return (), error.sentence()
    return found[:MAX_ADDRESSES], "" if found else f"{target.host} has no address"


def _sighting(wish: FileWish, visits: t.Sequence[Visit], problem: str) -> FileSighting:
    shown = bare_url(wish.url)
    lacking = [f"{shown}: {problem}"] if problem else []
    lacking += [f"{shown}: {visit.address} {visit.reason}" for visit in visits if visit.found is False]
    warnings = [f"{shown}: {one.address} was not looked at: {one.reason}" for one in visits if one.found is None]
    if not lacking and not any(visit.found for visit in visits):
        lacking.append(f"{shown}: no address of the host could be reached")
    return FileSighting(not lacking, tuple(visits), tuple(lacking), tuple(warnings))


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
            try:
                return self.fetch(target.url, address, port, self.seconds_left()), address
            except TransportError as error:
                failure = error
        raise failure


def _visit(wish: FileWish, address: str, book: AddressBook, get: _Get) -> Visit:
    """From ``address`` through all redirects."""
    hops: list[Hop] = []
    url = wish.url

    def end(found: bool | None, status: int | None, reason: str) -> Visit:
        return Visit(address, found, status, tuple(hops), reason)

    while True:
        target = _parse(url)
        if isinstance(target, str):
            return end(False, hops[-1].status, f"redirects to {bare_url(url)}: {target}")
        try:
            response, used = get(target, book.addresses(target.host) if hops else [address])
        except InkanError as error:
            found = None if not hops and _no_route(error) else False
            hops.append(Hop(bare_url(url), address if not hops else "", None))
            return end(found, None, f"gives no answer: {error.sentence()}")
        hops.append(Hop(bare_url(url), used, response.status))
        location = response.headers.get("location", "")
        if response.status not in _REDIRECTS or not location:
            reason = _reason(wish, response)
            return end(not reason, response.status, reason or "serves the content")
        if len(hops) > MAX_HOPS:
            return end(False, response.status, f"redirects more than {MAX_HOPS} times")
        try:
            url = urllib.parse.urljoin(url, location)
        except ValueError:
            return end(False, response.status, f"redirects to what is no URL: {escaped(location, 200)}")


def _no_route(error: InkanError) -> bool:
    """This machine lacks the address family: that says nothing about the server."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _NO_ROUTE


def _first_target(url: str) -> _Target | str:
    """As ``_parse``, for what is fetched before any redirect."""
    target = _parse(url)
    if isinstance(target, _Target) and _is_acme(url) and (target.port != 80 or not target.url.startswith("http:")):
        return "an ACME token is first fetched by http on port 80 (RFC 8555 §8.3)"
    return target


def _is_acme(url: str) -> bool:
    return urllib.parse.urlsplit(url).path.startswith(_ACME)


def _parse(url: str) -> _Target | str:
    """Host and port of a URL that a CA fetches, or why it does not."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as failure:
        return escaped(f"it is no URL: {failure}", 200)
    if parts.scheme not in ("http", "https"):
        return "only http and https are fetched"
    host = (parts.hostname or "").rstrip(".")
    if "@" in parts.netloc:
        return "it carries a user name or password"
    if is_address(host):
        return "it names an address; CAs fetch from DNS names"
    reason = owner_name_error(host)
    if reason:
        return escaped(f"its host is no DNS name: {reason}", 200)
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in (80, 443):
        return f"port {port} is not fetched from, only 80 and 443 are (BR Authorized Ports)"
    clean = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))
    return _Target(clean, host, port)


def _reason(wish: FileWish, response: HttpResponse) -> str:
    """Why this answer is not what the CA wants; empty if it is."""
    if response.status in _REDIRECTS:
        return f"answers {response.status} without saying where to"
    if not 200 <= response.status < 300:
        return f"answers {response.status}"
    wanted = wish.content.strip().encode()
    if _is_acme(wish.url):  # RFC 8555 §8.3: the body is the key authorization, white space at its end ignored
        return "" if response.body.rstrip() == wanted else _other_content(response.body)
    return "" if wanted in response.body else _other_content(response.body)


def _other_content(body: bytes) -> str:
    if _META_REFRESH.search(body):
        return "serves a page that sends browsers on by meta refresh, which no CA follows"
    return "serves other content"
