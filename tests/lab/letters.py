# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval mails: written in one character set, and taken to the host that the DNS names for the address."""

from __future__ import annotations

import smtplib
import typing as t
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid

from .clock import LabClock, jst
from .looking import Resolver
from .mail import send
from .vices import Switches


class Words(t.NamedTuple):
    subject: str
    text: str
    html: str


class Post:
    """``name`` and ``address``: who writes."""

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: LabClock,
        switches: Switches,
        resolver: Resolver,
        smtp_port: t.Callable[[], int],
        only_mx: bool = False,
    ) -> None:
        self._name, self._address = name, address
        self._clock, self._switches = clock, switches
        self._resolver, self._smtp_port, self._only_mx = resolver, smtp_port, only_mx

    def send(self, words: Words, to: str) -> tuple[str, str]:
        """The host that took it, and why nobody did."""
        content = self._message(words, to).as_bytes()
        why = "the DNS names no host for the mail of this domain"
        for name, host_address in self._resolver.mail_hosts(to.partition("@")[2], self._only_mx):
            try:
                send(host_address, self._smtp_port(), self._address, [to], content)
            except (OSError, smtplib.SMTPException) as error:
                why = f"{name}: {type(error).__name__}: {error}"
            else:
                return name, ""
        return "", why

    def _message(self, words: Words, to: str) -> MIMEText:
        """Its headers are in the character set of its text, as such mails have it."""
        text, subtype = (words.html, "html") if self._switches.is_on("mail_html_only") else (words.text, "plain")
        charset = "iso-2022-jp" if self._switches.is_on("mail_iso2022jp") else "utf-8"
        message = MIMEText(text, subtype, charset)
        message["From"] = f"{Header(self._name, charset).encode()} <{self._address}>"
        message["To"] = to
        subject = Header(words.subject, charset)  # it folds itself, a text would be folded twice
        message["Subject"] = t.cast(str, subject)
        message["Date"] = format_datetime(jst(self._clock.now()))
        message["Message-ID"] = make_msgid(domain=self._address.partition("@")[2])
        return message
