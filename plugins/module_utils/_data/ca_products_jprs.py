# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""JPRS サーバー証明書発行サービス, through a designated reseller (指定事業者).

The facts JPRS-1 to JPRS-13 stand in ``facts.py``. How long a reseller's approval mail is valid is not in the documents
of JPRS, so no row claims it.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LATER,
    LOCAL_PARTS,
    ContactOffer,
    CustodyRule,
    LinkRule,
    MethodOffer,
    NameRule,
    Product,
    RenewalRule,
    Seller,
    StepRule,
    ValidityRule,
)

SELLER = Seller("jprs", "JPRS, through a designated reseller (指定事業者)", "https://jprs.jp/pubcert/")

_METHODS_PAGE = "https://jprs.jp/pubcert/service/authentication"
UTC_OFFSET = 9

_EMAIL = MethodOffer(
    method="email",
    rules=("3.2.2.4.4", "3.2.2.4.14"),
    places="mail",
    facts=("JPRS-1", "JPRS-2"),
    source=_METHODS_PAGE,
)
_FILE = MethodOffer(
    method="file",
    rules=("3.2.2.4.18",),
    places="file",
    facts=("JPRS-1", "JPRS-6", "JPRS-7"),
    source=_METHODS_PAGE,
    wildcard=False,
    files=(f"http://{{adn}}/.well-known/pki-validation/{LATER}",),
)
#: which method of the BR it is, JPRS does not say: a CA that is the domain's registrar has only this one
_REGISTRAR = MethodOffer(
    method="registrar",
    rules=("3.2.2.4.12",),
    places="nothing",
    facts=("JPRS-1", "JPRS-11"),
    source=_METHODS_PAGE,
)

