# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a table for spreadsheets: ``report.csv`` (RFC 4180), one line a certificate, columns as in report.json.

A cell that a spreadsheet would take for a formula begins with an apostrophe, so that it is a text. The first bytes are
a byte order mark, without which some spreadsheets take Japanese for something else.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report, Row

Cell = t.Union[str, int, None]
#: what begins a formula, also as the wide letters of a Japanese keyboard (U+FF1D, U+FF0B, U+FF0D, U+FF20)
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_BOM = "\ufeff"

_COLUMNS: dict[str, t.Callable[[Row], Cell]] = {
    "name": lambda row: row.name,
    "group": lambda row: row.group.value,
    "outcome": lambda row: row.outcome,
    "state": lambda row: row.state,
    "waiting_for_actor": lambda row: row.waiting.actor if row.waiting else None,
    "waiting_for_owner": lambda row: row.waiting.owner if row.waiting else None,
    "waiting_for_what": lambda row: row.waiting.what if row.waiting else None,
    "waiting_for_by": lambda row: row.waiting.by if row.waiting else None,
    "since": lambda row: row.since,
    "order": lambda row: row.order,
    "names": lambda row: " ".join(row.dns_names),
    "product": lambda row: row.product,
    "seller": lambda row: row.seller,
    "ca_account": lambda row: row.ca_account,
    "method": lambda row: row.method,
    "method_ends_on": lambda row: row.method_ends_on,
    "contact": lambda row: row.contact,
    "hosts": lambda row: " ".join(row.hosts),
    "serial": lambda row: row.serial,
    "issuer": lambda row: row.issuer,
    "not_before": lambda row: row.not_before,
    "not_after": lambda row: row.not_after,
    "days_left": lambda row: row.days_left,
    "renews_on": lambda row: row.renews_on,
    "cancel_by": lambda row: row.cancel_by,
    "next_cliff": lambda row: min((cliff.date for cliff in row.cliffs), default=None),
    "sentences": lambda row: " ".join(row.sentences),
}


def report_csv(report: Report) -> str:
    lines: list[list[Cell]] = [list(_COLUMNS), *([read(row) for read in _COLUMNS.values()] for row in report.rows)]
    return _BOM + "".join(",".join(csv_cell(cell) for cell in line) + "\r\n" for line in lines)


def csv_cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = escaped(value)
    # blanks before it do not keep a spreadsheet from reading a formula
    if text.lstrip()[:1] in _FORMULA and text.strip():
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'
