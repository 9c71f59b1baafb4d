# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's seller, by the description of docs/examples."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import JSON, REPOSITORY, Account, Bench, by_mail, json_of, publish_in, two_names, upstream_of

_SELLER = (
    (re.compile(r"^POST .*/orders$"), "submit"),
    (re.compile(r"^GET .*/orders\?"), "find"),
    (re.compile(r"^GET .*/orders/[^/]+$"), "look"),
    (re.compile(r"^POST .*/check$"), "ready"),
    (re.compile(r"^POST .*/resend$"), "resend"),
    (re.compile(r"^GET .*/certificate$"), "download"),
    (re.compile(r"^DELETE .*/orders/"), "cancel"),
    (re.compile(r"^POST .*/revoke$"), "revoke"),
)


class RestHarness:
    name = "rest"
    also: tuple[str, ...] = ()
    verbs = ("submit", "find", "look", "ready", "download", "renew", "resend", "cancel", "revoke")
    asked_as: t.Mapping[str, str] = {"renew": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {}
    codes: t.Mapping[str, tuple[str, ...]] = {"refusal": ("rest_refused",)}

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._facts = self._lab.facts()
        self._description = (REPOSITORY / "docs/examples/labssl.yml").read_text("utf-8")

    def upstream(self) -> Upstream:
        return upstream_of(self._facts["api_url"], self._facts["api_ca"])

    def account(self, proxy: FaultProxy) -> Account:
        settings = {
            "url": f"{proxy.url}/api/v1",
            "ca_bundle": proxy.tls.ca_bundle,
            "timeout": 10,
            "description": self._description,
        }
        return Account("rest", settings, {"api_key": self._facts["api_key"]})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        if verb == "resend":
            return by_mail(name, "jprs-dv")
        return {"product": "digicert-dv", "method": "dns", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)

    def verb_of(self, asked: Asked) -> str:
        line = f"{asked.method} {asked.path}"
        return next((verb for pattern, verb in _SELLER if pattern.search(line)), "")

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        return sum(set(names) == set(event["names"]) for event in self._lab.history.events("order"))

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        orders = [one for one in self._lab.seller.orders() if one["state"] != "cancelled"]
        return sum(set(names) == set(one["names"]) for one in orders)

    def none_found(self) -> Answer:
        return Answer(200, JSON, json.dumps({"orders": [], "total": 0}).encode())

    def busy(self) -> Answer:
        return _seller_error(429, "too_many_requests", "リクエストが多すぎます。")

    def expired(self) -> Answer:
        return _seller_error(401, "unauthorized", "APIキーを確認できません。")

    def refusal(self) -> Answer:
        return _seller_error(400, "invalid_name", "このドメイン名では発行できません。")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = json_of(answer.body)
        if not isinstance(document, dict) or "state" not in document:
            return answer
        return replace(answer, body=json.dumps({**document, "state": word}).encode())


def _seller_error(status: int, code: str, message: str) -> Answer:
    return Answer(status, JSON, json.dumps({"error": {"code": code, "message": message}}).encode())
