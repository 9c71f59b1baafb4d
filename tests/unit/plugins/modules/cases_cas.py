# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CAs say of themselves, ordered directly, as cases: ACME, DigiCert, GlobalSign, Cybertrust."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_jprs_cpi import STAR, on, organization
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import (
    EXPIRES,
    Case,
    Cliff,
    Due,
    HasNot,
    Is,
    Mailboxes,
    Method,
    Refused,
    Renewal,
    Step,
    Steps,
    for_all,
)
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import DNS, FILE, by_mail

MAIL: dict[str, t.Any] = {"validation": by_mail("admin@example.jp"), **EXPIRES}
TXT: dict[str, t.Any] = {"validation": by_mail("pki@example.com", "txt"), **EXPIRES}
WHOIS: dict[str, t.Any] = {"validation": by_mail(None, "whois")}
SOA: dict[str, t.Any] = {"validation": by_mail(None, "soa")}
BY_DNS: dict[str, t.Any] = {"validation": DNS, **EXPIRES}
BY_CNAME: dict[str, t.Any] = {"validation": {"method": "dns-cname"}, **EXPIRES}
BY_FILE: dict[str, t.Any] = {"validation": FILE, **EXPIRES}
THEIR_KEY: dict[str, t.Any] = {"key": {"made_by": "seller"}}
LATER, IN_30_DAYS = "known_after_order", "2026-12-20"
LIVE = {"not_before": "2026-06-01T00:00:00Z", "not_after": "2026-12-15T14:59:59Z", "dns_names": ["www.example.jp"]}
YOUNG = {**LIVE, "not_before": "2026-11-01T00:00:00Z", "not_after": "2027-05-15T00:00:00Z"}
LOST: dict[str, t.Any] = {"live": {**LIVE, "not_after": "2027-05-15T00:00:00Z", "matches": False}}
MANY = {"dns_names": [f"a{number}.example.jp" for number in range(100)]}
CAP = "2027-06-07T23:59:59Z"
CHOSEN = {"selectable": True, "mailed": "chosen", "covers": "fqdn"}


def well_known(name: str, *hosts: str) -> Is:
    return Is("files", [{"url": f"http://{host}/.well-known/{name}"} for host in hosts])


def record(name: str, kind: str, **more: t.Any) -> Is:
    return Is("records", [{"name": name, "type": kind, "value": LATER, **more}])


def refused_by_person(product: str) -> dict[str, t.Any]:
    asked = {"ca_account": "a", "product": product, "method": "email", "dns_names": ["www.example.jp"],
             "contact": {"kind": "constructed", "address": "admin@www.example.jp"}}  # fmt: skip
    return {"validation": by_mail("admin@www.example.jp"), "order": {"state": "refused", "asked": asked}}


# -- ACME -------------------------------------------------------------------------------------------------------------

BY_DNS_01: dict[str, t.Any] = {"validation": {"method": "dns-01"}, **EXPIRES}
BY_HTTP_01: dict[str, t.Any] = {"validation": {"method": "http-01", "document_root": "/var/www"}, **EXPIRES}
ACME_BEGIN = Step("customer", "make key and CSR, then place the order", "RFC 8555 §7.4")
ACME_END = (
    Step("ca", "look at every name, then issue", "RFC 8555 §7.5.1"),
    Step("customer", "deploy the certificate, remove the token", "RFC 8555 §8.3, RFC 8555 §8.4"),
)

