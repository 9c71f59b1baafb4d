# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How CAs fetch a validation file, one row a CA. BR 3.2.2.4.18 and .19 leave the number of redirects to the CA.

For all: redirects 301, 302, 307 and 308 only, to http and https on ports 80 and 443, answer 2xx, any content type.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class FileLook(t.NamedTuple):
    """most_redirects: followed in a row. same_domain: only within the registrable domain of the first host.
    most_octets: of the body; what is longer is not read. whole: the body is the value (white space at its ends aside),
    else it holds it.
    """

    key: str
    most_redirects: int
    same_domain: bool
    most_octets: int
    whole: bool
    source: str


FILE_LOOKS: tuple[FileLook, ...] = (
    FileLook("any", 10, False, 64 * 1024, False, "BR 3.2.2.4.18; the most lenient of the rows below"),
    FileLook("acme", 10, False, 64 * 1024, True, "RFC 8555 8.3; ca-apis 5 (Let's Encrypt: 10 redirects)"),
    FileLook("jprs", 10, False, 64 * 1024, False, "JPRS-6, JPRS-9"),
    FileLook("digicert", 5, True, 5000, True, "ca-apis 1 (the vendor's library: 5 redirects, 5000 octets)"),
    FileLook("globalsign", 10, False, 64 * 1024, False, "ca-apis 2; number of redirects not documented"),
    FileLook("cybertrust", 10, False, 64 * 1024, False, "ca-apis 3; number of redirects not documented"),
)
