# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do next with an order: one pure, total function of its facts, the time and the wish.

        none ───► SUBMIT                                intended ──► FIND_LOST ─ found ──► LOOK
                                                            │            └───── none ───► SUBMIT
                                                            └ cannot ask ► AWAIT_PERSON
      wanted ───► LOOK (once a call) ─► AWAIT_PUBLICATION ── visible, or nothing to publish ──► ASK_READY
                     └─ what it wants has to be asked for ──► PREPARE ──► wanted
  validating ┬──► LOOK (again and again until the deadline; AWAIT_CA when the call is only about what is wanted)
     issuing ┘          └─ issued ──► DOWNLOAD ──► deploy_pending ──► AWAIT_DEPLOYMENT ──► deployed
  awaiting_approval, awaiting_person ──► LOOK (once a call) ──► CHANGE_CONTACT, RESEND (if wished) ──► AWAIT_APPROVAL
                                                                                             │
  refused, expired, cancelled, rolled_back, revoked, issued, deployed ──► CLEAN_UP ──► DONE ◄┘

``CANCEL`` and ``REVOKE`` take the place of all that when they are the goal. An answer with a word that nobody knows is
looked at again, never acted on.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Answer,
    Entry,
    Kind,
    Standing,
    State,
    tokens_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.people import open_tasks
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Goal, Policy, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task


class Action(enum.Enum):
    # the CA is asked
    FIND_LOST = "find_lost"
    CANCEL = "cancel"
    REVOKE = "revoke"
    SUBMIT = "submit"
    PREPARE = "prepare"
    ASK_READY = "ask_ready"
    LOOK = "look"
    CHANGE_CONTACT = "change_contact"
    RESEND = "resend"
    DOWNLOAD = "download"
    # somebody else has the next word, or nobody
    AWAIT_PUBLICATION = "await_publication"
    AWAIT_CA = "await_ca"
    AWAIT_APPROVAL = "await_approval"
    AWAIT_DEPLOYMENT = "await_deployment"
    AWAIT_PERSON = "await_person"
    CLEAN_UP = "clean_up"
    DONE = "done"


#: Steps that ask the CA, in the order in which a batch takes them: what was lost first, what costs least to wait last.
REMOTE: tuple[Action, ...] = (
    Action.FIND_LOST,
    Action.CANCEL,
    Action.REVOKE,
    Action.SUBMIT,
    Action.PREPARE,
    Action.ASK_READY,
    Action.LOOK,
    Action.CHANGE_CONTACT,
    Action.RESEND,
    Action.DOWNLOAD,
)


#: No call lasts longer (its deadline is at most a day), so nothing of that time can be on its way any more.
_LONG_AGO = timedelta(days=2)
#: Answers that do not say yet what is wanted.
_SAYS_NOTHING = frozenset({None, Answer.UNKNOWN, Answer.ACCEPTED})
#: How often a call that is only about what is wanted looks at such an answer: a CA's database may lag.
_LOOKS_AT_NOTHING = 6


class Step(t.NamedTuple):
    """``at``: not before then (None: now)."""

    action: Action
    why: str
    at: datetime | None = None


def next_step(entry: Entry, now: datetime, policy: Policy) -> Step:
    if policy.goal is Goal.REVOKED:
        return _revoke(entry)
    if policy.goal is Goal.CANCELLED and entry.is_open:
        return _cancel(entry, now, policy)
    if policy.unprepared and entry.is_open and entry.standing.handle:
        return Step(Action.PREPARE, "what the CA wants is known when it was asked for it")
    return _STEPS[entry.state](entry, now, policy)


def _submit(_entry: Entry, _now: datetime, _policy: Policy) -> Step:
    return Step(Action.SUBMIT, "nothing is known to be at the CA")


def _find(entry: Entry, now: datetime, policy: Policy) -> Step:
    if not policy.can_find:
        why = "the order may have reached the CA, and this CA cannot be asked for it: ordering again could buy it twice"
        return Step(Action.AWAIT_PERSON, why)
    why = "the order was sent and its answer was lost: ask the CA before ordering again"
    if policy.none_for is not None and policy.none_for < policy.settle:
        return Step(Action.FIND_LOST, why + ", once more when it had the time", now + policy.settle - policy.none_for)
    return Step(Action.FIND_LOST, why)


