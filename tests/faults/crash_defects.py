# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that a process under attack can be given, by name: what the crash grid must find."""

from __future__ import annotations

import contextlib
import sqlite3
import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest, Seen
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.adapter import AtlasAdapter
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_store
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module import order_view
from ansible_collections.inkan.tls.plugins.module_utils._module.order_acts import Acts

_OUTCOMES = (Kind.SUBMITTED, Kind.READY_ASKED, Kind.DOWNLOADED)


def _intent_after_the_submit() -> None:
    """The transaction with the intent is left open until the next one begins."""
    transaction, insert, append = LedgerStore._transaction, LedgerStore.insert, LedgerStore.append
    held: list[t.Any] = []

    @contextlib.contextmanager
    def holding(store: LedgerStore) -> t.Iterator[t.Any]:
        store._connection.execute("BEGIN IMMEDIATE")
        yield store._connection

    def inserting(store: LedgerStore, *args: t.Any) -> t.Any:
        LedgerStore._transaction = holding
        try:
            return insert(store, *args)
        finally:
            LedgerStore._transaction = transaction
            held.append(store)

    def appending(store: LedgerStore, *args: t.Any) -> t.Any:
        if held:
            held.pop()._connection.execute("COMMIT")
        return append(store, *args)

    LedgerStore.insert, LedgerStore.append = inserting, appending


def _outcome_forgotten() -> None:
    """What the CA answered is in the memory of the run only."""
    append = LedgerStore.append

    def forgetting(store: LedgerStore, leases: t.Any, additions: t.Any) -> t.Any:
        kept = [
            one._replace(facts=tuple(fact for fact in one.facts if fact.kind not in _OUTCOMES)) for one in additions
        ]
        append(store, leases, kept)
        return [one.entry.having(one.facts) for one in additions]

    LedgerStore.append = forgetting


def _the_ca_is_not_asked() -> None:
    def find(self: Acts, _work: t.Any) -> list[Fact]:
        return [Fact(Kind.SUBMIT_ABSENT, self._clock.now(), by="ca", text="the CA has no such order")]

    Acts.find = find


def _synchronous(word: str) -> t.Callable[[], None]:
    def apply() -> None:
        connect = ledger_store.connect

        def connecting(path: str) -> sqlite3.Connection:
            connection = connect(path)
            connection.execute(f"PRAGMA synchronous={word}")
            return connection

        ledger_store.connect = connecting

    return apply


def _tokens_forgotten() -> None:
    order_view.leftovers = lambda _entries: {}


def _no_second_look() -> None:
    """Whether the order is still ours is asked before the first request of a submit only."""
    submit = AtlasAdapter.submit

    def unasked(self: AtlasAdapter, request: OrderRequest) -> Seen:
        return submit(self, replace(request, still_ours=lambda: None))

    AtlasAdapter.submit = unasked


def _no_fence() -> None:
    LedgerStore._check_fences = lambda _self, _leases, _names: None


DEFECTS: dict[str, t.Callable[[], None]] = {
    "the intent is written after the submit": _intent_after_the_submit,
    "the outcome is forgotten": _outcome_forgotten,
    "the CA is not asked about a lost order": _the_ca_is_not_asked,
    "synchronous=OFF": _synchronous("OFF"),
    "synchronous=FULL": _synchronous("FULL"),
    "tokens are forgotten": _tokens_forgotten,
    "leases without fence": _no_fence,
    "a submit asks for its lease at its beginning only": _no_second_look,
}
