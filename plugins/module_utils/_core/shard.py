# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates one of several runs side by side works on: a digest of the name decides, the same everywhere.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


class Shard(t.NamedTuple):
    """The ``number``-th (from 1) of so many."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Shard:
        """ValueError if it is none."""
        match = _FORM.fullmatch(text.strip())
        if match is None or int(match.group(1)) > int(match.group(2)):
            raise ValueError(f"{text!r} is no shard: write 1/4 for the first of four")
        return cls(int(match.group(1)), int(match.group(2)))

    def has(self, name: str) -> bool:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1
