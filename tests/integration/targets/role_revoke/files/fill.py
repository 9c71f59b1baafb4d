# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write two issued certificates into an empty ledger, as certificate_orders would: fill.py LEDGER. One is revoked.

Only SQL and JSON: the schema is a promise to those who read the ledger without us.
"""

from __future__ import annotations

import json
import sqlite3
import sys

AT = "2026-11-20T00:00:00.000Z"


def certificate(serial: str) -> dict[str, object]:
    dates = {"not_before": AT, "not_after": "2027-05-01T00:00:00.000Z"}
    return {"pem": "CERTIFICATE", "chain": [], "serial": serial, "key_type": "ecdsa-p256", **dates}


def fill(ledger: sqlite3.Connection, number: int, name: str, serial: str, revoked: bool) -> None:
    ledger.execute(
        "INSERT INTO orders (id, reference, name, purpose, ca_account, product, common_name, dns_names, method, csr,"
        " public_key_sha256, custodian, hosts, options, created_at, closed_at)"
        " VALUES (?, ?, ?, 'issue', 'nobody', 'acme', ?, ?, 'dns-01', 'csr', ?, 'web1', '[]', '{}', ?, ?)",
        (number, f"ref-{number}", name, f"{name}.example.test", json.dumps([f"{name}.example.test"]), "0" * 64, AT, AT),
    )
    facts: list[tuple[str, dict[str, object]]] = [
        ("submit_intended", {}),
        ("submitted", {"handle": f"https://127.0.0.1/order/{number}"}),
        ("downloaded", {"certificate": certificate(serial)}),
    ]
    facts += [("revoked", {"by": "us", "text": "superseded"})] if revoked else []
    for kind, data in facts:
        ledger.execute(
            "INSERT INTO facts (order_id, kind, at, data) VALUES (?, ?, ?, ?)", (number, kind, AT, json.dumps(data))
        )


with sqlite3.connect(sys.argv[1]) as connection:
    fill(connection, 1, "shop", "1a", False)
    fill(connection, 2, "blog", "2b", True)