ACME: list[Case] = [
    *for_all("acme", "RFC 8555 §8.4", "a TXT record at _acme-challenge", BY_DNS_01, Refused(None),
             Method("dns-01", facts="RFC 8555 §8.4", ends_on=None), record("_acme-challenge.www.example.jp", "TXT"),
             Steps(ACME_BEGIN, Step("customer", "publish the TXT record", "RFC 8555 §8.4"), *ACME_END)),
    *for_all("acme", "RFC 8555 §8.3", "a file on port 80", BY_HTTP_01, Refused(None),
             Method("http-01", facts="RFC 8555 §8.3", ends_on=None),
             well_known(f"acme-challenge/{LATER}", "www.example.jp"),
             Steps(ACME_BEGIN, Step("customer", "serve the file on port 80", "RFC 8555 §8.3"), *ACME_END)),
    *for_all("acme", "BR 3.2.2.4.21", "a TXT record below the label of the account",
             {"validation": {"method": "dns-account-01"}}, Refused(None),
             Method("dns-account-01", ends_on=None),
             record("_ACCOUNT-LABEL._acme-challenge.www.example.jp", "TXT"),
             Steps(ACME_BEGIN, Step("customer", "publish the TXT record below the account's label", "BR 3.2.2.4.21"),
                   *ACME_END)),
    *for_all("acme", "BR 3.2.2.4.22", "a TXT record that stands", {"validation": {"method": "dns-persist-01"}},
             Refused(None), Method("dns-persist-01", ends_on=None),
             record("_validation-persist.www.example.jp", "TXT", standing=True),
             Steps(ACME_BEGIN, Step("customer", "keep the standing TXT record", "BR 3.2.2.4.22"), *ACME_END)),
    *for_all("acme", "RFC 8555 §7.1.3", "a wildcard name by DNS only", {**STAR, **BY_HTTP_01},
             Refused("wildcard_with_file", "dns-01"), Method("http-01", False)),
    *for_all("acme", "RFC 8555 §7.1.3", "a wildcard name by DNS", {**STAR, **BY_DNS_01}, Refused(None)),
    *for_all("acme", "RFC 8555 §7.1.3", "100 names, unless the CA takes more", {**BY_DNS_01, **MANY},
             Refused("too_many_names", "100 are possible|options.max_names")),
    *for_all("acme", "RFC 8555 §7.4", "the CSR is ours", {**BY_DNS_01, **THEIR_KEY}, Refused("custody_not_offered",
             "key.made_by|RFC 8555 §7.4, BR 6.1.1.3")),
    *for_all("acme", "RFC 8555 §7.4", "and so is the server", {**BY_DNS_01, "deploy": {"by": "seller"}},
             Refused("custody_not_offered", "deploy.by")),
    *for_all("acme", "RFC 8555 §7.4", "nothing is renewed by itself", BY_DNS_01,
             Renewal("lapses", "RFC 8555 §7.4")),
    *for_all("acme", "RFC 8555 §7.4", "a refused order is made again",
             {**BY_DNS_01, "order": {"state": "refused", "asked": {
                 "ca_account": "a", "product": "acme", "method": "dns-01", "dns_names": ["www.example.jp"]}}},
             Due("no_certificate")),
    *for_all("acme", "BR 6.3.2", "the CA decides, under the cap", BY_DNS_01, Is("validity.not_after", CAP)),
    *for_all("acme", "RFC 8555 §7.4", "another name is a new order", {**BY_DNS_01, "live": {**LIVE,
             "dns_names": ["x.jp"]}},
             Due("names_changed", kind="renew")),
]  # fmt: skip


# -- DigiCert ---------------------------------------------------------------------------------------------------------

DIGICERT = "digicert-dv digicert-ov digicert-ev"
PUBLISH_TXT = Step("customer", "publish pki@example.com in DNS before the order", "BR 3.2.2.4.14, BR 3.2.2.9")
READ = Step("customer", "see that mail to admin@example.jp arrives and is read", "DigiCert base_emails")
ORDERED = (
    Step("customer", "make key and CSR, then place the order", "DigiCert csr"),
    Step("customer", "approve the request in CertCentral", "DigiCert skip_approval"),
)
VETTED = Step("customer", "have 例示株式会社 validated in CertCentral beforehand", "DigiCert organization.id")
APPROVED = Step("customer", "the EV approver (山田花子) approves the order by the mail to hanako@example.jp",
                "DigiCert ev_approver")  # fmt: skip
DIGICERT_MAIL = (
    Step("ca", "mail the approval link to admin@example.jp", "DigiCert dcv_emails"),
    Step("customer", "open the link in the mail and approve", "DigiCert dcv_emails, BR 3.2.2.4.4", IN_30_DAYS),
)
RECORDED = Step(
    "customer", "publish the record that the order wants", "DigiCert dns-txt-token, BR 3.2.2.4.7", IN_30_DAYS
)
SERVED = Step("customer", "and at the name without www even if it was not ordered",
              "DigiCert http-token, BR 3.2.2.4.18", IN_30_DAYS)  # fmt: skip
LOOKED = Step("ca", "look at every name by itself, or when asked", "DigiCert check-dcv")
ISSUED = Step("ca", "issue", "DigiCert order status")
REMOVED = Step("customer", "remove the token", "BR 3.2.2.4.7")
DEPLOYED = Step("customer", "deploy the certificate with the chain that came with it", "DigiCert csr")
AGAIN = Step("customer", "submit the domains for validation again", "DigiCert domain validation")
LOOKED_AGAIN = Step("ca", "look at the domain by itself, or when asked, and validate it again", "DigiCert check-dcv")

