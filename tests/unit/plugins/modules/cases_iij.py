# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents of IIJ's managed service say, as cases."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_jprs_cpi import STAR, on, organization
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
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import DNS, by_mail

DIGICERT_OV = "iij-digicert-secure-server-id iij-digicert-global-server-id"
DIGICERT_EV = "iij-digicert-secure-server-id-ev iij-digicert-global-server-id-ev"
DIGICERT = f"{DIGICERT_OV} {DIGICERT_EV}"
CYBERTRUST = "iij-cybertrust-sureserver-cloud iij-cybertrust-sureserver-cloud-ev"
GLOBALSIGN_STARS = "iij-globalsign-ov-wildcard iij-globalsign-quick-dv-wildcard"
GLOBALSIGN_PLAIN = "iij-globalsign-ov iij-globalsign-quick-dv"
GLOBALSIGN = f"{GLOBALSIGN_PLAIN} {GLOBALSIGN_STARS}"
QUICK = "iij-globalsign-quick-dv iij-globalsign-quick-dv-wildcard"
PLAIN = f"{DIGICERT} {CYBERTRUST} {GLOBALSIGN_PLAIN}"
AGENCY = f"{PLAIN} {GLOBALSIGN_STARS}"

ANY: dict[str, t.Any] = {"validation": {"method": "email"}}
MAIL: dict[str, t.Any] = {"validation": by_mail("admin@example.jp")}
TXT: dict[str, t.Any] = {"validation": by_mail("pki@example.com", "txt")}
WHOIS: dict[str, t.Any] = {"validation": by_mail(None, "whois")}
SOA: dict[str, t.Any] = {"validation": by_mail(None, "soa")}
THEIR_KEY: dict[str, t.Any] = {"key": {"made_by": "seller"}}
LINKED: dict[str, t.Any] = {"deploy": {"by": "seller"}}
#: it ends on 2026-12-15 in Japan: the window of a renewal is from 2026-11-15 to 2026-11-24
LIVE: dict[str, t.Any] = {
    "live": {"not_before": "2026-06-01T00:00:00Z", "not_after": "2026-12-15T14:59:59Z", "dns_names": ["www.example.jp"]}
}
STAR_LIVE: dict[str, t.Any] = {"live": {**LIVE["live"], "dns_names": ["*.example.jp"]}}
REISSUE: dict[str, t.Any] = {
    "live": {**LIVE["live"], "matches": False, "not_after": "2027-05-15T14:59:59Z"},
    "contract_ends": "2027-05-15T14:59:59Z",
}
PUBLIC = "the public contact (公開連絡窓口)"
EITHER = "the registrant or the technical contact (登録担当者, 技術連絡担当者)"
TWO = "the administrative and the technical contact"
NOT_ANSWERED = "approval scope, reuse of a validation, methods without mail and presetting the recipient"
WHICH = "ask the seller which one counts"


def whois_cases(products: str, facts: str, geographic: bool, holders: tuple[str, str, str], until: str, after: str,
                **same: t.Any) -> list[Case]:  # fmt: skip
    """Who is mailed by WHOIS: public, organisational (geographic: the same, or nobody), gTLD; until a day."""
    names = [("www.example.jp", "example.jp", holders[0]), ("www.example.co.jp", "example.co.jp", holders[1]),
             ("www.example.org", "example.org", holders[2])]  # fmt: skip
    geo = "example.chiyoda.tokyo.jp"
    names += [(geo, geo, holders[1])] if geographic else []
    said, told = facts.split(", ")[0], f"the seller offers it no more since {after} ({facts})"
    found = [
        case
        for name, base, holder in names
        for case in (
            *for_all(products, said, f"WHOIS of {base}: {holder}", {**WHOIS, **on(until), "name": name}, Refused(None),
                     Mailboxes("whois", base, facts, holder=holder, allowed=True, covers="fqdn", **same)),
            *for_all(products, f"{said} IIJ-19", f"WHOIS of {base} is history from {after}",
                     {**WHOIS, **on(after), "name": name}, Refused("contact_not_possible", told),
                     Mailboxes("whois", base, allowed=False)),
        )
    ]  # fmt: skip
    if not geographic:
        found += for_all(products, said, "nobody is named for geographic JP", {**WHOIS, **on(until), "name": geo},
                         Mailboxes("whois", ""))  # fmt: skip
    return found


#: what is said of the mail, and of nothing else
BY_MAIL_ONLY = (
    "one-time URL",
    "approve by",
    "approve as",
    "for another recipient",
    "recipient or method to the seller",
    "added name",
)


# -- mailboxes --------------------------------------------------------------------------------------------------------

