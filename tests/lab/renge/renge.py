# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seller as a whole, and what the lab sees of it."""

from __future__ import annotations

import typing as t
from pathlib import Path

from lab import authority_files
from lab.clock import LabClock
from lab.history import History
from lab.http_server import Routes
from lab.issuing import Issuing, pem
from lab.looking import Resolver
from lab.vices import Switches

from .api import BASE, Api
from .book import Book
from .desk import HOUSE, Desk


class Renge:
    """The lab calls tick() five times a second. ``url`` is that of its HTTPS server."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        dns: t.Any,
        url: str,
        **_rest_of_the_world: t.Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock, self._url = clock, url
        self.issuing = Issuing(HOUSE, clock.now())
        self.root_path = folder / "root.pem"
        self.root_path.write_text(pem(self.issuing.root.certificate), encoding="ascii")
        self.book = Book(history)
        self.desk = Desk(self.book, clock, history, Resolver(dns.address, dns.port), self.issuing)
        self.api = Api(self.book, self.desk, clock, history, switches)

    def facts(self) -> dict[str, t.Any]:
        return {
            "url": self._url + BASE,
            "key": self.api.turnstile.key,
            "secret": self.api.turnstile.secret,
            "issuing_ca": str(self.root_path),
        }

    def roots(self) -> t.Sequence[Path]:
        return [self.root_path]

    def routes(self, routes: Routes) -> None:
        self.api.add_to(routes)
        authority_files.add_to(routes, "/renge/ca", self.issuing, self._clock)

    def start(self, stack: t.Any) -> None:
        """It has no server of its own."""

    def tick(self) -> None:
        self.desk.work()

    def poll(self) -> None:
        """It looks when it is asked to, and every minute."""

    def orders(self) -> list[dict[str, t.Any]]:
        return self.api.orders()

    def is_revoked(self, serial: str) -> bool:
        return self.issuing.is_revoked(int(serial, 16))
