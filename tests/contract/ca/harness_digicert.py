# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's CertCentral."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import JSON, Account, Bench, by_mail, json_of, publish_in, two_names, upstream_of

_CERTCENTRAL = (
    (re.compile(r"^POST .*/order/certificate/([a-z_]+|[0-9]+/(reissue|duplicate))$"), "submit"),
    (re.compile(r"^GET .*/order/alternate/"), "find"),
    (re.compile(r"^PUT .*/check-dcv$"), "ready"),
    (re.compile(r"^PUT .*/resend-emails$"), "resend"),
    (re.compile(r"^GET .*/download/"), "download"),
    (re.compile(r"^PUT .*/order/certificate/[0-9]+/status$"), "cancel"),
    (re.compile(r"^PUT .*/revoke$"), "revoke"),
    (re.compile(r"^PUT .*/dcv-random-value$"), "prepare"),
    (re.compile(r"^GET .*/order/certificate/[0-9]+$"), "look"),
)


class DigicertHarness:
    """One key for all cells: the simulator's limits of requests have tests of their own."""

    name = "digicert"
    value_days = 30
    also: tuple[str, ...] = ()
    verbs = (
        *("submit", "find", "look", "prepare", "ready", "download", "renew", "reissue"),
        *("resend", "change_contact", "cancel", "revoke"),
    )
    asked_as: t.Mapping[str, str] = {"renew": "submit", "reissue": "submit", "change_contact": "resend"}
    skipped: t.Mapping[tuple[str, str], str] = {}
    codes: t.Mapping[str, tuple[str, ...]] = {"refusal": ("digicert_refused",)}

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._lab.digicert.limits.limits = ((1_000_000, 1.0),)
        self._facts = self._lab.facts()["digicert"]

    def upstream(self) -> Upstream:
        return upstream_of(self._facts["url"], self._facts["ca"])

    def account(self, proxy: FaultProxy) -> Account:
        path = "/" + self._facts["url"].split("://", 1)[1].partition("/")[2]
        settings = {
            "url": f"{proxy.url}{path}",
            "ca_bundle": proxy.tls.ca_bundle,
            "timeout": 10,
            "skip_approval": True,
        }
        return Account("digicert", settings, {"api_key": self._facts["key"]})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        if verb in ("resend", "change_contact"):
            return by_mail(name, "digicert-dv")
        return {"product": "digicert-dv", "method": "dns", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)

    def verb_of(self, asked: Asked) -> str:
        line = f"{asked.method} {asked.path.partition('?')[0]}"
        return next((verb for pattern, verb in _CERTCENTRAL if pattern.search(line)), "")

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        return sum(one.answer.status == 201 for one in proxy.passed("submit"))

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        orders = self._lab.digicert.book.orders()
        return sum(set(names) == set(one.application.wish.names) and one.state != "canceled" for one in orders)

    def none_found(self) -> Answer:
        body = {"orders": [], "page": {"total": 0, "limit": 1000, "offset": 0}}
        return Answer(200, JSON, json.dumps(body).encode())

    def busy(self) -> Answer:
        return _errors(429, "request_limit_exceeded", "Service unavailable, please limit request volume")

    def expired(self) -> Answer:
        return _errors(401, "access_denied", "The API key is not valid.")

    def refusal(self) -> Answer:
        return _errors(400, "caa_check_failed", "CAA does not allow DigiCert to issue.")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = json_of(answer.body)
        if not isinstance(document, dict):
            return answer
        if "requests" in document and "certificate" not in document:
            document = {**document, "requests": [{**one, "status": word} for one in document["requests"]]}
        for key in ("status", "order_status"):
            document = {**document, key: word} if key in document else document
        return replace(answer, body=json.dumps(document).encode())


def _errors(status: int, code: str, message: str) -> Answer:
    return Answer(status, JSON, json.dumps({"errors": [{"code": code, "message": message}]}).encode())
