# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only import of dnspython. It may be missing: modules hand DNSPYTHON_ERROR to the doorman, who says so.

This file is private to the collection.
"""

from __future__ import annotations

import traceback

__all__ = ["DNSPYTHON_ERROR", "dns"]

DNSPYTHON_ERROR: str | None = None
try:
    import dns.dnssec
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.opcode
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.CAA
    import dns.rdtypes.ANY.SOA
    import dns.rdtypes.ANY.TXT
    import dns.rrset
    import dns.tsig
    import dns.update
except ImportError:
    DNSPYTHON_ERROR = traceback.format_exc()
    dns = None  # type: ignore[assignment]
