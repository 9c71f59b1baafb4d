# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval mails as values: what came, what we wait for, what a page shows, and what a mail is about. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import MailProfile

CONSTRUCTED = frozenset({"admin", "administrator", "hostmaster", "postmaster", "webmaster"})


class Flaw(t.NamedTuple):
    """Why a mail is not answered. code: stable; why: a sentence without links and codes."""

    code: str
    why: str


@dataclass(frozen=True)
class Arrived:
    """A mail. headers: Received and Authentication-Results, the topmost first; digest: SHA-256 of its bytes."""

    id: str
    digest: str
    received_at: datetime
    senders: tuple[str, ...]
    from_count: int
    recipients: tuple[str, ...]
    subject: str
    text: str
    links: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    attachments: int = 0
    is_cut: bool = False


class Attempt(t.NamedTuple):
    """An approval that was begun. outcome: "" while nobody knows what came of it."""

    domain: str
    digest: str
    at: datetime
    outcome: str = ""


@dataclass(frozen=True)
class OurOrder:
    """An order of the ledger that a mail may be about.

    numbers        what the CA calls it; is_numbered: a mail of this CA that names a number must name one of these
    waits          it is open, and the CA waits for an approval by mail
    organizations  what its applicant may be called; of OV and EV (is_of_organization) the page has to say one of them
    recipients     addresses that the CA was told, or says that it wrote to
    is_published   whether the contact is still in DNS: None where nobody looked
    attempts       approvals that were begun, by domain
    """

    name: str
    reference: str
    ca: str
    account: str
    dns_names: tuple[str, ...]
    created_at: datetime
    seller: str = ""
    numbers: frozenset[str] = frozenset()
    is_numbered: bool = False
    is_open: bool = True
    waits: bool = True
    is_of_organization: bool = False
    organizations: tuple[str, ...] = ()
    recipients: frozenset[str] = frozenset()
    contact_kind: str = "constructed"
    is_published: bool | None = None
    attempts: t.Mapping[str, Attempt] = field(default_factory=dict)

    @property
    def domains(self) -> frozenset[str]:
        """Names whose control a mail can be about: those of the certificate, and above them where one of its recipients
        is (a parent covers what is below it, BR 3.2.2.4.4)."""
        own = {validated_name(name) for name in self.dns_names}
        places = {address.rpartition("@")[2] for address in self.recipients}
        return frozenset(own | {place for place in places if any(name.endswith(f".{place}") for name in own)})


class About(t.NamedTuple):
    """What the subject says: each "" where it says nothing."""

    domain: str = ""
    number: str = ""


class Field(t.NamedTuple):
    """An input of a form, with the words that stand beside it."""

    name: str
    kind: str
    value: str
    checked: bool
    label: str


class Button(t.NamedTuple):
    name: str
    value: str
    words: str


@dataclass(frozen=True)
class Form:
    """action: the absolute URL; scripted: it, or a button of it, needs JavaScript."""

    action: str
    method: str
    fields: tuple[Field, ...]
    buttons: tuple[Button, ...]
    scripted: bool = False


@dataclass(frozen=True)
class Page:
    """What came from the link, or after a form. rows: label and value, of tables and of ``label: value``."""

    url: str
    status: int
    text: str
    rows: tuple[tuple[str, str], ...]
    forms: tuple[Form, ...]
    scripts: int = 0
    captcha: bool = False
    moved_to: str = ""


# --- words -----------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """As people compare: full-width letters are letters, case and space do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def tight(text: str) -> str:
    return plain(text).replace(" ", "")


def holds(text: str, words: t.Iterable[str]) -> bool:
    found = tight(text)
    return any(tight(word) in found for word in words)


def holds_name(text: str, name: str) -> bool:
    """As a word of its own: example.jp is not in www.example.jp, nor in example.jp.evil.example."""
    return re.search(rf"(?<![\w.*@-]){re.escape(name)}(?![\w-]|\.\w)", plain(text)) is not None


