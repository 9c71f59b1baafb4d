# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an order at a portal stands, and what comes next: one pure function of what was ordered and what persons told.

    told so far                      method      status            the next thing
    -------------------------------  ----------  ----------------  -----------------------------------------------
    nothing                          any         wants_person      apply with the sheet; tell order_number
    order_number                     email       wants_approval    answer the approval mail; tell approved
    the same, past the seller's day  email       cancelled         code cancelled_by_seller (CPI-5)
    order_number                     file        wants_person      look up URI and string; tell file_token
    order_number, file_token         file        wants_validation  the files, until the certificate is told
    order_number                     registrar   wants_person      nothing but to wait; no mail comes (JPRS-11)
    approved                         email       wants_person      the CA examines and issues; tell certificate
    registered                       brought     issued            (before: hand the files over; tell registered)
    certificate                      any         issued
    cancelled                        any         cancelled         code cancelled_by_seller

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import serial_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.sheet import is_of_organization, value_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, TokenFile, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import Hand

__all__ = ["BROUGHT", "Desk"]

#: The method of an order whose certificate was issued elsewhere (``issued_from``).
BROUGHT = "brought"
#: Seconds until the next look: persons and crawlers answer no sooner (JPRS-10).
_LATER = 6 * 3600.0


class Desk:
    """One order at one portal, at one moment. sheet: the path of its application sheet."""

    def __init__(self, settings: Settings, request: OrderRequest, now: datetime, sheet: str) -> None:
        self._settings = settings
        self._portal = settings.portal
        self._request = request
        self._taken = request.taken
        self._now = now
        self._sheet = sheet

    def seen(self) -> Seen:
        taken = self._taken
        if taken.cancelled:
            return self._cancelled(f"the seller cancelled it: {taken.cancelled}")
        if taken.certificate is not None or (self._request.method == BROUGHT and taken.registered):
            return self._answer(Status.ISSUED, "the certificate is there")
        if self._request.method == BROUGHT:
            return self._with(Status.WANTS_PERSON, "to be registered", self._register())
        if not taken.order_number:
            return self._with(Status.WANTS_PERSON, "to be applied for", self.apply())
        return {"email": self._by_mail, "file": self._by_file}.get(self._request.method, self._by_registrar)()

    @property
    def issued(self) -> Issued | None:
        if self._request.method != BROUGHT:
            return self._taken.certificate
        brought = self._request.options.get("brought") or {}
        return Issued(str(brought.get("certificate", "")), tuple(brought.get("chain") or ()))

    # -- by method ----------------------------------------------------------------------------------------------------

    def _by_mail(self) -> Seen:
        ends = self.approval_ends()
        if self._taken.approved_at is not None:
            return self._with(Status.WANTS_PERSON, "approved", *self._examined(), self._issue())
        if ends is not None and self._now > ends:
            days = self._portal.approval_days
            return self._cancelled(
                f"nobody told of an approval within {days} days, and then {self._portal.title} cancels the application"
                f" by itself ({', '.join(self._portal.facts)})"
            )
        tasks = (self._approve(ends), *self._hands(), *self._examined(), self._issue())
        mailbox = value_of("contact", self._request).partition(" ")[0]
        return self._with(
            Status.WANTS_APPROVAL, "applied for", *tasks, mails=(mailbox,) if mailbox else (), expires=ends
        )

    def _by_file(self) -> Seen:
        if not self._taken.files:
            return self._with(Status.WANTS_PERSON, "applied for", self._token(), *self._examined(), self._issue())
        tasks = (*self._examined(), self._issue())
        return self._with(Status.WANTS_VALIDATION, "waits for the file", *tasks, files=self._taken.files)

    def _by_registrar(self) -> Seen:
        return self._with(Status.WANTS_PERSON, "applied for", *self._examined(), self._issue())

    # -- answers ------------------------------------------------------------------------------------------------------

    def _with(
        self,
        status: Status,
        word: str,
        *tasks: Task,
        mails: tuple[str, ...] = (),
        files: tuple[TokenFile, ...] = (),
        expires: datetime | None = None,
    ) -> Seen:
        wanted = Wanted(files=files, mails=mails, tasks=tasks)
        later = _LATER if status is Status.WANTS_VALIDATION else None
        return Seen(self._request.reference, status, word, wanted, expires=expires, retry_after=later)

    def _answer(self, status: Status, word: str) -> Seen:
        return Seen(self._request.reference, status, word)

    def _cancelled(self, why: str) -> Seen:
        return Seen(
            self._request.reference,
            Status.CANCELLED,
            "cancelled by the seller",
            problem=why,
            code="cancelled_by_seller",
        )

    # -- tasks --------------------------------------------------------------------------------------------------------

    def apply(self) -> Task:
        word = {"renew": "renewal ", "reissue": "reissue "}.get(self._request.kind.value, "")
        return self._task(
            f"apply for the {word}certificate of {self._request.common_name} at {self._portal.title} with the"
            f" application sheet",
            where=self._menu(),
            due=self.apply_by(),
            sheet=self._sheet,
            tell="order_number",
        )

    def apply_by(self) -> datetime | None:
        """The account's day, or that on which the seller's window closes or the certificate ends, if sooner."""
        days = []
        if self._taken.ordered_at is not None:
            days.append(self._taken.ordered_at + timedelta(days=self._settings.apply_days))
        given = self._request.options.get("apply_by")
        if isinstance(given, str) and given:
            days.append(parse_time(given))
        return min(days, default=None)

    def approval_ends(self) -> datetime | None:
        days, applied = self._portal.approval_days, self._taken.applied_at
        return applied + timedelta(days=days) if days is not None and applied is not None else None

    def _approve(self, ends: datetime | None) -> Task:
        mailbox = value_of("contact", self._request) or "the mailbox that the seller tells"
        warning = f"; unanswered, {self._portal.title} cancels the application on {render_time(ends)}" if ends else ""
        return self._task(
            f"answer the approval mail to {mailbox} (承認する){warning}",
            due=ends,
            tell="approved",
            owner=value_of("contact", self._request).partition(" ")[0],
        )

    def _token(self) -> Task:
        what = "look up URI and string of the authentication file (認証ファイル)"
        return self._task(what, where=self._portal.status, tell="file_token")

    def _examined(self) -> tuple[Task, ...]:
        """An organization is called, and may be asked for documents."""
        if not is_of_organization(self._request):
            return ()
        person = value_of("responsible.name", self._request) or "the 申請責任者"
        phone = value_of("organization.phone", self._request) or "the listed number"
        what = f"{person} answers the call of the CA to {phone}, and gives the documents that the seller asks for"
        return (self._task(what, owner=person, kind="call"),)

    def _issue(self) -> Task:
        cn = self._request.common_name
        if self._request.options.get("deploy_by") == "seller":
            what = f"issue and install the certificate; it is done when {cn} serves it"
            return Task("seller", what, facts=self._portal.facts)
        what = f"issue the certificate; then fetch it {'and its key ' if not self._request.csr_pem else ''}and tell it"
        return Task("seller", what, where=self._portal.status, tell="certificate", facts=self._portal.facts)

    def _register(self) -> Task:
        brought = self._request.options.get("brought") or {}
        place = self._request.options.get("handed_over") or "the host that keeps the key"
        return self._task(
            f"register certificate, chain and key for {self._request.common_name} (serial {_serial(brought)},"
            f" files: {place}) at {self._portal.title}",
            where=self._menu(),
            due=self.apply_by(),
            sheet=self._sheet,
            tell="registered",
        )

    def _hands(self) -> t.Iterator[Task]:
        """What the seller is to be written to about: nobody else can do it."""
        if self._taken.contact_changed:
            yield self._hand(self._portal.change, "ask the seller to send the approval mail elsewhere")
        elif self._taken.resent_at is not None:
            yield self._hand(self._portal.resend, "ask the seller to send the approval mail again")

    def _hand(self, hands: t.Sequence[Hand], otherwise: str) -> Task:
        fitting = [hand for hand in hands if self._request.product.startswith(hand.products)]
        hand = fitting[0] if fitting else Hand(otherwise, "", self._portal.facts)
        to = self._portal.ask + (f" <{self._portal.ask_mail}>" if self._portal.ask_mail else "")
        return self._task(hand.what, where=to, letter=self._letter(hand.letter), facts=hand.facts)

    def _letter(self, letter: str) -> str:
        values = {
            "{number_word}": self._portal.number,
            "{number}": self._taken.order_number,
            "{common_name}": self._request.common_name,
            "{mailbox}": value_of("contact", self._request),
        }
        for word, value in values.items():
            letter = letter.replace(word, value)
        return letter

    def _menu(self) -> str:
        is_first = self._request.kind.value == "new"
        return self._portal.apply if is_first else self._portal.renew or self._portal.apply

    def _task(self, what: str, *, owner: str = "", facts: tuple[str, ...] = (), **more: t.Any) -> Task:
        return Task("customer", what, owner=owner or self._owner(), facts=facts or self._portal.facts, **more)

    def _owner(self) -> str:
        return self._settings.owner or value_of("responsible.name", self._request)

    @property
    def owner(self) -> str:
        return self._owner()


def _serial(brought: t.Mapping[str, t.Any]) -> str:
    try:
        return serial_of(str(brought.get("certificate", "")))
    except InkanError:
        return "unknown"
