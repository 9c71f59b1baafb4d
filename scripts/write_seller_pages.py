# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/docsite/rst/seller_<key>.rst and seller_<key>_ja.rst from the catalogue; --check only says what differs.

Every row of the catalogue stands on the page of its seller, once, with the products that have it; beside it what the
Baseline Requirements say of its methods, and in words the facts that the rows cite. The Japanese of the rows' texts
comes from docs/sellers_ja.yml; a text that is missing there, and one that no row has any more, is a fault.
"""

from __future__ import annotations

import re
import sys
import tempfile
import typing as t
import unicodedata
from pathlib import Path

import yaml
from seller_words import PLACEHOLDERS, WORDS

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = REPOSITORY / "docs" / "docsite" / "rst"
JAPANESE = REPOSITORY / "docs" / "sellers_ja.yml"
LABEL = "ansible_collections.inkan.tls.docsite."
ENGLISH_ONLY, IN_JAPANESE = 0, 1


def read_collection() -> tuple[t.Any, ...]:
    """The catalogue of this checkout, under the name by which its files import each other."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "ansible_collections" / "inkan"
        place.mkdir(parents=True)
        (place / "tls").symlink_to(REPOSITORY)
        sys.path.insert(0, folder)
        try:
            from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
            from ansible_collections.inkan.tls.plugins.module_utils._data import (
                ca_products,
                dcv_methods,
                facts,
                facts_cas,
            )
        finally:
            sys.path.remove(folder)
    return dcv, ca_products, dcv_methods, facts.FACTS + facts_cas.CA_FACTS, facts.DOCUMENTS + facts_cas.CA_DOCUMENTS


dcv, catalogue, methods, facts, documents = read_collection()

Lines = list[t.Sequence[str]]


class Japanese:
    """The texts of rows in Japanese; what was asked for is remembered."""

    def __init__(self) -> None:
        listed = yaml.safe_load(JAPANESE.read_text(encoding="utf-8"))
        self.texts: dict[str, str] = {one["en"]: one["ja"] for one in listed}
        self.asked: set[str] = set()

    def of(self, text: str) -> str:
        self.asked.add(text)
        return self.texts.get(text, text)

    def faults(self) -> list[str]:
        missing = [f"docs/sellers_ja.yml lacks: {text}" for text in sorted(self.asked - set(self.texts))]
        return missing + [
            f"docs/sellers_ja.yml has, and no row: {text}" for text in sorted(set(self.texts) - self.asked)
        ]


