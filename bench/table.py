# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newest figures as tables: on the terminal, and as the page of the documentation. Standard library only."""

from __future__ import annotations

import pathlib
import typing as t

import shares
import targets

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "docsite" / "rst" / "speed.rst"
Data = t.Mapping[str, t.Any]

JOBS = {
    "A": ("Issue certificates", "Keys, orders, records or files, validation, certificates on disk."),
    "A2": ("Issue at a slow CA", "Each validation takes the CA up to two seconds."),
    "B": ("Nothing is due", "The daily run. Each contestant has then shown that it finds one that is due."),
    "C": ("Publish TXT records", "Each record is read back from the server within the measured time."),
    "D": ("Make keys and CSRs", "The second run finds all of them there."),
    "E": ("Plan and report", "Playbooks over an inventory of ten thousand certificates."),
}
_REASON = 100  # characters of why a figure was refused; all of it is in the JSON
_MANY = 10_000  # from this many items on memory is told apart
_SMALL = 10  # below this many items a cost for each says nothing


def ordered(data: Data) -> list[Data]:
    cases = t.cast("dict[str, Data]", data["cases"])
    jobs = list(JOBS)
    return sorted(cases.values(), key=lambda one: (jobs.index(one["job"]), _way(one["key"]), one["size"]))


def _way(key: str) -> str:
    return key.partition("-")[2] + ("x" if "x" in key.partition("-")[0] else "")


def best_of(case: Data, kind: str) -> Data | None:
    rows = [row for row in case["rows"] if row["kind"] == kind and "median" in row and "second run" not in row["who"]]
    return min(rows, key=lambda row: t.cast("float", row["median"])) if rows else None


def lines_of_case(case: Data) -> list[list[str]]:
    """who, median, from-to, runs, times the one ping, times ours, memory. Ours is what the first of our rows took."""
    ping = next((row for row in case["rows"] if row["kind"] == "floor" and "median" in row), None)
    lines = []
    for row in case["rows"]:
        if "refused" in row:
            why = " ".join(str(row["refused"]).split())[:_REASON]
            lines.append([row["who"], "refused", why, str(row["n"]), "", "", ""])
            continue
        again = "second run" in row["who"]
        ours = next((one for one in case["rows"] if one["kind"] == "ours" and _is_again(one) == again), None)
        lines.append(
            [
                row["who"],
                f"{row['median']:.2f} s",
                f"{row['least']:.2f} to {row['most']:.2f}",
                f"{row['n']}, {len(row['failed'])} failed" if "failed" in row else str(row["n"]),
                _times(row, ping),
                _times(row, ours),
                f"{row['memory']:.0f} MB",
            ]
        )
    return lines


def _is_again(row: Data) -> bool:
    return "second run" in row["who"]


def _times(row: Data, other: Data | None) -> str:
    return f"{row['median'] / other['median']:.1f}" if other and "median" in other else ""


HEAD = ["", "median", "from, to", "runs", "pings", "of ours", "memory"]


def text_of_case(case: Data) -> str:
    lines = [HEAD, *lines_of_case(case)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "    " + "  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines
    )


def flatness(data: Data) -> list[list[str]]:
    """What one more certificate costs between neighbouring sizes of the same work, in milliseconds: ours, and floors
    that were measured in all sizes."""
    groups: dict[tuple[str, str, str], list[tuple[int, Data]]] = {}
    in_turn: dict[tuple[str, str, str], list[tuple[int, Data]]] = {}  # in one case: better than hours apart
    for case in ordered(data):
        for row in case["rows"]:
            if (row["kind"] == "ours" or "size" in row) and "median" in row:
                who = row["who"].rpartition(", ")[0] if "size" in row else row["who"]
                points = (in_turn if "size" in row else groups).setdefault((case["job"], _way(case["key"]), who), [])
                points.append((row.get("size", case["size"]), row))
    lines = []
    for (job, way, who), points in {**groups, **in_turn}.items():
        for (small, before), (large, after) in zip(points, points[1:]):
            if large > max(small, _SMALL):
                work = JOBS[job][0] + (f" ({way})" if way else "")
                lines.append([work, who, f"{small:,} to {large:,}", _each(before, after, large - small)])
    return lines


def _each(before: Data, after: Data, more: int) -> str:
    """A difference within the spread of its figures says only how much it can be at most."""
    spread = max(row["most"] - row["least"] for row in (before, after)) / 2
    difference = after["median"] - before["median"]
    if difference > spread:
        return f"{1000 * difference / more:.2f} ms"
    return f"at most {1000 * (after['most'] - before['least']) / more:.2f} ms"


def memory(data: Data) -> list[list[str]]:
    """Ours at ten thousand: peak of the largest process, above that of the playbook that only pings."""
    lines = []
    for case in ordered(data):
        floor = next((row for row in case["rows"] if row["kind"] == "floor" and "memory" in row), None)
        for row in case["rows"]:
            if floor and case["size"] >= _MANY and row["kind"] == "ours" and "memory" in row:
                above = row["memory"] - floor["memory"]
                lines.append([f"{case['title']} ({case['key']})", row["who"], f"{above:.0f} MB"])
    return lines


