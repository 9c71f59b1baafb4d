# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the matrix, played: a customer with a ledger of his own, the real order loop, and a proxy that spoils.

Each run is what ``issue`` does: order, publish, ask. Every call could be another process's.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import spoils
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, Capabilities
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from fault_proxy import FaultProxy, Tls
from harness import Harness
from lab.clock import LabClock
from vices import FOREIGN, LATE, VICES, End, Vice

RUNS = 3
DEADLINE = 20.0
#: for what cannot come to a good end: long enough to try it several times
SHORT_DEADLINE = 3.0
_numbers = itertools.count(1)
Data = dict[str, t.Any]


class Cell(t.NamedTuple):
    adapter: str
    verb: str
    vice: str

    @property
    def row(self) -> Vice | None:
        return next((vice for vice in VICES if vice.name == self.vice), None)


@dataclass(frozen=True)
class Outcome:
    """runs: how many it took. faults: what is not as the table demands, one sentence each."""

    runs: int
    code: str
    faults: tuple[str, ...]

    @property
    def word(self) -> str:
        return "FAIL" if self.faults else self.code or str(self.runs)


class Customer:
    def __init__(self, harness: Harness, proxy: FaultProxy, folder: Path, verb: str, skew: bool) -> None:
        self.proxy = proxy
        self.harness = harness
        self.name = f"c{next(_numbers)}"
        self.wish = harness.wish(self.name, verb)
        self.names: list[str] = self.wish["dns_names"]
        self.ledger = folder / "ledger.sqlite3"
        self.now = datetime.now(timezone.utc) - spoils.SKEW if skew else None
        self.deadline = DEADLINE
        #: what each call ended with
        self.trail: list[str] = []
        #: what each call wanted published
        self.wanted: list[Data] = []
        #: of the certificates that a test begins with
        self.serials: list[str] = []
        self.new_key()
        self.said: Data = {}

    def new_key(self) -> None:
        wish = wish_for(self.names[0], self.names, "ecdsa-p256")
        self.csr = new_csr(new_private_key("ecdsa-p256"), wish).decode()

    def call(self, module: t.Mapping[str, t.Any] | None = None, /, **item: t.Any) -> Data:
        """module: options of the call itself."""
        account = self.harness.account(self.proxy)
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": {"adapter": account.adapter, "settings": account.settings}},
            "secrets": {"ca": account.secrets},
            "deadline": self.deadline,
            "certificates": [{"name": self.name, "ca_account": "ca", "hosts": [], **self.wish, **item}],
            **({"now": self.now.isoformat()} if self.now else {}),
            **(module or {}),
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        (result,) = certificate_orders.run(read.validated_parameters, False).items
        self.said = result.as_data()
        self.wanted.append(self.said["wanted"])
        error, problem = self.said["error"] or {}, self.said["problem"] or {}
        self.trail.append(f"{self.said['state']} {error.get('message', '')} {problem.get('text', '')}".strip())
        return self.said

    def order(self, **item: t.Any) -> Data:
        return self.call({"until": "wanted"}, csr=self.csr, **item)

    def run(self, **item: t.Any) -> Data:
        """What ``issue`` does. An order in trouble is not asked for: the next run goes on with it."""
        if self.order(**item)["error"] is None and self.said["state"] not in ("issued", "none"):
            self.harness.publish(self.said["wanted"])
            self.call(visible=True)
        return self.said

    def issued(self) -> Data:
        """Without any trouble: what a test begins with."""
        for _run in range(RUNS):
            if self.run()["state"] == "issued":
                self.serials.append(self.said["serial"])
                return self.said
        raise AssertionError(f"no certificate to begin with: {self.said['error']}")

    def orders(self) -> int:
        return self.harness.orders(self.proxy, self.names)

    def disown(self) -> None:
        """The ledger's order becomes one that the CA does not know."""
        with sqlite3.connect(self.ledger) as ledger:
            for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                ledger.execute(f"DROP TRIGGER {name}")
            handle = self.said["order"]
            foreign = re.sub(r"([0-9a-zA-Z]+)$", r"9\1", handle)
            ledger.execute("UPDATE facts SET data = replace(data, ?, ?)", (f'"{handle}"', f'"{foreign}"'))