WHOIS_FIRST = Step("ca", "mail the registrant's addresses in WHOIS first", "IIJ-3")
CHOSEN = {"selectable": True, "mailed": "chosen"}
CONTACTS: list[Case] = [
    *for_all(PLAIN, "IIJ-1", "no star", {**STAR, **TXT}, Refused("wildcard_not_sold")),
    *for_all(GLOBALSIGN_STARS, "IIJ-1", "the wildcard option is for a star", TXT, Refused("wildcard_not_sold",
             "IIJ-1")),
    *for_all(GLOBALSIGN_STARS, "IIJ-1", "and for one name", {**STAR, **TXT, "dns_names": ["example.jp"],
             "options": {"max_names": 9}},
             Refused("too_many_names", "Split")),
    *for_all(f"{DIGICERT} {GLOBALSIGN_PLAIN}", "IIJ-9", "the name of the contract", {**TXT,
             "dns_names": ["example.jp"], "options": {"max_names": 9}},
             Refused("too_many_names", "Split")),
    *for_all(DIGICERT, "IIJ-2", "nobody has to be chosen", ANY, Refused(None)),
    *for_all(DIGICERT, "IIJ-2", "mail goes to all, at www and above it", ANY,
             Mailboxes("constructed", "www.example.jp example.jp", "IIJ-2", selectable=False, mailed="all",
                       covers="fqdn"),
             Mailboxes("txt", "www.example.jp", "IIJ-2, IIJ-5, IIJ-24", WHICH, selectable=False, mailed="all",
                       covers="fqdn"),
             Method("email", facts="IIJ-2, IIJ-24", words=NOT_ANSWERED)),
    *for_all(DIGICERT, "IIJ-2", "at a subdomain only there, not at the base domain", {**ANY, "name": "sub.example.jp"},
             Mailboxes("constructed", "sub.example.jp"), Mailboxes("txt", "sub.example.jp", reasons=WHICH)),
    *for_all(DIGICERT, "IIJ-2", "www of a subdomain is no www of the base domain", {**ANY, "name": "www.a.example.jp"},
             Mailboxes("constructed", "www.a.example.jp")),
    *whois_cases(DIGICERT, "IIJ-2, IIJ-19", True, (PUBLIC, EITHER, TWO), "2025-07-14",
                 "2025-07-15", selectable=False, mailed="all"),
    *for_all(CYBERTRUST, "IIJ-3", "nobody is named: the seller tells, TXT is recommended", ANY, Refused(None),
             Method("email", facts="IIJ-3, IIJ-24", words=NOT_ANSWERED), Mailboxes("constructed", ""),
             Mailboxes("txt", "www.example.jp", "IIJ-3, IIJ-5, IIJ-24", f"since WHOIS ended, the seller tells|{WHICH}",
             selectable=False,
                       mailed="on_request", covers="fqdn", allowed=True)),
    *for_all(CYBERTRUST, "IIJ-3", "while WHOIS lived, TXT was at hand in advance", {**TXT, **on("2025-06-24")},
             Refused(None), Has(WHOIS_FIRST)),
    *for_all(CYBERTRUST, "IIJ-3", "so at a renewal", {**TXT, **on("2025-06-24"), "expires": "2025-07-24T00:00:00Z"},
             Has(WHOIS_FIRST)),
    *for_all(CYBERTRUST, "IIJ-3", "of the mail only", {"validation": DNS, **on("2025-06-24"),
             "options": {"www_option": True}},
             HasNot("WHOIS first"), HasNot("added name")),
    *for_all(CYBERTRUST, "IIJ-3", "and not any more", {**TXT, **on("2025-06-25")}, Refused(None),
             HasNot("WHOIS first")),
    *whois_cases(CYBERTRUST, "IIJ-3, IIJ-19", False,
                 (PUBLIC, "the registrant and the technical contact, both (登録担当者, 技術連絡担当者)",
                  "the registrant, the administrative and technical contact"),
                 "2025-06-24", "2025-06-25", selectable=False, mailed="first"),
    *for_all(GLOBALSIGN_PLAIN, "IIJ-4", "承認メールアドレス is chosen", ANY,
             Refused("no_contact", "admin@example.jp|kind txt")),
    *for_all(GLOBALSIGN_PLAIN, "IIJ-4", "a constructed address, at the base domain too", MAIL, Refused(None),
             Mailboxes("constructed", "www.example.jp example.jp", "IIJ-4", covers="fqdn", **CHOSEN),
             Method("email", facts="IIJ-4, IIJ-24", words=NOT_ANSWERED)),
    *for_all(GLOBALSIGN_PLAIN, "IIJ-4 IIJ-5", "the TXT contact", TXT, Refused(None),
             Mailboxes("txt", "www.example.jp", "IIJ-4, IIJ-5, IIJ-24", WHICH, covers="fqdn", **CHOSEN),
             Is("records", [{"name": "_validation-contactemail.www.example.jp", "type": "TXT",
                             "value": "pki@example.com", "standing": True}])),
    *for_all(GLOBALSIGN_STARS, "IIJ-4 IIJ-5", "of a wildcard without its star", {**STAR, **TXT}, Refused(None),
             Mailboxes("txt", "example.jp", reasons=WHICH), Mailboxes("constructed", "example.jp")),
    *whois_cases(GLOBALSIGN_PLAIN, "IIJ-4, IIJ-19", True, (PUBLIC, EITHER, TWO), "2025-07-14",
                 "2025-07-15", **CHOSEN),
    *for_all(GLOBALSIGN_PLAIN, "IIJ-6", "the mailbox of RNAME, of its owner's own", {**SOA, **on("2025-07-14")},
             Refused(None),
             Mailboxes("soa", "example.jp", "IIJ-4, IIJ-6", "without the word of its owner", covers="fqdn",
                       holder="the mailbox of RNAME, its first dot read as @", **CHOSEN)),
    *[case for day in ("2025-07-15", "2026-11-20")
      for case in for_all(GLOBALSIGN_PLAIN, "IIJ-6", f"still in the document, and history since 2025-07-15 ({day})",
                          {**SOA, **on(day)},
                          Refused("contact_not_possible", "MUST NOT be relied on since 2025-07-15|the seller's"
                                  " documents still offer it (IIJ-4, IIJ-6), the rule of the day counts"),
                          Mailboxes("soa", "example.jp", reasons="still offer it", allowed=False))],
    *for_all(DIGICERT, "IIJ-5", "any mailbox, in any domain", TXT, Refused(None),
             Has(Step("customer", "publish pki@example.com in DNS, at the contract's common name",
                      "IIJ-5, BR 3.2.2.4.14, BR 3.2.2.9"))),
    *for_all(PLAIN, "IIJ-24", "no method without mail is documented", {"validation": DNS},
             Refused("method_not_offered"), *[HasNot(words) for words in BY_MAIL_ONLY]),
    *for_all(GLOBALSIGN_STARS, "IIJ-24", "nor with the wildcard option", {**STAR, "validation": DNS},
             Refused("method_not_offered")),
]  # fmt: skip


