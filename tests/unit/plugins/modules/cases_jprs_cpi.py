# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents of JPRS and CPI say, as cases."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import (
    EXPIRES,
    Case,
    Cliff,
    Due,
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
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import FILE, REGISTRAR, by_mail

PLAIN, STARS = "jprs-dv jprs-ov", "jprs-dv-wildcard jprs-ov-wildcard"
MAIL: dict[str, t.Any] = {"validation": by_mail("admin@example.jp"), **EXPIRES}
TXT: dict[str, t.Any] = {"validation": by_mail("pki@example.com", "txt"), **EXPIRES}
BY_FILE: dict[str, t.Any] = {"validation": FILE, **EXPIRES}
LINKED: dict[str, t.Any] = {"validation": REGISTRAR, **EXPIRES}
WHOIS: dict[str, t.Any] = {"validation": by_mail("x@example.jp", "whois")}
STAR: dict[str, t.Any] = {"name": "*.example.jp"}


def on(day: str) -> dict[str, t.Any]:
    """Noon in Japan."""
    return {"as_of": f"{day}T03:00:00Z"}


PUBLIC, REGISTRANT = "the public contact (公開連絡窓口)", "the registrant (登録担当者)"
#: (name, registrable domain, whose mailbox) as JPRS-5 has them
WHOIS_HOLDERS = (
    ("www.example.jp", "example.jp", PUBLIC),
    ("example.tokyo.jp", "example.tokyo.jp", PUBLIC),
    ("a.example.co.jp", "example.co.jp", REGISTRANT),
    ("example.chiyoda.tokyo.jp", "example.chiyoda.tokyo.jp", REGISTRANT),
    ("a.example.com", "example.com", "the administrative contact"),
)


# -- JPRS -------------------------------------------------------------------------------------------------------------

ORDER = Step("customer", "make key and CSR, then order at the reseller (指定事業者)", "JPRS-6")
PASSED = Step("seller", "pass the order on to JPRS", "JPRS-6, JPRS-13")
ISSUED = Step("ca", "issue", "JPRS-2, JPRS-6, JPRS-11")
DEPLOYED = Step("customer", "the chain that came with it: it may differ", "JPRS notice 2026-06-17")
MAILED = (
    Step("ca", "mail instructions to admin@example.jp", "JPRS-2"),
    Step("customer", "follow the instructions of the mail", "JPRS-2, JPRS-13"),
)
READ = Step("customer", "see that mail to admin@example.jp arrives and is read", "JPRS-2, JPRS-3, JPRS-4")
VETTED = (
    Step("ca", "legal existence of 例示株式会社 in public documents", "JPRS-12"),
    Step("customer", "a third-party database has 03-1234-5678 for 例示株式会社", "JPRS-12"),
    Step("customer", "山田花子 answers the call in person", "JPRS-12"),
)
VOLUNTARY = Step("customer", "a voluntary association of corporations and a sole proprietor", "JPRS-12, JPRS-13")
NOT_SHOWN = Step("customer", "where public sources do not show 例示株式会社", "JPRS-12, JPRS-13")


def organization(kind: str | None = "corporation", **more: t.Any) -> dict[str, t.Any]:
    """An item's organization, and what is known of it."""
    facts = {
        "japanese_name": "例示株式会社",
        "phone": "03-1234-5678",
        "responsible": {"name": "山田花子", "mail": "hanako@example.jp"},
        **({"kind": kind} if kind is not None else {}),
        **more,
    }
    return {"organization": "o", "organizations": {"o": facts}}


