# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact records that we published ourselves, as the ledger remembers them. What is not among them is not ours.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

__all__ = ["ContactKey", "OurContact"]

#: record, kind and address: no two records of one name have the same value
ContactKey = tuple[str, str, str]


class OurContact(t.NamedTuple):
    """record: the name where it really is, which is not that of the domain where a CNAME leads away."""

    record: str
    kind: str
    address: str
    domain: str
    since: datetime

    @property
    def key(self) -> ContactKey:
        return self.record, self.kind, self.address