# -- steps ------------------------------------------------------------------------------------------------------------

IN_TWO_WEEKS, IN_THREE, IN_30_DAYS = "2026-12-04", "2026-12-11", "2026-12-20"
READ = Step("customer", "see that mail to admin@example.jp arrives and is read", "IIJ-14")
PUBLISHED = Step("customer", "publish pki@example.com in DNS", "IIJ-5, BR 3.2.2.4.14, BR 3.2.2.9")
LAST_TIME = Step("customer", "IIJサーバ証明書管理サービス > 前回申請情報の確認", "IIJ-23")
OWN_CSR = Step("customer", "choose お客様がCSRを作成: the old CSR would be taken, a new one is recommended", "IIJ-10")
REGISTER = Step("customer", "register the application data for www.example.jp", "IIJ-1, IIJ-14")
PROCEDURE = Step("customer", "do the renewal procedure", "IIJ-9, IIJ-20", "2026-11-24", "2026-11-15")
ANSWER = Step(
    "customer", "cancel (解約) if not: who says nothing is renewed", "IIJ-11, IIJ-20", "2026-11-19", "2026-11-15"
)
HAND_IN = Step("customer", "hand in the own CSR within the window", "IIJ-11, IIJ-20", "2026-11-24")
APPLY_REISSUE = Step("customer", "apply for the reissue (再発行)", "IIJ-11, IIJ-13")
IIJ_KEY = Step("seller", "make a new key and a new CSR (IIJがCSRを作成)", "IIJ-10, IIJ-11")
APPLIED = Step("seller", "apply to the CA", "IIJ-1")
DIGICERT_MAIL = (
    Step("ca", "mail a one-time URL to all recipients at once", "IIJ-2", IN_TWO_WEEKS),
    Step("customer", "approve by the URL in any one of the mails", "IIJ-2, IIJ-14", IN_TWO_WEEKS),
)
TELL = Step("seller", "ask for another recipient or method", "IIJ-3")
NAME_IT = Step("customer", "the TXT contact pki@example.com is recommended", "IIJ-3")
CYBERTRUST_MAIL = (TELL, NAME_IT, Step("customer", "approve as the mail says", "IIJ-3, IIJ-14", IN_TWO_WEEKS))
GLOBALSIGN_MAIL = (
    Step("customer", "register admin@example.jp as 承認メールアドレス", "IIJ-4"),
    Step("ca", "mail the approval link to admin@example.jp", "IIJ-4"),
    Step("customer", "it is valid for 30 days, then the mail has to be asked for", "IIJ-4, GlobalSign approval",
         IN_30_DAYS),
)  # fmt: skip
ASKED = (
    Step("ca", "ask for the domain right (mail), the will to apply (phone or mail) and documents", "IIJ-14",
         IN_TWO_WEEKS),
    Step("customer", "be ready for the call to 03-1234-5678, the main number of 例示株式会社 in 帝国データバンク",
         "IIJ-15",
         IN_TWO_WEEKS),
    Step("customer", "give documents, if asked for, to IIJ's sales contact", "IIJ-17", IN_TWO_WEEKS),
)  # fmt: skip
EV_MAIL = Step("customer", "山田花子 approves the application itself by a second mail, to hanako@example.jp", "IIJ-16",
               IN_TWO_WEEKS)  # fmt: skip
