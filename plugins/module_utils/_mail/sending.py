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
import email.policy
import email.utils
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.channels import SMTP, Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._io import smtp

__all__ = ["SECURITIES", "Submission", "send", "submission_errors"]

SECURITIES = ("implicit", "starttls", "none")
_PORTS = {"implicit": 465, "starttls": 587, "none": 25}
#: for everything together
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
    """Raises TransportError or RefusedError; what was taken may still get lost on its way."""
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = one.sender, recipient, subject
    message["Date"] = email.utils.format_datetime(now)
    message["Message-ID"] = email.utils.make_msgid(domain=one.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's vacation answers
    message.set_content(text)
    try:
        smtp.send(_channel(one), message.as_bytes(policy=email.policy.SMTP), [recipient], timeout=_SECONDS)
    except NotDelivered as failure:
        raise (_refused if failure.is_refused else _failed)(one, failure.why) from failure


def _channel(one: Submission) -> Channel:
    """As ``_io/smtp`` wants it: that room bounds everything by one deadline, and speaks to nobody unproven."""
    settings: dict[str, t.Any] = {
        "host": one.host,
        "port": one.port or _PORTS[one.security],
        "tls": one.security,
        "from": one.sender,
        "ca_bundle": one.ca_bundle,
        **({"user": one.username} if one.username else {}),
    }
    return Channel("test mail", SMTP, (), (), "en", settings, {"password": one.password})


def _refused(one: Submission, why: str) -> RefusedError:
    return RefusedError(
        code="smtp_refused",
        what="The mail server did not take the test mail",
        where=one.where,
        why=escaped(mask(why, [one.password]), 400),
        todo="Check the sender, the login, the recipient, and the server's certificate",
    )


def _failed(one: Submission, why: str) -> InkanError:
    return TransportError(
        code="smtp_failed",
        what="The mail server could not be reached, or broke off",
        where=one.where,
        why=escaped(mask(why, [one.password]), 400),
        todo="Check host, port and security of the test mail's settings",
    )
