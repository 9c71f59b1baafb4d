# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validation methods of the Baseline Requirements, section 3.2.2.4, one row a method.

State of knowledge: 2026-11-20, BR 2.3.1 (ballot SC-104, effective 2026-10-04). A date is 00:00:00 UTC (BR 1.6.4): a
rule holds on day D when D >= the date, and D is the day of issue.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

BR_VERSION = "2.3.1"
BR_EFFECTIVE = date(2026, 10, 4)
KNOWN_ON = date(2026, 11, 20)


class MethodRule(t.NamedTuple):
    """One method of BR 3.2.2.4.

    id                               its section; it names the method everywhere
    since                            the first day it may be used, where that day is later than 2024-01-01
    retired                          gone today; without must_not_rely_from: so long ago that the day is not needed
    discouraged_from                 SHOULD NOT from that day
    must_not_rely_from               MUST NOT from that day
    prior_validations_unusable_from  validations made earlier die that day too: no grace by data reuse
    wildcard, onion                  the ticks of the table in BR 3.2.2.4
    prune                            the Authorization Domain Name may be an ancestor, down to the Base Domain Name
    base_domain_only                 the Authorization Domain Name must be a Base Domain Name
    adn_cname_step                   the Authorization Domain Name may be a CNAME target (never for a wildcard name)
    mpic_required                    remote perspectives must see it too (BR 3.2.2.9)
    challenge_max_days               how long a Random Value or token lives
    reuse_cap_days                   stricter than the general reuse limit
    caa_label                        RFC 8657 validationmethods, where ACME has no word (SC-098v2)
    acme_challenge                   the ACME challenge type that is this method
    lookup                           where the CA looks
    source                           ballot and text
    """

    id: str
    title: str
    caa_label: str
    source: str
    since: date | None = None
    retired: bool = False
    discouraged_from: date | None = None
    must_not_rely_from: date | None = None
    prior_validations_unusable_from: date | None = None
    wildcard: bool = False
    prune: bool = False
    base_domain_only: bool = False
    adn_cname_step: bool = False
    onion: bool = False
    mpic_required: bool = False
    challenge_max_days: int | None = None
    reuse_cap_days: int | None = None
    acme_challenge: str | None = None
    lookup: str | None = None


