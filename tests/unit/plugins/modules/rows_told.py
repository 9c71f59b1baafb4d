# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""``rows_told.txt``: each row of the catalogue in whole sentences, with its facts, its conditions and its products.

It is the second word on every row, to be read beside the sellers' documents. It began as a copy of the catalogue, and
no program writes it since: a row that is changed is changed there, too, by whoever has read the document. A field that
is not told has its default.

    [steps] IIJ-10                                    the table, the facts
        action: make a new key and a new CSR          one line a field; the items of a list are parted by |
        of: iij-globalsign-ov iij-globalsign-quick-dv the products that have the row
"""

from __future__ import annotations

import re
import typing as t
from functools import cache
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows

FILE = Path(__file__).with_name("rows_told.txt")
_IN_PRODUCT = ("seller", "ca", "validation_level", "title", "source", "utc_offset", "since", "until", "form")
_PLACE = re.compile(r"\\\{\w+\\\}")


class Told(t.NamedTuple):
    """head: ``[steps] IIJ-10``; lines: the fields."""

    head: str
    lines: tuple[str, ...]

    def field(self, name: str) -> str:
        return next((line.partition(": ")[2] for line in self.lines if line.startswith(f"{name}: ")), "")

    def tells(self, step: t.Mapping[str, t.Any]) -> bool:
        """Whether a step of a plan is this row: the whole sentence, its placeholders filled, and its facts."""
        if self.head != f"[steps] {', '.join(step['facts'])}" or self.field("actor") != step["actor"]:
            return False
        sentence = _PLACE.sub(".+", re.escape(self.field("action")))
        return re.fullmatch(sentence, step["action"], re.DOTALL) is not None


def of_product(product: rows.Product) -> list[Told]:
    """What the catalogue has, in the words of the file."""
    fields = [_line(field, getattr(product, field)) for field in _IN_PRODUCT if getattr(product, field) is not None]
    found = [Told("[product]", tuple(fields))]
    return found + [_told(table, row) for table in rows.TABLES for row in getattr(product, table)]


def expected() -> dict[str, list[Told]]:
    """Product -> its rows, as the file has them."""
    found: dict[str, list[Told]] = {}
    for block in FILE.read_text(encoding="utf-8").split("\n\n"):
        head, *lines = [line for line in block.splitlines() if not line.startswith("#")] or [""]
        if not head:
            continue
        told = Told(head, tuple(line.strip() for line in lines[:-1]))
        for product in lines[-1].partition("of: ")[2].split():
            found.setdefault(product, []).append(told)
    return found


def complaints(product: rows.Product, told: t.Mapping[str, list[Told]]) -> list[str]:
    """Rows of which the file knows nothing, and rows that the catalogue does not have."""
    found, wanted = of_product(product), list(told.get(product.key, ()))
    texts = []
    for one in found:
        if one in wanted:
            wanted.remove(one)
        else:
            texts.append(f"{product.key}: rows_told.txt does not tell {one.head} {'; '.join(one.lines)}")
    return texts + [f"{product.key}: there is no row {one.head} {'; '.join(one.lines)}" for one in wanted]


@cache
def _told(table: str, row: t.Any) -> Told:
    default = row._field_defaults
    lines = [
        _line(field, getattr(row, field))
        for field in row._fields
        if field != "facts" and (field not in default or getattr(row, field) != default[field])
    ]
    return Told(f"[{table}] {', '.join(row.facts)}", tuple(lines))


def _line(field: str, value: t.Any) -> str:
    if isinstance(value, tuple):
        value = " | ".join(" ".join(one) if isinstance(one, tuple) else str(one) for one in value)
    return f"{field}: {value}".rstrip()