#: announced as the end of June 2025
_WHOIS = ContactOffer(
    kind="whois",
    levels=("base",),
    selectable=True,
    mailed="chosen",
    covers="fqdn",
    facts=("JPRS-5",),
    source=_METHODS_PAGE + "; SC-080v3",
    until=date(2025, 7, 6),
)
_CONTACTS = (
    ContactOffer(
        kind="constructed",
        levels=("unwww", "base"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("JPRS-3", "JPRS-4"),
        source=_METHODS_PAGE,
        local_parts=LOCAL_PARTS,
    ),
    ContactOffer(
        # at which of the two levels JPRS looks its page does not say; at the first the record serves both www and
        # non-www, and a look-up that prunes (BR 3.2.2.4.14) finds it for the common name
        kind="txt",
        levels=("unwww", "base"),
        selectable=True,
        mailed="chosen",
        covers="fqdn",
        facts=("JPRS notice 2025-06-10", "JPRS-13"),
        source="https://jprs.jp/pubcert/ (notice: accepted since 2025-06-10)",
        since=date(2025, 6, 10),
    ),
    _WHOIS._replace(name_types=("jp_general",), holder="the public contact (公開連絡窓口)"),
    _WHOIS._replace(name_types=("jp_organisational", "jp_geographic"), holder="the registrant (登録担当者)"),
    _WHOIS._replace(name_types=("other",), holder="the administrative contact"),
)

_BEFORE = (
    StepRule(
        "customer",
        "publish {mailbox} in DNS before the order, the same at every authoritative server, and keep it until the"
        " certificate is there",
        ("BR 3.2.2.4.14", "BR 3.2.2.9"),
        "BR 3.2.2.4.14, A.2.1",
        methods=("email",),
        contacts=("txt",),
    ),
    StepRule(
        "customer",
        "see that mail to {mailbox} arrives and is read",
        ("JPRS-2", "JPRS-3", "JPRS-4"),
        _METHODS_PAGE,
        methods=("email",),
        contacts=("constructed",),
    ),
    StepRule(
        "customer",
        "order through the registrar that manages the domain, as its registrant: JP names, and others that JPRS manages"
        " as their registrar",
        ("JPRS-11",),
        _METHODS_PAGE,
        methods=("registrar",),
    ),
    StepRule(
        "customer",
        "the name left the registrar while the order runs: tell the reseller, and choose the address of the mail",
        ("JPRS-2", "JPRS-11", "JPRS-13"),
        _METHODS_PAGE,
        when="link_lost",
    ),
    StepRule("customer", "make key and CSR, then order at the reseller (指定事業者)", ("JPRS-6",), _METHODS_PAGE),
    StepRule("seller", "pass the order on to JPRS", ("JPRS-6", "JPRS-13"), _METHODS_PAGE),
    StepRule("ca", "mail instructions to {mailbox}", ("JPRS-2",), _METHODS_PAGE, methods=("email",)),
    StepRule(
        "customer",
        "follow the instructions of the mail (the approval page, 承認ページ): a person does, and soon; JPRS names no"
        " day, the reseller may",
        ("JPRS-2", "JPRS-13"),
        _METHODS_PAGE,
        methods=("email",),
    ),
    StepRule("seller", "tell URI and string of the file", ("JPRS-6",), _METHODS_PAGE, methods=("file",)),
    StepRule(
        "customer",
        "serve the file at its URI for every name of the certificate and leave it there until all are validated; up to"
        " 10 HTTP redirects are followed, no meta refresh and no JavaScript",
        ("JPRS-6", "JPRS-8", "JPRS-9", "JPRS-10"),
        _METHODS_PAGE,
        methods=("file",),
    ),
    StepRule(
        "ca",
        "fetch the file when the crawler comes round: nobody can call it",
        ("JPRS-8", "JPRS-10"),
        _METHODS_PAGE,
        methods=("file",),
    ),
    StepRule(
        "ca",
        "ask the registrar whether the registrant is the applicant; no mail is sent, so a missing mail is normal",
        ("JPRS-11",),
        _METHODS_PAGE,
        methods=("registrar",),
    ),
)
_OV = (
    StepRule(
        "ca",
        "look up the legal existence of {organization} in public documents, government pages or databases",
        ("JPRS-12",),
        _METHODS_PAGE,
    ),
    StepRule(
        "customer",
        "have documents of the legal existence at hand for the reseller: a voluntary association of corporations and a"
        " sole proprietor may be asked for them",
        ("JPRS-12", "JPRS-13"),
        _METHODS_PAGE,
        organization_kinds=("voluntary_association", "sole_proprietor"),
        task="papers",
    ),
    StepRule(
        "customer",
        "where public sources do not show {organization}, give the reseller the documents that it asks for",
        ("JPRS-12", "JPRS-13"),
        _METHODS_PAGE,
        organization_kinds=("corporation",),
        task="papers",
    ),
    StepRule(
        "customer",
        "see that a third-party database has {phone} for {organization}; where none has, a document has to prove it",
        ("JPRS-12",),
        _METHODS_PAGE,
    ),
    StepRule(
        "customer",
        "{responsible} answers the call in person, which proves the employment, and confirms the common name"
        " {common_name} and the will and the authority to apply",
        ("JPRS-12",),
        _METHODS_PAGE,
        task="call",
    ),
)
_AFTER = (
    StepRule("ca", "issue", ("JPRS-2", "JPRS-6", "JPRS-11"), _METHODS_PAGE),
    StepRule("customer", "delete the file", ("JPRS-10",), _METHODS_PAGE, methods=("file",)),
    StepRule(
        "customer",
        "deploy the certificate with the chain that came with it: it may differ from last time's",
        ("JPRS notice 2026-06-17",),
        "https://jprs.jp/pubcert/service/certificate/: new intermediates since 2026-06-17",
    ),
)

_CUSTODY = (CustodyRule(("us",), ("us",), ("JPRS-6", "BR 6.1.1.3"), _METHODS_PAGE),)
_RENEWAL = (RenewalRule("lapses", ("JPRS-13",), _METHODS_PAGE + ": a reseller that renews by itself says so"),)
VALIDITY = (
    ValidityRule("ca_decides", ("BR 6.3.2",), "the years bought, under the cap of the day", until=date(2026, 2, 18)),
    ValidityRule(
        "end_of_month",
        ("JPRS notice 2025-11-27",),
        "https://jprs.jp/ (notice of 2025-11-27)",
        amount=5,
        since=date(2026, 2, 18),
    ),
)

_DV = Product(
    key="jprs-dv",
    seller="jprs",
    ca="jprs",
    validation_level="dv",
    title="JPRS DV",
    source="https://jprs.jp/pubcert/service/",
    names=(NameRule("no", 1, ("JPRS-8",), _METHODS_PAGE, www_option="double_address"),),
    custody=_CUSTODY,
    methods=(_EMAIL._replace(way_out="file or registrar"), _FILE, _REGISTRAR),
    # who names the method says that it is so; the option says when it is not any more
    links=(LinkRule("registrar_linkage", "registrar", "email", ("JPRS-11",), _METHODS_PAGE, assumed=True),),
    contacts=_CONTACTS,
    steps=_BEFORE + _AFTER,
    renewal=_RENEWAL,
    validity=VALIDITY,
    utc_offset=UTC_OFFSET,
)
_DV_WILDCARD = _DV._replace(
    key="jprs-dv-wildcard",
    title="JPRS DV wildcard (ワイルドカード)",
    # whether the double-address option adds the name without *. is not in the documents, so it is not claimed
    names=(NameRule("only", 1, ("JPRS-3", "JPRS-7"), _METHODS_PAGE),),
    methods=(_EMAIL._replace(way_out="registrar"), _FILE, _REGISTRAR),
)

PRODUCTS: tuple[Product, ...] = (
    _DV,
    _DV_WILDCARD,
    _DV._replace(key="jprs-ov", title="JPRS OV", validation_level="ov", steps=_BEFORE + _OV + _AFTER),
    _DV_WILDCARD._replace(
        key="jprs-ov-wildcard",
        title="JPRS OV wildcard (ワイルドカード)",
        validation_level="ov",
        steps=_BEFORE + _OV + _AFTER,
    ),
)
