#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: soa_rname
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Set the mailbox of zones (SOA RNAME)
description:
  - Sets the mailbox in the SOA record of zones, any number in one call, and leaves every other field as it is. The serial
    goes one step on.
  - The write is a compare-and-swap with the SOA record that was seen. Somebody else's change of the mailbox at the same
    moment is an error (C(rname_changed)) and not undone, a zone whose serial has moved meanwhile is looked at again.
  - What the server shows afterwards is read back, because servers ignore an SOA record that they do not like without a
    word.
  - Since 2025-07-15 no CA may send a validation mail to this address (Baseline Requirements 3.2.2.4.2), but for one that is
    the registrar of the domain (3.2.2.4.12). The module says so in a warning. The address goes on to tell people
    whom to write to. What a CA does read is published by M(inkan.tls.dcv_contacts).
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_dns
  - inkan.tls.dns_services
attributes:
  check_mode:
    support: full
    details: The services are asked, and nothing is written. The serial is the one that would be sent.
  diff_mode:
    support: full
    details: One entry a zone, the SOA record in zone-file form.
  idempotent:
    support: full
requirements:
  - dnspython
  - idna (for names that are not in A-labels)
notes:
  - Runs on the controller. Needs a way to the DNS services only.
  - Bad options refuse the whole call, all of them in one message. A zone that refuses fails only its own item.
  - BIND's C(update-policy) leaves SOA out wherever a rule names no types. A key needs a rule such as
    C(grant KEY name example.jp. SOA).
options:
  mailboxes:
    description:
      - The mailboxes. Without this option those that O(dns_services) declares, one for each zone with C(rname), named by
        the zone.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the item, unique in the call.
        type: str
        required: true
      zone:
        description: The zone, one of those that O(dns_services) declares, in A-labels or as people write it.
        type: str
        required: true
      mailbox:
        description:
          - The mail address, for example V(cert.admin@example.jp), or the same in the form of an RNAME,
            V(cert\\.admin.example.jp), where the first dot without a backslash stands for the @. A dot at the end may be
            there or not.
          - Its domain may be written as people write it, V(admin@日本語.jp), where the Python package idna is there. What
            stands before the @ is ASCII.
          - Its local part has at most 63 octets here, because it becomes one label of a name.
        type: str
        required: true
seealso:
  - module: inkan.tls.dcv_contacts
"""

EXAMPLES = r"""
- name: Set the mailbox of two zones
  inkan.tls.soa_rname:
    dns_services:
      primary:
        service: rfc2136
        settings:
          server: 192.0.2.53
          key_name: inkan
        zones: [example.jp, example.co.jp]
    secrets:
      primary:
        key_secret: "{{ vault_dns_key_secret }}"
    mailboxes:
      - name: jp
        zone: example.jp
        mailbox: hostmaster@example.jp
      - name: co.jp
        zone: example.co.jp
        mailbox: cert.admin@example.co.jp

- name: Set the mailboxes that the zones declare
  inkan.tls.soa_rname:
    dns_services:
      primary:
        service: rfc2136
        settings:
          server: 192.0.2.53
          key_name: inkan
        zones:
          - name: example.jp
            rname: hostmaster@example.jp
    secrets:
      primary:
        key_secret: "{{ vault_dns_key_secret }}"
"""

RETURN = r"""
results:
  description: One for each item of O(mailboxes), in the same order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      sample: jp
    changed:
      description: Whether the SOA record was written. In check mode, whether it would be.
      type: bool
      sample: true
    outcome:
      description: V(set), V(kept), or V(not_set) where RV(results[].error) says why.
      type: str
      sample: set
    state:
      description: V(present) where the zone shows the mailbox afterwards, null where that is not known.
      type: str
      sample: present
    error:
      description: Null, or why the item could not be done.
      type: dict
      sample: null
    service:
      description: The DNS service, null if none declares the zone.
      type: str
      sample: primary
    zone:
      description: The zone.
      type: str
      sample: example.jp
    mailbox:
      description: The mail address that was asked for.
      type: str
      sample: hostmaster@example.jp
    rname:
      description: The same as the SOA record has it.
      type: str
      sample: hostmaster.example.jp.
    previous_rname:
      description: What the SOA record had before, null where it could not be read.
      type: str
      sample: root.example.jp.
    serial:
      description: The serial of the zone afterwards, null where it is not known. In check mode, the one that would be sent.
      type: int
      sample: 2026112001
