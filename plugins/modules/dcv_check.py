#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcv_check
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Look at validation records, files, CAA records and contacts as a CA does
description:
  - Tells for each item whether a CA that looks now would see all it wants, and if not, which server lacks what and why.
    Each finding has a stable code, a severity and what to do. The guide "What the CA sees" lists the codes.
  - Records are asked of every address of every authoritative server of their zone, and of servers that only the zone
    above names. A CNAME at the name is followed. TXT values are compared after joining their character-strings. One of
    several values will do.
  - Resolvers are never asked for the record itself before all authoritative servers show it, so that none remembers its
    absence. They are asked for zones, name servers and addresses only.
  - What the servers answer is validated by DNSSEC from O(sight.trust_anchors) down. Bogus is fatal, insecure is fine.
  - CAA records are looked at for O(checks[].dns_names), with climbing, C(issuewild), unknown critical properties, and the
    parameters C(accounturi) and C(validationmethods) of RFC 8657. A failed look-up is never read as permission.
  - Contacts are looked at where they are published, and as mailboxes. A mailbox at a public mail service, of the DNS
    host, or without a mail host is told.
  - Files are fetched from every address of the host, first by their URL (below C(/.well-known/acme-challenge/) by http on
    port 80, as RFC 8555 wants it), then through redirects (301, 302, 307, 308; to http and https on ports 80 and 443), as
    the Baseline Requirements 3.2.2.4.18 and 3.2.2.4.19 allow. How many redirects are followed, and whether to another
    domain, is the rule of O(checks[].ca). Certificates are not verified on this look, a CA does not verify them either.
  - An address family that this machine cannot reach is a warning of the item. The CA may reach it.
  - Not visible is an answer, never an error.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.sight
attributes:
  check_mode:
    support: full
    details: It only looks, and only once, whatever O(deadline) says, because in check mode nothing was published.
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
requirements:
  - dnspython
notes:
  - Runs on the controller. Needs a way to all authoritative servers on UDP and TCP port 53, and to the web servers.
  - On a host that is an outside vantage point it needs dnspython there, and cryptography for DNSSEC. Registrable domains
    are known where publicsuffixlist is.
options:
  checks:
    description: What must be visible.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the item, unique in the call.
        type: str
        required: true
      records:
        description: The records.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The owner name, absolute, with A-labels.
            type: str
            required: true
          type:
            description: The type of the record.
            type: str
            choices: [TXT, CNAME, CAA]
            default: TXT
          value:
            description: The value. V(known_after_order) is taken in check mode.
            type: str
            required: true
      files:
        description: The files.
        type: list
        elements: dict
        default: []
        suboptions:
          url:
            description: Where a CA fetches it first. V(known_after_order) is taken in check mode.
            type: str
            required: true
          content:
            description:
              - What the file must be (below C(/.well-known/acme-challenge/), but for white space at its end) or hold
                (elsewhere). V(known_after_order) is taken in check mode.
            type: str
            required: true
      dns_names:
        description: The names of the certificate, with A-labels. Their CAA records are looked at.
        type: list
        elements: str
        default: []
      ca:
        description:
          - The CA that is to issue. It stands for its issuer domain names in CAA records, and for how it fetches files.
          - Not set, only O(checks[].caa_issuers) are known, and files are fetched by the most lenient rules.
        type: str
        choices: [cybertrust, digicert, globalsign, jprs, letsencrypt, secom]
      caa_issuers:
        description: The issuer domain names of the CA, in place of those that O(checks[].ca) stands for.
        type: list
        elements: str
        default: []
      account_uri:
        description: The account at the CA, as C(accounturi) of CAA records names it.
        type: str
      validation_methods:
        description: How the names are validated, as C(validationmethods) of CAA records names it. Any of them will do.
        type: list
        elements: str
        default: []
      contacts:
        description: The mailboxes that are to approve.
        type: list
        elements: dict
        default: []
        suboptions:
          kind:
            description:
              - V(constructed) is published nowhere. V(txt) is looked for in TXT C(_validation-contactemail), V(caa) in CAA
                C(contactemail), V(soa) in the SOA record of O(checks[].contacts[].domain).
            type: str
            choices: [constructed, txt, caa, soa]
            required: true
          domain:
            description: The domain that it approves for.
            type: str
            required: true
          address:
            description: The address that the CA is to write to.
            type: str
            required: true
  deadline:
    description: Seconds to go on looking until all is visible. V(0) looks once.
    type: int
    default: 0
  test_mail:
    description:
      - Send a mail to each of O(checks[].contacts) and wait until it is seen in the mailbox that is read, as approval mails
        will be. What does not arrive is fatal. Not in check mode.
      - Not sent to contacts with fatal findings. One mail an address.
    type: dict
    suboptions:
      host:
        description: The server that takes mails (SMTP submission).
        type: str
        required: true
      port:
        description: Its port. V(0) means 465 for V(implicit), 587 for V(starttls) and 25 for V(none).
        type: int
        default: 0
      security:
        description: TLS from the first byte, TLS by STARTTLS, or none, which is taken for this machine's own server only.
        type: str
        choices: [implicit, starttls, none]
        default: starttls
      username:
        description: Who logs in. The password is C(password) of O(secrets).
        type: str
      sender:
        description: The address that it comes from.
        type: str
        required: true
      ca_bundle:
        description: A PEM file of trusted CAs, in place of those of this machine.
        type: path
      wait:
        description: Seconds to wait for its arrival.
        type: int
        default: 120
      mailbox:
        description: Where it must arrive.
        type: dict
        required: true
        suboptions:
          service:
            description: How it is read.
            type: str
            choices: [imap, maildir]
            required: true
          settings:
            description:
              - As of an entry of the variable C(inkan_mailboxes). Its secrets are C(mailbox) of O(secrets), a dictionary.
            type: dict
            default: {}
  secrets:
    description: C(password) for O(test_mail), and C(mailbox) with the secrets of O(test_mail.mailbox).
    type: dict
    default: {}
