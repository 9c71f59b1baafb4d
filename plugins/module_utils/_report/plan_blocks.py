# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer of dcv_plan for people: one block a certificate, then what hits many of them, then the work to come.

    register of dcv_plan ──▶ read_plan() ──▶ blocks, most urgent first ──▶ plan_page (screen), plan_markdown

A block is a title and labelled lines, whatever they are written on. No moment of the run is in it: two plans of one
day, with nothing in between, are the same.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.inkan.tls.plugins.module_utils._core.packed import by_name, plans_of
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._report.words_errors import summary_of

Said = t.Mapping[str, t.Any]

#: the word of validation.method for an approval mail
BY_MAIL = "email"
#: outcomes, most urgent first, with the words for them
OUTCOMES = {"refused": "refused", "due": "due now", "in_progress": "under way", "not_due": "not due"}
_KINDS = {"issue": "issue", "renew": "renew", "reissue": "reissue inside the paid term", "revalidate": "validate again"}
_ACTORS = {"customer": "you", "seller": "the seller", "ca": "the CA"}
_MAILED = {
    "all": "all of them get the mail",
    "chosen": "the mail goes to the one that you choose",
    "first": "the mail goes there first",
    "on_request": "on request",
}
_MAKERS = {"seller": ", with a key that the seller makes", "us": ", with your key"}
_MOST_NAMES, _MOST_ADDRESSES, _MOST_RECORDS = 6, 5, 8
_BOUND = 600
#: beside a day that lies before the day of the plan
_PAST = " (past)"


class Cliff(t.NamedTuple):
    date: str
    what: str
    do: str
    facts: tuple[str, ...]


class Line(t.NamedTuple):
    """label: empty where it goes on with the one before."""

    label: str
    text: str


@dataclass(frozen=True)
class Block:
    """at: the day of renewal, where one is known. cliffs: also those that hit other certificates, too."""

    name: str
    outcome: str
    title: str
    at: str | None
    lines: tuple[Line, ...]
    cliffs: tuple[Cliff, ...]


@dataclass(frozen=True)
class Page:
    """cliffs: changes that hit several certificates, soonest first, with their number. load: as dcv_plan returns it."""

    day: str | None
    blocks: tuple[Block, ...]
    cliffs: tuple[tuple[Cliff, int], ...]
    load: Said | None

    def count(self, outcome: str) -> int:
        return sum(1 for block in self.blocks if block.outcome == outcome)

    def counts(self) -> str:
        found = [f"{self.count(outcome)} {words}" for outcome, words in OUTCOMES.items() if self.count(outcome)]
        number = len(self.blocks)
        return f"{number} certificate{'' if number == 1 else 's'}" + (f": {', '.join(found)}" if found else "")


def read_plan(said: Said, most: int | None = None) -> Page:
    """said: what the task that called dcv_plan has registered. most: blocks that get their lines, None for all."""
    results = by_name(said)
    plans = plans_of(said, results)
    hits: dict[Cliff, int] = {}
    for plan in plans.values():
        for cliff in _cliffs(plan):
            hits[cliff] = hits.get(cliff, 0) + 1
    shared = {cliff for cliff, number in hits.items() if number > 1}
    day = str(said["as_of"])[:10] if said.get("as_of") else None
    heads = [(_head(one), name) for name, one in results.items() if name in plans]
    heads.sort(key=lambda head: (list(OUTCOMES).index(head[0].outcome), head[0].at or "", head[0].name))
    blocks = [
        _block(head, results[name], plans[name], shared, day) if most is None or number < most else head
        for number, (head, name) in enumerate(heads)
    ]
    load = said.get("load")
    return Page(day, tuple(blocks), tuple((cliff, hits[cliff]) for cliff in sorted(shared)), load)


# -- one certificate --------------------------------------------------------------------------------------------------


def _head(result: Said) -> Block:
    """What can be told without the plan."""
    due = result.get("due") or {}
    outcome = result["outcome"] if result.get("outcome") in OUTCOMES else "not_due"
    at = str(due["at"])[:10] if due.get("at") else None
    return Block(_said(result["name"], 80), outcome, _title(due, outcome, at), at, (), ())


