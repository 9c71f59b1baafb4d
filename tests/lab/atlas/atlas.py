# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a whole: its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import threading
import typing as t
from datetime import timedelta
from pathlib import Path

from lab import authority_files
from lab.api_tls import make_api_tls
from lab.clock import LabClock
from lab.history import History
from lab.http_server import HttpServer, Routes
from lab.issuing import Issuing, pem
from lab.letters import Post
from lab.looking import Fetcher, Resolver
from lab.parts import HasAddress, HasPort
from lab.vices import Switches

from .api import BASE, Api, Document
from .api_certificates import CertificateCalls
from .api_claims import ClaimCalls
from .book import Book
from .claiming import Claiming
from .clients import ECDSA, Logins, make_clients
from .mailer import SENDER, ApprovalMailer
from .making import HOUSE, Making
from .pages import Pages
from .proving import MOST_BYTES, MOST_REDIRECTS, Proving, Registrar
from .values import EMAIL, Certificate, Claim

#: the simulator's own choice: how often the real one looks again is not public
POLL_EVERY = timedelta(minutes=15)


class Atlas:
    """It has an HTTPS server of its own; ``url`` is that of the lab's, where people approve."""

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
        self._clock, self._tick = clock, threading.Lock()
        self.issuing = Issuing(HOUSE, clock.now())
        self.root_path = folder / "root.pem"
        self.root_path.write_text(pem(self.issuing.root.certificate), encoding="ascii")
        self.book = Book(clock, history)
        self._tls, self._clients = make_api_tls(folder), make_clients(folder)
        self.logins = Logins(clock, self._clients.serial)
        resolver = Resolver(dns.address, dns.port)
        fetcher = Fetcher(
            resolver, http_port, https_port, agent="GlobalSign DCV", redirects=MOST_REDIRECTS,
            most_bytes=MOST_BYTES + 1,
        )  # fmt: skip
        proving = Proving(history=history, switches=switches, resolver=resolver, fetcher=fetcher, registrar=registrar)
        post = Post(*SENDER, clock=clock, switches=switches, resolver=resolver, smtp_port=lambda: mail.port)
        mailer = ApprovalMailer(post, history, url)
        self._claiming = Claiming(self.book, proving, mailer, clock=clock, history=history, switches=switches)
        making = Making(self.book, self.issuing, clock=clock, history=history, switches=switches)
        api = Api(self.logins, clock=clock, history=history, switches=switches)
        routes = Routes()
        claims = ClaimCalls(api, self.book, self._claiming, proving, clock, switches)
        certificates = CertificateCalls(api, self.book, self._claiming, proving, making, clock, switches)
        api.add_to(routes, [*claims.calls(), *certificates.calls()])
        self._server = HttpServer(
            routes, clock=clock, certificate=self._tls.certificate, private_key=self._tls.private_key,
            clients=self._clients.ca, asks_clients=lambda: not switches.is_on("atlas_serial_header"),
        )  # fmt: skip
        api.url = self._server.url
        self.next_poll = clock.now() + POLL_EVERY

    # --- what the lab calls ---

    def facts(self) -> dict[str, t.Any]:
        main = self.logins.credentials[ECDSA]
        return {
            "url": self._server.url + BASE,
            "ca": str(self._tls.ca),
            "api_key": main.key,
            "api_secret": main.secret,
            "client_certificate": str(self._clients.certificate),
            "client_key": str(self._clients.private_key),
            "client_serial": f"{self._clients.serial:X}",
            "stranger": {"certificate": str(self._clients.stranger), "key": str(self._clients.stranger_key)},
            "credentials": {
                name: {"api_key": one.key, "api_secret": one.secret} for name, one in self.logins.credentials.items()
            },
            "issuing_ca": str(self.root_path),
        }

    def roots(self) -> t.Sequence[Path]:
        return [self.root_path]

    def routes(self, routes: Routes) -> None:
        """Only what people and browsers open."""
        Pages(self._claiming).add_to(routes)
        authority_files.add_to(routes, "/atlas/ca", self.issuing, self._clock)

    def start(self, stack: t.Any) -> None:
        stack.enter_context(self._server)

    @property
    def failures(self) -> list[str]:
        return self._server.failures

    def tick(self) -> None:
        """What was recorded only is looked at now, and the rest every fifteen minutes; one after the other."""
        with self._tick:
            self._claiming.look_at_recorded()
            if self._clock.now() >= self.next_poll:
                self.poll()

    def poll(self) -> None:
        self.next_poll = self._clock.now() + POLL_EVERY
        self._claiming.look_at_all()

    def orders(self) -> list[Document]:
        """Certificates and claims, the newest first."""
        certificates = [_certificate_row(one) for one in reversed(self.book.certificates())]
        claims = [_claim_row(one, self._claiming.status(one)) for one in reversed(self.book.claims())]
        return [*certificates, *claims]

    # --- for tests ---

    def is_revoked(self, serial: int) -> bool:
        return self.issuing.is_revoked(serial)


def _certificate_row(one: Certificate) -> Document:
    return {
        "order_id": f"{one.serial:X}",
        "partner_order_id": None,
        "product": f"atlas {one.credential}",
        "state": one.status,
        "common_name": one.names[0],
        "names": list(one.names),
        "reason": one.reason or None,
        "method": "",
    }


def _claim_row(one: Claim, status: str) -> Document:
    method = one.asserted.method if one.asserted else one.verified_by
    to = f"to {one.asserted.where}" if one.asserted and one.asserted.method == EMAIL else None
    return {
        "order_id": one.id,
        "partner_order_id": None,
        "product": "atlas claim",
        "state": status,
        "common_name": one.domain,
        "names": [one.domain],
        "reason": to or (one.log[-1].description if one.log else None),
        "method": method,
    }
