# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look with the CA's eyes found: a stable code, how bad it is, and what / where / why / to do.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._data.eyes_codes import EYE_CODES, FATAL, EyeCode

ROWS: dict[str, EyeCode] = {row.word: row for row in EYE_CODES}


class Finding(t.NamedTuple):
    """about: the record, file or contact; place: the server or address that shows it, "" where it is none's."""

    word: str
    about: str
    place: str
    why: str

    @property
    def row(self) -> EyeCode:
        return ROWS[self.word]

    @property
    def is_fatal(self) -> bool:
        return self.row.severity == FATAL

    @property
    def text(self) -> str:
        """One line, as role ``report`` shows it."""
        return f"{self.about}: {self.place} {self.why}" if self.place else f"{self.about}: {self.why}"

    def as_data(self) -> dict[str, str]:
        return {
            "code": self.word,
            "severity": self.row.severity,
            "what": self.row.what,
            "where": f"{self.about}, {self.place}" if self.place else self.about,
            "why": self.why,
            "todo": self.row.todo,
        }


def fatal(findings: t.Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.is_fatal]


def sentences(findings: t.Iterable[Finding]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(one.text for one in findings))
