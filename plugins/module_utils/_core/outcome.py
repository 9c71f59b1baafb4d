# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, a certificate at a time: what the summary prints and what the verdict judges.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.run import (
    DEPLOYABLE,
    OPEN,
    ByName,
    HostSaid,
    Item,
    Run,
    Said,
    lacks_certificate,
)


class Outcome(enum.Enum):
    """The worst thing that is true of a certificate, worst first."""

    REFUSED = "refused"  # the plan refuses the declaration
    ERROR = "error"  # a step ended in an error
    HOST_UNREACHABLE = "host_unreachable"  # a host of it could not be asked
    PENDING = "pending"  # somebody has to act, or the CA is not ready yet; green by default
    CHANGED = "changed"  # it went live, was renewed or rolled back in this run
    WOULD_CHANGE = "would_change"  # check mode
    IN_ORDER = "in_order"  # nothing to do


_SPOKEN = {
    Outcome.REFUSED: "refused",
    Outcome.ERROR: "in trouble",
    Outcome.HOST_UNREACHABLE: "not on every host",
    Outcome.PENDING: "pending",
    Outcome.CHANGED: "live",
    Outcome.WOULD_CHANGE: "to be changed",
    Outcome.IN_ORDER: "in order",
}

#: What turns a run red unless the user says otherwise (O(inkan_fail_on)): a pending human step never does (DESIGN 8.9).
FAIL_ON: tuple[str, ...] = (Outcome.REFUSED.value, Outcome.ERROR.value, Outcome.HOST_UNREACHABLE.value)

#: ``waiting_for.actor`` (``_core/steps.waiting_for``) as the subject of a sentence.
_ACTORS = {
    "us": "the next run is",
    "customer": "you are",
    "person": "a person is",
    "seller": "the seller is",
}

#: an order came to nothing, and a person has to say whether there is another
_HELD = ("order_refused", "order_cancelled")
_HOST_STEPS = ("look", "prepare", "requests", "files", "verify", "switch", "rollback", "leftover_files", "hand_over")
_CENTRAL_STEPS = ("records", "leftover_records")
_CHANGING = ("switch", "rollback")


@dataclass(frozen=True)
class Ending:
    """One certificate's line: its outcome, the sentences that explain it, and the dates a person wants to see.

    serial, not_before, issuer: of the certificate that ends at not_after.
    spoken: what stands for the outcome in the line, where the usual word would mislead.
    """

    name: str
    outcome: Outcome
    sentences: tuple[str, ...]
    state: str | None = None
    not_after: str | None = None
    serial: str | None = None
    spoken: str = ""
    not_before: str | None = None
    issuer: str | None = None

    def as_data(self) -> Item:
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "sentences": list(self.sentences),
            "state": self.state,
            "not_after": self.not_after,
            "line": self.line(),
        }

    def line(self) -> str:
        until = f", valid until {self.not_after}" if self.not_after else ""
        why = f": {' '.join(self.sentences)}" if self.sentences else ""
        return f"{self.name} is {self.spoken or _SPOKEN[self.outcome]}{until}{why}"


def endings(run: Run) -> list[Ending]:
    """One ending for each certificate of the plan, in its order; then for those of which something is left that nobody
    declares any more. A run without a plan has one of its own."""
    if not run.plan and run.central_broken:
        return [broken_run(run)]
    return [*(_ending(run, name) for name in run.plan), *_undeclared(run)]


def broken_run(run: Run) -> Ending:
    """The one ending of a run that never knew what to do."""
    return Ending("run", Outcome.ERROR, tuple(broken_steps(run)))


def broken_steps(run: Run) -> list[str]:
    return [f"{step}: {message}" for step, message in run.central_broken.items()]


def _undeclared(run: Run) -> t.Iterator[Ending]:
    """Tokens that could not be removed, orders that are still open at the CA, contracts that nobody has ended."""
    abandoned = set(run.abandoned())
    for name, order in run.orders.items():
        errors = _errors(run, name, order) if name not in run.plan else []
        if name in abandoned:
            why = f"it is not declared, and its order is still {order['state']} at the CA; its tokens go when that ends"
            yield Ending(name, Outcome.PENDING, (why, *errors), order.get("state"), order.get("not_after"))
        elif errors:
            yield Ending(name, Outcome.ERROR, tuple(errors), order.get("state"), order.get("not_after"))
        elif run.is_whole and name not in run.plan and order.get("retired"):
            why = f"it is not declared any more, and its contract goes on until somebody ends it: {_spoken_task(order)}"
            yield Ending(name, Outcome.PENDING, (why,), order.get("state"))