JPRS: list[Case] = [
    *for_all(PLAIN, "JPRS-1", "by mail", MAIL, Refused(None), Method("email", facts="JPRS-1, JPRS-2")),
    *for_all(PLAIN, "JPRS-1 JPRS-6", "by file", BY_FILE, Refused(None), Method("file", facts="JPRS-1, JPRS-6, JPRS-7"),
             Is("files", [{"url": "http://www.example.jp/.well-known/pki-validation/known_after_order"}])),
    *for_all(PLAIN, "JPRS-1 JPRS-11", "by linkage with the registrar", LINKED, Refused(None),
             Method("registrar", facts="JPRS-1, JPRS-11", ends_on=None)),
    *for_all(PLAIN, "JPRS-2", "the applicant names one address", {"validation": {"method": "email"}},
             Refused("no_contact", "admin@example.jp")),
    *for_all(PLAIN, "JPRS-3 JPRS-4", "of www.example.jp the five at example.jp", MAIL,
             Mailboxes("constructed", "example.jp", "JPRS-3, JPRS-4", selectable=True, mailed="chosen",
                       covers="fqdn", allowed=True)),
    *for_all(PLAIN, "JPRS-3", "www.tokyo.jp stays",
             {"name": "www.tokyo.jp", "validation": by_mail("admin@www.tokyo.jp")},
             Refused(None), Mailboxes("constructed", "www.tokyo.jp")),
    *for_all(STARS, "JPRS-3", "the star is taken off, and no www after it",
             {"name": "*.www.example.jp", **MAIL}, Refused(None), Mailboxes("constructed",
                                                                            "www.example.jp example.jp")),
    *for_all(PLAIN, "JPRS-4", "no level between", {"name": "a.b.example.jp", **MAIL},
             Mailboxes("constructed", "a.b.example.jp example.jp")),
    *[case for name, base, holder in WHOIS_HOLDERS
      for case in (
          *for_all(PLAIN, "JPRS-5", f"WHOIS of {base}: {holder}, until 2025-07-05",
                   {**WHOIS, "name": name, **on("2025-07-05")}, Refused(None),
                   Mailboxes("whois", base, "JPRS-5", selectable=True, mailed="chosen", covers="fqdn", holder=holder)),
          *for_all(PLAIN, "JPRS-5", f"WHOIS of {base} is history from 2025-07-06",
                   {**WHOIS, "name": name, **on("2025-07-06")},
                   Refused("contact_not_possible", "the seller offers it no more since 2025-07-06 (JPRS-5)"),
                   Mailboxes("whois", base, allowed=False)))],
    *for_all(STARS, "JPRS-7", "no file for a wildcard", {**STAR, **BY_FILE},
             Refused("wildcard_with_file", "JPRS-7|email or registrar"), Method("file", False)),
    *for_all(STARS, "JPRS-3", "a wildcard product has a star", MAIL, Refused("wildcard_not_sold", "JPRS-3, JPRS-7")),
    *for_all(STARS, "JPRS-3", "and one name", {**STAR, "dns_names": ["example.jp"], "options": {"max_names": 9},
             **MAIL},
             Refused("too_many_names", "Split")),
    *for_all(PLAIN, "JPRS-8", "the double-address option adds www, or the name without it, and both are looked at",
             {"dns_names": ["example.jp"], "options": {"double_address": True}, **BY_FILE}, Refused(None),
             Is("files", [{"url": f"http://{name}/.well-known/pki-validation/known_after_order"}
                          for name in ("www.example.jp", "example.jp")])),
    *for_all(PLAIN, "JPRS-8", "no other name", {"dns_names": ["example.jp"], **BY_FILE},
             Refused("name_not_sold", "JPRS-8|options.double_address")),
    *for_all(PLAIN, "JPRS-8", "no star", {**STAR, **MAIL}, Refused("wildcard_not_sold", "JPRS-8")),
    Case("JPRS-6 JPRS-8 JPRS-9 JPRS-10", "steps by file: URI through the reseller, ten redirects, a crawler, deletion",
         "jprs-dv", BY_FILE,
         (Steps(ORDER, PASSED,
                Step("seller", "tell URI and string of the file", "JPRS-6"),
                Step("customer", "up to 10 HTTP redirects are followed, no meta refresh and no JavaScript",
                     "JPRS-6, JPRS-8, JPRS-9, JPRS-10"),
                Step("ca", "when the crawler comes round: nobody can call it", "JPRS-8, JPRS-10"),
                ISSUED, Step("customer", "delete the file", "JPRS-10"), DEPLOYED),)),
    Case("JPRS-2 JPRS-3 JPRS-4 JPRS notice 2026-06-17", "steps by mail to a constructed address", "jprs-dv", MAIL,
         (Steps(READ, ORDER, PASSED, *MAILED, ISSUED, DEPLOYED),)),
    Case("JPRS-2 JPRS-13 JPRS notice 2025-06-10", "steps by mail to a mailbox in DNS", "jprs-dv", TXT,
         (Refused(None),
          Mailboxes("txt", "example.jp", "JPRS notice 2025-06-10, JPRS-13", selectable=True, mailed="chosen",
                    covers="fqdn"),
          Steps(Step("customer", "publish pki@example.com in DNS before the order", "BR 3.2.2.4.14, BR 3.2.2.9"),
                ORDER, PASSED, MAILED[0]._replace(words="mail instructions to pki@example.com"), MAILED[1],
                ISSUED, DEPLOYED))),
    *for_all(PLAIN, "JPRS-2", "a mailbox in DNS from 2025-06-10 on", {**TXT, **on("2025-06-10")}, Refused(None)),
    *for_all(PLAIN, "JPRS-2", "and not the day before", {**TXT, **on("2025-06-09")},
             Refused("contact_not_possible", "2025-06-10|JPRS-13")),
    Case("JPRS-11", "steps by the registrar: no mail comes, so a missing mail is normal", "jprs-dv", LINKED,
         (Steps(Step("customer", "order through the registrar that manages the domain", "JPRS-11"), ORDER, PASSED,
                Step("ca", "no mail is sent, so a missing mail is normal", "JPRS-11"), ISSUED, DEPLOYED),)),
    *for_all(PLAIN, "JPRS-11", "only of a registrant who applies through that registrar",
             {**LINKED, "options": {"registrar_linkage": False}}, Refused("method_not_allowed", "JPRS-11|email")),
    *for_all(PLAIN, "JPRS-11", "where it is linked, no mail is waited for",
             {**MAIL, "options": {"registrar_linkage": True}}, HasNot("mail instructions"),
             Has(Step("customer", "order through the registrar", "JPRS-11"))),
    Case("JPRS-11", "a linkage that is lost under way opens the mail", "jprs-dv",
         {**MAIL, "options": {"registrar_linkage": False},
          "order": {"state": "validating", "method": "registrar"}},
         (Has(Step("customer", "the name left the registrar while the order runs", "JPRS-2, JPRS-11, JPRS-13")),
          Has(MAILED[0]))),
    *for_all("jprs-dv-wildcard jprs-ov jprs-ov-wildcard", "JPRS-11", "of this product, too",
             {**STAR, **LINKED}, Has(Step("ca", "ask the registrar", "JPRS-11"))),
    Case("JPRS-12", "OV: the organisation, and a call to a number that a third party knows", "jprs-ov",
         {**MAIL, **organization()},
         (Steps(READ, ORDER, PASSED, *MAILED, VETTED[0], NOT_SHOWN, *VETTED[1:], ISSUED, DEPLOYED),)),
    Case("JPRS-12", "a voluntary association brings documents", "jprs-ov",
         {**MAIL, **organization("voluntary_association")},
         (Steps(READ, ORDER, PASSED, *MAILED, VETTED[0], VOLUNTARY, *VETTED[1:], ISSUED, DEPLOYED),)),
    Case("JPRS-12", "so does a sole proprietor; the call asks for the common name", "jprs-ov-wildcard",
         {**STAR, **MAIL, **organization("sole_proprietor")},
         (Steps(READ, ORDER, PASSED, *MAILED, VETTED[0], VOLUNTARY, VETTED[1],
                VETTED[2]._replace(words="confirms the common name *.example.jp"), ISSUED, DEPLOYED),)),
    Case("JPRS-12", "a kind that is not known is told all of it", "jprs-ov", {**MAIL, **organization(None)},
         (Has(VOLUNTARY), Has(NOT_SHOWN))),
    Case("JPRS-12", "DV asks nothing of this", "jprs-dv", {**MAIL, **organization()}, (HasNot("call"),)),
    *for_all(PLAIN, "JPRS-13", "a reseller may offer less",
             {**BY_FILE, "accounts": {"a": {"offers": {"methods": ["email"], "contacts": ["constructed"]}}}},
             Refused("method_not_allowed", "does not offer it")),
    *for_all(PLAIN, "JPRS-13", "nothing is renewed by itself, unless the reseller says so", MAIL,
             Renewal("lapses", "JPRS-13")),
    *for_all(PLAIN, "BR 6.1.1.3", "JPRS makes no key", {**MAIL, "key": {"made_by": "seller"}},
             Refused("custody_not_offered", "key.made_by|JPRS-6, BR 6.1.1.3")),
    *for_all(PLAIN, "JPRS-6", "JPRS installs nothing", {**MAIL, "deploy": {"by": "seller"}},
             Refused("custody_not_offered", "deploy.by")),
    *for_all(PLAIN, "JPRS-1", "the end of mail: a file or the registrar", MAIL,
             Cliff("2028-03-15", "ends", "file or registrar")),
    *for_all(STARS, "JPRS-1 JPRS-2", "a wildcard by mail", {**STAR, **MAIL}, Refused(None),
             Method("email", facts="JPRS-1, JPRS-2")),
    *for_all(PLAIN, "JPRS-2 JPRS-4", "a mailbox in DNS at the name or at the registrable domain",
             {**TXT, "name": "a.b.example.jp"}, Mailboxes("txt", "a.b.example.jp example.jp")),
    *for_all(STARS, "JPRS-1 JPRS-7", "the end of mail for a wildcard: the registrar", {**STAR, **MAIL},
             Cliff("2028-03-15", "ends", "registrar")),
    *for_all(PLAIN, "JPRS notice 2025-11-27", "until the last day of the fifth month", {**MAIL, **on("2026-11-20")},
             Is("validity.not_after", "2027-04-30T14:59:59Z")),
    *for_all(PLAIN, "JPRS notice 2025-11-27", "since 2026-02-18", {**MAIL, **on("2026-02-18")},
             Is("validity.not_after", "2026-07-31T14:59:59Z")),
    *for_all(PLAIN, "BR 6.3.2", "398 days until the day before", {**MAIL, **on("2026-02-17")},
             Is("validity.not_after", "2027-03-22T02:59:59Z")),
    *[case for product in PLAIN.split()
      for case in for_all(product, "JPRS-13", "what a person refused is not ordered again as it was",
                          {**MAIL, "order": {"state": "refused", "asked": {
                              "ca_account": "a", "product": product, "method": "email",
                              "dns_names": ["www.example.jp"],
                              "contact": {"kind": "constructed", "address": "admin@example.jp"}}}},
                          Due("order_refused"))],
]  # fmt: skip


