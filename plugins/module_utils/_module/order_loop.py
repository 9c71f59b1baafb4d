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

import threading
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import Advising
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    AccountConfig,
    AdapterFactory,
    Capabilities,
    Checking,
    Finding,
    OrderKind,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.advice import FORGET_AFTER, of_new
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import LEAST
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    PolicyError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind, State
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Goal, Policy
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import REMOTE, Action, Step, next_step
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor, executor_for
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import Leases, LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import (
    MOST_FAILURES,
    TICK,
    Account,
    Accounts,
    backoff,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_acts import SOONEST, Acts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import (
    CertificateReader,
    ending_error,
    is_puzzling,
    person_fact,
    puzzled_error,
    refusal_fact,
    trouble_fact,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import bug, cannot_cancel
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import (
    approval_error,
    intent,
    link_of,
    new_contact,
    planned_request,
    reissue_error,
    wants_resend,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_surplus import Surplus
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work, method_error
from ansible_collections.inkan.tls.plugins.module_utils._module.order_writing import Writer

#: Orders whose intent is written in one synced transaction. A kill in between leaves at most so many to be looked for;
#: syncing each alone would cost more than asking the CA.
CHUNK = 32
#: What may be asked twice, and touches no order but its own.
SIDE_BY_SIDE = frozenset({Action.LOOK, Action.ASK_READY, Action.DOWNLOAD})
#: Orders sent for one item in one call, when the CA or the network lets every one fall.
MOST_SUBMITS = 3

_INTENTS = {
    Action.ASK_READY: Kind.READY_INTENDED,
    Action.CANCEL: Kind.CANCEL_INTENDED,
    Action.REVOKE: Kind.REVOKE_INTENDED,
}
#: Acts whose refusal by the CA says nothing about the order itself.
_NOT_ABOUT_THE_ORDER = frozenset({Action.FIND_LOST, Action.CANCEL, Action.REVOKE, Action.RESEND, Action.CHANGE_CONTACT})


@dataclass(frozen=True)
class Tools:
    """What the loop works with. reference makes our names for orders: the same for the same seed."""

    clock: Clock
    adapters: t.Mapping[str, AdapterFactory]
    reader: CertificateReader
    reference: t.Callable[[str], str]
    executor: t.Callable[[int], Executor] = executor_for


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
        self._clock = tools.clock
        self._reference = tools.reference
        self._executor = tools.executor
        self._judging = threading.Lock()  # of what becomes of an answer: an account's failures are everybody's
        self._reader = tools.reader
        self._ends_at = ends_at
        self._least = min(LEAST, (ends_at - tools.clock.monotonic()) / 4)  # of a short deadline most is for asking
        self._store = store
        self._restored = store.restored()
        self._accounts = Accounts(accounts, tools.adapters, tools.clock, ends_at)
        self._writer = Writer(store, leases, self._accounts)
        self._acts = Acts(self._accounts, store, tools.reader, tools.clock, self._writer.require_ours)
        self._surplus = Surplus(self._accounts, store, self._writer, tools.clock)

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
            if self._is_over():
                break
        self._writer.write_later()
        for work in works:
            if self._seconds_left() > 0:
                self._surplus.seek(work)
            self._conclude(work)
        self._leave_alone(works)

    def _leave_alone(self, works: t.Sequence[Work]) -> None:
        """A CA that says when to renew is not asked about what it has just issued."""
        new = {}
        for work in works:
            certificate = work.entry.standing.certificate if work.obtained and work.entry is not None else None
            if certificate is not None and isinstance(self._accounts.of(work).ca, Advising):
                new[work.order.order.ca_account, certificate.serial] = of_new(self._clock.now())
        if new:
            self._store.remember_advice(new, self._clock.now() - FORGET_AFTER)

    def _seconds_left(self) -> float:
        return self._ends_at - self._clock.monotonic()

    def _is_over(self) -> bool:
        return self._seconds_left() <= self._least

    def _is_due(self, work: Work) -> bool:
        return work.wait_until <= self._clock.monotonic() + TICK and not self._accounts.rests(self._accounts.of(work))

    def _pause(self, active: t.Sequence[Work]) -> bool:
        """Wait for whoever is due next; false if that is beyond the deadline, or nobody is."""
        if not active:
            return False
        seconds = min(max(work.wait_until, self._accounts.of(work).pause_until) for work in active)
        seconds -= self._clock.monotonic()
        if seconds + self._least > self._seconds_left():
            return False
        self._clock.sleep(max(seconds, 0.0))
        return True

    def _step(self, work: Work) -> Step:
        """The next step; marks the work as finished when that is nobody's here."""
        step = self._judge(work)
        if step.action is Action.AWAIT_PERSON and work.entry is not None and work.entry.state is not State.NEEDS_PERSON:
            if (work.goal is Goal.CANCELLED or work.then_new) and work.entry.state is not State.INTENDED:
                work.error = cannot_cancel(work.entry, step.why)
            else:
                self._ask_person(work, step.why)
        if step.action is Action.AWAIT_APPROVAL:
            work.error = self._approval_error(work) or work.error
        if step.action not in REMOTE:
            work.finish()
        elif step.at is not None:
            seconds = (step.at - self._clock.now()).total_seconds()
            # due a TICK before: not before ``at`` all the same, or the CA is asked again and again until then
            work.wait_until = max(work.wait_until, self._clock.monotonic() + seconds + TICK)
        return step

    def _judge(self, work: Work) -> Step:
        account = self._accounts.of(work)
        capabilities = self._accounts.capabilities(account)
        if account.adapter is None:
            work.finish(self._accounts.told(account.error, work) if account.error else None)
            return Step(Action.DONE, "the account cannot be used")
        if capabilities is None:
            return Step(Action.LOOK, "the account is asked again after a pause")
        if work.then_new:
            obstacle = self._obstacle(work)
            if obstacle is not None or work.is_new:
                return obstacle or Step(Action.SUBMIT, work.choice.why)
        if work.entry is None:
            return Step(Action.DONE, "there is no order")
        if work.entry.state is State.NONE and work.submits >= MOST_SUBMITS:
            return Step(Action.DONE, "it was sent often enough")
        policy = Policy(
            goal=Goal.CANCELLED if work.then_new else work.goal,
            until=work.until,
            visible=work.item.visible and work.has_seen(work.entry),
            can_ask=work.entry.order.method not in capabilities.unasked_methods,
            can_find=capabilities.finding is not Finding.IMPOSSIBLE,
            can_cancel=capabilities.cancel,
            resend=capabilities.resending and wants_resend(work),
            new_contact=capabilities.changing_contact and new_contact(work) is not None,
            looks=work.looks,
            unprepared=work.unprepared,
            none_for=None if work.none_at is None else timedelta(seconds=self._clock.monotonic() - work.none_at),
            settle=timedelta(seconds=capabilities.find_delay),
        )
        return next_step(work.entry, self._clock.now(), policy)

    def _obstacle(self, work: Work) -> Step | None:
        """Why no new order can be made: found out before the open one is cancelled for it."""
        account = self._accounts.named(work.item.ca_account)
        capabilities = self._accounts.capabilities(account)
        if capabilities is None and account.adapter is not None:
            work.wait_until = max(work.wait_until, account.pause_until)
            return Step(Action.LOOK, "the account of the new order is asked again after a pause")
        error = account.error if capabilities is None else _order_error(work, capabilities)
        if error is None:
            error = self._judged_by(account, work)
        if error is None:
            return None
        work.finish(self._accounts.told(error, work, work.item.ca_account))
        return Step(Action.DONE, "a new order cannot be made")

    def _judged_by(self, account: Account, work: Work) -> InkanError | None:
        """What an adapter has against the order, that lets persons type it in: before anything is written."""
        adapter: object = account.adapter
        if not isinstance(adapter, Checking):
            return None
        csr = self._reader.csr_facts(work.csr) if work.csr else None
        return adapter.order_error(planned_request(work), csr)

    def _approval_error(self, work: Work) -> InkanError | None:
        error = approval_error(work)
        return self._accounts.told(error, work) if error is not None else None

    def _ask_person(self, work: Work, why: str) -> None:
        code = "order_lost" if work.entry is not None and work.entry.state is State.INTENDED else "person_needed"
        self._writer.write([(work, [Fact(Kind.NEEDS_PERSON, self._clock.now(), by="us", code=code, text=why)])])

    def _conclude(self, work: Work) -> None:
        """An order that ended in this call is the item's error, unless somebody wanted it to end."""
        entry, account = work.entry, self._accounts.of(work)
        if work.error is None and not work.finished and account.error is not None:
            work.error = self._accounts.told(account.error, work)
        if entry is None or work.error is not None or work.busy:
            return
        if work.goal is Goal.PRESENT and is_puzzling(entry, work.looks):
            work.error = self._accounts.told(puzzled_error(entry), work)
        if not work.changed:
            return
        if work.goal is Goal.PRESENT and entry.state in (State.REFUSED, State.EXPIRED, State.CANCELLED):
            reason = entry.standing.reason
            if reason is not None and reason.by != "person":
                work.error = ending_error(entry)

    # -- one action, for all who can take it

    def _take(self, due: t.Sequence[tuple[Work, Step]]) -> None:
        action = next(action for action in REMOTE if any(step.action is action for _work, step in due))
        works = [work for work, step in due if step.action is action]
        take = self._acts.take(action)
        for chunk in _chunks(works, self._chunk_size):
            chunk = self._intend(
                action, [work for work in chunk if self._is_due(work) and self._accounts.of(work).adapter]
            )
            self._writer.write(self._ask(action, chunk, take))
            if self._is_over():
                return

    def _ask(
        self, action: Action, works: t.Sequence[Work], take: t.Callable[[Work], list[Fact]]
    ) -> list[tuple[Work, list[Fact]]]:
        """Each account's orders side by side, as far as it takes them so."""
        of_accounts: dict[str, list[Work]] = {}
        for work in works:
            of_accounts.setdefault(work.account, []).append(work)
        found = []
        for those in of_accounts.values():
            capabilities = self._accounts.of(those[0]).capabilities
            at_once = capabilities.side_by_side if capabilities is not None and action in SIDE_BY_SIDE else 1
            found += self._executor(at_once).map(lambda work: self._one(action, work, take), those)
        return [outcome for outcome in found if outcome is not None]

    def _chunk_size(self, work: Work) -> int:
        """Where a lost answer can only be cleared up by a person, each intent stands alone."""
        capabilities = self._accounts.of(work).capabilities
        return CHUNK if capabilities is not None and capabilities.finding is not Finding.IMPOSSIBLE else 1

    def _one(self, action: Action, work: Work, take: t.Callable[[Work], list[Fact]]) -> tuple[Work, list[Fact]] | None:
        """Ask the CA about one order. Whatever is raised becomes facts and the item's error."""
        account = self._accounts.of(work)
        if work.finished:
            return None
        if self._is_over() or self._accounts.rests(account):
            return self._held_back(action, work)
        before = work.error
        try:
            facts = take(work)
        except InkanError as error:
            if error.code == "lease_lost":
                self._writer.leave(work, error)
                return None
            with self._judging:
                return work, self._failed(action, work, error)
        except Exception as exc:  # noqa: BLE001 (one order's bug must not stop the others)
            with self._judging:
                return work, self._failed(action, work, bug(f"Cannot {action.value} the order", exc))
        with self._judging:
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
            self._writer.write([(work, [Fact(kind, now, by="us", text=text)]) for work, text in zip(works, texts)])
        return [work for work in works if not work.finished]

    def _intend_submits(self, works: list[Work]) -> list[Work]:
        now = self._clock.now()
        intents = {id(work): self._intent(work, now) for work in works}
        self._writer.write([(work, [intents[id(work)]]) for work in works if not work.is_new])
        new = [work for work in works if work.is_new]
        lost = {id(work) for work in new if self._may_be_lost(work)}
        self._writer.insert(new, [intents[id(work)] for work in new], now, self._reference)
        for work in works:
            work.submits += 1
            work.looks = 0
            work.none_at = None
        return [work for work in works if not work.finished and id(work) not in lost]

    def _may_be_lost(self, work: Work) -> bool:
        """Whether the ledger was a backup, and this may have been ordered after it was made: the CA is asked first."""
        restored = self._restored
        since = [one for one in work.entries if restored is not None and one.number > restored.above]
        return restored is not None and not any(
            fact.kind in (Kind.SUBMIT_ABSENT, Kind.CANCELLED) for entry in since for fact in entry.facts
        )

    def _intent(self, work: Work, now: datetime) -> Fact:
        capabilities = self._accounts.of(work).capabilities
        if capabilities is None:
            raise bug("Cannot order", RuntimeError("it is not known what the account can do"))
        return intent(link_of(work, capabilities), now)

    # -- failures

    def _failed(self, action: Action, work: Work, error: InkanError) -> list[Fact]:
        now = self._clock.now()
        if isinstance(error, DeadlineError) and action is not Action.SUBMIT and self._seconds_left() <= TICK:
            return []  # our own deadline: the order is pending, nothing is wrong
        work.error = self._accounts.told(error, work)
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
        if (
            action is Action.SUBMIT
            and error.code == PREDECESSOR_UNKNOWN
            and work.order.standing.kind is OrderKind.RENEW
        ):
            return [replace(self._never_sent(error.sentence()), by="ca", code=error.code)]  # once more, as new
        if action is Action.DOWNLOAD:  # it is issued, and perhaps paid for: nobody but a person may let it go
            return [person_fact(error, now)]
        return [refusal_fact(error, now)]

    def _wait_as_told(self, work: Work, error: InkanError, now: datetime) -> None:
        work.failures += 1
        pause = backoff(work.failures)
        if error.retry_at is not None:
            pause = max((error.retry_at - now).total_seconds(), SOONEST)
        work.wait_until = self._clock.monotonic() + pause
        if work.failures > MOST_FAILURES:
            work.finish()

    def _back_off(self, work: Work, error: InkanError) -> None:
        """One failure may be the order's; several in a row are the account's, whoever they hit."""
        account = self._accounts.of(work)
        work.failures += 1
        pause = backoff(work.failures)
        if error.retry_at is not None:
            pause = max(pause, (error.retry_at - self._clock.now()).total_seconds())
        work.wait_until = self._clock.monotonic() + pause
        if work.failures > MOST_FAILURES:
            work.finish()
        if isinstance(error, TransportError):
            self._accounts.rest(account, error)

    def _never_sent(self, why: str) -> Fact:
        return Fact(Kind.SUBMIT_ABSENT, self._clock.now(), by="us", text=why)


def _chunks(works: list[Work], size: t.Callable[[Work], int]) -> t.Iterator[list[Work]]:
    chunk: list[Work] = []
    for work in works:
        chunk.append(work)
        if len(chunk) >= min(size(one) for one in (chunk[0], work)):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _order_error(work: Work, capabilities: Capabilities) -> InkanError | None:
    """Why the account cannot take a new order for this item."""
    return method_error(work.item, capabilities) or reissue_error(work, capabilities)


def _never_reached_the_ca(error: InkanError) -> bool:
    """A refusal is an answer: no order was made. A transport error knows whether the request left. An answer that
    breaks its specification tells nothing."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, (RefusedError, InputError, PolicyError))
