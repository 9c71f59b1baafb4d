#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcv_contacts
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Publish and remove the mailboxes that a CA sends validation mail to
description:
  - Publishes or removes the mail address of a domain's contact in DNS, any number in one call, as a TXT record at
    C(_validation-contactemail) below the domain (Baseline Requirements 3.2.2.4.14), or as a CAA record with the property
    C(contactemail) at the domain (3.2.2.4.13).
  - Each record holds one address and nothing else, as the rules want it. Several addresses are several records.
  - Addresses are appended, so that a neighbour's is never lost. Removal takes away exactly the address that is named.
  - Both methods are discouraged and have a last day, which the module names in a warning.
  - These are standing records. They stay until they are removed, whatever becomes of an order.
  - The service is asked first, and nothing is sent where nothing has to change. All records of a zone go in one
    transaction, and each is read back. A CNAME at the name is followed.
  - It does not wait until other servers show the records. The next step is M(inkan.tls.dcv_check).
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_dns
  - inkan.tls.dns_services
  - inkan.tls.sight
attributes:
  check_mode:
    support: full
    details: The services are asked, and nothing is written.
  diff_mode:
    support: full
    details: One entry a zone, in zone-file form, with the neighbours at the same names.
  idempotent:
    support: full
requirements:
  - dnspython
  - publicsuffixlist
notes:
  - Runs on the controller. Needs a way to the DNS services, and to authoritative servers where a CNAME leads out of the
    declared zones, or where the way up to the registrable domain does.
  - Bad options refuse the whole call, all of them in one message. A zone that refuses fails only its own items.
options:
  state:
    description: Whether the records are to be there. An item may say otherwise.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Carry out also what looks like a mistake and is refused otherwise. O(contacts[].exclusive) of a TXT record at a name
        that does not begin with an underscore (V(exclusive_at_host)), and more than 10 values of others removed from a
        zone in one call (V(too_many_removed)).
    type: bool
    default: false
  contacts:
    description: The contacts.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the item, unique in the call.
        type: str
        required: true
      domain:
        description:
          - The domain that the address is to be for, with A-labels (the Authorization Domain Name). It is the name in the
            certificate, or one above it down to the registrable domain, for that covers all names below.
        type: str
        required: true
      kind:
        description: What is published.
        type: str
        choices: [txt, caa]
        default: txt
      address:
        description: One mail address, without a name or brackets around it. Its domain is in A-labels.
        type: str
        required: true
      ttl:
        description: The time to live of a new record set. An existing one keeps its own.
        type: int
        default: 3600
      exclusive:
        description:
          - Whether no other address may be published there, but for those of this call. Others are replaced by
            compare-and-swap. Of a CAA record set only C(contactemail) is meant, and C(issue), C(issuewild), C(iodef) and
            whatever else it says stays.
        type: bool
        default: false
      hide_policy:
        description:
          - Whether a first CAA record may hide the CAA policy above it. A CA takes the nearest CAA record set on the way up
            from a name and none above it, so that a contact there lets every CA issue. Without this such a record is
            refused (C(caa_policy_hidden)), and so is one where the policy above cannot be seen (C(caa_policy_unseen)).
        type: bool
        default: false
      record:
        description:
          - With O(contacts[].state=absent), the name where the record was published, as RV(results[].record) told then. A
            record is removed only there, and where a CNAME stands at it now, it is gone.
          - Without it the name is looked up anew, and a CNAME that was put there since leads to another place.
        type: str
      state:
        description: Overrides O(state) for this item.
        type: str
        choices: [present, absent]
seealso:
  - module: inkan.tls.dcv_check
  - module: inkan.tls.soa_rname
  - module: inkan.tls.dns_tokens
"""

EXAMPLES = r"""
- name: Publish the contact of two domains
  inkan.tls.dcv_contacts:
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
    contacts:
      - name: jp
        domain: example.jp
        address: certs@example.jp
      - name: co.jp
        domain: example.co.jp
        kind: caa
        address: certs@example.jp
        exclusive: true