def settled(intended_at: datetime, now: datetime, policy: Policy) -> bool:
    """Whether "there is none" may be believed: it was said twice, that far apart.

    The time since the intent says little: a request may have waited for its turn, or for an answer, until a moment ago.
    """
    is_said_twice = policy.none_for is not None and policy.none_for >= policy.settle
    return is_said_twice or now - intended_at >= _LONG_AGO


def _answer(entry: Entry, now: datetime, policy: Policy) -> Step:
    standing = entry.standing
    if standing.status is Answer.UNKNOWN:
        return _poll(entry, now, policy)
    to_publish = tokens_of(standing.wanted)
    if policy.until is Until.ISSUED and (policy.visible or not to_publish):
        why = "everything wanted is visible" if to_publish else "nothing has to be published"
        return Step(Action.ASK_READY if policy.can_ask else Action.LOOK, why)
    if not policy.looked:
        return Step(Action.LOOK, "the CA may want something else by now, or have looked by itself")
    if to_publish:
        return Step(Action.AWAIT_PUBLICATION, "the CA waits for records or files")
    return Step(Action.AWAIT_CA, "nothing has to be published")


def _poll(entry: Entry, _now: datetime, policy: Policy) -> Step:
    if policy.until is Until.ISSUED or not policy.looked:
        return Step(Action.LOOK, "the CA is at work")
    if entry.standing.status in _SAYS_NOTHING and policy.looks < _LOOKS_AT_NOTHING:
        return Step(Action.LOOK, "what the CA wants is not known yet")
    return Step(Action.AWAIT_CA, "the CA is at work")


def _await_approval(entry: Entry, _now: datetime, policy: Policy) -> Step:
    """Nobody hurries a person by asking the CA again and again."""
    if not policy.looked:
        return Step(Action.LOOK, "somebody may have approved it by now")
    if policy.new_contact:
        return Step(Action.CHANGE_CONTACT, "somebody else is to approve it")
    if policy.resend:
        return Step(Action.RESEND, "the approval mails are wanted once more")
    return Step(Action.AWAIT_APPROVAL, _approval(entry))


def _approval(entry: Entry) -> str:
    """By mail; or as the CA's own words about this order say, such as that an account's administrator must act."""
    wanted = entry.standing.wanted
    if wanted.tasks:
        return _spoken(wanted.tasks[0])
    if wanted.mails:
        return f"approve by the mail to {' or '.join(wanted.mails)}"
    return "; ".join(wanted.notes) or "approve, as the CA asks for it"


def _spoken(task: Task) -> str:
    return f"{task.what} ({task.where})" if task.where else task.what


def _fetch(entry: Entry, now: datetime, policy: Policy) -> Step:
    if entry.standing.status is Answer.ISSUED:
        return Step(Action.DOWNLOAD, "the certificate is there")
    return _poll(entry, now, policy)


def _person(entry: Entry, _now: datetime, _policy: Policy) -> Step:
    reason = entry.standing.reason
    return Step(Action.AWAIT_PERSON, reason.text if reason and reason.text else "a person has to decide")


def _deploy(entry: Entry, _now: datetime, _policy: Policy) -> Step:
    return Step(Action.AWAIT_DEPLOYMENT, f"not on {', '.join(entry.standing.hosts_pending)} yet")


def _end(entry: Entry, _now: datetime, _policy: Policy) -> Step:
    if entry.standing.outstanding:
        return Step(Action.CLEAN_UP, "records or files of this order may still be there")
    return Step(Action.DONE, "nothing is left to do")


def _revoke(entry: Entry) -> Step:
    if entry.standing.certificate is None or entry.state is State.REVOKED:
        return Step(Action.DONE, "there is no certificate to revoke")
    return Step(Action.REVOKE, "the certificate is to be revoked")


