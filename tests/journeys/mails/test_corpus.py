# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mail of the corpus comes by SMTP through the border into a mailbox that is read in mode auto, with orders that
wait for approval. It is refused with the right reason, and no request leaves but the look at a page that a row allows.
"""

from __future__ import annotations

import collections
import os
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import Office
from lab.border import HOST, NAME, Border, submit
from lab.lab import Lab
from mails.corpus import ROWS, Row, Sent

CLASSES = {
    *("forged From", "two Froms", "look-alike host", "userinfo", "transfer from the same sender", "zip"),
    *("other customer's order", "expired link", "already approved", "reject link first", "JavaScript page"),
    *("charset traps", "10 MB body"),
}
CAS = {"jprs.jp", "digitalcertvalidation.com", "trust-provider.com"}
ITEMS: list[dict[str, t.Any]] = [
    *({"name": name} for name in ("shop", "done", "gone", "www")),
    {"name": "api", "ca": "sectigo"},
]
AUTO: dict[str, t.Any] = {"mode": "auto", "auto_domains": ["example.jp", "example.com"]}


class World:
    """The corpus's Bench, and what a row did to it."""

    def __init__(self, folder: Path, lab: Lab, border: Border) -> None:
        self.lab, self.border = lab, border
        self.maildir = folder / "Maildir"
        for below in ("new", "cur", "tmp"):
            (self.maildir / below).mkdir(parents=True)
        settings = {"path": str(self.maildir), "authserv_id": NAME}
        self.office = Office(lab, folder, {"service": "maildir", "settings": settings}, {})
        self.host = lab.facts()["api_url"].split("/")[2]
        self.office.profiles["jprs-lab"]["hosts"].append("approve.jprs.example")
        for name in ("shop", "done", "gone"):
            self.office.order(name, "jprs", "jprs-dv", f"{name}.example.jp")
        self.office.order("api", "jprs", "jprs-dv", "api.example.com")
        self.number = str(self.office.order_at_digicert("www", "www.example.jp")["order"])
        self.office.tell("done", approved=True)
        self.office.tell("gone", cancelled=True)

    def paper(self, house: str = "jprs", to: str = "admin@shop.example.jp", **facts: str) -> t.Any:
        domain = facts.pop("domain", to.partition("@")[2])
        return self.lab.also["approvals"].ask(house, to, domain=domain, **facts)

    def raw(self, paper: t.Any) -> bytes:
        return t.cast(bytes, self.lab.also["approvals"].raw(paper))

    def deliver(self, name: str, _address: str, raw: bytes) -> None:
        (self.maildir / "new" / name).write_bytes(raw)

    def receive(self, row: Row) -> None:
        for path in (self.maildir / "new").iterdir():
            path.unlink()
        sent = row.build(self)
        submit(self.border.port, "sender@mail.example", [sent.to], sent.raw, sent.source)
        [letter] = (self.maildir / "new").iterdir()
        when = time.time() - sent.days * 86400
        os.utime(letter, (when, when))

    def visits(self, method: str) -> int:
        return len(self.lab.history.events("approval_visit", method=method))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = tmp_path_factory.mktemp("corpus")
    made: list[World] = []

    def deliver(*letter: t.Any) -> None:
        made[0].deliver(*letter)

    with (
        Border(deliver, {HOST: CAS}) as border,
        Lab(folder / "lab", web=(), vices=[], also=("approvals",)) as lab,
    ):
        made.append(World(folder, lab, border))
        yield made[0]
        assert lab.failures == []


def test_the_corpus_is_large_and_each_class_has_five() -> None:
    counts = collections.Counter(row.kind for row in ROWS)
    assert len(ROWS) >= 80 and set(counts) == CLASSES and min(counts.values()) >= 5
    assert len({(row.kind, row.title) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.kind}: {row.title}" for row in ROWS])
def test_it_is_refused_with_its_reason_and_no_request_leaves(world: World, row: Row) -> None:
    before = world.visits("GET"), len(world.lab.history.events("approval_visit"))
    world.receive(row)
    result = world.office.play(*ITEMS, **AUTO)
    told = [mail for one in result.items for mail in one.as_data()["mails"]] + result.extra["other_mails"]
    codes = [mail["code"] for mail in told] or ["sender_unknown"] * result.extra["strangers"]
    assert codes == [row.code], [mail["why"] for mail in told]
    assert (world.visits("GET") - before[0], world.visits("POST")) == (row.looks, 0)
    assert len(world.lab.history.events("approval_visit")) - before[1] == row.looks
    assert len(world.lab.history.events("approved")) == 0
    assert all(one.outcome not in ("approved", "approval_unknown") for one in result.items)


def test_after_all_of_them_the_right_mail_is_still_answered(world: World) -> None:
    world.receive(Row("", "", "", lambda bench: Sent(bench.raw(bench.paper()))))
    answered = world.office.look(*ITEMS, **AUTO)
    assert answered["shop"]["outcome"] == "approved"
    assert world.visits("POST") == 1