- name: Remove one of them again
  inkan.tls.dcv_contacts:
    state: absent
    dns_services: "{{ dns_services }}"
    secrets: "{{ dns_secrets }}"
    contacts:
      - name: jp
        domain: example.jp
        address: certs@example.jp
"""

RETURN = r"""
results:
  description: One for each item of O(contacts), in the same order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      sample: jp
    changed:
      description: Whether a record was written or removed. In check mode, whether it would be.
      type: bool
      sample: true
    outcome:
      description:
        - V(published), V(already_there), V(removed), V(already_absent), or V(not_published) and V(not_removed) where
          RV(results[].error) says why.
      type: str
      sample: published
    state:
      description: V(present) or V(absent) at the service afterwards, null where that is not known.
      type: str
      sample: present
    error:
      description: Null, or why the item could not be done.
      type: dict
      sample: null
    domain:
      description: The domain.
      type: str
      sample: example.jp
    kind:
      description: The kind of contact.
      type: str
      sample: txt
    address:
      description: The mail address.
      type: str
      sample: certs@example.jp
    service:
      description: The DNS service, null if none holds the name.
      type: str
      sample: primary
    zone:
      description: The zone that the record is in, null if no service holds the name.
      type: str
      sample: example.jp
    record:
      description: The name where the record really is, other than that of the domain where a CNAME leads away.
      type: str
      sample: _validation-contactemail.example.jp
    type:
      description: The type of the record.
      type: str
      sample: TXT
    value:
      description: The value of the record.
      type: str
      sample: certs@example.jp
    others:
      description:
        - Other addresses that stand at the same place, in the form of a zone file. Not those of this call, and not those
          that go with it. A CA may write to each of them.
      type: list
      elements: str
      sample: ['"old@example.jp"']
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.contact_record import contact_record, last_days
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error, canonical_address
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name, property_of, shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import parse_sight, sight_spec
from ansible_collections.inkan.tls.plugins.module_utils._dns.caa_policy import Guard
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import Outcome, Plan, Token, publish
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import parse_services, settings_warnings
from ansible_collections.inkan.tls.plugins.module_utils._dns.safety import judge_safety
from ansible_collections.inkan.tls.plugins.module_utils._module.dns_call import (
    DNSPYTHON,
    SERVICES_SPEC,
    Ports,
    judge_item,
    judge_ttl,
    open_services,
    real_ports,
    record_item,
    zone_diff,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    PUBLICSUFFIXLIST_ERROR,
    is_public_suffix,
    registrable_domain,
)

NEEDS = (DNSPYTHON, Library("publicsuffixlist", PUBLICSUFFIXLIST_ERROR, "to find registrable domains"))


def argument_spec() -> dict[str, t.Any]:
    states = ["present", "absent"]
    return {
        **SERVICES_SPEC,
        "sight": sight_spec(),
        "state": {"type": "str", "choices": states, "default": "present"},
        "force": {"type": "bool", "default": False},
        "contacts": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "domain": {"type": "str", "required": True},
                "kind": {"type": "str", "choices": ["txt", "caa"], "default": "txt"},
                "address": {"type": "str", "required": True},
                "ttl": {"type": "int", "default": 3600},
                "exclusive": {"type": "bool", "default": False},
                "hide_policy": {"type": "bool", "default": False},
                "record": {"type": "str"},
                "state": {"type": "str", "choices": states},
            },
        },
    }


class Contact(t.NamedTuple):
    """One item, and the record that publishes it."""

    domain: str
    kind: str
    address: str
    hide_policy: bool
    token: Token
    #: only where the record was published, wherever a CNAME may lead now
    is_exact: bool = False


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    """Judge all options first; then place, plan and (outside check mode) apply."""
    ports = ports or real_ports()
    errors = InputCollector()
    configs = parse_services(params["dns_services"], params["secrets"] or {}, errors)
    sight = parse_sight(params["sight"], errors)
    contacts = _contacts(params, errors)
    errors.refuse()
    services = open_services(configs if contacts else (), ports)
    outside = ports.outside(sight)
    may_hide = {one.token.name for one in contacts if one.hide_policy}
    guard = Guard(services, outside.alias_of, outside.values_of, registrable_domain, may_hide)
    tokens = [one.token for one in contacts]
    exact = {one.token.name for one in contacts if one.is_exact}

    def judge(plans: t.Sequence[Plan]) -> None:
        for plan in plans:
            plan.spare_elsewhere(exact)
        judge_safety(plans, force=params["force"])
        guard.judge(plans)

    outcomes, diffs = publish(tokens, services, outside.alias_of, check_mode, judge)
    return Result(
        items=[_item(contact, outcome, outcomes) for contact, outcome in zip(contacts, outcomes)],
        diff=[zone_diff(one) for one in diffs],
        warnings=settings_warnings(configs) + _warnings(contacts),
    )


