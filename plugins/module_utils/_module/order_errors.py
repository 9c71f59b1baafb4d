# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that the work on orders makes itself, and how an error becomes the one of an item.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    InkanError,
    LocalError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import mask


def told_of(error: InkanError, name: str, account: str, secrets: t.Collection[str]) -> InkanError:
    """The same error, saying which item and which CA account it hit, and without the account's secrets."""
    mark, where = f'item "{name}"', error.where
    if mark not in where:
        where = f"{mark}, {where}" if where else f'{mark}, CA account "{account}"'
    words: dict[str, t.Any] = {word: getattr(error, word) for word in ("code", "retryable", "retry_at", "did_change")}
    words.update({text: mask(getattr(error, text), secrets) for text in ("what", "why", "todo", "reference")})
    if isinstance(error, TransportError):
        words["sent"] = error.sent
    told = type(error)(where=mask(where, secrets), **words)
    told.__cause__ = error
    return told


def unknown_account(name: str) -> InkanError:
    return LocalError(
        code="ca_account_unknown",
        what="Cannot go on with the order",
        where=f'CA account "{name}"',
        why="the order was made with it, but it is not among ca_accounts",
        todo="Put the account back until its orders have ended",
    )


def cannot_cancel(entry: Entry, why: str) -> InkanError:
    return RefusedError(
        code="cancel_impossible",
        what=f"Cannot cancel the order for {entry.order.common_name}",
        where=f'item "{entry.order.name}", CA account "{entry.order.ca_account}", order {entry.standing.handle}',
        why=why,
        todo="The order stays open until then",
    )


def surplus_order(entry: Entry, handle: str, why: str) -> InkanError:
    return RefusedError(
        code="surplus_order",
        what=f"The CA has one order too many for {entry.order.common_name}: {handle}",
        where=f'item "{entry.order.name}", CA account "{entry.order.ca_account}", reference {entry.order.reference}',
        why=why,
        todo="It was not in the CA's list when it was looked for. Cancel it at the CA's or seller's portal, or have "
        "its certificate revoked and the money given back",
    )


def bug(what: str, exc: Exception) -> BugError:
    return BugError(code="bug", what=what, why=f"{type(exc).__name__}: {exc}", todo="Please report it")
