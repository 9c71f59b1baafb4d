# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The eight checks before, and after, any click (awx-and-mail 3.2). Each is a function that gives a flaw or None; the
first flaw ends it, and what cannot be told is a flaw.

    1 order           we placed it at that CA, it is open, and the CA waits for an approval by mail
    2 recipient       an address that was chosen for it, constructed or still in DNS
    3 sender          exactly one From, with exactly the address of the row
    4 authentication  our own mail server says that the sender is who it says
    5 link            exactly one link approves, at exactly the host of the row
    6 page            it asks for the approval of our certificate, and is a plain form
    7 once            nobody has sent this form for this order and domain before, as far as anybody knows
    8 confirmation    the CA itself says that it has it

1 to 5 and 7 need the mail only; 6 the page; 8 what came after the form was sent.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    CONSTRUCTED,
    About,
    Arrived,
    Flaw,
    OurOrder,
    Page,
    holds,
    holds_name,
    holds_number,
    names_in,
    rows_of,
    tight,
    to_ascii,
    values_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_form import form_flaw
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_links import Found, Place, approving_link
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import Border, authentication_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    CERTIFICATE_WORDS,
    NAME_LABELS,
    ORDER_LABELS,
    ORGANIZATION_LABELS,
    TRANSFER_WORDS,
    MailProfile,
)

__all__ = ["CHECKS", "Case", "Match", "first_flaw", "match"]

#: a Random Value lives 30 days at most (BR 3.2.2.4)
LINK_LIFE = timedelta(days=30)
#: a CA's mail may overtake the answer to its order, and clocks differ
_EARLY = timedelta(minutes=10)


class Match(t.NamedTuple):
    """The order that a mail is about, and the domain; else why there is none."""

    order: OurOrder | None
    domain: str = ""
    flaw: Flaw | None = None


@dataclass(frozen=True)
class Case:
    """One mail with all that is known of it. page: what its link shows, at form number ``step``; confirmed: what the CA
    said afterwards, None where it was not asked yet."""

    mail: Arrived
    profile: MailProfile
    about: About
    match: Match
    border: Border
    now: datetime
    signature: str = ""
    page: Page | None = None
    step: int = 0
    confirmed: bool | None = None
    #: a form is about to be sent: what was not looked up is a flaw
    answering: bool = False

    @property
    def link(self) -> Found:
        return approving_link(self.mail.links, Place(self.profile.hosts, self.profile.path, self.profile.rejects))


# --- 1 order ---------------------------------------------------------------------------------------------------------


def match(mail: Arrived, profile: MailProfile, about: About, orders: t.Sequence[OurOrder]) -> Match:
    """By number where the CA is known to tell it, and by domain always."""
    ours = [one for one in orders if one.ca in profile.cas and (not profile.sellers or one.seller in profile.sellers)]
    if not ours:
        return Match(None, about.domain, Flaw("order_unknown", f"there is no order of ours at {_cas(profile)}"))
    named = [(one, domain) for one in ours for domain in [_domain(mail, about, one)] if domain]
    if not named:
        shown = about.domain or "any of its names"
        return Match(None, about.domain, Flaw("order_unknown", f"no order of ours at {_cas(profile)} is for {shown}"))
    numbered = [pair for pair in named if _number_fits(mail, about, pair[0])]
    if not numbered:
        return Match(None, named[0][1], Flaw("order_other", "the number in it is that of another order"))
    waiting = [pair for pair in numbered if pair[0].waits]
    if len({pair[0].reference for pair in waiting}) > 1:
        names = ", ".join(sorted({pair[0].name for pair in waiting}))
        return Match(None, waiting[0][1], Flaw("order_ambiguous", f"it may be about any of {names}"))
    order, domain = (waiting or sorted(numbered, key=lambda pair: (pair[0].is_open, pair[0].created_at)))[-1]
    return Match(order, domain)


def _cas(profile: MailProfile) -> str:
    return " or ".join(profile.cas)


