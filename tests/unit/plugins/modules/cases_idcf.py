# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the document of IDC Frontier's rental server says, as cases."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_jprs_cpi import STAR, on, organization
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import (
    EXPIRES,
    Case,
    Cliff,
    Has,
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
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import FILE, by_mail

DIGICERT_OV = "idcf-digicert-secure-server-id idcf-geotrust-true-businessid"
DIGICERT_EV = "idcf-digicert-secure-server-id-ev idcf-geotrust-true-businessid-ev"
CYBERTRUST = "idcf-cybertrust-sureserver idcf-bizcert"
ALL = f"{DIGICERT_OV} {DIGICERT_EV} {CYBERTRUST}"

THEIRS: dict[str, t.Any] = {"key": {"made_by": "seller"}, "deploy": {"by": "seller"}}
MAIL: dict[str, t.Any] = {"validation": by_mail("postmaster@www.example.jp"), **THEIRS}
TXT: dict[str, t.Any] = {"validation": by_mail("pki@example.com", "txt"), **THEIRS}
LIVE: dict[str, t.Any] = {
    "live": {"not_before": "2026-06-01T00:00:00Z", "not_after": "2026-12-15T14:59:59Z", "dns_names": ["www.example.jp"]}
}

NOT_SAID = "the document does not say what happens to a renewal whose data nobody confirms: ask the seller"
MAKE = Step("customer", "make the mailbox postmaster@www.example.jp before applying", "IDCF-3")
PUBLISH = Step("customer", "publish pki@example.com in DNS", "IDCF-3, BR 3.2.2.4.14, BR 3.2.2.9")
APPLY = Step("customer", "apply for www.example.jp in カスタマーポータル", "IDCF-1, IDCF-2")
CONFIRM = Step("customer", "confirm the application data by the day that IDC Frontier sets", "IDCF-1, IDCF-2")
PASSED = Step("seller", "ask you for the data or documents that the CA wants", "IDCF-2, IDCF-7")
EXAMINED = Step("ca", "examine the application", "IDCF-2")
DIGICERT_MAIL = (
    Step("ca", "from no-reply@digitalcertvalidation.com or no-reply@geotrust.com", "IDCF-2, IDCF-4"),
    Step("customer", "open the URL in the mail, check the page and press 承認する", "IDCF-4"),
)
CYBERTRUST_MAIL = (
    Step("ca", "from sureserver_support@cybertrust.co.jp", "IDCF-2, IDCF-5"),
    Step("customer", "tick FQDN限定で使用権を承認する, write the customer's name into ご署名 and press 承認", "IDCF-5"),
)
CALL = Step("customer", "山田花子 answers the call to 03-1234-5678, the main number of 例示株式会社", "IDCF-2, IDCF-6")
CALL_EV = (
    Step("customer", "somebody else than 山田花子 answers the call to 03-1234-5678", "IDCF-2, IDCF-6"),
    Step("customer", "山田花子 then confirms the issue by mail, to hanako@example.jp", "IDCF-6"),
)
ISSUED = Step("ca", "issue", "IDCF-2")
SET = Step("customer", "set the certificate in WEBドメイン設定", "IDCF-2")
INSTALLED = Step("seller", "install the renewed certificate (our reading: ", "IDCF-2")
FIRST_YEAR = Step("customer", "個人事業の開廃業届出書", "IDCF-7")
LATER_YEAR = Step("customer", "last year's return of income", "IDCF-7")
PERSONAL = Step("customer", "driving licence, passport or health-insurance card", "IDCF-7")
BILL = Step("customer", "the newest telephone bill, not one from the web", "IDCF-7")


def alone(opened: str | None = None) -> dict[str, t.Any]:
    return organization("sole_proprietor", **({"opened_on": opened} if opened is not None else {}))


IDCF: list[Case] = [
    *for_all(ALL, "IDCF-1", "one name, no star", {**TXT, **STAR}, Refused("wildcard_not_sold", "IDCF-1")),
    *for_all(ALL, "IDCF-1", "one name, no other", {**TXT, "dns_names": ["example.jp"], "options": {"max_names": 9}},
             Refused("too_many_names", "Split")),
    *for_all("idcf-bizcert", "IDCF-1", "the one-month contract asks for all this only when its certificate ends",
             {**MAIL, **LIVE, **organization()},
             Steps(Step("customer", "with the contract of one month do all this when the certificate is about to end",
                        "IDCF-1"),
                   MAKE, CONFIRM, PASSED, EXAMINED, *CYBERTRUST_MAIL, CALL, ISSUED, INSTALLED)),
    *for_all("idcf-bizcert", "IDCF-1", "the first time it is as the others", {**MAIL, **organization()},
             Steps(MAKE, APPLY, PASSED, EXAMINED, *CYBERTRUST_MAIL, CALL, ISSUED, SET)),
    *for_all(DIGICERT_OV, "IDCF-2 IDCF-4 IDCF-6", "seven steps, the first time", {**MAIL, **organization()},
             Steps(MAKE, APPLY, PASSED, EXAMINED, *DIGICERT_MAIL, CALL, ISSUED, SET)),
    *for_all(DIGICERT_OV, "IDCF-2", "a renewal: confirm the data; mail and call may come", {**MAIL, **LIVE,
             **organization()},
             Steps(MAKE, CONFIRM, PASSED, EXAMINED, *DIGICERT_MAIL, CALL, ISSUED, INSTALLED)),
    *for_all(DIGICERT_EV, "IDCF-2 IDCF-6", "a renewal of EV", {**TXT, **LIVE, **organization()},
             Steps(PUBLISH, CONFIRM, PASSED, EXAMINED, DIGICERT_MAIL[0]._replace(words="mail to pki@example.com from"),
                   DIGICERT_MAIL[1], *CALL_EV, ISSUED, INSTALLED)),
    *for_all("idcf-cybertrust-sureserver", "IDCF-2 IDCF-7", "a renewal of a sole proprietor",
             {**MAIL, **LIVE, **alone()},
             Steps(MAKE, CONFIRM, FIRST_YEAR, LATER_YEAR, PERSONAL, BILL, PASSED, EXAMINED, *CYBERTRUST_MAIL, CALL,
                   ISSUED, INSTALLED)),
    *for_all("idcf-cybertrust-sureserver", "IDCF-2 IDCF-5", "Cybertrust: this name only, and a signature",
             {**MAIL, **organization()}, Steps(MAKE, APPLY, PASSED, EXAMINED, *CYBERTRUST_MAIL, CALL, ISSUED, SET)),
    *for_all(ALL, "IDCF-2", "a domain mail is the only method of the document", {"validation": FILE, **THEIRS},
             Refused("method_not_offered", "email"), HasNot("承認する")),
    *for_all(ALL, "IDCF-2", "it lives on the rental server: the key is made there",
             {**MAIL, "key": {"made_by": "us"}}, Refused("custody_not_offered", "key.made_by")),
    *for_all(ALL, "IDCF-2", "and installed there", {**MAIL, "deploy": {"by": "us"}},
             Refused("custody_not_offered", "deploy.by")),
    *for_all(ALL, "IDCF-2", "what happens to a renewal that nobody confirms is not documented", {**MAIL, **EXPIRES},
             Renewal("lapses", "IDCF-2", NOT_SAID)),
    *for_all(ALL, "IDCF-3", "postmaster at the applied name, and no other constructed one", MAIL, Refused(None),
             Method("email", facts="IDCF-2, IDCF-3"),
             Mailboxes("constructed", "www.example.jp", "IDCF-3", local_parts=("postmaster",), selectable=True,
                       mailed="chosen", covers="fqdn")),
    *for_all(ALL, "IDCF-3", "not admin", {**MAIL, "validation": by_mail("admin@www.example.jp")},
             Refused("contact_address_not_possible", "postmaster@www.example.jp|IDCF-3")),
    *for_all(ALL, "IDCF-3", "not at the base domain", {**MAIL, "validation": by_mail("postmaster@example.jp")},
             Refused("contact_address_not_possible", "postmaster@www.example.jp")),
    *for_all(ALL, "IDCF-3", "or any mailbox by a TXT record, which the customer registers", TXT, Refused(None),
             Has(PUBLISH), HasNot("make the mailbox"),
             Mailboxes("txt", "www.example.jp", "IDCF-3", "adding a domain setting at IDC Frontier makes such a record",
                       selectable=True, mailed="chosen", covers="fqdn")),
    *for_all(f"{DIGICERT_OV} {DIGICERT_EV}", "IDCF-4", "the subject of the mail names the name", MAIL,
             Has(DIGICERT_MAIL[0]._replace(words="ドメイン名の利用権確認のお願い: www.example.jp"))),
    *for_all(CYBERTRUST, "IDCF-5", "the subject of the mail names the name", MAIL,
             Has(CYBERTRUST_MAIL[0]._replace(words="ドメイン名使用権確認について(www.example.jp)"))),
    *for_all(DIGICERT_EV, "IDCF-6", "EV: first somebody else is called, then a mail", {**MAIL, **organization()},
             Steps(MAKE, APPLY, PASSED, EXAMINED, *DIGICERT_MAIL, *CALL_EV, ISSUED, SET)),
    *for_all(ALL, "IDCF-7", "a sole proprietor in the first year", {**MAIL, **alone("2026-04-01")},
             Has(FIRST_YEAR), HasNot("last year's return"), Has(PERSONAL), Has(BILL)),
    *for_all(ALL, "IDCF-7", "and from the second on", {**MAIL, **alone("2025-04-01")},
             HasNot("開廃業届出書"), Has(LATER_YEAR), Has(PERSONAL), Has(BILL)),
    *for_all(DIGICERT_OV, "IDCF-7", "in this order", {**MAIL, **alone()},
             Steps(MAKE, APPLY, FIRST_YEAR, LATER_YEAR, PERSONAL, BILL, PASSED, EXAMINED, *DIGICERT_MAIL, CALL, ISSUED,
                   SET)),
    *for_all(ALL, "IDCF-7", "nobody else brings these papers", {**MAIL, **organization()}, HasNot("sole proprietor")),
    *for_all(f"{DIGICERT_OV} {DIGICERT_EV}", "DigiCert cert_validity", "its CA's 199 days", {**MAIL,
             **on("2026-02-24")},
             Is("validity.not_after", "2026-09-11T02:59:59Z")),
    *for_all(f"{DIGICERT_OV} {DIGICERT_EV}", "BR 6.3.2", "398 days until the day before", {**MAIL, **on("2026-02-23")},
             Is("validity.not_after", "2027-03-28T02:59:59Z")),
    *for_all(CYBERTRUST, "BR 6.3.2", "the cap, where the document names no number", MAIL,
             Is("validity.not_after", "2027-06-07T23:59:59Z")),
    *for_all(ALL, "IDCF-2", "the end of mail: the document names no way out", MAIL,
             Cliff("2028-03-15", "ends", "ask the seller")),
]  # fmt: skip