class Page:
    """One seller in one language."""

    def __init__(self, seller: t.Any, language: int, japanese: Japanese) -> None:
        self.seller, self.language, self.japanese = seller, language, japanese
        self.products = [product for product in catalogue.PRODUCTS if product.seller == seller.key]
        self.cited: dict[str, None] = {}
        self.sources: dict[str, None] = {seller.source: None}

    def text(self) -> str:
        own, other = f"seller_{self.seller.key}", f"seller_{self.seller.key}_ja"
        own, other = (other, own) if self.language else (own, other)
        other_title = self.seller.title if self.language else self.japanese.of(self.seller.title)
        parts = [
            HEAD,
            f".. _{LABEL}{own}:",
            heading(self.said(self.seller.title), "="),
            self.word("intro"),
            f"{self.word('as_of', methods.KNOWN_ON, methods.BR_VERSION)} {self.word('placeholders')}",
            self.word("other", escaped(other_title), LABEL + other),
        ]
        offsets = {product.utc_offset for product in self.products} - {0}
        parts += [self.word("calendar", offset) for offset in sorted(offsets)]
        for title, heads, widths, section in SECTIONS:
            lines = section(self)
            if lines:
                parts += [heading(self.word(title), "-"), table([self.word(head) for head in heads], lines, widths)]
        return "\n\n".join([*parts, *self._facts(), *self._sources()]) + "\n"

    # --- words

    def word(self, key: str, *values: t.Any) -> str:
        return WORDS[key][self.language].format(*values)

    def said(self, text: str) -> str:
        """A text of a row."""
        found = escaped(self.japanese.of(text) if self.language else text)
        for placeholder, words in PLACEHOLDERS.items():
            found = found.replace(escaped(placeholder), words[self.language])
        return found

    def method(self, name: str) -> str:
        return self.word(name) if name in WORDS else f"``{name}``"

    def cell(self, *parts: str) -> str:
        return ("。" if self.language else "; ").join(part for part in parts if part)

    def listed(self, parts: t.Iterable[str]) -> str:
        return ("、" if self.language else ", ").join(part for part in parts if part)

    def words(self, keys: t.Iterable[str], prefix: str = "") -> str:
        return self.listed(self.word(prefix + key) for key in keys)

    # --- rows

    def merged(self, name: str) -> list[tuple[t.Any, str]]:
        """The rows of a table of all products, each once and in their order, with the products that have it."""
        order: list[t.Any] = []
        owners: dict[t.Any, list[str]] = {}
        for product in self.products:
            own = getattr(product, name)
            # a row of its own stands after the one before it, or before the first that others have too, or at the end
            at = next((order.index(row) for row in own if row in owners), len(order))
            for row in own:
                if row not in owners:
                    order.insert(at, row)
                at = order.index(row) + 1
                owners.setdefault(row, []).append(product.key)
        return [(row, self._owners(owners[row])) for row in order]

    def _owners(self, keys: t.Sequence[str]) -> str:
        found = dict.fromkeys(keys)
        if len(found) == len(self.products):
            return self.word("all")
        return self.listed(f"``{key}``" for key in found)

    def based(self, row: t.Any) -> str:
        """The facts of a row; what is cited is told in words further down."""
        self.cited.update(dict.fromkeys(row.facts))
        self.sources[row.source] = None
        return escaped(", ".join(row.facts))

    def span(self, row: t.Any) -> str:
        return self.listed(self.word(key, day) for key, day in (("since", row.since), ("until", row.until)) if day)

    # --- the end of the page

    def _facts(self) -> list[str]:
        own = f"{self.seller.key.upper()}-"
        told = [fact for fact in facts if fact.id in self.cited or fact.id.startswith(own)]
        lines = [(escaped(fact.id), self._fact(fact)) for fact in told]
        if not lines:
            return []
        return [heading(self.word("facts"), "-"), table([self.word("id"), self.word("what")], lines, (12, 88))]

    def _fact(self, fact: t.Any) -> str:
        history = ""
        if fact.until is not None:
            key, values = ("history_part", (fact.part, fact.until)) if fact.part else ("history", (fact.until,))
            history = f" ({self.word(key, *values)})"
        return escaped((fact.ja if self.language else fact.text) + history)

    def _sources(self) -> list[str]:
        read = {key for fact in facts if fact.id in self.cited for key in fact.documents}
        told = [f"* {escaped(one.title)}: {one.address}" for one in documents if one.key in read]
        told += [f"* {escaped(source)}" for source in self.sources]
        return [heading(self.word("sources"), "-"), "\n".join(dict.fromkeys(told))]


# --- sections: what stands in the cells


def products(page: Page) -> Lines:
    return [_product(page, product) for product in page.products]


def _product(page: Page, product: t.Any) -> t.Sequence[str]:
    names = [
        page.listed(
            (
                page.word(rule.wildcard),
                page.word("most", rule.max_names) + (page.word("raisable") if rule.raisable else ""),
                page.word("www_option", rule.www_option) if rule.www_option else "",
                page.span(rule),
            )
        )
        + f" [{page.based(rule)}]"
        for rule in product.names
    ]
    custody = [
        f"{page.listed((f'{page.words(rule.key_made_by)} / {page.words(rule.deployed_by)}', page.span(rule)))}"
        f" [{page.based(rule)}]"
        for rule in product.custody
    ]
    brought = [
        f"{page.listed((page.word('source_item'), page.word('same_cn') if rule.same_common_name else ''))}"
        f" [{page.based(rule)}]"
        for rule in product.sources
    ]
    ca = page.word("ca", product.ca) if product.ca else "" if product.sources else page.word("any_ca")
    kind = page.listed((page.word(product.validation_level), page.word(product.form), ca, page.span(product)))
    return (f"``{product.key}``", page.said(product.title), kind, page.cell(*names, *brought), page.cell(*custody))


