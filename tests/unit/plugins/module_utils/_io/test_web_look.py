# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A validation file, fetched as a CA fetches it."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import (
    FileSighting,
    FileWish,
    look,
    url_error,
)

HOST = "www.example.test"
ACME = f"http://{HOST}/.well-known/acme-challenge/tok"
PKI = f"http://{HOST}/.well-known/pki-validation/a.txt"
FIRST, SECOND, SIXTH = "192.0.2.80", "192.0.2.81", "2001:db8::80"
SIGHT = Sight(http_port=8080, https_port=8443)


def down(number: int = errno.ECONNREFUSED) -> TransportError:
    error = TransportError(code="http_no_connection", what="GET", why="refused", sent=False)
    error.__cause__ = OSError(number, "no")
    return error


class Web:
    """pages: (url, address) or url -> (status, body, location); hosts: host -> addresses."""

    def __init__(self, pages: dict[t.Any, t.Any], hosts: dict[str, t.Sequence[str]] | None = None) -> None:
        self.pages = pages
        self.hosts = {HOST: [FIRST], **(hosts or {})}
        self.requests: list[tuple[str, str, int]] = []
        self.now = 0.0

    def addresses(self, host: str) -> t.Sequence[str]:
        if host not in self.hosts:
            raise TransportError(code="dns_unresolved", what=f"Cannot find A {host}", why="NXDOMAIN")
        return self.hosts[host]

    def fetch(self, url: str, address: str, port: int, timeout: float) -> HttpResponse:
        self.requests.append((url, address, port))
        self.now += 5
        if timeout <= 0:
            raise TransportError(code="http_no_time_left", what="GET", why="time is up")
        page = self.pages.get((url, address), self.pages.get(url, (404, b"", None)))
        if isinstance(page, Exception):
            raise page
        status, body, location = page
        return HttpResponse(status, {"location": location} if location else {}, body, url)

    def look(self, url: str, content: str = "tok.key") -> FileSighting:
        wish = FileWish(url, content)
        return look([wish], self, SIGHT, SerialExecutor(), self.fetch, lambda: self.now)[wish]


def reason(sighting: FileSighting) -> str:
    assert not sighting.visible
    return sighting.visits[0].reason if sighting.visits else sighting.lacking[0]


def test_the_content_is_found_on_the_port_that_stands_for_80() -> None:
    web = Web({ACME: (200, b"tok.key\n", None)})
    sighting = web.look(ACME)
    assert sighting.visible
    assert web.requests == [(ACME, FIRST, 8080)]
    assert [tuple(hop) for hop in sighting.visits[0].hops] == [(ACME, FIRST, 200)]


@pytest.mark.parametrize(
    ("body", "found"),
    [(b"tok.key", True), (b"tok.key \r\n", True), (b" tok.key", False), (b"tok.key2", False), (b"", False)],
)
def test_a_key_authorization_is_the_whole_body_but_for_blanks_at_its_end(body: bytes, found: bool) -> None:
    assert Web({ACME: (200, body, None)}).look(ACME).visible is found


@pytest.mark.parametrize(("body", "found"), [(b"<p>value\n", True), (b"valu", False)])
def test_another_file_must_hold_the_value(body: bytes, found: bool) -> None:
    assert Web({PKI: (200, body, None)}).look(PKI, "value").visible is found


@pytest.mark.parametrize("status", [201, 204, 299])
def test_any_2xx_will_do(status: int) -> None:
    assert Web({ACME: (status, b"tok.key", None)}).look(ACME).visible


@pytest.mark.parametrize("status", [199, 300, 303, 304, 305, 401, 404, 500])
def test_other_statuses_are_no_proof_and_no_redirect(status: int) -> None:
    web = Web({ACME: (status, b"tok.key", f"http://{HOST}/there"), f"http://{HOST}/there": (200, b"tok.key", None)})
    assert str(status) in reason(web.look(ACME))
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_four_redirects_are_followed_to_https(status: int) -> None:
    target = "https://other.example.test/.well-known/acme-challenge/tok"
    web = Web({ACME: (status, b"", target), target: (200, b"tok.key", None)}, {"other.example.test": [SIXTH, SECOND]})
    sighting = web.look(ACME)
    assert sighting.visible
    assert web.requests == [(ACME, FIRST, 8080), (target, SIXTH, 8443)]
    assert [hop.status for hop in sighting.visits[0].hops] == [status, 200]


