# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that say what sellers sell: one Product a key of ``product``, and below it one row a property.

Every row names the facts it stands on and its source, and holds from ``since`` until the day before ``until`` (None: no
end known), by the calendar of its seller. Facts: ``JPRS-8`` and the like count what a seller's documents say (its file
has them in words); anything else names a rule or a document.

    Seller ──▶ Product ──▶ NameRule, CustodyRule, SourceRule, MethodOffer, LinkRule, ContactOffer, StepRule, NoticeRule,
                           RenewalRule, ReissueRule, ChangeRule, RevalidationRule, ValidityRule

``WORDS`` says which words a field takes. What is not said is not claimed: a field left at its default means that the
seller's documents are silent.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import KINDS


class MethodOffer(t.NamedTuple):
    """A word of ``validation.method`` that the product takes.

    rules      methods of the BR that it can be; allowed while one of them is
    wildcard   False where the seller is stricter than the BR
    records    what to publish: (owner name, type, value); ``{adn}`` is the validated name
    files      URLs that must serve the file; the same placeholder
    places     what the customer's side has to do: ``record``, ``file``, ``mail`` (read one and answer) or ``nothing``
    way_out    what replaces it when it ends, as the seller documents it; empty: the seller documents none
    other_products  keys of products that have a method which goes on, named where the seller documents no way out
    notes      said beside the rules' reasons, such as "ask the seller whether …" where the documents are silent
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
    other_products: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class LinkRule(t.NamedTuple):
    """Something that makes the answer of the customer needless: the domain is held where the certificate is bought.

    option   a flag among the item's options that says so
    assumed  what holds where an item does not say
    method   the method where it is so; ``without``: the one where it is not. An item that names ``without`` and has the
             flag set is planned as ``method``; one that names ``method`` and has it not set is refused, unless an order
             is open: then the link was lost under way, and the steps of ``without`` open (StepRule.when)
    """

    option: str
    method: str
    without: str
    facts: tuple[str, ...]
    source: str
    assumed: bool = False
    since: date | None = None
    until: date | None = None


class ContactOffer(t.NamedTuple):
    """A kind of mailbox that approval mails go to.

    kind         constructed, txt, caa, soa, whois; each is a method of the BR (``dcv_methods.CONTACT_KINDS``)
    levels       at which names, the nearest first: ``fqdn`` (a name of the certificate without ``*.``), ``unwww`` (a
                 plain name without its www, unless that label is the registered one), ``base`` (the registrable
                 domain), ``www_base`` (the registrable domain of a name that is this with www before it, of no other),
                 ``parents`` (every name above, down to the base)
    local_parts  of a constructed address
    selectable   the applicant may name it
    mailed       ``all``, ``chosen``, ``first`` or ``on_request``
    covers       what an approval by it covers: ``fqdn`` or ``subtree``
    common_name_only  at the levels of the common name, not of every name of the certificate
    name_types   only for registrable domains of these types (empty: of all): ``jp_general`` (with the prefecture type),
                 ``jp_organisational``, ``jp_geographic``, ``other`` (``_core.name_types``)
    tlds         only for names under these top-level domains (empty: under all)
    holder       whose mailbox it is, where WHOIS tells it: "the public contact (公開連絡窓口)"
    notes        said beside the rules' reasons, such as "ask the seller whether …" where the documents are silent
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
    common_name_only: bool = False
    name_types: tuple[str, ...] = ()
    tlds: tuple[str, ...] = ()
    holder: str = ""
    notes: tuple[str, ...] = ()


