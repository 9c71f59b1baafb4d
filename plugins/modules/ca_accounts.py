#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ca_accounts
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Open accounts at CAs, change their keys, and close them
description:
  - Opens accounts of the adapter V(acme) before their first order, tells the CA other contacts, makes another account key
    (RFC 8555, 7.3.5) and closes accounts for ever (7.3.6).
  - M(inkan.tls.certificate_orders) opens an account and tells its contacts by itself. This module is for what an order
    has no reason to do, and for the account's URL, which CAA records may name (RFC 8657, C(accounturi)).
  - Another key is written beside the one in use before the CA hears of it, and takes its place when the CA has confirmed.
    If a run is killed in between, or the answer lost, whatever speaks to the account next finds out by asking which of the
    two the CA knows.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_ca
  - inkan.tls.ledger
  - inkan.tls.ca_accounts
attributes:
  check_mode:
    support: full
    details: No CA is asked. Contacts that would be told are not known then.
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - acme
  - SQLite >= 3.34 in the Python of the ledger host
options:
  ledger_durable:
    description: Go on although the folder of the ledger, where account keys are kept, looks as if it would not last.
    type: bool
    default: false
  deadline:
    description: Seconds that each account may take.
    type: float
    default: 60.0
  accounts:
    description: The accounts to keep.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: A key of O(ca_accounts), each once.
        type: str
        required: true
      state:
        description:
          - V(present) opens the account if it is not there.
          - V(closed) deactivates it for ever. Its certificates stay valid; its orders and authorizations end, and it can revoke
            nothing any more. Refused while the ledger has open orders of it. The key file stays.
        type: str
        choices: [present, closed]
        default: present
      key_since:
        description:
          - The account's key must not be older than this day (ISO 8601). An older one is changed once. The day is that of the
            key file.
        type: str
      confirm:
        description: The name of the account again, with O(accounts[].state=closed).
        type: str
seealso:
  - module: inkan.tls.certificate_orders
"""

EXAMPLES = r"""
- name: Open the account, and have no key of before this year
  inkan.tls.ca_accounts:
    ca_accounts: &accounts
      letsencrypt:
        adapter: acme
        settings:
          preset: letsencrypt
          contact: [certs@example.jp]
          accept_terms: true
    accounts:
      - name: letsencrypt
        key_since: '2027-01-01'
  delegate_to: ledger.example.jp
  register: kept

- name: What a CAA record can name
  ansible.builtin.debug:
    msg: '0 issue "letsencrypt.org; accounturi={{ kept.results[0].url }}"'

- name: Close it for ever
  inkan.tls.ca_accounts:
    ca_accounts: *accounts
    accounts:
      - name: letsencrypt
        state: closed
        confirm: letsencrypt
  delegate_to: ledger.example.jp
"""

RETURN = r"""
results:
  description: One for each of O(accounts), in the same order.
  returned: always, also when the module fails because of an item
  type: list
  elements: dict
  contains:
    name:
      description: The name of the account.
      returned: always
      type: str
      sample: letsencrypt
    changed:
      description: Whether something of the account was changed.
      returned: always
      type: bool
    outcome:
      description: V(opened), V(key_changed), V(closed), V(updated) (its contacts), V(kept), or V(not_done), as RV(results[].error)
        says.
      returned: always
      type: str
      sample: kept
    state:
      description: V(present), V(closed), or null where it is not known.
      returned: always
      type: str
      sample: present
    error:
      description: What is wrong with this item; null if nothing is.
      returned: always
      type: dict
    url:
      description: The account at the CA; V(known_after_order) in check mode before it is opened.
      returned: always
      type: str
      sample: https://acme.example.jp/acct/1
    contact:
      description: The mail addresses that were told to the CA.
      returned: always
      type: list
      elements: str
    dns_label:
      description: The label below which challenges of V(dns-account-01) are answered.
      returned: always
      type: str
      sample: _rtcx7tofoupp7izy
    key_made_at:
      description: When the key in use was made, ISO 8601 in UTC.
      returned: always
      type: str
      sample: '2026-11-20T00:00:00Z'
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.keeping_accounts import accounts_spec, keep_accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_now
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import CRYPTOGRAPHY_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key


def argument_spec() -> dict[str, t.Any]:
    return accounts_spec()


def run(params: dict[str, t.Any], check_mode: bool, factories: t.Mapping[str, AdapterFactory] | None = None) -> Result:
    return keep_accounts(params, check_mode, factories or _factories(params))


def _factories(params: dict[str, t.Any]) -> t.Mapping[str, AdapterFactory]:
    clock = SystemClock(read_now(params, InputCollector()))
    return adapter_factories(clock=clock, new_private_key=new_private_key)


def main() -> None:
    run_module(
        argument_spec=argument_spec(),
        run=run,
        needs=(Library("cryptography", CRYPTOGRAPHY_ERROR, "for account keys"),),
    )


if __name__ == "__main__":
    main()
