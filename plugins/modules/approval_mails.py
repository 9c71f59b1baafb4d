#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: approval_mails
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Find the approval mails of orders, say whether each can be trusted, and answer those that may be
description:
  - Reads mailboxes, finds the mails that CAs and sellers send about orders of the ledger, and holds each against eight
    checks, in this order. C(order), it is ours, open, and the CA waits for an approval by mail; C(recipient), an address
    that was chosen for it; C(sender), exactly one, exactly the one described; C(authentication), by the word of your own
    mail server; C(link), exactly one that approves, to exactly the host described; C(page), it asks for the approval of
    this certificate and is a plain form; C(once), nobody has sent it before; C(confirmation), the CA says it has it.
  - What cannot be told is a reason against. The first reason is told with its code; the mail is left for a person.
  - No letter is marked, moved or removed, and none is answered because it was read. Links that refuse are never opened,
    and neither links nor codes are returned.
  - E-mail validation ends on 2028-03-15. Another method is the way out, and M(inkan.tls.dcv_plan) names it.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_ca
  - inkan.tls.ledger
  - inkan.tls.ca_accounts
  - inkan.tls.sight
attributes:
  check_mode:
    support: full
    details: Mailboxes are read, no page is opened, no CA is asked, nothing is written.
  diff_mode:
    support: full
  idempotent:
    support: full
    details: An approval is sent once for each order and domain; what is not known to have failed is never sent again.
requirements:
  - dnspython (where a contact is published in DNS)
  - SQLite >= 3.34 in the Python of the ledger host
options:
  mailboxes:
    description:
      - Mailboxes by name, as in the variable C(inkan_mailboxes) but without secrets; each with C(service) (V(imap) or
        V(maildir)) and C(settings).
      - Beside what the service needs, C(settings) say whose word about senders counts. C(authserv_id) is the name at the
        head of the Authentication-Results that your mail server writes, C(received_by) a list of further names that it has
        in Received. With C(microsoft365), which writes no such name, the topmost header counts. Without any of them
        no mail passes the check C(authentication).
      - An IMAP mailbox takes the secret C(password) or C(access_token). With the setting C(oauth2) a token is fetched in each
        run. C(service=microsoft365) needs C(tenant) and C(client_id), and the secret C(client_secret);
        C(service=google) needs C(client_email), and the secret C(private_key) of a service account.
    type: dict
    required: true
  mailbox_secrets:
    description: By name of the mailbox, a dictionary of its secrets.
    type: dict
    default: {}
  profiles:
    description:
      - Descriptions of mails, by a name of your choice, beside those that come with the collection.
      - With C(based_on), the name of one that is there, only what differs is given. Else C(kind) (V(approval), V(code),
        V(intent), V(notice) or V(other)) and C(cas) are needed.
      - C(senders) (exact addresses), C(signed_by) (domains that may sign for another), C(subjects) (with C({domain}),
        C({order}) and C({order?})), C(words) (lists of which one word each has to be there), C(hosts) (exactly, without a
        port), C(path), C(rejects), C(code_pattern) (with one group), C(forms) (C(buttons), C(scopes), C(signature),
        C(code_field), each sent once, in this order), C(done) (words of the page afterwards), C(sellers), C(moves),
        C(mailed_all), C(procedure), C(title), C(facts), C(tested_on), C(task) (of V(intent), the step for a person that it
        belongs to, V(ev_mail) or V(intent_mail)).
    type: dict
    default: {}
  mode:
    description:
      - V(observe) only looks, and notes in the ledger that a mail has come. V(assist) answers an item with
        O(certificates[].answer), which a person gave. V(auto) also answers mails about O(auto_domains) by itself.
    type: str
    choices: [observe, assist, auto]
    default: observe
  auto_domains:
    description: Domains (A-labels) that have opted in to V(auto), each with all below it. All names of an order must be in them.
    type: list
    elements: str
    default: []
  daily_cap:
    description: So many approvals a day V(auto) sends at most, of all orders of the ledger together.
    type: int
    default: 10
  stop:
    description: Answer nothing, whatever the mode.
    type: bool
    default: false
  stop_file:
    description: While this file exists on the host that keeps the ledger, nothing is answered. Default is C(stop-approving) beside
      the ledger.
    type: path
  actor:
    description: Who runs this, and in which job, as words of your choice; kept in the ledger with each approval.
    type: dict
    default: {}
  deadline:
    description: Seconds that the whole call may take.
    type: float
    default: 60.0
  certificates:
    description:
      - The certificates to look for, each with its own name. Default is every one with an open order, and those that a
        notice of their seller is about.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the certificate in the inventory.
        type: str
        required: true
      answer:
        description:
          - What a person decided, with O(mode=assist) or O(mode=auto). V(approve) answers the mail that has passed the checks.
          - V(refuse) sends nothing. It ends the order in the ledger as refused, returns what to do (RV(results[].procedure)),
            and opens a step for a person, the correction of the declaration (RV(results[].correction)), which is followed until
            there is another order.
        type: str
        choices: [approve, refuse]
      reason:
        description: Why it is refused; kept in the ledger.
        type: str
      signature:
        description: The name to put in where a page asks for one (Cybertrust).
        type: str
      organizations:
        description: Names of the applicant beside those of the order. The page of an OV or EV order has to say one of them.
        type: list
        elements: str
        default: []
      ca:
        description: The CA whose mails are about this order, where neither the product nor the adapter tells it.
        type: str
      seller:
        description: The seller, where neither the account nor the product tells it.
        type: str
      owner:
        description: Who does what machines cannot, such as the correction after V(refuse). Default is the C(user) of O(actor), or
          to whom a mail about the step went.
        type: str
      mail:
        description: Where O(certificates[].owner) is reached.
        type: str
      escalate_to:
        description: Who hears that such a step is late.
        type: str