def _block(head: Block, result: Said, plan: Said, shared: t.Collection[Cliff], day: str | None) -> Block:
    outcome = head.outcome
    cliffs, wished = _cliffs(plan), (result.get("certificate") or {}).get("method")
    lines = [
        *_labelled("names", [_some(_names(result), _MOST_NAMES)]),
        *_labelled("product", _product(result, plan)),
        *_labelled("why not" if outcome == "refused" else "", _refusal(plan)),
        *_labelled("methods", [_method(one, wished) for one in plan.get("methods") or ()]),
        *_labelled("mail", _contacts(plan) if wished in (None, BY_MAIL) else ()),
    ]
    if outcome != "refused":
        lines = [*lines[:2], *_work(plan, day), *lines[2:], *_terms(plan, day)]
        lines += _labelled("ahead", [f"{cliff.date}: {cliff_words(cliff)}" for cliff in cliffs if cliff not in shared])
    return replace(head, lines=tuple(lines), cliffs=cliffs)


def _work(plan: Said, day: str | None) -> t.Iterator[Line]:
    yield from _labelled("steps", [_step(step, day) for step in plan.get("steps") or ()])
    yield from _labelled("publish", _published(plan))


def _terms(plan: Said, day: str | None) -> t.Iterator[Line]:
    yield from _labelled("validity", _validity(plan))
    yield from _labelled("renewal", _renewal(plan, day))


def _labelled(label: str, texts: t.Sequence[str]) -> t.Iterator[Line]:
    for number, text in enumerate(text for text in texts if text):
        yield Line("" if number else label, text)


def _title(due: Said, outcome: str, at: str | None) -> str:
    kind = _KINDS.get(str(due.get("kind")))
    words = OUTCOMES[outcome] + (f" ({kind})" if kind and outcome != "refused" else "")
    if outcome == "not_due" and at:
        words += f" before {at}"
    reason = due.get("reason")
    return words if outcome == "refused" or not reason else f"{words}: {_said(reason)}"


def _names(result: Said) -> list[str]:
    wish = result.get("certificate") or {}
    return [_said(name, 260) for name in wish.get("dns_names") or ()]


def _product(result: Said, plan: Said) -> list[str]:
    wish = result.get("certificate") or {}
    level = f" ({str(plan['validation_level']).upper()})" if plan.get("validation_level") else ""
    sold = f", sold by {_said(plan['seller'])}" if plan.get("seller") else ""
    account = f", account {_said(wish['ca_account'])}" if wish.get("ca_account") else ""
    validation = wish.get("validation") or {}
    contact = validation.get("contact") or {}
    method = f", by {_said(wish['method'])}" if wish.get("method") else ""
    mailbox = f" to {_said(contact['address'])}" if contact.get("address") else ""
    return [f"{_said(plan.get('product') or 'unknown')}{level}{sold}{account}{method}{mailbox}"]


def _refusal(plan: Said) -> list[str]:
    error = plan.get("error") or {}
    if not error:
        return []
    return [_said(error.get("message") or error.get("what") or "it is refused"), summary_of(error.get("code")) or ""]


def _step(step: Said, day: str | None) -> str:
    actor = _ACTORS.get(step["actor"], str(step["actor"]))
    opens, due = step.get("opens"), step.get("due")
    when = f", {opens} to {due}" if opens and due else f", by {due}" if due else f", from {opens}" if opens else ""
    return f"{actor}{when}{_past(due, day)}: {_said(step['action'])}{_facts(step)}"


def _past(due: t.Any, day: str | None) -> str:
    return _PAST if due and day and str(due) < day else ""


def _method(method: Said, wished: str | None) -> str:
    words = _said(method["method"], 80) + (" (declared)" if method["method"] == wished else "")
    reasons = _joined(method.get("reasons"))
    if not method["allowed"]:
        return f"{words}: not possible, {reasons or 'for no known reason'}{_facts(method)}"
    ends = f", ends on {method['ends_on']}" if method.get("ends_on") else ""
    return f"{words}: possible{ends}{f', {reasons}' if reasons else ''}{_facts(method)}"


