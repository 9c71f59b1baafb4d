#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse a run whose variables can only be a mistake."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_guard
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Refuse a run whose variables can only be a mistake
description:
  - The first task of the roles. It looks at what was asked of the run as a whole, before anything is asked of a host, the
    ledger, a CA or DNS, and tells all mistakes at once.
  - It is made for the roles, which give it their variables. There is no need to call it.
extends_documentation_fragment:
  - inkan.tls.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
notes:
  - Runs on the controller, there inside of Ansible's own process.
options:
  declared:
    description: The names of the certificates that C(inkan_certificates) declares.
    type: list
    elements: str
    required: true
  names:
    description: A list of the certificates that the run is limited to, V(null) where it is not. Each must be declared.
    type: raw
  may_be_undeclared:
    description: Whether O(names) may have names that only the ledger knows.
    type: bool
    default: false
  intake:
    description:
      - What persons tell of certificates, by name. Each must be declared, unless it is told that its contract was ended.
      - V(null) where nothing is told.
    type: raw
  resolve:
    description:
      - Persons' answers to orders that wait for one, by certificate. Each must be declared and in O(names), where the run is
        limited, and each answer in the words of M(inkan.tls.certificate_orders).
      - V(null) where none is given.
    type: raw
  now:
    description: The moved clock. Then every CA account and every DNS service must be on loopback.
    type: raw
  ca_accounts:
    description: The CA accounts without their secrets, by name.
    type: dict
    default: {}
  dns_services:
    description: The DNS services without their secrets, by name.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Refuse a run about a certificate that nobody declares
  inkan.tls.run_guard:
    declared: [shop, www]
    names: [shop]
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
results:
  description: One item, the run.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Always V(run).
      type: str
      sample: run
    changed:
      description: Always false.
      type: bool
      sample: false
    outcome:
      description: Always V(accepted).
      type: str
      sample: accepted
    state:
      description: Always null.
      type: str
      sample: null
    error:
      description: Always null. What is wrong ends the module.
      type: dict
      sample: null
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.run_guard import (
    refuse_moved_clock,
    refuse_undeclared_intake,
    refuse_undeclared_names,
    refuse_wrong_answers,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import ItemResult, Result, run_module


def argument_spec() -> dict[str, t.Any]:
    return {
        "declared": {"type": "list", "elements": "str", "required": True},
        "may_be_undeclared": {"type": "bool", "default": False},
        "names": {"type": "raw"},  # a text would be made a list here, and searched for letters elsewhere
        "intake": {"type": "raw"},
        "resolve": {"type": "raw"},
        "now": {"type": "raw"},
        "ca_accounts": {"type": "dict", "default": {}},
        "dns_services": {"type": "dict", "default": {}},
    }


def run(params: dict[str, t.Any], check_mode: bool) -> Result:
    """Nothing, or all that is wrong as one refusal."""
    errors = InputCollector()
    declared = frozenset(params["declared"])
    if params.get("names") is not None:
        refuse_undeclared_names(params["names"], None if params.get("may_be_undeclared") else declared, errors)
    if params.get("intake"):
        refuse_undeclared_intake(params["intake"], declared, errors)
    if params.get("resolve"):
        refuse_wrong_answers(params["resolve"], declared, params.get("names"), errors)
    refuse_moved_clock(params.get("now"), params["ca_accounts"], params["dns_services"], errors)
    errors.refuse()
    return Result(items=[ItemResult("run", "accepted")])


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
