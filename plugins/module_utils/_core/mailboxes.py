# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where approval mails for a certificate can go, and whether the mailbox of a wish is one of these. Pure.

    ContactOffer rows ─▶ mailboxes() ─▶ every one that the seller has, allowed or not, with why
    validation.contact ─▶ choose() ──▶ the one of the wish and the names that publish it, or why not

An approval must reach all names of the certificate (BR 3.2.2.4: each by its own Authorization Domain Name). A
constructed address is one for all of them; a mailbox in DNS may be published once for each registrable domain.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error, canonical_address
from ansible_collections.inkan.tls.plugins.module_utils._core.name_types import name_type
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Contact, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import ContactOffer, Product
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import (
    CONTACT_KINDS,
    ContactKind,
    MethodRule,
)

#: reasons and choices that are shown: those of a certificate of many names are alike
_MOST_REASONS, _MOST_CHOICES = 3, 12

KINDS: dict[str, ContactKind] = {row.kind: row for row in CONTACT_KINDS}
#: the applicant chose the kind only; history since 2025-07-15
_TOLD_BY_OTHERS = ("soa", "whois")


class Mailbox(t.NamedTuple):
    """address: None where DNS or WHOIS tells it. base: the registrable domain of ``domain``. reasons: also of an
    allowed one (discouraged)."""

    offer: ContactOffer
    domain: str
    base: str
    address: str | None
    allowed: bool
    reasons: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True)
class ChosenMailbox:
    """The mailbox of a wish. domains: where it is published, or whose address it is. address None: WHOIS told it."""

    kind: str
    address: str | None
    exclusive: bool
    domains: tuple[str, ...]

    @property
    def rule(self) -> str:
        return KINDS[self.kind].rule

    @property
    def records(self) -> tuple[tuple[str, str, str], ...]:
        """(name, type, value) of what publishes it."""
        record = KINDS[self.kind].record
        if record is None or self.address is None:
            return ()
        owner, kind, value = record[0], record[1], record[2].replace("{address}", self.address)
        return tuple((owner.replace("{adn}", domain), kind, value) for domain in self.domains)


# -- what there is ----------------------------------------------------------------------------------------------------


def mailboxes(page: Page, names: t.Sequence[str], wish: Wish, book: Book) -> tuple[Mailbox, ...]:
    """names: those of the certificate, its common name first."""
    if not page.contacts:
        return ()
    facts = tuple(_Name.of(name, book) for name in names)
    return tuple(box for number in range(len(page.contacts)) for box in _of_offer(number, page, facts, wish, book))


class _Name(t.NamedTuple):
    """plain: without ``*.``. base: the registrable domain; registered: what the registry hands out, at it or below."""

    text: str
    plain: str
    base: str | None
    registered: str | None

    @classmethod
    def of(cls, name: str, book: Book) -> _Name:
        plain, base = validated_name(name), book.tools.registrable_domain(name)
        return cls(name, plain, base, book.tools.registered_domain(name) if base is not None else None)


class _Said(t.NamedTuple):
    """What holds at every domain of an offer."""

    alive: bool
    reasons: tuple[str, ...]
    facts: tuple[str, ...]


def _of_offer(number: int, page: Page, names: t.Sequence[_Name], wish: Wish, book: Book) -> t.Iterator[Mailbox]:
    offer = page.contacts[number][0]
    kind = KINDS[offer.kind]
    said = _said(number, page, names, wish, book)
    rule = dcv.method_rule(kind.rule)
    for domain, base in _domains(offer, names).items():
        lack = _lack(offer, rule, domain, base, names) if said.alive else None
        reasons = said.reasons if lack is None else (*said.reasons, lack)
        for local_part in offer.local_parts or ("",):
            address = f"{local_part}@{domain}" if local_part else None
            yield Mailbox(offer, domain, base, address, said.alive and lack is None, reasons, said.facts)


def _said(number: int, page: Page, names: t.Sequence[_Name], wish: Wish, book: Book) -> _Said:
    """The same for all certificates of plain names."""
    plain = not any(name.text.startswith("*.") or name.text.endswith(".onion") for name in names)
    key = (_judge_offer, number, wish.ca_account, bool(names))
    found: _Said | None = page.memo.get(key) if plain else None
    if found is None:
        found = _judge_offer(number, page, names[:1] if plain else names, wish, book)
        if plain:
            page.memo[key] = found
    return found


