# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a CA wants to hear of something again: kept beside the account's key, for all processes of the ledger host.

A CA that limits rates says when to come back (RFC 8555 §6.6). Whoever forgets that with the end of its process asks too
early in the next run, or at the same moment from another shard, and some CAs count such requests against the limit.

    any request           all              a 429 or 503 that is not about a new order
    newOrder              orders           up to an hour: a limit of the account
    newOrder of names     order <digest>   longer: a limit of these names; the other orders go on

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io import files

__all__ = ["ALL", "ORDERS", "Holds", "key_of_names"]

ALL, ORDERS = "all", "orders"
#: An account's limit is refilled within this; what lasts longer is about the names (Let's Encrypt: 34 hours a set).
_OF_THE_ACCOUNT = 3600.0
#: What lies further ahead was written under another clock (a lab's): a Retry-After is believed for 31 days at most.
_LONGEST = timedelta(days=31)
_MAX = 1024 * 1024
_MOST = 2000
_LOCK_WAIT = 10.0


def key_of_names(names: t.Iterable[str]) -> str:
    return "order " + hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:32]


class Holds:
    """name: of the account; the file is ``<name>.holds.json``."""

    def __init__(self, folder: str, name: str, clock: Clock) -> None:
        self._folder = folder
        self._file = f"{name}.holds.json"
        self._name = name
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._known: dict[str, tuple[datetime, datetime]] = {}

    def until(self, keys: t.Sequence[str]) -> datetime | None:
        """The latest moment before which one of ``keys`` must not be asked for; None: all may."""
        self._read_if_changed()
        now = self._clock.now()
        found = [self._known[key] for key in keys if key in self._known]
        return max(
            (end for begin, end in found if begin <= now < end), default=None
        )  # "now" of another clock: not ours

    def hold(self, key: str, seconds: float) -> None:
        """key: ALL, or that of an order's names."""
        now = self._clock.now()
        place = ORDERS if key != ALL and seconds <= _OF_THE_ACCOUNT else key
        end = now + timedelta(seconds=seconds)
        with files.Directory.make(self._folder, mode=0o700) as folder:
            lock = folder.lock(f".{self._name}.holds.lock", wait=_LOCK_WAIT, clock=self._clock)
            if lock is None:
                return  # the CA itself says it again
            try:
                known = self._parse(folder.read(self._file, _MAX))
                before = known.get(place)
                if before is not None and before[0] <= now and before[1] >= end:
                    return
                known = {one: span for one, span in known.items() if span[0] <= now < span[1]}
                known[place] = (now, end)
                folder.write(self._file, _rendered(known), mode=0o600)
            finally:
                os.close(lock)

    def _read_if_changed(self) -> None:
        try:
            found = os.stat(os.path.join(self._folder, self._file))
        except OSError:
            self._known, self._stamp = {}, None
            return
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            with files.Directory.open(self._folder) as folder:
                self._known, self._stamp = self._parse(folder.read(self._file, _MAX)), stamp

    def _parse(self, raw: bytes | None) -> dict[str, tuple[datetime, datetime]]:
        """What cannot be read holds nothing: the CA says it again."""
        try:
            data = load_json(raw or b"{}")
            spans = {str(key): (_time(begin), _time(end)) for key, (begin, end) in data.items()}
        except (ValueError, TypeError, AttributeError, OverflowError, OSError):
            return {}
        return {key: (begin, end) for key, (begin, end) in spans.items() if end - begin <= _LONGEST}


def _time(seconds: t.Any) -> datetime:
    return datetime.fromtimestamp(float(seconds), timezone.utc)


def _rendered(known: t.Mapping[str, tuple[datetime, datetime]]) -> bytes:
    newest = sorted(known.items(), key=lambda one: one[1][1])[-_MOST:]
    data = {key: [begin.timestamp(), end.timestamp()] for key, (begin, end) in newest}
    return (json.dumps(data, sort_keys=True) + "\n").encode("ascii")
