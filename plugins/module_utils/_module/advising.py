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
    AdviceKey,
    Remembered,
    Subject,
    after_failure,
    of_new,
    to_ask,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask

__all__ = ["ask_cas"]

Known = t.Mapping[AdviceKey, Remembered]
Factories = t.Callable[[], t.Mapping[str, AdapterFactory]]


def ask_cas(
    every: t.Iterable[Subject],
    known: Known,
    accounts: t.Mapping[str, AccountConfig],
    factories: t.Mapping[str, AdapterFactory],
    clock: Clock,
    deadline: float,
) -> dict[AdviceKey, Remembered]:
    """What was learned now. deadline: seconds for all of it."""
    learned: dict[AdviceKey, Remembered] = {}
    ends = clock.monotonic() + deadline
    due: dict[str, list[Subject]] = {}
    for subject in to_ask(every, known, clock.now()):
        due.setdefault(subject.ca_account, []).append(subject)
    for name, subjects in due.items():
        config = accounts.get(name)
        left = ends - clock.monotonic()
        if config is not None and config.adapter in factories and left > 0:
            learned.update(_asked(config, factories[config.adapter], subjects, known, clock, left))
    return learned


def _asked(
    config: AccountConfig,
    factory: AdapterFactory,
    subjects: t.Sequence[Subject],
    known: Known,
    clock: Clock,
    left: float,
) -> dict[AdviceKey, Remembered]:
    learned: dict[AdviceKey, Remembered] = {}
    ends = clock.monotonic() + left
    try:
        adapter = factory.open(config, deadline=left)
    except InkanError:  # certificate_orders says what is wrong with it
        return learned
    if not isinstance(adapter, Advising):
        return learned
    for subject in subjects:
        if clock.monotonic() >= ends:
            break
        try:
            told, before = _answer(adapter, subject, clock), known.get(subject.key)
            if told is not None:
                learned[subject.key] = told
            elif before is not None and (before.start or before.problem):
                learned[subject.key] = of_new(clock.now())  # what it once said does not hold any more
        except InkanError as error:
            learned[subject.key] = _failure(known.get(subject.key), error, config, clock)
            if not isinstance(error, RefusedError) or error.retry_at is not None:
                break  # of the CA, not of this certificate: the others are asked in the next run
    return learned


def _answer(adapter: Advising, subject: Subject, clock: Clock) -> Remembered | None:
    """None: this CA gives no advice. That is not remembered, so that a run with nothing to do writes nothing."""
    now = clock.now()
    advice = adapter.renewal_advice(subject.pem)
    if advice is None:
        return None
    again = now + timedelta(seconds=advice.ask_again)
    return Remembered(now, again, advice.start, advice.end, advice.url)


def _failure(before: Remembered | None, error: InkanError, config: AccountConfig, clock: Clock) -> Remembered:
    why = mask(escaped(error.sentence(), 500), tuple(config.secrets.values()))
    return after_failure(before, why, error.retry_at, clock.now())
