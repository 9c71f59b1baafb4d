# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issuer domain names: what a CAA property must hold to let a CA issue (RFC 8659 §4.2; BR 4.2.2.1). One row a CA.

A CA publishes its names in section 4.2 of its CP/CPS; the list there may grow. ``sure``: read in the CA's own words or
those of its resellers; a row that is not gives warnings and stops nothing.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class CaaIssuer(t.NamedTuple):
    """file_look: the row of ``file_looks`` that goes with it."""

    key: str
    names: tuple[str, ...]
    file_look: str
    source: str
    sure: bool = True


CAA_ISSUERS: tuple[CaaIssuer, ...] = (
    CaaIssuer("jprs", ("jprs.jp",), "jprs", "https://jpdirect.jp/support/ssl/caa-checking.html (read 2026-11-20)"),
    CaaIssuer(
        "digicert",
        ("digicert.com", "symantec.com", "thawte.com", "geotrust.com", "rapidssl.com", "digicert.ne.jp"),
        "digicert",
        "https://knowledge.digicert.com/solution/SO28344.html: any of its brands' names (read 2026-11-20)",
    ),
    CaaIssuer("globalsign", ("globalsign.com",), "globalsign", "https://just-size.net/faq/?id=81 (read 2026-11-20)"),
    CaaIssuer(
        "cybertrust",
        ("cybertrust.ne.jp",),
        "cybertrust",
        "https://www.cybertrust.co.jp/sureserver/apply/validation-items.html: that CAA is checked; the name is a guess",
        sure=False,
    ),
    CaaIssuer(
        "secom",
        ("secomtrust.net",),
        "any",
        "https://www.secomtrust.net/service/ninsyo/pfw/news/oshirase20170825 (read 2026-11-20)",
    ),
    CaaIssuer("letsencrypt", ("letsencrypt.org",), "acme", "https://letsencrypt.org/docs/caa/ (read 2026-11-20)"),
)
