# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's GlobalSign Atlas. The proxy ends TLS, as one in front of the real API may: the client certificate is told
by its serial number."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import ZONE, Account, Bench, json_of, publish_in, two_names, upstream_of

_HVCA = (
    (re.compile(r"^POST .*/login$"), "account"),
    (re.compile(r"^GET .*/(validationpolicy|claims/domains)$"), "open"),
    (re.compile(r"^POST .*/claims/domains/[^/]+(/reassert)?$"), "prepare"),
    (re.compile(r"^POST .*/claims/domains/[^/]+/(dns|http)$"), "ready"),
    (re.compile(r"^(GET|POST) .*/claims/domains/[^/]+/email$"), "resend"),
    (re.compile(r"^GET .*/claims/domains/[^/]+$"), "look"),
    (re.compile(r"^POST .*/certificates$"), "submit"),
    (re.compile(r"^GET .*/stats/issued$"), "find"),
    (re.compile(r"^GET .*/(certificates/[^/]+|trustchain)$"), "download"),
    (re.compile(r"^PATCH .*/certificates/[^/]+$"), "revoke"),
)
_PROBLEM = (("Content-Type", "application/problem+json"),)
_NO_CALL = "Atlas has no call for it: before the certificate nothing is ordered, so nothing is asked"


class AtlasHarness:
    """What is looked at before there is a certificate are claims."""

    name = "globalsign_atlas"
    also = ("atlas",)
    orders_when_looked = 0
    verbs = (
        *("open", "account", "prepare", "submit", "find", "look", "ready", "download", "renew"),
        *("resend", "change_contact", "cancel", "revoke"),
    )
    asked_as: t.Mapping[str, str] = {"renew": "submit", "change_contact": "resend"}
    skipped: t.Mapping[tuple[str, str], str] = {
        ("cancel", vice): _NO_CALL
        for vice in (
            *("lost", "429s", "429d", "429", "500", "502", "503", "503e", "html", "expiry", "skew", "skew429"),
        )
    } | {("find", "late"): "its first submit begins claims; test_atlas_ways has a list that lags"}
    codes: t.Mapping[str, tuple[str, ...]] = {"refusal": ("atlas_refused",), "key!": ("atlas_other_key",)}

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._facts = self._lab.facts()["atlas"]
        self._lab.switches.set("atlas_serial_header", True)

    def upstream(self) -> Upstream:
        return upstream_of(self._facts["url"], self._facts["ca"])

    def account(self, proxy: FaultProxy) -> Account:
        path = "/" + self._facts["url"].split("://", 1)[1].partition("/")[2]
        settings = {
            "url": f"{proxy.url}{path}",
            "ca_bundle": proxy.tls.ca_bundle,
            "timeout": 10,
            "client_serial": self._facts["client_serial"],
            "find_delay": 1,
            "requests_per_second": 1000,
            "requests_per_minute": 60_000,
        }
        return Account("globalsign_atlas", settings, {name: self._facts[name] for name in ("api_key", "api_secret")})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        if verb in ("resend", "change_contact"):
            names = [f"{name}.{ZONE}"]
            contact = {"kind": "constructed", "address": f"hostmaster@{names[0]}"}
            return {**_WISH, "method": "email", "dns_names": names, "options": {"contact": contact}}
        return {**_WISH, "method": "dns", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)

    def verb_of(self, asked: Asked) -> str:
        line = f"{asked.method} {asked.path.partition('?')[0]}"
        return next((verb for pattern, verb in _HVCA if pattern.search(line)), "")

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        return sum(one.answer.status == 201 for one in proxy.passed("submit"))

    def busy(self) -> Answer:
        return _problem(429, "Too Many Requests")

    def expired(self) -> Answer:
        return _problem(401, "Unauthorized")

    def refusal(self) -> Answer:
        return _problem(422, "Unprocessable Entity")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = json_of(answer.body)
        if not isinstance(document, dict) or "status" not in document:
            return answer
        return replace(answer, body=json.dumps({**document, "status": word}).encode())


_WISH: dict[str, t.Any] = {"product": "globalsign-atlas"}


def _problem(status: int, words: str) -> Answer:
    return Answer(status, _PROBLEM, json.dumps({"description": words}).encode())
