# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a CA looks at the world: into the lab's DNS, at every authoritative server, and with plain http.

In the made-up world the web is at the ports 80 and 443; the lab's web hosts listen elsewhere: the ports are mapped.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import ssl
import typing as t
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype

DNS_SECONDS, HTTP_SECONDS = 2.0, 5.0
MAX_ALIASES = 8
REDIRECTS = (301, 302, 307, 308)


class Resolver:
    """Knows one server by heart, as a root hint, and finds all others."""

    def __init__(self, address: str, port: int) -> None:
        self._hint, self._port = address, port

    def txt_everywhere(self, name: str, joined: bool = False) -> dict[str, frozenset[str]]:
        """Each authoritative server's TXT values at the name, or where its aliases end; records in one piece only,
        unless they are to be joined."""
        seen: dict[str, frozenset[str]] = {}
        for server in self.servers(name):
            owner, values = name, frozenset[str]()
            for _unused in range(MAX_ALIASES):
                answer = self._ask(owner, "TXT", server)
                target = _alias(answer, owner)
                if target is None:
                    values = frozenset(_texts(answer, owner, joined))
                    break
                if self._zone(target) != self._zone(owner):
                    values = in_all(self.txt_everywhere(target, joined))
                    break
                owner = target
            seen[server] = values
        return seen

    def servers(self, name: str) -> list[str]:
        """The addresses of the authoritative servers of the zone that holds the name; empty: there is no such zone."""
        zone = self._zone(name)
        if zone is None:
            return []
        hosts = [str(item.target) for item in _items(self._ask(zone, "NS", self._hint), zone, "NS")]
        return [address for host in hosts for address in self.addresses(host)]

    def addresses(self, name: str) -> list[str]:
        owner = name
        for _unused in range(MAX_ALIASES):
            answer = self._ask(owner, "A", self._hint)
            target = _alias(answer, owner)
            if target is None:
                return sorted(item.address for item in _items(answer, owner, "A"))
            owner = target
        return []

    def alias_everywhere(self, name: str) -> dict[str, str]:
        """What each authoritative server calls the name an alias of, without the last dot; empty: of nothing."""
        servers = self.servers(name)
        return {server: (_alias(self._ask(name, "CNAME", server), name) or "").rstrip(".") for server in servers}

    def caa(self, name: str) -> list[tuple[str, str]]:
        """Tags and values of the nearest name, going up, that has any (RFC 8659, 3)."""
        return [(tag, value) for _flags, tag, value in self.caa_records(name)]

    def caa_records(self, name: str) -> list[tuple[int, str, str]]:
        """The same with their flags. What an alias leads to counts as if it were at the name (RFC 8659, 3)."""
        owner = dns.name.from_text(name)
        while owner != dns.name.root:
            items = self._caa_at(str(owner))
            if items:
                return [(item.flags, item.tag.decode().lower(), item.value.decode()) for item in items]
            owner = owner.parent()
        return []

    def _caa_at(self, owner: str) -> list[t.Any]:
        for _unused in range(MAX_ALIASES):
            answer = self._ask(owner, "CAA", self._hint)
            target = _alias(answer, owner)
            if target is None:
                return _items(answer, owner, "CAA")
            owner = target
        return []

    def mail_hosts(self, domain: str, only_mx: bool = False) -> list[tuple[str, str]]:
        """Name and address of those who take the domain's mail, the best first (RFC 5321, 5.1)."""
        items = sorted(_items(self._ask(domain, "MX", self._hint), domain, "MX"), key=lambda item: item.preference)
        names = [str(item.exchange).rstrip(".") for item in items] if items or only_mx else [domain]
        return [(name, address) for name in names if name for address in self.addresses(name)]

    def soa_mailbox(self, name: str) -> str:
        """Of who is responsible for the zone that holds the name (RFC 1035, 3.3.13 and 8), which may be nobody's."""
        zone = self._zone(name)
        for item in _items(self._ask(zone, "SOA", self._hint), zone, "SOA") if zone else ():
            local, *labels = (label.decode("ascii", "replace") for label in item.rname.labels)
            return f"{local}@{'.'.join(labels).rstrip('.')}"
        return ""

    def _zone(self, name: str) -> str | None:
        """The apex of the zone that holds the name. An alias tells another zone's SOA: its parent knows better."""
        owner = dns.name.from_text(name)
        while owner != dns.name.root:
            answer = self._ask(str(owner), "SOA", self._hint)
            for rrset in [*answer.answer, *answer.authority] if answer else []:
                if rrset.rdtype == dns.rdatatype.SOA and owner.is_subdomain(rrset.name):
                    return str(rrset.name)
            owner = owner.parent()
        return None

    def _ask(self, name: str, kind: str, server: str) -> dns.message.Message | None:
        """None: no answer that could be used."""
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        query.flags &= ~dns.flags.RD
        with contextlib.suppress(dns.exception.DNSException, OSError):
            answer, _unused = dns.query.udp_with_fallback(query, server, timeout=DNS_SECONDS, port=self._port)
            if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return answer
        return None


