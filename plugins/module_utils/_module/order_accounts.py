# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA accounts of one call: each opened once, left alone for a while after a failure, given up after several.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    AdapterFactory,
    CaAdapter,
    Capabilities,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import bug, told_of, unknown_account
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work

#: Seconds before trying again after a failure: 0.5, 1.5, 3.5, 7.5, 15.5 after the first one.
BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
#: Failures in a row after which an account is left alone for the rest of the call: others need the time.
MOST_FAILURES = 5
#: What is due within these seconds is taken along: less than the shortest pause, or that would be none.
TICK = 0.02


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return BACKOFF[min(failures, len(BACKOFF)) - 1]


@dataclass
class Account:
    """A CA account while this call lasts."""

    adapter: CaAdapter | None = None
    #: None until the account was first spoken to
    capabilities: Capabilities | None = None
    #: why it cannot be used: for now, or (adapter None) for the rest of the call
    error: InkanError | None = None
    failures: int = 0
    pause_until: float = 0.0
    #: handles of the ledger: all (for find), and those of open orders with their entry
    known: frozenset[str] | None = None
    taken: dict[str, int] | None = None

    @property
    def ca(self) -> CaAdapter:
        """The adapter, where there surely is one."""
        if self.adapter is None:
            raise self.error or bug("Cannot ask the CA", RuntimeError("the account is closed"))
        return self.adapter


class Accounts:
    def __init__(
        self,
        configs: t.Mapping[str, AccountConfig],
        adapters: t.Mapping[str, AdapterFactory],
        clock: Clock,
        ends_at: float,
    ) -> None:
        self._configs = configs
        self._adapters = adapters
        self._clock = clock
        self._ends_at = ends_at
        self._accounts: dict[str, Account] = {}

    def of(self, work: Work) -> Account:
        """The one that the work on an item needs next."""
        return self.named(work.account)

    def named(self, name: str) -> Account:
        if name not in self._accounts:
            self._accounts[name] = self._open(name)
        return self._accounts[name]

    def secrets(self, name: str) -> t.Collection[str]:
        return self._configs[name].secrets.values() if name in self._configs else ()

    def _open(self, name: str) -> Account:
        config = self._configs.get(name)
        if config is None:
            return Account(error=unknown_account(name))
        try:
            factory = self._adapters[config.adapter]
            return Account(adapter=factory.open(config, deadline=max(self._ends_at - self._clock.monotonic(), 0.0)))
        except InkanError as error:
            return Account(error=error)
        except Exception as exc:  # noqa: BLE001 (one account's bug must not stop the others)
            return Account(error=bug(f'Cannot open the CA account "{name}"', exc))

    def capabilities(self, account: Account) -> Capabilities | None:
        """Some adapters must ask the CA first. None: not known now, or (adapter None) the account cannot be used."""
        if account.adapter is None or account.capabilities is not None:
            return account.capabilities
        if self.rests(account):
            return None
        try:
            account.capabilities = account.adapter.capabilities
            account.failures, account.error = 0, None
        except (TransportError, DeadlineError) as error:
            self.rest(account, error)
        except InkanError as error:
            account.adapter, account.error = None, error
        except Exception as exc:  # noqa: BLE001 (as in _open)
            account.adapter, account.error = None, bug("Cannot learn what the CA account can do", exc)
        return account.capabilities

    def told(self, error: InkanError, work: Work, account: str | None = None) -> InkanError:
        """The error as the item's, without the secrets of the account that it comes from (default: ``of`` the work)."""
        name = work.account if account is None else account
        return told_of(error, work.item.name, name, self.secrets(name))

    def rests(self, account: Account) -> bool:
        return account.pause_until > self._clock.monotonic() + TICK

    def rest(self, account: Account, error: InkanError) -> None:
        account.failures += 1
        account.error = error
        account.pause_until = self._clock.monotonic() + backoff(account.failures)
        if account.failures >= MOST_FAILURES:
            account.adapter = None
