# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: five certificates, each validated in another way, from declaration to renewal and back, in the lab.

make demo            all of it; what it leaves behind lies in .demo/ (inventory, logs, mails, stores, ledger, report)
scripts/demo --keep  the lab stays open after the last act until Enter is pressed

The lab is one Python process on loopback: DNS servers, a mail server, web servers, and a seller that validates for real
and misbehaves a little. Act one is played some months ago by a moved clock, act two today: so the renewal is a renewal,
and every certificate is valid by the real clock of the handshakes.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import sys
import time
import typing as t
from datetime import datetime, timedelta, timezone

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
COLLECTIONS = os.environ["ANSIBLE_COLLECTIONS_PATH"]  # where scripts/venv has installed the collection
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "journeys"), COLLECTIONS]

import story  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.dcv import validity_limit  # noqa: E402
from plays.play import Play  # noqa: E402
from world import LabWorld  # noqa: E402

#: Act one lies so far back. Where the rules of that day give shorter certificates: three quarters of their life.
DAYS_BACK = 150
METHODS = {
    "shop": "mail to the mailbox in DNS, 承認する",
    "www": "file on two hosts, www and bare name",
    "apps": "wildcard by a DNS record",
    "corp": "linkage with the registrar",
    "members": "mail to hostmaster@, 承認しない",
}


class Failure(Exception):
    """The demo did not show what it says; the message tells what to read."""