seealso:
  - module: inkan.tls.dns_tokens
  - module: inkan.tls.file_tokens
"""

EXAMPLES = r"""
- name: Wait up to two minutes until the CA will see the record
  inkan.tls.dcv_check:
    sight:
      resolvers: [192.0.2.53]
    deadline: 120
    checks:
      - name: shop
        records:
          - name: _acme-challenge.shop.example.jp
            value: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv

- name: Look before an order whether JPRS may issue, and whether its mail will arrive
  inkan.tls.dcv_check:
    checks:
      - name: shop
        ca: jprs
        dns_names: [shop.example.jp, "*.shop.example.jp"]
        contacts:
          - {kind: txt, domain: shop.example.jp, address: certs@example.jp}

- name: See before an order that approval mails will arrive
  inkan.tls.dcv_check:
    checks:
      - name: shop
        contacts:
          - {kind: constructed, domain: shop.example.jp, address: hostmaster@shop.example.jp}
    test_mail:
      host: smtp.example.jp
      username: tls-watch
      sender: tls-watch@example.jp
      mailbox:
        service: imap
        settings: {host: imap.example.jp, user: tls-watch}
    secrets:
      password: "{{ vault_smtp_password }}"
      mailbox: {password: "{{ vault_imap_password }}"}

- name: Look at a file once
  inkan.tls.dcv_check:
    checks:
      - name: www
        files:
          - url: http://www.example.jp/.well-known/pki-validation/gsdv.txt
            content: 9b1f2c7e5d3a
"""

RETURN = r"""
results:
  description: One for each item of O(checks), in the same order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      sample: shop
    changed:
      description: Always false.
      type: bool
      sample: false
    outcome:
      description: The same word as RV(results[].state).
      type: str
      sample: visible
    state:
      description:
        - V(not_visible) where a finding is fatal, else V(visible).
        - V(known_after_order) in check mode, for an item with a value that only the order will tell.
      type: str
      sample: not_visible
    error:
      description: Always null.
      type: dict
      sample: null
    records:
      description: What each server says.
      type: list
      elements: dict
      contains:
        name:
          description: The owner name.
          type: str
          sample: _acme-challenge.shop.example.jp
        type:
          description: The type.
          type: str
          sample: TXT
        value:
          description: The value that must be there.
          type: str
          sample: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv
        visible:
          description: Whether all servers show it, null where it was not looked for.
          type: bool
          sample: false
        servers:
          description: One for each address, and for each name of a CNAME chain.
          type: list
          elements: dict
          contains:
            server:
              description: The name of the server.
              type: str
              sample: ns2.example.jp
            address:
              description: Its address.
              type: str
              sample: 192.0.2.54
            record:
              description: The name that it was asked for.
              type: str
              sample: _acme-challenge.shop.example.jp
            found:
              description: Whether it shows the value, null where its address family cannot be reached from here.
              type: bool
              sample: false
            answer:
              description: What it says.
              type: str
              sample: says NXDOMAIN
    files:
      description: What each web server serves.
      type: list
      elements: dict
      contains:
        url:
          description: The URL.
          type: str
          sample: http://www.example.jp/.well-known/pki-validation/gsdv.txt
        found:
          description: Whether all addresses of the host serve the content, null where it was not looked for.
          type: bool
          sample: true
        status:
          description: The last status, of the first address that lacks it, else of the first. Null without an answer.
          type: int
          sample: 200
        hops:
          description: The requests of the same address, each with C(url), C(address) and C(status).
          type: list
          elements: dict
          sample:
            - url: http://www.example.jp/.well-known/pki-validation/gsdv.txt
              address: 192.0.2.80
              status: 200
        reason:
          description: Why it is found or not.
          type: str
          sample: serves the content
        addresses:
          description: The same for each address of the host, each with C(address), C(found), C(status), C(reason).
          type: list
          elements: dict
          sample:
            - address: 192.0.2.80
              found: true
              status: 200
              reason: serves the content
    findings:
      description: What was found. Empty if all is well.
      type: list
      elements: dict
      contains:
        code:
          description: A stable word for it. The guide "What the CA sees" lists them all.
          type: str
          sample: record_missing
        severity:
          description: V(fatal) where a CA that looks now would say no, V(warning) for all else.
          type: str
          sample: fatal
        what:
          description: What it is.
          type: str
          sample: A record is not there
        where:
          description: The record, file, name or contact, and the server or address that shows it.
          type: str
          sample: TXT _acme-challenge.shop.example.jp, ns2.example.jp (192.0.2.54)
        why:
          description: What was seen there.
          type: str
          sample: says NXDOMAIN
        todo:
          description: What a person does next.
          type: str
          sample: Publish it, and wait until each server has it
    lacking:
      description: The fatal findings, a sentence each. Empty if visible.
      type: list
      elements: str
      sample: ["TXT _acme-challenge.shop.example.jp: ns2.example.jp (192.0.2.54) says NXDOMAIN"]
    warnings:
      description: The other findings, a sentence each.
      type: list
      elements: str
      sample: []
