# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted HVCA: answers as its public documents and the vendor's client have them, written by hand."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.adapter import AtlasAdapter, AtlasFactory
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import Turns, paper
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    NOW,
    Answer,
    FakeClock,
    Script,
    Scripted,
)

BASE = "https://emea.api.hvca.globalsign.com:8443/v2"
SECRETS = {"api_key": "atlas-key-0001", "api_secret": "atlas-secret-0001"}
REFERENCE = "ik-1f0c4d2e9a8b7c6d5e4f3a2b"
NAME = "www.example.jp"
OURS, OTHER = paper(1, NAME, serial=0x0A1B), paper(2, NAME, serial=0x0C1D)
TOKEN = "_globalsign-domain-verification=abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"
AT = int(NOW.timestamp())
DAY = 86400
POLICY: dict[str, t.Any] = {
    "validity": {"secondsmin": 3600, "secondsmax": 199 * DAY},
    "subject_dn": {"common_name": {"presence": "REQUIRED", "format": "^[a-z0-9.*-]+$"}},
    "san": {"dns_names": {"static": False, "list": ["^[a-z0-9.*-]+$"], "mincount": 1, "maxcount": 100}},
    "public_key": {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS10"},
}

LOGIN, LIST = "POST /login", "GET /claims/domains?status=VERIFIED&page=1&per_page=100"
BEGIN, CLAIM, CHECK = f"POST /claims/domains/{NAME}", "GET /claims/domains/C1", "POST /claims/domains/C1/dns"
ORDER, SHOW, CHAIN = "POST /certificates", "GET /certificates/A1B", "GET /trustchain"


def logged_in(token: str = "token-of-ten-minutes", **headers: str) -> Answer:  # noqa: S107 (a made-up token)
    return Answer(200, {"access_token": token}, headers)


def begun(number: str = "C1", token: str = TOKEN, assert_by: int = AT + 30 * DAY, status: int = 201) -> Answer:
    return Answer(status, {"id": number, "token": token, "assert_by": assert_by})


def claim(word: str = "PENDING", **changes: t.Any) -> Answer:
    return Answer(200, claim_data(word, **changes))


def claim_data(word: str = "PENDING", **changes: t.Any) -> dict[str, t.Any]:
    times = {"created_at": AT, "expires_at": AT + 200 * DAY, "assert_by": AT + 30 * DAY}
    return {"id": "C1", "status": word, "domain": f"{NAME}.", **times, "log": [], **changes}


def listing(*rows: t.Any, total: int | None = None) -> Answer:
    return Answer(200, list(rows), {"total-count": str(len(rows) if total is None else total)})


def issued(pem: str = OURS.certificate, status: str = "ISSUED") -> Answer:
    return Answer(200, {"certificate": pem, "status": status, "updated_at": AT})


def problem(status: int, words: str = "Unprocessable Entity", **headers: str) -> Answer:
    return Answer(status, {"description": words}, {"content-type": "application/problem+json", **headers})


PLACED = Answer(201, b"", {"location": f"{BASE}/certificates/0A1B"})
RECORDED, VERIFIED = Answer(201), Answer(204)


def request(method: str = "dns", *names: str, **changes: t.Any) -> OrderRequest:
    names = names or (NAME,)
    contact = {"kind": "constructed", "address": f"admin@{NAME}"}
    return OrderRequest(
        reference=REFERENCE,
        common_name=names[0],
        dns_names=names,
        method=method,
        csr_pem=changes.pop("csr", OURS.csr),
        product=changes.pop("product", "globalsign-atlas"),
        options={"contact": contact if method == "email" else None, **changes},
    )


def account(folder: str = "/nowhere/accounts/atlas", **settings: t.Any) -> AccountConfig:
    secrets = settings.pop("secrets", SECRETS)
    return AccountConfig("atlas", "globalsign_atlas", {"client_serial": "0A:1B:2C", **settings}, secrets, folder)


class Desk:
    """An account at the scripted Atlas; more desks of one folder share what lies beside the ledger."""

    def __init__(self, folder: Path, deadline: float = 60.0, **settings: t.Any) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock, BASE)
        self.turns = Turns()
        factory = AtlasFactory(
            clock=self.clock, http=lambda _settings: self.http, budget=lambda _settings, _folder: self.turns
        )
        self.adapter: AtlasAdapter = factory.open(
            account(str(folder / "accounts" / "atlas"), **settings), deadline=deadline
        )
        self.on(LOGIN, logged_in()).on("GET /validationpolicy", Answer(200, POLICY)).on(LIST, listing())

    def on(self, line: str, *answers: Scripted) -> Desk:
        self.http.on(line, *answers)
        return self

    def lines(self, *begins: str) -> list[str]:
        return [line for line in self.http.lines() if line.startswith(begins)]

    def body(self, line: str) -> t.Any:
        return next(one.json for one in self.http.asked if one.line == line)