QUICK_ASKED = (
    Step("ca", "mail for the domain at once", "IIJ-14"),
    Step("customer", "expect no call", "IIJ-15"),
)
ISSUED = Step("ca", "issue, about a week after the answers", "IIJ-14", IN_THREE)
SOON = Step("ca", "issue soon after the approval", "IIJ-14")
INSTALL = Step("customer", "fetch the certificate from IIJサービスオンライン and install it", "IIJ-18")
INSTALL_BOTH = Step("customer", "fetch certificate and key from IIJサービスオンライン", "IIJ-11, IIJ-18")
INSTALLED = Step("seller", "install it on the linked service", "IIJ-18")
WWW_LINKED = Step("customer", "IIJ GIOコンテンツアクセラレーション", "IIJ-13")


def who(words: str) -> Step:
    return Step("customer", f"see that 山田花子 is somebody whom the CA takes as 申請責任者: {words}", "IIJ-22")


WHO_D, WHO_C, WHO_G = who("knowledge.digicert.com SO23345"), who("SureBoard 申請項目一覧"), who("FAQ 348, 技術担当者")
NEW = (OWN_CSR, REGISTER, APPLIED)
RENEWED = (LAST_TIME, OWN_CSR, PROCEDURE, ANSWER, HAND_IN, APPLIED)
CHANGE = Step("customer", "change it to admin@example.jp within the window; outside of it IIJ can", "IIJ-4, IIJ-20",
              "2026-11-24", "2026-11-15")  # fmt: skip
CONFIRM_WWW = Step("customer", "be ready to confirm the added name too", "IIJ-13")
WITH_WWW = {**TXT, "dns_names": ["example.jp"], "options": {"www_option": True}}