def play(cell: Cell, harness: Harness, tls: Tls, folder: Path) -> Outcome:
    folder.mkdir(parents=True)
    with FaultProxy(tls, harness.upstream(), harness.verb_of) as proxy:
        customer = Customer(harness, proxy, folder, cell.verb, skew=cell.vice == "skew")
        if cell.vice == FOREIGN:
            return _foreign(customer, cell.verb)
        if cell.vice == LATE:
            return _late(customer)
        row = cell.row
        assert row is not None
        before = _begin(customer, cell.verb)
        fault = proxy.spoil(harness.asked_as.get(cell.verb, cell.verb), row.make(harness), row.times)
        outcome = _until_done(customer, cell.verb, before) if row.end is End.DONE else _until_told(customer, before)
        faults = list(outcome.faults)
        if not fault.struck:
            faults.append(f"nothing was asked that is {cell.verb}: {proxy.asked}")
        right = (*row.codes, *harness.codes.get(row.name, ()))
        if row.end is End.CLEAR and outcome.code not in right:
            faults.append(f"the error is {outcome.code!r}, right is one of {', '.join(right)}")
        if row.end is End.CLEAR and row.verbs == ("look",):
            proxy.behave()
            customer.deadline = DEADLINE
            if customer.run()["state"] != "issued":
                faults.append("once the CA says what we know, nothing comes of the order")
        return Outcome(outcome.runs, outcome.code, tuple(faults))


class World(t.Protocol):
    """The CAs that run, by the name of their adapter (conftest)."""

    tls: Tls

    def harness(self, name: str) -> Harness:
        """Skips the test where its CA is not on this machine."""


def told_of_an_hour(harness: Harness, verb: str, form: str, tls: Tls, folder: Path) -> tuple[Data, int]:
    """The error of a run in which the CA asks for an hour of patience, and how many orders it has."""
    with FaultProxy(tls, harness.upstream(), harness.verb_of) as proxy:
        customer = Customer(harness, proxy, folder, verb, skew=False)
        customer.deadline = SHORT_DEADLINE
        fault = proxy.spoil(verb, spoils.HOURS[form](harness), None)
        error = customer.run()["error"]
        # one verb may read on its way to the next what is then asked for once more
        assert 0 < fault.struck <= 2, f"asked {fault.struck} times, although the CA wants an hour"
        assert error is not None
        return error, customer.orders()


#: Where an order is when the value that it wants published ends.
MOMENTS = ("ordered", "published", "asked for")


def aged(harness: Harness, moment: str, clock: LabClock, days: float, tls: Tls, folder: Path) -> Outcome:
    """The CA's clock goes on, and ours with it."""
    with FaultProxy(tls, harness.upstream(), harness.verb_of) as proxy:
        customer = Customer(harness, proxy, folder, "submit", skew=False)
        customer.now = clock.now()
        first = customer.order()["wanted"]
        if moment != "ordered":
            harness.publish(first)
        clock.advance(days=days)
        customer.now = clock.now()
        if moment == "asked for":
            customer.deadline = SHORT_DEADLINE
            customer.call(visible=True)
            customer.deadline = DEADLINE
        outcome = _until_done(customer, "submit", 0, clock.now())
        then = {one["value"] for one in first["records"]}
        shown = [{one["value"] for one in wanted["records"]} for wanted in customer.wanted if wanted["records"]]
        faults = [] if shown[-1].isdisjoint(then) else ["nothing else was wanted than before: this shows nothing"]
        return Outcome(outcome.runs, outcome.code, (*outcome.faults, *faults))


def capabilities_of(harness: Harness, tls: Tls, folder: Path) -> Capabilities:
    """What the adapter says of the harness's account."""
    with FaultProxy(tls, harness.upstream(), harness.verb_of) as proxy:
        account = harness.account(proxy)
        factories = adapter_factories(clock=SystemClock(), new_private_key=new_private_key)
        config = AccountConfig(
            "ca", account.adapter, account.settings, account.secrets, str(folder / "accounts" / "ca")
        )
        return factories[account.adapter].open(config, deadline=DEADLINE).capabilities


def _begin(customer: Customer, verb: str) -> int:
    """What must be there before the verb is: the number of orders at the CA."""
    if verb in ("revoke", "renew", "reissue"):
        customer.issued()
        customer.new_key()
    elif verb in ("cancel", "resend", "change_contact"):
        customer.order()
    elif verb == "find":
        customer.proxy.spoil("submit", spoils.lost_answer)
    return customer.orders()


def _act(customer: Customer, verb: str) -> bool:
    """One run; whether it is done."""
    if verb == "cancel":
        return customer.call({"state": "cancelled"})["state"] == "cancelled"
    if verb == "revoke":
        return customer.call({"state": "revoked"}, revoke_reason="superseded")["state"] == "revoked"
    if verb == "resend":
        return customer.call(resend=True)["error"] is None
    if verb == "change_contact":
        contact = customer.wish["options"]["contact"]
        new = {**contact, "address": "postmaster@" + contact["address"].partition("@")[2]}
        said = customer.call(options={**customer.wish["options"], "contact": new})
        return said["error"] is None and said["options"]["contact"] == new
    kind = {"kind": verb} if verb in ("renew", "reissue") else {}
    return customer.run(**kind)["state"] == "issued"