def _spoken_task(order: Said) -> str:
    task = order["retired"]
    return f"{task['what']}, by {task['by']}" if task.get("by") else str(task["what"])


def _ending(run: Run, name: str) -> Ending:
    order = run.order(name)
    outcome, sentences = _judge(run, name, order)
    live = _first_to_end(run, name)
    return Ending(
        name,
        outcome,
        tuple(sentences),
        order.get("state"),
        live.get("not_after"),
        live.get("serial"),
        not_before=live.get("not_before"),
        issuer=live.get("issuer"),
    )


def _first_to_end(run: Run, name: str) -> Said:
    """The first to end of the certificates that its hosts have live now."""
    lives = [_live(run.hosts[host], name) for host in run.reached(name)]
    if run.seller_deploys(name):
        lives = [run.served(name) or run.order(name)]
    return min((live for live in lives if live.get("not_after")), key=lambda live: str(live["not_after"]), default={})


def _live(said: HostSaid, name: str) -> Said:
    for step in ("switch", "rollback"):
        done = said.said(step, name)
        if done.get("changed") and done.get("state") == "live" and done.get("not_after"):
            return done
    return said.said("look", name).get("live") or {}


def _judge(run: Run, name: str, order: Said) -> tuple[Outcome, list[str]]:
    refusal = run.plan[name].get("error")
    if refusal:
        return Outcome.REFUSED, [refusal["message"]]
    if not run.targets[name].all_hosts and not run.seller_deploys(name):
        return Outcome.ERROR, [f"its hosts, {run.wish(name).get('hosts')!r}, match no host of the inventory"]
    errors = [*_errors(run, name, order), *_broken(run, name)]
    unreachable = _unreachable(run, name)
    if errors:
        return Outcome.ERROR, errors + unreachable
    if unreachable:
        return Outcome.HOST_UNREACHABLE, unreachable
    if not run.targets[name].hosts and not run.seller_deploys(name):
        return Outcome.IN_ORDER, ["none of its hosts is part of this run"]
    due = run.plan[name].get("due") or {}
    if due.get("code") in _HELD:  # a person has to correct the declaration; no run will
        return Outcome.PENDING, [str(due["reason"])]
    if run.check_mode and (run.is_due(name) or not run.only_looks):
        expected = _expected(run, name)
        return (Outcome.WOULD_CHANGE if expected else Outcome.IN_ORDER), expected
    waiting = _waiting(run, name, order)
    if waiting:
        return Outcome.PENDING, waiting
    if any(said.said(step, name).get("changed") for said in run.hosts.values() for step in _CHANGING):
        return Outcome.CHANGED, []
    if run.seller_deploys(name) and order.get("changed") and order.get("state") in DEPLOYABLE:
        return Outcome.CHANGED, []
    return Outcome.IN_ORDER, []


def _expected(run: Run, name: str) -> list[str]:
    """What a run without check mode would do, with the dates that can be told beforehand."""
    if run.is_due(name):
        planned = run.plan[name]
        at_most = (planned.get("validity") or {}).get("not_after")
        # the day alone: the same sentence all day, so that a report that says it does not change with every run
        dates = [f"A certificate issued now is valid until {at_most[:10]} at most."] if at_most else []
        before = [f"{sentence}." for sentence in _why_it_ended(run.order(name))]
        ordered = f"It would be ordered: {(planned.get('due') or {}).get('reason')}."
        return [ordered, *before, *dates, *_opening(run.order(name))]
    answer = _answer(run, name)
    if answer:
        return [f"A person's answer to its order would be carried out: {answer}."]
    if run.in_progress(name):
        return ["Its order would be carried on."]
    hosts = [
        host for host in run.reached(name) if any(run.hosts[host].said(step, name).get("changed") for step in _CHANGING)
    ]
    return [f"It would be switched on {', '.join(hosts)}."] if hosts else []