def _judge_offer(number: int, page: Page, names: t.Sequence[_Name], wish: Wish, book: Book) -> _Said:
    offer, stop = page.contacts[number]
    kinds = book.account(wish.ca_account).contacts
    if stop is None and kinds is not None and offer.kind not in kinds:
        stop = f'the seller behind the account "{wish.ca_account}" does not offer it'
    ev = page.product.validation_level == "ev"
    verdicts = [dcv.allowed(KINDS[offer.kind].rule, book.day, name.text, ev=ev) for name in names]
    dead = not all(verdict.allowed for verdict in verdicts)
    reasons = [reason for verdict in verdicts for reason in verdict.reasons]
    if stop is not None:
        reasons.append(stop)
    elif not dcv.allowed(KINDS[offer.kind].rule, book.day, "").allowed:  # its day is over, whatever the name
        reasons.append(f"the seller's documents still offer it ({', '.join(offer.facts)}), the rule of the day counts")
    facts = offer.facts + tuple(fact for verdict in verdicts for fact in verdict.facts)
    words = (*dict.fromkeys(reasons), *offer.notes)
    return _Said(stop is None and not dead, words, tuple(dict.fromkeys(facts)))


def _domains(offer: ContactOffer, names: t.Sequence[_Name]) -> dict[str, str]:
    """Domain → its registrable domain: those of the first name first, each name's own nearest first."""
    chosen = names[:1] if offer.common_name_only else names
    return {
        domain: name.base
        for name in chosen
        if name.base is not None and _concerns(offer, name.base)
        for domain in _levels(name, offer.levels)
    }


def _concerns(offer: ContactOffer, base: str) -> bool:
    if offer.tlds and base.rpartition(".")[2] not in offer.tlds:
        return False
    return not offer.name_types or name_type(base) in offer.name_types


def levels_of(name: str, levels: t.Sequence[str], book: Book) -> list[str]:
    """The domains of a row's ``levels`` for a name of a certificate; none above its registrable domain."""
    return _levels(_Name.of(name, book), levels)


def _levels(name: _Name, levels: t.Sequence[str]) -> list[str]:
    plain, base = name.plain, name.registered
    if base is None:
        return []
    # one label only: "*." counts as one, and a registered www is not stripped (JPRS-3)
    www = not name.text.startswith("*.") and plain.startswith("www.") and plain != base
    found: dict[str, None] = {}
    for level in levels:
        if level == "fqdn":
            found[plain] = None
        elif level == "unwww":
            found[plain[4:] if www else plain] = None
        elif level == "base" or (level == "www_base" and www and plain == f"www.{base}"):
            found[base] = None
        elif level == "parents":
            found.update(dict.fromkeys(_above(plain, base)))
    return list(found)


def _above(plain: str, base: str) -> t.Iterator[str]:
    while plain != base and "." in plain:
        plain = plain.partition(".")[2]
        yield plain


def _at_each(offer: ContactOffer) -> bool:
    """The seller looks at the very names of the certificate: a record above them is not found."""
    return KINDS[offer.kind].record is not None and offer.levels == ("fqdn",)


def _lack(offer: ContactOffer, rule: MethodRule, domain: str, base: str, names: t.Sequence[_Name]) -> str | None:
    """Why a mailbox at ``domain`` is not enough, or None."""
    kind = KINDS[offer.kind]
    if kind.record is not None:
        too_long = owner_name_error(kind.record[0].replace("{adn}", domain))
        if too_long is not None:
            return f"no record can be published for {domain}: {too_long}"
    for name in names:
        # published for every registrable domain, or at every name: this one need not reach the others
        if kind.record is not None and (name.base != base or _at_each(offer)):
            continue
        if kind.holder and name.base == base:
            continue
        if not dcv.reaches(rule, name.plain, domain, name.base):
            return f"an approval at {domain} does not cover {name.text}"
    return None


# -- what is wished ---------------------------------------------------------------------------------------------------


def choose(
    wish: Wish, found: t.Sequence[Mailbox], names: t.Sequence[str], product: Product, book: Book
) -> tuple[ChosenMailbox | None, InkanError | None]:
    """The mailbox of the wish, or why there is none. Neither: the seller chooses by itself."""
    contact = wish.validation.contact
    if contact is None:
        # a seller that mails whom it likes needs no word from us
        needed = any(box.offer.selectable for box in found)
        return None, _no_contact(wish, found) if needed else None
    boxes = [box for box in found if box.offer.kind == contact.kind]
    if not any(box.allowed for box in boxes):
        return None, _dead_kind(wish, contact, boxes, found, product, book)
    if contact.kind in _TOLD_BY_OTHERS:
        return ChosenMailbox(contact.kind, contact.address, False, (boxes[0].domain,)), None
    if contact.address is None:
        return None, _no_address(wish, contact, boxes)
    address, reason = _canonical(contact.address, book)
    if reason is not None:
        return None, _bad_address(wish, contact.address, reason)
    if KINDS[contact.kind].record is None:
        return _constructed(wish, address, contact, boxes)
    return _published(wish, address, contact, boxes, names, book)


def _canonical(text: str, book: Book) -> tuple[str, str | None]:
    local, mark, domain = text.rpartition("@")
    try:
        address = canonical_address(f"{local}{mark}{book.tools.to_alabel(domain)}") if mark else text
    except ValueError as reason:
        return text, str(reason)
    return address, address_error(address, ascii_only=True)