looks:
  description: How many times it looked.
  returned: always
  type: int
  sample: 1
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight, parse_sight, sight_spec
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import DNSPYTHON_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import ExchangeTo, WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import executor_for
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes import Check, Ports, Watch
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes_input import CHECKS_SPEC, parse_checks
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes_result import item_of
from ansible_collections.inkan.tls.plugins.module_utils._module.mail_trial import (
    SECRETS_SPEC,
    TEST_MAIL_SPEC,
    MailTrial,
    parse_test_mail,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    PUBLICSUFFIXLIST_ERROR,
    registrable_domain,
)

NEEDS = (Library("dnspython", DNSPYTHON_ERROR, "to speak DNS"),)
#: waiting for servers, not for processors
WORKERS = 24
DNS_TIMEOUT = 4.0
#: for the DNS questions of one look, however many servers are silent
LOOK_SECONDS = 60.0


def argument_spec() -> dict[str, t.Any]:
    return {
        "sight": sight_spec(),
        "deadline": {"type": "int", "default": 0},
        "checks": CHECKS_SPEC,
        "test_mail": TEST_MAIL_SPEC,
        "secrets": SECRETS_SPEC,
    }


def real_ports() -> Ports:
    """Without the list of public suffixes, as on a vantage point, less is known and nothing is wrong."""
    clock = SystemClock()

    def exchange_to(sight: Sight) -> ExchangeTo:
        ends = clock.monotonic() + LOOK_SECONDS
        return lambda address: WireExchange(
            address, sight.dns_port, max(0.1, min(DNS_TIMEOUT, ends - clock.monotonic()))
        )

    return Ports(
        clock=clock,
        exchange_to=exchange_to,
        executor=executor_for(WORKERS),
        fetch=web_look.fetch,
        base_of=registrable_domain if PUBLICSUFFIXLIST_ERROR is None else lambda _name: None,
    )


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    """Judge all options first; then look, again and again until the deadline."""
    ports = ports or real_ports()
    errors = InputCollector()
    sight = parse_sight(params["sight"], errors)
    checks = parse_checks(params["checks"], check_mode, errors)
    mail = parse_test_mail(params.get("test_mail"), params.get("secrets"), errors)
    errors.refuse()
    watch = Watch(checks, sight, ports)
    watch.until(0 if check_mode else params["deadline"])
    if mail is not None and not check_mode:
        _try_mail(mail, checks, ports)
    return Result(items=[item_of(check) for check in checks], extra={"looks": watch.looks})


def _try_mail(mail: MailTrial, checks: t.Sequence[Check], ports: Ports) -> None:
    """Not to mailboxes of which it is known already that they are wrong."""
    fit = [check for check in checks if not any(one.is_fatal for one in check.policy or ())]
    found = mail.try_all([one for check in fit for one in check.contacts], ports.clock)
    for check in fit:
        check.mailed = [found[one.address] for one in check.contacts if one.address in found]


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
