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
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, in_force, offered_when
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error, canonical_address
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Contact, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import ContactOffer, Product
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import CONTACT_KINDS, ContactKind

#: reasons and choices that are shown: those of a certificate of many names are alike
_MOST_REASONS, _MOST_CHOICES = 3, 12

KINDS: dict[str, ContactKind] = {row.kind: row for row in CONTACT_KINDS}
#: the applicant chose the kind only; history since 2025-07-15
_TOLD_BY_OTHERS = ("soa", "whois")


@dataclass(frozen=True)
class Mailbox:
    """address: None where DNS or WHOIS tells it. reasons: also of an allowed one (discouraged)."""

    offer: ContactOffer
    domain: str
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


def mailboxes(product: Product, names: t.Sequence[str], wish: Wish, book: Book) -> tuple[Mailbox, ...]:
    """names: those of the certificate, its common name first."""
    return tuple(box for offer in product.contacts for box in _of_offer(offer, product, names, wish, book))


def _of_offer(
    offer: ContactOffer, product: Product, names: t.Sequence[str], wish: Wish, book: Book
) -> t.Iterator[Mailbox]:
    kind = KINDS[offer.kind]
    stop = _not_offered(offer, product, wish, book)
    ev = product.validation_level == "ev"
    verdicts = [dcv.allowed(kind.rule, book.day, name, ev=ev) for name in names]
    said = tuple(dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons))
    alive = stop is None and all(verdict.allowed for verdict in verdicts)
    facts = tuple(dict.fromkeys(offer.facts + tuple(fact for verdict in verdicts for fact in verdict.facts)))
    reach = _Reach(kind, names, book)
    for domain in _domains(offer, names, book):
        lack = reach.lack(domain) if alive else None
        reasons = said + tuple(reason for reason in (stop, lack) if reason is not None)
        for local_part in offer.local_parts or ("",):
            address = f"{local_part}@{domain}" if local_part else None
            yield Mailbox(offer, domain, address, alive and lack is None, reasons, facts)


def _not_offered(offer: ContactOffer, product: Product, wish: Wish, book: Book) -> str | None:
    if not in_force([offer], book.day_at(product)):
        return offered_when(offer)
    kinds = book.account(wish.ca_account).contacts
    if kinds is not None and offer.kind not in kinds:
        return f'the seller behind the account "{wish.ca_account}" does not offer it'
    return None


def _domains(offer: ContactOffer, names: t.Sequence[str], book: Book) -> tuple[str, ...]:
    """Those of the first name first, each name's own nearest first."""
    return tuple(dict.fromkeys(domain for name in names for domain in levels_of(name, offer.levels, book)))


def levels_of(name: str, levels: t.Sequence[str], book: Book) -> list[str]:
    """The domains of a row's ``levels`` for a name of a certificate; none above its registrable domain."""
    plain, base = validated_name(name), book.tools.registrable_domain(name)
    if base is None:
        return []
    # one label only: "*." counts as one, and a registered www is not stripped (JPRS-3)
    www = not name.startswith("*.") and plain.startswith("www.") and plain != base
    above = [plain]
    while above[-1] != base and "." in above[-1]:
        above.append(above[-1].partition(".")[2])
    found = {
        "fqdn": [plain],
        "unwww": [plain[4:] if www else plain],
        "base": [base],
        "www_base": [base] if www and plain == f"www.{base}" else [],
        "parents": above[1:],
    }
    return list(dict.fromkeys(domain for level in levels for domain in found[level]))


class _Reach:
    """Which names a validation at a domain reaches."""

    def __init__(self, kind: ContactKind, names: t.Sequence[str], book: Book) -> None:
        rule, self._base_of = dcv.method_rule(kind.rule), book.tools.registrable_domain
        self._kind = kind
        self._reached = {name: dcv.derivable_names(rule, name, base_of=self._base_of) for name in names}

    def lack(self, domain: str) -> str | None:
        """Why a mailbox at ``domain`` is not enough, or None."""
        names: t.Iterable[str] = self._reached
        if self._kind.record is not None:
            # published for every registrable domain: this one need not reach the others
            base = self._base_of(domain)
            names = [name for name in names if self._base_of(name) == base]
            too_long = owner_name_error(self._kind.record[0].replace("{adn}", domain))
            if too_long is not None:
                return f"no record can be published for {domain}: {too_long}"
        missed = next((name for name in names if domain not in self._reached[name]), None)
        return None if missed is None else f"an approval at {domain} does not cover {missed}"


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
    """At one name for each registrable domain: the nearest that reaches all names below it."""
    base_of = book.tools.registrable_domain
    nearest: dict[str | None, str] = {}
    for box in boxes:
        if box.allowed:
            nearest.setdefault(base_of(box.domain), box.domain)
    lost = next((name for name in names if base_of(name) not in nearest), None)
    if lost is not None:
        why = "; ".join(reason for box in boxes if base_of(box.domain) == base_of(lost) for reason in box.reasons)
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
