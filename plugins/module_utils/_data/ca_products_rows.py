# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that say what sellers sell: one Product a key of ``product``, and below it one row a property.

Every row names the facts it stands on and its source, and holds from ``since`` until the day before ``until`` (None: no
end known), by the calendar of its seller. Facts: ``JPRS-8`` and the like count what a seller's documents say (its file
has them in words); anything else names a rule or a document.

    Seller ──▶ Product ──▶ NameRule, CustodyRule, MethodOffer, ContactOffer, StepRule, NoticeRule, RenewalRule,
                           ValidityRule

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date


class MethodOffer(t.NamedTuple):
    """A word of ``validation.method`` that the product takes.

    rules      methods of the BR that it can be; allowed while one of them is
    wildcard   False where the seller is stricter than the BR
    records    what to publish: (owner name, type, value); ``{adn}`` is the validated name
    files      URLs that must serve the file; the same placeholder
    places     what the customer's side has to do: ``record``, ``file``, ``mail`` (read one and answer) or ``nothing``
    way_out    what replaces it when it ends, as the seller documents it; empty: the seller documents none
    """

    method: str
    rules: tuple[str, ...]
    places: str
    facts: tuple[str, ...]
    source: str
    wildcard: bool = True
    records: tuple[tuple[str, str, str], ...] = ()
    files: tuple[str, ...] = ()
    way_out: str = ""
    since: date | None = None
    until: date | None = None


class ContactOffer(t.NamedTuple):
    """A kind of mailbox that approval mails go to.

    kind         constructed, txt, caa, soa, whois; each is a method of the BR (``dcv_methods.CONTACT_KINDS``)
    levels       at which names, the nearest first: ``fqdn`` (a name of the certificate without ``*.``), ``unwww`` (a
                 plain name without its www, unless that label is the registered one), ``base`` (the registrable
                 domain), ``parents`` (every name above, down to the base)
    local_parts  of a constructed address
    selectable   the applicant may name it
    mailed       ``all``, ``chosen``, ``first`` or ``on_request``
    covers       what an approval by it covers: ``fqdn`` or ``subtree``
    """

    kind: str
    levels: tuple[str, ...]
    selectable: bool
    mailed: str
    covers: str
    facts: tuple[str, ...]
    source: str
    local_parts: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


class StepRule(t.NamedTuple):
    """Something someone does, in the order of the rows.

    actor               customer, seller or ca
    action              ``{mailbox}`` is the one of the item
    methods             only with these methods (empty: with all)
    contacts            only with these kinds of mailbox (empty: with all)
    after_days          due so many days after the order
    before_expiry_days  due so many days before the live certificate ends
    """

    actor: str
    action: str
    facts: tuple[str, ...]
    source: str
    methods: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    after_days: int | None = None
    before_expiry_days: int | None = None
    since: date | None = None
    until: date | None = None


class NoticeRule(t.NamedTuple):
    """A mail that the seller sends before the certificate ends."""

    before_expiry_days: int
    to: str
    facts: tuple[str, ...]
    source: str
    since: date | None = None
    until: date | None = None


class RenewalRule(t.NamedTuple):
    """How the seller renews.

    opens_days, closes_days  its window, counted back from the end of the certificate; None: the customer decides
    immutable                fields of an item that a renewal may not change
    outcome                  what happens if nobody acts: ``renews`` or ``lapses``
    key_made_by, period      of what is then issued (None: nothing is)
    cancel_days              by when to cancel, counted back from the end
    after_refusal            who follows up an order that was refused: ``again`` (the next run orders again, it costs
                             nothing) or ``person`` (ordered again only when the declaration was corrected, or by force)
    """

    outcome: str
    facts: tuple[str, ...]
    source: str
    opens_days: int | None = None
    closes_days: int | None = None
    immutable: tuple[str, ...] = ()
    key_made_by: str | None = None
    period: str | None = None
    cancel_days: int | None = None
    after_refusal: str = "person"
    since: date | None = None
    until: date | None = None


class ValidityRule(t.NamedTuple):
    """The seller's own arithmetic; the cap of the BR is applied to whatever comes out.

    kind    ``ca_decides`` (nothing is known but the cap), ``days``, or ``end_of_month``: until 23:59:59 of the last day
            of the month that is so many after the month of issue, by the seller's calendar
    amount  of days or months
    """

    kind: str
    facts: tuple[str, ...]
    source: str
    amount: int = 0
    since: date | None = None
    until: date | None = None


class NameRule(t.NamedTuple):
    """Which names one certificate may carry.

    wildcard    ``no``, ``may`` or ``only``
    raisable    an item's option ``max_names`` takes the place of the number, for a CA that takes more
    www_option  a flag among the item's options that adds one name: the common name with, or without, its www
    """

    wildcard: str
    max_names: int
    facts: tuple[str, ...]
    source: str
    raisable: bool = False
    www_option: str = ""
    since: date | None = None
    until: date | None = None


class CustodyRule(t.NamedTuple):
    """Who may make the key, and who may install the certificate: ``us``, ``seller``."""

    key_made_by: tuple[str, ...]
    deployed_by: tuple[str, ...]
    facts: tuple[str, ...]
    source: str
    since: date | None = None
    until: date | None = None


#: the local parts of a constructed address (BR 3.2.2.4.4); every seller here offers all five
LOCAL_PARTS = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")

#: what only the CA can tell (the word is ``_core.known.KNOWN_AFTER_ORDER``)
LATER = "known_after_order"


class Seller(t.NamedTuple):
    key: str
    title: str
    source: str


class Product(t.NamedTuple):
    """ca: None where the account's directory decides. validation_level: dv, ov, ev.

    utc_offset: hours that the seller's calendar is ahead of UTC; the dates of its rows and the ends of its months are
    days there. (Dates of the BR are days in UTC.)
    """

    key: str
    seller: str
    ca: str | None
    validation_level: str
    title: str
    source: str
    names: tuple[NameRule, ...] = ()
    custody: tuple[CustodyRule, ...] = ()
    methods: tuple[MethodOffer, ...] = ()
    contacts: tuple[ContactOffer, ...] = ()
    steps: tuple[StepRule, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    renewal: tuple[RenewalRule, ...] = ()
    validity: tuple[ValidityRule, ...] = ()
    utc_offset: int = 0
    since: date | None = None
    until: date | None = None
