# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of dcv_plan for tests, built with what matters to each."""

from __future__ import annotations

import typing as t

Data = dict[str, t.Any]

MAIL_ENDS = {"date": "2028-03-15", "what": "mail ends", "do": "move to file", "facts": ["SC-090, BR 2.2.2"]}
SHORTER = {
    "date": "2027-03-15",
    "what": "certificates live at most 100 days",
    "do": "renew daily",
    "facts": ["BR 6.3.2"],
}


def method(name: str, allowed: bool = True, **words: t.Any) -> Data:
    data = {"method": name, "allowed": allowed, "discouraged": False, "ends_on": None, "reasons": [], "facts": []}
    return {**data, **words}


def contact(kind: str, address: str | None, allowed: bool = True, **words: t.Any) -> Data:
    data = {"kind": kind, "address": address, "domain": "example.jp", "allowed": allowed, "selectable": True}
    return {**data, "mailed": "chosen", "covers": "fqdn", "reasons": [], "facts": [], **words}


def step(actor: str, action: str, due: str | None = None, *facts: str) -> Data:
    return {"actor": actor, "action": action, "due": due, "facts": list(facts)}


def result(name: str, outcome: str = "due", *, by: str | None = "email", at: str | None = None, **words: t.Any) -> Data:
    due = {"is_due": outcome == "due", "code": "x", "reason": f"why {name} is {outcome}", "at": at, "kind": None}
    wish = {
        "dns_names": [f"{name}.example.jp"],
        "method": by,
        "ca_account": "labssl",
        "validation": {"method": by, "contact": {"kind": "txt", "address": "certs@example.jp"} if by else None},
    }
    found = {"name": name, "changed": False, "outcome": outcome, "state": "absent", "error": None, "due": due}
    return {**found, "certificate": None if outcome == "refused" else wish, **words}


def plan(name: str, **words: t.Any) -> Data:
    data: Data = {
        "name": name,
        "product": "jprs-dv",
        "seller": "jprs",
        "ca": "jprs",
        "validation_level": "dv",
        "methods": [method("email", ends_on="2028-03-15", facts=["JPRS-2"])],
        "contacts": [],
        "records": [],
        "files": [],
        "steps": [step("customer", "press 承認する", "2026-12-15", "CPI-4", "CPI-5")],
        "renewal": {"notices": [], "window_opens": None, "window_closes": None, "immutable": [], "cancel_by": None},
        "validity": {"max_days": 199, "not_after": "2027-06-07T23:59:59Z"},
        "cliffs": [],
        "error": None,
    }
    return {**data, **words}


def answer(*pairs: tuple[Data, Data], load: Data | None = None) -> Data:
    """What the task has registered."""
    return {
        "as_of": "2026-11-20T09:30:00Z",
        "results": [one for one, _plan in pairs],
        "plans": [one for _result, one in pairs],
        "load": load,
    }


def many(number: int, outcome: str = "not_due") -> list[tuple[Data, Data]]:
    names = [f"c{count:04}" for count in range(number)]
    return [(result(name, outcome, at="2027-01-02T03:04:05Z"), plan(name, cliffs=[SHORTER])) for name in names]