seealso:
  - module: inkan.tls.certificate_orders
  - module: inkan.tls.dcv_contacts
"""

EXAMPLES = r"""
- name: See which approval mails are there, and what speaks against them
  inkan.tls.approval_mails:
    mailboxes: &mailboxes
      certs:
        service: imap
        settings:
          host: mail.example.jp
          user: certs@example.jp
          folders: [INBOX, Junk]
          authserv_id: mx.example.jp
    mailbox_secrets: &secrets
      certs:
        password: "{{ vault_certs_password }}"
  delegate_to: ledger.example.jp
  register: mails

- name: Approve one, after a person has looked at it
  inkan.tls.approval_mails:
    mailboxes: *mailboxes
    mailbox_secrets: *secrets
    ca_accounts: "{{ accounts }}"
    secrets: "{{ account_secrets }}"
    mode: assist
    profiles:
      digicert-here:
        based_on: digicert
        hosts: [approval.digicert.example]
        path: /link/
    actor:
      user: "{{ awx_user_name | default('') }}"
      job: "{{ awx_job_id | default('') }}"
    certificates:
      - name: shop
        answer: approve
  delegate_to: ledger.example.jp
"""

RETURN = r"""
results:
  description: One for each of O(certificates), in the same order; without them, one for each open order, by name.
  returned: always, also when the module fails because of an item
  type: list
  elements: dict
  contains:
    name:
      description: The name of the certificate.
      returned: always
      type: str
      sample: shop
    changed:
      description: Whether this call changed something, at the CA or in the ledger.
      returned: always
      type: bool
    outcome:
      description:
        - V(not_waiting) the CA does not wait for an approval by mail; V(no_mail) it does, and none came; V(mail_found) one
          passed all checks that need the mail alone, and a person can approve it; V(mail_doubtful) those that came have
          each something against them.
        - V(approved) it was answered, and confirmed; V(approval_unknown) it was answered, and nobody knows what came of it;
          V(refused) a person refused; V(busy) another run works on it.
      returned: always
      type: str
      sample: mail_found
    state:
      description: The state of the order, computed from its facts.
      returned: always
      type: str
      sample: awaiting_approval
    error:
      description: What is wrong with this item, with C(code), C(message), C(retryable) and more; null if nothing is.
      returned: always
      type: dict
    order:
      description: The CA's word for the order.
      returned: always
      type: str
    reference:
      description: Our name for the order.
      returned: always
      type: str
    dns_names:
      description: The names of the order.
      returned: always
      type: list
      elements: str
    waits:
      description: Whether the CA waits for an approval by mail.
      returned: always
      type: bool
    mails:
      description:
        - The mails about it, the oldest first in each mailbox. C(mailbox), C(id), C(sha256), C(received_at), C(sender),
          C(recipients), C(subject), C(profile), C(kind), C(tested_on), C(unverified), C(domain), C(name), C(link) (scheme and
          host only), and C(check), C(code) and C(why) of the first thing that speaks against it, null where nothing does.
      returned: always
      type: list
      elements: dict
    procedure:
      description: How a person refuses, at this CA or seller.
      returned: always
      type: str
    held:
      description: With O(mode=auto), why a mail that has passed the checks was not answered, with C(code) and C(why); else null.
      returned: always
      type: dict
    correction:
      description: The step that follows a refusal, while nobody has corrected the declaration, with the keys of
        RV(inkan.tls.certificate_orders#module:results[].tasks); else null.
      returned: always
      type: dict
    said:
      description: What the CA said of the order, when it was asked and no longer waits.
      returned: when it was asked
      type: str
mails_read:
  description: How many letters were looked at.
  returned: always
  type: int
other_mails:
  description: Mails of known senders that are about none of the items, as in RV(results[].mails).
  returned: always
  type: list
  elements: dict
strangers:
  description: How many letters came from senders that nobody has described.
  returned: always
  type: int
"""

import functools
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_options import approvals_spec, read_approvals
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_world import PublicHttp, is_published
from ansible_collections.inkan.tls.plugins.module_utils._module.approvals import ApprovalTools, run_approvals
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_now
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.module_utils._x509.signing import rs256


def argument_spec() -> dict[str, t.Any]:
    return approvals_spec()


def run(params: dict[str, t.Any], check_mode: bool, tools: ApprovalTools | None = None) -> Result:
    clock = SystemClock(read_now(params, InputCollector()))
    tools = tools or ApprovalTools(
        clock=clock,
        open_mailbox=functools.partial(open_mailbox, signer=rs256),
        adapters=adapter_factories(clock=clock, new_private_key=new_private_key),
        http=lambda sight: PublicHttp(sight.ca_bundle),
        published=is_published,
    )
    return run_approvals(read_approvals(params, check_mode, tools.adapters), tools)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
