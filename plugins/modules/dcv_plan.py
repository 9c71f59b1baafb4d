#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcv_plan
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Tell what each certificate needs on a given day
description:
  - Answers, for each certificate of a list, by which methods its names may be validated on the day O(as_of), what is to
    be published, who does what, how long the certificate may live, when it is due for renewal, and which changes of
    the rules will hit it.
  - It also checks the list and returns each item in its final form, which the other modules take.
  - It knows the Baseline Requirements of the CA/Browser Forum and the catalogue of sellers and products of this
    collection. It asks nobody, neither DNS nor a CA, and never writes.
  - The next steps are M(inkan.tls.certificate_requests) for what is due, then M(inkan.tls.certificate_orders).
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
    details: With O(as_of) given, the answer depends on the options alone.
requirements:
  - idna
  - publicsuffixlist
notes:
  - Runs on the controller.
  - Values of a wrong type, unknown keys and repeated names refuse the whole call, all of them in one message. A
    certificate that is not lawful or not known to its seller is refused alone, the others still get their plan.
options:
  certificates:
    description: The certificates, as in the variable C(inkan_certificates).
    type: list
    elements: raw
    required: true
    suboptions:
      name:
        description: Unique, and safe as a folder name.
        type: str
        required: true
      common_name:
        description:
          - The first name of the certificate. One of more than 64 characters stands among the DNS names only.
          - Default is the first of O(certificates[].dns_names).
        type: str
      dns_names:
        description: Further names, with U-labels or A-labels. Repeated names are dropped.
        type: list
        elements: str
      product:
        description: A key of the product catalogue.
        type: str
        default: acme
      ca_account:
        description: The account it is ordered with. Not needed with O(choose=none).
        type: str
      validation:
        description: How control of the names is shown.
        type: dict
        suboptions:
          method:
            description:
              - A method of the product. V(dns-01) and V(http-01) are those of ACME. Of the other sellers, V(email) is an
                approval mail, V(file) a file on the web servers, V(dns) a record, and V(registrar) the linkage with the
                registrar, where nothing is published and no mail comes.
              - V(dns) and V(file) are V(dns-01) and V(http-01) where the product has only these, so that a certificate moves
                between sellers and ACME by another O(certificates[].product) and O(certificates[].ca_account) alone.
            type: str
          contact:
            description: The mailbox that approval mails go to. Needed with V(email), not read without it.
            type: dict
            suboptions:
              kind:
                description:
                  - Where the CA finds the mailbox. V(constructed) is one of five addresses at a name of the certificate
                    or above, V(txt) and V(caa) are records that name any mailbox.
                  - V(soa) and V(whois) ended on 2025-07-15 and are refused with the way out.
                type: str
                choices: [constructed, txt, caa, soa, whois]
                default: constructed
              address:
                description: The mailbox. A constructed one is among RV(plans[].contacts).
                type: str
              exclusive:
                description:
                  - Remove mailboxes of others from the same record set. With V(txt) and V(caa). Role C(contacts) does so
                    only in a run for all certificates of which none is refused, as else it would not know whose they are.
                type: bool
                default: false
          document_root:
            description: The folder that the web servers serve. Needed where the method places a file.
            type: path
          document_roots:
            description:
              - The folders of names that another folder than O(certificates[].validation.document_root) serves, by name,
                for example where C(www) and the bare name are sites of their own.
            type: dict
          hosts:
            description: The web servers, as host, group, list or pattern. Default is O(certificates[].hosts).
            type: list
            elements: str
      key:
        description: The private key.
        type: dict
        suboptions:
          type:
            description: Algorithm and size.
            type: str
            choices: [rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384]
            default: ecdsa-p256
          reuse:
            description: Keep the key when the certificate is renewed.
            type: bool
            default: false
          made_by:
            description: Who makes it.
            type: str
            choices: [us, seller]
            default: us
      organization:
        description: A key of C(inkan_organizations).
        type: str
      subject:
        description: Fields of the subject beside the common name.
        type: dict
      hosts:
        description: Where it is deployed, as host, group, list or pattern.
        type: list
        elements: str
      paths:
        description: Explicit places of key and CSR, instead of the store.
        type: dict
        suboptions:
          privkey:
            description: The private key.
            type: path
          csr:
            description: The CSR.
            type: path
      deploy:
        description: How it is brought into service.
        type: dict
        suboptions:
          by:
            description: Who installs it.
            type: str
            choices: [us, seller]
            default: us
          reload:
            description: The name of a service, or a dictionary with C(argv), or one with C(pid_file) and C(signal).
            type: raw
          owner:
            description: Owner of the private key in the store.
            type: str
          group:
            description: Group of the private key in the store.
            type: str
          mode:
            description: Mode of the private key in the store, octal and in quotes.
            type: str
          copies:
            description: Separate copies for programs that cannot read the store.
            type: list
            elements: dict
            suboptions:
              path:
                description: Absolute path of the copy.
                type: path
                required: true
              content:
                description: What it holds.
                type: str
                choices: [privkey, cert, chain, fullchain, combined]
                required: true
              owner:
                description: Its owner.
                type: str
              group:
                description: Its group.
                type: str
              mode:
                description: Its mode, octal and in quotes.
                type: str
          post_check:
            description: A command that must succeed after the reload.
            type: dict
            suboptions:
              argv:
                description: The program and its arguments.
                type: list
                elements: str
                required: true
          handshake:
            description:
              - The TLS handshake that proves the new certificate, a dictionary with C(address), C(port),
                C(server_name) and C(timeout). V(false) turns it off.
              - Where C(reload) is set the default is V(127.0.0.1), O(https_port), the first name of the certificate
                that is no wildcard, and 10 seconds.
            type: raw
      issued_from:
        description: The item whose certificate is handed over to the seller.
        type: str
      options:
        description:
          - What the seller lets one choose; all of it goes into the order. C(max_names) takes the place of the number of
            names the catalogue knows, where a CA may take more.
          - C(double_address) is the double-address option of JPRS (ダブルアドレスオプション) and C(www_option) the www
            option of Cybertrust (wwwオプション), by which one name more is possible, the first one with or without its
            C(www).
          - C(same_account) says that name and server are in one account at CPI, C(registrar_linkage) that the registrar
            still manages the name for the applicant (V(true) with the method V(registrar), unless said otherwise). While
            it is so nobody is mailed; where it ends while an order is open, the plan opens the steps of the mail.
          - C(period) is the term, such as V(1y) or V(6m), of products that are sold for several; C(linked_service) names
            the service that the seller installs it on.
        type: dict
      expires:
        description: When the certificate in service ends, where O(certificates[].live) is not known.
        type: str
      validated_on:
        description: When the names were validated last.
        type: str
      contract_ends:
        description:
          - When the contract with the seller, or the term that is paid, ends. Where the seller issues again inside of it,
            a certificate that ends before is reissued, not renewed.
        type: str
      previous:
        description:
          - What was declared for the certificate before, as far as it is known, with C(product), C(common_name),
            C(ca_account), C(organization), C(key_made_by), C(deployed_by) and C(options). Changes that the seller does not
            let one make are refused with the right procedure.
          - The roles fill it in from the ledger.
        type: dict
      live:
        description:
          - What M(inkan.tls.certificates_info) says is live, with at least C(not_before) and C(not_after); beside them
            C(dns_names), C(key_type), C(obtained_at), C(serial) and C(matches) are read, and C(suggested_window) with
            C(start) and C(end), when its CA suggests to renew it (ARI, RFC 9773), and C(explanation_url), where
            it says why. M(inkan.tls.certificate_orders_info) tells them.
        type: dict
      order:
        description:
          - What M(inkan.tls.certificate_orders_info) says of the newest order; C(state) is read, the facts of its
            certificate as in O(certificates[].live), and C(revoked), the serial numbers of revoked certificates.
          - Of one that is under way C(method) and C(created_at) are read, too, and of one whose domain is validated what it
            was made with, as in O(certificates[].previous).
          - Of one whose C(state) is V(refused), C(asked) (C(ca_account), C(product), C(method), C(dns_names), C(contact)),
            what it was made for, and C(problem), why. Where the seller's rule leaves it to a person, a refused order is not
            made again until one of these is another, or it is forced (code V(order_refused)).
        type: dict
      hosts_missing:
        description: Hosts that should have the certificate and do not. Only told on; it is no reason for an order.
        type: list
        elements: str
  as_of:
    description:
      - The day and time the answer is for, ISO 8601 with its offset, or a date in UTC. From 2024-01-01 to 2099-12-31.
      - Default is now.
    type: str
  choose:
    description:
      - V(issue) chooses what has no certificate, or one with other names or another key type.
      - V(renew) also chooses what has come to its day of renewal.
      - V(none) chooses nothing.
    type: str
    choices: [issue, renew, none]
    default: renew
  renewal:
    description: The user's policy of renewal.
    type: dict
    suboptions:
      fraction:
        description: The share of the lifetime after which a certificate is due, from 0.1 to 0.95.
        type: float
        default: 0.667
      days_left:
        description:
          - Days before the end at which a certificate is due, instead of O(renewal.fraction).
          - For a certificate that lives shorter than that the fraction holds.
        type: int
      force:
        description: Names of certificates that are due in any case.
        type: list
        elements: str
      freeze:
        description:
          - Times in which nothing is renewed, each with C(from), C(to) and C(reason). A date as C(to) is included.
          - What has no certificate, or would lose it (or the seller's window) before a moment that is open, is not held
            back; neither is what its CA suggests to renew (ARI), nor O(choose=issue).
          - A certificate whose whole time of renewal is closed by these, O(renewal.hours) and O(renewal.holidays) is
            refused while there is still time to correct that.
        type: list
        elements: dict
      hours:
        description:
          - When in the week something is renewed, each with C(days) (a list of V(mon) to V(sun), default is all), C(from)
            and C(to), such as V("09:00") and V("17:00"). Default is at any time.
        type: list
        elements: dict
      holidays:
        description:
          - Days on which nothing is renewed. V(japan) stands for the public holidays of Japan from 2024 to 2030, as far as
            the law fixes them (equinoxes from 2028 on are estimates); dates may stand beside it, or instead of it.
        type: list
        elements: str
      utc_offset:
        description: Hours that the clock of O(renewal.hours) and O(renewal.holidays) is ahead of UTC.
        type: int
        default: 9
      contract_days:
        description:
          - Days before O(certificates[].contract_ends) at which a certificate is renewed, whatever its age. V(0) turns it
            off.
        type: int
        default: 30
      cliff_days:
        description:
          - Days before the end of its method at which a certificate is renewed once more by it, where its day of renewal
            would come after that end. V(0) turns it off.
        type: int
        default: 14
      run_every_hours:
        description:
          - Hours between two runs, from 1 to 168. What its CA suggests to renew (ARI) in a window that would be over at the
            next run is due now.
        type: int
        default: 24
      jitter_hours:
        description: Spread the days of renewal over so many hours. The share of a certificate follows from its name.
        type: int
        default: 0
  ca_accounts:
    description:
      - The accounts that exist, by name. A key C(offers) says what their seller really offers, with the lists C(methods)
        and C(contacts) (kinds of mailbox). What the catalogue does not know is never added.
      - Of accounts with the adapter V(rest) the C(settings.description) is judged, too, and what it does not describe is
        not offered. Further keys are not read. Never put secrets here.
    type: dict
  products:
    description:
      - The user's own rows for the catalogue, by key. A product has the fields and tables of the catalogue's own
        (C(seller), C(title), C(validation_level), C(names), C(methods), C(contacts), C(steps), …), each row with its
        C(facts), C(source), C(since) and C(until). With C(like), another key, only what differs is said.
      - A key of the catalogue is not taken again.
    type: dict
  sellers:
    description: The user's own sellers, by key, each with C(title) and C(source).
    type: dict
  organizations:
    description:
      - The organizations that O(certificates[].organization) names, by key. Of each C(kind) (V(corporation),
        V(voluntary_association) or V(sole_proprietor)), C(opened_on), C(name), C(japanese_name), C(phone) (the listed
        one) and C(responsible) with C(name) and C(mail) are read, and told in the steps.
      - The card for a phone call shows C(subject), and of C(responsible), else of the organization, C(absences) (days, or
        C(from), C(to) and C(note)) and C(languages). C(technical) with C(name) and C(mail) hears of what is late.
      - C(signature) may stand there too and is told nobody.
      - What an application at a portal asks for stands there, too. C(corporate_type), C(representative), C(postal_code),
        C(address), C(tdb_code), C(duns), the persons C(technical) and C(billing); of each person C(kana), C(department),
        C(title), C(phone).
      - Any other key is an error.
    type: dict
  https_port:
    description: The port of the default handshake.
    type: int
    default: 443
  only_results:
    description: Leave RV(plans) out. With thousands of certificates it saves time.
    type: bool
    default: false
  load_until:
    description:
      - Return RV(load), the orders to come until the end of the month of this day, at most ten years after O(as_of).
    type: str
seealso:
  - module: inkan.tls.certificates_info
  - module: inkan.tls.certificate_orders_info
  - module: inkan.tls.certificate_requests
"""

EXAMPLES = r"""
- name: See what is needed, and who is due
  inkan.tls.dcv_plan:
    certificates:
      - name: shop
        common_name: shop.example.jp
        dns_names: [www.shop.example.jp]
        ca_account: my-acme
        validation:
          method: http-01
          document_root: /var/www/html
        hosts: webservers
        deploy:
          reload: nginx
      - name: wildcard
        common_name: "*.例え.jp"
        ca_account: my-acme
        validation:
          method: dns-01
        hosts: webservers
  delegate_to: localhost
  run_once: true
  register: plan

- name: Renew on working days of Japan, in office hours, and not at the end of the year
  inkan.tls.dcv_plan:
    certificates: "{{ inkan_certificates }}"
    renewal:
      days_left: 25
      hours:
        - days: [mon, tue, wed, thu]
          from: "10:00"
          to: "16:00"
      holidays: [japan, "2026-12-29", "2026-12-30"]
      freeze:
        - from: "2026-12-28"
          to: "2027-01-04"
          reason: year-end sale
  delegate_to: localhost
  run_once: true

- name: Plan a product that the catalogue does not have
  inkan.tls.dcv_plan:
    certificates:
      - name: intra
        common_name: intra.example.jp
        product: hosting-dv
        ca_account: my-hosting
        validation:
          method: email
          contact:
            kind: constructed
            address: postmaster@example.jp
    sellers:
      my-hosting-company:
        title: My hosting company
    products:
      hosting-dv:
        like: jprs-dv
        seller: my-hosting-company
        title: DV of my hosting company
        source: its manual, section 3, read on 2026-11-01
        contacts:
          - kind: constructed
            levels: [base]
            local_parts: [postmaster]
            selectable: true
            mailed: chosen
            covers: fqdn
            facts: [manual 3.2]
        renewal:
          - outcome: renews
            opens_days: 45
            closes_days: 14
            key_made_by: seller
            facts: [manual 3.4]
  delegate_to: localhost
  run_once: true

- name: Look ahead to the day when certificates live 47 days
  inkan.tls.dcv_plan:
    certificates: "{{ inkan_certificates }}"
    as_of: "2029-03-15"
    choose: none
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
plans:
  description: What each certificate needs, in the order of O(certificates).
  returned: unless O(only_results=true)
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      returned: always
      type: str
      sample: shop
    product:
      description: The product asked for.
      returned: always
      type: str
      sample: acme
    seller:
      description: Who sells it, V(null) for an unknown product.
      returned: always
      type: str
      sample: acme
    ca:
      description: Who signs it, V(null) where the account decides.
      returned: always
      type: str
      sample: null
    validation_level:
      description: V(dv), V(ov) or V(ev).
      returned: always
      type: str
      sample: dv
    methods:
      description: Every method of the product, allowed or not for all the names of this certificate on that day.
      returned: always
      type: list
      elements: dict
      sample:
        - method: dns-01
          allowed: true
          discouraged: false
          ends_on: null
          reasons: []
          facts: ["RFC 8555 §8.4", "BR 3.2.2.4.7"]
    contacts:
      description:
        - Mailboxes that approval mails can go to, and those that they cannot, with the reasons. C(allowed) says whether
          an approval there serves all names of the certificate. C(address) is V(null) where DNS or WHOIS tells it;
          C(holder) says then whose mailbox it is.
      returned: always
      type: list
      elements: dict
      sample:
        - address: hostmaster@example.jp
          kind: constructed
          domain: example.jp
          allowed: true
          selectable: true
          mailed: chosen
          covers: fqdn
          reasons: [it SHOULD NOT be used since 2026-03-15]
          facts: [JPRS-3, JPRS-4, BR 3.2.2.4.4]
    records:
      description:
        - Records to publish for the chosen method. What only the CA can tell is V(known_after_order).
        - One with C(standing) names the mailbox of an approval mail. It stands there before an order and after it.
      returned: always
      type: list
      elements: dict
      sample:
        - name: _acme-challenge.shop.example.jp
          type: TXT
          value: known_after_order
    files:
      description: URLs that must serve a file for the chosen method.
      returned: always
      type: list
      elements: dict
      sample: []
    steps:
      description:
        - Who does what, in order. C(due) is the last day. Where a seller lets a step be done from a day on only, C(opens) is
          that day. A step that the ledger follows, as only a person can do it, has a C(task), the kind of it.
      returned: always
      type: list
      elements: dict
      sample:
        - actor: customer
          action: publish the TXT record at every authoritative server
          due: null
          facts: ["RFC 8555 §8.4"]
    tasks:
      description:
        - The steps that only a person can do, for O(inkan.tls.certificate_orders#module:certificates[].tasks), one a kind;
          V(call), V(colleague_call) (somebody else is called), V(papers), V(ev_mail) or V(intent_mail).
        - C(owner) and C(mail) are those of the person responsible (申請責任者), C(escalate_to) is the technical contact
          (技術担当者); C(where) says whom to ask and the portal's menu; C(by) is the last moment, the seller's or ours;
          C(lapses) is when the live certificate ends, which is what being late costs.
        - C(card) has what must be at hand when the CA calls, C(papers) the keys of the papers that it may ask for.
      returned: always
      type: list
      elements: dict
      sample: []
    renewal:
      description: When and how it is renewed.
      returned: always
      type: dict
      sample:
        notices: []
        window_opens: "2027-01-15T00:00:00Z"
        window_closes: "2027-02-14T23:59:59Z"
        immutable: []
        if_ignored: {outcome: lapses, key_made_by: null, period: null}
        cancel_by: null
        cancel_days: null
        note: ""
        facts: ["RFC 8555 §7.4"]
    validity:
      description:
        - The longest validity of a certificate issued at O(as_of), by the seller's arithmetic and the rules. C(reasons)
          says whose it is, where the seller is stricter than the rule. A certificate that is brought from the item of
          C(issued_from) has the validity and the C(validation_level) of that one.
      returned: always
      type: dict
      sample:
        max_days: 200
        not_after: "2027-06-07T23:59:59Z"
        reasons: [a certificate issued on 2026-11-20 lives at most 200 days]
        facts: ["SC-081v3", "BR 6.3.2"]
    cliffs:
      description: Changes of the rules that will hit this certificate, soonest first, and what to do.
      returned: always
      type: list
      elements: dict
      sample:
        - date: "2026-12-15"
          what: five remote perspectives must see the record or file
          do: serve it from every authoritative server and without geo-blocking before the CA is asked to look
          facts: ["SC-067v3", "BR 3.2.2.9"]
    error:
      description: Why the item is refused, V(null) where it is not.
      returned: always
      type: dict
      sample: null
load:
  description:
    - The work to come, if every certificate is renewed as it is declared, by O(renewal) and the lifetimes of each day. An
      item that is refused, or brought from another one (C(issued_from)), is not counted.
    - C(approvals) are orders that a person approves by a mail; C(without_method) are those whose method has ended by then.
      C(movable) is what moving to other methods of the same products would save. C(stuck) are certificates whose product
      has mail only.
  returned: with O(load_until)
  type: dict
  sample:
    months:
      - month: "2026-11"
        orders: 3
        approvals: 1
        without_method: 0
    movable: {certificates: 1, names: [shop], approvals: 5, without_method: 12, methods: [file, registrar]}
    stuck: {certificates: 0, names: [], approvals: 0, without_method: 0}
as_of:
  description: The time that the plan was made for.
  returned: always
  type: str
  sample: "2026-11-20T00:00:00Z"
results:
  description: One result an item, in the order of O(certificates).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      returned: always
      type: str
      sample: shop
    changed:
      description: Always V(false).
      returned: always
      type: bool
      sample: false
    outcome:
      description: V(due), V(not_due), V(in_progress) (an order is under way) or V(refused).
      returned: always
      type: str
      sample: due
    state:
      description: The state of its order, V(live) without one, V(absent) with neither.
      returned: always
      type: str
      sample: absent
    error:
      description: Why the item is refused, V(null) where it is not.
      returned: always
      type: dict
      sample: null
    due:
      description:
        - Whether it is to be ordered now, and why. C(code) is one of V(no_certificate), V(expired), V(ca_suggests),
          V(key_mismatch), V(revoked), V(names_changed), V(key_type_changed), V(window_open), V(contract_ends),
          V(cliff_ahead), V(forced), V(not_due), V(frozen), V(seller_renews), V(validation_ends), V(order_refused),
          V(order_open), V(not_asked), V(refused). C(at) is the day of renewal, or the end of the freeze.
        - C(kind) is V(issue) (the first order), V(renew) (a new term is bought) or V(reissue) (inside a term that is
          paid). It is V(revalidate) where nothing is to be ordered, but the control of the domain to be shown again.
          Otherwise it is V(null).
      returned: always
      type: dict
      sample: {is_due: true, code: no_certificate, reason: there is no live certificate, at: null, kind: issue}
    validity:
      description: The longest lawful validity of a certificate issued at O(as_of), as in RV(plans).
      returned: always
      type: dict
      sample:
        max_days: 200
        not_after: "2027-06-07T23:59:59Z"
        reasons: [a certificate issued on 2026-11-20 lives at most 200 days]
        facts: ["SC-081v3", "BR 6.3.2"]
    hosts_missing:
      description: As given.
      returned: always
      type: list
      elements: str
      sample: []
    certificate:
      description:
        - The item in its final form, V(null) where it is refused.
        - C(validation.contact) is V(null) unless the method is V(email). Its C(domains) are the names at which the mailbox
          is published (V(txt), V(caa)), or the domain of the address.
      returned: always
      type: dict
      sample:
        name: shop
        common_name: shop.example.jp
        dns_names: [shop.example.jp, www.shop.example.jp]
        product: acme
        seller: acme
        ca_account: my-acme
        method: http-01
        validation: {method: http-01, contact: null, document_root: /var/www/html, hosts: [webservers]}
        key: {type: ecdsa-p256, reuse: false, made_by: us}
        organization: null
        subject: {}
        hosts: [webservers]
        paths: {}
        issued_from: null
        options: {}
        deploy:
          by: us
          reload: nginx
          owner: null
          group: null
          mode: null
          copies: []
          post_check: null
          handshake: {address: 127.0.0.1, port: 443, server_name: shop.example.jp, timeout: 10}
"""

import typing as t
from datetime import date, datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Account, Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.catalogue_input import Catalogue, read_catalogue
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields, nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.memory import without_collection
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import read_organizations
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned, plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_load import load_to_come
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, read_policy
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import CONTACT_KINDS, Wish, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS, SELLERS
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import ItemResult, Library, Result, run_module
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import IDNA_ERROR, to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    PUBLICSUFFIXLIST_ERROR,
    is_public_suffix,
    registered_domain,
    registrable_domain,
)

NEEDS = (
    Library("idna", IDNA_ERROR, "to turn names into A-labels"),
    Library("publicsuffixlist", PUBLICSUFFIXLIST_ERROR, "to refuse public suffixes"),
)
#: the rules are known from the first day to the last that a date of a certificate can mean
_FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(2100, 1, 1, tzinfo=timezone.utc)
_LOAD_YEARS = 10
_CATALOGUE = Catalogue({seller.key: seller for seller in SELLERS}, {product.key: product for product in PRODUCTS})


def argument_spec() -> dict[str, t.Any]:
    return {
        # read by _core/wish, which names every wrong field at once and what was meant
        "certificates": {"type": "list", "elements": "raw", "required": True},
        "as_of": {"type": "str"},
        "choose": {"type": "str", "choices": [choice.value for choice in Choose], "default": Choose.RENEW.value},
        "renewal": {"type": "dict"},
        "ca_accounts": {"type": "dict"},
        "products": {"type": "dict"},
        "sellers": {"type": "dict"},
        "organizations": {"type": "dict"},
        "https_port": {"type": "int", "default": 443},
        "only_results": {"type": "bool", "default": False},
        "load_until": {"type": "str"},
    }


def run(params: dict[str, t.Any], check_mode: bool, clock: Clock | None = None) -> Result:
    with without_collection():
        return _plan_all(params, clock)


def _plan_all(params: dict[str, t.Any], clock: Clock | None) -> Result:
    """Judge all options first; then one plan and one result an item."""
    errors = InputCollector()
    wishes = read_wishes(params["certificates"], errors)
    book = _book(params, wishes, clock or SystemClock(), errors)
    load_until = _load_until(params, book, errors)
    if errors.errors:
        for refusal in _refusals(params["certificates"], book):
            errors.extend(refusal)
    errors.refuse()
    planned = [plan_certificate(wish, book) for wish in wishes]
    result = Result([_result(wish, one) for wish, one in zip(wishes, planned)])
    result.extra["as_of"] = render_time(book.as_of)
    if not params.get("only_results"):
        result.extra["plans"] = [one.plan for one in planned]
    if load_until is not None:
        result.extra["load"] = load_to_come(wishes, planned, book, load_until).as_data()
    unknown = sorted(book.policy.force - {wish.name for wish in wishes})
    if unknown:
        result.warnings.append(f"renewal.force names no certificate of this call: {', '.join(unknown)}")
    return result


def _refusals(raw_items: t.Sequence[t.Any], book: Book) -> t.Iterator[InkanError]:
    """Why well-formed items will be refused once the others are mended: told in the same message."""
    for raw in raw_items:
        own = InputCollector()
        wishes = read_wishes([raw], own)
        refusal = None if own.errors else plan_certificate(wishes[0], book).error
        if refusal is not None:
            yield refusal


def _book(params: dict[str, t.Any], wishes: t.Sequence[Wish], clock: Clock, errors: InputCollector) -> Book:
    catalogue = read_catalogue(params.get("products"), params.get("sellers"), _CATALOGUE, errors)
    return Book(
        as_of=_as_of(params, clock, errors),
        tools=NameTools(to_alabel, is_public_suffix, registrable_domain, registered_domain),
        products=catalogue.products,
        policy=read_policy(params.get("renewal"), errors),
        choose=Choose(params.get("choose") or Choose.RENEW.value),
        accounts=_accounts(params.get("ca_accounts"), errors),
        https_port=_https_port(params, errors),
        organizations=read_organizations(params.get("organizations"), errors),
        sources={wish.name: wish.common_name or next(iter(wish.dns_names), None) for wish in wishes},
        brought={wish.name: wish for wish in wishes},
    )


def _as_of(params: dict[str, t.Any], clock: Clock, errors: InputCollector) -> datetime:
    fields = Fields({"as_of": params.get("as_of")}, where="the options", path="", errors=errors)
    moment = fields.time("as_of") or clock.now()
    if not _FIRST <= moment < _LAST:
        fields.wrong("as_of", params.get("as_of"), "the rules are known from 2024-01-01 to 2099-12-31")
        return _FIRST
    return moment


def _load_until(params: dict[str, t.Any], book: Book, errors: InputCollector) -> date | None:
    fields = Fields({"load_until": params.get("load_until")}, where="the options", path="", errors=errors)
    until = fields.time("load_until")
    if until is None or until.year <= book.as_of.year + _LOAD_YEARS:
        return until.date() if until is not None else None
    fields.wrong("load_until", params["load_until"], f"at most {_LOAD_YEARS} years after as_of are counted")
    return None


def _https_port(params: dict[str, t.Any], errors: InputCollector) -> int:
    fields = Fields({"https_port": params.get("https_port")}, where="the options", path="", errors=errors)
    return fields.number("https_port", 443, 1, 65535)


def _accounts(raw: t.Any, errors: InputCollector) -> dict[str, Account] | None:
    if raw is None:
        return None
    return {str(name): _account(str(name), account, errors) for name, account in raw.items()}


def _account(name: str, raw: t.Any, errors: InputCollector) -> Account:
    if isinstance(raw, dict) and raw.get("secrets"):
        errors.add(
            "secrets_here",
            what="The plan takes no secrets",
            where=f'account "{name}"',
            why="ca_accounts is shown in logs, and this account has secrets in it",
            todo="Give secrets to certificate_orders alone",
        )
        return Account()
    fields = Fields(raw, where=f'account "{name}"', path="ca_accounts", errors=errors)
    described = _described(name, raw, errors) if isinstance(raw, dict) and raw.get("adapter") == "rest" else Account()
    if not fields.has("offers"):
        return described
    offers = Fields(fields.raw("offers"), where=f'account "{name}"', path=f"ca_accounts.{name}.offers", errors=errors)
    account = Account(
        methods=_narrowed(offers, "methods", described.methods),
        contacts=_narrowed(offers, "contacts", described.contacts),
    )
    for kind in sorted((account.contacts or frozenset()) - set(CONTACT_KINDS)):
        offers.wrong("contacts", kind, "it is no kind of mailbox", nearest(kind, CONTACT_KINDS))
    offers.close()  # a word that nobody reads would leave everything offered
    return account


def _described(name: str, raw: dict[str, t.Any], errors: InputCollector) -> Account:
    """A seller's description is judged here, too: mistakes should not wait until keys are made and CSRs gathered."""
    settings = raw.get("settings")
    try:
        given = settings.get("description") if isinstance(settings, dict) else None
        description, sentences = read_description(given) if given else (None, [])
    except LocalError:  # no jmespath here: the ledger host has it, and judges
        return Account()
    for sentence in sentences:
        errors.add(
            "account_settings",
            what="Cannot use the CA account",
            where=f'ca_accounts "{name}"',
            why=f"description, {sentence}",
            todo="Correct the description",
        )
    if description is None:
        return Account()
    contacts = frozenset(description.contacts) if description.contacts is not None else None
    return Account(methods=frozenset(description.methods), contacts=contacts)


def _narrowed(offers: Fields, key: str, described: frozenset[str] | None) -> frozenset[str] | None:
    words = frozenset(offers.texts(key))  # read in any case: then the field is known
    offered = words if offers.has(key) else None
    if offered is None or described is None:
        return described if offered is None else offered
    return offered & described


def _result(wish: Wish, planned: Planned) -> ItemResult:
    order_state = wish.order.state if wish.order is not None and wish.order.state != "none" else None
    due = planned.due
    return ItemResult(
        name=wish.name,
        outcome=due.outcome.value if due is not None else "refused",
        state=order_state or ("live" if wish.live is not None else "absent"),
        error=planned.error,
        extra={
            "due": {
                "is_due": due is not None and due.outcome.value == "due",
                "code": due.code if due is not None else "refused",
                "reason": due.reason if due is not None else "it is refused",
                "at": render_time(due.at) if due is not None and due.at is not None else None,
                "kind": due.kind if due is not None else None,
            },
            "hosts_missing": list(wish.hosts_missing),
            "certificate": planned.certificate,
            "validity": planned.plan["validity"],
        },
    )


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