# -- CPI --------------------------------------------------------------------------------------------------------------

THEIRS: dict[str, t.Any] = {"key": {"made_by": "seller"}, "deploy": {"by": "seller"}}
CPI_MAIL: dict[str, t.Any] = {**MAIL, **THEIRS}
ACCOUNT: dict[str, t.Any] = {**LINKED, **THEIRS, "options": {"same_account": True}}
CPI_WHOIS: dict[str, t.Any] = {**WHOIS, **THEIRS, **on("2025-07-05")}
CPI_HOLDERS = (
    *WHOIS_HOLDERS[:4],
    *((f"www.example.{tld}", f"example.{tld}", "the administrative contact (Admin)")
      for tld in ("com", "net", "coop", "mobi")),
)  # fmt: skip
MASKED = "nic@cpi.ad.jp has to be unmasked first"

APPLY = Step("customer", "check the common name www.example.jp: it cannot be changed once", "CPI-2, CPI-7")
CPI_BEFORE = (
    Step("customer", "make the mailbox admin@example.jp before applying", "CPI-3"),
    Step("customer", "have the name and the server under one マイページ", "CPI-1, CPI-10"),
    APPLY,
)
CPI_MAILED = (
    Step("seller", "send 申請開始メール", "CPI-12"),
    Step("ca", "from info@jprs.jp) to admin@example.jp", "CPI-2, CPI-3, CPI-4"),
    Step("customer", "press 承認する", "CPI-4, CPI-5", "2026-12-15"),
    Step("customer", "ask CPI to send it again", "CPI-6"),
    Step("customer", "press 承認しない", "CPI-4, CPI-11, CPI-12"),
)
CPI_AFTER = (
    Step("ca", "issue", "CPI-5, CPI-8"),
    Step("seller", "install the certificate, then send 設定完了メール", "CPI-8, CPI-12"),
    Step("customer", "count on the certificate from 設定完了メール on", "CPI-12"),
)
LEFT = Step("customer", "the name left the account", "CPI-1, CPI-2, CPI-11")