METHOD_RULES: tuple[MethodRule, ...] = (
    MethodRule(
        id="3.2.2.4.1",
        title="Applicant is Domain Contact",
        retired=True,
        must_not_rely_from=date(2018, 8, 1),
        prior_validations_unusable_from=date(2018, 8, 1),
        caa_label="ca-tbr-1",
        source="SC-014 post; BR 2.3.1 3.2.2.4.1",
    ),
    MethodRule(
        id="3.2.2.4.2",
        title="Email/fax/SMS/post to Domain Contact (WHOIS, SOA RNAME)",
        retired=True,
        must_not_rely_from=date(2025, 7, 15),
        prior_validations_unusable_from=date(2025, 7, 15),
        caa_label="ca-tbr-2",
        source="SC-080v3, BR 2.1.2; BR 2.3.1 3.2.2.4.2",
    ),
    MethodRule(
        id="3.2.2.4.3",
        title="Phone to Domain Contact (old)",
        retired=True,
        must_not_rely_from=date(2019, 6, 1),
        caa_label="ca-tbr-3",
        source="older BR tables; BR 2.3.1 3.2.2.4.3",
    ),
    MethodRule(
        id="3.2.2.4.4",
        title="Constructed email",
        discouraged_from=date(2026, 3, 15),
        must_not_rely_from=date(2028, 3, 15),
        prior_validations_unusable_from=date(2028, 3, 15),
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        challenge_max_days=30,
        caa_label="ca-tbr-4",
        lookup="mail to {admin,administrator,webmaster,hostmaster,postmaster}@<ADN>",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.4",
    ),
    MethodRule(
        id="3.2.2.4.5",
        title="Domain authorization document",
        retired=True,
        must_not_rely_from=date(2018, 8, 1),
        prior_validations_unusable_from=date(2018, 8, 1),
        caa_label="ca-tbr-5",
        source="SC-014 post; BR 2.3.1 3.2.2.4.5",
    ),
    MethodRule(
        id="3.2.2.4.6",
        title="Website change (v1)",
        retired=True,
        caa_label="ca-tbr-6",
        source="BR 2.3.1 3.2.2.4.6",
    ),
    MethodRule(
        id="3.2.2.4.7",
        title="DNS change",
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-7",
        acme_challenge="dns-01",
        lookup="CNAME|TXT|CAA at <ADN> or _<anything>.<ADN>",
        source="BR 2.3.1 3.2.2.4.7",
    ),
    MethodRule(
        id="3.2.2.4.8",
        title="IP address of the name",
        retired=True,
        must_not_rely_from=date(2026, 3, 15),
        prior_validations_unusable_from=date(2026, 3, 15),
        caa_label="ca-tbr-8",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.8",
    ),
    MethodRule(
        id="3.2.2.4.9",
        title="Test certificate",
        retired=True,
        caa_label="ca-tbr-9",
        source="BR 2.3.1 3.2.2.4.9",
    ),
    MethodRule(
        id="3.2.2.4.10",
        title="TLS with random value",
        retired=True,
        caa_label="ca-tbr-10",
        source="BR 2.3.1 3.2.2.4.10",
    ),
    MethodRule(
        id="3.2.2.4.11",
        title="Any other method",
        retired=True,
        caa_label="ca-tbr-11",
        source="BR 2.3.1 3.2.2.4.11",
    ),
    MethodRule(
        id="3.2.2.4.12",
        title="Applicant is Domain Contact; CA is registrar",
        wildcard=True,
        prune=True,
        base_domain_only=True,
        caa_label="ca-tbr-12",
        lookup="WHOIS/RDAP, registrar contact or SOA RNAME; only if the ADN is a Base Domain Name of a registrar-CA",
        source="BR 2.3.1 3.2.2.4.12",
    ),
    MethodRule(
        id="3.2.2.4.13",
        title="Email to DNS CAA contact",
        discouraged_from=date(2026, 3, 15),
        must_not_rely_from=date(2028, 3, 15),
        prior_validations_unusable_from=date(2028, 3, 15),
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-13",
        lookup="CAA contactemail in the RRset found by climbing from <ADN>",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.13",
    ),
    MethodRule(
        id="3.2.2.4.14",
        title="Email to DNS TXT contact",
        discouraged_from=date(2026, 3, 15),
        must_not_rely_from=date(2028, 3, 15),
        prior_validations_unusable_from=date(2028, 3, 15),
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-14",
        lookup="TXT at _validation-contactemail.<ADN>",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.14",
    ),
    MethodRule(
        id="3.2.2.4.15",
        title="Phone to Domain Contact",
        retired=True,
        must_not_rely_from=date(2025, 7, 15),
        prior_validations_unusable_from=date(2025, 7, 15),
        caa_label="ca-tbr-15",
        source="SC-080v3, BR 2.1.2; BR 2.3.1 3.2.2.4.15",
    ),
    MethodRule(
        id="3.2.2.4.16",
        title="Phone to DNS TXT contact",
        discouraged_from=date(2026, 3, 15),
        must_not_rely_from=date(2027, 3, 15),
        prior_validations_unusable_from=date(2027, 3, 15),
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-16",
        lookup="TXT at _validation-contactphone.<ADN>",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.16",
    ),
    MethodRule(
        id="3.2.2.4.17",
        title="Phone to DNS CAA contact",
        discouraged_from=date(2026, 3, 15),
        must_not_rely_from=date(2027, 3, 15),
        prior_validations_unusable_from=date(2027, 3, 15),
        wildcard=True,
        prune=True,
        adn_cname_step=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-17",
        lookup="CAA contactphone in the RRset found by climbing from <ADN>",
        source="SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.17",
    ),
    MethodRule(
        id="3.2.2.4.18",
        title="Website change v2",
        onion=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-18",
        lookup="http(s)://<FQDN>/.well-known/pki-validation/...",
        source="BR 2.3.1 3.2.2.4.18",
    ),
    MethodRule(
        id="3.2.2.4.19",
        title="Website change, ACME",
        onion=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-19",
        acme_challenge="http-01",
        lookup="http://<FQDN>/.well-known/acme-challenge/<token> (port 80 first)",
        source="BR 2.3.1 3.2.2.4.19",
    ),
    MethodRule(
        id="3.2.2.4.20",
        title="TLS using ALPN",
        onion=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-20",
        acme_challenge="tls-alpn-01",
        lookup="TLS handshake to <FQDN>:443 with ALPN acme-tls/1",
        source="BR 2.3.1 3.2.2.4.20",
    ),
    MethodRule(
        id="3.2.2.4.21",
        title="DNS labelled with account id",
        since=date(2025, 3, 1),
        wildcard=True,
        prune=True,
        mpic_required=True,
        challenge_max_days=30,
        caa_label="ca-tbr-21",
        acme_challenge="dns-account-01",
        lookup="TXT at _<acct-label>._acme-challenge.<ADN>",
        source="SC-084, BR 2.1.4; BR 2.3.1 3.2.2.4.21",
    ),
    MethodRule(
        id="3.2.2.4.22",
        title="Persistent DNS TXT",
        since=date(2025, 11, 10),
        wildcard=True,
        prune=True,
        mpic_required=True,
        reuse_cap_days=10,
        caa_label="ca-tbr-22",
        acme_challenge="dns-persist-01",
        lookup="TXT at _validation-persist.<ADN>",
        source="SC-088v3, BR 2.1.9; BR 2.3.1 3.2.2.4.22",
    ),
)


