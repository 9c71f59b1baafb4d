# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a CAA policy at tokens.test: put_policy.py PORT KEY_SECRET."""

from __future__ import annotations

import sys

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

update = dns.update.UpdateMessage("tokens.test", keyring=dns.tsigkeyring.from_text({"upd": sys.argv[2]}))
update.add("tokens.test.", 60, "CAA", '0 issue "ca.example.net"')
answer = dns.query.tcp(update, "127.0.0.1", port=int(sys.argv[1]), timeout=3)
sys.exit(dns.rcode.to_text(answer.rcode()) if answer.rcode() else 0)
