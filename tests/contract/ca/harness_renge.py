# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's second seller, by its description of docs/examples: another seller, the same code."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import JSON, REPOSITORY, Account, Bench, json_of, publish_in, two_names, upstream_of

_CALLS = (
    (re.compile(r"^POST .*/carts$"), "open"),
    (re.compile(r"^POST .*/carts/[0-9]+/order$"), "submit"),
    (re.compile(r"^PUT .*/csr$"), "prepare"),
    (re.compile(r"^GET .*/orders\?"), "find"),
    (re.compile(r"^GET .*/orders/[^/]+$"), "look"),
    (re.compile(r"^POST .*/check$"), "ready"),
    (re.compile(r"^GET .*/certificate$"), "download"),
    (re.compile(r"^POST .*/cancel$"), "cancel"),
    (re.compile(r"^POST .*/revoke$"), "revoke"),
)


class RengeHarness:
    name = "rest-renge"
    also: tuple[str, ...] = ("renge",)
    verbs = ("open", "submit", "find", "look", "prepare", "ready", "download", "renew", "cancel", "revoke")
    asked_as: t.Mapping[str, str] = {"renew": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {}
    codes: t.Mapping[str, tuple[str, ...]] = {"refusal": ("rest_refused",)}

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._facts = self._lab.facts()["renge"]
        self._description = (REPOSITORY / "docs/examples/renge.yml").read_text("utf-8")

    def upstream(self) -> Upstream:
        return upstream_of(self._facts["url"], self._facts["ca"])

    def account(self, proxy: FaultProxy) -> Account:
        settings = {
            "url": f"{proxy.url}/renge/v2",
            "ca_bundle": proxy.tls.ca_bundle,
            "timeout": 10,
            "description": self._description,
        }
        return Account("rest", settings, {"key": self._facts["key"], "secret": self._facts["secret"]})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        return {"product": "digicert-dv", "method": "dns", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)

    def verb_of(self, asked: Asked) -> str:
        line = f"{asked.method} {asked.path}"
        return next((verb for pattern, verb in _CALLS if pattern.search(line)), "")

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        return sum(set(names) == set(event["names"]) for event in self._lab.history.events("order", ca="renge"))

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        orders = [one for one in self._lab.also["renge"].orders() if one["state"] != 91]
        return sum(set(names) == set(one["names"]) for one in orders)

    def none_found(self) -> Answer:
        return Answer(200, JSON, json.dumps({"result": "OK", "orders": [], "next": None}).encode())

    def busy(self) -> Answer:
        return _no(429, "E0429", "リクエストが多すぎます。")

    def expired(self) -> Answer:
        return _no(401, "E0001", "署名を確認できません。")

    def refusal(self) -> Answer:
        return _no(200, "E1002", "ご指定のドメイン名では発行できません。")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = json_of(answer.body)
        if not isinstance(document, dict) or not isinstance(document.get("order"), dict):
            return answer
        return replace(answer, body=json.dumps({**document, "order": {**document["order"], "status": word}}).encode())


def _no(status: int, code: str, message: str) -> Answer:
    return Answer(status, JSON, json.dumps({"result": "NG", "code": code, "message": message}).encode())
