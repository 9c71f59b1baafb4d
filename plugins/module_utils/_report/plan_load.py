# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work to come (``_core/load``) as tables of years and months, and in sentences.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

Said = t.Mapping[str, t.Any]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: key of a month → the title of its table; one whose numbers are all 0 is not shown
_TABLES = {
    "orders": "Orders",
    "approvals": "Approvals by hand",
    "without_method": "Orders whose method has ended by then",
}
_MOST_NAMES = 5


class Table(t.NamedTuple):
    """rows: the year, then a cell a month (empty before the first), then the sum of the year."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def load_tables(load: Said) -> list[Table]:
    months = {one["month"]: one for one in load["months"]}
    years = sorted({month[:4] for month in months})
    found = []
    for key, title in _TABLES.items():
        if key == "orders" or any(one[key] for one in months.values()):
            rows = tuple(_year(months, year, key) for year in years)
            found.append(Table(title, ("", *MONTHS, "year"), rows))
    return found


def _year(months: t.Mapping[str, Said], year: str, key: str) -> tuple[str, ...]:
    numbers = [months.get(f"{year}-{month:02}") for month in range(1, 13)]
    cells = ["" if one is None else str(one[key] or ".") for one in numbers]
    return (year, *cells, str(sum(one[key] for one in numbers if one is not None)))


def load_sentences(load: Said) -> list[str]:
    """What the numbers rest on, and what moving off mail would save."""
    found = [
        "Each certificate is renewed as it is declared now, as late as the policy lets it, and lives as long as its"
        " seller and the rules of the day allow. Every order is counted as validated anew."
    ]
    movable, stuck = load["movable"], load["stuck"]
    if movable["certificates"]:
        approvals, lost = movable["approvals"], movable["without_method"]
        methods = ", ".join(movable["methods"])
        saved = f"saves {approvals} approvals by hand" + (f" and keeps {lost} later orders possible" if lost else "")
        found.append(f"Moving {_certificates(movable)} off mail (their products also have {methods}) {saved}.")
    if stuck["certificates"]:
        lost = stuck["without_method"]
        after = f", and {lost} orders have no method when it ends" if lost else ""
        found.append(
            f"{_certificates(stuck).capitalize()} can be validated by mail only: {stuck['approvals']} approvals by"
            f" hand{after}. Ask the seller, or take a product that has another method."
        )
    if not movable["certificates"] and not stuck["certificates"]:
        found.append("No certificate is validated by mail: nobody has to approve an order.")
    return found


def _certificates(share: Said) -> str:
    number, names = share["certificates"], share["names"]
    shown = ", ".join(names[:_MOST_NAMES]) + (" …" if number > _MOST_NAMES else "")
    return f"{number} certificate{'' if number == 1 else 's'} ({shown})"