CPI: list[Case] = [
    *for_all("cpi-dv", "CPI-1", "the same account: nothing is confirmed, and the name has to stay", ACCOUNT,
             Refused(None), Method("registrar", facts="CPI-1, JPRS-11", ends_on=None),
             Steps(APPLY,
                   Step("seller", "under one マイページID: no confirmation is asked for and no mail comes",
                        "CPI-1, JPRS-11"),
                   Step("customer", "do not transfer the name to another registrar", "CPI-1"), *CPI_AFTER)),
    *for_all("cpi-dv", "CPI-1", "an item that names mail and has the flag set is confirmed so, too",
             {**CPI_MAIL, "options": {"same_account": True}}, HasNot("承認する"),
             Has(Step("seller", "under one マイページID", "CPI-1, JPRS-11"))),
    *for_all("cpi-dv", "CPI-1", "not without the account", {**LINKED, **THEIRS},
             Refused("method_not_allowed", "same_account|CPI-1, CPI-10")),
    *for_all("cpi-dv", "CPI-1", "a transfer away under way opens the mail",
             {**CPI_MAIL, "options": {"same_account": False},
              "order": {"state": "validating", "method": "registrar"}},
             Has(LEFT), Has(CPI_MAILED[1])),
    *for_all("cpi-dv", "CPI-1", "nobody is told so without an order", CPI_MAIL, HasNot("left the account")),
    *for_all("cpi-dv", "CPI-2 CPI-10", "mail to one of five at the name", CPI_MAIL,
             Refused(None), Method("email", facts="CPI-2, CPI-10", words="under one マイページ (CPI-10)"),
             Mailboxes("constructed", "example.jp", "CPI-2, JPRS-3", selectable=True, mailed="chosen", covers="fqdn")),
    *for_all("cpi-dv", "CPI-2", "of a subdomain also at its base domain",
             {**CPI_MAIL, "name": "shop.example.jp"}, Mailboxes("constructed", "shop.example.jp example.jp")),
    *for_all("cpi-dv", "CPI-7", "one name, no star", {**CPI_MAIL, **STAR}, Refused("wildcard_not_sold", "CPI-7")),
    *for_all("cpi-dv", "CPI-7", "one name, no other", {**CPI_MAIL, "dns_names": ["example.jp"],
             "options": {"max_names": 9}},
             Refused("too_many_names", "Split")),
    *for_all("cpi-dv", "CPI-2", "no mailbox in DNS: not documented at CPI", {**TXT, **THEIRS},
             Refused("contact_not_possible", "does not offer it")),
    *for_all("cpi-dv", "CPI-2", "no file: not documented at CPI", {**BY_FILE, **THEIRS}, Refused("method_not_offered")),
    *for_all("cpi-dv", "CPI-3 CPI-4 CPI-5 CPI-6 CPI-7 CPI-8 CPI-10 CPI-11 CPI-12",
             "steps by mail: 25 days, two buttons, three mails of CPI itself", CPI_MAIL,
             Steps(*CPI_BEFORE, *CPI_MAILED, *CPI_AFTER)),
    *for_all("cpi-dv", "CPI-5", "the 25 days count in Japan", {**CPI_MAIL, "as_of": "2026-11-20T15:00:00Z"},
             Has(CPI_MAILED[2]._replace(due="2026-12-16"))),
    *for_all("cpi-dv", "CPI-7", "the common name is fixed once it is validated",
             {**CPI_MAIL, "order": {"state": "issuing", "common_name": "shop.example.jp", "method": "email"}},
             Refused("change_refused", "CPI-7|Apply anew with the other common name")),
    *for_all("cpi-dv", "CPI-8", "CPI makes the key", {**MAIL, "deploy": {"by": "seller"}},
             Refused("custody_not_offered", "key.made_by")),
    *for_all("cpi-dv", "CPI-8", "CPI installs", {**MAIL, "key": {"made_by": "seller"}},
             Refused("custody_not_offered", "deploy.by")),
    *[case for name, base, holder in CPI_HOLDERS
      for case in (
          *for_all("cpi-dv", "CPI-9", f"WHOIS of {base}: {holder}, until 2025-07-05", {**CPI_WHOIS, "name": name},
                   Refused(None), Mailboxes("whois", base, "CPI-2, CPI-9", MASKED, selectable=True, mailed="chosen",
                                            covers="fqdn", holder=holder)),
          *for_all("cpi-dv", "CPI-2 CPI-9", f"WHOIS of {base} is history from 2025-07-06",
                   {**CPI_WHOIS, "name": name, **on("2025-07-06")}, HasNot("make the mailbox"),
                   Refused("contact_not_possible", "the seller offers it no more since 2025-07-06 (CPI-2, CPI-9)")))],
    *for_all("cpi-dv", "CPI-3", "no mailbox is made for WHOIS", CPI_WHOIS, HasNot("make the mailbox")),
    *[case for tld in ("info", "org")
      for case in for_all("cpi-dv", "CPI-9", f"not .{tld}", {**CPI_WHOIS, "name": f"www.example.{tld}"},
                          Mailboxes("whois", ""))],
    *for_all("cpi-dv", "CPI-10", "the end of mail: CPI names no way out; another product has one", CPI_MAIL,
             Cliff("2028-03-15", "ends", "ask the seller|jprs-dv")),
    *for_all("cpi-dv", "CPI renewal", "nothing is renewed by itself", CPI_MAIL,
             Renewal("lapses", "CPI renewal", "CPI renews nothing by itself")),
    *for_all("cpi-dv", "JPRS notice 2025-11-27", "its CA's arithmetic", CPI_MAIL,
             Is("validity.not_after", "2027-04-30T14:59:59Z")),
]  # fmt: skip
