#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_orders
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Order certificates, and take each order as far as it goes today
description:
  - Submits orders to CAs, learns what the CA wants published, asks it to validate, polls, downloads, cancels and revokes,
    for a whole list at once. What is learned is written to the ledger as facts; the state of an order is computed from
    them.
  - A call reconciles and advances. It never waits for people, and not for a CA beyond O(deadline). An order that is
    still pending is no error; the next call goes on with it.
  - The intent is written, and on the disk, before an order is sent. If the answer is lost, or the process killed, the
    next call asks the CA for that order before it orders again. Where a CA cannot be asked, the order stops in state
    V(needs_person), and nothing is ordered a second time until a person answers with O(certificates[].resolve).
  - At most one order is open for each certificate name and purpose, whoever runs this at the same time.
  - It publishes nothing. That is for M(inkan.tls.dns_tokens) and M(inkan.tls.file_tokens), with RV(results[].wanted), then
    for M(inkan.tls.dcv_check), then for this module again with O(certificates[].visible). Records and files in
    RV(results[].leftovers) are to be removed by the same two modules; what was removed is told back with
    O(certificates[].observed).
  - Keys and CSRs come from M(inkan.tls.certificate_requests); certificates go to hosts with
    M(inkan.tls.certificate_deployments).
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_ca
  - inkan.tls.ledger
  - inkan.tls.ca_accounts
attributes:
  check_mode:
    support: full
    details: The ledger is opened read-only, no lease is taken and no CA is asked. What only the CA can tell is
      V(known_after_order).
  diff_mode:
    support: full
  idempotent:
    support: full
    details: A call that finds nothing to do writes nothing, neither at the CA nor to the ledger.
requirements:
  - cryptography >= 36
  - acme (for accounts with the adapter V(acme))
  - jmespath, and PyYAML where the description is a text (for accounts with the adapter V(rest))
  - SQLite >= 3.34 in the Python of the ledger host
notes:
  - Wrong options refuse the whole call, all of them in one message. A CSR that cannot be used is the error of its item
    alone (codes C(csr_unreadable), C(csr_names_mismatch), C(csr_key_mismatch)), and so is an account that cannot be
    reached.
  - A failure of the network never ends an order, and an issued certificate that the CA does not hand out waits for a
    person (V(needs_person)), for it may have been paid for. An order is ended by the CA, by a person, or by this module
    where the CA answered with the order of another certificate; RV(results[].problem) says by whom.
  - Each certificate is leased while a call works on it. One that another live process works on gets the outcome V(busy)
    after a few seconds; the lease of a process that was killed is taken over at once.
