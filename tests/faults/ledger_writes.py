# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a process dies around a write to the ledger: for whichever harness kills modules in its own process."""

from __future__ import annotations

import os
import signal
import sqlite3
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore

#: lays the trap; the harness' own ground is not needed for it
Sabotage = t.Callable[[t.Any, pytest.MonkeyPatch], None]


def die() -> t.NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _writes(kind: Kind, additions: t.Any) -> bool:
    return any(fact.kind is kind for addition in additions for fact in addition.facts)


def before_writing(kind: Kind) -> Sabotage:
    """All that led to the fact has happened, the ledger has nothing of it."""

    def sabotage(_ground: object, patch: pytest.MonkeyPatch) -> None:
        original = LedgerStore.append

        def append(self: LedgerStore, leases: t.Any, additions: t.Any) -> t.Any:
            if _writes(kind, additions):
                die()
            return original(self, leases, additions)

        patch.setattr(LedgerStore, "append", append)

    return sabotage


def while_writing(kind: Kind) -> Sabotage:
    """Some rows of the transaction are written, it is not committed."""

    def sabotage(_ground: object, patch: pytest.MonkeyPatch) -> None:
        original = LedgerStore._repeated

        def repeated(self: LedgerStore, connection: sqlite3.Connection, number: int, fact: Fact, data: str) -> bool:
            if fact.kind is kind:
                die()
            return original(self, connection, number, fact, data)

        patch.setattr(LedgerStore, "_repeated", repeated)

    return sabotage


def after_writing(kind: Kind) -> Sabotage:
    """The fact is in the ledger, the module has not said so."""

    def sabotage(_ground: object, patch: pytest.MonkeyPatch) -> None:
        original = LedgerStore.append

        def append(self: LedgerStore, leases: t.Any, additions: t.Any) -> t.Any:
            written = original(self, leases, additions)
            if _writes(kind, additions):
                die()
            return written

        patch.setattr(LedgerStore, "append", append)

    return sabotage
