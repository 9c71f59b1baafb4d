# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the catalogue changed or deleted: do the tables of tests notice?

A row that several products share is one row of the source: it is changed in all of them at once, and the rules and
cases of each are asked until one complains. What nobody complains of has survived.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import date, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._data.catalogue_rules import complaints, identity
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import CATALOGUE, Case
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import NOW

_TODAY = date.fromisoformat(NOW[:10])
_DAY = timedelta(days=1)
_SELLERS = {product.seller for product in CATALOGUE.values()}
WORD = "mutated"


class Mutant(t.NamedTuple):
    """what: "deleted", or the field and its new value. row None: deleted."""

    table: str
    place: str
    what: str
    row: t.Any


class Result(t.NamedTuple):
    mutant: Mutant
    killed_by: str


# -- one row ----------------------------------------------------------------------------------------------------------


def changes(row: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """Every field with another value."""
    for field in row._fields:
        for value in _others(field, getattr(row, field), row):
            yield f"{field} = {value!r}", row._replace(**{field: value})


def _others(field: str, value: t.Any, row: t.Any) -> t.Iterator[t.Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield WORD
    elif isinstance(value, date):
        yield value + _DAY
        yield value - _DAY
    elif isinstance(value, tuple):
        yield from _tuples(value)
    elif field == "until":  # gone today
        yield _TODAY
    elif field == "since":  # not there yet, or never there
        yield row.until or _TODAY + _DAY
    elif field.endswith("_days"):
        yield 1
    else:
        yield WORD


def _tuples(value: tuple[t.Any, ...]) -> t.Iterator[tuple[t.Any, ...]]:
    if not value:
        yield (WORD,)
    for at, one in enumerate(value):
        yield value[:at] + value[at + 1 :]
        if isinstance(one, str):
            yield (*value[:at], WORD, *value[at + 1 :])
        elif isinstance(one, tuple):
            for number in range(len(one)):
                inner = (*one[:number], WORD, *one[number + 1 :])
                yield (*value[:at], inner, *value[at + 1 :])


# -- all rows ---------------------------------------------------------------------------------------------------------


def mutants() -> t.Iterator[tuple[Mutant, dict[str, rows.Product]]]:
    """With the products that then differ."""
    for table, row, at in _shared_rows():
        key, number = at[0]
        place = f"{key} {table}[{number}]" + (f" and {len(at) - 1} more" if len(at) > 1 else "")
        yield _mutant(Mutant(table, place, "deleted", None), at)
        for what, new in changes(row):
            yield _mutant(Mutant(table, place, what, new), at)
    for key, product in CATALOGUE.items():
        for field in ("seller", "ca", "validation_level", "title", "source", "utc_offset", "since", "until", "form"):
            for value in _others(field, getattr(product, field), product):
                mutant = Mutant("product", key, f"{field} = {value!r}", product._replace(**{field: value}))
                yield mutant, {key: mutant.row}
        yield Mutant("product", key, "deleted", None), {}


def _shared_rows() -> t.Iterator[tuple[str, t.Any, list[tuple[str, int]]]]:
    """Each row of the source once, with all the places where it stands."""
    found: dict[tuple[str, int], tuple[t.Any, list[tuple[str, int]]]] = {}
    for key, product in CATALOGUE.items():
        for table in rows.TABLES:
            for number, row in enumerate(getattr(product, table)):
                found.setdefault((table, id(row)), (row, []))[1].append((key, number))
    for (table, _id), (row, at) in found.items():
        yield table, row, at


def _mutant(mutant: Mutant, at: t.Sequence[tuple[str, int]]) -> tuple[Mutant, dict[str, rows.Product]]:
    changed = {}
    for key, number in at:
        product = CATALOGUE[key]
        table = getattr(product, mutant.table)
        new = () if mutant.row is None else (mutant.row,)
        changed[key] = product._replace(**{mutant.table: (*table[:number], *new, *table[number + 1 :])})
    return mutant, changed


# -- who notices ------------------------------------------------------------------------------------------------------


class Tables:
    """All tables of tests. The case that noticed the change of a row last is asked first: it is near the row."""

    def __init__(self, cases: t.Sequence[Case]) -> None:
        self._cases: dict[str, list[Case]] = {}
        for case in cases:
            self._cases.setdefault(case.product, []).append(case)

    def killer(self, changed: t.Mapping[str, rows.Product]) -> str:
        """What notices; empty: nobody does."""
        for product in changed.values():
            said = [*identity(product), *complaints(product, CATALOGUE.keys(), _SELLERS)]
            if said:
                return said[0]
        catalogue = {**CATALOGUE, **changed}
        for key in changed:
            cases = self._cases.get(key, [])
            for at, case in enumerate(cases):
                if case.complaints(catalogue):
                    cases.insert(0, cases.pop(at))
                    return case.title
        return ""


def run(cases: t.Sequence[Case]) -> list[Result]:
    tables = Tables(cases)
    results = []
    for mutant, changed in mutants():
        deleted = mutant.table == "product" and mutant.row is None
        killed_by = "the pinned list of products" if deleted else tables.killer(changed)
        results.append(Result(mutant, killed_by))
    return results


def as_table(results: t.Sequence[Result]) -> str:
    """Rows, mutants, killed and survived for each table of the catalogue."""
    lines = [f"{'table':14}{'rows':>6}{'mutants':>9}{'killed':>8}{'survived':>10}"]
    places = {(result.mutant.table, result.mutant.place) for result in results}
    rows_of = Counter(table for table, _place in places)
    alive = Counter(result.mutant.table for result in results if not result.killed_by)
    for table, count in Counter(result.mutant.table for result in results).items():
        lines.append(f"{table:14}{rows_of[table]:6}{count:9}{count - alive[table]:8}{alive[table]:10}")
    total, survived = len(results), sum(alive.values())
    lines.append(f"{'all':14}{len(places):6}{total:9}{total - survived:8}{survived:10}")
    return "\n".join(lines)