# The page


def page(data: Data) -> str:
    if not data["cases"]:
        return _TOP + "\nNothing has been measured yet.\n"
    text = _TOP + _WHERE.format(date=_days(data), machine=_facts(data), peers=_peers(data))
    job = ""
    for case in ordered(data):
        if case["job"] != job:
            job = case["job"]
            title, what = JOBS[job]
            text += f"\n{title}\n{'-' * len(title)}\n\n{what}\n"
        title = case["title"][0].upper() + case["title"][1:]
        text += f"\n.. list-table:: {title} (``{case['key']}``)\n   :header-rows: 1\n\n"
        text += _rows([HEAD, *lines_of_case(case)])
    marks = targets.lines(data)
    if marks:
        text += _MARKS + _rows([["case", "with", "may take", "that is", "took", "in marks", ""], *marks])
    where = shares.lines(data.get("shares", {}))
    if where:
        sizes = [f"{size} certificate{'s' if size > 1 else ''}" for size in data["shares"]["sizes"]]
        text += _SHARES + _rows([["task", *sizes, "each more"], *where])
    flat = flatness(data)
    if flat:
        text += _FLAT + _rows([["work", "with", "between", "each"], *flat])
    large = memory(data)
    if large:
        text += _LARGE + _rows([["work", "with", "above the ping"], *large])
    return text


def _rows(lines: t.Sequence[t.Sequence[str]]) -> str:
    text = ""
    for line in lines:
        for number, word in enumerate(line):
            text += f"   {'*' if number == 0 else ' '} - {_plain(word)}".rstrip() + "\n"
    return text


def _plain(word: str) -> str:
    return "".join("\\" + sign if sign in "*`|_\\" else sign for sign in word)


def _days(data: Data) -> str:
    days = sorted(case["at"][:10] for case in data["cases"].values() if "at" in case) or [data.get("date", "no date")]
    return str(days[0]) if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _facts(data: Data) -> str:
    facts = {**data.get("machine", {})}
    shares = [case["others"] for case in data["cases"].values() if "others" in case]
    if shares:
        facts["work of others"] = (
            f"{min(shares):.0%} to {max(shares):.0%} of the processors, in the second before a case began"
        )
    return "\n".join(f"* {name}: {_plain(value)}" for name, value in sorted(facts.items()))


def _peers(data: Data) -> str:
    return "\n".join(f"* {name} {_plain(value)}" for name, value in sorted(data.get("versions", {}).items()))


def write_page(data: Data) -> None:
    PAGE.write_text(page(data), encoding="utf-8")


_MARKS = """
The marks
---------

What each job was meant to take at most, and what it took. "In marks" is ours by its mark, each round by itself: the
median of the rounds, which decides, and the least and the most of them.

The marks of fifty certificates were set beside a uacme that took 17 s. Here four of it run at once and take less than
half of that, and a quarter of it is less than the floors: as many tasks of Ansible that do nothing, and what CA and
name server take whoever asks them.

.. list-table::
   :header-rows: 1

"""

_SHARES = """
Where it goes
-------------

``inkan.tls.issue`` by dns-01, task by task, as each of them begins after the one before. What a task takes for one
certificate is what it takes to start it, to read what is declared and to load the code; one that has nothing to do here
is started all the same, to find that out. "Each more" is what one more certificate costs.

.. list-table::
   :header-rows: 1

"""

_FLAT = """
What one more costs
-------------------

Of ours, between two sizes of the same work. The same figure in all lines of one work says that the cost is flat. "At
most" stands where the difference lies within the spread of the runs.

.. list-table::
   :header-rows: 1

"""

_LARGE = """
Memory
------

Of ours at ten thousand, above that of a playbook that only pings: the mark is 300 MB.

.. list-table::
   :header-rows: 1

"""

_TOP = """\
..
  Copyright: The inkan.tls developers
  GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Written by "make bench" from the newest file of bench/results: change bench/table.py, not this page.

.. _ansible_collections.inkan.tls.docsite.speed:

How long it takes
=================

``make bench`` does the same work with this collection and with what you would pick instead, on the same servers:
Pebble, BIND and nginx on loopback, fresh for each run, in turn. Figures are seconds of the whole command, as the
operating system counts them, start of the program included; memory is the peak of the largest process. A figure counts
only if the servers have the work afterwards: certificates that the CA knows and that belong to their keys, records in
the zone, nothing left behind.

"pings" says how many times as long as a playbook that only pings; "of ours" how many times as long as the first of our
rows. Other programs have their best flags: no fixed wait for DNS, four processes, lanes or forks at once, accounts made
before the clock starts. Pebble neither sleeps before it validates (except where the title says so) nor rejects good
nonces. ``inkan.tls.issue`` and ``inkan.tls.renew`` are the whole playbooks with all their roles: they also plan, look
as the CA looks, prove what they deployed and keep a ledger. Rows that are named by modules are playbooks without roles.
"""

_WHERE = """
Measured on {date}:

{machine}

Compared with:

{peers}
"""