STEPS: list[Case] = [
    *for_all(DIGICERT_OV, "IIJ-2 IIJ-10 IIJ-14 IIJ-15 IIJ-17 IIJ-18 IIJ-22", "DigiCert OV, the first time",
             {**MAIL, **organization()}, Steps(READ, WHO_D, *NEW, *DIGICERT_MAIL, *ASKED, ISSUED, INSTALL)),
    *for_all(DIGICERT_EV, "IIJ-16", "DigiCert EV: a second mail, to 申請責任者", {**TXT, **organization()},
             Steps(PUBLISHED, WHO_D, *NEW, *DIGICERT_MAIL, *ASKED, EV_MAIL, ISSUED, INSTALL)),
    *for_all(CYBERTRUST, "IIJ-3", "Cybertrust, the first time", {**TXT, **organization()},
             Steps(PUBLISHED, WHO_C, *NEW, *CYBERTRUST_MAIL, *ASKED, ISSUED, INSTALL)),
    *for_all("iij-globalsign-ov", "IIJ-4 GlobalSign approval", "GlobalSign OV, the first time",
             {**MAIL, **organization()}, Steps(READ, WHO_G, *NEW, *GLOBALSIGN_MAIL, *ASKED, ISSUED, INSTALL)),
    *for_all("iij-globalsign-ov-wildcard", "IIJ-4", "with the wildcard option", {**STAR, **MAIL, **organization()},
             Steps(READ, WHO_G, OWN_CSR, REGISTER._replace(words="for *.example.jp"), APPLIED, *GLOBALSIGN_MAIL, *ASKED,
                   ISSUED, INSTALL)),
    *for_all("iij-globalsign-quick-dv", "IIJ-14 IIJ-15", "クイック認証SSL: at once, no call", {**MAIL,
             **organization()},
             Steps(READ, *NEW, *GLOBALSIGN_MAIL, *QUICK_ASKED, SOON, INSTALL)),
    *for_all("iij-globalsign-quick-dv", "IIJ-5", "the TXT contact of クイック認証SSL is published first", TXT,
             Has(PUBLISHED)),
    *for_all("iij-globalsign-quick-dv-wildcard", "IIJ-14 IIJ-15", "with the wildcard option", {**STAR, **MAIL},
             Steps(READ, OWN_CSR, REGISTER._replace(words="for *.example.jp"), APPLIED, *GLOBALSIGN_MAIL, *QUICK_ASKED,
                   SOON, INSTALL)),
    *for_all(DIGICERT_OV, "IIJ-10 IIJ-11 IIJ-18", "IIJがCSRを作成: IIJ makes the key, both are fetched",
             {**MAIL, **THEIR_KEY, **organization()},
             Steps(READ, WHO_D, REGISTER, IIJ_KEY, APPLIED, *DIGICERT_MAIL, *ASKED, ISSUED, INSTALL_BOTH)),
    *for_all(DIGICERT_OV, "IIJ-18", "a linked service is served by IIJ", {**MAIL, **THEIR_KEY, **LINKED},
             Has(INSTALLED), HasNot("fetch")),
    *for_all(DIGICERT_OV, "IIJ-9 IIJ-11 IIJ-20 IIJ-23", "a renewal: 30, 26 and 21 days before the end",
             {**MAIL, **LIVE, **organization()},
             Steps(READ, WHO_D, LAST_TIME, OWN_CSR, PROCEDURE, ANSWER, HAND_IN, APPLIED, *DIGICERT_MAIL, *ASKED, ISSUED,
                   INSTALL)),
    *for_all(DIGICERT_OV, "IIJ-10 IIJ-11 IIJ-18", "a renewal whose key IIJ makes",
             {**MAIL, **LIVE, **THEIR_KEY, **organization()},
             Steps(READ, WHO_D, LAST_TIME, PROCEDURE, ANSWER, IIJ_KEY, APPLIED, *DIGICERT_MAIL, *ASKED, ISSUED,
                   INSTALL_BOTH)),
    *for_all(DIGICERT_OV, "IIJ-18", "a renewal on a linked service", {**MAIL, **LIVE, **LINKED, **organization()},
             Steps(READ, WHO_D, *RENEWED, *DIGICERT_MAIL, *ASKED, ISSUED, INSTALLED)),
    *for_all(DIGICERT_EV, "IIJ-16", "a renewal of EV", {**TXT, **LIVE, **organization()},
             Steps(PUBLISHED, WHO_D, *RENEWED, *DIGICERT_MAIL, *ASKED, EV_MAIL, ISSUED, INSTALL)),
    *for_all(CYBERTRUST, "IIJ-3 IIJ-13", "a renewal at Cybertrust, with the www option",
             {**WITH_WWW, **LINKED, **organization(), "live": {**LIVE["live"], "dns_names": ["www.example.jp",
                                                                                             "example.jp"]}},
             Steps(PUBLISHED, WHO_C, *RENEWED, *CYBERTRUST_MAIL, CONFIRM_WWW, *ASKED, ISSUED, INSTALLED, WWW_LINKED)),
    *for_all("iij-globalsign-ov", "IIJ-4", "a renewal at GlobalSign", {**MAIL, **LIVE, **organization()},
             Steps(READ, WHO_G, *RENEWED, CHANGE, *GLOBALSIGN_MAIL[1:], *ASKED, ISSUED, INSTALL)),
    *for_all("iij-globalsign-quick-dv", "IIJ-4 IIJ-14", "a renewal of クイック認証SSL", {**MAIL, **LIVE},
             Steps(READ, *RENEWED, CHANGE, *GLOBALSIGN_MAIL[1:], *QUICK_ASKED, SOON, INSTALL)),
    *for_all(DIGICERT_OV, "IIJ-10 IIJ-11", "a renewal whose key IIJ makes needs no CSR",
             {**MAIL, **LIVE, **THEIR_KEY}, HasNot("hand in the own CSR"), HasNot("お客様がCSRを作成")),
    *for_all(DIGICERT_OV, "IIJ-18", "nothing is fetched for a linked service", {**MAIL, **LINKED}, Has(INSTALLED),
             HasNot("fetch")),
    *for_all(DIGICERT_OV, "IIJ-11", "a contract that is longer than the certificate is renewed, not reissued",
             {**MAIL, **LIVE, "contract_ends": "2028-05-15T00:00:00Z"}, Due("window_open", kind="renew")),
    *for_all("iij-globalsign-ov", "IIJ-4 IIJ-20", "a renewal: 承認メールアドレス changes within the window only",
             {**MAIL, **LIVE},
             Has(Step("customer", "change it to admin@example.jp within the window; outside of it IIJ can",
                      "IIJ-4, IIJ-20", "2026-11-24", "2026-11-15")),
             HasNot("register admin@example.jp")),
    *for_all(DIGICERT_OV, "IIJ-11 IIJ-13 IIJ-23", "a reissue is applied for", {**MAIL, **REISSUE},
             Has(APPLY_REISSUE), Has(LAST_TIME), HasNot("renewal procedure"), Due("key_mismatch", kind="reissue")),
    *for_all(CYBERTRUST, "IIJ-13", "the www option adds a name, which may need its own confirmation", WITH_WWW,
             Refused(None),
             Is("records", [{"name": f"_validation-contactemail.{name}", "type": "TXT", "value": "pki@example.com",
                             "standing": True} for name in ("www.example.jp", "example.jp")]),
             Has(Step("customer", "be ready to confirm the added name too", "IIJ-13")), HasNot("contract FQDN")),
    *for_all(CYBERTRUST, "IIJ-13", "a linked service does not serve the added name", {**WITH_WWW, **LINKED},
             Has(WWW_LINKED)),
    *for_all(CYBERTRUST, "IIJ-13", "nobody is told so without the option", {**TXT, **LINKED}, HasNot("added name"),
             HasNot("contract FQDN")),
    *for_all(CYBERTRUST, "IIJ-13", "the added name by the option only", {**TXT, "dns_names": ["example.jp"]},
             Refused("name_not_sold", "IIJ-13|options.www_option")),
    *for_all(CYBERTRUST, "IIJ-13", "not at a reissue: it keeps the last setting",
             {**WITH_WWW, **REISSUE, "live": {**REISSUE["live"], "dns_names": ["www.example.jp", "example.jp"]},
              "previous": {"options": {"www_option": False}}},
             Refused("change_refused", "options.www_option|reissue|IIJ-13|at the next renewal")),
    *for_all(CYBERTRUST, "IIJ-13", "at a renewal it is chosen anew",
             {**WITH_WWW, **LIVE, "previous": {"options": {"www_option": False}}}, Refused(None)),
]  # fmt: skip


