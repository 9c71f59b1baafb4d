# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as JSON, one file a day; a case that is measured again takes the place of its old figures."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import typing as t

if t.TYPE_CHECKING:
    from measure import Case

FOLDER = pathlib.Path(__file__).resolve().parent / "results"
Data = dict[str, t.Any]


def read(path: pathlib.Path) -> Data:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {"cases": {}}


def newest() -> Data:
    found = sorted(FOLDER.glob("????-??-??.json"))
    return read(found[-1]) if found else {"cases": {}}


def merge(
    path: pathlib.Path,
    case: Case,
    rows: list[Data],
    how: Data,
    facts: t.Mapping[str, str],
    versions: t.Mapping[str, str],
) -> None:
    found = read(path)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"key": case.key, "job": case.job, "title": case.title, "size": case.size, "at": now, **how, "rows": rows}
    found.update(date=path.stem, machine=dict(facts), versions=dict(versions))
    found["cases"][case.key] = told
    _write(path, found)


def keep_shares(path: pathlib.Path, shares: Data) -> None:
    """Of shares.py."""
    found = read(path)
    found["shares"] = shares
    _write(path, found)


def _write(path: pathlib.Path, found: Data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, path)
