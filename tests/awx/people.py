# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The people of the company, and those at the sellers: each acts hours or days after there was something to do.

They read mails and press buttons, apply at portals with the ledger's sheets, carry numbers, tokens and certificates
back as ``inkan_intake``, give papers, take calls, and correct what somebody refused. Nobody works at night, at
weekends or on holidays; each of them is away for some days now and then. All by one random number generator.
"""

from __future__ import annotations

import collections
import contextlib
import heapq
import itertools
import random
import typing as t
import urllib.parse
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, State
from ansible_collections.inkan.tls.plugins.module_utils._data.holidays import JAPAN
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from faults.canaries import Canaries
from lab.atlas.terms import longest
from lab.clock import JST, iso_utc
from lab.human import Browser, Mail, NoButton, read_mails
from world import LabWorld

from .estate import AT_PORTALS, Data, SellersServer
from .issuer import Issuer

#: nobody is there, though the law does not say so
SHUT = (((12, 29), (12, 31)), ((1, 1), (1, 3)), ((8, 12), (8, 16)))
_HOLIDAYS = {holiday.day for holiday in JAPAN}
#: hours until somebody does it: the most likely, the most
MAIL, APPLY, CALL, CA, CORRECT = (4, 60), (12, 72), (8, 48), (20, 96), (6, 48)
REFUSES = 0.06
AWAY_EVERY, AWAY_DAYS = 60, (2, 6)


class People:
    """``touches``: how often a person had to do something, by kind."""

    def __init__(self, world: LabWorld, server: SellersServer, canaries: Canaries, seed: int, begin: datetime) -> None:
        self._world = world
        self._server = server
        self._canaries = canaries
        self._random = random.Random(seed)  # noqa: S311 - a plot, not a secret
        self._issuer = Issuer(world.lab.clock)
        self.touches: collections.Counter[str] = collections.Counter()
        self._todo: list[tuple[datetime, int, t.Callable[[], object]]] = []
        self._numbers = itertools.count(1)
        self._known: set[object] = set()
        #: order -> what was told of it
        self._told: dict[str, Data] = collections.defaultdict(dict)
        self.to_force: list[str] = []
        self._away = self._absences(begin)

    # -- time

    def _absences(self, begin: datetime) -> list[tuple[datetime, datetime]]:
        found, at = [], begin + timedelta(days=self._random.randint(5, AWAY_EVERY))
        for _time in range(20):
            found.append((at, at + timedelta(days=self._random.randint(*AWAY_DAYS))))
            at += timedelta(days=self._random.randint(AWAY_EVERY // 2, AWAY_EVERY * 2))
        return found

    def _works(self, at: datetime) -> bool:
        there = at.astimezone(JST)
        day = (there.month, there.day)
        shut = any(first <= day <= last for first, last in SHUT)
        away = any(first <= at < last for first, last in self._away)
        return 9 <= there.hour < 18 and there.weekday() < 5 and there.date() not in _HOLIDAYS and not shut and not away

    def _later(self, now: datetime, hours: tuple[float, float]) -> datetime:
        usual, most = hours
        at = now + timedelta(hours=min(most, self._random.expovariate(1 / usual) + 0.5))
        while not self._works(at):
            at += timedelta(hours=1)
        return at

    def _once(self, what: object, now: datetime, hours: tuple[float, float], act: t.Callable[[], object]) -> None:
        """Somebody notices it now, and acts when he comes to it."""
        if what not in self._known:
            self._known.add(what)
            heapq.heappush(self._todo, (self._later(now, hours), next(self._numbers), act))

    def act(self, now: datetime) -> None:
        """Whatever somebody came to by now, each at its own hour."""
        while self._todo and self._todo[0][0] <= now:
            at, _number, act = heapq.heappop(self._todo)
            self._world.lab.clock.set(at)
            act()
        self._world.lab.clock.set(now)

    # -- what there is to do

    def notice(self, now: datetime) -> None:
        self._read_mails(now)
        for entries in self.entries().values():
            newest = entries[-1]
            for entry in entries:
                if entry.is_open and entry.order.ca_account in AT_PORTALS.values():
                    self._at_the_portal(entry, now)
                elif entry.is_open and entry.order.ca_account == "gspanel" and entry.order.product.endswith("-ov"):
                    self._vetted(entry, now)
                if entry.is_open:
                    self._steps(entry, now)
            if newest.state is State.REFUSED:
                self._once(("correct", newest.order.reference), now, CORRECT, lambda one=newest: self._correct(one))

    def entries(self) -> dict[str, list[Entry]]:
        store = open_for_reading(str(self._world.ledger)) if self._world.ledger.exists() else None
        if store is None:
            return {}
        with store:
            return {name: entries for name, entries in store.entries(settled=True).items() if entries}

    def _read_mails(self, now: datetime) -> None:
        maildirs = self._world.lab.mail.folder
        for folder in maildirs.iterdir():
            count = sum(1 for part in ("new", "cur") for _path in (folder / part).glob("*"))
            if ("mails", folder.name, count) in self._known:
                continue
            self._known.add(("mails", folder.name, count))
            for mail in read_mails(maildirs, urllib.parse.unquote(folder.name)):
                if mail.link:
                    self._once(mail.link, now, MAIL, lambda mail=mail: self._answer(mail))

    def _answer(self, mail: Mail) -> None:
        browser = Browser(self._world.lab.facts()["api_ca"])
        _status, page = browser.open(mail.link)
        yes = self._random.random() >= REFUSES
        for button in ("承認する", "Approve") if yes else ("承認しない", "承認する", "Approve"):
            with contextlib.suppress(NoButton):  # answered before, by whoever got another mail about it
                browser.open(urllib.parse.urljoin(mail.link, page.action), page.fields_with(button))
                self.touches["approval mails refused" if button == "承認しない" else "approval mails answered"] += 1
                return

    def _vetted(self, entry: Entry, now: datetime) -> None:
        handle = entry.standing.handle
        if handle:
            self._once(("vet", handle), now, CA, lambda: self._world.lab.also["gcc"].vet(handle))

    def _steps(self, entry: Entry, now: datetime) -> None:
        """Papers and calls of OV and EV."""
        for id_, stand in entry.standing.tasks.items():
            if stand.task.kind in ("call", "papers", "ev_mail") and not stand.is_done:
                key = ("step", entry.order.reference, id_)
                self._once(key, now, CALL, lambda id_=id_: self._step_done(entry.order.reference, id_))

    def _step_done(self, reference: str, id_: str) -> None:
        self._told[reference].setdefault("done", []).append(id_)
        self._told[reference]["who"] = "山田太郎"
        self.touches["papers given, calls taken"] += 1

    def _correct(self, entry: Entry) -> None:
        self.to_force.append(entry.order.name)
        self.touches["refusals corrected"] += 1

    # -- at portals

    def _at_the_portal(self, entry: Entry, now: datetime) -> None:
        order, told = entry.order, self._told[entry.order.reference]
        if order.product == "iij-byo":
            if entry.state is State.AWAITING_PERSON:
                self._once(("byo", order.reference), now, APPLY, lambda: self._register(entry))
        elif "order_number" not in told:
            if entry.state is State.AWAITING_PERSON:
                self._once(("apply", order.reference), now, APPLY, lambda: self._apply(entry))
        elif order.method == "email" and "approved" not in told:
            self._once(("approve", order.reference), now, MAIL, lambda: self._approve(entry))
        elif not told.get("issued"):
            self._once(("issue", order.reference), now, CA, lambda: self._issue(entry))

    def _event(self, kind: str, entry: Entry, **more: t.Any) -> None:
        order = entry.order
        facts = {"ca": f"portal {order.ca_account}", "order": order.reference, "names": list(order.dns_names)}
        self._world.lab.history.add(kind, **facts, **more)

    def _apply(self, entry: Entry) -> None:
        told = self._told[entry.order.reference]
        told["order_number"] = f"N-{next(self._numbers)}"
        self._event("order", entry)
        self.touches["applications at portals"] += 1
        if entry.order.method == "file":
            host = entry.order.common_name
            token = f"jprs-{self._random.getrandbits(64):x}"
            uri = f"http://{host}/.well-known/pki-validation/{token[5:]}.txt"
            told["file_token"] = {"uri": uri, "content": token}

    def _approve(self, entry: Entry) -> None:
        self._told[entry.order.reference]["approved"] = True
        self.touches["approval mails answered"] += 1

    def _register(self, entry: Entry) -> None:
        self._told[entry.order.reference]["registered"] = True
        self._event("order", entry)
        self._event("issued", entry)
        self.touches["certificates handed over at a portal"] += 1

    def _issue(self, entry: Entry) -> None:
        """The seller's people, and the clerk who fetches it."""
        order, told = entry.order, self._told[entry.order.reference]
        if "file_token" in told and not self._is_served(told["file_token"]["content"]):
            self._known.discard(("issue", order.reference))  # the crawler found no file: another round
            return
        begin = self._world.lab.clock.now()
        ends = begin + longest(begin) - timedelta(minutes=5, seconds=1)
        told["issued"] = True
        self._event("issued", entry, not_after=iso_utc(ends))
        if order.csr:
            told["certificate"] = self._issuer.for_request(order.csr, order.dns_names, ends) + self._issuer.intermediate
            self.touches["certificates carried from portals"] += 1
            return
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        leaf = self._issuer.for_key(key.public_key(), order.dns_names, ends)
        if order.options.get("deploy_by") == "seller":
            self._server.install(order.common_name, leaf, pem, ends)
            return
        self._canaries.add_private_key(f"key that the seller made for {order.name}", pem)
        told.update(certificate=leaf, chain=self._issuer.intermediate, key=pem.decode())
        self.touches["certificates carried from portals"] += 1

    def _is_served(self, content: str) -> bool:
        return any(path.read_text("utf-8").strip() == content for path in self._world.tokens_on_hosts())

    # -- what a job is told

    def words(self) -> Data:
        """Extra variables: what persons tell of open orders, and what they correct."""
        intake: Data = {}
        for name, entries in self.entries().items():
            told = self._told.get(entries[-1].order.reference, {})
            if entries[-1].is_open and told:
                intake[name] = {key: value for key, value in told.items() if key != "issued"}
        forced, self.to_force = self.to_force, []
        return {
            **({"inkan_intake": intake} if intake else {}),
            **({"inkan_renewal": {"force": forced}} if forced else {}),
        }

    @property
    def next_at(self) -> datetime | None:
        return self._todo[0][0] if self._todo else None