def method_rows(page: Page) -> Lines:
    return [_method(page, offer, owners) for offer, owners in page.merged("methods")]


def _method(page: Page, offer: t.Any, owners: str) -> t.Sequence[str]:
    rules = [dcv.method_rule(rule) for rule in offer.rules]
    told = page.cell(*(f"{escaped(rule.title)} (BR {rule.id})" for rule in rules))
    possible = [page.span(offer), *(_life(page, rule, len(rules) > 1) for rule in rules)]
    star = offer.wildcard and any(rule.wildcard for rule in rules)
    published = [f"{escaped(owner)} {kind} {escaped(value)}" for owner, kind, value in offer.records]
    published += [escaped(url) for url in offer.files]
    more = [
        "" if star else page.word("no_star"),
        *(page.word("publish", one.replace("{adn}", "‹FQDN›")) for one in published),
        *(page.said(note) for note in offer.notes),
        _way_out(page, offer, rules),
    ]
    return page.method(offer.method), told, page.cell(*possible), page.cell(*more), owners, page.based(offer)


def _life(page: Page, rule: t.Any, named: bool) -> str:
    told = page.listed(
        (
            page.word("exists", rule.since) if rule.since else "",
            page.word("discouraged", rule.discouraged_from) if rule.discouraged_from else "",
            page.word("ends", rule.must_not_rely_from) if rule.must_not_rely_from else "",
        )
    )
    return f"BR {rule.id}: {told}" if named and told else told


def _way_out(page: Page, offer: t.Any, rules: t.Sequence[t.Any]) -> str:
    if not rules or any(rule.must_not_rely_from is None for rule in rules):
        return ""
    if offer.way_out:
        return page.word("way_out", page.said(offer.way_out))
    others = page.word("others", page.listed(f"``{key}``" for key in offer.other_products))
    return page.listed((page.word("ask"), others if offer.other_products else ""))


def contact_rows(page: Page) -> Lines:
    return [_contact(page, offer, owners) for offer, owners in page.merged("contacts")]


def _contact(page: Page, offer: t.Any, owners: str) -> t.Sequence[str]:
    kind = next(row for row in methods.CONTACT_KINDS if row.kind == offer.kind)
    rule = dcv.method_rule(kind.rule)
    words = page.words(offer.levels)
    local_parts = page.listed(f"{one}@" for one in offer.local_parts)
    where = page.cell(
        page.word(offer.kind), page.listed((local_parts, words)), page.said(offer.holder) if offer.holder else ""
    )
    only = page.listed(
        (
            page.words("other_names" if one == "other" else one for one in offer.name_types),
            page.word("tlds", page.listed(f".{tld}" for tld in offer.tlds)) if offer.tlds else "",
            page.word("common_name_only") if offer.common_name_only else "",
        )
    )
    how = page.cell(
        page.word("selectable" if offer.selectable else "not_selectable"),
        page.word(f"mailed_{offer.mailed}"),
        page.word(f"covers_{offer.covers}"),
        only,
        *(page.said(note) for note in offer.notes),
    )
    alive = page.cell(page.span(offer), _life(page, rule, False))
    return where, how, alive, owners, f"{page.based(offer)}, BR {kind.rule}"


def link_rows(page: Page) -> Lines:
    return [
        (
            page.listed(
                (
                    page.word("link", rule.option, rule.method, rule.without),
                    page.word("assumed") if rule.assumed else "",
                )
            ),
            page.span(rule),
            owners,
            page.based(rule),
        )
        for rule, owners in page.merged("links")
    ]


def step_rows(page: Page) -> Lines:
    return [_step(page, rule, owners) for rule, owners in page.merged("steps")]


