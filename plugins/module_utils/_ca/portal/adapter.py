# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter for sellers whose only interface is a portal: a sheet goes out, and persons tell what came of it.

It speaks to nobody. ``submit`` judges the application, writes its sheet beside the ledger and leaves the order with a
person; everything after that is told (``OrderRequest.taken``) and judged by ``desk``. So every verb is safe to repeat,
nothing can be lost on the way, and nothing is ordered twice by us: a person applies, once, for one number.

    accounts/<account>/sheets/<reference>.md, .html, .csv    0600, in a folder of 0700; made again if they are gone

What a portal does only for a person is a hand-off, never a call: the mail once more, another recipient, a revocation.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    Capabilities,
    Contact,
    Finding,
    Issued,
    OrderRequest,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.desk import BROUGHT, Desk
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.rules import order_error
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.sheet import as_csv, as_html, as_markdown, sheet_of
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory

__all__ = ["PortalAdapter", "PortalFactory"]

_FORMS = (("md", as_markdown), ("html", as_html), ("csv", as_csv))
_MOST = 1_000_000


class PortalAdapter:
    """CaAdapter, Checking and Foreseeing."""

    def __init__(self, account: AccountConfig, settings: Settings, clock: Clock) -> None:
        self._account = account
        self._settings = settings
        self._clock = clock
        self._folder = os.path.join(account.state_directory, "sheets")

    @property
    def capabilities(self) -> Capabilities:
        methods = (*self._settings.portal.methods, BROUGHT)
        return Capabilities(
            methods=methods,
            wildcard_methods=tuple(method for method in methods if method != "file"),
            finding=Finding.EXACT,
            revoke=False,
            unasked_methods=methods,
            find_delay=0.0,
            renewing=True,
            reissuing=self._settings.portal.reissues,
            resending=True,
            changing_contact=True,
            takes_in=True,
        )

    def order_error(self, request: OrderRequest, csr: CsrFacts | None) -> InkanError | None:
        return None if request.method == BROUGHT else order_error(self._settings.portal, request, csr)

    def foreseen(self, request: OrderRequest) -> Seen:
        return self._desk(request).seen()

    # -- verbs --------------------------------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> Seen:
        self._write_sheet(request)
        return self._desk(request).seen()

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """A submit is nothing but its sheet: what was cut off is done to its end."""
        return self.submit(request)

    def look(self, handle: str, request: OrderRequest) -> Seen:
        seen = self._desk(request).seen()
        if seen.status is Status.WANTS_PERSON and any(task.sheet for task in seen.wanted.tasks):
            self._write_sheet(request)
        return seen

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        return self.look(handle, request)

    def download(self, handle: str, request: OrderRequest) -> Issued:
        issued = self._desk(request).issued
        if issued is None or not issued.certificate:
            raise RefusedError(
                code="certificate_not_told",
                what=f"There is no certificate for {request.common_name}",
                why="nobody has told one",
                todo="Tell it with inkan_intake",
                retryable=True,
            )
        return issued

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        """A hand-off: whom to write to, and what."""
        return self._desk(_with_taken(request, resent_at=self._clock.now())).seen()

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        """Before the application a new sheet, after it a hand-off."""
        options = {**request.options, "contact": {"kind": contact.kind, "address": contact.address}}
        changed = _with_taken(_replace(request, options=options), contact_changed=True)
        return self.look(handle, changed)

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        taken = request.taken
        if taken.order_number and not taken.cancelled:
            portal = self._settings.portal
            raise RefusedError(
                code="cancelled_by_persons_only",
                what=f"Cannot cancel {portal.number} {taken.order_number} from here",
                where=portal.title,
                why=f"a person withdraws it: {portal.cancel or f'at {portal.apply}'}",
                todo='Then tell it with inkan_intake: {cancelled: "withdrawn"}',
            )
        for form, _render in _FORMS:
            self._forget(f"{request.reference}.{form}")
        return Seen(
            handle, Status.CANCELLED, "withdrawn before anybody applied", problem="nobody had applied for it yet"
        )

    def revoke(self, certificate_pem: str, reason: str) -> None:
        portal = self._settings.portal
        raise RefusedError(
            code="revoked_by_persons_only",
            what="Cannot revoke a certificate from here",
            where=portal.title,
            why="a person asks the seller for it",
            todo=f"Write to {portal.ask}{f' <{portal.ask_mail}>' if portal.ask_mail else ''}, with the reason {reason}",
        )

    # -- sheets -------------------------------------------------------------------------------------------------------

    def _desk(self, request: OrderRequest) -> Desk:
        return Desk(self._settings, request, self._clock.now(), self._path(request))

    def _path(self, request: OrderRequest) -> str:
        return os.path.join(self._folder, f"{request.reference}.html")

    def _write_sheet(self, request: OrderRequest) -> None:
        """Only what differs: a second run writes nothing."""
        desk = self._desk(request)
        due = desk.apply_by()
        sheet = sheet_of(self._settings.portal, request, desk.owner, render_time(due) if due else "")
        with Directory.make(self._folder) as folder:
            for form, render in _FORMS:
                name, content = f"{request.reference}.{form}", render(sheet).encode("utf-8", "replace")
                if folder.read(name, _MOST) != content:
                    folder.write(name, content)

    def _forget(self, name: str) -> None:
        if os.path.isdir(self._folder):
            with Directory.open(self._folder) as folder:
                folder.remove(name)


def _replace(request: OrderRequest, **changes: t.Any) -> OrderRequest:
    return OrderRequest(**{**request.__dict__, **changes})


def _with_taken(request: OrderRequest, **changes: t.Any) -> OrderRequest:
    return _replace(request, taken=type(request.taken)(**{**request.taken.__dict__, **changes}))


class PortalFactory:
    """AdapterFactory. takes_in: as the capability, before the account is opened."""

    takes_in = True

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return parse_settings(account)[1]

    def open(self, account: AccountConfig, *, deadline: float) -> PortalAdapter:
        settings, errors = parse_settings(account)
        if settings is None:
            raise InputError(code="account_settings", what="Cannot use the CA account", why="; ".join(errors))
        return PortalAdapter(account, settings, self._clock)
