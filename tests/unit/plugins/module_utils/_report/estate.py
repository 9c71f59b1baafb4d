# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up estate of any size, planned by dcv_plan itself: for pictures, measures and tests of a report at size.

One in twenty waits for somebody, one in fifty is in trouble, some are due, the rest is live and ends at another time.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run_input import plan_items, read_run
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, Report, Row
from ansible_collections.inkan.tls.plugins.module_utils._report.rows import read_report
from ansible_collections.inkan.tls.plugins.modules import dcv_plan

AS_OF = "2026-11-20T00:00:00Z"
_NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
_HOSTS = tuple(f"web{number:02}" for number in range(1, 13))
_MAIL = {"method": "email", "contact": {"kind": "txt", "address": "certs@example.jp"}}
_FILE = {"method": "file", "document_root": "/var/www/html"}
#: product, its CA account, validation
_KINDS: tuple[tuple[str, str, dict[str, t.Any]], ...] = (
    ("jprs-dv", "jprs-via-reseller", _MAIL),
    ("acme", "lets-encrypt", {"method": "dns-01"}),
    ("jprs-dv", "jprs-via-reseller", _FILE),
    ("acme", "lets-encrypt", {"method": "http-01", "document_root": "/var/www/html"}),
    ("digicert-ov", "certcentral", {"method": "dns"}),
    ("globalsign-dv", "atlas", {"method": "dns"}),
)
_WORDS = ("shop", "api", "www", "mail", "login", "docs", "pay", "img", "blog", "intra", "yoyaku", "kaiin")
_OWNERS = ("tanaka@example.jp", "suzuki@example.jp", "山本 (情報システム部)")


def _iso(day: datetime) -> str:
    return day.strftime("%Y-%m-%dT%H:%M:%SZ")


def _item(number: int) -> dict[str, t.Any]:
    product, account, validation = _KINDS[number % len(_KINDS)]
    name = f"{_WORDS[number % len(_WORDS)]}-{number:04}"
    host = f"{name}.example.jp"
    more: dict[str, t.Any] = {"organization": "example-kk"} if product == "digicert-ov" else {}
    if product == "jprs-dv" and number % 3 == 0:
        more["options"] = {"double_address": True}
    return {
        "name": name,
        "common_name": host,
        "dns_names": [f"www.{host}"] if number % 3 == 0 else [],
        "product": product,
        "ca_account": account,
        "hosts": "all",
        "validation": validation,
        **more,
    }


def _is_open(number: int) -> bool:
    """Whether an order of it is under way."""
    method = _KINDS[number % len(_KINDS)][2]["method"]
    return number % 50 == 7 or number % 20 == 4 or (number % 20 == 0 and method == "email")


def _live(number: int) -> dict[str, t.Any]:
    """Of 199 days, of different ages; what is due is older than two thirds of that."""
    age = (number * 37) % (199 if _is_open(number) else 140)
    began = _NOW - timedelta(days=age)
    names = _item(number)
    return {
        "serial": f"{(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**126:x}",
        "not_before": _iso(began),
        "not_after": _iso(began + timedelta(days=199)),
        "issuer": "CN=Example CA,O=Example,C=JP",
        "common_name": names["common_name"],
        "dns_names": sorted({names["common_name"], *names["dns_names"]}),
        "key_type": "ecdsa-p256",
    }


def _order(number: int) -> dict[str, t.Any]:
    item = _item(number)
    method = item["validation"]["method"]
    base = {
        "name": item["name"],
        "error": None,
        "dns_names": sorted({item["common_name"], *item["dns_names"]}),
        "common_name": item["common_name"],
        "product": item["product"],
        "ca_account": item["ca_account"],
        "method": method,
        "public_key_sha256": "ab",
        "reference": f"ik-{number:024x}",
        "order": f"LS-{number:06}",
        "created_at": _iso(_NOW - timedelta(days=number % 9)),
        "wanted": {"records": [], "files": [], "mails": [], "tasks": []},
    }
    if number % 50 == 7:
        return {**base, "state": "needs_person", "waiting_for": _turn("person", "two open orders at the CA", 3)}
    if number % 20 == 0 and method == "email":
        wanted = {**base["wanted"], "mails": ["certs@example.jp"]}
        owner = _OWNERS[number % len(_OWNERS)]
        turn = _turn("customer", "approve by the mail to certs@example.jp", 2 + number % 27, owner)
        return {**base, "state": "awaiting_approval", "wanted": wanted, "waiting_for": turn}
    if number % 20 == 4:
        return {**base, "state": "validating", "waiting_for": _turn("ca", "validate", 20)}
    return {**base, **_live(number), "name": item["name"], "state": "deployed", "waiting_for": None}


def _turn(actor: str, what: str, days: int, owner: str | None = None) -> dict[str, t.Any]:
    return {"actor": actor, "what": what, "by": _iso(_NOW + timedelta(days=days)), "owner": owner}


def estate(number: int, load_until: str = "2030-12-31") -> Report:
    items = [_item(one) for one in range(number)]
    looks = {items[one]["name"]: _look(one) for one in range(number)}
    known = [_order(one) for one in range(number)]
    hosts = {host: {"__inkan_look": {"results": list(looks.values())}} for host in _HOSTS[:2]}
    where = {"hosts": list(hosts), "token_hosts": list(hosts), "all_hosts": list(hosts), "all_token_hosts": list(hosts)}
    said: dict[str, t.Any] = {
        "certificates": items,
        "targets": {item["name"]: where for item in items},
        "known": {"results": known},
        "check_mode": True,
        "only_looks": True,
    }
    run = read_run(said, hosts, list(hosts))
    params = {
        "certificates": plan_items(items, run),
        "as_of": AS_OF,
        "organizations": {"example-kk": ORGANIZATION},
        "load_until": load_until,
    }
    planned = dcv_plan.run(params, False)
    said["plan"] = {"results": [item.as_data() for item in planned.items], **planned.extra}
    run = read_run(said, hosts, list(hosts))
    return read_report(run, endings(run), (), planned.extra["load"])


def _look(number: int) -> dict[str, t.Any]:
    live = None if number % 33 == 5 else _live(number)
    return {"name": _item(number)["name"], "live": live, "has_keys": ["ab"], "switching": False}


ORGANIZATION = {
    "kind": "corporation",
    "subject": {"O": "Example KK", "L": "Chiyoda-ku", "ST": "Tokyo", "C": "JP"},
}


def the_day_before(report: Report) -> Report:
    """As it stood two days earlier: some renewed since, some due then, one not yet declared."""

    def then(number: int, row: Row) -> Row:
        if number % 40 == 1:
            return replace(row, serial="0", not_after="2026-12-20T00:00:00Z")
        return replace(row, group=Group.DUE) if number % 50 == 3 else row

    rows = tuple(then(number, row) for number, row in enumerate(report.rows[:-1]))
    return replace(report, as_of="2026-11-18", rows=rows)