def _step(page: Page, rule: t.Any, owners: str) -> t.Sequence[str]:
    conditions = page.listed(
        (
            page.word("by_method", page.listed(f"``{one}``" for one in rule.methods)) if rule.methods else "",
            page.word("by_contact", page.words(rule.contacts)) if rule.contacts else "",
            page.words(rule.purposes, "for_"),
            page.listed(page.word("with_option", one) for one in rule.options),
            page.word("key_by", page.words(rule.key_made_by)) if rule.key_made_by else "",
            page.word("deploy_by", page.words(rule.deployed_by)) if rule.deployed_by else "",
            page.words(rule.organization_kinds),
            page.word(rule.organization_year) if rule.organization_year else "",
            page.word(f"when_{rule.when}") if rule.when else "",
        )
    )
    before = rule.before_expiry_days
    due = page.listed(
        (
            page.word("opens", rule.opens_before_expiry_days) if rule.opens_before_expiry_days is not None else "",
            page.word("after", rule.after_days) if rule.after_days is not None else "",
            "" if before is None else page.word("before", before) if before else page.word("before_0"),
            page.span(rule),
        )
    )
    actor = page.word("CA" if rule.actor == "ca" else rule.actor)
    return actor, page.said(rule.action), page.cell(conditions, due), owners, page.based(rule)


def renewal_rows(page: Page) -> Lines:
    found: Lines = []
    for rule, owners in page.merged("notices"):
        told = page.word("notice", rule.before_expiry_days, page.said(rule.to))
        found.append((told, page.span(rule), owners, page.based(rule)))
    for rule, owners in page.merged("renewal"):
        found.append((_renewal(page, rule), page.span(rule), owners, page.based(rule)))
    for rule, owners in page.merged("reissue"):
        more = page.word("whole_contract") if rule.whole_contract else ""
        found.append((page.listed((page.word("reissue"), more)), page.span(rule), owners, page.based(rule)))
    for rule, owners in page.merged("changes"):
        at = page.listed(page.word("validated" if one == "validated" else f"for_{one}") for one in rule.at)
        told = f"``{rule.field}`` {page.word('change', at, page.said(rule.todo))}"
        found.append((told, page.span(rule), owners, page.based(rule)))
    for rule, owners in page.merged("revalidation"):
        found.append((page.word("revalidate", rule.before_days), page.span(rule), owners, page.based(rule)))
    return found


def _renewal(page: Page, rule: t.Any) -> str:
    maker = page.word(rule.key_made_by) if rule.key_made_by else "–"
    period = page.word("last") if rule.period == "last" else rule.period or "–"
    ignored = page.word("renews", maker, period) if rule.outcome == "renews" else page.word("lapses")
    return page.cell(
        page.word("window", rule.opens_days, rule.closes_days) if rule.opens_days is not None else "",
        ignored,
        page.said(rule.note) if rule.note else "",
        page.word("cancel", rule.cancel_days) if rule.cancel_days is not None else "",
        page.word("stopped", page.listed(rule.stopped_periods), rule.period_instead) if rule.stopped_periods else "",
        page.word("immutable", page.listed(f"``{one}``" for one in rule.immutable)) if rule.immutable else "",
        page.word(rule.after_refusal),
    )


def validity_rows(page: Page) -> Lines:
    own = [_validity(page, rule, owners) for rule, owners in page.merged("validity")]
    caps = [
        (
            page.word("cap", limit.days, dcv.reuse_limit(limit.since)),
            page.word("since", limit.since) if limit.since.year > 1 else "",
            page.word("all"),
            escaped(limit.source),
        )
        for limit in dcv.VALIDITY_MAX_DAYS
    ]
    return [*own, *caps]


def _validity(page: Page, rule: t.Any, owners: str) -> t.Sequence[str]:
    told = page.word(rule.kind, rule.amount)
    told += page.word("seconds") if rule.seconds else ""
    told += page.word("days_left") if rule.adds_days_left else ""
    period = page.word("period", rule.period) if rule.period else ""
    return page.listed((period, told)), page.span(rule), owners, page.based(rule)