options:
  ledger_durable:
    description:
      - Order although the ledger looks as if it would not outlive this run. It does so on a tmpfs, and inside the container
        of an AWX or ansible-runner job.
    type: bool
    default: false
  state:
    description:
      - V(present) goes on with open orders, and makes a new one for an item whose O(certificates[].csr) the ledger has no
        certificate for.
      - V(cancelled) cancels the open order.
      - V(revoked) revokes the newest certificate, or the one with O(certificates[].serial).
    type: str
    choices: [present, cancelled, revoked]
    default: present
  until:
    description:
      - V(wanted) stops once it is known what the CA wants published.
      - V(issued) asks the CA to validate what is O(certificates[].visible), then polls and downloads.
    type: str
    choices: [wanted, issued]
    default: issued
  deadline:
    description: Seconds that the whole call may take.
    type: float
    default: 120.0
  record_only:
    description: Only write O(certificates[].observed) to the ledger. No CA is asked and O(ca_accounts) are not needed.
    type: bool
    default: false
  intake_path:
    description:
      - A folder on the host that keeps the ledger where people drop what sellers sent. C(<name>.pem), C(.crt), C(.cer) and
        C(.txt) hold the certificate of that name with its chain, C(<name>.json) an O(certificates[].intake).
      - Only files of items of this call are read, no link is followed, and nothing is removed. Default is the folder
        C(intake) beside the ledger, if it is there.
    type: path
  mailboxes:
    description:
      - Mailboxes by name, as in the variable C(inkan_mailboxes) but without secrets; each with C(service) (V(imap) or
        V(maildir)) and C(settings).
      - With O(until=issued), the mailbox that an account with the adapter V(portal) names is read for certificates with the
        key of an order that waits for one. Nothing else of a mail is believed, and no mail is marked or moved.
    type: dict
    default: {}
  mailbox_secrets:
    description: By name of the mailbox, a dictionary of its secrets.
    type: dict
    default: {}
  restore:
    description:
      - Puts a backup in the place of a ledger that is damaged, empty or gone (codes C(ledger_broken), C(ledger_emptied),
        C(ledger_missing), C(ledger_foreign)), V(newest) the newest of the three that lie beside it and are whole, or the one
        at this path. What was there is renamed, not removed. A ledger that is whole is left alone.
      - V(empty) begins a new ledger that knows to have forgotten everything; not where a backup beside it is whole.
      - From then on a CA is asked before the first order of each certificate, for the ledger may have forgotten it. Where a
        CA cannot be asked, that order waits for a person (V(needs_person)).
      - Needs an empty list of O(certificates).
    type: str
  certificates:
    description:
      - The certificates to work on, each with its own name.
      - With an empty list the ledger is made, or brought to the newest schema, and nothing else is done.
      - A ledger that is gone, but has backups, and one that is damaged are never made anew. See O(restore).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the certificate in the inventory.
        type: str
        required: true
      purpose:
        description: What the order is for. At most one order is open for each name and purpose.
        type: str
        choices: [issue, renew, reissue]
        default: issue
      ca_account:
        description:
          - A key of O(ca_accounts). Needed with O(certificates[].csr).
          - An open order stays with the account it was made with. If that, the method, the product or the names differ from
            what the item says, and it has a CSR, the open order is cancelled and a new one is made; it is kept where the
            account cannot be used or does not offer the method.
        type: str
      product:
        description: A key of the product catalogue.
        type: str
        default: acme
      common_name:
        description: The first name. Default is the first of O(certificates[].dns_names).
        type: str
      dns_names:
        description: All names, as A-labels in lower case. Needed with O(certificates[].csr), which must have the same ones.
        type: list
        elements: str
        default: []
      method:
        description: The validation method, for example V(dns-01). Needed with O(certificates[].csr).
        type: str
      csr:
        description:
          - The certificate request, PEM. Without it, no new order is made; open orders go on.
          - An open order keeps the CSR it was made with, RV(results[].public_key_sha256) tells which.
          - An item whose CSR has the key of the certificate that the ledger already holds is left alone, unless that
            certificate has expired or is the one named in O(certificates[].replaces).
          - V(known_after_order) is possible in check mode.
        type: str
      public_key_sha256:
        description:
          - SHA-256 of the public key (DER SubjectPublicKeyInfo) in lower-case hex. With O(certificates[].csr) the two must
            belong together.
          - With O(record_only), the hosts of O(certificates[].observed) have, or had, the certificate with this key. Default
            is the newest one.
        type: str
      custodian:
        description:
          - The host that keeps the private key. The ledger remembers it.
          - A CSR from another custodian replaces the open order. Give one only when the custodian of the order is gone.
        type: str
      hosts:
        description: The hosts that the certificate is to be deployed on. Default is what the ledger knows.
        type: list
        elements: str
      visible:
        description:
          - Whether everything in RV(results[].wanted) was seen by M(inkan.tls.dcv_check).
          - Should the CA want something else in the course of the call, it is not asked to look at that; publish it and call
            again.
        type: bool
        default: false
      options:
        description:
          - Further options of the order for the adapter, and what the caller wants to have back with the order.
          - If C(contact) (C(kind), C(address)) is another one than an order in state V(awaiting_approval) was made with, the
            CA is told to ask there. Where it cannot be told, the order stays as it is, and the item's error says what else
            can be done (code C(contact_unchangeable)).
        type: dict
        default: {}
      replaces:
        description:
          - Serial number (lower-case hex) of the certificate that the new one is to replace. With it, the same key may be
            ordered again (C(reuse)), and running the same call twice still makes one order.
        type: str
      revoke_reason:
        description: Why the certificate is revoked (RFC 5280, 5.3.1).
        type: str
        choices: [unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn]
        default: unspecified
      serial:
        description: With O(state=revoked), the certificate to revoke, by its serial number in lower-case hex.
        type: str
      resolve:
        description:
          - A person's answer to an order in state V(needs_person). It does nothing in any other state.
          - V(adopt) says that the order exists at the CA under O(certificates[].handle), and the work on it goes on.
          - V(resubmit) says that there is none, or that it is of no use. The entry is closed and the same is ordered again.
          - V(give_up) closes the entry and orders nothing now.
        type: str
        choices: [adopt, resubmit, give_up]
      handle:
        description: The CA's own word for the order (an order number or order URL), with O(certificates[].resolve=adopt).
        type: str
      kind:
        description:
          - How a new order stands to the order before it, which is the one of the certificate in O(certificates[].replaces),
            else the newest one with a certificate, if it was made with the same account and product and is not revoked.
          - V(renew), and so it is by default, tells the CA which order it follows, where the CA wants to know. Where it does
            not, where the ledger knows no such order, or where the CA does not know it, the order is V(new).
          - V(reissue) is another certificate of that order, inside the term that was paid for. Where that cannot be, the item
            is refused (code C(reissue_impossible)); it is never bought instead.
          - V(reissue_or_renew) is V(reissue) where that can be, else V(renew).
          - V(new) tells of no other order.
        type: str
        choices: [new, renew, reissue, reissue_or_renew]
      resend:
        description:
          - Lets the CA send its approval mails once more, if the order is in state V(awaiting_approval). It does so in each
            call that says it, but not for an order that the same call has made.
          - Where the CA has no call for it, the item's error says what else can be done (code C(resend_impossible)).
        type: bool
        default: false
      intake:
        description:
          - What persons tell of an order at a seller's portal (accounts with the adapter V(portal)), C(inkan_intake) of the
            roles. What fits is recorded, once; of what does not, the item's error shows every difference (code
            C(intake_refused)), and the order stays as it is.
          - C(order_number); C(file_token), one or a list of C(uri) and C(content); C(approved), the approval mail was
            answered; C(certificate) and C(chain), PEM in any order; C(registered), a brought certificate is at the portal;
            C(cancelled), true or the seller's words; C(renewed_by_seller), the certificate is one that the seller made by
            itself, with a key of its own; C(note).
          - Of an order at any CA, C(done), ids or kinds of RV(results[].tasks) that a person has done, with C(who) and
            C(note); C(reopen) takes that back. V(cancel) is the end of the contract behind a certificate, V(correction) that
            of a declaration whose approval was refused.
          - What was told of an order that has ended is passed over.
        type: dict
      tasks:
        description:
          - What a person has to do for the order, RV(inkan.tls.dcv_plan#module:plans[].tasks). The ledger follows it from
            the moment on in which the CA has the order, RV(results[].tasks). It never holds up this or another order.
        type: list
        elements: dict
        default: []
      served:
        description:
          - PEM of the certificate that the service shows, where the seller installs it. One that fits the names ends the
            open order, or is adopted where none is open; one that does not is passed over.
        type: str
      key_made_by:
        description:
          - V(seller) orders without a CSR, for the seller makes the key. With O(certificates[].public_key_sha256), the key
            that came with the certificate, the two must belong together.
        type: str
        choices: [us, seller]
        default: us
      brought:
        description: The certificate that is brought to a seller's portal, with the method V(brought). It needs no CSR.
        type: dict
        suboptions:
          certificate:
            description: PEM of the leaf.
            type: str
            required: true
          chain:
            description: Its issuers, each PEM.
            type: list
            elements: str
            default: []
      observed:
        description: What was seen since the last call. Each is recorded once.
        type: dict
        default: {}
        suboptions:
          deployed_on:
            description: Hosts that serve the newest certificate of the ledger, or the one with
              O(certificates[].public_key_sha256).
            type: list
            elements: str
            default: []
          rolled_back_on:
            description: Hosts that went back to the certificate before it. This ends the deployment of the newest one.
            type: list
            elements: str
            default: []
          published:
            description: The RV(results[].wanted.records[].id) that are published or placed.
            type: list
            elements: str
            default: []
          removed:
            description: The ids of RV(results[].leftovers) and RV(results[].standing) that are gone.
            type: list
            elements: str
            default: []
          standing:
            description: Standing TXT records that were published for the name without an order (role contacts), each its
              owner name, a blank, and its value. They are among RV(results[].standing) from then on.
            type: list
            elements: str
            default: []
  contacts:
    description:
      - With O(record_only), contact records that M(inkan.tls.dcv_contacts) published or removed, to remember which of those
        in DNS are ours (role C(contacts)). They belong to no order. M(inkan.tls.certificate_orders_info) tells them.
    type: list
    elements: dict
    default: []
    suboptions:
      record:
        description: The name where the record really is, RV(inkan.tls.dcv_contacts#module:results[].record).
        type: str
        required: true
      kind:
        description: The kind of contact.
        type: str
        choices: [txt, caa]
        required: true
      address:
        description: The mail address.
        type: str
        required: true
      domain:
        description: The domain that it was published for.
        type: str
        required: true
      state:
        description: V(present) was published by us, V(absent) is gone.
        type: str
        choices: [present, absent]
        default: present
seealso:
  - module: inkan.tls.certificate_orders_info
  - module: inkan.tls.certificate_requests
  - module: inkan.tls.dns_tokens
  - module: inkan.tls.file_tokens
  - module: inkan.tls.certificate_deployments
"""

EXAMPLES = r"""
- name: Order what is due, and learn what to publish
  inkan.tls.certificate_orders:
    ca_accounts: &accounts
      jprs-acme:
        adapter: acme
        settings:
          directory: https://acme.example.jp/directory
          contact: [certs@example.jp]
          accept_terms: true
          eab_kid: "{{ vault_eab_kid }}"
    secrets: &secrets
      jprs-acme:
        eab_hmac_key: "{{ vault_eab_hmac_key }}"
    until: wanted
    certificates:
      - name: shop
        ca_account: jprs-acme
        dns_names: [shop.example.jp, www.shop.example.jp]
        method: dns-01
        csr: "{{ requests.results[0].csr }}"
        public_key_sha256: "{{ requests.results[0].public_key_sha256 }}"
        custodian: web1
        hosts: [web1, web2]
  delegate_to: ledger.example.jp
  register: orders

- name: Ask the CA to look, and take the certificate
  inkan.tls.certificate_orders:
    ca_accounts: *accounts
    secrets: *secrets
    deadline: 90
    certificates:
      - name: shop
        visible: true
  delegate_to: ledger.example.jp

- name: Tell the ledger where it went live and which records are gone
  inkan.tls.certificate_orders:
    record_only: true
    certificates:
      - name: shop
        observed:
          deployed_on: [web1]
          removed: [r5f0c2b6c0e1d4a7f8b9c0d1e]
  delegate_to: ledger.example.jp

- name: Say that a lost order is at the CA after all
  inkan.tls.certificate_orders:
    ca_accounts: *accounts
    secrets: *secrets
    certificates:
      - name: shop
        resolve: adopt
        handle: https://acme.example.jp/order/4711
  delegate_to: ledger.example.jp

- name: Revoke
  inkan.tls.certificate_orders:
    ca_accounts: *accounts
    secrets: *secrets
    state: revoked
    certificates:
      - name: shop
        serial: 3f2a90cc17
        revoke_reason: superseded
  delegate_to: ledger.example.jp
"""

RETURN = r"""
results:
  description: One for each of O(certificates), in the same order.
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
      description: Whether this call changed anything at the CA, or learned something that changes the order.
      returned: always
      type: bool
    outcome:
      description:
        - What this call did. V(submitted) a new order; V(in_progress) an open one that is still open; V(issued) the
          certificate is in the ledger and not on all hosts yet, or was got in this call; V(recorded) what was observed;
          V(cancelled), V(revoked), V(expired) and V(rolled_back) as they say.
        - V(refused) by the CA, or because the item cannot be ordered like this; V(postponed) nothing was ordered, because
          the CA could not be reached or said to come back later; V(needs_person); V(busy) another run works on it;
          V(nothing_to_do).
      returned: always
      type: str
      sample: submitted
    state:
      description: The state of the order, computed from its facts.
      returned: always
      type: str
      sample: wanted
      choices:
        - none
        - intended
        - wanted
        - awaiting_approval
        - awaiting_person
        - validating
        - issuing
        - needs_person
        - issued
        - deploy_pending
        - deployed
        - rolled_back
        - revoked
        - refused
        - expired
        - cancelled
    error:
      description: What is wrong with this item, with C(code), C(message), C(retryable) and more; null if nothing is.
      returned: always
      type: dict
    purpose:
      description: As ordered.
      returned: always
      type: str
    reference:
      description: Our name for the order, unique.
      returned: always
      type: str
      sample: ik-1f0c4d2e9a8b7c6d5e4f3a2b
    order:
      description: The CA's word for the order, once it is known.
      returned: always
      type: str
    wanted:
      description: What must be published now. Empty as soon as the CA has seen it, and when the order has ended.
      returned: always
      type: dict
      contains:
        records:
          description: DNS records.
          returned: always
          type: list
          elements: dict
          sample:
            - {id: r5f0c2b6c0e1d4a7f8b9c0d1e, name: _acme-challenge.shop.example.jp, type: TXT, value: gfj9Xq, ttl: 60}
          contains:
            id:
              description: Made from the content; the same record has the same id in every order.
              returned: always
              type: str
            name:
              description: The owner name, absolute, without a dot at its end.
              returned: always
              type: str
            type:
              description: The record type.
              returned: always
              type: str
            value:
              description: The value.
              returned: always
              type: str
            ttl:
              description: The TTL in seconds.
              returned: always
              type: int
        files:
          description: Files.
          returned: always
          type: list
          elements: dict
          sample:
            - id: f0c2b6c0e1d4a7f8b9c0d1e5f
              dns_name: shop.example.jp
              path: .well-known/acme-challenge/LoqXcYV8
              content: LoqXcYV8.9jg46WB3
              url: http://shop.example.jp/.well-known/acme-challenge/LoqXcYV8
        notes:
          description: For people.
          returned: always
          type: list
          elements: str
        mails:
          description: The mail addresses that the CA says it wrote to.
          returned: always
          type: list
          elements: str
          sample: [hostmaster@example.jp]
        tasks:
          description:
            - What persons have to do where no machine can, at a seller's portal for example; the next thing first.
            - C(actor) (V(customer), V(seller) or V(ca)), C(owner), C(what), C(where) (the menu path), C(by), C(sheet) (the
              application sheet on the host that keeps the ledger), C(tell) (what is then told with
              O(certificates[].intake)), C(letter) (what to write to the seller) and C(facts).
            - Of RV(results[].tasks) those that are open; C(id), C(kind), C(mail), C(escalate_to), C(lapses), C(card) and
              C(papers) are null where there are none.
          returned: always
          type: list
          elements: dict
    tasks:
      description:
        - Steps of the newest order that only a person can do (O(certificates[].tasks)), with the keys of
          RV(results[].wanted.tasks), and C(state) (V(open), V(done), V(over) once the order has ended), C(opened_at),
          C(told_at), C(told_by) and C(note), a person's newest word of it, C(mailed_at) and C(mailed_to), when the mail that
          it is about arrived, and where.
        - C(card) has what must be at hand in a phone call; C(papers) lists papers with C(form), C(year), C(one_of) (any
          one of those with the same word does), C(max_age_months), C(must_be_valid) and C(newest). The papers themselves
          are kept nowhere.
      returned: always
      type: list
      elements: dict
    leftovers:
      description:
        - Records and files that this or an older order of the name once wanted, that no order wants now, and that are not
          recorded as removed. Each also has the C(reference) and the C(options) of its order.
      returned: always
      type: dict
    standing:
      description:
        - Records that this or an older order of the name wanted and that stay when it is done (V(dns-persist-01)), with
          C(id), C(name), C(type), C(value) and C(ttl). Role contacts keeps them, and removes those of no use.
      returned: always
      type: list
      elements: dict
    revoked_serials:
      description: The serial numbers of certificates of this name that were revoked, whatever order brought them.
      returned: always
      type: list
      elements: str
    certificate:
      description: The certificate, PEM; null until it is issued.
      returned: always
      type: str
    chain:
      description: Its issuers from the lowest up, each PEM.
      returned: always
      type: list
      elements: str
    serial:
      description: Serial number in lower-case hex.
      returned: always
      type: str
      sample: 3f2a90cc17
    not_before:
      description: ISO 8601, UTC.
      returned: always
      type: str
      sample: '2026-11-20T00:00:00Z'
    not_after:
      description: ISO 8601, UTC.
      returned: always
      type: str
    obtained_at:
      description: When it was downloaded, by the clock of the ledger host.
      returned: always
      type: str
    key_type:
      description: The key type of the issued certificate.
      returned: always
      type: str
      sample: ecdsa-p256
    public_key_sha256:
      description: The key that the order was made with.
      returned: always
      type: str
    custodian:
      description: The host that keeps the private key.
      returned: always
      type: str
    hosts:
      description: The hosts that the certificate is for.
      returned: always
      type: list
      elements: str
    hosts_pending:
      description: Those of them that do not have it yet.
      returned: always
      type: list
      elements: str
    deployed_on:
      description: Where it went live.
      returned: always
      type: list
      elements: str
    rolled_back_on:
      description: Where it was rolled back.
      returned: always
      type: list
      elements: str
    method:
      description: The validation method.
      returned: always
      type: str
    common_name:
      description: The first name.
      returned: always
      type: str
    dns_names:
      description: All names.
      returned: always
      type: list
      elements: str
    ca_account:
      description: The CA account that the order was made with.
      returned: always
      type: str
    product:
      description: The product that was ordered.
      returned: always
      type: str
    kind:
      description: V(new), V(renew) or V(reissue), as it was sent.
      returned: always
      type: str
      sample: renew
    replaces:
      description: The order that it renews or reissues, C(order) and C(serial); null for a new one.
      returned: always
      type: dict
    options:
      description: The options of the order, with C(contact) as it is now.
      returned: always
      type: dict
    created_at:
      description: When it was first ordered.
      returned: always
      type: str
    expires:
      description: When the open order ends, as far as the CA says.
      returned: always
      type: str
    waiting_for:
      description:
        - Who must act, V(customer), V(seller), V(ca), V(person) or V(us), what, and by when; null if nobody must.
        - At a seller's portal also C(owner), C(sheet) and C(tell), as in RV(results[].wanted.tasks).
      returned: always
      type: dict
      sample: {actor: us, what: publish the records and files that the CA wants, by: '2026-11-27T00:00:00Z'}
    order_number:
      description: The number that the order has at a seller's portal, once it was told; null elsewhere.
      returned: always
      type: str
      sample: SSL-2026-0042
    status_word:
      description: The CA's newest word about the order, verbatim.
      returned: always
      type: str
      sample: pending
    problem:
      description:
        - Why the order ended, needs a person, or is in trouble. C(by) is V(ca), V(us) or V(person); C(code) is stable; C(text)
          are the other side's words; C(at) is the time.
      returned: always
      type: dict
restored:
  description:
    - With O(restore), what took the ledger's place; null if it was whole.
    - C(backup) and C(made_at), the file (null with V(empty)) and its time; C(orders), how many it has; C(why), what was wrong; C(put_aside),
      where the damaged file lies now, null if there was none (or in check mode).
  returned: with O(restore)
  type: dict
  sample:
    backup: /var/lib/inkan-tls/ledger.sqlite3.bak
    made_at: '2026-11-19T18:00:00Z'
    orders: 40
    why: 'it is damaged: row 3 missing from index orders_by_name'
    put_aside: /var/lib/inkan-tls/ledger.sqlite3.broken-20261120T031500Z
contacts_problem:
  description: Why O(contacts) were not remembered, where the ledger would not outlive the job.
  returned: when they were not
  type: str
  sample: it lies on a tmpfs, which is memory and ends with the machine
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import reference_of
from ansible_collections.inkan.tls.plugins.module_utils._module.noting_contacts import (
    CONTACTS_SPEC,
    note_contacts,
    read_noted,
    together,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import orders_spec, read_call, read_now
from ansible_collections.inkan.tls.plugins.module_utils._module.order_reader import X509Reader
from ansible_collections.inkan.tls.plugins.module_utils._module.orders import Tools, run_orders
from ansible_collections.inkan.tls.plugins.module_utils._module.restoring import (
    RESTORE_SPEC,
    read_restore,
    run_restore,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import CRYPTOGRAPHY_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key

NEEDS = (Library("cryptography", CRYPTOGRAPHY_ERROR, "for reading CSRs and certificates"),)


def argument_spec() -> dict[str, t.Any]:
    return {**orders_spec(), "contacts": CONTACTS_SPEC, "restore": RESTORE_SPEC}


def run(params: dict[str, t.Any], check_mode: bool, tools: Tools | None = None) -> Result:
    tools = tools or _tools(params)
    call = read_call(params, check_mode, tools.adapters)
    restored = read_restore(params)
    if restored:
        return run_restore(call, restored)
    noted = read_noted(params, tools.clock.now())
    if not noted:
        return run_orders(call, tools)
    result = note_contacts(noted, call.ledger_path, call.ledger_durable, check_mode)
    return together(run_orders(call, tools), result) if call.items else result


def _tools(params: dict[str, t.Any]) -> Tools:
    clock = SystemClock(read_now(params, InputCollector()))
    return Tools(
        clock=clock,
        adapters=adapter_factories(clock=clock, new_private_key=new_private_key),
        reader=X509Reader(),
        reference=reference_of,
    )


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
