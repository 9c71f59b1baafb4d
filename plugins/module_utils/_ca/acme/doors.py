# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways into one ACME account: to its orders, to the CA's advice (without a key), and to the account itself.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme import keeping, library
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import Directory, Object, Suggestion, UrlRule
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.network import Network
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.seeing import account_label
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.session import Session, connect, open_directory
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountFacts, Advice, StandingRecords
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import Holder
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient

__all__ = ["Advisor", "Doors", "Keeper"]

#: RFC 9773 §4.3.2: seconds until advice is asked for again where the CA does not say; §4.3: bounds for what it says.
_AGAIN, _SOONEST, _LATEST = 6 * 3600.0, 60.0, 86400.0


@dataclass(frozen=True)
class Doors:
    """ends: the monotonic second at which all requests together have to be done."""

    account: AccountConfig
    settings: Settings
    clock: Clock
    http: t.Callable[[str | None], HttpClient]
    new_private_key: t.Callable[[str], bytes]
    ends: float

    def connect(self) -> Session:
        return connect(
            self.account,
            self.settings,
            clock=self.clock,
            http=self.http(self.settings.ca_bundle),
            new_private_key=self.new_private_key,
            deadline=self.ends - self.clock.monotonic(),
        )

    def advise(self) -> Advisor:
        network, rule, directory = open_directory(
            self.account,
            self.settings,
            clock=self.clock,
            http=self.http(self.settings.ca_bundle),
            deadline=self.ends - self.clock.monotonic(),
            key=None,
        )
        return Advisor(network, rule, directory)

    @property
    def keeper(self) -> Keeper:
        return Keeper(self)


class Advisor:
    """RFC 9773 §4: one directory, and a GET a certificate over the same connection."""

    def __init__(self, network: Network, rule: UrlRule, directory: Directory) -> None:
        self._network = network
        self._rule = rule
        self._base = directory.renewal_info
        self._library = library.load_library() if self._base is not None else None

    def advice(self, certificate_pem: str) -> Advice | None:
        if self._base is None or self._library is None:
            return None
        return self.advice_of(library.Certificate(self._library, certificate_pem).renewal_id)

    def advice_of(self, identifier: str) -> Advice | None:
        if self._base is None or not identifier:  # without an authority key identifier it has no name in this protocol
            return None
        response = self._network.ask(f"{self._base.rstrip('/')}/{identifier}", "ask when to renew")
        found = Suggestion.parse(Object.of(response, "the renewal information", self._rule))
        told = self._network.retry_after(response)
        again = _AGAIN if told is None else min(max(told, _SOONEST), _LATEST)
        return Advice(found.start, found.end, found.url, again)


class Keeper:
    """The account itself: what is remembered of it, its key, its end."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._folder = doors.account.state_directory
        self._name = doors.account.name

    @property
    def is_closed(self) -> bool:
        return keeping.read_memory(self._folder, self._name).is_closed

    def remembered(self) -> AccountFacts | None:
        memory, made_at = keeping.read_memory(self._folder, self._name), keeping.made_at(self._folder, self._name)
        if made_at is None or not memory.url:
            return None
        return AccountFacts(
            url=memory.url,
            contact=memory.contact or (),
            dns_label=account_label(memory.url),
            key_made_at=made_at,
            is_closed=memory.is_closed,
            standing=self._standing(memory),
        )

    def _standing(self, memory: keeping.Memory) -> StandingRecords:
        """Where the directory names its issuers, records can stand before the first order."""
        settings, issuers = self._doors.settings, memory.issuers
        issuer = settings.issuer_domain if settings.issuer_domain in issuers else next(iter(issuers), "")
        holder = Holder(memory.url, memory.thumbprint, memory.hash_prefix)
        return StandingRecords(issuer, holder, memory.earlier, settings.persist_days)

    def facts(self, session: Session) -> AccountFacts:
        directory = session.directory
        contact = keeping.read_memory(self._folder, self._name).contact
        return AccountFacts(
            url=session.account.url,
            contact=contact or (),
            terms=directory.terms,
            profiles=directory.profiles,
            has_renewal_info=directory.renewal_info is not None,
            can_roll_key=directory.key_change is not None,
            dns_label=account_label(session.account.url),
            key_made_at=keeping.made_at(self._folder, self._name),
            standing=self._standing(keeping.read_memory(self._folder, self._name)),
        )

    def roll_key(self, session: Session) -> None:
        """RFC 8555 §7.3.5, as drawn in ``keeping``."""
        url = session.directory.key_change
        if url is None:
            raise RefusedError(
                code="acme_no_key_change",
                what="Cannot change the key of the ACME account",
                where=session.account.url,
                why="the CA's directory has no keyChange",
                todo="Open another account instead (another name in inkan_ca_accounts), and close this one",
                reference="RFC 8555 §7.3.5",
            )
        doors, where = self._doors, f"{self._folder}/{self._name}.next.pem"
        with keeping.locked(self._folder, self._name, doors.clock) as folder:
            pem = keeping.write_next(folder, self._name, lambda: doors.new_private_key(doors.settings.key_type))
            following = library.AccountKey(session.library, pem, where)
            payload = session.key.key_change(following, account=session.account.url, url=url)
            try:
                session.network.post(url, payload, "change the account's key")
            except RefusedError as refusal:
                if not refusal.retryable:
                    keeping.forget_next(folder, self._name)
                raise
            keeping.promote(folder, self._name)
        session.key = session.network.key = following

    def closed(self, session: Session) -> None:
        """The key stays: without it nobody could prove that the account was ours."""
        before = keeping.read_memory(self._folder, self._name)
        keeping.remember(self._folder, self._name, before._replace(url=session.account.url, is_closed=True))