def _domain(mail: Arrived, about: About, order: OurOrder) -> str:
    """The domain that it is about, if that is one of the order's."""
    if about.domain:
        wanted = validated_name(about.domain)
        return wanted if wanted in order.domains else ""
    text = f"{mail.subject}\n{mail.text}"
    told = names_in(values_of(rows_of(mail.text), NAME_LABELS))
    if told and not all(validated_name(name) in order.domains for name in told):
        return ""
    found = [name for name in sorted(order.domains) if holds_name(text, name)]
    return next((name for name in found if name in told), found[0]) if found else ""


def _number_fits(mail: Arrived, about: About, order: OurOrder) -> bool:
    """A number that the mail labels, or has in its subject, is one of the order's, where we know these."""
    if not order.is_numbered:
        return True
    told = (about.number,) if about.number else values_of(rows_of(mail.text), ORDER_LABELS)
    return all(any(holds_number(one, number) for number in order.numbers) for one in told)


def _order(case: Case) -> Flaw | None:
    order = case.match.order
    if order is None:
        return case.match.flaw or Flaw("order_unknown", "it is about no order of ours")
    if not order.is_open:
        return Flaw("order_over", f'our order "{order.name}" has ended')
    if case.mail.received_at < order.created_at - _EARLY:
        return Flaw("mail_before_order", f'it came before our order "{order.name}" was made')
    if case.now - case.mail.received_at > LINK_LIFE:
        return Flaw("mail_expired", "it is older than 30 days, and so is its link")
    if not order.waits:
        return Flaw("order_not_waiting", f'the CA does not wait for an approval of "{order.name}"')
    return None


# --- 2 recipient, 3 sender, 4 authentication, 5 link -----------------------------------------------------------------


def _recipient(case: Case) -> Flaw | None:
    order = case.match.order
    if order is None:
        return Flaw("order_unknown", "it is about no order of ours")
    chosen = {address.lower() for address in order.recipients}
    got = [address.lower() for address in case.mail.recipients]
    if case.profile.mailed_all:
        chosen |= {f"{local}@{validated_name(name)}" for name in order.dns_names for local in CONSTRUCTED}
    ours = [address for address in got if address in chosen]
    if not ours:
        return Flaw("recipient_other", f"it went to {', '.join(got[:3]) or 'nobody'}, which was not chosen for it")
    if any(_is_constructed(address, order) for address in ours):
        return None
    if order.contact_kind == "constructed":
        return Flaw("recipient_not_constructed", f"{ours[0]} is no constructed address of a name of the order")
    if order.is_published is False:
        return Flaw("recipient_not_published", f"{ours[0]} is not in DNS any more")
    if order.is_published is None and case.answering:
        return Flaw("recipient_unproven", f"whether {ours[0]} is still in DNS could not be looked up")
    return None


def _is_constructed(address: str, order: OurOrder) -> bool:
    local, _at, domain = address.rpartition("@")
    names = {validated_name(name) for name in order.dns_names}
    return local in CONSTRUCTED and any(name == domain or name.endswith(f".{domain}") for name in names)


def _sender(case: Case) -> Flaw | None:
    mail = case.mail
    if mail.from_count != 1 or len(mail.senders) != 1:
        return Flaw(
            "sender_several", f"it has {mail.from_count} From headers and {len(mail.senders)} addresses in them"
        )
    if mail.senders[0] not in case.profile.senders:
        return Flaw("sender_other", f"its sender is {mail.senders[0]}")
    return None


def _authentication(case: Case) -> Flaw | None:
    sender = case.mail.senders[0] if case.mail.senders else ""
    found = authentication_error(case.mail.headers, case.border, sender, case.profile.signed_by)
    return Flaw(*found) if found else None


def _link(case: Case) -> Flaw | None:
    if not case.profile.hosts:
        return Flaw(
            "link_unverified", f"where links of {case.profile.title} lead was seen by nobody yet: a person has to"
        )
    found = case.link
    if found.url:
        return None
    if case.mail.attachments and not case.mail.links:
        return Flaw("mail_only_attached", "it has no link, and what is attached is not opened")
    return Flaw(found.code, found.why)


