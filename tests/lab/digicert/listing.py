# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as all of CertCentral's: filters[name]=value, sort, limit, offset; as JSON or as CSV. Pure."""

from __future__ import annotations

import csv
import io
import re
import typing as t

from .application import broken

Item = t.TypeVar("Item")
Query = t.Mapping[str, str]
Columns = t.Mapping[str, t.Callable[[Item], t.Iterable[object]]]
MOST = 1000
FILTER = re.compile(r"filters\[(\w+)\](?:\[\w*\])?")


class Page(t.NamedTuple):
    total: int
    limit: int
    offset: int


def chosen(
    items: t.Sequence[Item], query: Query, columns: Columns[Item], ignored: t.Collection[str] = ()
) -> tuple[list[Item], Page]:
    """``ignored``: filters that have no effect today."""
    wanted: dict[str, list[str]] = {}
    for word, value in query.items():
        match = FILTER.fullmatch(word)
        if match:
            wanted.setdefault(match[1], []).append(value)
    unknown = sorted(set(wanted) - set(columns))
    if unknown:
        raise broken(f"There is no filter {unknown[0]}.")
    found = [
        item
        for item in items
        if all(_is_any(columns[name](item), values) for name, values in wanted.items() if name not in ignored)
    ]
    found = _sorted(found, query.get("sort", ""), columns)
    limit, offset = _number(query, "limit", MOST), _number(query, "offset", 0)
    limit = min(limit, MOST) or MOST
    return found[offset : offset + limit], Page(len(found), limit, offset)


def fits(value: object, wanted: str) -> bool:
    """A...B, >A, <A, 50%, or the same."""
    text = _text(value)
    if "..." in wanted:
        low, _unused, high = wanted.partition("...")
        return _key(text) >= _key(low) and _key(text[: len(high)] if not high.isdigit() else text) <= _key(high)
    if wanted[:1] in ("<", ">"):
        return (_key(text) > _key(wanted[1:])) if wanted[0] == ">" else (_key(text) < _key(wanted[1:]))
    pattern = ".*".join(map(re.escape, wanted.split("%")))
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None


def as_csv(documents: t.Sequence[t.Mapping[str, t.Any]], columns: t.Sequence[str]) -> bytes:
    """What lies deeper is written with dots: certificate.common_name."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for document in documents:
        writer.writerow([_deep(document, column) for column in columns])
    return text.getvalue().encode("utf-8")


def _deep(document: t.Any, column: str) -> str:
    for word in column.split("."):
        document = document.get(word) if isinstance(document, dict) else None
    return "" if document is None else _text(document)


def _is_any(values: t.Iterable[object], wanted: t.Sequence[str]) -> bool:
    return any(fits(value, one) for value in values for one in wanted)


def _sorted(items: list[Item], sort: str, columns: Columns[Item]) -> list[Item]:
    for word in reversed([word.strip() for word in sort.split(",") if word.strip()]):
        column = columns.get(word.lstrip("-"))
        if column is None:
            raise broken(f"There is no field {word} to sort by.")
        items = sorted(items, key=lambda item: [_key(_text(v)) for v in column(item)], reverse=word.startswith("-"))
    return items


def _number(query: Query, word: str, usual: int) -> int:
    text = query.get(word, str(usual))
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise broken(f"{word} must be a number.")
    return int(text)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(text: str) -> tuple[int, str]:
    """Numbers as numbers, before words."""
    return (int(text), "") if re.fullmatch(r"[0-9]{1,18}", text) else (10**18, text)
