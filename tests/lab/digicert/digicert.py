# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a whole: its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import threading
import typing as t
from datetime import timedelta
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

from .accounts import Keys, Limits
from .api import BASE, Api
from .api_certificates import CertificateCalls
from .api_domains import DomainCalls
from .api_orders import OrderCalls
from .book import Book
from .claiming import Claiming
from .desk import Desk, Who
from .domains import Domains
from .mailer import SENDER, ApprovalMailer
from .making import HOUSE, Making
from .pages import Pages
from .proving import MOST_BYTES, MOST_REDIRECTS, Proving, Registrar
from .showing import Document, Showing

#: the simulator's own choice: how often the real one looks is not public
POLL_EVERY = timedelta(minutes=15)
ADMINISTRATOR = Who("administrator", may_approve=True)


class DigiCert:
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
        self.keys, self.limits = Keys(), Limits(switches)
        resolver = Resolver(dns.address, dns.port)
        fetcher = Fetcher(
            resolver, http_port, https_port, agent="DigiCert DCV Bot/1.1", redirects=MOST_REDIRECTS,
            most_bytes=MOST_BYTES + 1,
        )  # fmt: skip
        proving = Proving(
            clock=clock, history=history, switches=switches, resolver=resolver, fetcher=fetcher, registrar=registrar
        )
        post = Post(
            *SENDER, clock=clock, switches=switches, resolver=resolver, smtp_port=lambda: mail.port, only_mx=True
        )
        mailer = ApprovalMailer(post, history, switches)
        mailer.base_url = url
        making = Making(self.issuing, switches)
        claiming = Claiming(self.book, proving, mailer, clock=clock, history=history, switches=switches)
        self._desk = Desk(
            self.book, claiming, proving, making, self.issuing, clock=clock, history=history, switches=switches
        )
        self._domains = Domains(self.book, proving, claiming, mailer, clock)
        self._showing = Showing(self.book, claiming, proving, making, clock, switches)
        self._pages = Pages(claiming, switches)
        self._api = Api(self.keys, self.limits, clock=clock, history=history, switches=switches)
        self._calls = [
            *OrderCalls(self._api, self._desk, self._showing, clock, switches).calls(),
            *CertificateCalls(self._api, self._desk, making).calls(),
            *DomainCalls(self._api, self._domains, self.book, proving, self._showing).calls(),
        ]
        self.next_poll = clock.now() + POLL_EVERY

    @property
    def api_url(self) -> str:
        return self._url + BASE

    @property
    def key(self) -> str:
        """That may do everything."""
        return self.keys.named("unrestricted").secret

    def facts(self) -> dict[str, t.Any]:
        organization = next(one for one in self.book.organizations.values() if one.validated)
        return {
            "url": self.api_url,
            "key": self.key,
            "keys": self.keys.secrets(),
            "issuing_ca": str(self.root_path),
            "organization": organization.id,
            "containers": sorted(self.book.containers),
        }

    def routes(self, routes: Routes) -> None:
        self._api.add_to(routes, self._calls)
        self._pages.add_to(routes)
        authority_files.add_to(routes, "/digicert/ca", self.issuing, self._clock)

    def tick(self) -> None:
        """What goes on by itself has been done when this returns; one after the other, whoever calls."""
        with self._tick:
            self._desk.work()
            if self._clock.now() >= self.next_poll:
                self.poll()

    def poll(self) -> int:
        """The CA looks for tokens now; of how many orders."""
        self.next_poll = self._clock.now() + POLL_EVERY
        self._domains.poll()
        return self._desk.poll()

    def orders(self) -> list[Document]:
        """As the lab's page shows them, the newest first; without those that nobody here ordered."""
        found = [order for order in reversed(self.book.orders()) if not order.is_decoy]
        return [self._showing.for_the_lab(order) for order in found]

    # --- what people of the account and of the CA do ---

    def answer(self, request: int, status: str = "approved", comment: str = "") -> None:
        """An administrator answers a request of the approval queue."""
        ask = self.book.ask(request)
        if ask is None:
            raise LookupError(f"there is no request {request}")
        self._desk.answer(ask, status, comment, ADMINISTRATOR)

    def validate_organization(self, organization: int, *types: str) -> None:
        """Somebody at the CA has called the organization, and read its documents."""
        known = self.book.organizations[organization]
        self.book.organizations[organization] = known._replace(validated=types or ("ov", "ev"))

    def is_revoked(self, serial: str) -> bool:
        return self.issuing.is_revoked(int(serial, 16))