class IpMethodRule(t.NamedTuple):
    """One method of BR 3.2.2.5 (IP addresses): only its end is kept, no seller of the catalogue offers addresses."""

    id: str
    must_not_rely_from: date | None
    source: str


IP_METHOD_RULES: tuple[IpMethodRule, ...] = (
    IpMethodRule("3.2.2.5.1", None, "BR 2.3.1"),
    IpMethodRule("3.2.2.5.2", date(2027, 3, 15), "SC-090, BR 2.2.2"),
    IpMethodRule("3.2.2.5.3", date(2027, 3, 15), "SC-091, BR 2.2.1"),
    IpMethodRule("3.2.2.5.5", date(2027, 3, 15), "SC-090, BR 2.2.2"),
    IpMethodRule("3.2.2.5.6", None, "BR 2.3.1"),
    IpMethodRule("3.2.2.5.7", None, "BR 2.3.1"),
    IpMethodRule("3.2.2.5.8", None, "SC-091, BR 2.2.1"),
)


class ContactKind(t.NamedTuple):
    """A way to find the mailbox of an approval mail.

    rule    the method of BR 3.2.2.4 that it is
    record  what publishes it: (owner name, type, value), with ``{adn}`` and ``{address}``
    holder  it is whoever holds the registrable domain, and so answers for every name below it
    """

    kind: str
    rule: str
    source: str
    record: tuple[str, str, str] | None = None
    holder: bool = False


CONTACT_KINDS: tuple[ContactKind, ...] = (
    ContactKind("constructed", "3.2.2.4.4", "BR 3.2.2.4.4"),
    ContactKind("txt", "3.2.2.4.14", "BR A.2.1", ("_validation-contactemail.{adn}", "TXT", "{address}")),
    ContactKind("caa", "3.2.2.4.13", "BR A.1.1", ("{adn}", "CAA", '0 contactemail "{address}"')),
    ContactKind("soa", "3.2.2.4.2", "SC-080v3, BR 2.1.2", holder=True),
    ContactKind("whois", "3.2.2.4.2", "SC-080v3, BR 2.1.2", holder=True),
)
