# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pebble, as it comes."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from dataclasses import replace

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info
from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import Account, Bench, json_of, publish_in, two_names
from servers.pebble import Pebble

_ACME = (
    (re.compile(r"^/dir$"), "open"),
    (re.compile(r"^/sign-me-up$"), "account"),
    (re.compile(r"^/order-plz$"), "submit"),
    (re.compile(r"^/list-orderz/"), "find"),
    (re.compile(r"^/(my-order|authZ)/"), "look"),
    (re.compile(r"^/(chalZ|finalize-order)/"), "ready"),
    (re.compile(r"^/certZ/"), "download"),
    (re.compile(r"^/revoke-cert$"), "revoke"),
)


class AcmeHarness:
    """Its reads of authorizations count as ``look``; a deactivated one is ``cancel``."""

    name = "acme"
    also: tuple[str, ...] = ()
    verbs = ("open", "account", "submit", "find", "look", "ready", "download", "renew", "cancel", "revoke")
    asked_as: t.Mapping[str, str] = {"renew": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {
        ("find", "late"): "orders are found by their names: a second one may be another client's, and costs nothing"
    }
    codes: t.Mapping[str, tuple[str, ...]] = {
        "refusal": ("acme_rejectedIdentifier",),
        "key!": ("acme_wrong_certificate",),
    }

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        dns = self._lab.facts()["dns"]
        resolver = f"{dns['servers'][0]}:{dns['port']}"
        self._pebble = bench.stack.enter_context(Pebble(bench.folder, resolver, 1, authority=bench.authority))

    def upstream(self) -> Upstream:
        return Upstream(self._pebble.address, self._pebble.port, str(self._pebble.ca_bundle))

    def account(self, proxy: FaultProxy) -> Account:
        settings = {
            "directory": f"{proxy.url}/dir",
            "ca_bundle": proxy.tls.ca_bundle,
            "eab_kid": self._pebble.eab_kid,
            "accept_terms": True,
            "contact": [],
        }
        return Account("acme", settings, {"eab_hmac_key": self._pebble.eab_hmac_key})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        return {"product": "acme", "method": "dns-01", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)

    def verb_of(self, asked: Asked) -> str:
        verb = next((verb for pattern, verb in _ACME if pattern.search(asked.path)), "")
        return "cancel" if verb == "look" and _payload(asked.body) == {"status": "deactivated"} else verb

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        return sum(one.answer.status == 201 for one in proxy.passed("submit"))

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        raise NotImplementedError

    def none_found(self) -> Answer:
        raise NotImplementedError

    def busy(self) -> Answer:
        return _problem(429, "rateLimited", "too many requests")

    def expired(self) -> Answer:
        return _problem(400, "badNonce", "JWS has an invalid anti-replay nonce")

    def refusal(self) -> Answer:
        return _problem(400, "rejectedIdentifier", "policy forbids issuing for this name")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = json_of(answer.body)
        if not isinstance(document, dict) or "finalize" not in document:
            return answer
        return replace(answer, body=json.dumps({**document, "status": word}).encode())


def _problem(status: int, kind: str, detail: str) -> Answer:
    document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}
    return Answer(status, (("Content-Type", "application/problem+json"),), json.dumps(document).encode())


def _payload(body: bytes) -> t.Any:
    envelope = json_of(body)
    text = envelope.get("payload", "") if isinstance(envelope, dict) else ""
    return json_of(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else None


def told_by_ledger(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The only result of certificate_orders_info."""
    read = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(dict(given))
    assert read.error_messages == []
    (result,) = certificate_orders_info.run(read.validated_parameters, False).items
    return result.as_data()
