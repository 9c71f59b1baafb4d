# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of ``inkan_organizations`` a plan tells people: who is called, at which number, with which papers.

Only these fields are read here; ``KEPT`` may stand beside them for people and for adapters; any other is an error.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import WORDS, StepRule

KINDS = WORDS[StepRule]["organization_kinds"]
#: known, and told nobody: the fields of a subject, the approver's signature
KEPT = ("subject", "signature")
#: of a person, or of the organization: days on which nobody answers the phone, languages in which calls are answered
_AT_THE_PHONE = ("absences", "languages")
#: and what an application at a portal asks for (``_data/portals``)
_OF_ORGANIZATION = (
    *("corporate_type", "representative", "postal_code", "address", "tdb_code", "duns", "technical", "billing"),
)
_OF_PERSON = ("kana", "department", "title", "phone")


@dataclass(frozen=True)
class Organization:
    """kind None: not known. phone: the listed one. responsible, responsible_mail: the 申請責任者.

    technical, technical_mail: the 技術担当者, who hears of what is late. absences, languages: of the 申請責任者, else
    of the organization.
    """

    kind: str | None = None
    opened_on: date | None = None
    name: str | None = None
    phone: str | None = None
    responsible: str | None = None
    responsible_mail: str | None = None
    technical: str | None = None
    technical_mail: str | None = None
    absences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    subject: tuple[tuple[str, str], ...] = ()

    def filled(self, text: str) -> str:
        """``text`` with its placeholders replaced; by words where a value is not known."""
        for word, value, otherwise in (
            ("{organization}", self.name, "the organization"),
            ("{phone}", self.phone, "the listed phone number"),
            ("{responsible}", self.responsible, "the person responsible for the application (申請責任者)"),
            ("{responsible_mail}", self.responsible_mail, "the mailbox of that person"),
        ):
            text = text.replace(word, value or otherwise)
        return text


NOBODY = Organization()


def read_organizations(raw: t.Any, errors: InputCollector) -> dict[str, Organization]:
    """The dictionary ``organizations`` (``inkan_organizations``)."""
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        Fields(raw, where="option organizations", path="organizations", errors=errors)
        return {}
    return {str(name): _organization(str(name), one, errors) for name, one in raw.items()}


def _organization(name: str, raw: t.Any, errors: InputCollector) -> Organization:
    fields = Fields(raw, where=f'organization "{name}"', path=f"organizations.{name}", errors=errors)
    responsible = fields.raw("responsible")
    person = fields.at("responsible", responsible) if isinstance(responsible, dict) else None
    technical = fields.raw("technical")
    technician = technical if isinstance(technical, dict) else {"name": technical}
    opened = fields.time("opened_on")
    plain_name = fields.text("name")
    found = Organization(
        kind=fields.one_of("kind", KINDS, "") or None,
        opened_on=opened.date() if opened is not None else None,
        name=fields.text("japanese_name") or plain_name,
        phone=fields.text("phone"),
        responsible=person.text("name") if person is not None else fields.text("responsible"),
        responsible_mail=person.text("mail") if person is not None else None,
        technical=_plain(technician.get("name")),
        technical_mail=_plain(technician.get("mail")),
        absences=_lines(responsible, raw, "absences"),
        languages=_lines(responsible, raw, "languages"),
        subject=_subject(raw),
    )
    for known in (fields,) if person is None else (fields, person):
        for key in (*KEPT, *_AT_THE_PHONE, *(_OF_ORGANIZATION if known is fields else _OF_PERSON)):
            known.raw(key)
        known.close()
    return found


# -- what the card for a call shows: free words of the user's, for people only ---------------------------------------


def _plain(value: t.Any) -> str | None:
    return " ".join(str(value).split())[:300] or None if isinstance(value, (str, int, date)) else None


def _lines(responsible: t.Any, raw: t.Any, key: str) -> tuple[str, ...]:
    """One text, or a list of texts, days, or ``{from, to, note}``."""
    own = responsible.get(key) if isinstance(responsible, dict) else None
    given = own if own is not None else raw.get(key) if isinstance(raw, dict) else None
    found = [_span(one) for one in (given if isinstance(given, list) else [given])]
    return tuple(one for one in found[:50] if one)


def _span(one: t.Any) -> str | None:
    if not isinstance(one, dict):
        return _plain(one)
    first, last, note = (_plain(one.get(key)) for key in ("from", "to", "note"))
    days = " – ".join(day for day in (first, last) if day)
    return f"{days} ({note})" if days and note else days or note


def _subject(raw: t.Any) -> tuple[tuple[str, str], ...]:
    given = raw.get("subject") if isinstance(raw, dict) else None
    pairs = given.items() if isinstance(given, dict) else ()
    return tuple((str(key), text) for key, value in pairs for text in [_plain(value)] if text)
