# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When certificates should be renewed: renewalInfo (RFC 9773), and what somebody at the CA can set it to."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from lab.clock import LabClock, iso_utc
from lab.history import History
from lab.vices import Switches

from .book import CA, VALID, Book, Certificate, Window
from .problems import Document, Problem, malformed

#: the simulator's own: six hours, as the RFC's example has it
RETRY_AFTER = 21_600
SHORT = timedelta(days=10)


class Renewal:
    def __init__(self, book: Book, url: str, *, clock: LabClock, history: History, switches: Switches) -> None:
        self._book, self._url = book, url
        self._clock, self._history, self._switches = clock, history, switches

    def answer(self, id: str) -> tuple[Document, str]:
        """The document, and what Retry-After says; empty: it is not there."""
        certificate = self._known(id)
        vice, window = self._bent(certificate)
        document: Document = {"suggestedWindow": {"start": window.start, "end": window.end}}
        if window.explanation:
            document["explanationURL"] = window.explanation
        self._history.add(
            "renewal_info", ca=CA, certificate=id, names=list(certificate.names), start=window.start, end=window.end,
            vice=vice,
        )  # fmt: skip
        without = self._switches.is_on("acme_ari_no_retry_after")
        return document, "" if without else window.retry_after or str(RETRY_AFTER)

    def _known(self, id: str) -> Certificate:
        certificate = self._book.certificates.get(id)
        if certificate is None:
            raise malformed("There is no such certificate.", 404)
        return certificate

    def _bent(self, certificate: Certificate) -> tuple[str, Window]:
        window = certificate.window or usual_window(certificate, self._clock.now())
        now = self._clock.now()
        if self._switches.is_on("acme_ari_past"):
            past = Window(iso_utc(now - timedelta(days=2)), iso_utc(now - timedelta(days=1)))
            return "acme_ari_past", past
        if self._switches.is_on("acme_ari_end_before_start"):
            return "acme_ari_end_before_start", Window(window.end, window.start, window.explanation)
        if self._switches.is_on("acme_ari_absurd"):
            return "acme_ari_absurd", Window("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
        if self._switches.is_on("acme_ari_after_expiry"):
            end = certificate.leaf.not_valid_after_utc
            return "acme_ari_after_expiry", Window(iso_utc(end + timedelta(days=1)), iso_utc(end + timedelta(days=9)))
        return "", window

    # --- what people at the CA do ---

    def set(self, id: str, window: Window | None) -> None:
        """None: the usual one again."""
        with self._book.lock:
            self._known(id).window = window

    def set_all(self, window: Window, ids: t.Iterable[str] | None = None) -> list[str]:
        """Mass renewal: all that are good, or these. Returns them."""
        with self._book.lock:
            now = self._clock.now()
            good = [one.id for one in self._book.certificates.values() if one.leaf.not_valid_after_utc > now]
            chosen = good if ids is None else list(ids)
            for id in chosen:
                self.set(id, window)
        self._history.add("mass_renewal", ca=CA, certificates=len(chosen), start=window.start, end=window.end)
        return chosen

    # --- replaces (RFC 9773, 5) ---

    def check_replaces(self, id: t.Any, account: str, names: t.Sequence[str]) -> str:
        """Empty: nothing is to be replaced."""
        if id is None:
            return ""
        certificate = self._book.certificates.get(id) if isinstance(id, str) else None
        if certificate is None:
            raise malformed("replaces is not the identifier of a certificate of this CA.")
        if certificate.account != account:
            raise Problem("unauthorized", "replaces: the certificate is of another account.")
        if not set(certificate.names) & set(names):
            raise malformed("replaces: the certificate shares no identifier with the order.")
        return certificate.id

    def check_not_replaced(self, id: str) -> None:
        order = self._book.replacing(id) if id else None
        if order is not None:
            done = "was replaced" if order.status == VALID else "is being replaced"
            raise Problem("alreadyReplaced", f"The certificate {id} {done} by the order {self._url}/order/{order.id}")


def usual_window(certificate: Certificate, now: datetime) -> Window:
    """About when two thirds are over (of a short one: half); of a revoked one: at once."""
    leaf = certificate.leaf
    if certificate.revoked is not None:
        return Window(iso_utc(now - timedelta(hours=1)), iso_utc(now))
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    middle, half = leaf.not_valid_before_utc + life * 2 / 3, timedelta(days=1)
    if life < SHORT:
        middle, half = leaf.not_valid_before_utc + life / 2, timedelta(hours=4)
    return Window(iso_utc(middle - half), iso_utc(middle + half))
