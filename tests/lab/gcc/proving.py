# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the CA looks whether somebody speaks for a name: in the DNS of every server, and on the web."""

from __future__ import annotations

import re
import secrets
import typing as t
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

from lab.clock import LabClock
from lab.history import History
from lab.looking import Fetcher, Resolver, in_all
from lab.names import LOCAL_PARTS, bare, covers
from lab.vices import Switches

from . import problems
from .book import CA
from .problems import problem
from .products import URL
from .terms import TOKEN_DAYS
from .values import Order

META = "globalsign-domain-verification"
FILE = "/.well-known/pki-validation/gsdv.txt"
MOST_BYTES = 65_536
OUR_NAME = "globalsign.com"


class Registrar(t.Protocol):
    def registered_domain(self, name: str) -> str | None: ...


class Proving:
    def __init__(
        self,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        resolver: Resolver,
        fetcher: Fetcher,
        registrar: Registrar,
    ) -> None:
        self._clock, self._history, self._switches = clock, history, switches
        self._resolver, self._fetcher, self._registrar = resolver, fetcher, registrar

    # --- what would show it ---

    def base(self, name: str) -> str:
        """The registered domain; empty: nobody certifies a name without one."""
        return self._registrar.registered_domain(bare(name)) or ""

    def parents(self, name: str) -> list[str]:
        """The name itself, and the domains above it up to the registered one."""
        own, base = bare(name), self.base(name)
        found = [own]
        while base and own != base:
            own = own.partition(".")[2]
            found.append(own)
        return found

    def fqdns(self, order: Order) -> list[str]:
        """Where a record would do."""
        return list(dict.fromkeys(one for name in order.application.names for one in self.parents(name)))

    def urls(self, order: Order) -> list[str]:
        path = "/" if self._switches.is_on("gcc_page_at_root") else FILE
        return [f"{scheme}://{name}{path}" for name in order.application.names for scheme in ("http", "https")]

    def addresses(self, name: str) -> list[str]:
        """Who may approve this name."""
        return [f"{local}@{domain}" for domain in self.parents(name) for local in LOCAL_PARTS]

    def text(self, order: Order) -> str:
        """Of the record."""
        underscore = "" if self._switches.is_on("gcc_old_record") else "_"
        return f"{underscore}{META}={order.code}"

    def meta_tag(self, order: Order) -> str:
        return f'<meta name="{META}" content="{order.code}" />'

    def missing(self, order: Order) -> list[str]:
        """The names for which nobody has shown that he speaks for them."""
        exact = order.application.method == URL
        return [
            name
            for name in order.application.names
            if not any(bare(name) == domain if exact else covers(domain, name) for domain in order.proven)
        ]

    # --- looking ---

    def record_is_there(self, order: Order, domain: str) -> bool:
        """Problem −3002 if there is nobody to ask."""
        seen = self._resolver.txt_everywhere(domain)
        if not seen:
            raise problem(problems.DNS, "ApproverFQDN")
        servers = {server: self.text(order) in values for server, values in seen.items()}
        self._history.add("look", ca=CA, order=order.id, name=domain, type="TXT", servers=servers)
        return self.text(order) in in_all(seen) and self._code_lives(order)

    def page_is_there(self, order: Order, url: str) -> bool:
        """At every address of the name, and without redirects."""
        everywhere = True
        for seen in self._fetcher.fetch(url):
            found = seen.status == 200 and len(seen.body) <= MOST_BYTES and self._shows(order, url, seen.body)
            everywhere = everywhere and found
            self._history.add(
                "fetch", ca=CA, order=order.id, url=url, address=seen.address, found=found, status=seen.status,
                hops=list(seen.hops), why=seen.why,
            )  # fmt: skip
        return everywhere and self._code_lives(order)

    def forbidden(self, names: t.Iterable[str]) -> str:
        """The first name whose CAA records keep this CA out; empty: none."""
        for name in names:
            records = self._resolver.caa(bare(name))
            tags = [tag for tag, _value in records]
            tag = "issuewild" if name.startswith("*.") and "issuewild" in tags else "issue"
            allowed = [value.partition(";")[0].strip().lower() for its, value in records if its == tag]
            if allowed and OUR_NAME not in allowed:
                return name
        return ""

    def _code_lives(self, order: Order) -> bool:
        return self._clock.now() < order.created_at + timedelta(days=TOKEN_DAYS)

    def _shows(self, order: Order, url: str, body: bytes) -> bool:
        text = body.decode("utf-8", "replace")
        tagged = order.code in _Meta.contents(text)
        if urlsplit(url).path == "/" or self._switches.is_on("gcc_file_wants_tag"):
            return tagged
        words = re.split(r"[\s\"'=<>/]+", text)
        if self._switches.is_on("gcc_file_wants_code"):
            return text.strip() in (order.code, self.text(order))
        return tagged or order.code in words


class _Meta(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def contents(cls, text: str) -> list[str]:
        """Of all elements ``meta`` with our name."""
        page = cls()
        page.feed(text)
        page.close()
        return page.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = dict(attrs)
        if tag == "meta" and words.get("name") == META:
            self.found.append(words.get("content") or "")


def new_code() -> str:
    """43 characters, 256 bits."""
    return secrets.token_urlsafe(32)