# -- renewal, validity ------------------------------------------------------------------------------------------------

MANAGERS = "the operations managers (運用管理担当者) of the service group and of the service"


def stopped(products: str, *periods: str) -> list[Case]:
    return [
        case
        for period in (*periods, "1y")
        for case in for_all(
            products, "IIJ-21", f"{period} is renewed as {'last' if period == '1y' else '1y'}",
            {**TXT, "options": {"period": period}},
            Is("renewal.if_ignored", {"outcome": "renews", "key_made_by": "seller",
                                      "period": "last" if period == "1y" else "1y"}))
    ]  # fmt: skip


def ends(products: str, facts: str, says: str, asks: dict[str, t.Any], not_after: str) -> list[Case]:
    return for_all(products, facts, says, {**TXT, **asks}, Is("validity.not_after", not_after))


#: a certificate that ends 40 days after 2025-06-01, before the caps
OLD: dict[str, t.Any] = {
    "as_of": "2025-06-01T00:00:00Z",
    "live": {"not_before": "2024-07-01T00:00:00Z", "not_after": "2025-07-11T00:00:00Z"},
}
RENEWAL: list[Case] = [
    *for_all(AGENCY, "IIJ-7 IIJ-9 IIJ-11 IIJ-20 IIJ-21",
             "two notices, the window, the day to cancel, what stays, and what happens if nobody acts", {**TXT,
                                                                                                         **EXPIRES},
             Renewal("renews", "IIJ-7, IIJ-11, IIJ-20, IIJ-21, IIJ-9",
                     "with last time's data and a key that IIJ makes, unless 不承認 is answered when the CA asks",
                     notices=[{"date": "2026-11-10", "to": MANAGERS}, {"date": "2026-11-15", "to": MANAGERS}],
                     opens="2026-11-15", closes="2026-11-24", cancel_by="2026-11-19", key="seller", period="last",
                     immutable=["product", "common_name", "options.linked_service"])),
    *for_all(PLAIN, "IIJ-9", "no other common name at a renewal",
             {**TXT, **LIVE, "previous": {"common_name": "shop.example.jp"}},
             Refused("change_refused", "IIJ-9|Apply anew for the other name")),
    *for_all(GLOBALSIGN_STARS, "IIJ-9", "nor with the wildcard option",
             {**STAR, **TXT, **STAR_LIVE, "previous": {"common_name": "*.example.com"}},
             Refused("change_refused", "IIJ-9|Apply anew for the other name")),
    *for_all(PLAIN, "IIJ-9", "no other product at a renewal", {**TXT, **LIVE, "previous": {"product": "iij-byo"}},
             Refused("change_refused", "IIJ-9|Apply anew for the other product")),
    *for_all(PLAIN, "IIJ-9", "nor another name in between, by a reissue",
             {**TXT, "live": {**REISSUE["live"], "dns_names": ["shop.example.jp"]},
              "previous": {"common_name": "shop.example.jp"}},
             Refused("change_refused", "IIJ-9|Apply anew for the other name|at a reissue")),
    *for_all(PLAIN, "IIJ-9", "nor another product",
             {**TXT, "live": REISSUE["live"], "previous": {"product": "iij-byo"}},
             Refused("change_refused", "IIJ-9|Apply anew for the other product|at a reissue")),
    *for_all(PLAIN, "IIJ-9", "no other linked service at a renewal",
             {**TXT, **LIVE, "options": {"linked_service": "new"}, "previous": {"options": {"linked_service": "old"}}},
             Refused("change_refused", "IIJ-9|by its own procedure")),
    *for_all(DIGICERT, "IIJ-9", "the period may change",
             {**TXT, **LIVE, "options": {"period": "1y"}, "previous": {"options": {"period": "6m"}}}, Refused(None)),
    *for_all(PLAIN, "IIJ-10 IIJ-18", "either makes the key, either installs", {**TXT, **THEIR_KEY, **LINKED},
             Refused(None)),
    *stopped(DIGICERT, "2y"),
    *stopped(CYBERTRUST, "2y", "3y"),
    *stopped(GLOBALSIGN_PLAIN, "2y", "3y", "4y", "5y"),
    *ends(DIGICERT, "IIJ-8", "DigiCert: issue + 365 d 23:59:59", {"as_of": "2025-06-01T00:00:00Z"},
          "2026-06-01T23:59:59Z"),
    *ends(DIGICERT, "IIJ-8", "the cap of 398 days wins over the days left", OLD, "2026-07-03T23:59:59Z"),
    *ends(DIGICERT, "IIJ-8", "and the days left",
          {**OLD, "live": {**OLD["live"], "not_after": "2025-06-11T00:00:00Z"}}, "2026-06-11T23:59:59Z"),
    *ends(DIGICERT, "IIJ-8 DigiCert cert_validity", "199 days since 2026-02-24", on("2026-02-24"),
          "2026-09-11T02:59:59Z"),
    *ends(DIGICERT, "IIJ-8", "not yet on 2026-02-23", on("2026-02-23"), "2027-02-24T02:59:59Z"),
    *ends(CYBERTRUST, "IIJ-8", "Cybertrust: old expiry + 1 year, under the cap", OLD, "2026-07-03T23:59:59Z"),
    *ends(CYBERTRUST, "IIJ-8", "old expiry + 1 year",
          {**OLD, "live": {**OLD["live"], "not_after": "2025-06-11T00:00:00Z"}}, "2026-06-11T00:00:00Z"),
    *ends(CYBERTRUST, "IIJ-8", "old expiry + 6 months", {**OLD, "options": {"period": "6m"}}, "2026-01-11T00:00:00Z"),
    *ends(GLOBALSIGN_PLAIN, "IIJ-8", "GlobalSign 1 year: issue + 397 d, whatever is left", OLD, "2026-07-03T00:00:00Z"),
    *ends(GLOBALSIGN_PLAIN, "IIJ-8", "6 months: issue + 214 d + days left", {**OLD, "options": {"period": "6m"}},
          "2026-02-10T00:00:00Z"),
    *for_all(DIGICERT_OV, "IIJ-24", "the end of mail", TXT, Cliff("2028-03-15", "ends",
             "ask the seller|digicert-ov|iij-byo")),
    *for_all(DIGICERT_EV, "IIJ-24", "the end of mail", TXT, Cliff("2028-03-15", "ends",
             "ask the seller|digicert-ev|iij-byo")),
    *for_all("iij-cybertrust-sureserver-cloud", "IIJ-24", "the end of mail", TXT,
             Cliff("2028-03-15", "ends", "ask the seller|iij-byo")),
    *for_all("iij-cybertrust-sureserver-cloud-ev", "IIJ-24", "the end of mail", TXT,
             Cliff("2028-03-15", "ends", "ask the seller|iij-byo")),
    *for_all("iij-globalsign-ov", "IIJ-24", "the end of mail", TXT,
             Cliff("2028-03-15", "ends", "ask the seller|globalsign-ov|iij-byo")),
    *for_all("iij-globalsign-ov-wildcard", "IIJ-24", "the end of mail", {**STAR, **TXT},
             Cliff("2028-03-15", "ends", "ask the seller|globalsign-ov|iij-byo")),
    *for_all("iij-globalsign-quick-dv", "IIJ-24", "the end of mail", TXT,
             Cliff("2028-03-15", "ends", "ask the seller|globalsign-dv|iij-byo")),
    *for_all("iij-globalsign-quick-dv-wildcard", "IIJ-24", "the end of mail", {**STAR, **TXT},
             Cliff("2028-03-15", "ends", "ask the seller|globalsign-dv|iij-byo")),
]  # fmt: skip


