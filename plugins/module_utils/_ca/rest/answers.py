# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order in a seller's answer, as a value: read by the description, bounded, and never trusted further than that.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description, Meaning
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import Expression
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.tokens import wanted_files, wanted_records
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.told import holds
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import free_names
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

__all__ = ["OrderAnswer", "moment_of"]

_HANDLE = re.compile(r"[!-~]{1,200}")
_MAX_TEXTS = 500
_LONGEST_MAIL = 254
_LONGEST_NOTE = 500
_LONGEST_PROBLEM = 1000
#: Nothing has to be prepared any more.
_DONE = frozenset({Status.ISSUING, Status.ISSUED, Status.REFUSED, Status.EXPIRED, Status.CANCELLED})
#: While one of these is the status, something may have to be published or approved.
_WANTING = frozenset({Status.WANTS_VALIDATION, Status.WANTS_APPROVAL, Status.VALIDATING})
_LOCAL_TIME = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?")
_LONGEST_POLL = 7 * 86400
_LAST_SECOND = 253402300799  # of the year 9999


@dataclass(frozen=True)
class OrderAnswer:
    """One order. data: the seller's object, as JSON had it."""

    data: t.Mapping[str, t.Any]
    description: Description

    @classmethod
    def read(cls, data: object, description: Description) -> OrderAnswer:
        if not isinstance(data, dict):
            kind = "nothing" if data is None else f"a {type(data).__name__}"
            raise unusable_answer("there is no order in it", f"{kind} stands where the description expects an order")
        return cls(data, description)

    def _find(self, expression: Expression | None) -> t.Any:
        return expression.of(self.data) if expression is not None else None

    @property
    def order_id(self) -> str:
        """ "" where the answer does not say it."""
        value = self._find(self.description.order.order_id)
        word = (word_of(value) or "") if not isinstance(value, bool) else ""
        return word if _HANDLE.fullmatch(word) else ""

    @property
    def reference(self) -> str:
        return word_of(self._find(self.description.order.reference)) or ""

    @property
    def status_word(self) -> str:
        return escaped(word_of(self._find(self.description.order.status)) or "", 200)

    @property
    def meaning(self) -> Meaning:
        meaning = self.description.statuses.get(self.status_word) or Meaning(Status.UNKNOWN)
        prepare = self.description.calls.get("prepare")
        if prepare is None or meaning.status in _DONE or not holds(prepare.when, self.data):
            return meaning
        return Meaning(Status.WANTS_PREPARATION, meaning.poll)

    def require_ours(self, request: OrderRequest) -> None:
        """The order is for our names (where the seller says for which), and beside them only what comes for free."""
        shape = self.description.order
        names = [name.lower().rstrip(".") for name in self._texts(shape.names, 253, "names")]
        ours = set(request.dns_names)
        if names and not ours <= set(names) <= ours | free_names(ours):
            why = f"ordered: {', '.join(request.dns_names)}; at the seller: {escaped(', '.join(names), 500)}"
            raise unusable_answer("the order is not for the names that were ordered", why, code="rest_other_names")

    def require_reference(self, request: OrderRequest) -> None:
        """Where the seller says whose it is."""
        if self.reference and self.reference != request.reference:
            why = f"it bears the reference {escaped(self.reference, 100)!r}, asked was for {request.reference!r}"
            raise unusable_answer("it is about another order", why, code="rest_other_order")

    def require_handle(self, handle: str, request: OrderRequest) -> None:
        """The order is the one asked for. One that bears our reference is ours, however its number is written."""
        said = self.order_id
        if said and said != handle and self.reference != request.reference:
            why = f"asked was for {handle!r}, it is about {escaped(said, 100)!r}"
            raise unusable_answer("it is about another order", why, code="rest_other_order")

    def seen(self, handle: str, request: OrderRequest, retry_after: float | None = None) -> Seen:
        """Everything of it; ProtocolError if it is not ours, or wants what was not ordered."""
        self.require_ours(request)
        shape, meaning = self.description.order, self.meaning
        notes: list[str] = []
        expires = self._expires(notes)
        wanted = self._wanted(request, notes) if meaning.status in _WANTING else Wanted()
        problem = "; ".join(self._texts(shape.problem, _LONGEST_PROBLEM, "problem"))
        return Seen(
            handle=handle,
            status=meaning.status,
            status_word=self.status_word or "(none)",
            wanted=wanted,
            validated=tuple(name.lower().rstrip(".") for name in self._texts(shape.validated, 253, "validated")),
            problem=problem,
            expires=expires,
            retry_after=retry_after if retry_after is not None else self._poll(meaning),
        )

    def _wanted(self, request: OrderRequest, notes: list[str]) -> Wanted:
        shape = self.description.order
        return Wanted(
            records=wanted_records(self._find(shape.records), request),
            files=wanted_files(self._find(shape.files), request),
            notes=(*notes, *self._texts(shape.notes, _LONGEST_NOTE, "notes")),
            mails=self._texts(shape.mails, _LONGEST_MAIL, "mails"),
        )

    def _poll(self, meaning: Meaning) -> float | None:
        """What the answer says, else what the description says of the status word. Of a word that nobody knows neither
        is believed: a person is told of it soon."""
        if meaning.status is Status.UNKNOWN:
            return None
        value = self._find(self.description.order.poll)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) if is_number and 0 <= value <= _LONGEST_POLL else meaning.poll

    def _expires(self, notes: list[str]) -> datetime | None:
        """A date for people; one that cannot be read is told to them, and stops nothing."""
        value = self._find(self.description.order.expires)
        if value is None or value == "":
            return None
        found = moment_of(value, self.description.zone)
        if found is None:
            notes.append(f"the seller says that the order expires {escaped(repr(value), 100)}, which is no time")
        return found

    def _texts(self, expression: Expression | None, longest: int, what: str) -> tuple[str, ...]:
        """One text or a list of them, escaped; empty ones are left out, as nulls are."""
        value = self._find(expression)
        values = value if isinstance(value, list) else [value]
        if len(values) > _MAX_TEXTS:
            raise unusable_answer(f"{what} has {len(values)} entries", f"{_MAX_TEXTS} are possible")
        words = [word_of(one) for one in values if one is not None and one != ""]
        if any(word is None for word in words):
            raise unusable_answer(
                f"{what} is no text and no list of texts", "look at the expression in the description"
            )
        return tuple(escaped(word, longest) for word in words if word)


def moment_of(value: object, zone: timezone) -> datetime | None:
    """Aware UTC out of what sellers write: ISO 8601, ``2026/06/23 10:00``, a bare day (its end), seconds since 1970."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 < value <= _LAST_SECOND:
            return None
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(value))
    if not isinstance(value, str) or len(value) > 40:
        return None
    local = _LOCAL_TIME.fullmatch(value.strip())
    try:
        if local is None:
            return parse_time(value)
        year, month, day, hour, minute, second = (int(part) if part else 0 for part in local.groups())
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if local[4] is None:
            moment += timedelta(days=1)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def unusable_answer(what: str, why: str, code: str = "rest_bad_answer") -> ProtocolError:
    return ProtocolError(
        code=code,
        what=f"The seller's answer cannot be used: {what}",
        why=why,
        todo="Nothing of it was used. Run again; if it stays, look at the description, then ask the seller",
        retryable=True,
    )