def _constructed(
    wish: Wish, address: str, contact: Contact, boxes: t.Sequence[Mailbox]
) -> tuple[ChosenMailbox | None, InkanError | None]:
    box = next((box for box in boxes if box.address == address.lower()), None)
    if box is None or not box.allowed or box.address is None:
        facts = ", ".join(dict.fromkeys(fact for one in boxes for fact in one.offer.facts))
        why = "; ".join(box.reasons) if box is not None else f"no mail goes there for these names ({facts})"
        what, mailbox = f"No approval mail goes to {address}", _choices(boxes)
        return None, _refused(wish, "contact_address_not_possible", what, why, f"Choose {mailbox}", boxes)
    return ChosenMailbox(contact.kind, box.address, contact.exclusive, (box.domain,)), None


def _published(
    wish: Wish,
    address: str,
    contact: Contact,
    boxes: t.Sequence[Mailbox],
    names: t.Sequence[str],
    book: Book,
) -> tuple[ChosenMailbox | None, InkanError | None]:
    """At one name for each registrable domain: the nearest that reaches all names below it; or at every name."""
    base_of = book.tools.registrable_domain
    nearest: dict[str, str] = {}
    for box in boxes:
        if box.allowed:
            nearest.setdefault(f"at {box.domain}" if _at_each(box.offer) else box.base, box.domain)
    lost = next((name for name in names if not {f"at {validated_name(name)}", base_of(name)} & set(nearest)), None)
    if lost is not None:
        why = "; ".join(reason for box in boxes if box.base == base_of(lost) for reason in box.reasons)
        return None, _refused(
            wish,
            "contact_not_possible",
            f"No mailbox of kind {contact.kind} serves {lost}",
            why,
            "Split the certificate, or choose another method",
            boxes,
        )
    return ChosenMailbox(contact.kind, address, contact.exclusive, tuple(nearest.values())), None


# -- refusals ---------------------------------------------------------------------------------------------------------


def _refused(wish: Wish, code: str, what: str, why: str, todo: str, boxes: t.Sequence[Mailbox] = ()) -> InkanError:
    facts = dict.fromkeys(fact for box in boxes for fact in box.facts)
    return PolicyError(
        code=code, what=what, where=f'item "{wish.name}"', why=why, todo=todo, reference=", ".join(facts)
    )


def _no_contact(wish: Wish, found: t.Sequence[Mailbox]) -> InkanError:
    why, mailbox = "validation.contact is missing", _choices(found)
    possible = [box for box in found if box.allowed]
    return _refused(wish, "no_contact", "Validation by mail needs a mailbox", why, f"Choose {mailbox}", possible)


def _no_address(wish: Wish, contact: Contact, boxes: t.Sequence[Mailbox]) -> InkanError:
    what = f"A contact of kind {contact.kind} needs its mailbox"
    in_dns, mailbox = KINDS[contact.kind].record is not None, _choices(boxes)
    todo = "Give the mailbox that is to be published in DNS" if in_dns else f"Choose {mailbox}"
    return _refused(wish, "no_contact_address", what, "validation.contact.address is missing", todo, boxes)


def _bad_address(wish: Wish, address: str, reason: str) -> InkanError:
    return _refused(wish, "bad_contact_address", f"{address!r} is no mailbox", reason, "Correct the address")


def _dead_kind(
    wish: Wish,
    contact: Contact,
    boxes: t.Sequence[Mailbox],
    found: t.Sequence[Mailbox],
    product: Product,
    book: Book,
) -> InkanError:
    """The kind is not sold, or not any more; a rule that is dead is told with its date even if nobody sells it."""
    kind = KINDS[contact.kind]
    rule = dcv.allowed(kind.rule, book.day, "")
    reasons = [f"BR {kind.rule}: {reason}" for reason in rule.reasons if not rule.allowed]
    reasons += [reason for box in boxes for reason in box.reasons if reason not in rule.reasons]
    if not boxes:
        reasons.append(f"{product.title} does not offer it")
    mailbox = _choices(found)
    return PolicyError(
        code="contact_not_possible",
        what=f"No approval mail goes to a contact of kind {contact.kind} on {book.day}",
        where=f'item "{wish.name}"',
        why="; ".join(list(dict.fromkeys(reasons))[:_MOST_REASONS]),
        todo=f"Choose {mailbox}",
        reference=", ".join(dict.fromkeys(fact for box in boxes for fact in box.facts)) or kind.source,
    )


def _choices(found: t.Sequence[Mailbox]) -> str:
    """What to choose: addresses, then kinds that are published in DNS."""
    possible = [box for box in found if box.allowed]
    words = [box.address for box in possible if box.address is not None]
    words += [f"kind {kind}" for kind in dict.fromkeys(box.offer.kind for box in possible if box.address is None)]
    shown = words[:_MOST_CHOICES] + (["…"] if len(words) > _MOST_CHOICES else [])
    return ", ".join(shown) if words else "another method, or split the certificate"