def date_rows(page: Page) -> Lines:
    """What the rules change for the methods of this seller after the day of the catalogue's knowledge."""
    today = methods.KNOWN_ON
    found: list[tuple[t.Any, ...]] = []
    offers = [offer for product in page.products for offer in product.methods]
    used = dict.fromkeys(rule for offer in offers for rule in offer.rules)
    for rule in (dcv.method_rule(one) for one in used):
        named = f"{escaped(rule.title)} (BR {rule.id})"
        for key, day in (("method_discouraged", rule.discouraged_from), ("method_ends", rule.must_not_rely_from)):
            if day is not None and day > today:
                ways = [_way_out(page, offer, [rule]) for offer in offers if rule.id in offer.rules]
                found.append((day, page.word(key, named), page.cell(*dict.fromkeys(ways)), escaped(rule.source)))
    for limit, reuse in dcv.limits_after(today):
        told = page.word("cap", limit.days, reuse.days)
        found.append((limit.since, told, page.word("renew_daily"), escaped(limit.source)))
    ticks = {"all"} | {"mpic" for one in used if dcv.method_rule(one).mpic_required}
    ticks |= {"adn" for one in used if dcv.method_rule(one).prune or dcv.method_rule(one).adn_cname_step}
    for switch in dcv.switches_after(today):
        if switch.hits in ticks:
            found.append((switch.since, page.said(switch.rule), page.said(switch.do), escaped(switch.source)))
    return [(str(day), *rest) for day, *rest in sorted(found, key=lambda one: one[0])]


Section = t.Callable[[Page], Lines]
#: title, heads of columns, widths, cells
SECTIONS: tuple[tuple[str, tuple[str, ...], tuple[int, ...], Section], ...] = (
    ("products", ("product", "title", "kind", "names", "key"), (20, 20, 20, 20, 20), products),
    ("methods", ("method", "rule", "possible", "more", "of", "based"), (12, 18, 20, 24, 13, 13), method_rows),
    ("contacts", ("address", "more", "possible", "of", "based"), (25, 30, 20, 13, 12), contact_rows),
    ("links", ("what", "possible", "of", "based"), (50, 20, 15, 15), link_rows),
    ("steps", ("who", "what", "when", "of", "based"), (8, 45, 20, 15, 12), step_rows),
    ("renewal", ("what", "possible", "of", "based"), (50, 15, 20, 15), renewal_rows),
    ("validity", ("arithmetic", "possible", "of", "based"), (45, 20, 20, 15), validity_rows),
    ("dates", ("date", "what", "do", "based"), (12, 40, 33, 15), date_rows),
)


# --- reStructuredText

HEAD = """..
  SPDX-FileCopyrightText: The inkan.tls developers
  SPDX-License-Identifier: GPL-3.0-or-later
  Written by scripts/write_seller_pages.py from the catalogue; edit that."""


def heading(text: str, line: str) -> str:
    wide = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return f"{text}\n{line * wide}"


def table(heads: t.Sequence[str], lines: Lines, widths: tuple[int, ...]) -> str:
    told = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for line in (heads, *lines):
        told += [f"   {'* -' if not number else '  -'} {marked(cell)}".rstrip() for number, cell in enumerate(line)]
    return "\n".join(told)


def marked(text: str) -> str:
    """A literal is one only where no letter stands beside it, as in Japanese it does."""
    return re.sub(r"(\w?)(``[^`]+``)(?=(\w?))", _apart, text)


def _apart(found: re.Match[str]) -> str:
    before, literal, after = found.groups()
    return before + ("\\ " if before else "") + literal + ("\\ " if after else "")


def escaped(text: str) -> str:
    """Plain text as reStructuredText."""
    return re.sub(r"([\\*`|]|_(?!\w))", r"\\\1", " ".join(text.split()))


# --- all pages


def wanted_pages() -> tuple[dict[Path, str], list[str]]:
    """Path → text, and what is wrong with the Japanese."""
    japanese = Japanese()
    pages = {}
    for seller in catalogue.SELLERS:
        pages[PAGES / f"seller_{seller.key}.rst"] = Page(seller, ENGLISH_ONLY, japanese).text()
        pages[PAGES / f"seller_{seller.key}_ja.rst"] = Page(seller, IN_JAPANESE, japanese).text()
    return pages, japanese.faults()


def main() -> int:
    pages, faults = wanted_pages()
    old = [path for path in sorted(PAGES.glob("seller_*.rst")) if path not in pages]
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" not in sys.argv:
        for path in old:
            path.unlink()
        for path in stale:
            path.write_text(pages[path], encoding="utf-8")
        old = stale = []
    faults += [f"{path.relative_to(REPOSITORY)} differs: run scripts/write_seller_pages.py" for path in old + stale]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
