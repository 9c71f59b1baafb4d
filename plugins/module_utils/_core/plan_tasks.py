# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a plan that a person has to do, ready for the ledger: owner, day, whom to ask, and what to have at hand.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import Organization
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.person_papers import PAPERS, Paper
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import CALLS, STEPS, CallRule, PersonStep
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import PORTALS, Portal

Data = dict[str, t.Any]

_CALLS = frozenset({"call", "colleague_call"})
_DN = {"countryName": "C", "stateOrProvinceName": "ST", "localityName": "L", "organizationName": "O"}
_PORTALS: dict[str, Portal] = {portal.seller: portal for portal in PORTALS}


def tasks_of(steps: t.Sequence[Data], wish: Wish, judgement: Judgement, book: Book, ordered_at: datetime) -> list[Data]:
    """One a kind: several papers are handed in together. In the order of the steps."""
    page = judgement.page
    kinds = list(dict.fromkeys(step["task"] for step in steps if "task" in step))
    if page is None or not kinds:
        return []
    about = _About(wish, judgement, page, book.organization(wish.organization), ordered_at)
    return [about.task(STEPS[kind], [step for step in steps if step.get("task") == kind]) for kind in kinds]


class _About:
    """One item."""

    def __init__(
        self, wish: Wish, judgement: Judgement, page: Page, organization: Organization, ordered_at: datetime
    ) -> None:
        self._wish = wish
        self._judgement = judgement
        self._page = page
        self._organization = organization
        self._ordered_at = ordered_at

    def task(self, rule: PersonStep, steps: t.Sequence[Data]) -> Data:
        who = self._organization
        facts = dict.fromkeys(fact for step in steps for fact in step["facts"])
        return {
            "kind": rule.kind,
            "what": "; ".join(step["action"] for step in steps),
            "owner": who.responsible,
            "mail": who.responsible_mail,
            "escalate_to": who.technical_mail or who.technical,
            "where": self._where(rule.kind),
            "by": _render(self._due(rule, steps)),
            "lapses": _render(self._ends()),
            "card": self._card() if rule.kind in _CALLS else {},
            "papers": [paper.key for paper in self._papers()] if rule.kind == "papers" else [],
            "facts": list(facts),
        }

    def _due(self, rule: PersonStep, steps: t.Sequence[Data]) -> datetime:
        """The seller's day, or ours; never after the live certificate ends."""
        days = [date.fromisoformat(step["due"]) for step in steps if step["due"]]
        day = min(days) if days else self._page.local(self._ordered_at).date() + timedelta(days=rule.days)
        offset = self._page.local(self._ordered_at) - self._ordered_at.replace(tzinfo=None)
        due = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=self._ordered_at.tzinfo) - offset
        ends = self._ends()
        return min(due, ends) if ends is not None and ends > self._ordered_at else due

    def _ends(self) -> datetime | None:
        return self._wish.live.not_after if self._wish.live is not None else self._wish.expires

    def _where(self, kind: str) -> str | None:
        """Whom to ask, and the menu in which the application stands."""
        portal = _PORTALS.get(self._page.product.seller)
        if portal is None:
            return None
        ask = f"{portal.ask} <{portal.ask_mail}>" if portal.ask_mail else portal.ask
        to = next((paper.to for paper in self._papers() if paper.to), "") if kind == "papers" else ""
        return f"{to or ask}; {portal.status}"

    def _card(self) -> Data:
        who, product = self._organization, self._page.product
        call = call_rule(product.seller, product.validation_level)
        words = {_DN.get(key, key): value for key, value in (*who.subject, *self._subject())}
        card = {
            "number": who.phone,
            "number_from": call.number_from,
            "organization": who.name,
            "CN": self._judgement.common_name,
            **{key: words.get(key) for key in ("O", "L", "ST", "C")},
            "responsible": who.responsible,
            "absences": "; ".join(who.absences),
            "languages": ", ".join(who.languages),
            "asks": "; ".join(call.asks),
        }
        return {key: value for key, value in card.items() if value}

    def _subject(self) -> list[tuple[str, str]]:
        return [(str(key), str(value)) for key, value in self._wish.subject.items() if value]

    def _papers(self) -> list[Paper]:
        return papers_of(self._page.product.seller, self._organization, self._page.day)


def call_rule(seller: str, level: str) -> CallRule:
    return next(rule for rule in CALLS if rule.seller in ("", seller) and rule.level in ("", level))


def papers_of(seller: str, organization: Organization, day: date) -> list[Paper]:
    """By calendar years; what is not known of an organization leaves a paper in the list."""
    opened = organization.opened_on
    year = "" if opened is None else "first" if day.year <= opened.year else "later"
    return [
        paper
        for paper in PAPERS
        if paper.seller == seller
        and (not paper.kinds or organization.kind is None or organization.kind in paper.kinds)
        and (not paper.year or not year or paper.year == year)
    ]


def _render(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None
