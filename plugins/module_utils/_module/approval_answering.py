# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering approval mails, so that a form is sent once, whatever is killed when.

    lease ─► read the ledger anew ─► ask the CA ─► what was begun before is cleared up by what the CA says
                                                        │
       for each domain: page ─► checks ─► intent (synced) ─► POST ─► ask the CA ─► outcome (synced)

An intent without an outcome is asked of the CA. Where it cannot be asked (a portal), a person has to look: the form is
not sent again. What a person refuses is sent nowhere at all.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import Attempt, Flaw, Page, holds
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_checks import Case, first_flaw
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_form import Sending, sending
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import correction_fact
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    PolicyError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, State
from ansible_collections.inkan.tls.plugins.module_utils._core.people import where_to_ask
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Act, Choice, Goal, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import Append, Leases, LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._mail.pages import Browser
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_orders import attempts_of, evidence_of
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_values import Sighting, Subject
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import Accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import facts_of_seen
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Item
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import request_for
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import iso
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work

__all__ = ["Answering", "Desk"]

#: how long a CA may take to say that it has an approval: before that, "it waits" does not mean that none came
_SETTLE = timedelta(minutes=15)
_ENDED = (Status.REFUSED, Status.EXPIRED, Status.CANCELLED)


@dataclass(frozen=True)
class Desk:
    """What answering works with. actor: who runs this; judged: the mails of an order, judged anew by its entry."""

    store: LedgerStore
    leases: Leases
    accounts: Accounts
    http: HttpClient
    clock: Clock
    actor: t.Mapping[str, str]
    seconds: t.Callable[[], float]
    judged: t.Callable[[Subject, Entry], list[Sighting]]


