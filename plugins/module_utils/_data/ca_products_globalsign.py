# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GMO GlobalSign, ordered directly: GSパネル (GCC: クイック認証SSL, 企業認証SSL) and Atlas (HVCA).

Facts are named by the words of the two APIs and stand in ``facts.py``.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LATER,
    LOCAL_PARTS,
    ChangeRule,
    ContactOffer,
    CustodyRule,
    MethodOffer,
    NameRule,
    Product,
    ReissueRule,
    RenewalRule,
    RevalidationRule,
    Seller,
    StepRule,
    ValidityRule,
)

_GCC = "GlobalSign API for SSL Certificates (manual 4.5)"
_ATLAS = "https://downloads.globalsign.com/acton/media/2674/hvca-api-documentation-v2"
_APPROVAL = "https://info-globalsign.com/news/1481256437"
_PAGE_AUTH = "https://info-globalsign.com/news/20210917"

SELLER = Seller("globalsign", "GMO GlobalSign (GMOグローバルサイン)", "https://jp.globalsign.com/ssl/")

_METHODS = (
    MethodOffer(
        method="email",
        rules=("3.2.2.4.4",),
        places="mail",
        facts=("GlobalSign DVOrder",),
        source=_GCC,
        way_out="dns",
    ),
    MethodOffer(
        method="dns",
        rules=("3.2.2.4.7",),
        places="record",
        facts=("GlobalSign DVDNSOrder",),
        source=_GCC,
        records=(("{adn}", "TXT", LATER),),
    ),
    MethodOffer(
        method="file",
        rules=("3.2.2.4.18",),
        places="file",
        facts=("GlobalSign URLVerification",),
        source=_GCC + "; " + _PAGE_AUTH,
        wildcard=False,
        files=("http://{adn}/.well-known/pki-validation/gsdv.txt",),
    ),
)
_CONSTRUCTED = ContactOffer(
    kind="constructed",
    levels=("fqdn", "base"),
    selectable=True,
    mailed="chosen",
    covers="fqdn",
    facts=("GlobalSign GetDVApproverList",),
    source=_GCC,
    local_parts=LOCAL_PARTS,
)

_KEY = StepRule("customer", "make key and CSR, then place the order", ("GlobalSign CSR",), _GCC)
_OV = (
    StepRule(
        "customer",
        "have the documents of {organization} ready: its vetting is done by people of GlobalSign",
        ("GlobalSign OVOrder",),
        _GCC,
        task="papers",
    ),
    StepRule(
        "customer",
        "{responsible} answers the call to {phone}",
        ("GlobalSign call",),
        "https://jp.globalsign.com/introduce/document/",
        task="call",
    ),
)
_VALIDATION = (
    StepRule(
        "customer",
        "see that mail to {mailbox} arrives and is read",
        ("GlobalSign GetDVApproverList",),
        _GCC,
        methods=("email",),
    ),
    StepRule("ca", "mail the approval link to {mailbox}", ("GlobalSign DVOrder",), _GCC, methods=("email",)),
    StepRule(
        "customer",
        "open the link in the mail and approve: a person does; it is valid for 30 days, then the mail has to be asked"
        " for again, the order stays",
        ("GlobalSign approval",),
        _APPROVAL,
        methods=("email",),
        after_days=30,
    ),
    StepRule(
        "customer",
        "publish the TXT record at the name that the order tells, at every authoritative server",
        ("GlobalSign DVDNSOrder", "BR 3.2.2.4.7"),
        _GCC,
        methods=("dns",),
        after_days=30,
    ),
    StepRule(
        "customer",
        "serve the file at every name of the certificate: no other name and no wildcard is covered by it",
        ("GlobalSign URLVerification", "BR 3.2.2.4.18"),
        _GCC + "; " + _PAGE_AUTH,
        methods=("file",),
        after_days=30,
    ),
)
_LOOK = StepRule(
    "ca",
    "look when asked to, then issue at once",
    ("GlobalSign VerificationForIssue",),
    _GCC,
    methods=("dns", "file"),
)
_ISSUE = StepRule("ca", "issue after the approval", ("GlobalSign DVOrder",), _GCC, methods=("email",))
_ISSUE_OV = StepRule("ca", "issue when the vetting is done", ("GlobalSign OVOrder",), _GCC)
_END = (
    StepRule("customer", "remove the token", ("BR 3.2.2.4.7",), "BR 3.2.2.4.7", methods=("dns", "file")),
    StepRule("customer", "deploy the certificate with the chain that came with it", ("GlobalSign CSR",), _GCC),
)

