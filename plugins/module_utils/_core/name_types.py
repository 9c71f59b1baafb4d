# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which type of name a registrable domain is, as sellers in Japan tell them apart (WHOIS contacts depend on it).

    jp_general         example.jp, and the prefecture type: example.tokyo.jp, 例.東京.jp
    jp_organisational  example.co.jp and the other eight attribute types
    jp_geographic      example.chiyoda.tokyo.jp, metro.tokyo.jp, city.kawasaki.jp: closed in 2012, existing names live
    other              anything outside of .jp

Names are A-labels. This file is private to the collection.
"""

from __future__ import annotations

#: organisational types of JP names (JPRS; also rules of the public suffix list)
ORGANISATIONAL = frozenset("ac ad co ed go gr lg ne or".split())
#: first labels of the public bodies' geographic names
_PUBLIC_BODIES = frozenset("metro pref city town vill".split())


def name_type(base: str) -> str:
    """base: a registrable domain."""
    labels = base.split(".")
    if labels[-1] != "jp":
        return "other"
    if len(labels) >= 3 and labels[-2] in ORGANISATIONAL:
        return "jp_organisational"
    if len(labels) >= 4 or (len(labels) == 3 and labels[0] in _PUBLIC_BODIES):
        return "jp_geographic"
    return "jp_general"
