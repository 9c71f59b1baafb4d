# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of the catalogue as data: what is asked of which product on which day, and what its plan must say.

A case is run by the tests, and by the mutation of rows against a catalogue with one row changed: so it is a value, not
a test. It complains in words; no complaint, it holds.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import read_organizations
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned, plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, RenewalPolicy
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import Product
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    is_public_suffix,
    registered_domain,
    registrable_domain,
)
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from ansible_collections.inkan.tls.tests.unit.plugins.modules import planning

#: it ends on 2026-12-15 in Japan
EXPIRES: dict[str, t.Any] = {"expires": "2026-12-15T14:59:59Z"}
CATALOGUE: dict[str, Product] = {product.key: product for product in PRODUCTS}
FIVE = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")


class Expectation(t.Protocol):
    def __call__(self, one: Planned) -> t.Iterator[str]: ...


class Case(t.NamedTuple):
    """facts: the ids that it shows, blanks between; says: the fact in words. asks: fields of the item, and as_of."""

    facts: str
    says: str
    product: str
    asks: dict[str, t.Any]
    expects: tuple[Expectation, ...]

    @property
    def title(self) -> str:
        return f"{self.facts}: {self.says} [{self.product}]"

    def planned(self, catalogue: t.Mapping[str, Product] = CATALOGUE) -> Planned:
        wish, more = _read(self)
        book = Book(
            as_of=parse_time(self.asks.get("as_of", planning.NOW)),
            tools=_TOOLS,
            products=catalogue,
            policy=_POLICY,
            choose=Choose.RENEW,
            accounts=more.accounts,
            organizations=more.organizations,
            sources={"y": self.asks.get("common_name_of_y", wish.common_name)},
        )
        return plan_certificate(wish, book)

    def complaints(self, catalogue: t.Mapping[str, Product] = CATALOGUE) -> list[str]:
        one = self.planned(catalogue)
        return [text for expectation in self.expects for text in expectation(one)]


class _More(t.NamedTuple):
    accounts: dict[str, t.Any] | None
    organizations: dict[str, t.Any]


_TOOLS = NameTools(to_alabel, is_public_suffix, registrable_domain, registered_domain)
_POLICY = RenewalPolicy()
_NO_FIELDS = ("name", "as_of", "accounts", "organizations", "common_name_of_y")
_READ: dict[int, tuple[Case, Wish, _More]] = {}


def _read(case: Case) -> tuple[Wish, _More]:
    """Once for each case of the tables: a mutation of rows changes no item."""
    if not case.expects:
        return _parsed(case)
    if id(case) not in _READ:
        _READ[id(case)] = (case, *_parsed(case))
    return _READ[id(case)][1:]


def _parsed(case: Case) -> tuple[Wish, _More]:
    errors = InputCollector()
    item = {field: value for field, value in case.asks.items() if field not in _NO_FIELDS}
    name = case.asks.get("name", "www.example.jp")
    raw = {"name": "x", "common_name": name, "ca_account": "a", "product": case.product, **item}
    (wish,) = read_wishes([raw], errors)
    accounts = dcv_plan._accounts(case.asks.get("accounts"), errors)
    more = _More(accounts, read_organizations(case.asks.get("organizations"), errors))
    errors.refuse()
    return wish, more


def for_all(products: str, facts: str, says: str, asks: dict[str, t.Any], *expects: Expectation) -> list[Case]:
    """The same case for several products, blanks between."""
    return [Case(facts, says, product, asks, expects) for product in products.split()]


# -- expectations -----------------------------------------------------------------------------------------------------


class Step(t.NamedTuple):
    """words: some of what is to do. opens: not possible before that day."""

    actor: str
    words: str
    facts: str
    due: str | None = None
    opens: str | None = None

    def lacks(self, found: t.Mapping[str, t.Any]) -> list[str]:
        texts = []
        if self.actor != found["actor"]:
            texts.append(f"{found['actor']} acts, not {self.actor}")
        if self.words not in found["action"]:
            texts.append(f"{self.words!r} is not in {found['action']!r}")
        if "{" in found["action"]:
            texts.append(f"a placeholder is left in {found['action']!r}")
        if self.facts.split(", ") != found["facts"]:
            texts.append(f"facts are {', '.join(found['facts'])}, not {self.facts}")
        if self.due != found["due"]:
            texts.append(f"{self.words!r} is due {found['due']}, not {self.due}")
        if self.opens != found.get("opens"):
            texts.append(f"{self.words!r} opens {found.get('opens')}, not {self.opens}")
        return texts


class Steps:
    """All steps of the plan, in this order, and no other."""

    def __init__(self, *steps: Step) -> None:
        self.steps = steps

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found = one.plan["steps"]
        for expected, step in zip(self.steps, found):
            yield from expected.lacks(step)
        for expected in self.steps[len(found) :]:
            yield f"no step {expected.words!r}"
        for step in found[len(self.steps) :]:
            yield f"a step too many: {step['action']!r}"


class Has:
    """This step is among the others, once."""

    def __init__(self, step: Step) -> None:
        self.step = step

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found = [step for step in one.plan["steps"] if self.step.words in step["action"]]
        if len(found) != 1:
            yield f"{len(found)} steps with {self.step.words!r}"
        for step in found:
            yield from self.step.lacks(step)