def in_all(seen: t.Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What every server said."""
    return frozenset.intersection(*seen.values()) if seen else frozenset()


def _items(answer: dns.message.Message | None, owner: str, kind: str) -> list[t.Any]:
    if answer is None:
        return []
    rrset = answer.get_rrset(answer.answer, dns.name.from_text(owner), dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    return list(rrset or ())


def _texts(answer: dns.message.Message | None, owner: str, joined: bool) -> t.Iterator[str]:
    for item in _items(answer, owner, "TXT"):
        if joined or len(item.strings) == 1:
            with contextlib.suppress(UnicodeDecodeError):
                yield b"".join(item.strings).decode("utf-8")


def _alias(answer: dns.message.Message | None, owner: str) -> str | None:
    for item in _items(answer, owner, "CNAME"):
        return str(item.target)
    return None


@dataclass(frozen=True)
class Fetched:
    url: str
    #: of the web host that was asked first
    address: str
    #: of the last answer; 0: there was none
    status: int
    body: bytes
    #: the URLs behind the redirects, in order
    hops: tuple[str, ...]
    why: str = ""


class Fetcher:
    """Fetches a URL from every address that its name has, as several observers would."""

    def __init__(
        self, resolver: Resolver, http_port: int, https_port: int, *, agent: str, redirects: int, most_bytes: int
    ) -> None:
        self._resolver = resolver
        self._ports = {"http": http_port, "https": https_port}
        self._agent, self._redirects, self._most_bytes = agent, redirects, most_bytes

    def fetch(self, url: str) -> list[Fetched]:
        addresses = self._resolver.addresses(urlsplit(url).hostname or "")
        if not addresses:
            return [Fetched(url, "", 0, b"", (), "the name has no address")]
        return [self._follow(url, address, observer) for observer, address in enumerate(addresses)]

    def _follow(self, url: str, address: str, observer: int) -> Fetched:
        first, status, body = address, 0, b""
        hops: list[str] = []
        try:
            while True:
                here = hops[-1] if hops else url
                status, location, body = self._get(here, address)
                if status not in REDIRECTS:
                    return Fetched(url, first, status, body, tuple(hops))
                if len(hops) == self._redirects:
                    return Fetched(url, first, status, b"", tuple(hops), f"more than {self._redirects} redirects")
                hops.append(urljoin(here, location).partition("#")[0])
                address = self._address_of(hops[-1], observer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Fetched(url, first, status, b"", tuple(hops), f"{type(error).__name__}: {error}")

    def _address_of(self, url: str, observer: int) -> str:
        parts = urlsplit(url)
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(parts.hostname or "")
            raise http.client.InvalidURL("a redirect to an address without a name")
        addresses = self._resolver.addresses(parts.hostname) if parts.hostname else []
        if not addresses:
            raise http.client.InvalidURL(f"the target of the redirect has no address: {url}")
        return addresses[observer % len(addresses)]

    def _get(self, url: str, address: str) -> tuple[int, str, bytes]:
        parts = urlsplit(url)
        own = self._ports.get(parts.scheme)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        if own is None or parts.port not in (None, usual, own):
            raise http.client.InvalidURL(f"neither http nor https at its usual port: {url}")
        connection = _connection(parts.scheme, parts.hostname or "", address, own)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": parts.netloc, "User-Agent": self._agent})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location", ""), answer.read(self._most_bytes)


def _connection(scheme: str, host: str, address: str, port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(address, port, timeout=HTTP_SECONDS)
    if scheme == "https":
        connection.connect()
        # Who asks for a first certificate has none that could be checked.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
    return connection
