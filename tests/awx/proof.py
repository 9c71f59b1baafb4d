# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days of scheduled jobs as AWX runs them, for a certificate of every product, with the people who belong to it.

make awx-proof                                      400 days; ends with its table, and with 1 if anything is wrong
python -m awx.proof --days 30 --seed 7 --keep DIR   (with tests/ and tests/journeys on PYTHONPATH)

Every day the schedule of ``renew`` comes, as in extensions/awx. A job is run if an order is open or a certificate is
due, which the ledger and the last plan tell; all other jobs would do nothing, and are left out. Some are killed
half-way, some have another beside them.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [one for one in (str(HERE.parent), str(HERE.parent / "journeys")) if one not in sys.path]
if os.environ.get("ANSIBLE_COLLECTIONS_PATH") and "pytest" not in sys.modules:
    sys.path.append(os.environ["ANSIBLE_COLLECTIONS_PATH"])

from faults.canaries import Canaries, Leak  # noqa: E402
from lab.world import web_address  # noqa: E402
from world import LabWorld  # noqa: E402

from awx import estate, judge  # noqa: E402
from awx.estate import Data  # noqa: E402
from awx.jobs import Controller, Done, Environment, Job, execution_environment  # noqa: E402
from awx.people import People  # noqa: E402

BEGIN = datetime(2026, 11, 20, 22, tzinfo=timezone.utc)  # 07:00 in Japan
WEB = ("web1", "web2")
#: a job that is to be killed is killed when it has done so many of these, as the lab saw it
SEEN = frozenset({"request", "order", "issued", "dns_update", "web_reload", "look", "state", "fetch", "validated"})
MOST_SEEN = 8


class Rhythm(t.NamedTuple):
    """The schedule of ``renew`` comes every so many ``hours``. Of its runs, counted from 0, those of ``killed`` are
    killed, those of ``beside`` have a ``report`` beside them, those of ``twins`` another ``renew``."""

    hours: int = 24
    killed: t.Collection[int] = range(10, 10_000, 11)
    beside: t.Collection[int] = range(7, 10_000, 9)
    twins: t.Collection[int] = range(11, 10_000, 13)


USUAL = Rhythm()


@dataclass
class Tally:
    """What came of it."""

    days: int = 0
    slots: int = 0
    skipped: int = 0
    runs: collections.Counter[str] = field(default_factory=collections.Counter)
    statuses: collections.Counter[str] = field(default_factory=collections.Counter)
    red: list[str] = field(default_factory=list)
    killed: int = 0
    pairs: collections.Counter[str] = field(default_factory=collections.Counter)
    leaks: list[Leak] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0