_DV = Product(
    key="globalsign-dv",
    seller="globalsign",
    ca="globalsign",
    validation_level="dv",
    title="GlobalSign DV (クイック認証SSL, GSパネル)",
    source=_GCC,
    names=(
        NameRule(
            "may",
            100,
            ("GlobalSign SANEntries",),
            _GCC + "; the option SAN orders them, error -6017 says when they are too many",
            raisable=True,
        ),
    ),
    custody=(CustodyRule(("us",), ("us",), ("GlobalSign CSR", "BR 6.1.1.3"), _GCC),),
    methods=_METHODS,
    contacts=(_CONSTRUCTED,),
    steps=(_KEY, *_VALIDATION, _LOOK, _ISSUE, *_END),
    renewal=(
        RenewalRule("lapses", ("GlobalSign OrderKind",), _GCC + ": a renewal is an order that names the old one"),
    ),
    reissue=(ReissueRule(("GlobalSign ReIssue",), _GCC),),
    changes=(
        ChangeRule(
            "common_name",
            ("renew",),
            "order anew for the other name",
            ("GlobalSign OrderKind",),
            _GCC + ", error -6102",
        ),
    ),
    validity=(ValidityRule("ca_decides", ("BR 6.3.2",), "the months ordered; BR 6.3.2 caps them"),),
    utc_offset=9,
)

#: Atlas: domains are claimed before certificates are sent for, and again when a claim gets old
_CLAIMED = ("issue", "renew", "reissue", "revalidate")

PRODUCTS: tuple[Product, ...] = (
    _DV,
    _DV._replace(
        key="globalsign-ov",
        validation_level="ov",
        title="GlobalSign OV (企業認証SSL, GSパネル)",
        steps=(_KEY, *_OV, *_VALIDATION, _ISSUE_OV, *_END),
    ),
    Product(
        key="globalsign-atlas",
        seller="globalsign",
        ca="globalsign",
        # what the account's validation policy says; a domain is all that the API itself validates
        validation_level="dv",
        title="GlobalSign Atlas (HVCA)",
        source=_ATLAS,
        names=(
            NameRule(
                "may",
                100,
                ("Atlas validationpolicy",),
                _ATLAS + "; the number is the account's policy's, which is read before anything is ordered",
                raisable=True,
            ),
        ),
        custody=(CustodyRule(("us",), ("us",), ("Atlas certificates", "BR 6.1.1.3"), _ATLAS),),
        methods=(
            _METHODS[0]._replace(facts=("Atlas claims email",), source=_ATLAS),
            _METHODS[1]._replace(facts=("Atlas claims dns",), source=_ATLAS),
            _METHODS[2]._replace(facts=("Atlas claims http",), source=_ATLAS),
        ),
        contacts=(
            _CONSTRUCTED._replace(levels=("fqdn",), facts=("Atlas claims email",), source=_ATLAS),
            ContactOffer(
                kind="soa",
                levels=("base",),
                selectable=True,
                mailed="chosen",
                covers="fqdn",
                facts=("Atlas claims SOA",),
                # the API still lists it: the rule has an end, the document none
                source=_ATLAS + "; SC-080v3",
            ),
        ),
        steps=(
            StepRule(
                "customer",
                "claim every domain; a claim has to be asserted within 30 days",
                ("Atlas claims",),
                _ATLAS,
                after_days=30,
                purposes=_CLAIMED,
            ),
            StepRule(
                "customer",
                "approve by the mail to {mailbox}: a person does",
                ("Atlas claims email",),
                _ATLAS,
                methods=("email",),
                after_days=30,
                purposes=_CLAIMED,
            ),
            StepRule(
                "customer",
                "publish the TXT record of the claim at every authoritative server, then assert it",
                ("Atlas claims dns", "BR 3.2.2.4.7"),
                _ATLAS,
                methods=("dns",),
                after_days=30,
                purposes=_CLAIMED,
            ),
            StepRule(
                "customer",
                "serve the file of the claim, then assert it",
                ("Atlas claims http", "BR 3.2.2.4.18"),
                _ATLAS,
                methods=("file",),
                after_days=30,
                purposes=_CLAIMED,
            ),
            StepRule(
                "ca",
                "hold the domains validated again: certificates of them go on to be issued at once",
                ("Atlas claims",),
                _ATLAS,
                purposes=("revalidate",),
            ),
            StepRule("customer", "make key and CSR, then send them", ("Atlas certificates",), _ATLAS),
            StepRule("ca", "issue at once: there is no order to wait for", ("Atlas certificates",), _ATLAS),
            StepRule("customer", "deploy the certificate with the chain of /trustchain", ("Atlas trustchain",), _ATLAS),
        ),
        renewal=(RenewalRule("lapses", ("Atlas certificates",), _ATLAS + ": there is no renewal, send it again"),),
        revalidation=(RevalidationRule(30, ("Atlas claims",), _ATLAS + ": a claim has to be asserted within 30 days"),),
        validity=(ValidityRule("ca_decides", ("Atlas validity",), _ATLAS + ": not_after 0 is the longest"),),
    ),
)
