# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the fields of a request, and gathering what is wrong with them."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from lab import names
from lab.clock import JST

from . import problems
from .problems import Fault, Problem
from .soap_reading import Node

DIGITS = r"[0-9]+"
PHONE = r"[0-9+() -]+"
COUNTRY = r"[A-Za-z]{2}"


class Form:
    def __init__(self, request: Node) -> None:
        self.request = request
        self.faults: list[Fault] = []

    def wrong(self, code: int, field: str) -> None:
        self.faults.append(Fault(code, field))

    def judge(self) -> None:
        """Everything that was wrong so far, at once."""
        if self.faults:
            raise Problem(*self.faults)

    def text(
        self,
        field: str,
        most: int = 255,
        *,
        needed: bool = False,
        choices: t.Collection[str] = (),
        shape: str = "",
        native: bool = False,
    ) -> str:
        """``native``: it may have other characters than ASCII. What is wrong becomes an empty text."""
        value = self.request.word(field)
        if not value:
            if needed:
                self.wrong(problems.MISSING, field)
            return ""
        code = _fault(value, most, choices, shape, native)
        if code:
            self.wrong(code, field)
            return ""
        return value

    def flag(self, field: str) -> bool:
        return self.text(field, 5, choices=("true", "false")) == "true"

    def number(self, field: str, most: int, *, needed: bool = False) -> int:
        """From 1; 0 if there is none."""
        value = int(self.text(field, 4, needed=needed, shape=DIGITS) or 0)
        if self.request.word(field) and not 1 <= value <= most and not self._is_wrong(field):
            self.wrong(problems.INVALID, field)
        return value

    def name(self, field: str, *, needed: bool = False) -> str:
        """A host name in lower case."""
        value = self.text(field, 253, needed=needed).lower()
        if value and not names.is_name(value):
            self.wrong(problems.FORMAT, field)
            return ""
        return value

    def mail(self, field: str, *, needed: bool = False) -> str:
        value = self.text(field, 255, needed=needed)
        if value and not names.tidy(value):
            self.wrong(problems.FORMAT, field)
        return names.tidy(value) if value else ""

    def moment(self, field: str, *, needed: bool = False) -> datetime | None:
        """ISO 8601; without a zone it is Japan's."""
        value = self.text(field, 40, needed=needed)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.wrong(problems.FORMAT, field)
            return None
        return found if found.tzinfo else found.replace(tzinfo=JST)

    def _is_wrong(self, field: str) -> bool:
        return any(fault.field == field for fault in self.faults)


def _fault(value: str, most: int, choices: t.Collection[str], shape: str, native: bool) -> int:
    """Its number; 0: nothing is wrong. What is too long is just that, whatever else it is (as recorded)."""
    if len(value) > most:
        return problems.LENGTH
    if not native and not value.isascii():
        return problems.CHARACTERS
    if shape and not re.fullmatch(shape, value):
        return problems.FORMAT
    return problems.INVALID if choices and value not in choices else 0
