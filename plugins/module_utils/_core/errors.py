# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error of the collection, as an object first and a sentence second.

    InkanError
    ├── InputError          the caller's options (always before any effect)
    ├── PolicyError         a rule of the Baseline Requirements, of a seller or of the user's own policy
    ├── TransportError      no answer, or half of one: never ends an order
    ├── ProtocolError       an answer that breaks its specification
    ├── RefusedError        the other side understood and said no
    ├── DeadlineError       what was awaited did not come in time
    ├── LocalError          our own machine: disk, permission, lock, missing library
    └── BugError            a state that must not be

An error says what failed, where, why (the other side's words, verbatim) and what to do. ``code`` is stable
and documented; the sentences may improve. What a terminal would obey is written as an escape, whoever said it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import harmless


class InkanError(Exception):
    """One failure.

    code        stable identifier, lower snake case, for example ``tsig_bad_key``
    what        what could not be done: ``Cannot publish TXT _acme-challenge.www.example.jp``
    where       the object, address or item: ``item "shop", server 192.0.2.1:53``
    why         the reason, the other side's words verbatim
    todo        what a person does next
    retryable   true if the same call may succeed later without a change
    retry_at    when the other side said to come back (aware UTC)
    did_change  true if something outside was changed before the failure
    reference   a document, fact id or URL that explains the rule
    """

    kind: t.ClassVar[str] = "error"

    def __init__(
        self,
        *,
        code: str,
        what: str,
        where: str = "",
        why: str = "",
        todo: str = "",
        retryable: bool = False,
        retry_at: datetime | None = None,
        did_change: bool = False,
        reference: str = "",
    ) -> None:
        self.code = code
        self.what = harmless(what)
        self.where = harmless(where)
        self.why = harmless(why)
        self.todo = harmless(todo)
        self.retryable = retryable
        self.retry_at = retry_at
        self.did_change = did_change
        self.reference = reference
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """What (where): why. What to do. What was changed."""
        head = f"{self.what} ({self.where})" if self.where else self.what
        text = f"{head}: {self.why}" if self.why else head
        text = text if text.endswith((".", "!", "?")) else text + "."
        if self.todo:
            text += f" {self.todo}" if self.todo.endswith((".", "!", "?")) else f" {self.todo}."
        if self.retry_at is not None:
            text += f" Come back at {self.retry_at.isoformat()}."
        return text

    def as_data(self) -> dict[str, t.Any]:
        """The RV(results[].error) dictionary: plain types only."""
        return {
            "kind": self.kind,
            "code": self.code,
            "message": self.sentence(),
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "todo": self.todo,
            "retryable": self.retryable,
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "did_change": self.did_change,
            "reference": self.reference,
        }


class InputError(InkanError):
    kind = "input"


class PolicyError(InkanError):
    kind = "policy"


class TransportError(InkanError):
    """``sent`` tells whether the request may have reached the other side."""

    kind = "transport"

    def __init__(self, *, sent: bool = True, **words: t.Any) -> None:
        self.sent = sent
        words.setdefault("retryable", True)
        super().__init__(**words)


class ProtocolError(InkanError):
    kind = "protocol"


class RefusedError(InkanError):
    kind = "refused"


class DeadlineError(InkanError):
    kind = "deadline"

    def __init__(self, **words: t.Any) -> None:
        words.setdefault("retryable", True)
        super().__init__(**words)


class LocalError(InkanError):
    kind = "local"


class BugError(InkanError):
    kind = "bug"


class InputErrors(Exception):
    """All option errors of one call, in the order of the options: reported together, before any effect."""

    def __init__(self, errors: t.Sequence[InkanError]) -> None:
        self.errors = tuple(errors)
        super().__init__(self.sentence())

    def sentence(self) -> str:
        if len(self.errors) == 1:
            return self.errors[0].sentence()
        lines = [f"{number}. {error.sentence()}" for number, error in enumerate(self.errors, 1)]
        return f"{len(lines)} errors in the options, nothing was done:\n" + "\n".join(lines)


class InputCollector:
    """Collects option errors, then refuses once.

    Use: ``errors = InputCollector(); errors.add("bad_name", what=…, where=…, …); errors.refuse()``.
    """

    def __init__(self) -> None:
        self._errors: list[InkanError] = []

    def add(self, code: str, *, what: str, where: str, why: str, todo: str, reference: str = "") -> None:
        self._errors.append(InputError(code=code, what=what, where=where, why=why, todo=todo, reference=reference))

    def extend(self, error: InkanError) -> None:
        self._errors.append(error)

    @property
    def errors(self) -> tuple[InkanError, ...]:
        return tuple(self._errors)

    def refuse(self) -> None:
        if self._errors:
            raise InputErrors(self._errors)
