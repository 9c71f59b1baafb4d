# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the catalogue changed or deleted: do the tables of tests notice?

A row that several products share is one row of the source: it is changed in all of them at once, and the rules and
cases of each are asked until one complains; last of all ``rows_told.txt``, which has each row in whole sentences. What
nobody complains of has survived.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import date, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.wish import OPTION_FLAGS
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import METHOD_RULES
from ansible_collections.inkan.tls.plugins.module_utils._data.facts import FACTS
from ansible_collections.inkan.tls.plugins.module_utils._data.facts_cas import CA_FACTS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._data.catalogue_rules import (
    FIELDS,
    complaints,
    identity,
)
from ansible_collections.inkan.tls.tests.unit.plugins.modules import rows_told
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import CATALOGUE, Case
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import NOW

_TODAY = date.fromisoformat(NOW[:10])
_DAY = timedelta(days=1)
_SELLERS = {product.seller for product in CATALOGUE.values()}
WORD = "mutated"
TOLD = "rows_told.txt"
_METHODS = sorted({offer.method for product in CATALOGUE.values() for offer in product.methods})
_PERIODS = ("", "1m", "6m", "1y", "2y", "3y", "4y", "5y")
_FIELDS = sorted(FIELDS)
#: field -> values that are right somewhere: a list keeps the order in which they are counted
_LISTS: dict[str, t.Sequence[str]] = {
    "facts": [fact.id for fact in FACTS + CA_FACTS],
    "rules": [rule.id for rule in METHOD_RULES],
    "method": _METHODS,
    "methods": _METHODS,
    "without": _METHODS,
    "other_products": list(CATALOGUE),
    "options": sorted(OPTION_FLAGS),
    "option": sorted(OPTION_FLAGS),
    "www_option": ["", *sorted(OPTION_FLAGS)],
    "field": _FIELDS,
    "immutable": _FIELDS,
    "period": _PERIODS,
    "stopped_periods": _PERIODS,
    "period_instead": _PERIODS,
    "seller": sorted(_SELLERS),
    "ca": sorted({product.ca for product in CATALOGUE.values() if product.ca is not None}),
}


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
        yield from _plausible(field, value, row)
    elif isinstance(value, date):
        yield value + _DAY
        yield value - _DAY
    elif isinstance(value, tuple):
        yield from _tuples(field, value, row)
    elif field == "until":  # gone today
        yield _TODAY
    elif field == "since":  # not there yet, or never there
        yield row.until or _TODAY + _DAY
    elif field.endswith("_days"):
        yield 1
    else:
        yield WORD


def _tuples(field: str, value: tuple[t.Any, ...], row: t.Any) -> t.Iterator[tuple[t.Any, ...]]:
    if not value:
        yield (WORD,)
    yield from [(*value, word) for word in rows.WORDS.get(type(row), {}).get(field, ()) if word not in value]
    for at, one in enumerate(value):
        yield value[:at] + value[at + 1 :]
        if isinstance(one, str):
            others = [WORD, *_plausible(field, one, row)]
            yield from [(*value[:at], other, *value[at + 1 :]) for other in others if other not in value]
        elif isinstance(one, tuple):
            for number in range(len(one)):
                inner = (*one[:number], WORD, *one[number + 1 :])
                yield (*value[:at], inner, *value[at + 1 :])


def _plausible(field: str, value: str, row: t.Any) -> t.Iterator[str]:
    """What somebody could write by mistake: a word of the same kind, the next one of a list, half a sentence."""
    words = rows.WORDS.get(type(row), {}).get(field)
    if words is not None:
        yield from [word for word in words if word != value]
    elif field in _LISTS:
        yield from _next_of(_LISTS[field], value)
    elif len(value) > 1:  # a sentence, an address, a title: cut in half
        half = value.rfind(" ", 0, len(value) // 2 + 1)
        half = half if half > 0 else len(value) // 2
        yield value[:half]
        yield value[half:].lstrip()


def _next_of(known: t.Sequence[str], value: str) -> t.Iterator[str]:
    """The neighbours of the value: what a slip of the finger gives."""
    if value not in known:
        yield known[0]
        return
    at = known.index(value)
    yield from dict.fromkeys(one for one in (known[at - 1], known[(at + 1) % len(known)]) if one != value)


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
        self._told = rows_told.expected()
        self._cases: dict[str, list[Case]] = {}
        for case in cases:
            self._cases.setdefault(case.product, []).append(case)

    def killer(self, changed: t.Mapping[str, rows.Product], is_in_plans: bool = True) -> str:
        """What notices; empty: nobody does. is_in_plans: a plan may tell it, so the cases are asked."""
        for product in changed.values():
            said = [*identity(product), *complaints(product, CATALOGUE.keys(), _SELLERS)]
            if said:
                return said[0]
        catalogue = {**CATALOGUE, **changed}
        for key in changed if is_in_plans else ():
            cases = self._cases.get(key, [])
            for at, case in enumerate(cases):
                if case.complaints(catalogue):
                    cases.insert(0, cases.pop(at))
                    return case.title
        return TOLD if any(rows_told.complaints(product, self._told) for product in changed.values()) else ""


def run(cases: t.Sequence[Case]) -> list[Result]:
    tables = Tables(cases)
    results = []
    for mutant, changed in mutants():
        deleted = mutant.table == "product" and mutant.row is None
        is_in_plans = not mutant.what.startswith("source = ")
        killed_by = "the pinned list of products" if deleted else tables.killer(changed, is_in_plans)
        results.append(Result(mutant, killed_by))
    return results


def as_table(results: t.Sequence[Result]) -> str:
    """Rows, mutants, killed and survived for each table of the catalogue; told: what only ``rows_told.txt`` notices."""
    lines = [f"{'table':14}{'rows':>6}{'mutants':>9}{'killed':>8}{'told':>7}{'survived':>10}"]
    places = {(result.mutant.table, result.mutant.place) for result in results}
    rows_of = Counter(table for table, _place in places)
    alive = Counter(result.mutant.table for result in results if not result.killed_by)
    told = Counter(result.mutant.table for result in results if result.killed_by == TOLD)
    for table, count in Counter(result.mutant.table for result in results).items():
        killed = count - alive[table] - told[table]
        lines.append(f"{table:14}{rows_of[table]:6}{count:9}{killed:8}{told[table]:7}{alive[table]:10}")
    total, survived, read = len(results), sum(alive.values()), sum(told.values())
    lines.append(f"{'all':14}{len(places):6}{total:9}{total - survived - read:8}{read:7}{survived:10}")
    return "\n".join(lines)
