# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a whole: its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

from lab import authority_files
from lab.clock import LabClock
from lab.history import History
from lab.http_server import Routes
from lab.issuing import Issuing, pem
from lab.letters import Post
from lab.looking import Fetcher, Resolver
from lab.parts import HasAddress, HasPort
from lab.vices import Switches

from .afterwards import Afterwards
from .api import BASE, USER, Api
from .approving import Approving
from .book import Book
from .desk import Desk
from .gas_calls import GasCalls
from .mailer import SENDER, ApprovalMailer
from .making import HOUSE, Making
from .pages import Pages
from .proving import MOST_BYTES, Proving, Registrar
from .showing import Showing
from .ssl_calls import SslCalls


class Gcc:
    """The lab calls tick() five times a second. ``url`` is that of its HTTPS server."""

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
        url: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock, self._tick, self._url = clock, threading.Lock(), url
        self.issuing = Issuing(HOUSE, clock.now())
        self.root_path = folder / "root.pem"
        self.root_path.write_text(pem(self.issuing.root.certificate), encoding="ascii")
        self.book = Book(clock, history)
        resolver = Resolver(dns.address, dns.port)
        fetcher = Fetcher(
            resolver, http_port, https_port, agent="GlobalSign-DV/1.0", redirects=0, most_bytes=MOST_BYTES + 1
        )
        proving = Proving(
            clock=clock, history=history, switches=switches, resolver=resolver, fetcher=fetcher, registrar=registrar
        )
        post = Post(*SENDER, clock=clock, switches=switches, resolver=resolver, smtp_port=lambda: mail.port)
        making = Making(self.issuing, switches)
        self._desk = desk = Desk(
            self.book, proving, making, ApprovalMailer(post, history, url), clock=clock, history=history,
            switches=switches,
        )  # fmt: skip
        approving = Approving(self.book, desk, clock, history)
        afterwards = Afterwards(self.book, desk, self.issuing, clock=clock, history=history, switches=switches)
        self._showing = showing = Showing(self.book, proving, making, switches, url)
        self._pages = Pages(desk, approving, proving)
        self._api = Api(clock=clock, history=history, switches=switches)
        self._calls = [
            *SslCalls(self.book, desk, approving, afterwards, proving, making, showing, switches).calls(),
            *GasCalls(self.book, desk, afterwards, proving, showing, switches).calls(),
        ]

    @property
    def api_url(self) -> str:
        return self._url + BASE

    @property
    def password(self) -> str:
        return self._api.password

    def facts(self) -> dict[str, t.Any]:
        return {
            "url": self.api_url,
            "username": USER,
            "password": self.password,
            "issuing_ca": str(self.root_path),
        }

    def roots(self) -> t.Sequence[Path]:
        return [self.root_path]

    def routes(self, routes: Routes) -> None:
        self._api.add_to(routes, self._calls)
        self._pages.add_to(routes)
        authority_files.add_to(routes, "/gcc/ca", self.issuing, self._clock)

    def start(self, stack: t.Any) -> None:
        """It has no server of its own."""

    def tick(self) -> None:
        with self._tick:
            self._desk.work()

    def poll(self) -> None:
        """It looks for records and pages only when it is asked to."""

    def orders(self) -> list[dict[str, t.Any]]:
        """As the lab's page shows them, the newest first; without those that nobody here ordered."""
        found = [order for order in reversed(self.book.orders()) if not order.is_decoy]
        return [self._showing.for_the_lab(order) for order in found]

    # --- what people of the CA do ---

    def vet(self, order_id: str, approve: bool = True, *, hours: float = 0) -> None:
        """The vetting of an OV or EV order ends so many hours of the lab from now. Problem: there is no such order."""
        self._desk.vet(order_id, approve, hours)

    def is_revoked(self, serial: str) -> bool:
        return self.issuing.is_revoked(int(serial, 16))
