# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders of a run: what plan, ledger and hosts may have said. A test shows only what differs."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core import run as runs
from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run, Targets

KEY = "ab" * 32
OLD_KEY = "cd" * 32
RECORD = {"id": "r1", "name": "_acme-challenge.shop.example.jp", "type": "TXT", "value": "token", "ttl": 60}
FILE = {
    "id": "f1",
    "dns_name": "shop.example.jp",
    "path": ".well-known/acme-challenge/tok",
    "content": "tok.key",
    "url": "http://shop.example.jp/.well-known/acme-challenge/tok",
}


def wish(**changes: t.Any) -> dict[str, t.Any]:
    base = {
        "name": "shop",
        "common_name": "shop.example.jp",
        "dns_names": ["shop.example.jp"],
        "product": "acme",
        "ca_account": "pebble",
        "validation": {"method": "dns-01"},
        "key": {"type": "ecdsa-p256", "reuse": False},
        "deploy": {"reload": "nginx"},
    }
    return {**base, **changes}


def planned(outcome: str = "not_due", **changes: t.Any) -> dict[str, t.Any]:
    return {"name": "shop", "outcome": outcome, "error": None, "certificate": wish(), **changes}


def order(state: str, **changes: t.Any) -> dict[str, t.Any]:
    base: dict[str, t.Any] = {
        "name": "shop",
        "state": state,
        "reference": "ref1",
        "error": None,
        "serial": "2",
        "public_key_sha256": KEY,
        "custodian": "web1",
        "hosts_pending": [],
        "certificate": "LEAF" if state in runs.DEPLOYABLE else None,
        "chain": [],
        "dns_names": ["shop.example.jp"],
        "wanted": {"records": [], "files": []},
        "leftovers": {"records": [], "files": []},
        "ca_account": "pebble",
        "product": "acme",
        "method": "dns-01",
        "created_at": "2026-11-20T00:00:00Z",
        "options": {"document_root": "/srv/www", "token_hosts": ["web1", "web2"]},
        "waiting_for": None,
    }
    return {**base, **changes}


def look(serial: str | None = "1", keys: t.Sequence[str] = (OLD_KEY,), **changes: t.Any) -> dict[str, t.Any]:
    live = {"serial": serial, "not_after": "2027-01-01T00:00:00Z"} if serial else None
    return {"name": "shop", "live": live, "has_keys": list(keys), "switching": False, **changes}


def host(reached: bool = True, **steps: t.Any) -> HostSaid:
    return HostSaid(reached=reached, steps={step: {said["name"]: said} for step, said in steps.items()})


def a_run(
    plan: dict[str, t.Any] | None = None,
    known: dict[str, t.Any] | None = None,
    hosts: dict[str, HostSaid] | None = None,
    intake: t.Mapping[str, t.Any] | None = None,
    **central: t.Any,
) -> Run:
    of_hosts = hosts if hosts is not None else {"web1": host(look=look()), "web2": host(look=look())}
    names = tuple(of_hosts)
    return Run(
        plan={"shop": plan or planned()},
        orders={"shop": known} if known else {},
        targets={"shop": Targets(names, names, names, names)},
        hosts=of_hosts,
        intake=intake or {},
        central={step: {said["name"]: said for said in results} for step, results in central.items()},
    )