# --- 6 page ----------------------------------------------------------------------------------------------------------


def _page(case: Case) -> Flaw | None:
    page, order = case.page, case.match.order
    if page is None or order is None:
        return Flaw("page_missing", "its page was not seen")
    return (
        _page_kind_flaw(page, case.profile)
        or _page_about_flaw(page, order, case)
        or form_flaw(page, case.profile, case.step, order, case.match.domain, case.signature)
    )


def _page_kind_flaw(page: Page, profile: MailProfile) -> Flaw | None:
    if page.moved_to:
        return Flaw("page_elsewhere", f"its page sends on to {page.moved_to}")
    if holds(page.text, TRANSFER_WORDS):
        return Flaw("page_transfer", "its page is about the transfer of a domain")
    over = next((code for word, code in profile.over if holds(page.text, (word,))), "")
    if over and not page.forms:
        return Flaw(over, "its page says that there is nothing to approve any more: somebody may have done so before")
    if page.status != 200:
        return Flaw("page_status", f"its page answers {page.status}")
    if page.captcha:
        return Flaw("page_captcha", "its page asks for a proof that a person is there")
    if page.scripts or any(form.scripted for form in page.forms):
        return Flaw("page_javascript", "its page works with JavaScript")
    if not holds(page.text, CERTIFICATE_WORDS):
        return Flaw("page_other", "its page is not about a certificate")
    return None


def _page_about_flaw(page: Page, order: OurOrder, case: Case) -> Flaw | None:
    told = names_in(values_of(page.rows, NAME_LABELS))
    allowed = order.domains | {to_ascii(name) for name in order.dns_names}
    strange = sorted(name for name in told if name not in allowed and validated_name(name) not in order.domains)
    if strange:
        return Flaw("page_names_other", f"its page names {', '.join(strange[:3])}, which the order has not")
    if not holds_name(page.text, case.match.domain):
        return Flaw("page_names_missing", f"its page does not name {case.match.domain}")
    numbers = values_of(page.rows, ORDER_LABELS)
    if order.is_numbered and not all(any(holds_number(one, n) for n in order.numbers) for one in numbers):
        return Flaw("page_order_other", "its page names the number of another order")
    applicants = {tight(one) for one in order.organizations}
    if order.is_of_organization and not applicants & {tight(one) for one in values_of(page.rows, ORGANIZATION_LABELS)}:
        shown = " or ".join(order.organizations) or "of the order, which the ledger does not know"
        return Flaw("page_organization_other", f"its page does not name the organization {shown}")
    return None


# --- 7 once, 8 confirmation ------------------------------------------------------------------------------------------


def _once(case: Case) -> Flaw | None:
    order = case.match.order
    attempt = order.attempts.get(case.match.domain) if order is not None else None
    if attempt is None:
        return None
    if not attempt.outcome:
        return Flaw("approval_unknown", "it was begun before, and nobody knows what came of it: the CA has to be asked")
    if attempt.outcome in ("absent", "not_sent"):
        return None
    return Flaw("approval_done", f"{case.match.domain} of this order was answered before ({attempt.outcome})")


def _confirmed(case: Case) -> Flaw | None:
    if case.confirmed:
        return None
    return Flaw("approval_unconfirmed", "the CA does not say that it has the approval")


class Check(t.NamedTuple):
    """needs: mail, page or answer."""

    name: str
    needs: str
    judge: t.Callable[[Case], Flaw | None]


CHECKS: tuple[Check, ...] = (
    Check("order", "mail", _order),
    Check("recipient", "mail", _recipient),
    Check("sender", "mail", _sender),
    Check("authentication", "mail", _authentication),
    Check("link", "mail", _link),
    Check("page", "page", _page),
    Check("once", "mail", _once),
    Check("confirmation", "answer", _confirmed),
)


def first_flaw(case: Case, *needs: str) -> tuple[Check, Flaw] | None:
    """Of the checks that need one of these, in their order."""
    for check in CHECKS:
        if check.needs in needs:
            flaw = check.judge(case)
            if flaw is not None:
                return check, flaw
    return None