class HasNot:
    """No step says this."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __call__(self, one: Planned) -> t.Iterator[str]:
        for step in one.plan["steps"]:
            if self.words in step["action"]:
                yield f"a step that should not be: {step['action']!r}"


class Mailboxes:
    """All contacts of a kind: these domains, in this order; each with the same properties."""

    def __init__(self, kind: str, domains: str, facts: str = "", reasons: str = "", **same: t.Any) -> None:
        self.kind, self.domains, self.facts, self.same = kind, domains.split(), facts, same
        self.reasons = reasons
        self.local_parts: tuple[str, ...] = same.pop("local_parts", FIVE)

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found = [contact for contact in one.plan["contacts"] if contact["kind"] == self.kind]
        domains = list(dict.fromkeys(contact["domain"] for contact in found))
        if domains != self.domains:
            yield f"{self.kind} at {' '.join(domains)}, not {' '.join(self.domains)}"
        if self.kind == "constructed":
            addresses = [f"{local}@{domain}" for domain in self.domains for local in self.local_parts]
            if [contact["address"] for contact in found] != addresses:
                yield f"other addresses: {[contact['address'] for contact in found]}"
        for contact in found:
            for field, value in self.same.items():
                if contact[field] != value:
                    yield f"{self.kind}: {field} is {contact[field]}, not {value}"
            said = [fact for fact in contact["facts"] if not fact.startswith(("BR", "SC-"))]
            if self.facts and said != self.facts.split(", "):
                yield f"{self.kind}: facts are {contact['facts']}, not {self.facts}"
            if contact["allowed"] and "holder" not in self.same and contact.get("holder"):
                yield f"{self.kind}: it has a holder, {contact['holder']}"
            yield from _reasons(self.kind, self.reasons, contact)


class Refused:
    """error None: the item is not refused. words: some of why, separated by |."""

    def __init__(self, error: str | None, words: str = "") -> None:
        self.error, self.words = error, [word for word in words.split("|") if word]

    def __call__(self, one: Planned) -> t.Iterator[str]:
        code = one.error.code if one.error is not None else None
        sentence = f"{one.error.sentence()} ({one.error.reference})" if one.error is not None else ""
        if code != self.error:
            yield f"{code} instead of {self.error}: {sentence}"
        for word in self.words:
            if word not in sentence:
                yield f"{word!r} is not in {sentence!r}"


class Is:
    """A value of the plan: ``renewal.if_ignored.outcome``, by its place."""

    def __init__(self, path: str, value: t.Any) -> None:
        self.path, self.value = path, value

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found: t.Any = one.plan
        for key in self.path.split("."):
            found = found[key]
        if found != self.value:
            yield f"{self.path} is {found!r}, not {self.value!r}"


class Method:
    """How a method stands."""

    def __init__(self, method: str, allowed: bool = True, facts: str = "", words: str = "", **more: t.Any) -> None:
        self.method, self.more = method, {"allowed": allowed, **more}
        self.facts, self.words = facts, words

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found = [row for row in one.plan["methods"] if row["method"] == self.method]
        if len(found) != 1:
            yield f"{len(found)} methods {self.method}"
        for row in found:
            for field, value in self.more.items():
                if row[field] != value:
                    yield f"{self.method}: {field} is {row[field]!r}, not {value!r}"
            said = [fact for fact in row["facts"] if not fact.startswith(("BR", "SC-", "EVG"))]
            if self.facts and said != self.facts.split(", "):
                yield f"{self.method}: facts are {row['facts']}, not {self.facts}"
            yield from _reasons(self.method, self.words, row)


def _reasons(what: str, words: str, row: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What is said beside the rules of the day: one of the words (| between) each; of what is not allowed anything."""
    expected = [word for word in words.split("|") if word]
    said = [reason for reason in row["reasons"] if not reason.startswith("it SHOULD NOT")]
    for word in expected:
        if word not in "; ".join(said):
            yield f"{what}: {word!r} is not in {said}"
    if row["allowed"] and len(said) != len(expected):
        yield f"{what}: {said} is said"


class Renewal:
    """Everything that is said of the next renewal."""

    def __init__(self, outcome: str, facts: str, note: str = "", **more: t.Any) -> None:
        self.expected = {
            "notices": more.get("notices", []),
            "window_opens": more.get("opens"),
            "window_closes": more.get("closes", "2026-12-15T14:59:59Z"),
            "immutable": more.get("immutable", []),
            "if_ignored": {"outcome": outcome, "key_made_by": more.get("key"), "period": more.get("period")},
            "cancel_by": more.get("cancel_by"),
            "note": note,
            "facts": facts.split(", "),
        }

    def __call__(self, one: Planned) -> t.Iterator[str]:
        for field, value in self.expected.items():
            if one.plan["renewal"][field] != value:
                yield f"renewal.{field} is {one.plan['renewal'][field]!r}, not {value!r}"


class Cliff:
    """On this day something ends; do: the way out, with all of these words (| between)."""

    def __init__(self, day: str, what: str, do: str) -> None:
        self.day, self.what, self.do = day, what, do.split("|")

    def __call__(self, one: Planned) -> t.Iterator[str]:
        found = [cliff for cliff in one.plan["cliffs"] if cliff["date"] == self.day and self.what in cliff["what"]]
        if len(found) != 1:
            yield f"{len(found)} cliffs on {self.day} with {self.what!r}: {one.plan['cliffs']}"
        for cliff in found:
            for word in self.do:
                if word not in cliff["do"]:
                    yield f"{word!r} is not in {cliff['do']!r}"


class Due:
    """The decision; kind: renew, reissue or revalidate."""

    def __init__(self, code: str, words: str = "", **more: t.Any) -> None:
        self.code, self.words, self.more = code, words, more

    def __call__(self, one: Planned) -> t.Iterator[str]:
        if one.due is None:
            yield f"no decision: {one.error}"
            return
        if one.due.code != self.code or self.words not in one.due.reason:
            yield f"{one.due.code} ({one.due.reason}) instead of {self.code} ({self.words})"
        for field, value in self.more.items():
            if getattr(one.due, field) != value:
                yield f"due.{field} is {getattr(one.due, field)!r}, not {value!r}"