def _until_done(customer: Customer, verb: str, before: int, now: datetime | None = None) -> Outcome:
    runs, faults = 0, []
    done = False
    while not done and runs < RUNS:
        runs += 1
        done = _act(customer, verb)
        faults += _unclear(customer.said["error"])
    said = customer.said
    if not done or said["error"] is not None:
        faults.append(f"not done after {runs} runs: {said['state']}, {said['error']}")
    ordering = verb not in ("cancel", "revoke", "resend", "change_contact")
    wanted = before + (1 if ordering else 0)
    if not any(
        200 <= one.answer.status < 300 for one in customer.proxy.passed(customer.harness.asked_as.get(verb, verb))
    ):
        faults.append(f"it is said to be done, and the CA has not done it: {customer.trail}")
    if customer.orders() != wanted:
        faults.append(f"the CA has {customer.orders()} orders, not {wanted}: {customer.trail}")
    if ordering and said["certificate"]:
        _verify(said, customer.names, now or datetime.now(timezone.utc))
    return Outcome(runs, "", tuple(faults))


def _verify(said: Data, names: list[str], now: datetime) -> None:
    verify_deployment(
        said["certificate"],
        said["chain"],
        public_key_sha256=said["public_key_sha256"],
        private_key_pem=None,
        dns_names=names,
        now=now + timedelta(seconds=1),
    )


def _until_told(customer: Customer, before: int) -> Outcome:
    """Three runs of the same trouble: each says so, none goes on, none orders again."""
    faults, code = [], ""
    customer.deadline = SHORT_DEADLINE
    for _run in range(RUNS):
        said = _told(customer)
        error, problem = said["error"], said["problem"] or {}
        if error is None and said["state"] != "needs_person":
            faults.append(f"no error, and nobody is asked: {said['state']}, {said['outcome']}")
        faults += _unclear(error)
        code = code or (error or problem).get("code", "")
        if said["certificate"] is not None and said["serial"] not in customer.serials:
            faults.append(f"a certificate was taken: {said['serial']}")
        if customer.orders() > before + 1:
            faults.append(f"the CA has {customer.orders()} orders")
    return Outcome(RUNS, code, tuple(faults))


def _told(customer: Customer) -> Data:
    """One run; where a busy machine did not get to the trouble within the deadline, another one with more time."""
    said = customer.run()
    while said["error"] is None and said["state"] != "needs_person" and customer.deadline < DEADLINE:
        customer.deadline = min(2 * customer.deadline, DEADLINE)
        said = customer.run()
    return said


def _foreign(customer: Customer, verb: str) -> Outcome:
    """A renewal goes on as a new order, or says clearly why not; a reissue is never bought instead."""
    customer.issued()
    before = customer.orders()
    customer.disown()
    customer.new_key()
    faults, code, runs = [], "", 0
    for _run in range(RUNS):
        runs += 1
        said = customer.run(kind=verb)
        faults += _unclear(said["error"])
        code = code or (said["error"] or {}).get("code", "")
        if said["state"] == "issued":
            break
    if customer.said["state"] != "issued" and not code:
        faults.append(f"neither issued nor clear: {customer.said['state']}")
    if customer.orders() > before + (1 if verb == "renew" else 0):
        faults.append(f"the CA has {customer.orders()} orders, it had {before}")
    return Outcome(runs, code, tuple(faults))


def _late(customer: Customer) -> Outcome:
    """The answer is lost, the list lags; both orders are there before the CA tells of the first one."""
    if not hasattr(customer.harness, "live") or not hasattr(customer.harness, "none_found"):
        raise TypeError('the harness needs live() and none_found(), or a reason in skipped["find", "late"]')
    customer.proxy.spoil("submit", spoils.lost_answer)
    customer.proxy.spoil("find", lambda _asked, _act: customer.harness.none_found(), None)
    faults = []
    if customer.order()["error"] is not None or customer.orders() != 2:
        faults.append(f"there are no two orders to begin with: {customer.orders()}, {customer.said['error']}")
    customer.proxy.behave()
    runs, code = 0, ""
    while runs < RUNS and customer.said["state"] != "issued":
        runs += 1
        code = code or (customer.run()["error"] or {}).get("code", "")
        faults += _unclear(customer.said["error"])
    if customer.said["state"] != "issued" or code not in ("", "surplus_order"):
        faults.append(f"not issued after {runs} runs: {customer.said['state']}, {customer.trail}")
    live = customer.harness.live(customer.proxy, customer.names)
    if live != (2 if code else 1):
        faults.append(f"{live} orders are left, and that is {'told' if code else 'not told'}")
    return Outcome(runs, code, tuple(faults))


def _unclear(error: Data | None) -> list[str]:
    """What an error lacks."""
    if error is None:
        return []
    found = [f"the error has no {key}: {error}" for key in ("code", "what", "todo") if not error.get(key)]
    if error.get("code") == "bug":
        found.append(f"a bug of ours: {error}")
    if not isinstance(error.get("retryable"), bool):
        found.append(f"the error does not say whether it is worth another try: {error}")
    if error.get("retry_at") is not None and datetime.fromisoformat(error["retry_at"]).tzinfo is None:
        found.append(f"retry_at has no zone: {error}")
    return found
