# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run, seen whole: what plan, hosts and ledger have said so far, and the questions that every step asks of it.

What each step then has to do is in ``_core/work``, how the run ended in ``_core/outcome``.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

Item = dict[str, t.Any]
Said = t.Mapping[str, t.Any]
ByName = t.Mapping[str, Said]

#: States of an order (``_core/ledger``) in which its certificate belongs on the hosts.
DEPLOYABLE = frozenset({"issued", "deploy_pending", "deployed"})
#: States in which the CA, or we, still have to do something before there is a certificate.
OPEN = frozenset(
    {"intended", "wanted", "awaiting_approval", "awaiting_person", "validating", "issuing", "needs_person"}
)


@dataclass(frozen=True)
class Targets:
    """Where a certificate lives: hosts of this play that hold it, hosts of this play that serve its validation files.

    all_hosts, all_token_hosts: those of the whole inventory; a limit keeps some of them out of this play.
    """

    hosts: tuple[str, ...]
    token_hosts: tuple[str, ...]
    all_hosts: tuple[str, ...]
    all_token_hosts: tuple[str, ...]


@dataclass(frozen=True)
class HostSaid:
    """The results of one host by step and certificate name.

    reached: false once it was unreachable, or when it could not say what it holds: nothing is decided for it then.
    """

    reached: bool = True
    steps: t.Mapping[str, ByName] = field(default_factory=dict)
    #: steps that ended without results: step → the module's own message
    broken: t.Mapping[str, str] = field(default_factory=dict)

    def said(self, step: str, name: str) -> Said:
        return self.steps.get(step, {}).get(name, {})


