# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders, told from options to results.

    1. look     read the ledger, read each CSR, decide for each item which order it is about
    2. lease    take the names that need work; wait a little for those that another run holds; look again
    3. record   what the play observed
    4. work     the loop over all orders
    5. report   one result an item

Check mode stops after 1 and shows what 3 and 4 would do; so does a call with nothing to do, which therefore writes
nothing at all.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import corrected_facts
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    LocalError,
    PolicyError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    SELLERS_KEY,
    Entry,
    Fact,
    Kind,
    State,
    newest,
    standing_records,
    tokens_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import covers
from ansible_collections.inkan.tls.plugins.module_utils._core.people import open_facts, open_tasks
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import STANDING_TTL
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import (
    Act,
    Choice,
    Goal,
    Policy,
    Resolve,
    Until,
    Wish,
    choose,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import REMOTE, Action, next_step
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    Append,
    Leases,
    LedgerStore,
    is_prepared,
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.intake_folder import with_dropped
from ansible_collections.inkan.tls.plugins.module_utils._module.order_foresight import foreseen_entry, foreseen_tasks
from ansible_collections.inkan.tls.plugins.module_utils._module.order_intake import IntakeDesk, is_told
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Call, Item
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import new_contact, wants_resend
from ansible_collections.inkan.tls.plugins.module_utils._module.order_loop import Loop, Tools
from ansible_collections.inkan.tls.plugins.module_utils._module.order_surplus import is_doubtful
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import (
    entry_data,
    entry_text,
    order_diff,
    planned_data,
    planned_text,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result

#: A lease outlives the deadline by this, for the last request on its way and the last write.
_LEASE_GRACE = 60.0
#: Seconds to wait for names that another run works on. A run that only records is short itself, and what it has to
#: say should not be lost.
_WAIT_FOR_LEASES = 3.0
_WAIT_TO_RECORD = 30.0
_LOOK_FOR_LEASES = 0.2


@dataclass(frozen=True)
class Csr:
    """What an item's CSR says; key ``known_after_order`` in check mode."""

    key: str = ""
    error: InkanError | None = None


def run_orders(call: Call, tools: Tools) -> Result:
    if not call.ledger_durable:
        require_durable(call.ledger_path)
    if call.takes_in and not call.record_only:
        call = replace(call, items=tuple(with_dropped(call.items, call.intake_path)))
    return _Run(call, tools).run() if call.items else _prepare(call)


def _prepare(call: Call) -> Result:
    """An empty list makes the ledger, or brings it to the newest schema, and nothing else."""
    if is_prepared(call.ledger_path):
        return Result([])
    if not call.check_mode:
        open_for_writing(call.ledger_path).close()
    return Result([], [Diff(call.ledger_path, "", "a ledger with the newest schema\n")], prepared=True)


class _Run:
    def __init__(self, call: Call, tools: Tools) -> None:
        self._call = call
        self._tools = tools
        self._ends_at = tools.clock.monotonic() + call.deadline
        self._intake = IntakeDesk(call, tools)
        self._csrs = {item.name: self._read_csr(item) for item in call.items}

    def run(self) -> Result:
        works = self._look_only()
        if self._call.mailboxes and self._call.until is Until.ISSUED and not self._call.record_only:
            from ansible_collections.inkan.tls.plugins.module_utils._module.intake_mail import with_mailed

            left = max(self._ends_at - self._tools.clock.monotonic(), 0.0)
            with_mailed(works, self._call, self._tools.reader, self._tools.clock, left / 2)
        before = {work.item.name: work.entry for work in works}
        if self._call.check_mode:
            for work in works:
                self._record_in_mind(work)
            diffs = [self._planned_diff(work, before[work.item.name]) for work in works]
            return Result([self._plan(work) for work in works], diffs)
        waiting = [work for work in works if self._needs_work(work)]
        if waiting:
            done = {work.item.name: work for work in self._work(waiting)}
            works = [done.get(work.item.name, work) for work in works]
        return Result(
            [self._report(work) for work in works],
            [_diff(work, before[work.item.name]) for work in works if work.changed],
        )

    # -- 1. look

    def _look_only(self) -> list[Work]:
        store = open_for_reading(self._call.ledger_path)
        if store is None:
            return self._decide({}, self._call.items)
        with store:
            return self._decide(self._read(store, self._call.items), self._call.items)

    def _read(self, store: LedgerStore, items: t.Sequence[Item]) -> dict[str, list[Entry]]:
        """Old orders too, where one of them may be the one to revoke."""
        return store.entries([item.name for item in items], settled=self._call.goal is Goal.REVOKED)

    def _decide(self, entries: t.Mapping[str, list[Entry]], items: t.Sequence[Item]) -> list[Work]:
        return [self._work_of(item, entries.get(item.name, [])) for item in items]

    def _work_of(self, item: Item, entries: list[Entry]) -> Work:
        csr = self._csrs[item.name]
        of_purpose = [entry for entry in entries if entry.order.purpose == item.purpose]
        if self._call.record_only:
            every = newest(of_purpose) or newest(entries)
            choice = Choice(Act.NOTHING, every, "only what was observed is recorded")
        elif csr.error is not None:
            choice = Choice(Act.REFUSE, newest(of_purpose), "the CSR cannot be used")
        else:
            choice = choose(self._wish(item, csr), of_purpose, self._tools.clock.now())
        work = Work(
            item=item,
            choice=choice,
            entries=list(entries),
            goal=self._call.goal,
            until=self._call.until,
            entry=choice.entry,
            then_new=choice.act in (Act.NEW, Act.REPLACE, Act.REORDER),
            public_key_sha256=csr.key,
            csr=item.csr,
            error=csr.error,
        )
        return self._checked(work)

    def _checked(self, work: Work) -> Work:
        if work.choice.act is Act.REFUSE and work.error is None:
            work.error = _refused(work)
        if work.choice.act is Act.REORDER and not work.csr and work.entry is not None:
            work.csr, work.public_key_sha256 = work.entry.order.csr, work.entry.order.public_key_sha256
            work.item = _as_ordered(work.item, work.entry)
        return work

    def _wish(self, item: Item, csr: Csr) -> Wish:
        return Wish(
            goal=self._call.goal,
            ca_account=item.ca_account,
            product=item.product,
            method=item.method,
            dns_names=frozenset(item.dns_names),
            csr_key=csr.key,
            replaces=item.replaces,
            serial=item.serial,
            custodian=item.custodian,
            resolve=item.resolve,
            brought=item.brought.certificate if item.brought else "",
        )

    def _read_csr(self, item: Item) -> Csr:
        if item.brought is not None:
            return self._read_brought(item, item.brought)
        if item.key_made_by == "seller" and self._call.goal is Goal.PRESENT and not self._call.record_only:
            return Csr(key=SELLERS_KEY) if item.dns_names else Csr()
        if not item.csr or self._call.goal is not Goal.PRESENT or self._call.record_only:
            return Csr()
        if item.csr == KNOWN_AFTER_ORDER:
            return Csr(key=item.public_key_sha256 or KNOWN_AFTER_ORDER)
        try:
            names, key = self._tools.reader.csr(item.csr)
        except InkanError as error:
            return Csr(error=_csr_error(item, error.code, error.why))
        if item.public_key_sha256 not in ("", key):
            return Csr(error=_csr_error(item, "csr_key_mismatch", f"its key is {key}, not {item.public_key_sha256}"))
        if names != frozenset(item.dns_names):
            why = f"its names are {', '.join(sorted(names)) or 'none'}, wanted are {', '.join(sorted(item.dns_names))}"
            return Csr(error=_csr_error(item, "csr_names_mismatch", why))
        return Csr(key=key)

    def _read_brought(self, item: Item, brought: Issued) -> Csr:
        try:
            _certificate, names, key = self._tools.reader.certificate(brought)
        except InkanError as error:
            return Csr(error=_csr_error(item, error.code, error.why))
        missing = [name for name in item.dns_names if not any(covers(pattern, name) for pattern in names)]
        if missing:
            why = f"what is brought has {', '.join(sorted(names))}, wanted are {', '.join(missing)}, too"
            return Csr(error=_csr_error(item, "csr_names_mismatch", why))
        return Csr(key=key)

    def _needs_work(self, work: Work) -> bool:
        if observations(work, self._tools.clock) or self._has_step(work) or self._followed(work):
            return True
        return self._intake.is_news(work)

    def _reached(self, work: Work) -> list[Fact]:
        """Steps for persons that the order has reached, and the ledger does not follow yet."""
        if work.entry is None or not work.item.tasks or self._call.goal is not Goal.PRESENT:
            return []
        return open_facts(work.entry, work.item.tasks, self._tools.clock.now())

    def _has_step(self, work: Work) -> bool:
        if work.choice.act is Act.NOTHING and not self._call.record_only and any(map(is_doubtful, work.entries)):
            return True
        if work.choice.act in (Act.NOTHING, Act.REFUSE):
            return False
        return work.choice.act is not Act.GO_ON or _adopts(work) or self._next_action(work) in REMOTE

    def _next_action(self, work: Work) -> Action:
        """Without having asked the account: whether it can find and cancel shows when it is open."""
        if work.then_new or work.entry is None:
            return Action.SUBMIT
        policy = Policy(goal=work.goal, until=work.until, visible=work.item.visible)
        return next_step(work.entry, self._tools.clock.now(), policy).action

    # -- 2. lease

    def _work(self, waiting: list[Work]) -> list[Work]:
        with open_for_writing(self._call.ledger_path) as store:
            names = [work.item.name for work in waiting]
            leases, busy = self._take_leases(store, names)
            try:
                works = self._decide(self._read(store, [work.item for work in waiting]), [w.item for w in waiting])
                mailed = {work.item.name: work.intake_error for work in waiting}
                for work in works:
                    work.intake_error = mailed.get(work.item.name)
                held = [work for work in works if work.item.name in leases.fences]
                for work in works:
                    if work.item.name in busy:
                        self._mark_busy(work)
                self._record(store, leases, held)
                self._open_tasks(store, leases, held)
                self._intake.record(store, leases, held)
                self._run_loop(store, leases, [work for work in held if self._has_step(work)])
                self._open_tasks(store, leases, held)
                made = [work for work in held if work.submitted and is_told(work)]
                if self._intake.record(store, leases, made):  # of orders that this very call has made
                    self._run_loop(store, leases, made)
                store.settle(leases, [entry for work in held for entry in _settled(work)])
            finally:
                _release(store, leases)
        return works

    def _take_leases(self, store: LedgerStore, names: list[str]) -> tuple[Leases, frozenset[str]]:
        clock = self._tools.clock
        seconds = max(self._ends_at - clock.monotonic(), 0.0)
        wait = _WAIT_TO_RECORD if self._call.record_only else _WAIT_FOR_LEASES
        until = clock.monotonic() + min(wait, seconds / 2)
        leases, busy = store.take_leases(names, seconds + _LEASE_GRACE)
        while busy and clock.monotonic() < until:
            clock.sleep(_LOOK_FOR_LEASES)
            more, busy = store.take_leases(busy, seconds + _LEASE_GRACE)
            leases = Leases(leases.owner, {**leases.fences, **more.fences})
        return leases, frozenset(busy)

    def _mark_busy(self, work: Work) -> None:
        work.busy = True
        if self._call.record_only:
            work.error = LocalError(
                code="ledger_busy",
                what=f'Cannot record what was observed of "{work.item.name}"',
                where=self._call.ledger_path,
                why="another run works on this certificate",
                todo="Nothing is lost: the next run observes it again",
                retryable=True,
            )

    # -- 3. record

    def _record(self, store: LedgerStore, leases: Leases, works: list[Work]) -> None:
        """Also a person's decisions: they are facts that come from outside, too."""
        additions = []
        for work in works:
            facts = observations(work, self._tools.clock)
            decided = [] if self._call.record_only else decisions(work, self._tools.clock)
            if decided and work.entry is not None:
                facts.setdefault(work.entry.number, []).extend(decided)
            by_number = {entry.number: entry for entry in work.entries}
            additions += [(work, Append(by_number[number], tuple(new))) for number, new in facts.items()]
        if not additions:
            return
        entries = store.append(leases, [addition for _work, addition in additions])
        for (work, _addition), entry in zip(additions, entries):
            work.changed = True
            work.put(entry)

    def _followed(self, work: Work) -> list[Append]:
        """What becomes of steps for persons by how the orders stand: reached, or followed by another order."""
        reached = self._reached(work)
        found = [Append(entry, (fact,)) for entry, fact in corrected_facts(work.entries, self._tools.clock.now())]
        return [*([Append(work.entry, tuple(reached))] if reached and work.entry else []), *found]

    def _open_tasks(self, store: LedgerStore, leases: Leases, works: list[Work]) -> None:
        additions = [(work, addition) for work in works for addition in self._followed(work)]
        if additions:
            entries = store.append(leases, [addition for _work, addition in additions])
            for (work, _addition), entry in zip(additions, entries):
                work.changed = True
                work.put(entry)

    # -- 4. work

    def _run_loop(self, store: LedgerStore, leases: Leases, works: list[Work]) -> None:
        if works:
            Loop(self._tools, store, leases, self._call.accounts, self._ends_at).run(works)

    # -- 5. report

    def _report(self, work: Work) -> ItemResult:
        entry = work.entry
        return ItemResult(
            name=work.item.name,
            outcome=outcome_of(work, self._call.record_only),
            state=entry.state.value if entry else State.NONE.value,
            changed=work.changed,
            error=work.error or work.intake_error,
            extra=entry_data(entry, work.entries),
        )

    # -- check mode

    def _record_in_mind(self, work: Work) -> None:
        by_number = {entry.number: entry for entry in work.entries}
        for number, facts in observations(work, self._tools.clock).items():
            work.put(by_number[number].having(facts))
            work.changed = True
        reached = self._reached(work)
        if reached and work.entry is not None:
            work.put(work.entry.having(reached))
            work.changed = True
        if is_told(work) and not work.then_new:
            self._intake.record_in_mind(work)

    def _plan(self, work: Work) -> ItemResult:
        if work.then_new and work.error is None:
            work.error = self._intake.application_error(work)
        if work.then_new and work.error is None:
            return ItemResult(
                name=work.item.name,
                outcome="submitted",
                state=State.WANTED.value,
                changed=True,
                extra=self._planned(work),
            )
        result = self._report(work)
        result.changed = work.changed or self._would_act(work)
        if self._would_act(work) and self._next_action(work) is Action.ASK_READY:
            result.extra["certificate"] = KNOWN_AFTER_ORDER
        return result

    def _planned(self, work: Work) -> dict[str, t.Any]:
        data = planned_data(work.item, work.public_key_sha256, work.entries)
        found = foreseen_tasks(foreseen_entry(work, self._intake.adapter_of(work), self._tools.clock.now()))
        return {**data, "tasks": found["tasks"], "wanted": {**data["wanted"], "tasks": found["wanted"]}}

    def _would_act(self, work: Work) -> bool:
        if work.choice.act in (Act.NOTHING, Act.REFUSE):
            return False
        if wants_resend(work) or new_contact(work) is not None:
            return True
        return work.choice.act is Act.CLOSE or _adopts(work) or self._next_action(work) in REMOTE_CHANGES

    def _planned_diff(self, work: Work, known: Entry | None) -> Diff:
        before, after = entry_text(known), entry_text(work.entry)
        if work.then_new and work.error is None:
            entry = foreseen_entry(work, self._intake.adapter_of(work), self._tools.clock.now())
            after = planned_text(work.item) + "".join(f"to do: {task.what}\n" for _id, task in open_tasks(entry))
        elif self._would_act(work):
            after += f"next step: {self._next_action(work).value}\n"
        return order_diff(work.item.name, before, after)


REMOTE_CHANGES = frozenset(REMOTE) - {Action.LOOK}


def observations(work: Work, clock: Clock) -> dict[int, list[Fact]]:
    """What the play saw and the ledger does not know yet: facts by the number of the entry they belong to."""
    found: dict[int, list[Fact]] = {}
    item, now = work.item, clock.now()
    for entry, facts in (*_token_facts(work, now), *_standing_facts(work, now), *_host_facts(work, now)):
        found.setdefault(entry.number, []).extend(facts)
    if work.entry is not None and item.hosts is not None and _hosts_differ(work, work.entry, item.hosts):
        found.setdefault(work.entry.number, []).append(Fact(Kind.HOSTS, now, names=item.hosts, by="us"))
    return found


def _standing_facts(work: Work, now: datetime) -> t.Iterator[tuple[Entry, list[Fact]]]:
    """Records that role contacts keeps, remembered by the newest order that is done: an open one wants its own."""
    known = {(token.name, token.value) for token in _standing_tokens(work.entries)}
    said = [tuple(record.split(" ", 1)) for record in work.item.observed.standing]
    new = tuple(TokenRecord(owner, "TXT", value, STANDING_TTL) for owner, value in said if (owner, value) not in known)
    done = [entry for entry in work.entries if not entry.is_open]
    if new and done:
        yield done[-1], [Fact(Kind.WANTED, now, wanted=Wanted(records=new))]


def _standing_tokens(entries: t.Iterable[Entry]) -> t.Iterator[TokenRecord]:
    for left in standing_records(entries).values():
        if isinstance(left.token, TokenRecord):
            yield left.token


def _hosts_differ(work: Work, entry: Entry, hosts: tuple[str, ...]) -> bool:
    """Hosts come and go in the inventory while an order lives; the orders of old keep theirs."""
    lives = entry.is_open or entry.standing.certificate is not None
    return lives and not work.then_new and work.error is None and hosts != entry.standing.hosts


def _host_facts(work: Work, now: datetime) -> t.Iterator[tuple[Entry, list[Fact]]]:
    """About the newest certificate, or the one whose key the item names."""
    observed, key = work.item.observed, work.item.public_key_sha256
    issued = [entry for entry in work.entries if entry.standing.certificate is not None]
    if work.choice.act is Act.NOTHING and key:
        issued = [entry for entry in issued if entry.public_key_sha256 == key]
    entry = max(issued, key=lambda one: one.number, default=None)
    if entry is None:
        return
    there = [host for host in observed.deployed_on if host not in entry.standing.deployed_on]
    back = [host for host in observed.rolled_back_on if host not in entry.standing.rolled_back_on]
    facts = [Fact(Kind.DEPLOYED, now, host=host, by="us") for host in there]
    facts += [Fact(Kind.ROLLED_BACK, now, host=host, by="us") for host in back]
    if facts:
        yield entry, facts


def _token_facts(work: Work, now: datetime) -> t.Iterator[tuple[Entry, list[Fact]]]:
    """A removal counts for every order of the name that had this token, a publication for those that want it.

    Where none wants it any more, it counts for those that had it: who slept beyond its lease may publish what another
    has removed, then it is left over again.
    """
    observed = work.item.observed
    needed = {one for entry in work.entries for one in tokens_of(entry.standing.wanted)}
    for entry in work.entries:
        standing = entry.standing
        wanted = tokens_of(standing.wanted)
        known = wanted.keys() | (standing.once_wanted - standing.outstanding.keys() - needed)
        published = [one for one in observed.published if one in known and one not in standing.published]
        removed = [one for one in observed.removed if one in standing.outstanding and one not in wanted]
        facts = [Fact(Kind.TOKEN_PUBLISHED, now, token=one, by="us") for one in published]
        facts += [Fact(Kind.TOKEN_REMOVED, now, token=one, by="us") for one in removed]
        if facts:
            yield entry, facts


def decisions(work: Work, clock: Clock) -> list[Fact]:
    """A person's answer to needs_person, as facts."""
    if work.choice.act in (Act.CLOSE, Act.REORDER):
        text = work.item.resolve.value if work.item.resolve else ""
        return [Fact(Kind.CANCELLED, clock.now(), by="person", text=text)]
    if _adopts(work):
        return [Fact(Kind.SUBMITTED, clock.now(), handle=work.item.handle, by="person")]
    return []


def _adopts(work: Work) -> bool:
    asked = work.entry is not None and work.entry.state is State.NEEDS_PERSON
    return asked and work.choice.act is Act.GO_ON and work.item.resolve is Resolve.ADOPT


def outcome_of(work: Work, record_only: bool) -> str:
    entry = work.entry
    if work.busy:
        return "busy"
    if record_only:
        return "recorded" if work.changed else "nothing_to_do"
    if work.choice.act is Act.REFUSE:
        return "refused"
    if work.error is not None and (entry is None or work.is_new or (entry.is_open and entry.state is State.NONE)):
        return "postponed" if work.error.retryable else "refused"
    if entry is None:
        return "nothing_to_do"
    if entry.is_open:
        return _outcome_of_open(work, entry)
    if work.goal is Goal.PRESENT and entry.state in (State.ISSUED, State.DEPLOY_PENDING):
        return "issued"
    if not work.changed:
        return "nothing_to_do"
    return "issued" if entry.state is State.DEPLOYED else entry.state.value


def _outcome_of_open(work: Work, entry: Entry) -> str:
    if entry.state is State.NEEDS_PERSON:
        return "needs_person"
    return "submitted" if work.submitted else "in_progress"


def _settled(work: Work) -> list[Entry]:
    """Orders that nothing can follow any more: another one speaks for their name and purpose, and another certificate
    is the newest, which may still be deployed or rolled back."""
    entries = work.entries
    speaking = [newest(one for one in entries if one.order.purpose == of.order.purpose) for of in entries]
    speaking.append(newest(one for one in entries if one.standing.certificate is not None))
    kept = {entry.number for entry in speaking if entry is not None}
    return [
        entry
        for entry in entries
        if not (entry.is_open or _answers_alone(entry, entries) or is_doubtful(entry)) and entry.number not in kept
    ]


def _answers_alone(entry: Entry, entries: t.Iterable[Entry]) -> bool:
    """Whether something is outstanding that no later order remembers, too: a standing record is of many orders."""
    later = (one.standing.outstanding for one in entries if one.number > entry.number)
    return bool(set(entry.standing.outstanding).difference(*later))


def _diff(work: Work, before: Entry | None) -> Diff:
    return order_diff(work.item.name, entry_text(before), entry_text(work.entry))


def _release(store: LedgerStore, leases: Leases) -> None:
    """A ledger that cannot be written any more has said so already; its leases end with this process."""
    with contextlib.suppress(LocalError):
        store.release(leases)


def _as_ordered(item: Item, entry: Entry) -> Item:
    order = entry.order
    return replace(
        item,
        ca_account=order.ca_account,
        product=order.product,
        common_name=order.common_name,
        dns_names=order.dns_names,
        method=order.method,
        custodian=order.custodian,
        hosts=item.hosts if item.hosts is not None else entry.standing.hosts,
        options=order.options,
    )


def _csr_error(item: Item, code: str, why: str) -> InkanError:
    return InputError(
        code=code,
        what="Cannot order with this CSR",
        where=f'item "{item.name}"',
        why=why,
        todo="Nothing was ordered for it. Let certificate_requests make the CSR again",
    )


def _refused(work: Work) -> InkanError:
    revoking = work.goal is Goal.REVOKED
    return PolicyError(
        code="certificate_unknown" if revoking else "key_compromised",
        what="Cannot revoke the certificate" if revoking else "Will not order",
        where=f'item "{work.item.name}"',
        why=work.choice.why,
        todo="Correct the serial number" if revoking else "Make a new key (reuse: false) and order with its CSR",
    )


__all__ = ["Call", "Item", "Tools", "Until", "run_orders"]
