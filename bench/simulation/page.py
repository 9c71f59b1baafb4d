# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as tables: on the terminal, and as the two pages of the documentation."""

from __future__ import annotations

import json
import pathlib
import typing as t

from simulation.page_words import GUESSES_JA, HEADS, LABELS, TITLES, TOPS, WORDS
from simulation.rows import AUTHORITIES, GUESSES, Authority

RESULTS = pathlib.Path(__file__).resolve().parent / "results.json"
_FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
PAGES = {"en": _FOLDER / "beyond_one_machine.rst", "ja": _FOLDER / "beyond_one_machine_ja.rst"}
Found = t.Mapping[str, t.Any]
Lines = list[list[str]]

COLUMNS = {
    "history": ("orders", "a_day", "peak", "on", "reserve"),
    "bunched": ("orders", "a_day", "peak", "on", "reserve"),
    "waves": ("revoked", "half", "all", "late"),
    "largest": ("lives", "daily", "hourly", "best"),
    "knobs": ("hours", "late", "peak", "reserve", "expired"),
    "troubles": ("waiting", "reserve", "approved", "lost", "expired"),
}


def read() -> dict[str, t.Any]:
    return dict(json.loads(RESULTS.read_text(encoding="utf-8")))


def lines_of(found: Found, key: str, language: str) -> Lines:
    lines = [list(HEADS[language][key])]
    for row in found[key]:
        label = LABELS[language].get(row["key"], row["key"])
        lines.append([label, *(_figure(row[column], language) for column in COLUMNS[key])])
    return lines


def _figure(value: t.Any, language: str) -> str:
    if value is None:
        return WORDS[language]["none"]
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def as_text(found: Found) -> str:
    """Of all tables, in English."""
    parts = []
    for key in COLUMNS:
        lines = lines_of(found, key, "en")
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        told = ["  " + "  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines]
        parts.append("\n".join([TITLES["en"][key][0], *told]))
    return "\n\n".join(parts)


def page(found: Found, language: str) -> str:
    titles = TITLES[language]
    text = TOPS[language].format(**_facts(found))
    for key in ("largest", "waves", "knobs", "history", "bunched", "troubles"):
        text += _section(titles[key], lines_of(found, key, language))
    text += _section(titles["estate"], [list(HEADS[language]["estate"]), *_estate(found, language)])
    guesses = GUESSES if language == "en" else GUESSES_JA
    return text + _section(titles["guesses"], [list(HEADS[language]["guesses"]), *map(list, guesses)])


def _section(title: tuple[str, str], lines: Lines) -> str:
    name, what = title
    width = sum(1 if ord(sign) < 0x2E80 else 2 for sign in name)
    rows = "".join(
        f"   {'*' if number == 0 else ' '} - {word}".rstrip() + "\n"
        for line in lines
        for number, word in enumerate(line)
    )
    return f"\n{name}\n{'-' * width}\n\n{what}\n\n.. list-table::\n   :header-rows: 1\n\n{rows}"


def _estate(found: Found, language: str) -> Lines:
    return [_line(one, found, language) for one in AUTHORITIES]


def _line(one: Authority, found: Found, language: str) -> list[str]:
    words = WORDS[language]
    limits = words["and"].join(
        words["limit"].format(number=f"{limit.requests:,}", seconds=f"{limit.seconds:g}") for limit in one.limits
    )
    title = one.title if language == "en" else LABELS["ja"].get(one.key, one.title)
    number = f"{round(found['certificates'] * found['shares'][one.key]):,}"
    return [title, number, f"``{one.product}``", limits or words["none"], str(one.requests)]


def _row(found: Found, table: str, key: str) -> Found:
    return t.cast("Found", next(row for row in found[table] if row["key"] == key))


def _facts(found: Found) -> dict[str, str]:
    """What the sentences at the top take from the tables."""
    before, after = _row(found, "history", "2027-Q1"), _row(found, "history", "2027-Q4")
    earlier, last = _row(found, "history", "2029-Q1"), _row(found, "history", "2029-Q4")
    whole, bunched = found["history"][-1], found["bunched"][-1]
    unsafe, best = _row(found, "knobs", "unsafe"), _row(found, "knobs", "recommended")
    cost = found["cost"]
    figures = {
        "certificates": found["certificates"],
        "orders": whole["orders"],
        "a_day_before": before["a_day"],
        "a_day_between": after["a_day"],
        "a_day_earlier": earlier["a_day"],
        "a_day_last": last["a_day"],
        "peak": whole["peak"],
        "peak_bunched": bunched["peak"],
        "reserve": min(whole["reserve"], bunched["reserve"]),
        "longest": whole["longest_run"],
        "daily": _row(found, "largest", "digicert")["daily"],
        "hourly": _row(found, "largest", "digicert")["hourly"],
        "counted": _row(found, "largest", "counted")["daily"],
        "domain": _row(found, "largest", "domain")["daily"],
        "wave": _row(found, "waves", "digicert_24h")["half"],
        "wave_late": _row(found, "waves", "all_digicert_24h")["late"],
        "ari": _row(found, "waves", "all_letsencrypt_24h")["all"],
        "hours": best["hours"],
        "unsafe": unsafe["expired"],
        "shards_late": _row(found, "knobs", "shards_16")["late"],
        "deadline_late": _row(found, "knobs", "deadline_900")["late"],
        "accounts_late": _row(found, "knobs", "accounts_4")["late"],
        "stays": _row(found, "troubles", "mail_stays")["expired"],
        "start": round(cost["start"], 2),
        "sweep": round(cost["sweep"] * 1000, 2),
        "each": round(cost["each"] * 1000, 1),
    }
    told = {name: f"{value:,}" if value is not None else "-" for name, value in figures.items()}
    return {**told, "source": cost["source"], "on_bunched": bunched["on"], "on": whole["on"]}
