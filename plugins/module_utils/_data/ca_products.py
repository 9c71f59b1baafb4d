# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sellers and CAs sell: one Product a key of ``product``, and below it one row a property.

Every row names the facts it stands on and its source, and holds from ``since`` until the day before ``until`` (None: no
end known). Nothing about a seller is coded elsewhere: the rule book (``_core/plan``) reads rows and obeys, beside them,
the Baseline Requirements (``_data/dcv_methods``, ``_data/validity``): where both speak, the stricter wins.

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
    places     ``record``, ``file`` or ``mail``: what the customer's side has to do
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

    kind         constructed, txt, caa, soa, whois
    levels       at which names: ``fqdn`` (validated name), ``base`` (registrable domain), ``unwww`` (without its www)
    local_parts  of a constructed address
    rule         the method of the BR that it is
    selectable   the applicant may name it
    mailed       ``all``, ``chosen``, ``first`` or ``on_request``
    covers       what an approval by it covers: ``fqdn`` or ``subtree``
    """

    kind: str
    levels: tuple[str, ...]
    rule: str
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
    methods             only with these methods (empty: with all)
    after_days          due so many days after the order
    before_expiry_days  due so many days before the live certificate ends
    """

    actor: str
    action: str
    facts: tuple[str, ...]
    source: str
    methods: tuple[str, ...] = ()
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
    since: date | None = None
    until: date | None = None


class ValidityRule(t.NamedTuple):
    """The seller's own arithmetic; the cap of the BR is applied to whatever comes out.

    kind    ``ca_decides`` (nothing is known but the cap) or ``days``
    amount  of days
    """

    kind: str
    facts: tuple[str, ...]
    source: str
    amount: int = 0
    since: date | None = None
    until: date | None = None


class NameRule(t.NamedTuple):
    """Which names one certificate may carry; wildcard: ``no``, ``may`` or ``only``.

    An item's option ``max_names`` takes the place of the number, for a CA that takes more.
    """

    wildcard: str
    max_names: int
    facts: tuple[str, ...]
    source: str
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


class Seller(t.NamedTuple):
    key: str
    title: str
    source: str


class Product(t.NamedTuple):
    """ca: None where the account's directory decides. validation_level: dv, ov, ev."""

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
    since: date | None = None
    until: date | None = None


#: what a record or file will hold is told by the CA (the word is ``_core.known.KNOWN_AFTER_ORDER``)
_LATER = "known_after_order"

SELLERS: tuple[Seller, ...] = (Seller("acme", "The operator of the ACME directory", "RFC 8555 §7.1.1"),)

PRODUCTS: tuple[Product, ...] = (
    Product(
        key="acme",
        seller="acme",
        ca=None,
        validation_level="dv",
        title="Certificate by ACME, from the directory that the CA account names",
        source="RFC 8555",
        names=(
            NameRule(
                wildcard="may",
                max_names=100,
                facts=("RFC 8555 §7.1.3",),
                source="Let's Encrypt (community.letsencrypt.org/t/35243); RFC 8555 itself has no limit",
            ),
        ),
        custody=(CustodyRule(("us",), ("us",), ("RFC 8555 §7.4", "BR 6.1.1.3"), "RFC 8555 §7.4: finalized by a CSR"),),
        methods=(
            MethodOffer(
                method="dns-01",
                rules=("3.2.2.4.7",),
                places="record",
                facts=("RFC 8555 §8.4",),
                source="RFC 8555 §8.4",
                records=(("_acme-challenge.{adn}", "TXT", _LATER),),
            ),
            MethodOffer(
                method="http-01",
                rules=("3.2.2.4.19",),
                places="file",
                facts=("RFC 8555 §8.3",),
                source="RFC 8555 §8.3; BR 3.2.2.4.19",
                files=(f"http://{{adn}}/.well-known/acme-challenge/{_LATER}",),
                way_out="dns-01",
            ),
        ),
        steps=(
            StepRule("customer", "make key and CSR, then place the order", ("RFC 8555 §7.4",), "RFC 8555 §7.4"),
            StepRule(
                "customer",
                "publish the TXT record at every authoritative server",
                ("RFC 8555 §8.4",),
                "RFC 8555 §8.4",
                methods=("dns-01",),
            ),
            StepRule(
                "customer", "serve the file on port 80", ("RFC 8555 §8.3",), "RFC 8555 §8.3", methods=("http-01",)
            ),
            StepRule("ca", "look at every name, then issue", ("RFC 8555 §7.5.1",), "RFC 8555 §7.5.1"),
            StepRule(
                "customer",
                "deploy the certificate, remove the token",
                ("RFC 8555 §8.3", "RFC 8555 §8.4"),
                "RFC 8555 §8.3, §8.4",
            ),
        ),
        renewal=(
            RenewalRule(outcome="lapses", facts=("RFC 8555 §7.4",), source="RFC 8555 §7.4: a renewal is a new order"),
        ),
        validity=(ValidityRule("ca_decides", ("BR 6.3.2",), "the CA's profile decides; BR 6.3.2 caps it"),),
    ),
)
