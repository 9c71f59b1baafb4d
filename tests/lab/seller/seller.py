# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seller as a whole: its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import threading
from pathlib import Path

from lab import authority_files
from lab.clock import LabClock
from lab.history import History
from lab.http_server import Routes
from lab.issuing import House, Issuing, pem
from lab.looking import Fetcher, Resolver
from lab.parts import HasAddress, HasPort
from lab.vices import Switches

from .api import BASE, Api
from .crawler import Crawler
from .desk import Desk, Registrar
from .mailer import ApprovalMailer
from .orders import PENDING, Orders
from .pages import Pages
from .playing import Playing, page
from .showing import Document, Showing, plain

#: G1 issues, and G2 instead of it while the vice new_intermediate is on
HOUSE = House(
    organization="Lab SSL",
    root="Lab SSL Root CA",
    policy="Lab SSL TLS Policy CA",
    issuing=("Lab SSL Issuing CA G1", "Lab SSL Issuing CA G2"),
    base_url="http://ca.lab.example/ca",
)


class Seller:
    """The lab calls tick() five times a second. ``url`` (or base_url, set later) is that of its HTTPS server."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        dns: HasAddress,
        mail: HasPort,
        registrar: Registrar,
        http_port: int,
        https_port: int,
        url: str = "",
    ) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock = clock
        self._tick = threading.Lock()
        resolver = Resolver(dns.address, dns.port)
        self.issuing = Issuing(HOUSE, clock.now())
        self.root_path = folder / "root.pem"
        self.root_path.write_text(pem(self.issuing.root.certificate), encoding="ascii")
        self._orders = Orders(folder / "journal.jsonl", history)
        self._mailer = ApprovalMailer(
            clock=clock, history=history, switches=switches, resolver=resolver, smtp_port=lambda: mail.port
        )
        self._desk = Desk(
            self._orders,
            clock=clock,
            history=history,
            switches=switches,
            resolver=resolver,
            registrar=registrar,
            issuing=self.issuing,
            mailer=self._mailer,
        )
        self.base_url = url
        fetcher = Fetcher(resolver, http_port, https_port, agent="LabSSL-Crawler/1.0", redirects=10, most_bytes=10_240)
        self._crawler = Crawler(self._desk, fetcher, clock=clock, history=history, switches=switches)
        showing = Showing(self._orders, switches, self.issuing)
        self._api = Api(self._desk, showing, Playing(clock, switches), history=history, switches=switches)

    @property
    def api_key(self) -> str:
        return self._api.key

    @property
    def base_url(self) -> str:
        """Of the host: https://127.0.0.1:4443, without a path."""
        return self._mailer.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._mailer.base_url = url.rstrip("/")

    @property
    def api_url(self) -> str:
        return self.base_url + BASE

    def routes(self, routes: Routes) -> None:
        self._api.add_to(routes)
        Pages(self._desk).add_to(routes)
        routes.add("GET", "/sorry.html", lambda _request: page("ラボSSL", "ただいま混み合っております。"))
        authority_files.add_to(routes, "/ca", self.issuing, self._clock)

    def tick(self) -> None:
        """What goes on by itself has been done when this returns; one after the other, whoever calls."""
        with self._tick:
            self._desk.work()
            self._crawler.come_round_if_due()

    def crawl(self) -> int:
        """The crawler comes round now; how many URLs it looked at."""
        return self._crawler.come_round()

    def reject(self, order_id: str, reason: str) -> bool:
        """Somebody at the seller says no; false: it is too late."""
        return self._orders.change(order_id, PENDING, state="rejected", reason=reason) is not None

    def orders(self) -> list[Document]:
        """As the manual shows them, without vices, the newest first."""
        return [plain(order) for order in self._orders.all()]

    def mail_links(self, address: str | None = None) -> list[str]:
        """The approval pages that still wait for an answer, the newest first."""
        waiting = [order for order in self._orders.all() if order.state == "mail_sent"]
        links = [(order, link) for order in waiting for link in order.links if address in (None, link.address)]
        return [self._mailer.url(order, link) for order, link in links]

    def is_revoked(self, serial: str) -> bool:
        return self.issuing.is_revoked(int(serial, 16))