class Proof:
    """The company, its controller, and time. ``changes``: more variables of all jobs (a seeded defect, say)."""

    def __init__(
        self,
        root: pathlib.Path,
        environment: Environment,
        *,
        seed: int = 1,
        begin: datetime = BEGIN,
        only: t.Collection[str] | None = None,
        rhythm: Rhythm = USUAL,
        changes: Data | None = None,
        say: t.Callable[[str], object] = lambda _text: None,
    ) -> None:
        self.root = root
        self.begin = begin
        self.tally = Tally()
        self.canaries = Canaries()
        self._environment = environment
        self._random = random.Random(seed)  # noqa: S311 - a plot, not a secret
        self._seed = seed
        self._only = only
        self._rhythm = rhythm
        self._changes = dict(changes or {})
        self._say = say
        self._due: dict[str, datetime] = {}
        self._scheduled = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Proof:
        with contextlib.ExitStack() as stack:
            self.server = estate.SellersServer(self.root / "sellers")
            stack.callback(self.server.close)
            every = estate.certificates(self.server.port)
            chosen = [one for one in every if self._only is None or one["name"] in self._only]
            self.world = stack.enter_context(
                LabWorld(
                    self.root / "world",
                    chosen,
                    now=self.begin,
                    vices=(),
                    web=WEB,
                    zones=estate.zones([web_address(number) for number in range(len(WEB))]),
                    variables={"inkan_organizations": {"example": estate.ORGANIZATION}},
                    also=("atlas", "gcc", "acme_ca"),
                )
            )
            self.world.lab.digicert.limits.limits = ((1_000_000, 1.0),)
            self._credentials = estate.Credentials()
            self._inventory = self._kept_inventory()
            for name, secret in self._credentials.secrets().items():
                if "PRIVATE KEY" in secret:
                    self.canaries.add_private_key(name, secret.encode())
                elif "BEGIN" not in secret:
                    self.canaries.add(name, secret)
            self.controller = Controller(self.root, self._environment, self._credentials, self.canaries)
            stack.callback(self.controller.close)
            self.people = People(self.world, self.server, self.canaries, self._seed, self.begin)
            self.watch = judge.Watch(chosen, self.world.lab.web, self.server)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _kept_inventory(self) -> Data:
        """What lies in the project: no secret, no moved clock; hosts have a Python of their own."""
        self.world.write_inventory()
        tree = json.loads(self.world.inventory.read_text("utf-8"))
        shared = tree["all"]["vars"]
        shared.pop("inkan_now")
        python = str(self._environment.python)
        shared.update(
            inkan_ca_accounts={**shared["inkan_ca_accounts"], **estate.accounts(self.world.lab)},
            ansible_python_interpreter=python,
            inkan_ledger_python=python,
            inkan_ledger_host="ledger1",
            inkan_deadline=60,
        )
        for host in tree["all"]["children"]["webservers"]["hosts"].values():
            host["ansible_python_interpreter"] = python
        tree["all"]["children"]["ledgers"] = {"hosts": {"ledger1": {}}}
        return self._credentials.take(tree)

    # -- time

    def play(self, days: int) -> None:
        """Day after day, and whenever the schedule comes."""
        started = time.monotonic()
        used = sum(os.times()[2:4])
        if any(one.get("validation", {}).get("contact", {}).get("kind") == "txt" for one in self.world.certificates):
            self.job("contacts", self.begin, {})
        for hours in range(0, days * 24, self._rhythm.hours):
            now = self.begin + timedelta(hours=hours)
            self._days_until(now)
            self.tally.slots += 1
            self.people.act(now)
            self._sellers_work()
            if not self.is_wanted(now):
                self.tally.skipped += 1
                continue
            self.scheduled(now)
            self._sellers_work()
            self.people.notice(now)
        self._days_until(self.begin + timedelta(days=days))
        self.tally.seconds += time.monotonic() - started
        self.tally.cpu += sum(os.times()[2:4]) - used

    def _days_until(self, now: datetime) -> None:
        """Each day since the last one, people do what they came to, and the servers are asked."""
        while (day := self.begin + timedelta(days=self.tally.days)) <= now:
            self.people.act(day)
            self.people.notice(day)
            self._sellers_work()
            self.watch.look(day)
            self.tally.days += 1

    def _sellers_work(self) -> None:
        lab = self.world.lab
        for seller in (lab.seller, lab.digicert, *lab.also.values()):
            seller.tick()
            poll = getattr(seller, "poll", None)
            if poll is not None:
                poll()

    def is_wanted(self, now: datetime) -> bool:
        """Is something due or pending? By the ledger, and by what the last plan said."""
        entries = self.people.entries()
        pending = any(one.is_open for several in entries.values() for one in several)
        wanted = {one["name"] for one in self.world.certificates} - entries.keys()
        return bool(pending or wanted or self.people.to_force or any(at <= now for at in self._due.values()))

    # -- jobs

    def scheduled(self, now: datetime) -> None:
        number, self._scheduled = self._scheduled, self._scheduled + 1
        if number in self._rhythm.killed:
            self._killed(now)
            return
        beside = "report" if number in self._rhythm.beside else "renew" if number in self._rhythm.twins else ""
        words = self.people.words()
        jobs = [self._launch("renew", now, words)]
        if beside:
            self.tally.pairs[f"renew and {beside}"] += 1
            jobs.append(self._launch(beside, now, words if beside == "renew" else {}))
        for job in jobs:
            self._ended(job.wait(self.adopt))
        self._look_behind()

    def job(self, template: str, now: datetime, variables: Data, project: list[Data] | None = None) -> Done:
        done = self._ended(self._launch(template, now, variables, project).wait(self.adopt))
        self._look_behind()
        return done

    def _launch(self, template: str, now: datetime, variables: Data, project: list[Data] | None = None) -> Job:
        self.tally.runs[template] += 1
        return self.controller.launch(template, now, self._inventory, {**variables, **self._changes}, project)

    def _killed(self, now: datetime) -> None:
        """SIGKILL for all of the job at a moment that differs each time; or it was over before."""
        before, most = self._seen(), self._random.randint(1, MOST_SEEN)
        words = self.people.words()
        forced = words.get("inkan_renewal", {}).get("force", [])
        job = self._launch("renew", now, words)
        while job.is_running() and self._seen() - before < most:
            time.sleep(0.02)
        if job.is_running():
            self.tally.killed += 1
            self._ended(job.kill(self.adopt))
            self.people.to_force += forced  # whoever launched it sees that it died, and launches it again
        else:
            self._ended(job.wait(self.adopt))
        self._look_behind()

    def _seen(self) -> int:
        return sum(event["kind"] in SEEN for event in self.events)

    def adopt(self) -> None:
        hosts = [machine.store for machine in self.world.machines.values()]
        self.canaries.adopt(place for place in [*hosts, self.world.ledger.parent / "accounts"] if place.exists())

    def _ended(self, done: Done) -> Done:
        self.tally.statuses[done.status] += 1
        self.tally.leaks += done.leaks
        for item in done.results("dcv_plan"):
            due = item.get("due") or {}
            if item.get("error"):
                raise RuntimeError(f"the plan refuses {item['name']}: {item['error']}\n{done.why()}")
            if due.get("at"):
                self._due[item["name"]] = datetime.fromisoformat(due["at"])
        if done.status == "failed":
            lines = [line.strip(' ",') for line in done.stdout.splitlines()]
            reasons = [line for line in lines if line.startswith("- ")]
            self.tally.red.append(f"job {done.id}: " + " / ".join(reasons[:4] or lines[-12:])[:600])
            self._say(self.tally.red[-1])
        self._say(f"{self.world.lab.clock.now():%Y-%m-%d %H:%M} job {done.id} {done.template}: {done.status}")
        return done

    def _look_behind(self) -> None:
        self.tally.left += [str(path) for path in self.controller.left()]

    # -- the end

    @property
    def events(self) -> list[Data]:
        return t.cast("list[Data]", self.world.lab.history.events())

    def never_served(self) -> list[str]:
        return sorted({one["name"] for one in self.world.certificates} - self._reached())

    def _reached(self) -> set[str]:
        issued = {tuple(sorted(event.get("names", ()))) for event in self.events if event["kind"] == "issued"}
        brought = {one["name"] for one in self.world.certificates if "issued_from" in one and len(issued)}
        return {name for name, serials in self.watch.seen.items() if serials} | brought

    def wrong(self) -> list[str]:
        """Everything that must not be; [] is what is wanted."""
        foreign = self._environment.distributions() & {"ansible-runner", "pytest", "aiosmtpd", "hypothesis", "molecule"}
        if self._environment.image:
            foreign -= {"ansible-runner"}  # every image has it: ansible-builder sees to that
        return [
            *(f"a duplicate order: {one}" for one in judge.duplicates(self.events)),
            *(f"an expiry: {one}" for one in self.watch.expired),
            *(f"a secret: {one}" for one in self.tally.leaks[:20]),
            *(f"left behind on the controller: {one}" for one in self.tally.left),
            *(f"in the execution environment, and not declared: {one}" for one in sorted(foreign)),
            *(f"the lab broke: {one}" for one in self.world.lab.failures),
        ]

    def table(self) -> str:
        tally, jobs = self.tally, sum(self.tally.runs.values())
        rows: list[tuple[str, object]] = [
            (
                "days",
                f"{tally.days}, from {self.begin:%Y-%m-%d}; {tally.skipped} of {tally.slots} slots had no work",
            ),
            (
                "certificates",
                f"{len(self.world.certificates)}, {len({one['product'] for one in self.world.certificates})} products",
            ),
            ("runs", f"{jobs}: " + _counts(tally.runs)),
            ("how they ended", _counts(tally.statuses)),
            ("two at once", _counts(tally.pairs) or "none"),
            ("killed jobs", tally.killed),
            ("orders by CA", _counts(judge.orders_by_ca(self.events))),
            ("lifetimes served, days", _counts(self.watch.lifetimes)),
            ("handshakes looked at", f"{self.watch.handshakes}, on {self.watch.days} days"),
            ("duplicate orders", len(judge.duplicates(self.events))),
            ("expiries", len(self.watch.expired)),
            ("secrets found", len(tally.leaks)),
            ("left on the controller", len(tally.left)),
            ("never served", ", ".join(self.never_served()) or "none"),
            ("human touches", f"{sum(self.people.touches.values())}: " + _counts(self.people.touches)),
            (
                "seconds",
                f"{tally.seconds:.0f}, {tally.cpu:.0f} of them of a core; {tally.cpu / max(jobs, 1):.1f} a job",
            ),
        ]
        width = max(len(name) for name, _value in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _counts(counter: t.Mapping[t.Any, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items(), key=lambda item: str(item[0])))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--begin", type=datetime.fromisoformat, default=BEGIN, help="a moment with its zone")
    parser.add_argument("--hours", type=int, default=USUAL.hours, help="how often the schedule comes")
    parser.add_argument("--only", nargs="*", help="names of certificates")
    parser.add_argument("--image", default="", help="of an execution environment, for podman; then no job is killed")
    parser.add_argument("--keep", type=pathlib.Path, help="a new folder for all that it leaves")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        root = options.keep or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="awx-proof-")))
        root.mkdir(parents=True, exist_ok=True)
        environment = execution_environment(root, options.image)
        chosen = {"seed": options.seed, "begin": options.begin, "only": options.only}
        rhythm = USUAL._replace(hours=options.hours, killed=() if options.image else USUAL.killed)
        proof = stack.enter_context(Proof(root, environment, rhythm=rhythm, say=_say, **chosen))
        try:
            proof.play(options.days)
        finally:
            print("\n".join(["", *proof.tally.red, "", proof.table()]), flush=True)
            wrong = [*proof.wrong(), *(f"never served: {name}" for name in proof.never_served())]
            wrong += ["fewer than 150 runs"] if options.days >= 400 and sum(proof.tally.runs.values()) < 150 else []
            print("\n".join(["", *(wrong or ["All of it held."])]))
    return 1 if wrong else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
