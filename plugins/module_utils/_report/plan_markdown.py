# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as Markdown, for a wiki or a ticket: all certificates, nothing left out.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.plan_blocks import Block, Page
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_load import Table, load_sentences, load_tables

#: what Markdown, or the HTML in it, would take for something else
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def plan_markdown(page: Page) -> str:
    parts = [f"# Certificates: the plan of {page.day or 'no day'}", plain(f"{page.counts()}.")]
    parts += [part for block in page.blocks for part in _block(block)]
    if page.cliffs:
        rows = [(cliff.date, cliff.what, cliff.do, ", ".join(cliff.facts), str(hit)) for cliff, hit in page.cliffs]
        parts += [
            "## Changes of the rules ahead",
            rows_of(("from", "what", "what to do", "rule", "certificates"), rows),
        ]
    if page.load and page.load["months"]:
        parts.append(f"## The work until {page.load['months'][-1]['month']}")
        for table in load_tables(page.load):
            parts += [f"### {table.title}", _table(table)]
        parts += [plain(sentence) for sentence in load_sentences(page.load)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> list[str]:
    lines, label = [], ""
    for line in block.lines:
        if line.label and line.label != label:
            label = line.label
            lines.append(f"- **{plain(label)}**")
        lines.append(f"  - {plain(line.text)}")
    return [f"## {plain(block.name)}", f"{plain(block.title)}", *(["\n".join(lines)] if lines else [])]


def _table(table: Table) -> str:
    return rows_of(table.heads, table.rows, "---:")


def rows_of(heads: t.Sequence[str], rows: t.Sequence[t.Sequence[str]], rule: str = "---") -> str:
    lines = [heads, [rule] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(plain(cell) if cell != rule else cell for cell in line)} |" for line in lines)


def plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
