# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an adapter's CA has to bring along to be held against the table. An adapter is added here by one class."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from dataclasses import replace
from pathlib import Path

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from lab.lab import Lab
from servers.pebble import Pebble

REPOSITORY = Path(__file__).resolve().parents[3]
JSON = (("Content-Type", "application/json; charset=utf-8"),)
ZONE = "example.jp"


class Account(t.NamedTuple):
    """As in ca_accounts and secrets."""

    adapter: str
    settings: dict[str, t.Any]
    secrets: dict[str, str]


class Harness(t.Protocol):
    """verbs: those of ``vices.VERBS`` that lead to a request of this API. asked_as: as which of them, if ``verb_of``
    cannot tell it from another. skipped: cells that cannot be, and why.

    It speaks the API's dialect (``spoils.Dialect``), too.
    """

    name: str
    verbs: tuple[str, ...]
    asked_as: t.Mapping[str, str]
    skipped: t.Mapping[tuple[str, str], str]

    def upstream(self) -> Upstream: ...

    def account(self, proxy: FaultProxy) -> Account: ...

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        """product, method, dns_names and options of a certificate, below the zone that the lab serves."""

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None: ...

    def verb_of(self, asked: Asked) -> str: ...

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        """How many orders for these names the CA has, also those whose answer nobody heard. Reissues count, too."""

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


# --- acme: Pebble, as it comes ---------------------------------------------------------------------------------------

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
    verbs = ("open", "account", "submit", "find", "look", "ready", "download", "renew", "cancel", "revoke")
    asked_as: t.Mapping[str, str] = {"renew": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {}

    def __init__(self, lab: Lab, pebble: Pebble) -> None:
        self._lab = lab
        self._pebble = pebble

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

    def busy(self) -> Answer:
        return _problem(429, "rateLimited", "too many requests")

    def expired(self) -> Answer:
        return _problem(400, "badNonce", "JWS has an invalid anti-replay nonce")

    def refusal(self) -> Answer:
        return _problem(400, "rejectedIdentifier", "policy forbids issuing for this name")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = _json(answer.body)
        if not isinstance(document, dict) or "finalize" not in document:
            return answer
        return replace(answer, body=json.dumps({**document, "status": word}).encode())


def _problem(status: int, kind: str, detail: str) -> Answer:
    document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}
    return Answer(status, (("Content-Type", "application/problem+json"),), json.dumps(document).encode())


def _payload(body: bytes) -> t.Any:
    envelope = _json(body)
    text = envelope.get("payload", "") if isinstance(envelope, dict) else ""
    return _json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else None


def _json(body: bytes) -> t.Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


# --- rest: the lab's seller, by the description of docs/examples -----------------------------------------------------

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
    verbs = ("submit", "find", "look", "ready", "download", "renew", "resend", "cancel", "revoke")
    asked_as: t.Mapping[str, str] = {"renew": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {}

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._facts = lab.facts()
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

    def busy(self) -> Answer:
        return _seller_error(429, "too_many_requests", "リクエストが多すぎます。")

    def expired(self) -> Answer:
        return _seller_error(401, "unauthorized", "APIキーを確認できません。")

    def refusal(self) -> Answer:
        return _seller_error(400, "invalid_name", "このドメイン名では発行できません。")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = _json(answer.body)
        if not isinstance(document, dict) or "state" not in document:
            return answer
        return replace(answer, body=json.dumps({**document, "state": word}).encode())


def _seller_error(status: int, code: str, message: str) -> Answer:
    return Answer(status, JSON, json.dumps({"error": {"code": code, "message": message}}).encode())


def upstream_of(url: str, ca_bundle: str) -> Upstream:
    host, _colon, port = url.split("://", 1)[1].split("/", 1)[0].partition(":")
    return Upstream(host, int(port), ca_bundle)


# --- digicert: the lab's CertCentral ---------------------------------------------------------------------------------

_CERTCENTRAL = (
    (re.compile(r"^POST .*/order/certificate/([a-z_]+|[0-9]+/(reissue|duplicate))$"), "submit"),
    (re.compile(r"^GET .*/order/alternate/"), "find"),
    (re.compile(r"^PUT .*/check-dcv$"), "ready"),
    (re.compile(r"^PUT .*/resend-emails$"), "resend"),
    (re.compile(r"^GET .*/download/"), "download"),
    (re.compile(r"^PUT .*/order/certificate/[0-9]+/status$"), "cancel"),
    (re.compile(r"^PUT .*/revoke$"), "revoke"),
    (re.compile(r"^(GET|PUT) .*/order/certificate/[0-9]+(/dcv-random-value)?$"), "look"),
)


class DigicertHarness:
    """One key for all cells: the simulator's limits of requests have tests of their own."""

    name = "digicert"
    verbs = (
        *("submit", "find", "look", "ready", "download", "renew", "reissue"),
        *("resend", "change_contact", "cancel", "revoke"),
    )
    asked_as: t.Mapping[str, str] = {"renew": "submit", "reissue": "submit", "change_contact": "resend"}
    skipped: t.Mapping[tuple[str, str], str] = {}

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._facts = lab.facts()["digicert"]

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

    def busy(self) -> Answer:
        return _errors(429, "request_limit_exceeded", "Service unavailable, please limit request volume")

    def expired(self) -> Answer:
        return _errors(401, "access_denied", "The API key is not valid.")

    def refusal(self) -> Answer:
        return _errors(400, "caa_check_failed", "CAA does not allow DigiCert to issue.")

    def with_status(self, answer: Answer, word: str) -> Answer:
        document = _json(answer.body)
        if not isinstance(document, dict):
            return answer
        if "requests" in document and "certificate" not in document:
            document = {**document, "requests": [{**one, "status": word} for one in document["requests"]]}
        for key in ("status", "order_status"):
            document = {**document, key: word} if key in document else document
        return replace(answer, body=json.dumps(document).encode())


def _errors(status: int, code: str, message: str) -> Answer:
    return Answer(status, JSON, json.dumps({"errors": [{"code": code, "message": message}]}).encode())