def holds_number(text: str, number: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(plain(number))}(?![\w-])", plain(text)) is not None


def to_ascii(name: str) -> str:
    """An internationalized name as A-labels; "" for what is none."""
    name = plain(name).strip().rstrip(".")
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


# --- which kind of mail ----------------------------------------------------------------------------------------------


def profile_of(mail: Arrived, profiles: t.Sequence[MailProfile]) -> tuple[MailProfile | None, About]:
    """The first row that the mail fits, by any of its senders: a second From is a matter of the checks."""
    senders = {sender.lower() for sender in mail.senders}
    for profile in profiles:
        if senders & {sender.lower() for sender in profile.senders}:
            about = about_of(mail.subject, profile)
            if about is not None and _has_words(mail, profile):
                return profile, about
    return None, About()


def is_sender_known(mail: Arrived, profiles: t.Iterable[MailProfile]) -> bool:
    known = {sender.lower() for profile in profiles for sender in profile.senders}
    return bool(known & {sender.lower() for sender in mail.senders})


def _has_words(mail: Arrived, profile: MailProfile) -> bool:
    text = f"{mail.subject}\n{mail.text}"
    return all(holds(text, group) for group in profile.words)


def about_of(subject: str, profile: MailProfile) -> About | None:
    """None: it is no subject of this row."""
    if not profile.subjects:
        return About()
    for template in profile.subjects:
        found = _pattern(template).fullmatch(plain(subject))
        if found:
            said = found.groupdict()
            return About(to_ascii(said.get("domain") or ""), (said.get("order") or "").lstrip("#"))
    return None


_PLACES = {
    "{domain}": r"(?P<domain>[^\s()\[\]<>@/:]{3,255})",
    "{order}": r"(?P<order>#?[0-9a-z][0-9a-z-]{0,63})",
    "{order?}": r"(?:\s*(?P<order>#?[0-9a-z][0-9a-z-]{0,63}))?",
}


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{domain\}|\{order\??\})", template)
    made = [_PLACES[part] if part in _PLACES else _loose(part) for part in parts]
    return re.compile("".join(made).replace(r"\s+(?:\s*", r"(?:\s+"))


def _loose(text: str) -> str:
    """Letter by letter; one space is as good as several, and after a colon as none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = r"\s+".join(re.escape(word) for word in folded.split(" "))
    return words.replace(r":\s+", r":\s*")


# --- labelled values -------------------------------------------------------------------------------------------------

_COLON = re.compile("[:：]")
_LONGEST_LABEL = 40


def rows_of(text: str) -> tuple[tuple[str, str], ...]:
    """``label : value`` of each line; a value may stand on the next line with one, unless that is a label itself."""
    rows: list[tuple[str, str]] = []
    waiting = ""
    for line in text.split("\n"):
        found = _COLON.search(line)
        label = line[: found.start()].strip() if found is not None else ""
        if found is not None and 0 < len(label) <= _LONGEST_LABEL:
            value = line[found.end() :].strip()
            waiting = "" if value else label
        else:
            label, value = waiting, line.strip()
            waiting = "" if value else waiting
        if label and value:
            rows.append((label, value))
    return tuple(rows)


def values_of(rows: t.Iterable[tuple[str, str]], labels: t.Iterable[str]) -> tuple[str, ...]:
    wanted = {tight(label) for label in labels}
    return tuple(value for label, value in rows if tight(label).strip("■・*-") in wanted)


#: from its first letter on: a run of letters without a dot is not tried again from each of them
_NAME = re.compile(r"(?:\*\.|(?<![\w-]))[\w-]+(?:\.[\w-]+)+")


def names_in(values: t.Iterable[str]) -> frozenset[str]:
    """Host names of labelled values, as A-labels."""
    found = (to_ascii(name) for value in values for name in _NAME.findall(plain(value).replace("、", " ")))
    return frozenset(name for name in found if name)
