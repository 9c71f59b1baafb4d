# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to one ACME account: its key, its directory, and the resources that are read and written by it.

This file is private to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme import answers, keeping, library
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.account import (
    Registration,
    is_known,
    key_file,
    register,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import (
    Account,
    Authorization,
    Challenge,
    Directory,
    Object,
    Order,
    UrlRule,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.holds import Holds
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.network import Network
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InputError,
    ProtocolError,
    RefusedError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import Holder
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse

__all__ = ["CHAIN_TYPE", "Session", "connect", "open_directory"]

CHAIN_TYPE = "application/pem-certificate-chain"
#: Pages of the account's order list that are read, and orders of it that are looked at.
_MAX_PAGES = 1000
_MAX_LOOKS = 500


class Session:
    """The resources of RFC 8555 §7, parsed."""

    def __init__(
        self,
        modules: library.Library,
        key: library.AccountKey,
        network: Network,
        rule: UrlRule,
        directory: Directory,
        account: Account,
    ) -> None:
        self.library = modules
        self.key = key
        self.network = network
        self.rule = rule
        self.directory = directory
        self.account = account
        #: URLs of challenges that this process has answered. Boulder calls a challenge pending until it has looked,
        #: where §7.1.6 says processing: without this it would be answered again at each look of the same run.
        self._answered: set[str] = set()

    @property
    def holder(self) -> Holder:
        """The account as standing records name it."""
        return Holder(self.account.url, self.key.thumbprint, self.directory.hash_prefix)

    def order(self, handle: str) -> Order | None:
        """None: the CA says, by a problem document, that there is no such order (CAs delete old ones)."""
        url = self.rule.checked(handle, "the order's URL")
        try:
            return self.order_of(url, self.network.read(url, "look at the order"))
        except RefusedError as refusal:
            if refusal.code == "acme_not_found":
                return None
            raise

    def order_of(self, url: str, response: HttpResponse) -> Order:
        return Order.parse(url, Object.of(response, "the order", self.rule), self.network.retry_after(response))

    def authorizations(self, order: Order) -> list[Authorization]:
        """§7.5, each once; by name, for servers list them in any order, which must not look like a change."""
        found = [self._authorization(url) for url in dict.fromkeys(order.authorizations)]
        return sorted(found, key=lambda one: (one.name, one.url))

    def _authorization(self, url: str) -> Authorization:
        response = self.network.read(url, "look at an authorization")
        found = Object.of(response, "an authorization", self.rule)
        parsed = Authorization.parse(url, found, self.rule, self.network.retry_after(response))
        challenges = tuple(self._as_answered(challenge) for challenge in parsed.challenges)
        return dataclasses.replace(parsed, challenges=challenges)

    def _as_answered(self, challenge: Challenge) -> Challenge:
        if challenge.status == "pending" and challenge.url in self._answered:
            return dataclasses.replace(challenge, status="processing")
        return challenge

    def answered(self, authorization: Authorization, method: str) -> Authorization:
        """§7.5.1: the authorization after its challenge was answered; unchanged if there is nothing to answer."""
        challenge = authorization.challenge(method)
        if authorization.status != "pending" or challenge is None or challenge.status != "pending":
            return authorization
        response = self.network.post(challenge.url, b"{}", f"validate {authorization.name}")
        self._answered.add(challenge.url)
        answered = self._as_answered(Challenge.parse(Object.of(response, "a challenge", self.rule)))
        return dataclasses.replace(
            authorization,
            challenges=tuple(answered if one is challenge else one for one in authorization.challenges),
            retry_after=self.network.retry_after(response),
        )

    def deactivate(self, authorization: Authorization) -> None:
        """§7.5.2."""
        what = f"give up the authorization of {authorization.name}"
        self.network.post(authorization.url, self.key.deactivation(), what)

    def pre_authorize(self, dns_name: str) -> None:
        """§7.4.1: the CA judges the name, or finds its authorization, before there is an order. Not for a wildcard."""
        url = self.directory.new_authz
        if url is None:
            raise InputError(
                code="acme_no_new_authz",
                what="Cannot have names authorized before the order",
                where=self.rule.directory_url,
                why="the CA's directory has no newAuthz",
                todo="Remove preauthorize from the account's settings: this CA authorizes names with an order only",
                reference="RFC 8555 §7.4.1",
            )
        what = f"have {dns_name} authorized"
        self.network.post(url, self.key.new_authz(dns_name), what, names=(dns_name,))

    def close(self) -> None:
        """§7.3.6. There is no way back."""
        self.network.post(self.account.url, self.key.end_of_account(), "close the account")

    def listed_orders(self, known_handles: frozenset[str]) -> t.Iterator[Order]:
        """The account's orders that are not among ``known_handles`` (§7.1.2.1)."""
        unknown = [url for url in self._order_urls() if url not in known_handles]
        if len(unknown) > _MAX_LOOKS:
            raise _too_many_orders(self.account.url, len(unknown))
        found = (self.order(url) for url in unknown)
        return (order for order in found if order is not None)

    def _order_urls(self) -> list[str]:
        page = self.account.orders
        urls: dict[str, None] = {}
        pages: set[str] = set()
        while page is not None and page not in pages:
            pages.add(page)
            if len(pages) > _MAX_PAGES:
                raise _too_many_orders(self.account.url, len(urls))
            response = self.network.read(page, "list the account's orders")
            urls.update(dict.fromkeys(Object.of(response, "the order list", self.rule).urls("orders")))
            page = next(iter(answers.links(response, "next", self.rule)), None)
        return list(urls)


def open_directory(
    account: AccountConfig, settings: Settings, *, clock: Clock, http: HttpClient, deadline: float, key: t.Any
) -> tuple[Network, UrlRule, Directory]:
    """The directory (§7.1.1), and the network for what comes next. key: None where nothing will be signed."""
    secrets = tuple(account.secrets.values())
    holds = Holds(account.state_directory, account.name, clock)
    where = f"CA account {account.name!r}"
    network = Network(http, clock, key, deadline=deadline, where=where, secrets=secrets, holds=holds)
    rule = UrlRule(settings.directory)
    response = network.get(settings.directory, "read the directory")
    return network, rule, Directory.parse(Object.of(response, "the directory", rule))


def connect(
    account: AccountConfig,
    settings: Settings,
    *,
    clock: Clock,
    http: HttpClient,
    new_private_key: t.Callable[[str], bytes],
    deadline: float,
) -> Session:
    """Key, directory, account (§7.3), contacts (§7.3.2); deadline: seconds from now for all requests of the session."""
    modules = library.load_library()
    folder, name = account.state_directory, account.name
    where = f"{folder}/{name}.pem"
    pem, is_new = key_file(folder, name, lambda: new_private_key(settings.key_type), clock)
    key = library.AccountKey(modules, pem, where)
    network, rule, directory = open_directory(account, settings, clock=clock, http=http, deadline=deadline, key=key)
    binding_from = settings.preset.binding_from if settings.preset is not None else ""
    wish = Registration(settings.contact, settings.accept_terms, settings.eab_kid, settings.eab_hmac_key, binding_from)
    following = None if is_new else keeping.next_key(folder, name)
    if following is not None and not is_known(network, directory, key):
        key = _followed(account, clock, network, directory, library.AccountKey(modules, following, where), key)
    registered = register(network, directory, key, wish, rule, is_new=is_new)
    _tell_contacts(account, settings, network, directory, key, registered, is_new)
    return Session(modules, key, network, rule, directory, registered)


def _followed(
    account: AccountConfig,
    clock: Clock,
    network: Network,
    directory: Directory,
    following: library.AccountKey,
    key: library.AccountKey,
) -> library.AccountKey:
    """§7.3.5: the CA does not know the key; if it knows the one that was to follow, the change was made."""
    network.key = following
    if not is_known(network, directory, following):
        network.key = key
        return key
    with keeping.locked(account.state_directory, account.name, clock) as folder:
        keeping.promote(folder, account.name)
    return following


def _tell_contacts(
    account: AccountConfig,
    settings: Settings,
    network: Network,
    directory: Directory,
    key: library.AccountKey,
    registered: Account,
    is_new: bool,
) -> None:
    """§7.3.2, where the settings name others than the CA was told. Without any in the settings it keeps what it has."""
    folder, name = account.state_directory, account.name
    before = keeping.read_memory(folder, name)
    known = before.contact if before.url == registered.url and before.contact is not None else registered.contact
    told = settings.contact or known
    # an account made by an older version told its contacts, and nobody wrote them down: where the CA does not say
    # them either, they are told once more
    if settings.contact and not is_new and known != settings.contact:
        network.post(registered.url, key.contacts(settings.contact), "change the account's contacts")
    memory = before._replace(url=registered.url, contact=told).with_key(key.thumbprint)
    keeping.remember(folder, name, memory._replace(hash_prefix=directory.hash_prefix, issuers=directory.issuers))


def _too_many_orders(where: str, count: int) -> ProtocolError:
    return ProtocolError(
        code="acme_too_many_orders",
        what="Cannot tell whether the lost order was made",
        where=where,
        why=f"the account lists {count} orders or more that the ledger does not know",
        todo="Look at the CA's portal; use one account for each ledger",
    )
