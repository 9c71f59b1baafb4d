# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a ledger by hand, as certificate_orders would: one order that waits for its records, one that was refused.

Only SQL and JSON: the schema is a promise to those who read the ledger without us.
"""

from __future__ import annotations

import json
import sqlite3
import sys

AT = "2026-11-20T00:00:00.000Z"
RECORD = ["_acme-challenge.shop.example.jp", "TXT", "the value", 60]


def main(path: str) -> None:
    with sqlite3.connect(path) as ledger:
        fill(ledger, 1, "shop", None)
        fill(ledger, 2, "blog", AT)
        ledger.execute("INSERT INTO facts (order_id, kind, at, data) VALUES (2, 'refused', ?, ?)", (AT, REFUSED))


REFUSED = json.dumps({"by": "ca", "code": "order_refused", "text": "no such record"})


def fill(ledger: sqlite3.Connection, number: int, name: str, closed_at: str | None) -> None:
    ledger.execute(
        "INSERT INTO orders (id, reference, name, purpose, ca_account, product, common_name, dns_names, method, csr,"
        " public_key_sha256, custodian, hosts, options, created_at, closed_at)"
        " VALUES (?, ?, ?, 'issue', 'lab', 'acme', ?, ?, 'dns-01', 'csr', ?, 'web1', '[\"web1\"]', '{}', ?, ?)",
        (
            number,
            f"ref-{number}",
            name,
            f"{name}.example.jp",
            json.dumps([f"{name}.example.jp"]),
            "0" * 64,
            AT,
            closed_at,
        ),
    )
    for kind, data in (
        ("submit_intended", {}),
        ("submitted", {"handle": f"https://127.0.0.1/order/{number}"}),
        ("wanted", {"wanted": {"records": [RECORD], "files": [], "notes": []}}),
        ("seen", {"status": "wants_validation", "word": "pending"}),
    ):
        ledger.execute(
            "INSERT INTO facts (order_id, kind, at, data) VALUES (?, ?, ?, ?)", (number, kind, AT, json.dumps(data))
        )


main(sys.argv[1])