def test_a_redirect_to_nowhere_is_no_proof_whatever_its_body() -> None:
    assert reason(Web({ACME: (302, b"tok.key", None)}).look(ACME)) == "answers 302 without saying where to"


@pytest.mark.parametrize("url", [ACME, PKI])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'<!DOCTYPE html><meta http-equiv="refresh" content="0; url=/x">', "meta refresh, which no CA follows"),
        (b"<META charset=utf-8>\n<META content='0;/x' HTTP-EQUIV = Refresh>", "meta refresh, which no CA follows"),
        (b'<meta name="refresh"> and http-equiv', "serves other content"),
        (b"<meta " * 9000 + b"http-equiv=" * 9, "serves other content"),
    ],
)
def test_a_page_that_only_browsers_follow_is_told(url: str, body: bytes, words: str) -> None:
    assert words in reason(Web({url: (200, body, None)}).look(url))


def test_a_redirect_may_be_relative() -> None:
    web = Web({ACME: (302, b"", "/x"), f"http://{HOST}/x": (200, b"tok.key", None)})
    assert web.look(ACME).visible


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("ftp://www.example.test/x", "only http"),
        ("http://www.example.test:8080/x", "port 8080"),
        ("https://www.example.test:22/x", "port 22"),
        ("http://192.0.2.1/x", "address"),
        ("http://[::1]/x", "address"),
        ("http://user:word@www.example.test/x", "user name"),
        ("http://exa_mple..test/x", "DNS name"),
        ("http://www.example.test:99999/x", "URL"),
        ("http://[bad/x", "URL"),
    ],
)
def test_a_redirect_to_where_no_ca_goes_is_told(target: str, word: str) -> None:
    web = Web({ACME: (302, b"", target)})
    assert word in reason(web.look(ACME))
    assert len(web.requests) == 1


def test_redirects_without_an_end_are_bounded() -> None:
    web = Web({f"{ACME}{'x' * number}": (302, b"", f"{ACME}{'x' * (number + 1)}") for number in range(30)})
    web.fetch = lambda url, address, port, timeout: Web.fetch(web, url, address, port, 1.0)  # type: ignore[method-assign]
    assert "more than 10" in reason(web.look(ACME))
    assert len(web.requests) == 11


def test_a_circle_of_redirects_is_told_at_once() -> None:
    web = Web({ACME: (302, b"", f"http://{HOST}/x"), f"http://{HOST}/x": (301, b"", ACME)})
    assert "in a circle" in reason(web.look(ACME))
    assert len(web.requests) == 2


def test_a_slow_chain_ends_when_the_time_of_the_walk_is_up() -> None:
    web = Web({f"{ACME}{'x' * number}": (302, b"", f"{ACME}{'x' * (number + 1)}") for number in range(30)})
    assert "time is up" in reason(web.look(ACME))
    assert len(web.requests) <= 9


def test_every_address_of_the_host_must_serve_it() -> None:
    web = Web({ACME: (200, b"tok.key", None), (ACME, SECOND): (404, b"", None)}, {HOST: [FIRST, SECOND]})
    sighting = web.look(ACME)
    assert [visit.found for visit in sighting.visits] == [True, False]
    assert sighting.lacking == (f"{ACME}: {SECOND} answers 404",)


def test_no_way_to_ipv6_is_a_warning_and_a_closed_port_is_a_lack() -> None:
    pages = {ACME: (200, b"tok.key", None), (ACME, SIXTH): down(errno.ENETUNREACH)}
    sighting = Web(pages, {HOST: [FIRST, SIXTH]}).look(ACME)
    assert (sighting.visible, len(sighting.warnings)) == (True, 1)
    closed = Web({**pages, (ACME, SIXTH): down()}, {HOST: [FIRST, SIXTH]}).look(ACME)
    assert (closed.visible, closed.warnings) == (False, ())


