# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work on a batch of orders: step by step, all orders together, until nobody can go on or the deadline comes.

    steps of all ──► the first action of REMOTE that anyone can take ──► intents of a chunk, one transaction
         ▲                                                                  │
         │                                             the CA is asked, one order after the other
         └──────────── facts of the chunk, one transaction ◄────────────────┘

So all are submitted before the first is asked to be validated, and all are validating while the first is polled. What
one order, or one whole account, meets is written to its own entries and stops nobody else.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    AdapterFactory,
    CaAdapter,
    Capabilities,
    Finding,
    OrderRequest,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    DeadlineError,
    InkanError,
    InputError,
    LocalError,
    PolicyError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Entry,
    Fact,
    Kind,
    Order,
    State,
    merge_place,
    tokens_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Choice, Goal, Policy, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import mask
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import REMOTE, Action, Step, next_step, settled
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import Append, Leases, LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import (
    CertificateReader,
    ending_error,
    facts_of_issued,
    facts_of_seen,
    handle_of,
    person_fact,
    refusal_fact,
    trouble_fact,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Item

#: Orders whose intent is written in one synced transaction. A kill in between leaves at most so many to be looked for;
#: syncing each alone would cost more than asking the CA.
CHUNK = 32
#: Seconds between two looks at an order when the CA says nothing: validation takes most CAs 0 to 2 s, a queue minutes.
POLLS = (0.25, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
#: Seconds before trying again after a failure: 0.5, 1.5, 3.5, 7.5, 15.5 after the first one.
BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
#: Failures in a row after which an account is left alone for the rest of the call: others need the time.
MOST_FAILURES = 5
#: Orders sent for one item in one call, when the CA or the network lets every one fall.
MOST_SUBMITS = 3
#: What is due within this is taken along. No poll comes sooner than _SOONEST, whatever the CA says.
_TICK = 0.1
_SOONEST = 0.25

_HISTORY_ONLY = frozenset(
    {Kind.SEEN, Kind.WANTED, Kind.TRANSPORT_FAILURE, Kind.SUBMIT_ABSENT, Kind.READY_INTENDED}
    | {Kind.CANCEL_INTENDED, Kind.REVOKE_INTENDED}
)
_INTENTS = {
    Action.ASK_READY: Kind.READY_INTENDED,
    Action.CANCEL: Kind.CANCEL_INTENDED,
    Action.REVOKE: Kind.REVOKE_INTENDED,
}
#: Statuses in which the CA, not we, has the next word.
_AT_WORK = frozenset({Status.VALIDATING, Status.ISSUING, Status.UNKNOWN})
#: Acts whose refusal by the CA says nothing about the order itself.
_NOT_ABOUT_THE_ORDER = frozenset({Action.FIND_LOST, Action.CANCEL, Action.REVOKE})

T = t.TypeVar("T")


@dataclass
class Work:
    """One item on its way. entries: all orders of its name that the ledger reads, ``entry`` among them."""

    item: Item
    choice: Choice
    entries: list[Entry]
    goal: Goal
    until: Until
    entry: Entry | None = None
    #: a new order follows when ``entry`` is closed (or at once, if there is none)
    then_new: bool = False
    public_key_sha256: str = ""
    csr: str = ""
    error: InkanError | None = None
    changed: bool = False
    submitted: bool = False
    busy: bool = False
    finished: bool = False
    looks: int = 0
    submits: int = 0
    polls: int = 0
    failures: int = 0
    wait_until: float = 0.0
    #: ids of what was wanted when this call first knew: it is what ``item.visible`` is about
    vouched: frozenset[str] | None = None

    def has_seen(self, entry: Entry) -> bool:
        """Whether the CA wants nothing else by now than the caller can have looked at."""
        wanted = frozenset(tokens_of(entry.standing.wanted))
        if self.vouched is None and wanted:
            self.vouched = wanted
        return wanted <= (self.vouched or frozenset())

    @property
    def account(self) -> str:
        return self.item.ca_account if self.is_new or self.entry is None else self.entry.order.ca_account

    @property
    def is_new(self) -> bool:
        """Whether a new order is to be inserted now."""
        return self.then_new and (self.entry is None or not self.entry.is_open)

    def update(self, entry: Entry) -> None:
        """The order that is worked on, as the ledger has it now."""
        self.entry = entry
        self.put(entry)

    def put(self, entry: Entry) -> None:
        """An order of this name, as the ledger has it now, in its place."""
        self.entries = sorted([one for one in self.entries if one.number != entry.number] + [entry], key=_number)
        if self.entry is not None and self.entry.number == entry.number:
            self.entry = entry

    def finish(self, error: InkanError | None = None) -> None:
        self.finished = True
        self.error = error or self.error


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


@dataclass(frozen=True)
class Tools:
    """What the loop works with. reference makes our names for orders."""

    clock: Clock
    adapters: t.Mapping[str, AdapterFactory]
    reader: CertificateReader
    reference: t.Callable[[], str]


class Loop:
    """The work on one batch; the leases are held by the caller."""

    def __init__(
        self,
        tools: Tools,
        store: LedgerStore,
        leases: Leases,
        accounts: t.Mapping[str, AccountConfig],
        ends_at: float,
    ) -> None:
        self._tools = tools
        self._clock = tools.clock
        self._store = store
        self._leases = leases
        self._configs = accounts
        self._accounts: dict[str, Account] = {}
        self._ends_at = ends_at
        self._later: dict[int, Append] = {}

    # -- rounds

    def run(self, works: t.Sequence[Work]) -> None:
        active = list(works)
        while active:
            steps = [(work, self._step(work)) for work in active]
            active = [work for work, _step in steps if not work.finished]
            due = [(work, step) for work, step in steps if not work.finished and self._is_due(work)]
            if due:
                self._take(due)
            elif not self._pause(active):
                break
            if self._seconds_left() <= 0:
                break
        self._write_later()
        for work in works:
            self._conclude(work)

    def _seconds_left(self) -> float:
        return self._ends_at - self._clock.monotonic()

    def _is_due(self, work: Work) -> bool:
        return work.wait_until <= self._clock.monotonic() + _TICK and not self._rests(self._account(work))

    def _rests(self, account: Account) -> bool:
        return account.pause_until > self._clock.monotonic() + _TICK

    def _pause(self, active: t.Sequence[Work]) -> bool:
        """Wait for whoever is due next; false if that is beyond the deadline, or nobody is."""
        if not active:
            return False
        seconds = min(max(work.wait_until, self._account(work).pause_until) for work in active)
        seconds -= self._clock.monotonic()
        if seconds >= self._seconds_left():
            return False
        self._clock.sleep(max(seconds, 0.0))
        return True

    def _step(self, work: Work) -> Step:
        """The next step; marks the work as finished when that is nobody's here."""
        step = self._judge(work)
        if step.action is Action.AWAIT_PERSON and work.entry is not None and work.entry.state is not State.NEEDS_PERSON:
            if (work.goal is Goal.CANCELLED or work.then_new) and work.entry.state is not State.INTENDED:
                work.error = _cannot_cancel(work.entry, step.why)
            else:
                self._ask_person(work, step.why)
        if step.action not in REMOTE:
            work.finish()
        elif step.at is not None:
            seconds = (step.at - self._clock.now()).total_seconds()
            work.wait_until = max(work.wait_until, self._clock.monotonic() + seconds)
        return step

    def _judge(self, work: Work) -> Step:
        account = self._account(work)
        capabilities = self._capabilities(account)
        if account.adapter is None:
            work.finish(self._of_item(account.error, work) if account.error else None)
            return Step(Action.DONE, "the account cannot be used")
        if capabilities is None:
            return Step(Action.LOOK, "the account is asked again after a pause")
        if work.is_new:
            return self._judge_new(work, capabilities)
        if work.entry is None:
            return Step(Action.DONE, "there is no order")
        if work.entry.state is State.NONE and work.submits >= MOST_SUBMITS:
            return Step(Action.DONE, "it was sent often enough")
        policy = Policy(
            goal=Goal.CANCELLED if work.then_new else work.goal,
            until=work.until,
            visible=work.item.visible and work.has_seen(work.entry),
            can_find=capabilities.finding is not Finding.IMPOSSIBLE,
            can_cancel=capabilities.cancel,
            looks=work.looks,
        )
        return next_step(work.entry, self._clock.now(), policy)

    def _judge_new(self, work: Work, capabilities: Capabilities) -> Step:
        error = method_error(work.item, capabilities)
        if error is not None:
            work.finish(error)
            return Step(Action.DONE, "the account does not offer it")
        return Step(Action.SUBMIT, work.choice.why)

    def _ask_person(self, work: Work, why: str) -> None:
        code = "order_lost" if work.entry is not None and work.entry.state is State.INTENDED else "person_needed"
        self._write([(work, [Fact(Kind.NEEDS_PERSON, self._clock.now(), by="us", code=code, text=why)])])

    def _conclude(self, work: Work) -> None:
        """An order that ended in this call is the item's error, unless somebody wanted it to end."""
        entry, account = work.entry, self._account(work)
        if work.error is None and not work.finished and account.error is not None:
            work.error = self._of_item(account.error, work)
        if entry is None or work.error is not None or work.busy or not work.changed:
            return
        if work.goal is Goal.PRESENT and entry.state in (State.REFUSED, State.EXPIRED, State.CANCELLED):
            reason = entry.standing.reason
            if reason is not None and reason.by != "person":
                work.error = ending_error(entry)

    # -- accounts

    def _account(self, work: Work) -> Account:
        name = work.account
        if name not in self._accounts:
            self._accounts[name] = self._open(name)
        return self._accounts[name]

    def _open(self, name: str) -> Account:
        config = self._configs.get(name)
        if config is None:
            return Account(error=_unknown_account(name))
        try:
            factory = self._tools.adapters[config.adapter]
            return Account(adapter=factory.open(config, deadline=max(self._seconds_left(), 0.0)))
        except InkanError as error:
            return Account(error=error)
        except Exception as exc:  # noqa: BLE001 (one account's bug must not stop the others)
            return Account(error=_bug(f'Cannot open the CA account "{name}"', exc))

    def _capabilities(self, account: Account) -> Capabilities | None:
        """Some adapters must ask the CA first. None: not known now, or (adapter None) the account cannot be used."""
        if account.adapter is None or account.capabilities is not None:
            return account.capabilities
        if self._rests(account):
            return None
        try:
            account.capabilities = account.adapter.capabilities
            account.failures, account.error = 0, None
        except (TransportError, DeadlineError) as error:
            self._rest(account, error)
        except InkanError as error:
            account.adapter, account.error = None, error
        except Exception as exc:  # noqa: BLE001 (as in _open)
            account.adapter, account.error = None, _bug("Cannot learn what the CA account can do", exc)
        return account.capabilities

    # -- one action, for all who can take it

    def _take(self, due: t.Sequence[tuple[Work, Step]]) -> None:
        action = next(action for action in REMOTE if any(step.action is action for _work, step in due))
        works = [work for work, step in due if step.action is action]
        take = {
            Action.SUBMIT: self._submit,
            Action.FIND_LOST: self._find,
            Action.DOWNLOAD: self._download,
            Action.CANCEL: self._cancel,
            Action.REVOKE: self._revoke,
            Action.ASK_READY: self._ask_ready,
            Action.LOOK: self._look,
        }[action]
        for chunk in _chunks(works, self._chunk_size):
            chunk = self._intend(action, [work for work in chunk if self._is_due(work) and self._account(work).adapter])
            self._write([outcome for work in chunk for outcome in [self._one(action, work, take)] if outcome])
            if self._seconds_left() <= 0:
                return

    def _chunk_size(self, work: Work) -> int:
        """Where a lost answer can only be cleared up by a person, each intent stands alone."""
        capabilities = self._account(work).capabilities
        return CHUNK if capabilities is not None and capabilities.finding is not Finding.IMPOSSIBLE else 1

    def _one(self, action: Action, work: Work, take: t.Callable[[Work], list[Fact]]) -> tuple[Work, list[Fact]] | None:
        """Ask the CA about one order. Whatever is raised becomes facts and the item's error."""
        account = self._account(work)
        if work.finished:
            return None
        if self._seconds_left() <= 0 or self._rests(account):
            return self._held_back(action, work)
        before = work.error
        try:
            facts = take(work)
        except InkanError as error:
            return work, self._failed(action, work, error)
        except Exception as exc:  # noqa: BLE001 (one order's bug must not stop the others)
            return work, self._failed(action, work, _bug(f"Cannot {action.value} the order", exc))
        account.failures = work.failures = 0
        account.error = None
        if work.error is before:  # else it was met in this very answer
            work.error = None
        work.looks += 1
        return work, facts

    def _held_back(self, action: Action, work: Work) -> tuple[Work, list[Fact]] | None:
        """The time is up, or the account rests: an intent to submit is taken back, as it surely was not sent."""
        if action is not Action.SUBMIT:
            return None
        work.submits -= 1
        return work, [self._never_sent("it was held back: the time was up, or the account could not be reached")]

    def _intend(self, action: Action, works: list[Work]) -> list[Work]:
        """Write what is about to be done; only those whose intent is on the disk go on."""
        if action is Action.SUBMIT:
            return self._intend_submits(works)
        kind = _INTENTS.get(action)
        if kind is not None:
            now = self._clock.now()
            revoking = action is Action.REVOKE
            texts = [work.item.revoke_reason if revoking else "" for work in works]
            self._write([(work, [Fact(kind, now, by="us", text=text)]) for work, text in zip(works, texts)])
        return [work for work in works if not work.finished]

    def _intend_submits(self, works: list[Work]) -> list[Work]:
        now = self._clock.now()
        intent = Fact(Kind.SUBMIT_INTENDED, now, by="us")
        self._write([(work, [intent]) for work in works if not work.is_new])
        new = [work for work in works if work.is_new]
        for work, entry in self._guarded(new, lambda some: self._insert(some, intent, now)):
            work.update(entry)
            work.then_new = False
        for work in works:
            work.submits += 1
            work.looks = 0
        return [work for work in works if not work.finished]

    def _insert(self, works: t.Sequence[Work], intent: Fact, now: datetime) -> list[Entry]:
        orders = [(new_order(work, self._tools.reference(), now), (intent,)) for work in works]
        return self._store.insert(self._leases, orders)

    # -- the actions

    def _submit(self, work: Work) -> list[Fact]:
        account, entry = self._account(work), _entry(work)
        seen = _adapter(account).submit(request_for(entry))
        facts = self._adopt(work, account, seen)
        work.submitted = work.submitted or facts[0].kind is Kind.SUBMITTED
        return facts

    def _find(self, work: Work) -> list[Fact]:
        account, entry = self._account(work), _entry(work)
        now, since = self._clock.now(), entry.standing.intended_at or entry.order.created_at
        if account.known is None:
            account.known = self._store.handles(work.account)
        seen = _adapter(account).find(request_for(entry), known_handles=account.known, since=since)
        if seen is not None:
            return self._adopt(work, account, seen)
        if not settled(since, now, Policy()):
            return []  # asked once more when the CA had the time
        return [Fact(Kind.SUBMIT_ABSENT, now, by="ca", text="the CA has no such order")]

    def _adopt(self, work: Work, account: Account, seen: Seen) -> list[Fact]:
        """The handle first: whatever else the answer holds, the order is not lost again."""
        entry, now = _entry(work), self._clock.now()
        handle = handle_of(seen)
        if self._taken(work.account, account).setdefault(handle, entry.number) != entry.number:
            return [_shared(handle, now)]
        account.known = (account.known or frozenset()) | {handle} if account.known is not None else None
        submitted = Fact(Kind.SUBMITTED, now, handle=handle, by="ca")
        try:
            return [submitted, *self._seen(work, entry.having([submitted]), seen)]
        except InkanError as error:
            work.error = self._of_item(error, work)
            return [submitted, trouble_fact(error, now)]

    def _taken(self, name: str, account: Account) -> dict[str, int]:
        if account.taken is None:
            account.taken = dict.fromkeys(self._store.handles(name, only_open=True), 0)
        return account.taken

    def _look(self, work: Work) -> list[Fact]:
        entry = _entry(work)
        seen = _adapter(self._account(work)).look(entry.standing.handle, request_for(entry))
        return self._seen(work, entry, seen)

    def _ask_ready(self, work: Work) -> list[Fact]:
        entry = _entry(work)
        work.changed = True
        seen = _adapter(self._account(work)).ready(entry.standing.handle, request_for(entry))
        asked = Fact(Kind.READY_ASKED, self._clock.now(), by="us")
        return [asked, *self._seen(work, entry, seen)]

    def _download(self, work: Work) -> list[Fact]:
        entry = _entry(work)
        issued = _adapter(self._account(work)).download(entry.standing.handle, request_for(entry))
        return facts_of_issued(entry, issued, self._tools.reader, self._clock.now())

    def _cancel(self, work: Work) -> list[Fact]:
        entry, now = _entry(work), self._clock.now()
        if not entry.standing.handle:
            return [Fact(Kind.CANCELLED, now, by="us", text="it was never sent")]
        seen = _adapter(self._account(work)).cancel(entry.standing.handle, request_for(entry))
        facts = self._seen(work, entry, seen)
        return [replace(fact, by="us") if fact.kind is Kind.CANCELLED else fact for fact in facts]

    def _revoke(self, work: Work) -> list[Fact]:
        certificate = _entry(work).standing.certificate
        if certificate is not None:
            _adapter(self._account(work)).revoke(certificate.pem, work.item.revoke_reason)
        return [Fact(Kind.REVOKED, self._clock.now(), by="us", text=work.item.revoke_reason)]

    def _seen(self, work: Work, entry: Entry, seen: Seen) -> list[Fact]:
        work.wait_until = self._clock.monotonic() + self._pause_after(work, entry, seen)
        return facts_of_seen(entry, seen, self._clock.now())

    def _pause_after(self, work: Work, entry: Entry, seen: Seen) -> float:
        """An answer that calls for a step of ours is followed at once; else the CA gets the time it asked for."""
        before = entry.standing.status
        if seen.status not in _AT_WORK and (before is None or before.value != seen.status.value):
            return 0.0
        pause = POLLS[min(work.polls, len(POLLS) - 1)]
        work.polls += 1
        if seen.retry_after is not None and seen.retry_after >= 0:  # nan is neither
            pause = seen.retry_after
        return max(pause, _SOONEST)

    # -- failures

    def _failed(self, action: Action, work: Work, error: InkanError) -> list[Fact]:
        now = self._clock.now()
        if isinstance(error, DeadlineError) and action is not Action.SUBMIT and self._seconds_left() <= _TICK:
            return []  # our own deadline: the order is pending, nothing is wrong
        work.error = self._of_item(error, work)
        if isinstance(error, RefusedError):
            if not error.retryable:
                return self._refused(action, work, error, now)
            self._wait_as_told(work, error, now)
        elif isinstance(error, (InputError, PolicyError)):
            work.finish()  # the same would be said again
        else:
            self._back_off(work, error)
        facts = [trouble_fact(error, now)]
        if action is Action.SUBMIT and _never_reached_the_ca(error):
            facts.append(self._never_sent("the CA did not get it, or would not take it now"))
        return facts

    def _refused(self, action: Action, work: Work, error: RefusedError, now: datetime) -> list[Fact]:
        if action in _NOT_ABOUT_THE_ORDER:
            work.finish()
            return [trouble_fact(error, now)]
        if action is Action.DOWNLOAD:  # it is issued, and perhaps paid for: nobody but a person may let it go
            return [person_fact(error, now)]
        return [refusal_fact(error, now)]

    def _wait_as_told(self, work: Work, error: InkanError, now: datetime) -> None:
        work.failures += 1
        pause = BACKOFF[min(work.failures, len(BACKOFF)) - 1]
        if error.retry_at is not None:
            pause = max((error.retry_at - now).total_seconds(), _SOONEST)
        work.wait_until = self._clock.monotonic() + pause
        if work.failures > MOST_FAILURES:
            work.finish()

    def _back_off(self, work: Work, error: InkanError) -> None:
        """One failure may be the order's; several in a row are the account's, whoever they hit."""
        account = self._account(work)
        work.failures += 1
        work.wait_until = self._clock.monotonic() + BACKOFF[min(work.failures, len(BACKOFF)) - 1]
        if work.failures > MOST_FAILURES:
            work.finish()
        if isinstance(error, TransportError):
            self._rest(account, error)

    def _rest(self, account: Account, error: InkanError) -> None:
        account.failures += 1
        account.error = error
        account.pause_until = self._clock.monotonic() + BACKOFF[min(account.failures, len(BACKOFF)) - 1]
        if account.failures >= MOST_FAILURES:
            account.adapter = None

    def _never_sent(self, why: str) -> Fact:
        return Fact(Kind.SUBMIT_ABSENT, self._clock.now(), by="us", text=why)

    def _of_item(self, error: InkanError, work: Work) -> InkanError:
        """The same error, saying which item it hit, and without the account's secrets."""
        mark, where = f'item "{work.item.name}"', error.where
        if mark not in where:
            where = f"{mark}, {where}" if where else f'{mark}, CA account "{work.account}"'
        return _copy(error, where=where, secrets=self._secrets(work.account))

    def _secrets(self, account: str) -> t.Collection[str]:
        return self._configs[account].secrets.values() if account in self._configs else ()

    # -- writing

    def _write(self, outcomes: t.Sequence[tuple[Work, list[Fact]]]) -> None:
        """All facts in one transaction. What only repeats what is known waits for the end of the call."""
        now: list[tuple[Work, tuple[Fact, ...]]] = []
        for work, told in outcomes:
            entry = _entry(work)
            if not told:
                continue
            secrets = self._secrets(entry.order.ca_account)
            facts = [replace(fact, word=mask(fact.word, secrets), text=mask(fact.text, secrets)) for fact in told]
            if all(merge_place(entry.facts, fact) is not None for fact in facts):
                self._later[entry.number] = Append(entry, tuple(facts))
            else:
                earlier = self._later.pop(entry.number, None)
                now.append((work, (*(earlier.facts if earlier else ()), *facts)))
        facts_of = {id(work): facts for work, facts in now}

        def append(some: t.Sequence[Work]) -> list[Entry]:
            return self._store.append(self._leases, [Append(_entry(work), facts_of[id(work)]) for work in some])

        for work, entry in self._guarded([work for work, _facts in now], append):
            work.update(entry)
            work.changed = work.changed or any(fact.kind not in _HISTORY_ONLY for fact in facts_of[id(work)])

    def _write_later(self) -> None:
        if self._later:
            self._guarded_appends(list(self._later.values()))
            self._later = {}

    def _guarded_appends(self, appends: list[Append]) -> None:
        try:
            self._store.append(self._leases, appends)
        except LocalError as error:
            if error.code != "lease_lost":
                raise  # nothing new was in them, but the ledger itself is in trouble

    def _guarded(
        self, works: t.Sequence[Work], write: t.Callable[[t.Sequence[Work]], list[Entry]]
    ) -> list[tuple[Work, Entry]]:
        """Write for all at once; if one lease of them was lost, for each alone, so that only that one stops."""
        if not works:
            return []
        try:
            return list(zip(works, write(works)))
        except LocalError as error:
            if error.code != "lease_lost":
                raise
            if len(works) == 1:
                works[0].busy = True
                works[0].finish(self._of_item(error, works[0]))
                return []
        return [pair for work in works for pair in self._guarded([work], write)]


# -- small things -----------------------------------------------------------------------------------------------------


def _number(entry: Entry) -> int:
    return entry.number


def _chunks(works: list[Work], size: t.Callable[[Work], int]) -> t.Iterator[list[Work]]:
    chunk: list[Work] = []
    for work in works:
        chunk.append(work)
        if len(chunk) >= min(size(one) for one in (chunk[0], work)):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def new_order(work: Work, reference: str, now: datetime) -> Order:
    item = work.item
    return Order(
        name=item.name,
        purpose=item.purpose,
        reference=reference,
        ca_account=item.ca_account,
        product=item.product,
        common_name=item.common_name,
        dns_names=item.dns_names,
        method=item.method,
        csr=work.csr,
        public_key_sha256=work.public_key_sha256,
        custodian=item.custodian,
        hosts=item.hosts or (),
        options=item.options or {},
        created_at=now,
    )


def request_for(entry: Entry) -> OrderRequest:
    order = entry.order
    return OrderRequest(
        reference=order.reference,
        common_name=order.common_name,
        dns_names=order.dns_names,
        method=order.method,
        csr_pem=order.csr,
        product=order.product,
        options=order.options,
    )


def method_error(item: Item, capabilities: Capabilities) -> InkanError | None:
    """Why this account cannot validate this item, before anything is written or sent."""
    wildcard = any(dns_name.startswith("*.") for dns_name in item.dns_names)
    offered = capabilities.wildcard_methods if wildcard else capabilities.methods
    if item.method in offered:
        return None
    return RefusedError(
        code="method_not_offered",
        what=f"Cannot order {item.common_name}",
        where=f'item "{item.name}", CA account "{item.ca_account}"',
        why=f"{'for wildcard names ' if wildcard else ''}it offers {', '.join(offered) or 'none'}, not {item.method}",
        todo="Choose another validation method",
    )


def _entry(work: Work) -> Entry:
    if work.entry is None:
        raise _bug(f'Cannot work on "{work.item.name}"', RuntimeError("there is no entry"))
    return work.entry


def _adapter(account: Account) -> CaAdapter:
    if account.adapter is None:
        raise account.error or _bug("Cannot ask the CA", RuntimeError("the account is closed"))
    return account.adapter


def _never_reached_the_ca(error: InkanError) -> bool:
    """A refusal is an answer: no order was made. A transport error knows whether the request left. An answer that
    breaks its specification tells nothing."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, (RefusedError, InputError, PolicyError))


def _shared(handle: str, now: datetime) -> Fact:
    """Some CAs answer a second order of the same names with the one still pending (Boulder does)."""
    why = f"the CA answered with the order {handle}, which another certificate of the ledger has"
    return Fact(Kind.REFUSED, now, by="us", code="order_shared", text=why)


def _copy(error: InkanError, *, where: str, secrets: t.Collection[str]) -> InkanError:
    words: dict[str, t.Any] = {word: getattr(error, word) for word in ("code", "retryable", "retry_at", "did_change")}
    words.update({text: mask(getattr(error, text), secrets) for text in ("what", "why", "todo", "reference")})
    if isinstance(error, TransportError):
        words["sent"] = error.sent
    copy = type(error)(where=mask(where, secrets), **words)
    copy.__cause__ = error
    return copy


def _unknown_account(name: str) -> InkanError:
    return LocalError(
        code="ca_account_unknown",
        what="Cannot go on with the order",
        where=f'CA account "{name}"',
        why="the order was made with it, but it is not among ca_accounts",
        todo="Put the account back until its orders have ended",
    )


def _cannot_cancel(entry: Entry, why: str) -> InkanError:
    return RefusedError(
        code="cancel_impossible",
        what=f"Cannot cancel the order for {entry.order.common_name}",
        where=f'item "{entry.order.name}", CA account "{entry.order.ca_account}", order {entry.standing.handle}',
        why=why,
        todo="The order stays open until then",
    )


def _bug(what: str, exc: Exception) -> BugError:
    return BugError(code="bug", what=what, why=f"{type(exc).__name__}: {exc}", todo="Please report it")
