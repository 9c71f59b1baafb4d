# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one short mail by SMTP submission: TLS verified, or this machine's own server.

    implicit   TLS from the first byte (port 465, RFC 8314)
    starttls   TLS before anything else is said (port 587)
    none       to loopback addresses only

This file is private to the collection.
"""

from __future__ import annotations

import email.message
import email.utils
import smtplib
import ssl
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    LocalError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask

__all__ = ["SECURITIES", "Submission", "send", "submission_errors"]

SECURITIES = ("implicit", "starttls", "none")
_PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_SECONDS = 20.0


@dataclass(frozen=True)
class Submission:
    """Where and as whom. port 0: that of the security."""

    host: str
    sender: str
    security: str = "starttls"
    port: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    ca_bundle: str | None = None

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port or _PORTS[self.security]}"


def submission_errors(one: Submission) -> list[str]:
    """Every wrong setting at once (pure, before any effect)."""
    errors = []
    if one.security not in SECURITIES:
        errors.append(f"security must be one of {', '.join(SECURITIES)}")
    if one.security == "none" and not is_loopback(one.host):
        errors.append("without TLS only this machine's own server is spoken to")
    if not 0 <= one.port < 65536:
        errors.append("port must be a number from 1 to 65535")
    if one.username and not one.password:
        errors.append("username needs a password in secrets")
    if one.password and one.security == "none":
        errors.append("a password is never sent without TLS")
    return errors


def send(one: Submission, recipient: str, subject: str, text: str, now: datetime) -> None:
    """Raises TransportError, RefusedError or LocalError; what was taken may still get lost on its way."""
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = one.sender, recipient, subject
    message["Date"] = email.utils.format_datetime(now)
    message["Message-ID"] = email.utils.make_msgid(domain=one.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's vacation answers
    message.set_content(text)
    try:
        with _connected(one) as server:
            if one.username:
                server.login(one.username, one.password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        raise _refused(one, f"{code} {_text(words)}") from refused
    except smtplib.SMTPResponseException as refused:
        raise _refused(one, f"{refused.smtp_code} {_text(refused.smtp_error)}") from refused
    except (smtplib.SMTPException, OSError, ValueError) as failure:
        raise _failed(one, failure) from failure


def _connected(one: Submission) -> smtplib.SMTP:
    port = one.port or _PORTS[one.security]
    if one.security == "implicit":
        return smtplib.SMTP_SSL(one.host, port, timeout=_SECONDS, context=_context(one))
    server = smtplib.SMTP(one.host, port, timeout=_SECONDS)
    if one.security == "starttls":
        server.starttls(context=_context(one))
    return server


def _context(one: Submission) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=one.ca_bundle)
    except (OSError, ssl.SSLError) as failure:
        raise LocalError(
            code="ca_bundle_unreadable",
            what="The file of trusted CAs cannot be read",
            where=str(one.ca_bundle),
            why=escaped(str(failure)),
            todo="Name a readable PEM file",
        ) from failure


def _refused(one: Submission, why: str) -> RefusedError:
    return RefusedError(
        code="smtp_refused",
        what="The mail server did not take the test mail",
        where=one.where,
        why=escaped(mask(why, [one.password]), 400),
        todo="Check the sender, the login and the recipient",
    )


def _failed(one: Submission, failure: Exception) -> InkanError:
    return TransportError(
        code="smtp_failed",
        what="The mail server could not be reached, or broke off",
        where=one.where,
        why=escaped(mask(str(failure) or type(failure).__name__, [one.password]), 400),
        todo="Check host, port and security of the test mail's settings",
    )


def _text(words: t.Any) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