def _contacts(params: dict[str, t.Any], errors: InputCollector) -> list[Contact]:
    contacts: list[Contact] = []
    for number, raw in enumerate(params["contacts"], 1):
        names = {one.token.name for one in contacts}
        where = judge_item(errors, "A contact cannot be taken", number, raw["name"], names)
        judge_ttl(errors, "A contact cannot be taken", where, raw["ttl"])
        contact = _contact(raw, (raw["state"] or params["state"]) == "present")
        for code, why, todo in _reasons(contact):
            errors.add(code, what="A contact cannot be taken", where=where, why=why, todo=todo)
        contacts.append(contact)
    return contacts


def _contact(raw: t.Mapping[str, t.Any], present: bool) -> Contact:
    domain, address = canonical_name(raw["domain"]), canonical_address(raw["address"])
    record = contact_record(raw["kind"], domain, address)
    place = canonical_name(raw["record"]) if raw.get("record") else ""
    token = Token(raw["name"], place or record.name, record.type, record.value, raw["ttl"], raw["exclusive"], present)
    return Contact(domain, raw["kind"], address, raw["hide_policy"], token, bool(place))


def _reasons(contact: Contact) -> t.Iterator[tuple[str, str, str]]:
    """Code, why, and what to do, for everything that is wrong with a contact."""
    shown = escaped(contact.domain, 80)
    domain = dns_name_error(contact.domain, wildcard=False)
    if domain:
        yield "bad_domain", f"{shown!r} is no domain: {domain}", "Write it in A-labels, a wildcard without its asterisk"
    elif contact.is_exact and contact.token.present:
        yield "bad_domain", "record says where one is removed, not where one is published", "Leave it out"
    elif contact.token.present and is_public_suffix(contact.domain):
        yield "public_suffix", f"{shown} is a public suffix: nobody can have registered it", "Name a domain below it"
    else:
        record = owner_name_error(contact.token.record)
        if record:
            yield (
                "bad_domain",
                f"no record can have the name {contact.token.record}: {record}",
                "Name a domain above it",
            )
    address = address_error(contact.address)
    if address:
        why = f"{escaped(contact.address, 80)!r} is no mail address: {address}"
        yield "bad_address", why, "Write one mail address and nothing else, such as certs@example.jp"


def _warnings(contacts: t.Sequence[Contact]) -> list[str]:
    """One a call, with the days of the rule book."""
    kinds = sorted({one.kind for one in contacts if one.token.present})
    if not kinds:
        return []
    days = "; ".join(f"{kind.upper()} contacts {last_days(kind)}" for kind in kinds)
    return [f"Validation by mail is ending: {days}. Plan for a method that needs no mail (dns, file or ACME)."]


def _item(contact: Contact, outcome: Outcome, every: t.Iterable[Outcome]) -> ItemResult:
    item = record_item(outcome)
    item.extra.update(domain=contact.domain, kind=contact.kind, address=contact.address, others=_others(outcome, every))
    return item


def _others(outcome: Outcome, every: t.Iterable[Outcome]) -> list[str]:
    """Rivals at the place that no item of the call names and none that is exclusive has taken away."""
    place, token = outcome.place, outcome.token
    here = [one for one in every if place is not None and one.place is not None and one.place.key == place.key]
    if place is None or any(one.token.exclusive and one.token.present and one.error is None for one in here):
        return []
    strange = place.rrset.values - {one.token.value for one in here}
    return sorted(
        shown_value(token.type, value) for value in strange if property_of(token.type, value) == token.speaks_of
    )


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