def _cancel(entry: Entry, now: datetime, policy: Policy) -> Step:
    if entry.state is State.INTENDED:
        return _find(entry, now, policy)
    if entry.state is State.NEEDS_PERSON:
        return _person(entry, now, policy)
    if entry.standing.status is Answer.ISSUED:
        return Step(Action.DOWNLOAD, "the certificate was issued before it could be cancelled: keep it, then revoke it")
    if entry.standing.handle and not policy.can_cancel:
        return Step(Action.AWAIT_PERSON, "this CA has no way to cancel: cancel at its portal, then resolve=give_up")
    return Step(Action.CANCEL, "the order is to be cancelled")


_STEPS: dict[State, t.Callable[[Entry, datetime, Policy], Step]] = {
    State.NONE: _submit,
    State.INTENDED: _find,
    State.WANTED: _answer,
    State.AWAITING_APPROVAL: _await_approval,
    State.AWAITING_PERSON: _await_approval,
    State.VALIDATING: _poll,
    State.ISSUING: _fetch,
    State.NEEDS_PERSON: _person,
    State.ISSUED: _end,
    State.DEPLOY_PENDING: _deploy,
    State.DEPLOYED: _end,
    State.ROLLED_BACK: _end,
    State.REVOKED: _end,
    State.REFUSED: _end,
    State.EXPIRED: _end,
    State.CANCELLED: _end,
}


class Waiting(t.NamedTuple):
    """Who must act, what, and by when. actor: customer, seller, ca, person or us.

    owner: who of them, where somebody is named; task: what a person finds there who does it at a portal
    """

    actor: str
    what: str
    by: datetime | None
    owner: str = ""
    task: Task | None = None


_AT_A_PORTAL = frozenset({State.AWAITING_PERSON, State.AWAITING_APPROVAL})
#: The CA is at work; where a person has to answer it, that is what is waited for.
_EXAMINED = frozenset({State.VALIDATING, State.ISSUING})


def _is_told_so(standing: Standing) -> bool:
    """By a task of the adapter's; else an approval mail comes first, and vetting without one is a task of ours."""
    return bool(standing.wanted.tasks or not standing.wanted.mails)


def waiting_for(entry: Entry) -> Waiting | None:
    """Whose turn it is, for people and reports; None when nobody has to act."""
    standing = entry.standing
    tasks = [task for _id, task in open_tasks(entry)]
    if tasks and (entry.state in _EXAMINED or (entry.state in _AT_A_PORTAL and _is_told_so(standing))):
        task = tasks[0]
        return Waiting(task.actor, _spoken(task), task.due or standing.expires, task.owner, task)
    if tasks and entry.state is State.REFUSED:
        return Waiting(tasks[0].actor, _spoken(tasks[0]), tasks[0].due, tasks[0].owner, tasks[0])
    if entry.state is State.NONE:
        return Waiting("us", "send the order", None)
    if entry.state is State.INTENDED:
        return Waiting("us", "find out whether the order was made", None)
    if entry.state in _AT_A_PORTAL:
        return Waiting("customer", _approval(entry), standing.expires)
    if entry.state is State.WANTED and tokens_of(standing.wanted):
        if standing.published >= tokens_of(standing.wanted).keys():
            return Waiting("ca", "look at what is published", standing.expires)
        return Waiting("us", "publish the records and files that the CA wants", standing.expires)
    if entry.state is State.WANTED:
        return Waiting("us", "ask the CA to go on", standing.expires)
    if entry.state is State.VALIDATING:
        return Waiting("ca", "validate", standing.expires)
    if entry.state is State.ISSUING:
        return Waiting("ca", "issue the certificate", standing.expires)
    if entry.state is State.NEEDS_PERSON:
        why = standing.reason.text if standing.reason and standing.reason.kind is Kind.NEEDS_PERSON else "decide"
        return Waiting("person", why, standing.expires)
    if entry.state is State.DEPLOY_PENDING:
        by = standing.certificate.not_after if standing.certificate else None
        return Waiting("us", f"deploy to {', '.join(standing.hosts_pending)}", by)
    return None