class Answering:
    """One order; its lease is held. by: person or auto."""

    def __init__(self, desk: Desk, subject: Subject, entry: Entry, by: str) -> None:
        self._desk = desk
        self._subject = subject
        self._entry = entry
        self._by = by

    # -- approve

    def approve(self, most: int) -> int:
        """How many forms were sent."""
        seen = self._ask()
        if seen is None:
            return 0
        self._clear_up(seen)
        if self._subject.outcome:
            return 0
        self._subject.mails = self._desk.judged(self._subject, self._entry)
        sent = 0
        for one in self._by_domain():
            if sent >= most or self._desk.seconds() <= 0:
                break
            sent += self._answer(one)
        if not sent and not self._subject.outcome and self._subject.error is None and self._by == "person":
            self._subject.error = self._out_of_time() if self._subject.answerable else self._nothing_to_answer()
        return sent

    def _by_domain(self) -> list[Sighting]:
        """The newest mail of each domain: any one of several recipients approves (IIJ-2)."""
        newest: dict[str, Sighting] = {}
        for one in self._subject.answerable:
            newest[one.domain] = one
        return list(newest.values())

    def _nothing_to_answer(self) -> InkanError:
        flaws = [f"{one.mail.subject[:80]!r}: {one.flaw.why}" for one in self._subject.mails if one.flaw is not None]
        return PolicyError(
            code="approval_mail_missing",
            what=f'Will not approve "{self._entry.order.name}"',
            where=f'item "{self._entry.order.name}"',
            why="; ".join(flaws[:3]) or "no mail about it was found",
            todo="Nothing was sent. Look at the mail yourself, and answer it by hand if it is right",
        )

    def _out_of_time(self) -> InkanError:
        return DeadlineError(
            code="approval_no_time_left",
            what=f'Has not approved "{self._entry.order.name}"',
            where=f'item "{self._entry.order.name}"',
            why="the time of the run was up before its page was opened",
            todo="Nothing was sent. Run again, or give the run more time (inkan_deadline)",
        )

    # -- one form after the other

    def _answer(self, one: Sighting) -> int:
        case = replace(one.case, answering=True) if one.case is not None else None
        if case is None:
            return 0
        found = first_flaw(case, "mail")
        if found is not None:
            self._doubt(one, found[0].name, found[1])
            return 0
        browser = Browser(self._desk.http, max(self._desk.seconds() / 2, 0.001))
        try:
            page = browser.show(case.link.url)
        except InkanError as error:
            self._subject.error = self._cleaned(error, case)
            return 0
        made = self._made(one, case, page)
        if made is None:
            return 0
        self._intend(case, page, made)
        self._send(browser, case, page, made)
        return 1

    def _made(self, one: Sighting, case: Case, page: Page) -> Sending | None:
        """The form as it will be sent, or the flaw that was found."""
        found = first_flaw(replace(case, page=page), "page")
        code = self._code(case) if found is None else ""
        if found is None and case.profile.code_pattern and not code:
            found_flaw: Flaw | None = Flaw("code_missing", "the code is not where it should stand in the mail")
        else:
            found_flaw = found[1] if found is not None else None
        if found_flaw is not None:
            self._doubt(one, "page", found_flaw)
            return None
        order = case.match.order
        if order is None:
            return None
        made = sending(page, case.profile, case.step, order, case.match.domain, case.signature, code)
        if isinstance(made, Flaw):
            self._doubt(one, "page", made)
            return None
        return made

    @staticmethod
    def _code(case: Case) -> str:
        if not case.profile.code_pattern:
            return ""
        codes = set(re.findall(case.profile.code_pattern, case.mail.text, re.IGNORECASE))
        return codes.pop() if len(codes) == 1 else ""

    def _doubt(self, one: Sighting, check: str, flaw: Flaw) -> None:
        self._subject.mails = [
            replace(other, check=check, flaw=flaw) if other is one else other for other in self._subject.mails
        ]

    def _intend(self, case: Case, page: Page, made: Sending) -> None:
        evidence = {
            **{f"actor_{key}": value for key, value in self._desk.actor.items()},
            "mail": case.mail.id[:200],
            "mail_received": str(iso(case.mail.received_at)),
            "page_sha256": hashlib.sha256(page.text.encode()).hexdigest(),
            "recipient": ", ".join(case.mail.recipients)[:300],
            **({"scope": made.scope[:100]} if made.scope else {}),
        }
        self._write(
            Fact(
                Kind.APPROVAL_INTENDED,
                self._desk.clock.now(),
                host=case.match.domain,
                word=case.profile.key,
                token=case.mail.digest,
                by=self._by,
                text=evidence_of(evidence),
            )
        )
        self._subject.changed = True

    def _send(self, browser: Browser, case: Case, page: Page, made: Sending) -> None:
        """Every form of the row, each once. Whatever goes wrong after the first byte is asked of the CA."""
        after, failure = page, ""
        step = 0
        try:
            after = browser.send(made.url, made.fields)
            for step in range(1, len(case.profile.forms)):
                later = replace(case, page=after, step=step)
                found = first_flaw(later, "page")
                order = case.match.order
                following = (
                    sending(after, case.profile, step, order, case.match.domain, case.signature)
                    if found is None and order is not None
                    else Flaw("page_form_missing", "")
                )
                if isinstance(following, Flaw):
                    why = found[1].why if found is not None else following.why
                    self._outcome(case, "stopped_midway", why)
                    self._subject.outcome = "approval_unknown"
                    return
                after = browser.send(following.url, following.fields)
        except TransportError as error:
            if not error.sent and step == 0:
                self._outcome(case, "not_sent", error.what)
                self._subject.error = self._cleaned(error, case)
                return
            failure = error.code
        except InkanError as error:
            failure = error.code
        self._confirm(case, after, failure)

    # -- confirmation

    def _confirm(self, case: Case, after: Page, failure: str) -> None:
        """By the CA; at a portal, which cannot be asked, by what the page says."""
        is_said = not failure and holds(after.text, case.profile.done)
        if self._is_told_by_persons():
            if is_said:
                taken = Fact(Kind.TAKEN_IN, self._desk.clock.now(), word="approved", by="mail")
                self._outcome(case, "approved", "", taken)
                self._ask()
                self._subject.outcome = "approved"
            else:
                self._unknown(case.match.domain)
            return
        seen = self._ask()
        has_it = seen is not None and _has(seen, case.match.domain)
        if first_flaw(replace(case, confirmed=has_it), "answer") is None:
            self._outcome(case, "approved", "")
            self._subject.outcome = "approved"
        elif is_said and seen is not None and not failure:
            self._outcome(case, "said_only", "its page says so, the CA does not yet")
            self._subject.outcome = "approval_unknown"
        else:
            self._unknown(case.match.domain)

    def _clear_up(self, seen: Seen) -> None:
        """What was begun before, and nobody knows what came of it."""
        for attempt in attempts_of(self._entry.facts).values():
            if attempt.outcome and attempt.outcome != "said_only":
                continue
            if _has(seen, attempt.domain) and not self._is_told_by_persons():
                self._settle(attempt, "approved", "the CA says that it has it")
                self._subject.outcome = "approved"
            elif seen.status in _ENDED:
                self._settle(attempt, "over", "the order has ended")
            elif self._is_told_by_persons() or attempt.outcome == "said_only":
                self._unknown(attempt.domain)
            elif self._desk.clock.now() - attempt.at >= _SETTLE:
                self._settle(attempt, "absent", "the CA was asked: it still waits for the approval")
            else:
                self._unknown(attempt.domain)

    def _settle(self, attempt: Attempt, code: str, why: str) -> None:
        self._write(self._outcome_fact(attempt.domain, attempt.digest, code, why))
        self._subject.changed = True

    def _unknown(self, domain: str) -> None:
        self._subject.outcome = "approval_unknown"
        if self._is_told_by_persons():
            self._subject.error = RefusedError(
                code="approval_unknown",
                what=f"Nobody knows whether the approval of {domain} arrived",
                where=f'item "{self._entry.order.name}"',
                why="the form was sent, and this seller cannot be asked",
                todo="Nothing is sent again. Open the mail yourself: if the page says that it was used, tell it with"
                " inkan_intake (approved: true); else press the button there",
            )

    # -- refuse

    def refuse(self, reason: str, procedure: str, lapses: datetime | None) -> None:
        """Ends the order here, at the CA where it can be cancelled; the rest is a person's, as the procedure says, and
        the correction, which is followed until there is another order. lapses: when the live certificate ends."""
        if not self._is_told_by_persons() and not self._cancel():
            return
        why = reason or "a person refused the approval"
        fact = Fact(
            Kind.REFUSED,
            self._desk.clock.now(),
            by="person",
            code="approval_refused",
            text=f"{why}. {procedure}"[:2000],
        )
        given = self._subject.item.owner
        owner = given if given.name else given._replace(name=self._desk.actor.get("user", ""))
        self._write(fact, correction_fact(self._entry, why, where_to_ask(self._entry), owner, lapses, fact.at))
        self._subject.changed = True
        self._subject.outcome = "refused"

    def _cancel(self) -> bool:
        """Whether the order is no longer open at the CA."""
        account = self._desk.accounts.of(self._work())
        try:
            capabilities = self._desk.accounts.capabilities(account)
            if capabilities is None:
                raise account.error or RefusedError(code="person_needed", what="The CA cannot be asked now")
            if not capabilities.cancel:
                return True
            self._write(Fact(Kind.CANCEL_INTENDED, self._desk.clock.now(), by="person"))
            account.ca.cancel(self._entry.standing.handle, request_for(self._work()))
        except InkanError as error:
            self._subject.error = self._desk.accounts.told(error, self._work())
            return False
        return True

    # -- the CA and the ledger

    def _work(self) -> Work:
        choice = Choice(Act.GO_ON, self._entry, "an approval mail is about it")
        work = Work(Item(self._entry.order.name), choice, [self._entry], Goal.PRESENT, Until.WANTED)
        work.entry = self._entry
        return work

    def _ask(self) -> Seen | None:
        """What the CA says of the order now, written down; None: it could not be asked, and the item says why."""
        work = self._work()
        account = self._desk.accounts.of(work)
        try:
            if self._desk.accounts.capabilities(account) is None:
                raise account.error or RefusedError(code="person_needed", what="The CA cannot be asked now")
            seen = account.ca.look(self._entry.standing.handle, request_for(work))
            self._write(*facts_of_seen(self._entry, seen, self._desk.clock.now()))
        except InkanError as error:
            self._subject.error = self._desk.accounts.told(error, work)
            return None
        if seen.status is not Status.WANTS_APPROVAL and self._entry.state is not State.AWAITING_APPROVAL:
            self._subject.words["said"] = seen.status.value
        return seen

    def _is_told_by_persons(self) -> bool:
        capabilities = self._desk.accounts.capabilities(self._desk.accounts.of(self._work()))
        return capabilities is not None and capabilities.takes_in

    def _outcome(self, case: Case, code: str, why: str, *more: Fact) -> None:
        self._write(self._outcome_fact(case.match.domain, case.mail.digest, code, why), *more)

    def _outcome_fact(self, domain: str, digest: str, code: str, why: str) -> Fact:
        text = evidence_of({"why": why[:300]}) if why else ""
        return Fact(
            Kind.APPROVAL_OUTCOME, self._desk.clock.now(), host=domain, token=digest, code=code, by=self._by, text=text
        )

    def _write(self, *facts: Fact) -> None:
        (self._entry,) = self._desk.store.append(self._desk.leases, [Append(self._entry, facts)])
        self._subject.entry = self._entry

    def _cleaned(self, error: InkanError, case: Case) -> InkanError:
        """Without the link, which approves for whoever has it."""
        return type(error)(
            code=error.code,
            what="Cannot open the approval page",
            where=f'item "{self._entry.order.name}", {case.profile.title}',
            why=error.why,
            todo=error.todo or "Run again, or approve by hand",
            retryable=error.retryable,
        )


def _has(seen: Seen, domain: str) -> bool:
    """Whether the CA counts the domain as approved, or needs no approval any more."""
    if domain in seen.validated:
        return True
    return seen.status in (Status.VALIDATING, Status.ISSUING, Status.ISSUED, Status.WANTS_VALIDATION)
