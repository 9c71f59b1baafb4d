# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders, option contacts: which contact records in DNS are ours is written to the ledger, and told again.

A ledger that would not outlive the job is no error here: contacts are no orders, and nothing was paid for them. It is
told, and the record counts as a neighbour's from then on.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.our_contacts import OurContact
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading, open_for_writing
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import iso
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, Result

_SPEC: dict[str, t.Any] = {
    "record": {"type": "str", "required": True},
    "kind": {"type": "str", "choices": ["txt", "caa"], "required": True},
    "address": {"type": "str", "required": True},
    "domain": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
#: of AnsibleModule
CONTACTS_SPEC: dict[str, t.Any] = {"type": "list", "elements": "dict", "default": [], "options": _SPEC}


class Noted(t.NamedTuple):
    contact: OurContact
    is_gone: bool


def read_noted(params: t.Mapping[str, t.Any], now: datetime) -> list[Noted]:
    """What is wrong with them refuses the whole call."""
    errors = InputCollector()
    noted = []
    for number, raw in enumerate(params["contacts"], 1):
        for why in _reasons(raw):
            where = f'contacts, item {number} "{escaped(raw["record"], 80)}"'
            todo = "Give it as dcv_contacts returned it"
            errors.add("bad_contact", what="Cannot note a contact", where=where, why=why, todo=todo)
        contact = OurContact(raw["record"], raw["kind"], raw["address"], raw["domain"], now)
        noted.append(Noted(contact, raw["state"] == "absent"))
    if noted and not params["record_only"]:
        errors.add(
            "bad_contact",
            what="Cannot note contacts",
            where="contacts",
            why="they are no orders",
            todo="Set record_only",
        )
    errors.refuse()
    return noted


def _reasons(raw: t.Mapping[str, str]) -> t.Iterator[str]:
    record, domain = owner_name_error(raw["record"]), dns_name_error(raw["domain"], wildcard=False)
    address = address_error(raw["address"])
    yield from (f"record: {why}" for why in [record] if why)
    yield from (f"domain: {why}" for why in [domain] if why)
    yield from (f"address: {why}" for why in [address] if why)


def note_contacts(noted: t.Sequence[Noted], path: str, is_durable: bool, check_mode: bool) -> Result:
    """Nothing is written where the ledger knows it all; what it does not know is ours from now on."""
    try:
        if not is_durable:
            require_durable(path)
    except PolicyError as error:
        return Result([], extra={"contacts_problem": error.why.partition(":")[0]})
    known = {one.key: one for one in read_ours(path) or ()}
    new = [one.contact for one in noted if not one.is_gone and one.contact.key not in known]
    gone = [known[one.contact.key] for one in noted if one.is_gone and one.contact.key in known]
    if not new and not gone:
        return Result([])
    if not check_mode:
        with open_for_writing(path) as store:
            store.note_contacts(new, [one.key for one in gone])
    diff = Diff(f"contacts of ours in {path}", "".join(map(_line, gone)), "".join(map(_line, new)))
    return Result([], [diff], prepared=True)


def read_ours(path: str) -> list[OurContact] | None:
    """None: there is no ledger yet."""
    store = open_for_reading(path)
    if store is None:
        return None
    with store:
        return store.contacts()


def contact_data(one: OurContact) -> dict[str, t.Any]:
    return {**one._asdict(), "since": iso(one.since)}


def together(first: Result, second: Result) -> Result:
    return replace(
        first,
        diff=first.diff + second.diff,
        extra={**first.extra, **second.extra},
        prepared=first.prepared or second.prepared,
    )


def _line(one: OurContact) -> str:
    return f"{one.record}. {one.kind} {one.address} (of {one.domain})\n"