@dataclass(frozen=True)
class Run:
    """plan: results of dcv_plan; orders: the newest word of the ledger; both by certificate name.

    central: results of the controller's and ledger host's steps by step and item name.
    own: the declared items by name, as the host reads them that this call is for: a variable in ``deploy`` or
    ``document_root`` may differ from host to host, and the plan was made once, with the words of the first.
    """

    plan: ByName
    orders: ByName
    targets: t.Mapping[str, Targets]
    hosts: t.Mapping[str, HostSaid]
    central: t.Mapping[str, ByName] = field(default_factory=dict)
    central_broken: t.Mapping[str, str] = field(default_factory=dict)
    check_mode: bool = False
    #: the play only looks, whatever mode it runs in: nothing was tried that could have changed something
    only_looks: bool = False
    #: what each certificate needs, as dcv_plan tells it to people; ``plan`` are its results
    plans: ByName = field(default_factory=dict)
    #: all hosts of the inventory
    inventory: frozenset[str] = frozenset()
    own: ByName = field(default_factory=dict)
    #: whether the plan is about all declared certificates, not about some that were chosen by name
    is_whole: bool = False
    #: when the plan was made; and how long a custodian that cannot be reached is waited for
    as_of: datetime | None = None
    #: certificates whose approval mail is wanted once more
    resend: frozenset[str] = frozenset()
    #: persons' answers to orders in needs_person (``inkan_resolve``), by certificate
    resolve: ByName = field(default_factory=dict)
    custodian_grace: timedelta = timedelta(hours=72)
    #: certificate -> web server -> its own document root; only of what is ordered now, and only for that step
    document_roots: t.Mapping[str, t.Mapping[str, str]] = field(default_factory=dict)

    #: what persons told of certificates (``inkan_intake``), the declared organizations, the accounts at portals
    intake: ByName = field(default_factory=dict)
    #: what the ledger host remembers of CA accounts, where a step has asked for it
    accounts: ByName = field(default_factory=dict)
    #: contact records that the ledger knows as ours; None: it has not told, or there is no ledger yet
    our_contacts: t.Sequence[Said] | None = None
    #: why the ledger did not note contacts
    contacts_problem: str = ""
    #: what CAs advise about live certificates that no order of the ledger brought, by certificate name
    live_advice: ByName = field(default_factory=dict)
    organizations: ByName = field(default_factory=dict)
    portals: frozenset[str] = frozenset()
    #: ACME account -> the CA behind it, where that is known
    ca_of_accounts: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blocked(self) -> bool:
        """Without the ledger's word or without a plan nothing may be done: it could be done twice, or wrongly."""
        return "known" in self.central_broken or "plan" in self.central_broken

    def reached(self, name: str) -> tuple[str, ...]:
        return tuple(host for host in self.targets[name].hosts if self.hosts[host].reached)

    def wish(self, name: str) -> Said:
        """The normalized certificate item that dcv_plan returned."""
        wish: Said = self.plan[name].get("certificate") or {}
        return wish

    def deploy(self, name: str) -> Item:
        """How this host deploys it: the plan's normalized form, with this host's own words over it."""
        normalized = dict(self.wish(name)["deploy"] or {})
        own = self.own.get(name, {}).get("deploy") or {}
        handshake = own.get("handshake", {})
        words = {key: value for key, value in own.items() if key != "handshake"}
        proof = None if handshake is False else {**(normalized.get("handshake") or {}), **handshake} or None
        return {**normalized, **words, "handshake": proof}

    def document_root(self, name: str, dns_name: str) -> t.Any:
        """Where this host serves validation files of a name from, if the certificate is declared and says so.

        A folder for the one name goes before that of all, whoever says it: this host or the plan.
        """
        own = self.own.get(name, {}).get("validation") or {}
        planned = ((self.plan.get(name) or {}).get("certificate") or {}).get("validation") or {}
        roots = {**(planned.get("document_roots") or {}), **(own.get("document_roots") or {})}
        return roots.get(dns_name) or own.get("document_root")

    def order(self, name: str) -> Said:
        return self.orders.get(name, {})

    def names(self) -> t.Iterator[str]:
        """The certificates that have a plan and are not refused."""
        return (name for name, planned in self.plan.items() if not planned.get("error"))

    def is_due(self, name: str) -> bool:
        """Whether a new key and a new order are needed: by the plan, or because the ledger's order has no future.

        Not in a run that is told to give its order up: the same words twice must not order what they have ended.
        """
        if self.answer(name).get("resolve") == "give_up":
            return False
        if self.wish(name).get("issued_from"):
            return self.is_to_be_registered(name)
        return self.plan[name].get("outcome") == "due" or self.has_no_future(name)

    def is_to_be_registered(self, name: str) -> bool:
        """What is brought: the item that it is issued from has a certificate that no order here is about."""
        source, known = self.order(str(self.wish(name).get("issued_from"))), self.order(name)
        if source.get("state") not in DEPLOYABLE or not source.get("certificate"):
            return False
        if self.in_progress(name):
            brought = (known.get("options") or {}).get("brought") or {}
            return bool(brought.get("certificate") != source["certificate"])
        return known.get("state") not in DEPLOYABLE or known.get("serial") != source.get("serial")

    def seller_makes_key(self, name: str) -> bool:
        return bool((self.wish(name).get("key") or {}).get("made_by") == "seller")

    def seller_deploys(self, name: str) -> bool:
        """No host of ours gets it: a handshake shows what the seller installed, or the portal has it."""
        return bool((self.wish(name).get("deploy") or {}).get("by") == "seller" or self.wish(name).get("issued_from"))

    def served(self, name: str) -> Said:
        """What a service showed whose certificates the seller installs."""
        return self.central.get("served", {}).get(name, {}).get("served") or {}

    def answer(self, name: str) -> Said:
        """What a person decided about its order; {} where that is said of another order than the newest one."""
        told = self.resolve.get(name, {})
        about = told.get("reference")
        return told if about in (None, "", self.order(name).get("reference")) else {}

    def has_no_future(self, name: str) -> bool:
        """Nothing good can come of the order: what it brings is not what is declared, or nobody has its key."""
        return self.is_outdated(name) or self.is_orphaned(name)

    def is_outdated(self, name: str) -> bool:
        """The declaration was changed while an order was open: it would bring the wrong certificate."""
        order, wish = self.order(name), self.wish(name)
        return self.in_progress(name) and bool(
            set(order.get("dns_names") or ()) != set(wish.get("dns_names") or ())
            or order.get("ca_account") != wish.get("ca_account")
            or order.get("product") != wish.get("product")
            or order.get("method")
            != ("brought" if wish.get("issued_from") else (wish.get("validation") or {}).get("method"))
        )

    def is_orphaned(self, name: str) -> bool:
        """Nobody holds the key of an order any more, and its custodian was waited for during the grace time.

        Only a run that asks all hosts can tell: a limit may keep out the one that has it.
        """
        order, where = self.order(name), self.targets[name]
        waiting = self.in_progress(name) or order.get("state") == "deploy_pending"
        if not waiting or self.as_of is None or not order.get("created_at"):
            return False
        if self.seller_makes_key(name) or self.wish(name).get("issued_from"):
            return False
        if not self.reached(name) or not set(where.all_hosts) <= set(where.hosts) or keeper_of(self, name) is not None:
            return False
        return self.as_of - parse_time(order["created_at"]) > self.custodian_grace

    def abandoned(self) -> list[str]:
        """Certificates that are not declared any more although an order of theirs is open."""
        if not self.is_whole:
            return []
        return [name for name in self.orders if name not in self.plan and self.in_progress(name)]

    def in_progress(self, name: str) -> bool:
        return self.order(name).get("state") in OPEN


def custodian(run: Run, name: str) -> str | None:
    """The host that makes or keeps the private key: a fact of the ledger while an order lives, else the last one, else
    the first host that can be reached. None: nobody can be asked now."""
    if not run.is_due(name) and run.order(name).get("custodian"):
        return keeper_of(run, name)
    reached = run.reached(name)
    last = run.order(name).get("custodian")
    if last in reached:
        return t.cast(str, last)
    return reached[0] if reached else None


def keeper_of(run: Run, name: str) -> str | None:
    """Who can be reached and holds the key of the ledger's order: its custodian, or a host that received it."""
    reached = run.reached(name)
    order = run.order(name)
    if order.get("custodian") in reached:
        return t.cast(str, order["custodian"])
    key = order.get("public_key_sha256")
    return next(
        (host for host in reached if key and key in run.hosts[host].said("look", name).get("has_keys", ())), None
    )


def lacks_certificate(run: Run, name: str, host: str) -> bool:
    """Whether this host does not yet serve the certificate that the ledger holds for it, or was killed on the way."""
    order = run.order(name)
    look = run.hosts[host].said("look", name)
    if run.seller_deploys(name):
        return False
    if look.get("switching"):
        return True
    if order.get("certificate") == KNOWN_AFTER_ORDER:
        return True
    if order.get("state") not in DEPLOYABLE:
        return False
    live = look.get("live") or {}
    return bool(live.get("serial") != order.get("serial"))
