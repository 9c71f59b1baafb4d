# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many small companies in one lab, each with a seller of its own, which has vices of its own.

One run of the playbooks is a run for all of them: so every vice can be tried alone in a few minutes. Zones, web hosts,
registrar and clock are the lab's. Orders, mails, API, crawler and root are the seller's.

    with SellersWorld(tmp_path, {"lost_answer": ["lost_answer"], "none": []}) as world:
        world.play("issue")
        world.sellers["lost_answer"].history.events("order")
"""

from __future__ import annotations

import contextlib
import pathlib
import threading
import traceback
import typing as t

import story
from lab.history import History
from lab.http_server import HttpServer, Routes
from lab.human import press
from lab.inventory import inventory
from lab.lab import Lab
from lab.mail import MailSink
from lab.seller import Seller
from lab.vices import Switches
from lab.world import usual_records, web_address
from world import LabWorld

TICK_SECONDS = 0.2
WEB = ("web1", "web2")


class Watched(Switches):
    """Switches that know which vices the lab really had its way with."""

    def __init__(self, on: t.Iterable[str] | None) -> None:
        self.met: set[str] = set()
        super().__init__(on)

    def is_on(self, name: str) -> bool:
        return self._met(name, super().is_on(name))

    def strikes(self, name: str, key: object, times: int = 1) -> bool:
        return self._met(name, super().strikes(name, key, times))

    def _met(self, name: str, yes: bool) -> bool:
        if yes:
            self.met.add(name)
        return yes


class OneSeller:
    """A seller and its customer, both of the same name."""

    seller: Seller
    server: HttpServer

    def __init__(self, name: str, vices: t.Iterable[str] | None, lab: Lab) -> None:
        self.company = story.Company(name.replace("_", "-"))
        self._lab = lab
        self._folder = lab.folder / "sellers" / self.company.account
        self._folder.mkdir(parents=True, mode=0o700)
        self.switches = Watched(vices)
        self.history = History(lab.clock, self._folder / "history.jsonl")
        self.mail = MailSink(self._folder / "maildirs", lab.clock, self.history, self.switches)
        self._failures: list[str] = []

    @contextlib.contextmanager
    def open(self) -> t.Iterator[OneSeller]:
        lab, facts, routes = self._lab, self._lab.facts(), Routes()
        tls = pathlib.Path(facts["api_ca"]).parent
        self.server = HttpServer(
            routes, clock=lab.clock, certificate=tls / "api-cert.pem", private_key=tls / "api-key.pem"
        )
        with self.mail, self.server:
            self.seller = Seller(
                self._folder,
                clock=lab.clock,
                history=self.history,
                switches=self.switches,
                dns=lab.dns,
                mail=self.mail,
                registrar=lab.registrar,
                http_port=facts["http_port"],
                https_port=facts["https_port"],
                url=self.server.url,
            )
            self.seller.routes(routes)
            yield self

    def facts(self) -> dict[str, t.Any]:
        """As those of a lab whose seller this is."""
        mine = {"api_url": self.seller.api_url, "api_key": self.seller.api_key, "maildirs": str(self.mail.folder)}
        return {**self._lab.facts(), **mine, "issuing_ca": str(self.seller.root_path)}

    @property
    def account(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", inventory(self.facts())["all"]["vars"]["inkan_ca_accounts"]["labssl"])

    @property
    def failures(self) -> list[str]:
        """Tracebacks of what broke in it: a test wants none."""
        return self._failures + self.server.failures

    def tick(self) -> None:
        try:
            self.seller.tick()
        except Exception:  # noqa: BLE001 - the others go on, and the test is told
            self._failures.append(traceback.format_exc())

    def press_all(self) -> None:
        """Everybody who got a mail reads it, opens its page and presses a button: all approve but one."""
        for order in self.seller.orders():
            for address in order["auth"]["sent_to"] if order["state"] == "mail_sent" else ():
                button = "承認しない" if address == self.company.refuser else "承認する"
                press(self.facts(), address, button, order=order["common_name"])


class SellersWorld(LabWorld):
    """``sellers``: name -> the vices that this one has (None: those by default); ``vices``: of DNS and web hosts."""

    def __init__(
        self,
        root: pathlib.Path,
        sellers: t.Mapping[str, t.Iterable[str] | None],
        vices: t.Iterable[str] | None = (),
        **more: t.Any,
    ) -> None:
        companies = [story.Company(name.replace("_", "-")) for name in sellers]
        records = usual_records([web_address(number) for number in range(len(WEB))])
        super().__init__(
            root,
            [certificate for company in companies for certificate in company.certificates()],
            web=WEB,
            zones={domain: records for company in companies for domain in company.domains},
            **more,
        )
        self.lab.switches = self.switches = Watched(vices)
        self._vices = sellers
        self.sellers: dict[str, OneSeller] = {}
        self._ended = threading.Event()
        self._open = contextlib.ExitStack()

    def __enter__(self) -> SellersWorld:
        with contextlib.ExitStack() as stack:
            super().__enter__()
            stack.callback(super().__exit__)
            for name, vices in self._vices.items():
                self.sellers[name] = stack.enter_context(OneSeller(name, vices, self.lab).open())
            self._tell_of_sellers()
            ticks = threading.Thread(target=self._tick, name="sellers-ticks", daemon=True)
            ticks.start()
            stack.callback(ticks.join)
            stack.callback(self._ended.set)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._open.close()

    def _tell_of_sellers(self) -> None:
        """To the inventory: an account each, and all their roots."""
        bundle = self.root / "roots.pem"
        bundle.write_text("".join(one.seller.root_path.read_text("ascii") for one in self.sellers.values()))
        sight = inventory(self.lab.facts())["all"]["vars"]["inkan_sight"]
        self.variables = {
            "inkan_ca_accounts": {one.company.account: one.account for one in self.sellers.values()},
            "inkan_sight": {**sight, "ca_bundle": str(bundle)},
            **self.variables,
        }

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            for one in self.sellers.values():
                one.tick()

    def people_and_crawlers(self) -> None:
        """All who got a mail press a button; then each seller's crawler comes round."""
        for one in self.sellers.values():
            one.tick()
            one.press_all()
            one.seller.crawl()
            one.tick()

    @property
    def failures(self) -> list[str]:
        return [*self.lab.failures, *(failure for one in self.sellers.values() for failure in one.failures)]