class Stage:
    """One line a step: what is done, a mark, how long it took, and what came of it."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._live = sys.stdout.isatty()

    def paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def act(self, title: str) -> None:
        print(f"\n  {self.paint(title, '1')}\n", flush=True)

    def step(self, title: str, work: t.Callable[[], str]) -> None:
        if self._live:
            print(f"  … {title}", end="", flush=True)
        begin = time.monotonic()
        try:
            came = work()
        except BaseException:
            self._line("✘", "31", title, begin, "")
            raise
        self._line("✔", "32", title, begin, came)

    def _line(self, mark: str, code: str, title: str, begin: float, came: str) -> None:
        if self._live:
            print("\r\033[K", end="")
        seconds = f"{time.monotonic() - begin:5.1f} s"
        room = " " * (54 - _width(title))
        print(f"  {self.paint(mark, code)} {title}{room}{self.paint(seconds, '2')}  {came}".rstrip(), flush=True)


class Demo:
    def __init__(self, world: LabWorld, stage: Stage) -> None:
        self.world = world
        self.stage = stage
        #: act -> certificate -> the serial that every one of its hosts serves
        self.serials: dict[str, dict[str, str]] = {}
        self.plays: list[Play] = []

    # --- act one: first issue ----------------------------------------------------------------------------------------

    def first_issue(self) -> None:
        step = self.stage.step
        step("plan: what would be done (--check --diff)", self.plan)
        step("contacts: the mailbox in DNS, a zone's RNAME", self.contacts)
        step("issue: keys, orders, files, records", self.first_run)
        step("a person presses 承認する, another one 承認しない", self.people)
        step("issue again: one approved, one refused", self.second_run)
        step("six hours later the crawler came; issue again", self.third_run)
        step("prove: TLS handshakes with both web servers", lambda: self.proven("issued"))
        step("once more: there is nothing to do", self.nothing_to_do)

    def plan(self) -> str:
        before = self.world.snapshot()
        play = self.played("issue", "--check", "--diff")
        self._same(before, ledger=True)
        due = [item["name"] for item in play.results("dcv_plan") if item["outcome"] == "due"]
        self._expect("due", due, list(METHODS))
        return f"{len(due)} certificates are due; nothing was written"

    def contacts(self) -> str:
        self.played("contacts")
        mailboxes = {zone: self._mailbox(zone) for zone in story.MAILBOXES}
        self._expect("mailboxes", mailboxes, dict(story.MAILBOXES))
        found = [value for _name, _type, value in self.world.contacts_in_dns()]
        if len(found) != 1 or story.CONTACT not in found[0]:
            raise Failure(f"the contact in DNS is {found}")
        before = self.world.snapshot()
        self.played("contacts")
        self._same(before)
        zone, mailbox = next(iter(story.MAILBOXES.items()))
        return f"{story.CONTACT}; {zone} names {mailbox}; a second run writes nothing"

    def _mailbox(self, zone: str) -> str:
        """Of a zone, as its server says it: the first dot that is not escaped stands for @ (RFC 1035 §8)."""
        soa = next(value for _name, kind, value in self.world.lab.dns.records(zone) if kind == "SOA")
        local, _unused, domain = soa.split()[1].replace("\\.", "\0").partition(".")
        return f"{local}@{domain}".replace("\0", ".").rstrip(".")

    def first_run(self) -> str:
        self.played("issue")
        self._states({"shop": "awaiting_approval", "www": "wanted", "members": "awaiting_approval"})
        files = len(self.world.tokens_on_hosts())
        if self.world.tokens_in_dns() or files != len(story.SERVED["www"][1]):
            raise Failure(f"tokens after the first run: {self.world.tokens_in_dns()}, {files} files")
        return "apps and corp are live; two mails are out; two files wait for the crawler"

    def people(self) -> str:
        self.world.press(story.CONTACT)
        self.world.press(story.REFUSER, "承認しない")
        self.world.pass_time(hours=1)
        return "by the link in the mail, like people"

    def second_run(self) -> str:
        play = self.played("issue", red=True)
        red = [line.strip() for line in play.stdout.splitlines() if line.startswith("- ") or " - members" in line]
        if not any("members" in line and "承認されませんでした" in line for line in red):
            raise Failure(f"the refused order is not what turned the run red: {play.why()}")
        self._states({"www": "wanted"})
        if len(self.world.tokens_on_hosts()) != len(story.SERVED["www"][1]):
            raise Failure("the files of the pending order are gone")
        return "shop is live; red for members alone, and says why; the files stay"

    def third_run(self) -> str:
        self.world.pass_time(hours=6)
        self.played("issue")
        self._states({})
        fetches = self.world.lab.history.events("fetch", found=True)
        return f"www is live; {len(fetches)} files were fetched; members is not ordered again"

    # --- act two: renewal ------------------------------------------------------------------------------------------

    def renewal(self, days: int) -> None:
        step = self.stage.step
        step(f"{days} days pass; renew: all four are due", lambda: self.first_renewal(days))
        step("the person presses 承認する, the crawler comes; renew", self.second_renewal)
        step("prove: every serial and every key is new", self.all_new)
        step("rollback: shop returns to the certificate before", self.rolled_back)
        step("look back: nothing of ours is left behind", self.clean)
        step("report: for people and for machines", self.report)

    def first_renewal(self, days: int) -> str:
        self.world.pass_time(days=days, hours=-7)
        self.played("renew")
        self._states({"shop": "awaiting_approval", "www": "wanted"})
        return "apps and corp are renewed; shop and www wait, and serve what they have"

    def second_renewal(self) -> str:
        self.world.press(story.CONTACT)
        self.world.lab.seller.crawl()
        self.played("renew")
        self._states({})
        return "shop and www are renewed"

    def all_new(self) -> str:
        self.proven("renewed")
        before, after = self.serials["issued"], self.serials["renewed"]
        same = [name for name in before if before[name] == after[name]]
        keys = [name for name in before if self._keys(name)[-1] in self._keys(name)[:-1]]
        if same or keys:
            raise Failure(f"not new: serials of {same}, keys of {keys}")
        return "verified against the seller's root, by the real clock"

    def _keys(self, name: str) -> list[bytes]:
        """Of all generations on the first host, oldest first; only to be compared."""
        store = self.world.machines[story.SERVED[name][1][0]].store
        return [path.read_bytes() for path in sorted((store / name / "generations").glob("*/privkey.pem"))]

    def rolled_back(self) -> str:
        self.played("rollback", variables={"inkan_names": ["shop"]})
        self.proven("rolled back")
        expected = {**self.serials["renewed"], "shop": self.serials["issued"]["shop"]}
        self._expect("serials", self.serials["rolled back"], expected)
        return "both hosts serve it; the others keep their new ones"

    def clean(self) -> str:
        left = [*self.world.tokens_in_dns(), *self.world.tokens_on_hosts()]
        if left:
            raise Failure(f"left over: {left}")
        orders = self.world.orders()
        expected = 2 * len(story.SERVED) + 1
        if len(orders) != expected:
            raise Failure(f"{len(orders)} orders, not {expected}: {orders}")
        return f"but the contact; {len(orders)} orders, not one twice"

    def report(self) -> str:
        play = self.played("report")
        for name in ("report.json", "report.html"):
            if not (self.world.report / name).is_file():
                raise Failure(f"there is no {name}: {play.why()}")
        return "report.json and report.html"

    # --- what all acts need ----------------------------------------------------------------------------------------

    def played(
        self, playbook: str, *arguments: str, red: bool = False, variables: dict[str, t.Any] | None = None
    ) -> Play:
        play = self.world.play(playbook, *arguments, variables=variables)
        self.plays.append(play)
        if (play.rc != 0) is not red or play.rc not in (0, 2):
            last = "\n".join([*play.stdout.splitlines()[-25:], *play.stderr.splitlines()[-10:]])
            raise Failure(f"ansible-playbook inkan.tls.{playbook} ended with {play.rc}:\n{last}\nwhole log: {play.log}")
        return play

    def proven(self, act: str) -> str:
        found = self.world.served()
        for name, serials in found.items():
            if len(serials) != 1:
                raise Failure(f"the hosts of {name} serve different certificates: {serials}")
        self.serials[act] = {name: serials.pop() for name, serials in found.items()}
        return f"{sum(len(hosts) for _name, hosts in story.SERVED.values())} handshakes: chain, name and dates verified"

    def nothing_to_do(self) -> str:
        before = self.world.snapshot()
        play = self.played("renew")
        if any(play.changed.values()):
            raise Failure(f"the run changed something: {play.changed}\nwhole log: {play.log}")
        self._same(before, ledger=True)
        return "changed=0; no write at the seller, in DNS, on hosts, in the ledger"

    def _same(self, before: t.Any, ledger: bool = False) -> None:
        differences = before.differences(self.world.snapshot(), ledger=ledger)
        if differences:
            raise Failure("something was written:\n" + "\n".join(differences))

    def _states(self, expected: dict[str, str]) -> None:
        """Of the orders that are open now."""
        final = ("deployed", "issued", "refused", "rolled_back")
        self._expect(
            "open orders", {name: state for name, state in self._last_states().items() if state not in final}, expected
        )

    def _last_states(self) -> dict[str, str]:
        return self.plays[-1].order_states()

    def _expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            raise Failure(f"{what}: {found}, expected: {expected}")

    def summary(self, seconds: float) -> str:
        rows: list[tuple[str, ...]] = [("certificate", "validated by", "issued", "renewed", "after rollback")]
        for name, how in METHODS.items():
            serials = [self.serials[act].get(name, "-")[:12] for act in ("issued", "renewed", "rolled back")]
            rows.append((name, how, *serials) if name in story.SERVED else (name, how, "refused", "not asked", "-"))
        vices = sorted({event["vice"] for event in self.world.lab.history.events("request") if event.get("vice")})
        return (
            f"\n  Serial numbers that the web servers prove:\n\n{_table(rows, self.stage)}\n"
            f"\n  The seller misbehaved meanwhile: {', '.join(vices) or 'not at all'}"
            f"\n  {self.stage.paint('All of it is true.', '1;32')} {len(self.plays)} playbook runs in {seconds:.0f} s."
            f"\n  The report to open: {self.world.report / 'report.html'}"
            f"\n  Inventory, logs, mails, stores and ledger to look at: {self.world.root}\n"
        )


def _width(text: str) -> int:
    """Columns on a terminal: Japanese letters take two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _table(rows: t.Sequence[t.Sequence[str]], stage: Stage) -> str:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "    " + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths)).rstrip()
        for row in rows
    ]
    return "\n".join([stage.paint(lines[0], "1"), *lines[1:]])


