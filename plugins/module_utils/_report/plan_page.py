# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for a screen: plain text, 100 columns wide.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.columns import padded, wrapped
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_blocks import (
    OUTCOMES,
    Block,
    Line,
    Page,
    cliff_words,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_load import Table, load_sentences, load_tables

_COLUMNS = 100
_LABEL = 12
#: blocks that are shown where nobody asked for all: what is urgent, and no mile of what is in order
MOST_BLOCKS = 10


def plan_page(page: Page, most: int | None = None, where: str = "") -> str:
    """most: blocks that are shown, None for all. where: the rest can be read there."""
    shown = page.blocks if most is None else page.blocks[:most]
    lines = [f"Plan of {page.day or 'no day'} for {page.counts()}."]
    for block in shown:
        lines += ["", *_block(block)]
    if len(shown) < len(page.blocks):
        lines += ["", *wrapped(_rest(page.blocks[len(shown) :], where), _COLUMNS)]
    if page.cliffs:
        lines += ["", "Changes of the rules ahead"]
        for cliff, number in page.cliffs:
            lines += _hanging(Line(cliff.date, f"{cliff_words(cliff)} ({number} of {len(page.blocks)})"))
    if page.load:
        lines += ["", *_load(page.load)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    first, *more = wrapped(f"{block.name}: {block.title}", _COLUMNS)
    lines = [first, *(f"    {line}" for line in more)]
    for line in block.lines:
        lines += _hanging(line)
    return lines


def _hanging(line: Line) -> list[str]:
    first, *more = wrapped(line.text, _COLUMNS - _LABEL - 4)
    return [f"  {padded(line.label, _LABEL)}{first}", *(f"{' ' * (_LABEL + 4)}{text}" for text in more)]


def _rest(blocks: t.Sequence[Block], where: str) -> str:
    counts = [(words, [block for block in blocks if block.outcome == outcome]) for outcome, words in OUTCOMES.items()]
    told = [f"{len(found)} {words}{_next(found)}" for words, found in counts if found]
    rest = where or (
        "all of them with -e inkan_plan_output=markdown (or json) -e inkan_plan_path=FILE, some with inkan_names"
    )
    return f"And {len(blocks)} more: {'; '.join(told)}. Read {rest}."


def _next(blocks: t.Sequence[Block]) -> str:
    at = min((block.at for block in blocks if block.at), default=None)
    return f", the next on {at}" if at and blocks[0].outcome == "not_due" else ""


def _load(load: t.Mapping[str, t.Any]) -> list[str]:
    lines = [f"The work until {load['months'][-1]['month']}"] if load["months"] else []
    for table in load_tables(load):
        lines += _table(table)
    for sentence in load_sentences(load):
        lines += [f"  {text}" for text in wrapped(sentence, _COLUMNS - 2)]
    return lines


def _table(table: Table) -> list[str]:
    rows = (table.heads, *table.rows)
    wide = [max(len(row[column]) for row in rows) for column in range(len(table.heads))]
    cells = ["  " + "  ".join(cell.rjust(size) for cell, size in zip(row, wide)).rstrip() for row in rows]
    return [f"  {table.title}", *cells]
