# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders of what a report is made from: a run of several certificates, in which a test changes what it is about."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run, Targets
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report, Row
from ansible_collections.inkan.tls.plugins.module_utils._report.rows import read_report

AS_OF = datetime(2026, 11, 20, 3, 4, 5, tzinfo=timezone.utc)
BEGAN = "2026-10-12T00:00:00Z"
MAIL_ENDS = {
    "date": "2028-03-15",
    "what": "validation by Email to DNS TXT contact (BR 3.2.2.4.14) ends, earlier validations included",
    "do": "move to file or registrar",
    "facts": ["SC-090"],
}
HUNDRED = {
    "date": "2027-03-15",
    "what": "certificates live at most 100 days",
    "do": "let renew run every day",
    "facts": [],
}


class One(t.NamedTuple):
    """A certificate of the run, live on web1 until ``live`` (None: not there)."""

    name: str
    live: str | None = "2027-04-30T14:59:59Z"
    plan: dict[str, t.Any] = {}  # noqa: RUF012
    order: dict[str, t.Any] = {}  # noqa: RUF012
    method: str = "email"


def waiting(actor: str, what: str, by: str | None = None, owner: str | None = None) -> dict[str, t.Any]:
    return {"actor": actor, "what": what, "by": by, "owner": owner}


def a_run(*ones: One, **changes: t.Any) -> Run:
    """As role report sees it: it only looks."""
    where = ("web1",)
    names = [one.name for one in ones]
    looks = {one.name: _look(one) for one in ones}
    base: dict[str, t.Any] = {
        "plan": {one.name: _result(one) for one in ones},
        "plans": {one.name: _plan(one) for one in ones},
        "orders": {one.name: _order(one) for one in ones},
        "targets": dict.fromkeys(names, Targets(where, where, where, where)),
        "hosts": {"web1": HostSaid(steps={"look": looks})},
        "check_mode": True,
        "only_looks": True,
        "as_of": AS_OF,
    }
    return Run(**{**base, **changes})


def _order(one: One) -> dict[str, t.Any]:
    """Of what is declared: an order of anything else would have to be made anew."""
    wish = _result(one._replace(plan={}))["certificate"]
    ordered = {key: wish[key] for key in ("name", "dns_names", "product", "ca_account")}
    return {**ordered, "method": one.method, "state": "deployed", "error": None, "serial": "1a", **one.order}


def _look(one: One) -> dict[str, t.Any]:
    live = {"serial": "1a", "not_before": BEGAN, "not_after": one.live, "issuer": "CN=Example CA"} if one.live else None
    return {"name": one.name, "live": live, "has_keys": [], "switching": False}


def _result(one: One) -> dict[str, t.Any]:
    contact = {"kind": "txt", "address": "certs@example.jp"} if one.method == "email" else None
    certificate = {
        "name": one.name,
        "dns_names": [f"{one.name}.example.jp", f"www.{one.name}.example.jp"],
        "product": "jprs-dv",
        "ca_account": "lab-ssl",
        "validation": {"method": one.method, "contact": contact},
    }
    due = {"is_due": False, "code": "not_due", "reason": "it is live", "at": "2027-02-14T00:00:00Z"}
    return {"name": one.name, "outcome": "not_due", "error": None, "certificate": certificate, "due": due, **one.plan}


def _plan(one: One) -> dict[str, t.Any]:
    methods = [
        {"method": "email", "ends_on": "2028-03-15"},
        {"method": "file", "ends_on": None},
        {"method": "dns", "ends_on": None},
    ]
    cliffs = [HUNDRED, *([MAIL_ENDS] if one.method == "email" else [])]
    return {"name": one.name, "product": "jprs-dv", "seller": "jprs", "methods": methods, "cliffs": cliffs}


def a_report(*ones: One, names: t.Sequence[str] = (), **changes: t.Any) -> Report:
    run = a_run(*ones, **changes)
    return read_report(run, endings(run), names)


def a_row(one: One, **changes: t.Any) -> Row:
    (row,) = a_report(one, **changes).rows
    return row
