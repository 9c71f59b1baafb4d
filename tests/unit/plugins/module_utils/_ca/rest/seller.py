# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted seller with the answers of tests/lab/SELLER.md, written by hand; requests are kept for questions."""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestAdapter, RestFactory
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    LOST,
    NOT_SENT,
    NOW,
    Answer,
    Asked,
    FakeClock,
    Script,
    Scripted,
    page,
)

__all__ = [
    "LOST",
    "NOT_SENT",
    "NOW",
    "Answer",
    "Asked",
    "FakeClock",
    "Script",
    "Scripted",
    "page",
]

LABSSL = Path(__file__).resolve().parents[6] / "docs" / "examples" / "labssl.yml"
BASE = "https://api.labssl.example/api/v1"
KEY = "key-of-our-account-0001"
NUMBER = "LS-000042"
REFERENCE = "ik-1f0c4d2e9a8b7c6d5e4f3a2b"
TOKEN = "9f3d0c2b7a6e5d4c"


# --- answers ---------------------------------------------------------------------------------------------------------


def order(state: str = "received", **changes: t.Any) -> dict[str, t.Any]:
    """An order as the manual shows it; ``auth`` is merged, everything else replaced."""
    auth = {"method": "mail", "sent_to": [], "files": [], "records": [], "done": [], **changes.pop("auth", {})}
    return {
        "order_id": NUMBER,
        "partner_order_id": REFERENCE,
        "product": "dv",
        "state": state,
        "common_name": "www.example.jp",
        "names": ["www.example.jp", "example.jp"],
        "created_at": "2026-06-22T12:00:00+09:00",
        "expires_at": "2026-07-17T12:00:00+09:00",
        "reason": None,
        "auth": auth,
        "certificate": None,
        **changes,
    }


def answer(state: str = "received", status: int = 200, **changes: t.Any) -> Answer:
    return Answer(status, order(state, **changes))


def listing(*orders: t.Any, total: t.Any = None) -> Answer:
    return Answer(200, {"orders": list(orders), "total": len(orders) if total is None else total})


def error(status: int, code: str, message: str = "だめです", **headers: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}}, headers)


def file_of(name: str, path: str = f".well-known/pki-validation/{TOKEN}.txt", **changes: t.Any) -> dict[str, t.Any]:
    return {"name": name, "uri": f"http://{name}/{path}", "content": f"{TOKEN}\n", **changes}


# --- what is ordered -------------------------------------------------------------------------------------------------


def request(method: str = "email", *names: str, **changes: t.Any) -> OrderRequest:
    names = names or ("www.example.jp", "example.jp")
    contact = {"kind": "constructed", "address": "hostmaster@example.jp"} if method == "email" else None
    return OrderRequest(
        reference=changes.pop("reference", REFERENCE),
        common_name=names[0],
        dns_names=names,
        method=method,
        csr_pem="-----BEGIN CERTIFICATE REQUEST-----\n…\n-----END CERTIFICATE REQUEST-----\n",
        product=changes.pop("product", "jprs-dv"),
        options={"contact": contact, "double_address": True, "document_root": "/var/www", **changes},
    )


def account(description: t.Any = None, **settings: t.Any) -> AccountConfig:
    given = {"url": BASE, "description": LABSSL.read_text("utf-8") if description is None else description, **settings}
    secrets = given.pop("secrets", {"api_key": KEY})
    return AccountConfig("labssl", "rest", given, secrets, "/nowhere")


class Table:
    """An account at the scripted seller."""

    def __init__(self, description: t.Any = None, deadline: float = 60.0, **settings: t.Any) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock, BASE)
        factory = RestFactory(clock=self.clock, http=lambda _bundle: self.http)
        self.adapter: RestAdapter = factory.open(account(description, **settings), deadline=deadline)

    def on(self, line: str, *answers: Scripted) -> Table:
        self.http.on(line, *answers)
        return self


def described(**changes: t.Any) -> dict[str, t.Any]:
    """The description of ラボSSL as a dictionary; a key ``calls__look`` replaces what lies there, None removes it."""
    import yaml

    data = copy.deepcopy(yaml.safe_load(LABSSL.read_text("utf-8")))
    for path, value in changes.items():
        *above, last = path.split("__")
        target = data
        for key in above:
            target = target[key]
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return t.cast("dict[str, t.Any]", data)
