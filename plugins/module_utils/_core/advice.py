# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CAs advised about renewals, as the ledger remembers it, and which certificates they are asked about. Pure.

    never asked, or the moment has come ─▶ ask            those that wait longest first
    an answer                           ─▶ its window, until the CA wants to be asked again
    none for this certificate           ─▶ asked again after a day
    a failure                           ─▶ the window known before stays; asked again after an hour, or as the CA said

What is in service and no order of the ledger brought (``foreign``) comes after all that is its own. Its CA may be
another one by now: what the CA does not know is asked about again after a day.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, State

__all__ = [
    "FORGET_AFTER",
    "LONGEST",
    "AdviceKey",
    "InService",
    "Remembered",
    "Subject",
    "after_failure",
    "foreign",
    "of_new",
    "serial_of",
    "subjects",
    "to_ask",
]

#: a CA has hardly an opinion of what it has just issued, and a run right after has nothing to write
AGAIN_AFTER_ISSUE = timedelta(hours=6)
AGAIN_AFTER_FAILURE = timedelta(hours=1)
#: no CA that wants to be left alone longer is believed: it could silence its own mass revocation
LONGEST = timedelta(days=1)
#: longer than any certificate lives: older rows go
FORGET_AFTER = timedelta(days=400)
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
_LONGEST_TEXT = 500
#: RFC 9773 §4.1; of a serial number of at most 20 octets (RFC 5280 §4.1.2.2) with one before it
_RENEWAL_ID = re.compile(r"[A-Za-z0-9_-]{1,128}\.([A-Za-z0-9_-]{2,28})")

#: CA account and serial number
AdviceKey = tuple[str, str]


@dataclass(frozen=True)
class Remembered:
    """start, end: None where the CA gives no advice. problem: why the newest answer is not there; "" else."""

    asked_at: datetime
    ask_again_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    url: str = ""
    problem: str = ""


class Subject(t.NamedTuple):
    """A certificate that may be in service. One that no order of the ledger brought has its renewal_id and no pem."""

    ca_account: str
    serial: str
    pem: str
    not_after: datetime
    renewal_id: str = ""

    @property
    def key(self) -> AdviceKey:
        return self.ca_account, self.serial


def subjects(entries: t.Iterable[Entry], now: datetime) -> list[Subject]:
    """Of one certificate name: the newest certificate, and the one before where that is still going out to its hosts.

    What has ended or was revoked is renewed without anybody's advice.
    """
    found = []
    ordered = sorted((one for one in entries if one.standing.certificate is not None), key=lambda one: -one.number)
    for entry in ordered:
        certificate = entry.standing.certificate
        if certificate is not None and entry.state is not State.REVOKED and certificate.not_after > now:
            found.append(Subject(entry.order.ca_account, certificate.serial, certificate.pem, certificate.not_after))
        if entry.state in (State.DEPLOYED, State.ISSUED):
            break
    return found


class InService(t.NamedTuple):
    """A certificate that was seen on a host; the account is the declared one."""

    name: str
    ca_account: str
    renewal_id: str
    serial: str
    not_after: datetime


def serial_of(renewal_id: str) -> str | None:
    """As the ledger writes it; None: that is no identifier."""
    found = _RENEWAL_ID.fullmatch(renewal_id)
    text = found.group(1) if found else ""
    if not text or len(text) % 4 == 1:
        return None
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return f"{int.from_bytes(octets, 'big'):x}"


def foreign(
    seen: t.Iterable[InService], entries: t.Mapping[str, t.Iterable[Entry]], now: datetime
) -> dict[str, list[Subject]]:
    """By name: what is in service and that no order of its name brought."""
    found: dict[str, list[Subject]] = {}
    for one in seen:
        certificates = (entry.standing.certificate for entry in entries.get(one.name, ()))
        is_known = any(it is not None and it.serial == one.serial for it in certificates)
        if not is_known and one.not_after > now:
            subject = Subject(one.ca_account, one.serial, "", one.not_after, one.renewal_id)
            found.setdefault(one.name, []).append(subject)
    return found


def to_ask(every: t.Iterable[Subject], known: t.Mapping[AdviceKey, Remembered], now: datetime) -> list[Subject]:
    """An entry of a moved clock, which lies ahead further than anybody is left alone, counts as none."""

    def waits_since(subject: Subject) -> datetime:
        before = known.get(subject.key)
        if before is None or before.asked_at > now or before.ask_again_at > now + LONGEST:
            return _EARLIEST
        return before.ask_again_at

    due = (one for one in every if waits_since(one) <= now)
    return sorted(due, key=lambda one: (bool(one.renewal_id), waits_since(one), one.serial))


def of_new(now: datetime) -> Remembered:
    """Of a certificate that came now."""
    return Remembered(now, now + AGAIN_AFTER_ISSUE)


def after_failure(before: Remembered | None, why: str, retry_at: datetime | None, now: datetime) -> Remembered:
    told = retry_at if retry_at is not None else now + AGAIN_AFTER_FAILURE
    again = min(max(told, now), now + LONGEST)
    return replace(before or Remembered(now, again), asked_at=now, ask_again_at=again, problem=why[:_LONGEST_TEXT])
