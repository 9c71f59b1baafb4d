# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description, from what was written to a value; or all that is wrong with it, each with its line and a way out.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import fields
from datetime import timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import (
    CALLS,
    FORMAT,
    MEANINGS,
    REASONS,
    Call,
    Description,
    ErrorShape,
    Meaning,
    Method,
    OrderShape,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading_auth import read_auth, read_limits
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading_calls import Templates, read_call
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading_whole import judge_whole
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import Part, Reader, Table, read_source, shown
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["CONTACTS", "KEYS", "read_description"]

#: The keys of a description. They, and those of its parts, are what its JSON Schema is written from, too.
KEYS = tuple(
    "format seller zone headers basic_auth auth limits products methods contacts reasons calls order statuses"
    " errors".split()
)
CONTACTS = ("constructed", "txt", "caa")
_ORDER_KEYS = tuple(one.name for one in fields(OrderShape))
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ZONE = re.compile(r"([+-])(\d{2}):([0-5]\d)")
_JAPAN = timezone(timedelta(hours=9))
_LONGEST_POLL = 7 * 86400.0

_TOP_HINTS = {
    "hmac": "Write it below auth, as in: auth: {hmac: {…}}",
    "login": "Write it below auth, as in: auth: {login: {…}}",
    "rate_limit": 'Did you mean "limits"?',
    "url": "The seller's address stands in the account's settings, so that a sandbox and the real one share this file",
}
_ORDER_HINTS = {
    "id": 'Did you mean "order_id"?',
    "handle": 'Did you mean "order_id"?',
    "state": 'Did you mean "status"?',
    "reason": 'Did you mean "problem"?',
    "dns_names": 'Did you mean "names"?',
    "tokens": 'Did you mean "files" or "records"?',
}
#: What people write for a meaning, and what it may be.
_MEANING_HINTS = {
    "pending": 'Did you mean "wants_validation", "wants_approval" or "validating"?',
    "processing": 'Did you mean "validating" or "issuing"?',
    "completed": 'Did you mean "issued"?',
    "done": 'Did you mean "issued"?',
    "rejected": 'Did you mean "refused"?',
    "failed": 'Did you mean "refused"?',
    "unknown": "Leave the word out: every word that is not listed is unknown, and looked at again",
}


def read_description(given: object) -> tuple[Description | None, list[str]]:
    """The description, and a sentence for each mistake (then it is None). LocalError: a library is missing."""
    reader = Reader()
    part = read_source(given, reader)
    found = _Reading(reader).of(part) if part is not None else None
    sentences = reader.sentences()
    return (None if sentences else found), sentences


class _Reading:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._templates = Templates(reader)

    def of(self, part: Part) -> Description:
        top = self._reader.table(part, KEYS, _TOP_HINTS)
        self._judge_format(top, part)
        calls, headers = self._calls(top, part), self._templates.headers(top.get("headers"), "headers")
        description = Description(
            seller=self._seller(top, part),
            zone=self._zone(top.get("zone")),
            headers=headers,
            auth=read_auth(top, self._templates, self._reader),
            limits=read_limits(top.get("limits"), self._templates, self._reader),
            products=self._words(top.get("products"), ()),
            methods=self._methods(top, part),
            contacts=self._words(top.get("contacts"), CONTACTS),
            reasons=self._words(top.get("reasons"), REASONS),
            calls=calls,
            order=self._order(top, part),
            statuses=self._statuses(top, part),
            errors=self._errors(top.get("errors")),
            secrets=frozenset(self._templates.secrets),
            renewing="replaces" in self._templates.used.get("submit", ()),
        )
        if not self._reader.errors:  # what follows would only repeat them in other words
            judge_whole(description, top, self._templates.used, self._reader)
        return description

    def _wrong(self, part: Part, why: str) -> None:
        self._reader.wrong(part, why)

    def _judge_format(self, top: Table, part: Part) -> None:
        given = top.get("format")
        if given is None:
            self._wrong(part, f"format is missing: write format: {FORMAT} as its first line")
        elif given.value != FORMAT or isinstance(given.value, bool):
            self._wrong(given, f"{shown(given)} is a format that this version does not read; it reads format: {FORMAT}")

    def _seller(self, top: Table, part: Part) -> str:
        text = self._reader.text(top.get("seller"))
        if text is None and "seller" not in top:
            self._wrong(part, "seller is missing: the name that people know the seller by")
        return escaped(text or "", 100)

    def _zone(self, part: Part | None) -> timezone:
        if part is None:
            return _JAPAN
        found = _ZONE.fullmatch(part.value) if isinstance(part.value, str) else None
        if found is None or int(found[2]) > 14:
            self._wrong(part, f'{shown(part)} is no offset from UTC such as "+09:00"')
            return _JAPAN
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(offset if found[1] == "+" else -offset)

    def _words(self, part: Part | None, known: tuple[str, ...]) -> dict[str, t.Any] | None:
        """Our words → the seller's, of any type."""
        if part is None:
            return None
        table = self._reader.table(part, known)
        for ours, theirs in table.items():
            if not known and not _WORD.fullmatch(ours):
                self._wrong(theirs, f"{escaped(ours, 80)!r} is no key of the catalogue (a-z 0-9 . _ -)")
            if theirs.value is None:
                self._wrong(theirs, "the seller's own word is missing")
        return {ours: theirs.plain for ours, theirs in table.items()}

    def _methods(self, top: Table, part: Part) -> dict[str, Method]:
        if "methods" not in top:
            self._wrong(part, "methods is missing: which validation methods the seller has, as in: file: {word: file}")
        found = {}
        for ours, theirs in self._reader.table(top.get("methods")).items():
            if not _WORD.fullmatch(ours):
                self._wrong(theirs, f"{escaped(ours, 80)!r} is no validation method (a-z 0-9 . _ -)")
            if not isinstance(theirs.value, dict):
                if theirs.value is None or isinstance(theirs.value, list):
                    self._wrong(theirs, f"{shown(theirs)} stands where the seller's own word is needed")
                found[ours] = Method(theirs.plain)
                continue
            table = self._reader.table(theirs, ("word", "wildcard"))
            if "word" not in table:
                self._wrong(theirs, "word is missing: the seller's own word for the method")
            word = table["word"].plain if "word" in table else None
            found[ours] = Method(word, self._reader.flag(table.get("wildcard")))
        return found

    def _calls(self, top: Table, part: Part) -> dict[str, Call]:
        if "calls" not in top:
            self._wrong(part, f"calls is missing: {', '.join(CALLS)}")
            return {}
        table = self._reader.table(top["calls"], CALLS)
        for name in ("submit", "look"):
            if name not in table:
                self._wrong(top["calls"], f"{name} is missing: no order can be made without it")
        if "find" not in table:
            why = "find is missing: how is an order found whose answer was lost?"
            todo = "Describe the call that lists orders, or write find: impossible; then a person is asked instead"
            self._wrong(top["calls"], f"{why} {todo}")
        calls = {}
        for name, given in table.items():
            if name == "find" and given.value == "impossible":
                continue
            call = read_call(name, given, self._templates, self._reader) if name in CALLS else None
            if call is not None:
                calls[name] = call
        return calls

    def _order(self, top: Table, part: Part) -> OrderShape:
        if "order" not in top:
            self._wrong(part, "order is missing: where things are in the seller's answer, at least order_id and status")
            return OrderShape()
        table = self._reader.table(top["order"], _ORDER_KEYS, _ORDER_HINTS)
        for name in ("order_id", "status"):
            if name not in table:
                self._wrong(top["order"], f"{name} is missing: where an answer says it, in JMESPath")
        return OrderShape(**{name: self._templates.expression(table.get(name)) for name in _ORDER_KEYS})

    def _statuses(self, top: Table, part: Part) -> dict[str, Meaning]:
        if "statuses" not in top:
            self._wrong(part, "statuses is missing: what each status word of the seller means")
            return {}
        found: dict[str, Meaning] = {}
        for word, given in self._reader.table(top["statuses"]).items():
            table = self._reader.table(given, ("means", "poll")) if isinstance(given.value, dict) else {"means": given}
            if "means" not in table:
                self._wrong(given, f"means is missing. {nearest('', MEANINGS)}")
                continue
            meaning = table["means"]
            if meaning.value not in MEANINGS:
                hint = _MEANING_HINTS.get(str(meaning.value)) or nearest(str(meaning.value), MEANINGS)
                self._wrong(meaning, f"{shown(meaning)} is no meaning of a status. {hint}")
                continue
            found[word] = Meaning(Status(meaning.value), self._reader.number(table.get("poll"), 0.25, _LONGEST_POLL))
        return found

    def _errors(self, part: Part | None) -> ErrorShape:
        table = self._reader.table(part, tuple(one.name for one in fields(ErrorShape)))
        return ErrorShape(
            when=self._templates.expression(table.get("when")),
            code=self._templates.expression(table.get("code")),
            message=self._templates.expression(table.get("message")),
            retry=frozenset(self._reader.words(table.get("retry"))),
            gone=frozenset(self._reader.words(table.get("gone"))),
            account=frozenset(self._reader.words(table.get("account"))),
            predecessor=frozenset(self._reader.words(table.get("predecessor"))),
        )
