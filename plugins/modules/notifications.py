#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: notifications
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Tell people by mail and webhook what changed
description:
  - Compares how certificates stand with what each channel was told before, and sends the difference, one message a channel. A
    second run with nothing new sends nothing.
  - What a channel knows, and what it still has to be told, is kept in the ledger. It is written there before the message leaves,
    so that a message that could not be delivered is sent by a later run, and one whose answer was lost is sent again under the
    same id.
  - No message holds a link, a code or a secret, and none of them approves anything.
  - The roles C(issue), C(renew), C(deploy), C(revoke), C(rollback) and C(report) call it where C(inkan_notifications) is set.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.ledger
attributes:
  check_mode:
    support: full
    details: No channel is spoken to.
  diff_mode:
    support: full
    details: Shows the text of each message.
  idempotent:
    support: full
requirements:
  - SQLite >= 3.34 in the Python of the ledger host
options:
  ledger_durable:
    description: Go on although the folder of the ledger looks as if it would not last, and each run would tell the same again.
    type: bool
    default: false
  deadline:
    description: Seconds that each channel may take.
    type: float
    default: 30.0
  secrets:
    description:
      - Channel name to its secrets, masked in all output. Each has eight characters at least.
      - Of V(smtp), C(password). Of V(webhook), C(url) (where the URL itself lets anybody send, as that of Slack and Teams),
        C(signing_key) (each request gets a header C(X-Inkan-Signature), an HMAC-SHA-256 of its time and body) and C(token) (sent as
        a bearer token).
    type: dict
    default: {}
  tried_all:
    description: Whether the run before has tried all that there was to do. If not, it does not take back that something is in
      trouble or could not be reached.
    type: bool
    default: true
  complete:
    description: Whether O(certificates) has all that there are. Those that a channel knows beside them are forgotten then.
    type: bool
    default: false
  declared:
    description: The names of all certificates that are declared. Of others the ledger reminds that their contracts are to be ended;
      not given means that nothing is known of that.
    type: list
    elements: str
  channels:
    description: Who is told of what.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: A word, each once. What a channel knows is remembered under it.
        type: str
        required: true
      service:
        description: V(smtp) for a mail server of one's own, V(webhook) for a POST of JSON.
        type: str
        choices: [smtp, webhook]
        required: true
      settings:
        description:
          - Of V(smtp), C(host); C(tls), which is C(starttls) (the default), C(implicit), or C(none) on loopback only; C(port), by
            default 587, 465 and 25; C(user), with C(password) in O(secrets); C(from); C(to), a list of addresses; C(ca_bundle), a PEM
            file in place of the system's CAs.
          - Of V(webhook), C(url), unless it is in O(secrets); C(body), which is C(generic) (the default), C(slack) (blocks for an
            incoming webhook) or C(teams) (an Adaptive Card for a workflow of Teams); C(ca_bundle).
        type: dict
        default: {}
      "on":
        description:
          - The kinds of news that it is told. V(trouble), an error or a refused declaration. V(expiring), a sixth or a twelfth of its
            lifetime is left of what is live, or nothing. V(refused), an order came to nothing. V(unreachable), a host could not be
            asked. V(waiting), a person has to act. V(reminder), what a person has to do is due soon, or late, as the
            ledger knows. V(revoked). V(resolved),
            what was told needs nobody any more. V(issued), a new certificate is live.
        type: list
        elements: str
        choices: [trouble, expiring, refused, unreachable, waiting, reminder, revoked, resolved, issued]
        default: [trouble, expiring, refused, unreachable, waiting, reminder, revoked, resolved]
      certificates:
        description: Names of certificates, or patterns of them with C(*) and C(?).
        type: list
        elements: str
        default: ["*"]
      language:
        description: English or Japanese.
        type: str
        choices: [en, ja]
        default: en
  certificates:
    description: How each certificate stands now. The roles make this list of what the run has said.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name; V((run\)) stands for the run itself.
        type: str
        required: true
      condition:
        description: How it stands.
        type: str
        choices: [trouble, unreachable, waiting, refused, revoked, underway, in_order]
        required: true
      mark:
        description: What makes this another condition of the same kind; error codes, or an order and its step.
        type: str
        default: ""
      sentences:
        description: What explains it. Links, codes and secrets in it are left out.
        type: list
        elements: str
        default: []
      serial:
        description: The serial number of the live certificate.
        type: str
      not_before:
        description: Its first moment, ISO 8601.
        type: str
      not_after:
        description: Its last moment, ISO 8601.
        type: str
      order:
        description: The order's number at the CA.
        type: str
      actor:
        description: Who has to act; customer, person, seller, ca or us.
        type: str
      owner:
        description: Who of them, by name or address.
        type: str
        default: ""
      due:
        description: By when, ISO 8601.
        type: str
      is_new:
        description: Whether it went live in this run.
        type: bool
        default: false
seealso:
  - module: inkan.tls.certificate_orders_info
"""

EXAMPLES = r"""
- name: Tell the team by mail, and the chat of its managers what is in trouble
  inkan.tls.notifications:
    ledger_durable: true
    channels:
      - name: team
        service: smtp
        settings:
          host: smtp.example.jp
          user: certs@example.jp
          from: certs@example.jp
          to: [infra@example.jp]
        language: ja
      - name: managers
        service: webhook
        settings:
          body: slack
        "on": [trouble, expiring]
        certificates: ['shop*']
    secrets:
      team:
        password: "{{ vault_smtp_password }}"
      managers:
        url: "{{ vault_slack_url }}"
    certificates:
      - name: shop
        condition: waiting
        mark: ik-1 customer
        sentences: [approve by the mail to certs@example.jp]
        actor: customer
        due: '2026-12-01T00:00:00Z'
  delegate_to: ledger.example.jp
"""

RETURN = r"""
results:
  description: One for each of O(channels), in the same order.
  returned: always, also when the module fails because of an item
  type: list
  elements: dict
  contains:
    name:
      description: The name of the channel.
      returned: always
      type: str
      sample: team
    changed:
      description: Whether something was sent, or is known now that was not.
      returned: always
      type: bool
    outcome:
      description: V(sent), also in check mode; V(queued), it waits for a later run; V(noted), something changed that the channel is not
        told of; V(kept), nothing changed; V(busy), another run is telling this channel.
      returned: always
      type: str
      sample: sent
    state:
      description: V(told), it has all that it is to be told; V(queued), it has not.
      returned: always
      type: str
      sample: told
    error:
      description: Why a message was not delivered; null if nothing is wrong.
      returned: always
      type: dict
    messages:
      description: The ids of the messages that were delivered. A mail has it in its Message-ID, a request in its C(Idempotency-Key).
      returned: always
      type: list
      elements: str
      sample: [inkan-5f2c1a7be0d94d6f8a3b1c2d]
    events:
      description: What was told, or would be in check mode.
      returned: always
      type: list
      elements: dict
      contains:
        kind:
          description: As in O(channels[].on).
          returned: always
          type: str
          sample: waiting
        certificate:
          description: The name of the certificate.
          returned: always
          type: str
          sample: shop
        at:
          description: When it was found, ISO 8601 in UTC.
          returned: always
          type: str
          sample: '2026-11-20T00:00:00Z'
    queued:
      description: How many pieces of news wait for a later run.
      returned: always
      type: int
      sample: 0
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._module.notifying import Senders, notifications_spec, notify
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module


def argument_spec() -> dict[str, t.Any]:
    return notifications_spec()


def run(params: dict[str, t.Any], check_mode: bool, senders: Senders | None = None) -> Result:
    return notify(params, check_mode, senders)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
