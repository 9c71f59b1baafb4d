# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 1 of a run: ask CAs when they want the certificates in service to be renewed (ARI, RFC 9773), and remember it.

One session an account, one small request a certificate whose time to ask has come; whatever fails is asked again later
and stops nobody.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import Advising
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.advice import (
    LONGEST,
    AdviceKey,
    Remembered,
    Subject,
    after_failure,
    of_new,
    to_ask,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask

__all__ = ["ask_cas"]

Known = t.Mapping[AdviceKey, Remembered]
#: answers without sense about foreign certificates, after which a CA is left alone for this run
_MOST_STRANGE = 5


def ask_cas(
    every: t.Iterable[Subject],
    known: Known,
    accounts: t.Mapping[str, AccountConfig],
    factories: t.Mapping[str, AdapterFactory],
    clock: Clock,
    deadline: float,
) -> dict[AdviceKey, Remembered]:
    """What was learned now. deadline: seconds for all of it. Of all CAs the ledger's own certificates come first."""
    ends = clock.monotonic() + deadline
    due = to_ask(every, known, clock.now())
    sessions = {
        name: _Session(config, factories[config.adapter], known, clock, ends)
        for name, config in accounts.items()
        if config.adapter in factories
    }
    for is_foreign in (False, True):
        of_account: dict[str, list[Subject]] = {}
        for subject in due:
            if bool(subject.renewal_id) is is_foreign:
                of_account.setdefault(subject.ca_account, []).append(subject)
        for name, subjects in of_account.items():
            if name in sessions:
                sessions[name].ask(subjects)
    return {key: one for session in sessions.values() for key, one in session.learned.items()}


class _Session:
    """With one account; opened when the first question is there, over when its CA cannot answer."""

    def __init__(self, config: AccountConfig, factory: AdapterFactory, known: Known, clock: Clock, ends: float) -> None:
        self.learned: dict[AdviceKey, Remembered] = {}
        self._config = config
        self._factory = factory
        self._known = known
        self._clock = clock
        self._ends = ends
        self._adapter: t.Any = None
        self._is_over = False
        self._strange = 0

    def ask(self, subjects: t.Sequence[Subject]) -> None:
        for subject in subjects:
            left = self._ends - self._clock.monotonic()
            if left > 0 and self._adapter is None and not self._is_over:
                self._open(left)
            if left <= 0 or self._is_over:
                return
            self._ask(subject)

    def _open(self, left: float) -> None:
        try:
            self._adapter = self._factory.open(self._config, deadline=left)
        except InkanError:  # certificate_orders says what is wrong with it
            self._is_over = True
        self._is_over = self._is_over or not isinstance(self._adapter, Advising)

    def _ask(self, subject: Subject) -> None:
        before = self._known.get(subject.key)
        try:
            told = _answer(self._adapter, subject, self._clock)
            if told is not None:
                self.learned[subject.key] = told
            elif before is not None and (before.start or before.problem):
                self.learned[subject.key] = of_new(self._clock.now())  # what it once said does not hold any more
        except InkanError as error:
            is_its_own = self._is_its_own(subject, error)
            self.learned[subject.key] = self._failure(before, error, bool(subject.renewal_id) and is_its_own)
            self._is_over = not is_its_own  # the others are asked in the next run

    def _is_its_own(self, subject: Subject, error: InkanError) -> bool:
        """Whether the failure is of this certificate alone, and not of the CA. To a foreign one, which it may never
        have issued, a server may well give an answer that says nothing."""
        if isinstance(error, RefusedError):
            return error.retry_at is None
        self._strange += 1
        return bool(subject.renewal_id) and isinstance(error, ProtocolError) and self._strange < _MOST_STRANGE

    def _failure(self, before: Remembered | None, error: InkanError, is_unknown_there: bool) -> Remembered:
        why = mask(escaped(error.sentence(), 500), tuple(self._config.secrets.values()))
        now = self._clock.now()
        return after_failure(before, why, now + LONGEST if is_unknown_there else error.retry_at, now)


def _answer(adapter: Advising, subject: Subject, clock: Clock) -> Remembered | None:
    """None: this CA gives no advice. That is not remembered, so that a run with nothing to do writes nothing."""
    now = clock.now()
    advice = (
        adapter.renewal_advice_of(subject.renewal_id) if subject.renewal_id else adapter.renewal_advice(subject.pem)
    )
    if advice is None:
        return None
    again = now + timedelta(seconds=advice.ask_again)
    return Remembered(now, again, advice.start, advice.end, advice.url)
