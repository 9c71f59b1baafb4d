# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says, as plain values: every form of it (page, data, table, calendar, metrics) is made of this.

    run ──▶ read_report() ──▶ Report ──▶ report_data() ──▶ the host of the report ──▶ read_data() ─┐
                                             report.json that is there ──▶ read_data() ────────────┴▶ with_changes()
    Report ──▶ report_page, report_json, report_csv, report_markdown, report_calendar, report_metrics

No moment of the run is in it, only its day: two runs on one day with nothing in between give the same report.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass


class Group(enum.Enum):
    """What a certificate needs, most urgent first."""

    ATTENTION = "attention"  # something is wrong
    WAITING = "waiting"  # somebody has to act; the next run goes on by itself
    DUE = "due"  # the next run of issue or renew orders it
    IN_ORDER = "in_order"


#: Days before the end at which waiting is no longer harmless.
LAST_DAYS = 7
#: who of those that an order waits for is a person, or has one who does it
PEOPLE = frozenset({"customer", "person", "seller"})


class Waiting(t.NamedTuple):
    """actor: customer, seller, ca, person or us; by: ISO 8601 UTC; owner: who of them, "" where nobody is named."""

    actor: str
    what: str
    by: str | None
    owner: str = ""

    @property
    def is_for_people(self) -> bool:
        return self.actor in PEOPLE


class Cliff(t.NamedTuple):
    """A change of the rules: from this day on."""

    date: str
    what: str
    do: str


@dataclass(frozen=True)
class Row:
    """None: not known, or there is none.

    not_before, not_after, serial, issuer: of the live certificate that ends first.
    validated_until: the first day on which its last validation does not count any more.
    since: when the open order was made. tasks: all that persons have to do for it, the next one first.
    cancel_by: the last day on which its contract can be ended before it is renewed.
    codes: of the errors that its sentences tell.
    """

    name: str
    group: Group
    outcome: str
    sentences: tuple[str, ...]
    state: str | None
    common_name: str | None
    dns_names: tuple[str, ...]
    product: str | None
    seller: str | None
    ca_account: str | None
    method: str | None
    method_ends_on: str | None
    validated_until: str | None
    contact: str | None
    hosts: tuple[str, ...]
    not_before: str | None
    not_after: str | None
    days_left: int | None
    serial: str | None
    issuer: str | None
    renews_on: str | None
    cancel_by: str | None
    waiting: Waiting | None
    tasks: tuple[Waiting, ...]
    mails: tuple[str, ...]
    order: str | None
    since: str | None
    cliffs: tuple[Cliff, ...]
    codes: tuple[str, ...] = ()

    @property
    def for_people(self) -> tuple[Waiting, ...]:
        """What persons have to do; an order without a list of tasks still waits for somebody."""
        if self.tasks:
            return tuple(task for task in self.tasks if task.is_for_people)
        return (self.waiting,) if self.waiting is not None and self.waiting.is_for_people else ()


class Change(t.NamedTuple):
    """kind: added, removed, certificate (another serial is live), group, state or turn (who has to act)."""

    name: str
    kind: str
    before: str | None
    after: str | None


class Changes(t.NamedTuple):
    """What was different the last time that something was: on that day, since the report of the day before it."""

    day: str
    since: str
    found: tuple[Change, ...]


class Month(t.NamedTuple):
    """without_method: of the orders, those whose method has ended by then."""

    month: str
    orders: int
    approvals: int
    without_method: int


class Share(t.NamedTuple):
    """Certificates that are approved by hand. names: the first of them."""

    certificates: int
    names: tuple[str, ...]
    approvals: int
    without_method: int


class Load(t.NamedTuple):
    """movable: their products also have ``methods``; stuck: theirs have no other method today."""

    months: tuple[Month, ...]
    movable: Share
    methods: tuple[str, ...]
    stuck: Share


@dataclass(frozen=True)
class Report:
    """as_of: the day of the plan. names: the certificates it is about, None for all that are declared.

    undelivered: what notifications of this run could not be delivered, and why.
    """

    as_of: str | None
    names: tuple[str, ...] | None
    rows: tuple[Row, ...]
    load: Load | None = None
    changes: Changes | None = None
    undelivered: tuple[str, ...] = ()

    def of(self, group: Group) -> list[Row]:
        return [row for row in self.rows if row.group is group]


class Task(t.NamedTuple):
    """Somebody has to do something for a certificate."""

    row: Row
    waiting: Waiting


def people_tasks(report: Report) -> list[Task]:
    """What waits for people, what is due first first; what has no day stands last."""
    found = [Task(row, waiting) for row in report.rows for waiting in row.for_people]
    return sorted(found, key=lambda task: (task.waiting.by or "9999", task.row.name))


def all_cliffs(rows: t.Iterable[Row]) -> dict[Cliff, list[str]]:
    """Each change once, soonest first, with the names of the certificates that it will hit."""
    found: dict[Cliff, list[str]] = {}
    for row in rows:
        for cliff in row.cliffs:
            found.setdefault(cliff, []).append(row.name)
    return {cliff: sorted(found[cliff]) for cliff in sorted(found)}