def _contacts(plan: Said) -> list[str]:
    """Mailboxes that differ in nothing but their address are told together."""
    groups: dict[tuple[t.Any, ...], list[str]] = {}
    for box in plan.get("contacts") or ():
        reasons = tuple(box.get("reasons") or ())
        key = (not box["allowed"], box["kind"], box.get("mailed"), reasons, tuple(box.get("facts") or ()))
        told = box.get("address") or f"that of {box.get('domain')}"
        groups.setdefault(key, []).append(_said(told, 260))
    found = []
    for (forbidden, kind, mailed, reasons, facts), addresses in sorted(groups.items(), key=lambda item: item[0][0]):
        who = "" if forbidden else f" ({_MAILED.get(str(mailed), str(mailed))})" if mailed else ""
        why = f": {_joined(reasons)}" if reasons else ""
        word = "not " if forbidden else ""
        found.append(f"{word}{kind}{who} {_some(addresses, _MOST_ADDRESSES)}{why}{_facts({'facts': facts})}")
    return found


def _published(plan: Said) -> list[str]:
    records = [
        f"{_said(one['name'], 260)} {one['type']} {_said(one['value'], 260)}"
        + (" (stands there without an order)" if one.get("standing") else "")
        for one in plan.get("records") or ()
    ]
    files = [_said(one["url"], 400) for one in plan.get("files") or ()]
    found = records + files
    more = [f"and {len(found) - _MOST_RECORDS} more"] if len(found) > _MOST_RECORDS else []
    return found[:_MOST_RECORDS] + more


def _validity(plan: Said) -> list[str]:
    validity = plan.get("validity") or {}
    if not validity.get("max_days"):
        return []
    until = f", today that is until {str(validity['not_after'])[:10]}" if validity.get("not_after") else ""
    return [f"at most {validity['max_days']} days{until}"]


def _renewal(plan: Said, day: str | None) -> list[str]:
    renewal = plan.get("renewal") or {}
    found = []
    opens, closes = (str(renewal.get(key) or "")[:10] for key in ("window_opens", "window_closes"))
    if opens or closes:
        found.append(f"window {opens or 'open'} to {closes or 'its end'}{_past(closes, day)}")
    ignored = renewal.get("if_ignored") or {}
    if ignored.get("outcome"):
        note = f": {_said(renewal['note'])}" if renewal.get("note") else ""
        found.append(_if_ignored(ignored) + note + _facts(renewal))
    if renewal.get("cancel_by"):
        found.append(f"to stop it, cancel by {renewal['cancel_by']}{_past(renewal['cancel_by'], day)}")
    found += [f"notice on {one['date']} to {_said(one['to'])}" for one in renewal.get("notices") or () if one["date"]]
    if renewal.get("immutable"):
        found.append(f"a renewal cannot change {_joined(renewal['immutable'], ', ')}")
    return found


def _if_ignored(ignored: Said) -> str:
    if ignored["outcome"] != "renews":
        return "if nobody acts it lapses"
    maker = _MAKERS.get(str(ignored.get("key_made_by")), "")
    period = ignored.get("period")
    term = ", for the same period" if period == "last" else f", for {_said(period)}" if period else ""
    return f"if nobody acts the seller renews it{maker}{term}"


def _cliffs(plan: Said) -> tuple[Cliff, ...]:
    return tuple(
        Cliff(str(one["date"]), _said(one["what"]), _said(one["do"]), tuple(one.get("facts") or ()))
        for one in plan.get("cliffs") or ()
    )


def cliff_words(cliff: Cliff) -> str:
    return f"{cliff.what}. What to do: {cliff.do}{_facts({'facts': cliff.facts})}"


# -- words ------------------------------------------------------------------------------------------------------------


def _said(value: t.Any, bound: int = _BOUND) -> str:
    return escaped(str(value), bound)


def _joined(values: t.Iterable[t.Any] | None, by: str = "; ") -> str:
    return by.join(_said(value) for value in values or ())


def _some(values: t.Sequence[str], most: int) -> str:
    more = len(values) - most
    return ", ".join(values) if more <= 0 else f"{', '.join(values[:most])} and {more} more"


def _facts(said: Said) -> str:
    return f" [{_joined(said['facts'], ', ')}]" if said.get("facts") else ""
