# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How somebody shows that he speaks for a domain."""

from __future__ import annotations

EMAIL, TXT, CNAME, FILE, DYNAMIC = "email", "dns-txt-token", "dns-cname-token", "http-token", "http-token-dynamic"
METHODS = (EMAIL, TXT, CNAME, FILE, DYNAMIC)
TOKENS = (TXT, CNAME, FILE, DYNAMIC)
FILES = (FILE, DYNAMIC)
BASE_DOMAIN, FQDN = "base_domain", "fqdn"
SCOPES = (BASE_DOMAIN, FQDN)
