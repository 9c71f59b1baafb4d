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
  - Changes no order. M(inkan.tls.certificate_orders) does the work.
  - With O(ca_accounts) it asks the CAs that have renewal information (ARI, RFC 9773) when they want the certificates in
    service to be renewed, each no more often than the CA wishes, and remembers the answers in the ledger. What cannot be
    asked is asked again later and is no error.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_ca
  - inkan.tls.ledger
  - inkan.tls.ca_accounts
attributes:
  check_mode:
    support: full
    details: No CA is asked and nothing is remembered; what earlier calls learned is told.
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
requirements:
  - acme (where an account with the adapter V(acme) is asked)
  - SQLite >= 3.34 in the Python of the ledger host
options:
  names:
    description: Return only these certificates, in this order. Default is all, sorted by name.
    type: list
    elements: str
  declared:
    description:
      - The names of all declared certificates. Of others with a certificate in the ledger RV(results[].retired) tells the
        contract that has to be ended. Not set means that none counts as retired.
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
  accounts:
    description: Also return what is remembered here of O(ca_accounts), RV(accounts). No CA is asked for it.
    type: bool
    default: false
  contacts:
    description: Also return the contact records in DNS that were published from here, RV(contacts).
    type: bool
    default: false
  deadline:
    description: Seconds that asking the CAs may take altogether. Who was not asked within it is asked first in the next call.
    type: float
    default: 20.0
  live:
    description:
      - Certificates that were seen on hosts. About those that no order of the ledger brought, as after its loss, the CAs
        are asked as well, after all others and within the same bounds, RV(live_advice). What the CA does not know either
        is asked about again after a day.
      - With O(names) only those of these names. Without a ledger, which would remember the answers, nobody is asked.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the certificate.
        type: str
        required: true
      ca_account:
        description: The account of O(ca_accounts) that it is declared with.
        type: str
        required: true
      renewal_id:
        description: Its C(renewal_id) of RV(inkan.tls.certificates_info#module:results[].live).
        type: str
        required: true
      not_after:
        description: When it ends (ISO 8601). Nobody is asked about one that has ended.
        type: str
        required: true
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
    suggested_window:
      description:
        - When its CA suggests to renew the newest certificate, C(start) and C(end), and C(explanation_url), a page of the CA
          that says why, or null; null if there is no suggestion.
      returned: always
      type: dict
      sample: {start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z', explanation_url: null}
    advice:
      description:
        - For each certificate of the name that may be in service and was asked about, C(serial), C(suggested_window) (as
          above), when it was asked (C(asked_at)), not before when it is asked again (C(ask_again_at)), and why the newest
          question had no answer (C(problem), null if it had).
      returned: always
      type: list
      elements: dict
      sample:
        - serial: 3f2a90cc17
          suggested_window: {start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z', explanation_url: null}
          asked_at: '2026-11-20T00:00:00Z'
          ask_again_at: '2026-11-20T06:00:00Z'
          problem: null
    approval_mail:
      description:
        - Of an open order, whether an approval mail comes (C(is_expected); where the seller validates without one, none is
          normal, C(why)), whether it was heard of (C(is_heard_of), an answer was begun or told), from when on it is overdue
          (C(late_at)), and to whom such mails of this name went, the last one first (C(recipients)); null if no order is
          open.
      returned: always
      type: dict
    retired:
      description:
        - For a certificate that is not among O(declared) any more while its contract would be renewed by itself, the task
          V(cancel) with its C(by); null otherwise, and once C(inkan_intake) has told that it is done.
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
live_advice:
  description:
    - What was learned about the certificates of O(live) that no order of the ledger brought.
  returned: when O(live) names any
  type: list
  elements: dict
  contains:
    name:
      description: The name of the certificate.
      returned: always
      type: str
      sample: shop
    advice:
      description: As in RV(results[].advice).
      returned: always
      type: list
      elements: dict
      sample:
        - serial: 3f2a90cc17
          suggested_window: {start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z', explanation_url: null}
          asked_at: '2026-11-20T00:00:00Z'
          ask_again_at: '2026-11-20T06:00:00Z'
          problem: null
reminders:
  description:
    - What has to be told to persons now, what is due first at the top; pure data, nobody is told by this module.
    - C(name), C(reference), C(task) and C(kind) say what it is about (V(mail), an approval mail that is overdue);
      C(level) is V(remind) before C(by), V(late) from then on, V(escalate) later; C(to) says whom; C(what), C(where);
      C(lapses) and C(costs) what being late costs; C(at) since when; C(key) stays the same for the same reminder.
  returned: when there is a ledger
  type: list
  elements: dict
accounts:
  description:
    - What is remembered of the accounts that were opened from here, by name. C(url); C(dns_label), of V(dns-account-01);
      C(is_closed); C(standing), what the records of V(dns-persist-01) are made of, C(issuer) (null where only an order
      tells), C(hash_prefix) and C(thumbprint) (since draft 02), those of earlier keys (C(earlier)), and for how many
      C(days) a record holds (V(0), without an end).
  returned: when O(accounts=true)
  type: dict
  sample:
    ca:
      url: https://acme.example.jp/acct/1
      dns_label: _rtcx7tofoupp7izy
      is_closed: false
      standing: {issuer: ca.example, hash_prefix: '', thumbprint: NzbLsXh8uDCcd-6MNwXF4W_7, earlier: [], days: 90}
contacts:
  description:
    - The contact records that role C(contacts) has published and not seen gone since, C(record) (the name where it really
      is), C(kind), C(address), C(domain) and the time of the run that published it (C(since)).
    - Null where there is no ledger yet.
  returned: when O(contacts=true)
  type: list
  elements: dict
  sample:
    - record: _validation-contactemail.example.jp
      kind: txt
      address: certs@example.jp
      domain: example.jp
      since: '2026-11-20T00:00:00Z'
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.orders_info import InfoTools, info_spec, read_orders
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module


def argument_spec() -> dict[str, t.Any]:
    return info_spec()


def run(params: dict[str, t.Any], check_mode: bool, tools: InfoTools | None = None) -> Result:
    return read_orders(params, check_mode, tools or InfoTools(SystemClock, _factories))


def _factories(clock: Clock) -> t.Any:
    """Imported where a CA is asked: most calls only read the ledger."""
    from ansible_collections.inkan.tls.plugins.module_utils._ca.registry_advising import advising_factories
    from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key

    return advising_factories(clock=clock, new_private_key=new_private_key)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