class StepRule(t.NamedTuple):
    """Something someone does, in the order of the rows.

    actor               customer, seller or ca
    action              ``{mailbox}`` is the one of the item, ``{common_name}`` its first name; of its organization
                        ``{organization}``, ``{phone}`` (the listed one), ``{responsible}`` and ``{responsible_mail}``
                        (申請責任者). What is not known is told in words ("the listed phone number")
    methods             only with these methods (empty: with all)
    contacts            only with these kinds of mailbox (empty: with all)
    after_days          due so many days after the order
    before_expiry_days  due so many days before the live certificate ends
    opens_before_expiry_days  not possible earlier than so many days before the live certificate ends
    purposes            only for these: ``issue`` (the first one), ``renew``, ``reissue`` (empty: for these three), and
                        ``revalidate`` (validating again without an order: only where it is named)
    options             only where these flags of the item's options are set
    key_made_by, deployed_by  only where the item's key is made, its certificate installed by these (empty: by anybody)
    organization_kinds  only for organizations of these kinds (empty: all): ``corporation``, ``voluntary_association``,
                        ``sole_proprietor``; a kind that is not known gets all of them
    organization_year   ``first`` or ``later``: only in the first year since the organization was opened, or after it
    when                ``link``: only while a LinkRule holds; ``link_lost``: only when it was lost under way
    task                a person does it and the ledger follows it: its kind (``person_steps``); empty: it is only told
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
    opens_before_expiry_days: int | None = None
    purposes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    key_made_by: tuple[str, ...] = ()
    deployed_by: tuple[str, ...] = ()
    organization_kinds: tuple[str, ...] = ()
    organization_year: str = ""
    when: str = ""
    task: str = ""


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
    immutable                fields of an item that a renewal may not change, where a ChangeRule would say no more
    outcome                  what happens if nobody acts: ``renews`` or ``lapses``
    key_made_by, period      of what is then issued (None: nothing is)
    cancel_days              by when to cancel, counted back from the end
    after_refusal            who follows up an order that was refused: ``again`` (the next run orders again, it costs
                             nothing) or ``person`` (ordered again only when the declaration was corrected, or by force)
    stopped_periods          terms (``options.period``) that nobody issues any more; who had one gets ``period_instead``
    note                     what else happens if nobody acts: "the contract goes on, nothing renews the certificate"
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
    stopped_periods: tuple[str, ...] = ()
    period_instead: str = ""
    note: str = ""


class ReissueRule(t.NamedTuple):
    """The seller issues again inside a term that is paid: the answer to a lost key or another name is no renewal.

    whole_contract  the term may be longer than a certificate may live (``contract_ends`` of the item): then what would
                    be a renewal is a reissue, too, until the contract ends
    """

    facts: tuple[str, ...]
    source: str
    whole_contract: bool = False
    since: date | None = None
    until: date | None = None


class ChangeRule(t.NamedTuple):
    """A field of an item that the seller does not let one change.

    field  ``product``, ``common_name``, ``organization``, ``key.made_by``, ``deploy.by``, ``ca_account`` or
           ``options.<word>``; it is compared with the item's ``previous``, for ``validated`` with its open order
    at     when: ``renew``, ``reissue``, ``validated`` (an order is open and its domain is validated)
    todo   the right procedure
    """

    field: str
    at: tuple[str, ...]
    todo: str
    facts: tuple[str, ...]
    source: str
    since: date | None = None
    until: date | None = None


class RevalidationRule(t.NamedTuple):
    """Domains are validated on their own, apart from orders: an old validation is made anew before it ends.

    before_days  how long before its end it may be made anew
    """

    before_days: int
    facts: tuple[str, ...]
    source: str
    since: date | None = None
    until: date | None = None


class ValidityRule(t.NamedTuple):
    """The seller's own arithmetic; the cap of the BR is applied to whatever comes out.

    kind    ``ca_decides``    nothing is known but the cap
            ``days``          so many days of 86,400 s, both end points counted
            ``after_issue``   issue + so many days + ``seconds``; ``adds_days_left``: and whole days left on the
                              certificate that it renews
            ``months``        issue + so many months
            ``after_expiry``  the end of the certificate that it renews + so many months; a first one counts from issue
            ``end_of_month``  until 23:59:59 of the last day of the month that is so many after the month of issue
            Months, their ends and the hour are those of the seller's calendar.
    amount  of days or months
    period  the term (``options.period`` of an item) that it is for: ``1m``, ``6m``, ``1y``; the first row in force is
            the default. Empty: there are no terms to choose from
    """

    kind: str
    facts: tuple[str, ...]
    source: str
    amount: int = 0
    since: date | None = None
    until: date | None = None
    seconds: int = 0
    adds_days_left: bool = False
    period: str = ""


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


class SourceRule(t.NamedTuple):
    """The certificate is not ordered here but brought: the item's ``issued_from`` names the item that gets it.

    same_common_name  of both items
    """

    facts: tuple[str, ...]
    source: str
    same_common_name: bool = True
    since: date | None = None
    until: date | None = None


#: the local parts of a constructed address (BR 3.2.2.4.4)
LOCAL_PARTS = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")

#: what only the CA can tell (the word is ``_core.known.KNOWN_AFTER_ORDER``)
LATER = "known_after_order"


class Seller(t.NamedTuple):
    key: str
    title: str
    source: str


class Product(t.NamedTuple):
    """ca: None where the account's directory decides. validation_level: dv, ov, ev.

    utc_offset: hours that the seller's calendar is ahead of UTC; the dates of its rows, its notices and windows and the
    ends of its months are days there. (Dates of the BR are days in UTC.)
    form: ``direct`` (ordered at the CA), ``agency`` (a seller applies for it) or ``byo`` (the customer brings it).
    A product that is brought has no methods of its own.
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
    form: str = "direct"
    sources: tuple[SourceRule, ...] = ()
    links: tuple[LinkRule, ...] = ()
    reissue: tuple[ReissueRule, ...] = ()
    changes: tuple[ChangeRule, ...] = ()
    revalidation: tuple[RevalidationRule, ...] = ()