def _answer(run: Run, name: str) -> str:
    """What this run was told for an order that waited for a person when it began."""
    known = run.central.get("known", {}).get(name) or {}
    return str(run.answer(name).get("resolve") or "") if known.get("state") == "needs_person" else ""


def _opening(order: Said) -> list[str]:
    """Check mode: what persons would have to do for the order, in its order."""
    is_planned = order.get("reference") == KNOWN_AFTER_ORDER
    every = (order.get("wanted") or {}).get("tasks") or () if is_planned else ()
    tasks = [one for one in every if one.get("actor") == "customer"]
    said = [f"{one.get('owner') or 'you'} to {one['what']}" for one in tasks]
    return [f"People would have to act: {'; '.join(said)}."] if said else []


def _errors(run: Run, name: str, order: Said) -> list[str]:
    found = (f"{host}: {said['message']}" if host else said["message"] for host, said in _said_errors(run, name, order))
    return list(dict.fromkeys(found))


def codes(run: Run, name: str) -> list[str]:
    """What is wrong with a certificate, in words that stay the same however often it goes wrong in the same way."""
    order = run.order(name)
    refusal = (run.plan.get(name) or {}).get("error")
    found = [f"{host} {said.get('code')}".strip() for host, said in _said_errors(run, name, order)]
    found += [str(refusal.get("code"))] if refusal else []
    found += list(run.central_broken)
    found += [f"{host} {step}" for host, said in run.hosts.items() for step in said.broken]
    return sorted(set(found))


def error_codes(run: Run, name: str) -> list[str]:
    """Of its errors, wherever they happened; each once."""
    refusal = (run.plan.get(name) or {}).get("error")
    said = [one for _host, one in _said_errors(run, name, run.order(name))] + ([refusal] if refusal else [])
    return sorted({str(one["code"]) for one in said if one.get("code")})


def _said_errors(run: Run, name: str, order: Said) -> t.Iterator[tuple[str, Said]]:
    """Host, "" for the steps made once for all, and its error."""
    keys = dict.fromkeys((name, *_token_ids(order)))
    for host, said in run.hosts.items():
        for step in _HOST_STEPS:
            yield from ((host, error) for error in _errors_of(said.steps.get(step), keys))
    for step in _CENTRAL_STEPS:
        yield from (("", error) for error in _errors_of(run.central.get(step), keys))
    if order.get("error"):
        yield "", order["error"]


def _errors_of(results: ByName | None, keys: t.Iterable[str]) -> t.Iterator[Said]:
    """By key, not by result: a step has a result for each of thousands of certificates."""
    for key in keys if results else ():
        error = (results or {}).get(key, {}).get("error")
        if error:
            yield error


def _token_ids(order: Said) -> list[str]:
    return [
        token["id"]
        for where in ("wanted", "leftovers")
        for kind in ("records", "files")
        for token in (order.get(where) or {}).get(kind) or ()
    ]


def _broken(run: Run, name: str) -> list[str]:
    """Steps that ended without results concern every certificate of that host, or of the run."""
    hosts = run.targets[name].hosts + run.targets[name].token_hosts
    words = broken_steps(run)
    for host in dict.fromkeys(hosts):
        if host in run.hosts:
            words += [f"{host}, {step}: {message}" for step, message in run.hosts[host].broken.items()]
    return words


def _unreachable(run: Run, name: str) -> list[str]:
    hosts = dict.fromkeys(run.targets[name].hosts + run.targets[name].token_hosts)
    said = {host: run.hosts[host] for host in hosts if host in run.hosts}
    lost = [host for host in said if not said[host].reached and "look" not in said[host].broken]
    return [f"{host} could not be reached; it gets its certificate in a later run" for host in lost]