def test_only_unreachable_addresses_prove_nothing() -> None:
    sighting = Web({ACME: down(errno.ENETUNREACH)}, {HOST: [SIXTH]}).look(ACME)
    assert not sighting.visible
    assert "no address of the host could be reached" in sighting.lacking[0]


def test_a_host_without_an_address_is_a_lack() -> None:
    assert "NXDOMAIN" in reason(Web({}).look("http://absent.example.test/.well-known/acme-challenge/tok"))
    assert "has no address" in reason(Web({}, {HOST: []}).look(ACME))


def test_a_value_in_the_url_proves_nothing() -> None:
    url = f"http://{HOST}/.well-known/pki-validation/value.txt"
    assert "part of the URL" in reason(Web({url: (200, b"value", None)}).look(url, "value"))


def test_a_query_never_reaches_the_sentences() -> None:
    web = Web({ACME: (302, b"", "ftp://x/?secret=1"), "https://x/?secret=1": (404, b"", None)})
    assert "secret" not in reason(web.look(ACME))


@pytest.mark.parametrize("url", [ACME, PKI, f"https://{HOST}/x", f"http://{HOST}:80/x", f"HTTP://{HOST.upper()}./x"])
def test_a_fetchable_url_has_no_error(url: str) -> None:
    assert url_error(url) is None


@pytest.mark.parametrize("url", [ACME.replace("http:", "https:"), ACME.replace(HOST, f"{HOST}:443")])
def test_an_acme_token_is_fetched_by_http_on_port_80_first(url: str) -> None:
    assert "port 80" in (url_error(url) or "")
    assert "port 80" in reason(Web({url: (200, b"tok.key", None)}).look(url))


@pytest.mark.parametrize("letters", ["é", "\x00", " ", "\\", "\x1b[31m", "\u202e", "%zz"])
def test_any_location_is_a_target_or_a_reason(letters: str) -> None:
    for target in (f"http://{HOST}/{letters}", f"http://{letters}/", letters):
        web = Web({ACME: (302, b"", target)})
        sighting = web.look(ACME)
        assert not sighting.visible
        assert sighting.lacking[0].isprintable() or "→" in sighting.lacking[0]
        assert "\u202e" not in sighting.lacking[0] + "".join(hop.url for hop in sighting.visits[0].hops)


def test_an_inner_address_is_not_fetched_from_neither_first_nor_by_a_redirect() -> None:
    inner = Web({ACME: (200, b"tok.key", None)}, {HOST: ["10.0.0.5", FIRST]})
    sighting = inner.look(ACME)
    assert [(one.word, one.place) for one in sighting.findings] == [("file_private_address", "10.0.0.5")]
    assert [address for _url, address, _port in inner.requests] == [FIRST]
    sent_on = Web({ACME: (302, b"", "http://meta.example.test/")}, {"meta.example.test": ["169.254.169.254"]})
    assert [one.word for one in sent_on.look(ACME).findings] == ["file_redirect_private"]
    assert len(sent_on.requests) == 1


def test_a_ca_that_stays_within_the_domain_does_not_follow_out_of_it() -> None:
    target = "http://cdn.other.test/x"
    web = Web({PKI: (302, b"", target), target: (200, b"tok.key", None)}, {"cdn.other.test": [SECOND]})
    for ca, words in (("digicert", ["file_redirect_domain"]), ("jprs", [])):
        wish = FileWish(PKI, "tok.key", ca)
        base_of: t.Any = lambda name: ".".join(name.split(".")[-2:])  # noqa: E731
        found = look([wish], web, SIGHT, SerialExecutor(), web.fetch, lambda: 0.0, base_of)[wish]
        assert [one.word for one in found.findings] == words
