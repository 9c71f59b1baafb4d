# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of CA adapters: made when they are asked for, and the small list knows all that advise."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca import registry
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountKeeping, Advising
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry_advising import advising_factories
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import FakeClock


def no_key(_kind: str) -> bytes:
    return b""


def test_a_factory_is_made_once_and_only_when_it_is_asked_for() -> None:
    made: list[str] = []

    def row(name: str) -> registry.Row:
        def make(_clock: t.Any, _new_key: t.Any) -> t.Any:
            made.append(name)
            return object()

        return make

    factories = registry.Factories({"one": row("one"), "two": row("two")}, FakeClock(), no_key)
    assert sorted(factories) == ["one", "two"]
    assert len(factories) == 2
    assert made == []
    assert factories["two"] is factories["two"]
    assert made == ["two"]


def test_an_adapter_that_is_not_there_is_no_surprise() -> None:
    factories = registry.adapter_factories(clock=FakeClock(), new_private_key=no_key)
    assert factories.get("no_such_adapter") is None


@pytest.mark.parametrize("adapter", registry.ADAPTERS)
def test_whoever_advises_or_keeps_an_account_is_in_the_small_list(adapter: str) -> None:
    factory = registry.adapter_factories(clock=FakeClock(), new_private_key=no_key)[adapter]
    kind = t.get_type_hints(type(factory).open)["return"]
    verbs = {name for protocol in (Advising, AccountKeeping) for name in vars(protocol) if not name.startswith("_")}
    can = {name for name in verbs if callable(getattr(kind, name, None))}
    assert bool(can) == (adapter in advising_factories(clock=FakeClock(), new_private_key=no_key))