# -- brought ----------------------------------------------------------------------------------------------------------

BYO_GOT = Step("customer", "get a certificate for www.example.jp, the contract's common name, from any CA",
               "IIJ-1, IIJ-12, IIJ-15, IIJ-22")  # fmt: skip
BYO_PAPERS = Step("customer", "give documents, if asked for, to the CA itself", "IIJ-17")
BYO_IN = Step("customer", "register certificate and key at IIJ before the old certificate ends", "IIJ-11, IIJ-12")
BYO_OUT = Step("customer", "install it on the servers", "IIJ-18")
BYO_LAST = Step("customer", "サーバ証明書・秘密鍵の確認(前回登録情報)", "IIJ-23")
BYO: list[Case] = [
    *for_all("iij-byo", "IIJ-1 IIJ-11 IIJ-12 IIJ-17 IIJ-18", "steps of a brought certificate", {"issued_from": "y"},
             Refused(None), Steps(BYO_GOT, BYO_PAPERS, BYO_IN, BYO_OUT)),
    *for_all("iij-byo", "IIJ-23", "of a renewal, by the end of the old one", {"issued_from": "y", **LIVE},
             Steps(BYO_LAST, BYO_GOT, BYO_PAPERS, BYO_IN._replace(due="2026-12-15"), BYO_OUT)),
    *for_all("iij-byo", "IIJ-18", "a linked service is served by IIJ", {"issued_from": "y", **LINKED, **EXPIRES},
             Refused(None),
             Has(INSTALLED),
             HasNot("install it on the servers")),
    *for_all("iij-byo", "IIJ-13", "the www option is asked of Cybertrust",
             {"issued_from": "y", "dns_names": ["example.jp"], "options": {"www_option": True}, **EXPIRES},
             Refused(None), Has(Step("customer", "for the www option ask Cybertrust itself", "IIJ-13"))),
    *for_all("iij-byo", "IIJ-12", "other names and stars may be in it",
             {"issued_from": "y", "dns_names": ["example.com", "*.example.jp"]}, Refused(None)),
    *for_all("iij-byo", "IIJ-12", "100 names at most, unless told otherwise",
             {"issued_from": "y", "dns_names": [f"a{number}.example.jp" for number in range(100)]},
             Refused("too_many_names", "options.max_names")),
    *for_all("iij-byo", "IIJ-12", "not more than told",
             {"issued_from": "y", "dns_names": ["a.example.jp"], "options": {"max_names": 1}},
             Refused("too_many_names")),
    *for_all("iij-byo", "IIJ-12", "of the contract's common name",
             {"issued_from": "y", "common_name_of_y": "shop.example.jp"}, Refused("other_common_name",
                                                                                  "IIJ-1, IIJ-9, IIJ-12")),
    *for_all("iij-byo", "IIJ-9 IIJ-12", "no other common name at a renewal",
             {"issued_from": "y", **LIVE, "previous": {"common_name": "shop.example.jp"}},
             Refused("change_refused", "IIJ-9|Apply anew")),
    *for_all("iij-byo", "IIJ-1", "IIJ makes no key for it", {"issued_from": "y", **THEIR_KEY},
             Refused("custody_not_offered", "key.made_by|IIJ-1, IIJ-18")),
    *for_all("iij-byo", "IIJ-7 IIJ-11", "a notice 90 days before; nothing renews it",
             {"issued_from": "y", **EXPIRES},
             Renewal("lapses", "IIJ-7, IIJ-11, IIJ-9",
                     "the contract goes on after the certificate ended, nothing renews the certificate",
                     notices=[{"date": "2026-09-16", "to": MANAGERS}],
                     immutable=["product", "common_name", "options.linked_service"])),
    *for_all("iij-byo", "IIJ-12", "its validity is its own, under the cap", {"issued_from": "y"},
             Is("validity.not_after", "2027-06-07T23:59:59Z")),
]  # fmt: skip

IIJ: list[Case] = CONTACTS + STEPS + RENEWAL + BYO
