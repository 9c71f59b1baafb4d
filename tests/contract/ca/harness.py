# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an adapter's CA has to bring along to be held against the table: one class in ``harness_NAME.py``.

Nothing else has to be told: ``harnesses`` finds the file, the world starts what its ``also`` and its constructor ask
for, and its cells, its patience and its capabilities are in the suite.
"""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from lab.lab import Lab
from servers.pki import Authority

REPOSITORY = Path(__file__).resolve().parents[3]
JSON = (("Content-Type", "application/json; charset=utf-8"),)
ZONE = "example.jp"


class Account(t.NamedTuple):
    """As in ca_accounts and secrets."""

    adapter: str
    settings: dict[str, t.Any]
    secrets: dict[str, str]


class Bench(t.NamedTuple):
    """What a harness is made of: one lab for all, a folder of its own, and a stack that ends its servers."""

    lab: Lab
    folder: Path
    authority: Authority
    stack: contextlib.ExitStack


class Harness(t.Protocol):
    """One CA, made once for all cells of the suite, which use it side by side.

    name: of the adapter (a second harness of one may have another).
    also: the simulators of ``lab.also.ALSO`` that it needs.
    verbs: those of ``vices.VERBS`` that lead to a request of this API.
    asked_as: as which of them, if ``verb_of`` cannot tell it from another.
    skipped: cells that cannot be, and why.
    value_days: if it has one: after so many days what had to be published is not accepted any more, but something else.
    codes: by vice, the codes of errors that are right at this adapter beside those of the table.

    It speaks the API's dialect (``spoils.Dialect``), too.
    """

    name: str
    also: tuple[str, ...]
    verbs: tuple[str, ...]
    asked_as: t.Mapping[str, str]
    skipped: t.Mapping[tuple[str, str], str]
    codes: t.Mapping[str, tuple[str, ...]]

    def __init__(self, bench: Bench) -> None:
        """Raises ``servers.process.Missing`` where a program that it needs is not on this machine."""

    def upstream(self) -> Upstream: ...

    def account(self, proxy: FaultProxy) -> Account: ...

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        """product, method, dns_names and options of a certificate, below the zone that the lab serves."""

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None: ...

    def verb_of(self, asked: Asked) -> str: ...

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        """How many orders for these names the CA has, also those whose answer nobody heard. Reissues count, too."""

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        """How many of them are not cancelled. For ``late`` only, as is the next one (else skip ("find", "late"))."""

    def none_found(self) -> Answer:
        """The CA has no such order, as far as its list shows."""

    def busy(self) -> Answer: ...

    def expired(self) -> Answer: ...

    def refusal(self) -> Answer: ...

    def with_status(self, answer: Answer, word: str) -> Answer: ...


def publish_in(lab: Lab, wanted: t.Mapping[str, t.Any]) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for record in wanted["records"]:
        found.setdefault((record["name"], record["type"]), []).append(record["value"])
    for (name, kind), values in found.items():
        lab.dns.set(ZONE, name, kind, values)


def by_mail(name: str, product: str) -> dict[str, t.Any]:
    contact = {"kind": "constructed", "address": f"hostmaster@{ZONE}"}
    return {
        "product": product,
        "method": "email",
        "dns_names": [f"{name}.{ZONE}"],
        "options": {"contact": contact},
    }


def two_names(name: str) -> list[str]:
    return [f"{name}.{ZONE}", f"*.{name}.{ZONE}"]


def upstream_of(url: str, ca_bundle: str) -> Upstream:
    host, _colon, port = url.split("://", 1)[1].split("/", 1)[0].partition(":")
    return Upstream(host, int(port), ca_bundle)


def json_of(body: bytes) -> t.Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
