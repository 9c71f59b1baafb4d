# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain claim as Atlas tells it (ca-apis 2a), and the book in which the tokens are kept that it tells only once.

The book is one small file beside the ledger, for all runs. Nothing is lost with it: a claim whose token is not known
gets a new one (``reassert``).

This file is private to the collection.
"""

from __future__ import annotations

import json
import os
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.network import answer_unusable
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory

__all__ = ["Book", "Claim", "ClaimNote", "read_claim", "read_note"]

_NUMBER = re.compile(r"[A-Za-z0-9_.~-]{1,200}")
_TOKEN = re.compile(r"[!-~]{1,1000}")
_FILE, _LOCK = "claims.json", ".claims-lock"
_LARGEST = 16 * 1024 * 1024
_LONGEST_LOCK = 10.0


@dataclass(frozen=True)
class Claim:
    """word: Atlas's; means: pending, verified, ended, or "" for a word that nobody knows. trouble: its last log."""

    number: str
    domain: str
    word: str
    means: str
    expires_at: datetime | None = None
    assert_by: datetime | None = None
    trouble: str = ""

    def is_verified(self, now: datetime) -> bool:
        return self.means == "verified" and (self.expires_at is None or self.expires_at > now)

    def is_open(self, now: datetime) -> bool:
        """Whether its token can still be asserted."""
        return self.means == "pending" and (self.assert_by is None or self.assert_by > now)


def read_claim(data: object, words: t.Mapping[str, str]) -> Claim:
    fields = data if isinstance(data, dict) else {}
    number, domain, word = fields.get("id"), fields.get("domain"), fields.get("status")
    name = domain.rstrip(".").lower() if isinstance(domain, str) else ""
    if not isinstance(number, str) or not _NUMBER.fullmatch(number) or dns_name_error(name, wildcard=False):
        raise answer_unusable("there is no claim in it", f"id {number!r}, domain {domain!r}")
    told = word if isinstance(word, str) else ""
    return Claim(
        number=number,
        domain=name,
        word=escaped(told, 100) or "(none)",
        means=words.get(told, ""),
        expires_at=_moment(fields.get("expires_at")),
        assert_by=_moment(fields.get("assert_by")),
        trouble=_trouble(fields.get("log")),
    )


def _moment(value: object) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, timezone.utc)


def _trouble(log: object) -> str:
    rows = [one for one in log if isinstance(one, dict)] if isinstance(log, list) else []
    rows.sort(key=lambda one: one["timestamp"] if isinstance(one.get("timestamp"), int) else 0)
    if not rows or rows[-1].get("status") != "ERROR":
        return ""
    return escaped(str(rows[-1].get("description") or "ERROR"), 300)


@dataclass(frozen=True)
class ClaimNote:
    """What Atlas tells only once, or not at all. mailed: whom it wrote to."""

    number: str
    token: str = ""
    mailed: tuple[str, ...] = ()


def read_note(data: object, located: str = "") -> tuple[ClaimNote, datetime | None]:
    """The answer of a claim that was begun, or begun anew, and until when it can be asserted."""
    fields = data if isinstance(data, dict) else {}
    number, token = fields.get("id") or located, fields.get("token")
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise answer_unusable("the claim has no number", repr(number))
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise answer_unusable("the claim has no token", f"token is a {type(token).__name__}")
    return ClaimNote(number, token), _moment(fields.get("assert_by"))


class Book:
    """Notes by domain. Two runs at a time: the later note of a domain stands, and Atlas has both claims."""

    def __init__(self, folder: str, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._notes: dict[str, ClaimNote] | None = None

    def note(self, domain: str) -> ClaimNote | None:
        if self._notes is None:
            self._notes = self._read()
        return self._notes.get(domain)

    def put(self, domain: str, note: ClaimNote) -> None:
        if self.note(domain) == note:
            return
        with Directory.make(self._folder) as folder:
            fd = folder.lock(_LOCK, wait=_LONGEST_LOCK, clock=self._clock)
            if fd is None:
                raise _stuck(f"{self._folder}/{_LOCK}")
            try:
                self._notes = {**_notes(folder.read(_FILE, _LARGEST)), domain: note}
                rows = {name: [one.number, one.token, list(one.mailed)] for name, one in self._notes.items()}
                folder.write(_FILE, json.dumps(rows, indent=0, sort_keys=True).encode("ascii"))
            finally:
                os.close(fd)

    def wrote_to(self, domain: str, address: str) -> None:
        note = self.note(domain)
        if note is not None and address not in note.mailed:
            self.put(domain, replace(note, mailed=(*note.mailed, address)))

    def _read(self) -> dict[str, ClaimNote]:
        if not os.path.isdir(self._folder):
            return {}
        with Directory.make(self._folder) as folder:
            return _notes(folder.read(_FILE, _LARGEST))


def _notes(content: bytes | None) -> dict[str, ClaimNote]:
    """What cannot be read is as if it were not there."""
    try:
        rows = load_json(content or b"{}")
    except ValueError:
        return {}
    found = {}
    for domain, row in rows.items() if isinstance(rows, dict) else ():
        if isinstance(row, list) and len(row) == 3 and all(isinstance(one, str) for one in row[:2]):
            mailed = row[2] if isinstance(row[2], list) else []
            found[domain] = ClaimNote(row[0], row[1], tuple(one for one in mailed if isinstance(one, str)))
    return found


def _stuck(where: str) -> LocalError:
    return LocalError(
        code="atlas_book_locked",
        what="Cannot keep the token of a domain claim",
        where=where,
        why=f"another process has held its lock for {_LONGEST_LOCK:g} seconds",
        todo="Look for a stopped process that has that file open",
        retryable=True,
    )