#: row type -> field -> the words it takes (a tuple takes any of them)
WORDS: dict[type, dict[str, tuple[str, ...]]] = {
    MethodOffer: {"places": ("record", "file", "mail", "nothing")},
    ContactOffer: {
        "kind": ("constructed", "txt", "caa", "soa", "whois"),
        "levels": ("fqdn", "unwww", "base", "www_base", "parents"),
        "mailed": ("all", "chosen", "first", "on_request"),
        "covers": ("fqdn", "subtree"),
        "name_types": ("jp_general", "jp_organisational", "jp_geographic", "other"),
    },
    StepRule: {
        "actor": ("customer", "seller", "ca"),
        "contacts": ("constructed", "txt", "caa", "soa", "whois"),
        "purposes": ("issue", "renew", "reissue", "revalidate"),
        "key_made_by": ("us", "seller"),
        "deployed_by": ("us", "seller"),
        "organization_kinds": ("corporation", "voluntary_association", "sole_proprietor"),
        "organization_year": ("", "first", "later"),
        "when": ("", "link", "link_lost"),
        "task": ("", *(rule.kind for rule in KINDS if not rule.derived)),
    },
    RenewalRule: {
        "outcome": ("renews", "lapses"),
        "key_made_by": ("us", "seller"),
        "after_refusal": ("again", "person"),
    },
    ChangeRule: {"at": ("renew", "reissue", "validated")},
    ValidityRule: {"kind": ("ca_decides", "days", "after_issue", "months", "after_expiry", "end_of_month")},
    NameRule: {"wildcard": ("no", "may", "only")},
    CustodyRule: {"key_made_by": ("us", "seller"), "deployed_by": ("us", "seller")},
    Product: {"validation_level": ("dv", "ov", "ev"), "form": ("direct", "agency", "byo")},
}

#: the tables of a product -> what stands in them
TABLES: dict[str, type] = {
    "names": NameRule,
    "custody": CustodyRule,
    "sources": SourceRule,
    "methods": MethodOffer,
    "links": LinkRule,
    "contacts": ContactOffer,
    "steps": StepRule,
    "notices": NoticeRule,
    "renewal": RenewalRule,
    "reissue": ReissueRule,
    "changes": ChangeRule,
    "revalidation": RevalidationRule,
    "validity": ValidityRule,
}