def days_back(today: datetime) -> int:
    """So that what is issued then is due today, and still valid."""
    longest = validity_limit((today - timedelta(days=DAYS_BACK)).date()).days
    return DAYS_BACK if longest > DAYS_BACK else validity_limit(today.date()).days * 3 // 4


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the lab open until Enter is pressed")
    options = parser.parse_args()
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # also where a shell started this with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    stage, begin, today = Stage(), time.monotonic(), datetime.now(timezone.utc)
    days = days_back(today)
    folder = REPOSITORY / ".demo"
    shutil.rmtree(folder, ignore_errors=True)
    print("\n  inkan.tls: five certificates of a small company, two web servers, and a seller who mails")
    try:
        with LabWorld(folder, now=today - timedelta(days=days), collections_path=COLLECTIONS) as world:
            demo = Demo(world, stage)
            stage.act(f"Act one, {days} days ago: from declaration to served certificates")
            demo.first_issue()
            stage.act("Act two, today: renewal, and the way back")
            demo.renewal(days)
            if world.lab.failures:
                raise Failure("the lab itself broke:\n" + "\n".join(world.lab.failures))
            print(demo.summary(time.monotonic() - begin))
            if options.keep:
                input(f"  The lab is open at {world.lab.facts()['control_url']} Press Enter to end: ")
    except (Failure, TimeoutError, OSError) as exc:
        print(f"\n  {stage.paint('The demo failed.', '1;31')} {exc}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n  Stopped; nothing is left running.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
