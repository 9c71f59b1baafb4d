# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA as a whole: its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import typing as t
from datetime import datetime
from pathlib import Path

from lab import authority_files
from lab.clock import LabClock, iso_utc
from lab.history import History
from lab.http_server import Request, Response, Routes
from lab.issuing import pem
from lab.looking import Fetcher, Resolver
from lab.parts import HasAddress
from lab.vices import Switches

from .accounts import Accounts
from .api import BASE, Api
from .authorizing import Authorizing
from .book import Book, Window
from .calls import Calls
from .desk import Desk
from .jws import encode
from .limits import Limits
from .making import HOST, Making
from .nonces import Nonces
from .ordering import Registrar, Rules
from .persisting import Persistence
from .policy import Policy
from .problems import Document, Problem
from .profiles import PROFILES
from .proving import MOST_BYTES, MOST_REDIRECTS, Proving
from .renewal import Renewal
from .showing import Showing

#: what CAA records call this CA
IDENTITIES = (HOST, "acme-ca.lab.example")
CONTROL = "/_lab/acme_ca"


class AcmeCa:
    """The lab calls tick() five times a second. ``url`` is that of its HTTPS server."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        dns: HasAddress,
        registrar: Registrar,
        http_port: int,
        https_port: int,
        url: str,
        **_world: t.Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock, self._url = clock, url + BASE
        world: dict[str, t.Any] = {"clock": clock, "history": history, "switches": switches}
        self.book, self.limits = Book(), Limits(clock, switches)
        self.making = Making(clock.now(), switches)
        self._roots = _written(folder, self.making)
        self.accounts = Accounts(self.book, self._url, self.limits, **world)
        self.renewal = Renewal(self.book, self._url, **world)
        self.rules = Rules(registrar, switches)
        resolver = Resolver(dns.address, dns.port)
        fetcher = Fetcher(
            resolver, http_port, https_port, agent="Lab ACME validation server", redirects=MOST_REDIRECTS,
            most_bytes=MOST_BYTES,
        )  # fmt: skip
        persistence = Persistence(resolver, IDENTITIES, f"{self._url}/account-hash/", clock, switches)
        policy = Policy(resolver, IDENTITIES)
        authorizing = Authorizing(
            self.book, self.accounts, self.rules, Proving(resolver, fetcher, persistence), policy, **world
        )
        self.desk = Desk(
            self.book, self.accounts, self.rules, authorizing, policy, self.making, self.renewal, self.limits, **world
        )
        self._showing = Showing(self.book, self._url, IDENTITIES, persistence, switches)
        nonces = Nonces()
        self._api = Api(self.book, self.accounts, nonces, url, self.desk.work, **world)
        self._calls = Calls(
            self._url, self.book, self.accounts, nonces, authorizing, self.desk, self.making, self.renewal,
            self._showing, switches, IDENTITIES,
        )  # fmt: skip

    def facts(self) -> Document:
        return {
            "url": f"{self._url}/directory",
            "issuing_ca": str(self._roots[0]),
            "older_root": str(self._roots[1]),
            "bindings": {name: encode(secret) for name, secret in self.accounts.bindings.items()},
            "identities": list(IDENTITIES),
            "profiles": [profile.name for profile in PROFILES],
        }

    def roots(self) -> t.Sequence[Path]:
        return self._roots

    def routes(self, routes: Routes) -> None:
        self._api.add_plain(routes, "directory", "/directory", self._calls.directory)
        self._api.add_plain(routes, "nonce", "/new-nonce", self._calls.nonce)
        self._api.add_plain(routes, "renewal_info", r"/renewal-info/([A-Za-z0-9_.-]+)", self._calls.renewal_info)
        self._api.add_signed(routes, self._calls.signed())
        authority_files.add_to(routes, f"{BASE}/ca", self.making.issuing, self._clock)
        routes.add("GET", f"{CONTROL}/certificates", self._list)
        routes.add("POST", f"{CONTROL}/windows", self._set_windows)

    def start(self, stack: t.Any) -> None:
        """Nothing: it lives at the lab's HTTPS server."""

    def tick(self) -> None:
        self.desk.work()

    def poll(self) -> None:
        self.desk.work()

    def orders(self) -> list[Document]:
        with self.book.lock:
            return [self._showing.for_the_lab(order) for order in reversed(list(self.book.orders.values()))]

    # --- what people at the CA do ---

    def certificate_of(self, name: str) -> str:
        """The identifier (RFC 9773, 4.1) of the newest certificate with this name."""
        with self.book.lock:
            found = [one.id for one in self.book.certificates.values() if name in one.names]
        if not found:
            raise LookupError(f"no certificate of the ACME CA has the name {name}")
        return found[-1]

    def set_window(
        self, id: str, start: datetime, end: datetime, *, explanation: str = "", retry_after: str = ""
    ) -> None:
        """For one certificate. Also nonsense is sent as it is."""
        self.renewal.set(id, Window(iso_utc(start), iso_utc(end), explanation, retry_after))

    def mass_renewal(
        self,
        start: datetime,
        end: datetime,
        *,
        explanation: str = "",
        retry_after: str = "",
        ids: t.Iterable[str] | None = None,
    ) -> list[str]:
        """All certificates that are good, or these, are to be renewed between these moments. Returns them."""
        return self.renewal.set_all(Window(iso_utc(start), iso_utc(end), explanation, retry_after), ids)

    def forbid(self, domain: str) -> None:
        """The CA does not issue for this domain, and all below it, any more."""
        self.rules.forbidden.add(domain)

    # --- the same for other processes ---

    def _list(self, _request: Request) -> Response:
        with self.book.lock:
            found = [
                {
                    "id": one.id,
                    "names": list(one.names),
                    "serial": f"{one.leaf.serial_number:x}",
                    "not_after": iso_utc(one.leaf.not_valid_after_utc),
                    "revoked": one.revoked is not None,
                }
                for one in self.book.certificates.values()
            ]
        return Response.of_json({"certificates": found})

    def _set_windows(self, request: Request) -> Response:
        try:
            wish = request.json()
            window = Window(
                str(wish["start"]), str(wish["end"]), str(wish.get("explanation", "")), str(wish.get("retry_after", ""))
            )
            changed = self.renewal.set_all(window, wish.get("certificates"))
        except (ValueError, KeyError, TypeError, AttributeError, Problem) as error:
            return Response.of_json({"error": f"start and end, please; certificates is a list of ids: {error}"}, 400)
        return Response.of_json({"certificates": changed})


def _written(folder: Path, making: Making) -> tuple[Path, Path]:
    paths = folder / "root-x1.pem", folder / "root-x0.pem"
    for path, issuing in zip(paths, (making.issuing, making.old), strict=True):
        path.write_text(pem(issuing.root.certificate), encoding="ascii")
    return paths