"""

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error, canonical_address
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import from_rname, to_rname
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import METHOD_RULES
from ansible_collections.inkan.tls.plugins.module_utils._dns.mailbox import Kept, Mailbox, keep
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import parse_services, settings_warnings
from ansible_collections.inkan.tls.plugins.module_utils._module.dns_call import (
    DNSPYTHON,
    SERVICES_SPEC,
    Ports,
    judge_item,
    open_services,
    real_ports,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import IDNA_ERROR, to_alabel

#: of an RNAME, with the dot that ends it: a dot behind a backslash belongs to it
_FIRST_LABEL = re.compile(r"(?:[^.\\]|\\.)*\.", re.DOTALL)


def argument_spec() -> dict[str, t.Any]:
    return {
        **SERVICES_SPEC,
        "mailboxes": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "zone": {"type": "str", "required": True},
                "mailbox": {"type": "str", "required": True},
            },
        },
    }


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    """Judge all options first; then look, plan and (outside check mode) apply."""
    errors = InputCollector()
    configs = parse_services(params["dns_services"], params["secrets"] or {}, errors)
    raw = params["mailboxes"]
    wishes = _wishes(_declared(params["dns_services"]) if raw is None else raw, errors)
    errors.refuse()
    services = open_services(configs if wishes else (), ports or real_ports())
    kept = keep(wishes, services, check_mode)
    return Result(
        items=[_item(one) for one in kept],
        diff=[diff for one in kept for diff in _diffs(one)],
        warnings=settings_warnings(configs) + ([_warning()] if wishes else []),
    )


def _declared(services: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Of every zone that has one; what is no service is complained of elsewhere."""
    zones = [
        zone
        for service in services.values()
        if isinstance(service, dict) and isinstance(service.get("zones"), (list, tuple))
        for zone in service["zones"]
        if isinstance(zone, dict) and zone.get("rname") is not None
    ]
    return [{"name": str(one.get("name")), "zone": str(one.get("name")), "mailbox": str(one["rname"])} for one in zones]


def _wishes(raw: t.Iterable[t.Mapping[str, str]], errors: InputCollector) -> list[Mailbox]:
    wishes: list[Mailbox] = []
    for number, one in enumerate(raw, 1):
        names = {wish.name for wish in wishes}
        where = judge_item(errors, "A mailbox cannot be set", number, one["name"], names)
        zone = _zone_name(one["zone"])
        for code, why, todo in _zone_reasons(zone, {wish.zone for wish in wishes}):
            errors.add(code, what="A mailbox cannot be set", where=where, why=why, todo=todo)
        try:
            mailbox, rname = _both_forms(one["mailbox"])
        except ValueError as reason:
            errors.add(
                "bad_mailbox",
                what="A mailbox cannot be set",
                where=where,
                why=f"{escaped(one['mailbox'], 80)!r} is no mailbox for an SOA record: {reason}",
                todo="Write a mail address such as hostmaster@example.jp",
                reference="RFC 1035 §3.3.13, §8",
            )
            mailbox = rname = ""
        wishes.append(Mailbox(one["name"], zone, mailbox, rname))
    return wishes


def _zone_reasons(zone: str, zones: t.Container[str]) -> t.Iterator[tuple[str, str, str]]:
    reason = owner_name_error(zone)
    if reason:
        yield "bad_zone", f"{escaped(zone, 80)!r} is no zone: {reason}", "Write the zone's name, best in A-labels"
    if zone in zones:
        yield "zone_twice", f"another item sets the mailbox of {escaped(zone, 80)}", "Leave one of the two out"


def _zone_name(text: str) -> str:
    """What has no A-labels is judged as it stands."""
    try:
        return canonical_name(_in_alabels(text))
    except ValueError:
        return canonical_name(text)


def _in_alabels(name: str) -> str:
    if name.isascii():
        return name
    if IDNA_ERROR is not None:
        raise ValueError("it is not in A-labels, and the Python package idna, which makes them, is not there")
    return to_alabel(name)


def _both_forms(text: str) -> tuple[str, str]:
    """As mail address and as RNAME, from either; raises ValueError."""
    if "@" in text.replace("\\@", ""):
        local, _mark, domain = text.rpartition("@")
        domain = _in_alabels(domain)
        address = f"{local}@{domain[:-1] if domain.endswith('.') else domain}"
    else:
        first = _FIRST_LABEL.match(text)
        address = from_rname(first.group() + _in_alabels(text[first.end() :]) if first else text)
    reason = address_error(address, ascii_only=True)
    if reason:
        raise ValueError(reason)
    address = canonical_address(address)
    return address, to_rname(address)


def _warning() -> str:
    """One a call; the day is that of the rule book."""
    rule = next(one for one in METHOD_RULES if one.id == "3.2.2.4.2")
    return (
        f"Since {rule.must_not_rely_from} the mailbox of a zone is no address for validation mail (BR {rule.id}), but for a"
        " CA that is the domain's registrar (BR 3.2.2.4.12). Use dcv_contacts for what a CA reads."
    )


def _item(kept: Kept) -> ItemResult:
    wish, before, after = kept.wish, kept.before, kept.after
    return ItemResult(
        name=wish.name,
        outcome="not_set" if kept.error else "set" if kept.changed else "kept",
        state=None if kept.error else "present",
        changed=kept.changed,
        error=kept.error,
        extra={
            "service": kept.service,
            "zone": wish.zone,
            "mailbox": wish.mailbox,
            "rname": wish.rname,
            "previous_rname": before.rname if before else None,
            "serial": after.serial if after else None,
        },
    )


def _diffs(kept: Kept) -> t.Iterator[Diff]:
    if kept.changed and kept.before is not None and kept.after is not None:
        zone = kept.wish.zone
        yield Diff(f"SOA of {zone} at {kept.service}", kept.before.line(zone), kept.after.line(zone))


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=(DNSPYTHON,))


if __name__ == "__main__":
    main()
