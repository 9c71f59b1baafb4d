# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ledger holds, read without the collection: python ledger.py LEDGER"""

from __future__ import annotations

import json
import sqlite3
import sys

with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True) as ledger:
    rows = ledger.execute("SELECT name, closed_at FROM orders ORDER BY id").fetchall()
    told = {
        "version": ledger.execute("PRAGMA user_version").fetchone()[0],
        "orders": [name for name, _closed in rows],
        "open": [name for name, closed in rows if closed is None],
    }
print(json.dumps(told))
