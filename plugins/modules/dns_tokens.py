#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_tokens
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Publish and remove the DNS records that a validation asks for
description:
  - Publishes or removes challenge records (TXT, CNAME) through the DNS services of a team, any number in one call.
  - Values are appended, so that a neighbour's value at the same name is never lost. Removal takes away exactly the
    value that is named.
  - Where the name of a record is delegated by a CNAME, the record is written at the end of the chain, in the zone and
    service of that name.
  - The service is asked first, and nothing is sent where nothing has to change. All records of a zone go in one
    transaction, and each is read back, because a server may accept a record and drop it.
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
notes:
  - Runs on the controller. Needs a way to the DNS services, and to authoritative servers where a CNAME leads out of the
    declared zones.
  - Bad options refuse the whole call, all of them in one message. A zone that refuses fails only its own items.
options:
  state:
    description: Whether the records are to be there. An item may say otherwise.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Carry out also what looks like a mistake and is refused otherwise. O(tokens[].exclusive) of a TXT record at a name
        that does not begin with an underscore (V(exclusive_at_host)), and more than 10 values of others removed from a
        zone in one call (V(too_many_removed)).
    type: bool
    default: false
  tokens:
    description: The records.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the item, unique in the call.
        type: str
        required: true
      record:
        description: The owner name, absolute, with A-labels. A dot at its end makes no difference.
        type: str
        required: true
      type:
        description: The type of the record.
        type: str
        choices: [TXT, CNAME]
        default: TXT
      value:
        description:
          - The text of a TXT record without quotes, of any length up to 4096 octets, or the target of a CNAME.
          - V(known_after_order) is taken in check mode.
        type: str
        required: true
      ttl:
        description: The time to live of a new record set. An existing one keeps its own.
        type: int
        default: 60
      exclusive:
        description:
          - Whether nothing else may be at this name and type, other than what this call publishes there. What is there
            is replaced by compare-and-swap, so that a change made by somebody else at the same moment is never lost.
        type: bool
        default: false
      state:
        description: Overrides O(state) for this item.
        type: str
        choices: [present, absent]
seealso:
  - module: inkan.tls.dcv_check
  - module: inkan.tls.certificate_orders
"""

EXAMPLES = r"""
- name: Publish two challenge records
  inkan.tls.dns_tokens:
    dns_services:
      primary:
        service: rfc2136
        settings:
          server: 192.0.2.53
          key_name: inkan
        zones: [example.jp]
    secrets:
      primary:
        key_secret: "{{ vault_dns_key_secret }}"
    tokens:
      - name: shop
        record: _acme-challenge.shop.example.jp
        value: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv
      - name: www
        record: _acme-challenge.www.example.jp
        value: 2tVd8hQ9Zk1234567890abcdefghijklmnopqrstuvwxy

- name: Remove one of them again
  inkan.tls.dns_tokens:
    state: absent
    dns_services: "{{ dns_services }}"
    secrets: "{{ dns_secrets }}"
    tokens:
      - name: shop
        record: _acme-challenge.shop.example.jp
        value: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv
"""

RETURN = r"""
results:
  description: One for each item of O(tokens), in the same order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      sample: shop
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
    service:
      description: The DNS service, null if none holds the name.
      type: str
      sample: primary
    zone:
      description: The zone that the record is in, null if no service holds the name.
      type: str
      sample: example.jp
    record:
      description: The name where the record really is, other than asked for where a CNAME leads away.
      type: str
      sample: _acme-challenge.shop.example.jp
    type:
      description: The type of the record.
      type: str
      sample: TXT
    value:
      description: The value.
      type: str
      sample: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv
"""

import functools
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.record_rules import rule_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_name,
    canonical_value,
    value_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import parse_sight, sight_spec
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import Token, publish
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
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module

NEEDS = (DNSPYTHON,)


def argument_spec() -> dict[str, t.Any]:
    states = ["present", "absent"]
    return {
        **SERVICES_SPEC,
        "sight": sight_spec(),
        "state": {"type": "str", "choices": states, "default": "present"},
        "force": {"type": "bool", "default": False},
        "tokens": {
            "no_log": False,  # a token is public: it is published
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "record": {"type": "str", "required": True},
                "type": {"type": "str", "choices": ["TXT", "CNAME"], "default": "TXT"},
                "value": {"type": "str", "required": True},
                "ttl": {"type": "int", "default": 60},
                "exclusive": {"type": "bool", "default": False},
                "state": {"type": "str", "choices": states},
            },
        },
    }


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    """Judge all options first; then place, plan and (outside check mode) apply."""
    ports = ports or real_ports()
    errors = InputCollector()
    configs = parse_services(params["dns_services"], params["secrets"] or {}, errors)
    sight = parse_sight(params["sight"], errors)
    tokens = _tokens(params, check_mode, errors)
    errors.refuse()
    services = open_services(configs if tokens else (), ports)
    judge = functools.partial(judge_safety, force=params["force"])
    outcomes, diffs = publish(tokens, services, ports.outside(sight).alias_of, check_mode, judge)
    return Result(
        items=[record_item(outcome) for outcome in outcomes],
        diff=[zone_diff(one) for one in diffs],
        warnings=settings_warnings(configs),
    )


def _tokens(params: dict[str, t.Any], check_mode: bool, errors: InputCollector) -> list[Token]:
    tokens: list[Token] = []
    names: set[str] = set()
    for number, raw in enumerate(params["tokens"], 1):
        token = Token(
            name=raw["name"],
            record=canonical_name(raw["record"]),
            type=raw["type"],
            value=raw["value"],
            ttl=raw["ttl"],
            exclusive=raw["exclusive"],
            present=(raw["state"] or params["state"]) == "present",
        )
        where = judge_item(errors, "A token cannot be taken", number, token.name, names)
        judge_ttl(errors, "A token cannot be taken", where, token.ttl)
        for code, why, todo in _reasons(token, check_mode):
            errors.add(code, what="A token cannot be taken", where=where, why=why, todo=todo)
        names.add(token.name)
        tokens.append(token._replace(value=_value(token)))
    return tokens


def _value(token: Token) -> str:
    return token.value if token.value == KNOWN_AFTER_ORDER else canonical_value(token.type, token.value)


def _reasons(token: Token, check_mode: bool) -> t.Iterator[tuple[str, str, str]]:
    """Code, why, and what to do, for everything that is wrong with a record."""
    record = owner_name_error(token.record)
    if record:
        yield (
            "bad_record",
            f"{escaped(token.record, 80)!r} is no owner name: {record}",
            "Write an absolute A-label name",
        )
    if token.value == KNOWN_AFTER_ORDER:
        if not check_mode:
            yield "known_after_order", "its value is only known after the order", "Order first, then publish"
        return
    value = value_error(token.type, token.value)
    if value:
        yield "bad_value", f"its value is no {token.type} value: {value}", "Take the value that the order wants"
    rule = rule_error(token.record, token.type, token.value) if token.present and not value else None
    if rule:
        yield "bad_value", f"no CA reads it there: {rule}", "Correct the value"


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
