#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_orders_info
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Tell what the ledger knows about orders
description:
  - Reads the ledger and returns, for each certificate name, its newest order (the open one first), what that order wants
    published, what older orders left behind, and the issued chain.
  - Asks no CA and writes nothing. M(inkan.tls.certificate_orders) does the work.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_ca
  - inkan.tls.ledger
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
requirements:
  - SQLite >= 3.34 in the Python of the ledger host
options:
  names:
    description: Return only these certificates, in this order. Default is all, sorted by name.
    type: list
    elements: str
  history:
    description: Also return all orders of each name with their facts.
    type: bool
    default: false
  require_durable:
    description:
      - Refuse a ledger that would not outlive this run, as M(inkan.tls.certificate_orders) does. Roles that are about to
        order ask for it here, before a key is made.
    type: bool
    default: false
seealso:
  - module: inkan.tls.certificate_orders
"""

EXAMPLES = r"""
- name: What is under way
  inkan.tls.certificate_orders_info:
  delegate_to: ledger.example.jp
  register: ledger

- name: Who waits for whom
  ansible.builtin.debug:
    msg: "{{ item.name }} waits for {{ item.waiting_for.actor }} to {{ item.waiting_for.what }}"
  loop: "{{ ledger.results | selectattr('waiting_for') }}"
  loop_control:
    label: "{{ item.name }}"

- name: The whole story of one certificate
  inkan.tls.certificate_orders_info:
    names: [shop]
    history: true
  delegate_to: ledger.example.jp
"""

RETURN = r"""
results:
  description:
    - One for each certificate name that the ledger knows. A name of O(names) that it does not know has none; without a
      ledger there are none.
    - Each has all the keys of RV(inkan.tls.certificate_orders#module:results).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the certificate.
      returned: always
      type: str
      sample: shop
    changed:
      description: Always V(false).
      returned: always
      type: bool
    outcome:
      description: Always V(found).
      returned: always
      type: str
      sample: found
    state:
      description: The state of the newest order, computed from its facts.
      returned: always
      type: str
      sample: deploy_pending
    error:
      description: Always null.
      returned: always
      type: dict
    history:
      description: All orders of the name, oldest first, each with C(reference), C(state) and C(facts).
      returned: when O(history=true)
      type: list
      elements: dict
      sample:
        - reference: ik-1f0c4d2e9a8b7c6d5e4f3a2b
          state: wanted
          facts:
            - {kind: submit_intended, at: '2026-11-20T00:00:00Z', times: 1, by: us}
            - {kind: submitted, at: '2026-11-20T00:00:01Z', times: 1, by: ca, handle: 'https://acme.example.jp/order/1'}
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._module.orders_info import info_spec, read_orders
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module


def argument_spec() -> dict[str, t.Any]:
    return info_spec()


def run(params: dict[str, t.Any], check_mode: bool) -> Result:
    return read_orders(params)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