DIGICERT_CASES: list[Case] = [
    *for_all("digicert-dv", "DigiCert dcv_emails, DigiCert skip_approval, DigiCert order status", "steps by mail", MAIL,
             Steps(READ, *ORDERED, *DIGICERT_MAIL, ISSUED, DEPLOYED)),
    *for_all("digicert-dv", "DigiCert dns-txt-token, DigiCert check-dcv", "steps by a TXT record", BY_DNS,
             Steps(*ORDERED, RECORDED, LOOKED, ISSUED, REMOVED, DEPLOYED)),
    *for_all("digicert-dv", "DigiCert dcv_method dns-cname-token", "steps by a CNAME record", BY_CNAME,
             Steps(*ORDERED, RECORDED, LOOKED, ISSUED, REMOVED, DEPLOYED)),
    *for_all("digicert-dv", "DigiCert http-token, DigiCert check-dcv", "steps by a file", BY_FILE,
             Steps(*ORDERED, SERVED, LOOKED, ISSUED, REMOVED, DEPLOYED)),
    *for_all("digicert-ov", "DigiCert organization.id", "OV: an organization that is known there", {**TXT,
             **organization()},
             Steps(PUBLISH_TXT, VETTED, *ORDERED, DIGICERT_MAIL[0]._replace(words="link to pki@example.com"),
                   DIGICERT_MAIL[1], ISSUED, DEPLOYED)),
    *for_all("digicert-ev", "DigiCert ev_approver", "EV: its approver has a mail of their own", {**MAIL,
             **organization()},
             Steps(READ, VETTED, *ORDERED, APPROVED, *DIGICERT_MAIL, ISSUED, DEPLOYED)),
    *for_all(DIGICERT, "DigiCert dcv_method email", "mail, while it lives", MAIL, Refused(None),
             Method("email", facts="DigiCert dcv_method email"), Cliff("2028-03-15", "ends", "move to dns")),
    *for_all(DIGICERT, "DigiCert dcv_method dns-txt-token", "where it stands, the order tells", BY_DNS, Refused(None),
             Method("dns", facts="DigiCert dcv_method dns-txt-token", ends_on=None),
             record(f"{LATER}.www.example.jp", "TXT")),
    *for_all(DIGICERT, "DigiCert dcv_method dns-cname-token", "where it stands, the order tells", BY_CNAME,
             Refused(None),
             Method("dns-cname", facts="DigiCert dcv_method dns-cname-token", ends_on=None),
             record(f"{LATER}.www.example.jp", "CNAME")),
    *for_all(DIGICERT, "DigiCert dcv_method http-token", "a file below pki-validation", BY_FILE, Refused(None),
             Method("file", facts="DigiCert dcv_method http-token", ends_on=None),
             well_known(f"pki-validation/{LATER}", "www.example.jp")),
    *for_all("digicert-dv digicert-ov", "DigiCert dcv_method http-token", "not for a wildcard name", {**STAR,
             **BY_FILE},
             Refused("wildcard_with_file", "email or dns or dns-cname"),
             Method("file", False, words="it cannot validate a wildcard name (*.example.jp)")),
    *for_all("digicert-dv digicert-ov", "DigiCert dcv_method dns-cname-token", "for a wildcard name, too",
             {**STAR, **BY_CNAME}, Refused(None)),
    *for_all("digicert-dv digicert-ov", "DigiCert dcv_method dns-txt-token", "for a wildcard name, too",
             {**STAR, **BY_DNS}, Refused(None)),
    *for_all("digicert-dv digicert-ov", "DigiCert dcv_method email", "for a wildcard name, too", {**STAR, **MAIL},
             Refused(None)),
    *for_all("digicert-ev", "EVG 7.1.2.1", "EV carries no wildcard name", {**STAR, **BY_DNS},
             Refused("wildcard_not_sold", "DigiCert dns_names, EVG 7.1.2.1")),
    *for_all(DIGICERT, "DigiCert dns_names", "100 names, unless the account has more", {**BY_DNS, **MANY},
             Refused("too_many_names", "100 are possible|options.max_names")),
    *for_all(DIGICERT, "DigiCert base_emails", "at the name and every level above",
             {**MAIL, "name": "a.b.example.jp"},
             Mailboxes("constructed", "a.b.example.jp b.example.jp example.jp", "DigiCert base_emails", **CHOSEN)),
    *for_all(DIGICERT, "DigiCert dns_txt_emails", "a record in DNS, without www", {**TXT, "name": "www.b.example.jp"},
             Mailboxes("txt", "b.example.jp example.jp", "DigiCert dns_txt_emails", **CHOSEN)),
    *for_all(DIGICERT, "DigiCert dns_txt_emails", "at the name first", {**TXT, "name": "a.example.jp"},
             Mailboxes("txt", "a.example.jp example.jp")),
    *for_all(DIGICERT, "DigiCert whois_emails", "WHOIS until 2025-07-14", {**WHOIS, **on("2025-07-14")}, Refused(None),
             Mailboxes("whois", "example.jp", "DigiCert whois_emails", **CHOSEN)),
    *for_all(DIGICERT, "DigiCert whois_emails", "and not on the day after", {**WHOIS, **on("2025-07-15")},
             Refused("contact_not_possible", "no more since 2025-07-15 (DigiCert whois_emails)")),
    *for_all(DIGICERT, "DigiCert csr", "the CSR is ours", {**BY_DNS, **THEIR_KEY}, Refused("custody_not_offered",
             "key.made_by|DigiCert csr, BR 6.1.1.3")),
    *for_all(DIGICERT, "DigiCert csr", "and so is the server", {**BY_DNS, "deploy": {"by": "seller"}},
             Refused("custody_not_offered", "deploy.by")),
    *for_all(DIGICERT, "DigiCert auto_renew", "nothing is renewed by itself", BY_DNS,
             Renewal("lapses", "DigiCert auto_renew")),
    *[case for product in DIGICERT.split()
      for case in for_all(product, "DigiCert auto_renew", "what a person refused is not ordered again as it was",
                          refused_by_person(product), Due("order_refused"))],
    *for_all(DIGICERT, "DigiCert reissue", "within its contract it is reissued",
             {**BY_DNS, **LOST, "contract_ends": "2028-05-15T00:00:00Z"}, Due("key_mismatch", kind="reissue")),
    *for_all(DIGICERT, "DigiCert reissue", "in a contract of years a renewal is a reissue", {**BY_DNS, "live": LIVE,
             "contract_ends": "2028-05-15T00:00:00Z"},
             Due("window_open", kind="reissue")),
    *for_all(DIGICERT, "DigiCert reissue", "after the contract it is renewed",
             {**BY_DNS, "live": LIVE, "contract_ends": "2026-12-15T14:59:59Z"}, Due("window_open", kind="renew")),
    *for_all(DIGICERT, "DigiCert cert_validity", "199 days since 2026-02-24", {**BY_DNS, **on("2026-02-24")},
             Is("validity.not_after", "2026-09-11T02:59:59Z")),
    *for_all(DIGICERT, "BR 6.3.2", "398 days until the day before", {**BY_DNS, **on("2026-02-23")},
             Is("validity.not_after", "2027-03-28T02:59:59Z")),
    *for_all("digicert-ov digicert-ev", "DigiCert domain validation", "not earlier than 30 days before",
             {**BY_DNS, "live": YOUNG, "validated_on": "2026-06-03T00:00:00Z"}, Due("not_due")),
    *for_all("digicert-ov digicert-ev", "DigiCert domain validation", "domains are validated again apart from orders",
             {**BY_DNS, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Due("validation_ends", kind="revalidate"),
             Steps(AGAIN, Step("customer", "publish the record with the new token of the domain",
                               "DigiCert domain validation, BR 3.2.2.4.7", IN_30_DAYS), LOOKED_AGAIN, REMOVED)),
    *for_all("digicert-ov digicert-ev", "DigiCert domain validation", "again by mail",
             {**MAIL, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Due("validation_ends", kind="revalidate"),
             Steps(AGAIN, Step("ca", "mail the link that validates the domain again to admin@example.jp",
                               "DigiCert domain validation, DigiCert dcv_emails"),
                   Step("customer", "open the link in the mail and confirm the domain",
                        "DigiCert dcv_emails, BR 3.2.2.4.4", IN_30_DAYS))),
    *for_all("digicert-ov digicert-ev", "DigiCert domain validation", "again by a CNAME record",
             {**BY_CNAME, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Steps(AGAIN, Step("customer", "publish the record with the new token of the domain",
                               "DigiCert domain validation, BR 3.2.2.4.7", IN_30_DAYS), LOOKED_AGAIN, REMOVED)),
    *for_all("digicert-ov digicert-ev", "DigiCert domain validation", "again by file",
             {**BY_FILE, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Steps(AGAIN, Step("customer", "serve the file with the new token of the domain",
                               "DigiCert domain validation, BR 3.2.2.4.18", IN_30_DAYS), LOOKED_AGAIN, REMOVED)),
]  # fmt: skip


# -- GlobalSign -------------------------------------------------------------------------------------------------------

GCC = "globalsign-dv globalsign-ov"
GLOBALSIGN = f"{GCC} globalsign-atlas"
GS_ORDER = Step("customer", "make key and CSR, then place the order", "GlobalSign CSR")
GS_OV = (
    Step("customer", "have the documents of 例示株式会社 ready", "GlobalSign OVOrder"),
    Step("customer", "山田花子 answers the call to 03-1234-5678", "GlobalSign call"),
)
GS_MAIL = (
    Step("customer", "see that mail to admin@example.jp arrives and is read", "GlobalSign GetDVApproverList"),
    Step("ca", "mail the approval link to admin@example.jp", "GlobalSign DVOrder"),
    Step("customer", "it is valid for 30 days, then the mail has to be asked for again, the order stays",
         "GlobalSign approval", IN_30_DAYS),
)  # fmt: skip
GS_DNS = Step("customer", "publish the TXT record at the name that the order tells",
              "GlobalSign DVDNSOrder, BR 3.2.2.4.7", IN_30_DAYS)  # fmt: skip
GS_FILE = Step("customer", "serve the file at every name of the certificate: no other name and no wildcard",
               "GlobalSign URLVerification, BR 3.2.2.4.18", IN_30_DAYS)  # fmt: skip
GS_LOOK = Step("ca", "look when asked to, then issue at once", "GlobalSign VerificationForIssue")
GS_ISSUE = Step("ca", "issue after the approval", "GlobalSign DVOrder")
GS_ISSUE_OV = Step("ca", "issue when the vetting is done", "GlobalSign OVOrder")
GS_DEPLOYED = Step("customer", "deploy the certificate with the chain that came with it", "GlobalSign CSR")
HELD = Step("ca", "hold the domains validated again", "Atlas claims")
CLAIM = Step("customer", "claim every domain; a claim has to be asserted within 30 days", "Atlas claims", IN_30_DAYS)
ATLAS_END = (
    Step("customer", "make key and CSR, then send them", "Atlas certificates"),
    Step("ca", "issue at once: there is no order to wait for", "Atlas certificates"),
    Step("customer", "deploy the certificate with the chain of /trustchain", "Atlas trustchain"),
)

GLOBALSIGN_CASES: list[Case] = [
    *for_all("globalsign-dv", "GlobalSign DVOrder GlobalSign approval", "steps by mail: 30 days", MAIL,
             Steps(GS_ORDER, *GS_MAIL, GS_ISSUE, GS_DEPLOYED)),
    *for_all("globalsign-dv", "GlobalSign DVDNSOrder, GlobalSign VerificationForIssue", "steps by DNS", BY_DNS,
             Steps(GS_ORDER, GS_DNS, GS_LOOK, REMOVED, GS_DEPLOYED)),
    *for_all("globalsign-dv", "GlobalSign URLVerification", "steps by a file", BY_FILE,
             Steps(GS_ORDER, GS_FILE, GS_LOOK, REMOVED, GS_DEPLOYED)),
    *for_all("globalsign-ov", "GlobalSign OVOrder GlobalSign call", "OV is vetted by people", {**MAIL,
             **organization()},
             Steps(GS_ORDER, *GS_OV, *GS_MAIL, GS_ISSUE_OV, GS_DEPLOYED)),
    *for_all("globalsign-atlas", "Atlas claims email, Atlas trustchain", "steps by mail",
             {"validation": by_mail("admin@www.example.jp"), **EXPIRES},
             Steps(CLAIM, Step("customer", "approve by the mail to admin@www.example.jp", "Atlas claims email",
                               IN_30_DAYS),
                   *ATLAS_END)),
    *for_all("globalsign-atlas", "Atlas claims dns", "steps by DNS", BY_DNS,
             Steps(CLAIM, Step("customer", "publish the TXT record of the claim", "Atlas claims dns, BR 3.2.2.4.7",
                               IN_30_DAYS), *ATLAS_END)),
    *for_all("globalsign-atlas", "Atlas claims http", "steps by a file", BY_FILE,
             Steps(CLAIM, Step("customer", "serve the file of the claim", "Atlas claims http, BR 3.2.2.4.18",
                               IN_30_DAYS),
                   *ATLAS_END)),
    *for_all(GCC, "GlobalSign GetDVApproverList", "at the name and its base domain", MAIL, Refused(None),
             Method("email", facts="GlobalSign DVOrder"), Cliff("2028-03-15", "ends", "move to dns"),
             Mailboxes("constructed", "www.example.jp example.jp", "GlobalSign GetDVApproverList", **CHOSEN)),
    *for_all("globalsign-atlas", "Atlas claims email", "at the claimed name",
             {"validation": by_mail("admin@www.example.jp")}, Refused(None), Method("email",
                                                                                    facts="Atlas claims email"),
             Cliff("2028-03-15", "ends", "move to dns"),
             Mailboxes("constructed", "www.example.jp", "Atlas claims email", **CHOSEN)),
    *[case for day in ("2025-07-15", "2026-11-20")
      for case in for_all("globalsign-atlas", "Atlas claims SOA", f"still listed, and history since 2025-07-15 ({day})",
                          {**SOA, **on(day)},
                          Refused("contact_not_possible", "the seller's documents still offer it (Atlas claims SOA)"),
                          Mailboxes("soa", "example.jp", "Atlas claims SOA", allowed=False, **CHOSEN))],
    *for_all("globalsign-atlas", "Atlas claims SOA", "until 2025-07-14", {**SOA, "as_of": "2025-07-14T23:59:59Z"},
             Refused(None), Mailboxes("soa", "example.jp", allowed=True)),
    *for_all(GCC, "GlobalSign DVDNSOrder", "a TXT record at the name", BY_DNS, Refused(None),
             Method("dns", facts="GlobalSign DVDNSOrder", ends_on=None), record("www.example.jp", "TXT")),
    *for_all("globalsign-atlas", "Atlas claims dns", "a TXT record at the name", BY_DNS, Refused(None),
             Method("dns", facts="Atlas claims dns", ends_on=None), record("www.example.jp", "TXT")),
    *for_all(GCC, "GlobalSign URLVerification", "the file gsdv.txt", BY_FILE, Refused(None),
             Method("file", facts="GlobalSign URLVerification", ends_on=None),
             well_known("pki-validation/gsdv.txt", "www.example.jp")),
    *for_all("globalsign-atlas", "Atlas claims http", "the file gsdv.txt", BY_FILE, Refused(None),
             Method("file", facts="Atlas claims http", ends_on=None),
             well_known("pki-validation/gsdv.txt", "www.example.jp")),
    *for_all(GLOBALSIGN, "GlobalSign URLVerification Atlas claims http", "no file for a wildcard", {**STAR, **BY_FILE},
             Refused("wildcard_with_file", "email or dns"),
             Method("file", False, words="it cannot validate a wildcard name (*.example.jp)")),
    *for_all(GLOBALSIGN, "GlobalSign SANEntries", "a wildcard by DNS", {**STAR, **BY_DNS}, Refused(None)),
    *for_all(GLOBALSIGN, "GlobalSign SANEntries", "a wildcard by mail", {**STAR, **MAIL}, Refused(None)),
    *for_all("globalsign-atlas", "Atlas validationpolicy", "as many names as the policy allows, seldom more than 100",
             {**BY_DNS, "dns_names": [f"n{number}.example.jp" for number in range(100)]},
             Refused("too_many_names", "100 are possible|options.max_names")),
    *for_all("globalsign-atlas", "Atlas validationpolicy", "more, if told so",
             {**BY_DNS, "dns_names": [f"n{number}.example.jp" for number in range(100)],
              "options": {"max_names": 101}}, Refused(None)),
    *for_all(GCC, "GlobalSign SANEntries", "as many names as the option SAN orders",
             {**BY_DNS, "dns_names": [f"n{number}.example.jp" for number in range(100)]},
             Refused("too_many_names", "100 are possible|options.max_names")),
    *for_all(GCC, "GlobalSign SANEntries", "more, if told so",
             {**BY_DNS, "dns_names": [f"n{number}.example.jp" for number in range(100)],
              "options": {"max_names": 101}}, Refused(None)),
    *for_all(GCC, "GlobalSign CSR", "the CSR is ours", {**BY_DNS, **THEIR_KEY},
             Refused("custody_not_offered", "key.made_by|GlobalSign CSR, BR 6.1.1.3")),
    *for_all("globalsign-atlas", "Atlas certificates", "the CSR is ours", {**BY_DNS, **THEIR_KEY},
             Refused("custody_not_offered", "key.made_by|Atlas certificates, BR 6.1.1.3")),
    *for_all(GLOBALSIGN, "GlobalSign CSR Atlas certificates", "and so is the server",
             {**BY_DNS, "deploy": {"by": "seller"}}, Refused("custody_not_offered", "deploy.by")),
    *for_all(GCC, "GlobalSign OrderKind", "a renewal has the same common name",
             {**BY_DNS, "live": LIVE, "previous": {"common_name": "shop.example.jp"}},
             Refused("change_refused", "GlobalSign OrderKind|Order anew for the other name")),
    *for_all(GCC, "GlobalSign OrderKind", "nothing is renewed by itself", BY_DNS,
             Renewal("lapses", "GlobalSign OrderKind", immutable=["common_name"])),
    *for_all("globalsign-atlas", "Atlas certificates", "there is no renewal", BY_DNS,
             Renewal("lapses", "Atlas certificates")),
    *[case for product in GLOBALSIGN.split()
      for case in for_all(product, "GlobalSign OrderKind", "what a person refused is not ordered again as it was",
                          refused_by_person(product), Due("order_refused"))],
    *for_all(GCC, "GlobalSign ReIssue", "within its term it is reissued",
             {**BY_DNS, **LOST, "contract_ends": "2027-05-15T00:00:00Z"}, Due("key_mismatch", kind="reissue")),
    *for_all(GCC, "GlobalSign ReIssue", "not beyond it",
             {**BY_DNS, "live": LIVE, "contract_ends": "2028-05-15T00:00:00Z"}, Due("window_open", kind="renew")),
    *for_all("globalsign-atlas", "Atlas certificates", "it knows no reissue",
             {**BY_DNS, **LOST, "contract_ends": "2027-05-15T00:00:00Z"}, Due("key_mismatch", kind="renew")),
    *for_all("globalsign-atlas", "Atlas claims", "not earlier than 30 days before",
             {**BY_DNS, "live": YOUNG, "validated_on": "2026-06-03T00:00:00Z"}, Due("not_due")),
    *for_all("globalsign-atlas", "Atlas claims", "a claim is made anew apart from certificates",
             {**BY_DNS, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Due("validation_ends", kind="revalidate"),
             Steps(CLAIM, Step("customer", "publish the TXT record of the claim", "Atlas claims dns, BR 3.2.2.4.7",
                               IN_30_DAYS), HELD)),
    *for_all("globalsign-atlas", "Atlas claims email", "and by mail",
             {"validation": by_mail("admin@www.example.jp"), "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Steps(CLAIM, Step("customer", "approve by the mail to admin@www.example.jp", "Atlas claims email",
                               IN_30_DAYS), HELD)),
    *for_all("globalsign-atlas", "Atlas claims http", "and by file",
             {**BY_FILE, "live": YOUNG, "validated_on": "2026-06-02T00:00:00Z"},
             Steps(CLAIM, Step("customer", "serve the file of the claim", "Atlas claims http, BR 3.2.2.4.18",
                               IN_30_DAYS), HELD)),
    *for_all(GLOBALSIGN, "BR 6.3.2 Atlas validity", "the longest is the cap", BY_DNS, Is("validity.not_after", CAP)),
]  # fmt: skip


# -- Cybertrust -------------------------------------------------------------------------------------------------------

CYBERTRUST = "cybertrust-ov cybertrust-ev"
CT_WHO = Step("customer", "see that 山田花子 is somebody whom Cybertrust takes as 申請責任者", "IIJ-22")
CT_APPLY = Step("customer", "make key and CSR, then apply at SureBoard or SureHandsOn", "Cybertrust SureBoard")
CT_MAIL = (
    Step("ca", "mail the approval page to admin@example.jp", "Cybertrust approval mail"),
    Step("customer", "approve on the page, and choose there", "Cybertrust approval mail"),
)
CT_END = (
    Step("customer", "山田花子 answers the call to 03-1234-5678", "Cybertrust call"),
    Step("ca", "issue", "Cybertrust SureBoard"),
    Step("customer", "deploy the certificate with the chain", "Cybertrust SureBoard"),
)

CYBERTRUST_CASES: list[Case] = [
    *for_all(CYBERTRUST, "Cybertrust approval mail Cybertrust call", "steps by a constructed address",
             {**MAIL, **organization()},
             Steps(Step("customer", "ask the support desk to send it there", "Cybertrust approval mail"), CT_WHO,
                   CT_APPLY,
                   *CT_MAIL, *CT_END)),
    *for_all(CYBERTRUST, "IIJ-3", "steps by a mailbox in DNS", {**TXT, **organization()},
             Steps(Step("customer", "publish pki@example.com in DNS before the application",
                        "IIJ-3, BR 3.2.2.4.14, BR 3.2.2.9"), CT_WHO, CT_APPLY,
                   CT_MAIL[0]._replace(words="mail the approval page to pki@example.com"), CT_MAIL[1], *CT_END)),
    *for_all(CYBERTRUST, "Cybertrust approval mail",
             "constructed addresses on request, whose approver chooses the scope",
             MAIL, Refused(None), Method("email", facts="Cybertrust approval mail, Cybertrust ACME"),
             Mailboxes("constructed", "www.example.jp example.jp", "Cybertrust approval mail",
                       "lets one choose the whole base domain", selectable=True, mailed="on_request", covers="fqdn")),
    *for_all(CYBERTRUST, "IIJ-3 IIJ-5", "the TXT contact on request", TXT, Refused(None),
             Mailboxes("txt", "www.example.jp", "IIJ-3, IIJ-5", selectable=True, mailed="on_request", covers="fqdn")),
    *for_all(CYBERTRUST, "IIJ-3", "WHOIS first, until 2025-06-24", {**WHOIS, **on("2025-06-24")}, Refused(None),
             Mailboxes("whois", "example.jp", "Cybertrust approval mail, IIJ-3", selectable=False, mailed="first",
                       covers="fqdn")),
    *for_all(CYBERTRUST, "IIJ-3", "and no more from 2025-06-25", {**WHOIS, **on("2025-06-25")},
             Refused("contact_not_possible", "2025-06-25|IIJ-3")),
    *for_all(CYBERTRUST, "Cybertrust ACME", "the end of mail: ACME at SureHandsOn", MAIL,
             Cliff("2028-03-15", "ends", "move to ACME, which Cybertrust offers at SureHandsOn")),
    *for_all(CYBERTRUST, "IIJ-13", "the www option adds one name",
             {**MAIL, "dns_names": ["example.jp"], "options": {"www_option": True}}, Refused(None)),
    *for_all(CYBERTRUST, "IIJ-13", "and no name without it", {**MAIL, "dns_names": ["example.jp"]},
             Refused("name_not_sold", "IIJ-13|options.www_option")),
    *for_all(CYBERTRUST, "IIJ-13", "no star", {**MAIL, **STAR}, Refused("wildcard_not_sold", "IIJ-13")),
    *for_all(CYBERTRUST, "Cybertrust SureBoard", "the CSR is ours", {**MAIL, **THEIR_KEY},
             Refused("custody_not_offered", "key.made_by|Cybertrust SureBoard, BR 6.1.1.3")),
    *for_all(CYBERTRUST, "Cybertrust SureBoard", "and so is the server", {**MAIL, "deploy": {"by": "seller"}},
             Refused("custody_not_offered", "deploy.by")),
    *for_all(CYBERTRUST, "Cybertrust SureBoard", "a renewal is applied for", MAIL,
             Renewal("lapses", "Cybertrust SureBoard")),
    *[case for product in CYBERTRUST.split()
      for case in for_all(product, "Cybertrust SureBoard", "what a person refused is not ordered again as it was",
                          refused_by_person(product), Due("order_refused"))],
    *for_all(CYBERTRUST, "BR 6.3.2", "the term bought, under the cap", MAIL, Is("validity.not_after", CAP)),
    *for_all(CYBERTRUST, "Cybertrust SureBoard", "nothing is sent without a mail", BY_DNS,
             Refused("method_not_offered"),
             HasNot("approval page"), HasNot("approve on the page")),
]  # fmt: skip

CAS: list[Case] = ACME + DIGICERT_CASES + GLOBALSIGN_CASES + CYBERTRUST_CASES