def _waiting(run: Run, name: str, order: Said) -> list[str]:
    if order.get("state") in OPEN:
        lacking = run.central.get("checks", {}).get(name, {}).get("lacking") or ()
        stands = f"the order is {order['state'].replace('_', ' ')}: {_whose_turn(order)}"
        return [*lacking, stands, *_unanswered(run, name)]
    if run.is_due(name) and run.wish(name).get("issued_from") and not order.get("error"):
        return ["the next run hands its certificate over, for a person to register it"]
    if run.is_due(name) and not _was_ordered(run, name, order):
        return ["it is due and could not be ordered in this run", *_why_it_ended(order)]
    due = run.plan[name].get("due") or {}
    if due.get("code") in _HELD:
        return [due["reason"]]
    if run.answer(name).get("resolve") == "give_up" and order.get("state") == "cancelled":
        return ["its order was given up: the next run without that word orders again what is declared"]
    if run.wish(name).get("issued_from") and order.get("state") not in DEPLOYABLE:
        return ["it is registered when the item that it is issued from has a certificate"]
    if order.get("state") not in DEPLOYABLE and not _is_live_somewhere(run, name):
        return ["there is no certificate yet; run issue", *_why_it_ended(order)]
    if not _is_live_everywhere(run, name):
        return ["the certificate is not live on every host yet"]
    return _not_installed(run, name, order)


def is_mail_there(run: Run, name: str, order: Said) -> bool:
    """Whether the approval mail of this order came: before, as the ledger has it, or as this run saw."""
    if order.get("state") != "awaiting_approval":
        return False
    known = run.central.get("known", {}).get(name) or {}
    before = known.get("approval_mail") or {}
    if known.get("reference") == order.get("reference") and before.get("is_heard_of"):
        return True
    return (run.central.get("approvals", {}).get(name) or {}).get("outcome") == "mail_found"


def _unanswered(run: Run, name: str) -> list[str]:
    """Why a machine that may answer approval mails did not: the person who does it wants to know."""
    said = run.central.get("approvals", {}).get(name) or {}
    if said.get("error"):
        return [f"its approval mail was not answered: {said['error']['message']}"]
    if said.get("held"):
        return [f"its approval mail was not answered: {said['held']['why']}"]
    if is_mail_there(run, name, run.order(name)):
        return ["its approval mail is there"]
    doubts = [str(mail["why"]) for mail in said.get("mails") or () if mail.get("why")]
    return [f"its approval mail was not answered: {'; '.join(doubts)}"] if doubts else []


def _not_installed(run: Run, name: str, order: Said) -> list[str]:
    """What the seller is to install: done is what a handshake shows."""
    if (run.wish(name).get("deploy") or {}).get("by") != "seller" or order.get("state") not in DEPLOYABLE:
        return []
    looked = run.central.get("served", {}).get(name)
    if looked is None:
        return []
    shown = run.served(name).get("serial")
    if not shown:
        return [f"the seller is to install it, and nothing can be seen: {looked.get('served_error')}"]
    if shown != order.get("serial"):
        return [f"the seller is to install serial {order.get('serial')}; serial {shown} is served"]
    return []


def _why_it_ended(order: Said) -> list[str]:
    """The other side's words, where an order came to nothing: a person who refused it, say."""
    if order.get("state") not in ("refused", "expired", "cancelled"):
        return []
    why = (order.get("problem") or {}).get("text")
    return [f"its last order was {order['state']}: {why}" if why else f"its last order was {order['state']}"]


def _whose_turn(order: Said) -> str:
    waiting = order.get("waiting_for") or {}
    if order.get("state") == "needs_person":
        return f"{waiting.get('what') or 'decide'}; a person answers with inkan_resolve"
    actor = _ACTORS.get(str(waiting.get("actor")), "the CA is")
    by = f", by {waiting['by']}" if waiting.get("by") else ""
    return f"{actor} to {waiting.get('what') or 'act'}{by}"


def _was_ordered(run: Run, name: str, order: Said) -> bool:
    before = run.central.get("known", {}).get(name, {}).get("reference")
    return order.get("state") in DEPLOYABLE and order.get("reference") != before


def _is_live_somewhere(run: Run, name: str) -> bool:
    if run.served(name):
        return True
    return any(run.hosts[host].said("look", name).get("live") for host in run.reached(name))


def _is_live_everywhere(run: Run, name: str) -> bool:
    return all(
        run.hosts[host].said("switch", name).get("outcome") in ("switched", "kept")
        or not lacks_certificate(run, name, host)
        for host in run.reached(name)
    )
