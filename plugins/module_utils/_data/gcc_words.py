# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of GlobalSign's GCC SOAP API (GSパネル), one row a word, each with its source.

As of 2026-11-20. The newest public manuals are of 2020 (SSL v4.5, MSSL v2.11): the rows are theirs, those of recorded
answers and of public clients (``ca-apis 2b``). What is in none of them is a setting of the account.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = [
    "ERROR_WORDS",
    "GCC_NAMESPACE",
    "GCC_URL",
    "METHOD_WORDS",
    "PRODUCT_WORDS",
    "SOAP_NAMESPACE",
    "STATUS_WORDS",
    "TOKEN_DAYS",
    "ErrorWord",
]

GCC_URL = "https://system.globalsign.com/kb/ws/v1"
#: of the operation's element only; what is in it has none (ca-apis 2b, transport)
GCC_NAMESPACE = "https://system.globalsign.com/kb/ws/v1/"
SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"

#: Approval links and tokens live so many days; then the step has to be asked for again, the order stays.
TOKEN_DAYS = 30
TOKEN_SOURCE = "https://info-globalsign.com/news/1481256437"  # noqa: S105 (an address)

_MANUAL = "GlobalSign API for SSL Certificates (manual 4.5)"
_MSSL = "GlobalSign API for MSSL Certificates (manual 2.11)"
_INDEX = "Keyfactor/globalsign-mssl-caplugin, GlobalSignErrorIndex.cs"
_LEMUR = "ScottJEhas/lemur_globalsign, its table of errors"
_RECORDED = "answers recorded at test-gcc.globalsign.com"


class StatusWord(t.NamedTuple):
    """number: of OrderStatus, and of CertificateStatus. means: a name of ``_ca.contract.Status``."""

    number: str
    means: str
    words: str
    source: str


#: 1→(2)→4; 1/2→3; 4→5; 4→6→7; of managed SSL 8→4|10. What 1 means depends on the order: whose turn it is.
STATUS_WORDS: tuple[StatusWord, ...] = (
    StatusWord("1", "wants_validation", "initial", _MANUAL),
    StatusWord("2", "validating", "waiting for phishing check", _MANUAL),
    StatusWord("3", "cancelled", "cancelled, not issued", _MANUAL),
    StatusWord("4", "issued", "issued", _MANUAL),
    StatusWord("5", "cancelled", "cancelled after issue", _MANUAL),
    StatusWord("6", "refused", "waiting for revocation", _MANUAL),
    StatusWord("7", "refused", "revoked", _MANUAL),
    StatusWord("8", "wants_approval", "pending approval", _MSSL),
    StatusWord("9", "wants_approval", "locked", _MSSL),
    StatusWord("10", "refused", "denied", _MSSL),
)


class ErrorWord(t.NamedTuple):
    """``kind``:

    retry      nothing is known: a query is asked again; after a submit the order is looked for, then it is decided
    caller     what we sent is wrong; no order was made
    auth       user, password or address are not accepted; nothing was done
    state      the order is not in a state for that, or not there; the verb decides
    dcv        looked, and not verified: later
    money      balance, or a limit of the account; no order was made
    phishing   a name is on the list of the phishing check: people look; the order may be there
    """

    code: str
    kind: str
    words: str
    source: str


ERROR_WORDS: tuple[ErrorWord, ...] = (
    ErrorWord("-1", "retry", "internal system error; also said of an order id that is malformed", _RECORDED),
    ErrorWord("-201", "retry", "database", _INDEX),
    ErrorWord("-300", "retry", "database", _INDEX),
    ErrorWord("-301", "retry", "database", _INDEX),
    ErrorWord("-101", "caller", "a parameter is invalid", _INDEX),
    ErrorWord("-102", "caller", "a parameter is missing", _RECORDED),
    ErrorWord("-103", "caller", "a parameter is too long", _RECORDED),
    ErrorWord("-104", "caller", "a parameter has another format", _INDEX),
    ErrorWord("-105", "caller", "parameters do not go together", _INDEX),
    ErrorWord("-109", "caller", "a parameter is missing", _INDEX),
    ErrorWord("-4006", "caller", "the CSR does not go with the order", _LEMUR),
    ErrorWord("-4007", "caller", "the CSR is invalid", _INDEX),
    ErrorWord("-4009", "caller", "the approver address is not possible", _INDEX),
    ErrorWord("-6007", "caller", "the key was used before", _INDEX),
    ErrorWord("-6018", "caller", "a SAN is invalid", _LEMUR),
    ErrorWord("-6021", "caller", "common name and FQDN differ", _INDEX),
    ErrorWord("-9101", "caller", "a SAN option is illegal", _LEMUR),
    ErrorWord("-9152", "caller", "the ApproverURL has another format", _LEMUR),
    ErrorWord("-9925", "caller", "BaseOption and common name do not go together", _INDEX),
    ErrorWord("-9936", "caller", "the key is too short", _INDEX),
    ErrorWord("-9940", "caller", "NotBefore or NotAfter lies in the past", _LEMUR),
    ErrorWord("-9949", "caller", "NotAfter is beyond what the Baseline Requirements allow", _LEMUR),
    ErrorWord("-9952", "caller", "the top-level domain is not supported", _LEMUR),
    ErrorWord("-9953", "caller", "the country of the domain is not permitted", _LEMUR),
    ErrorWord("-4001", "auth", "user name or password", _INDEX),
    ErrorWord("-4201", "auth", "the address that asks is not on the allow-list", _INDEX),
    ErrorWord("-9200", "auth", "a user of this type may not use the API", _LEMUR),
    ErrorWord("-9939", "auth", "the account is stopped or locked", _LEMUR),
    ErrorWord("-4003", "state", "no such order", _INDEX),
    ErrorWord("-4004", "state", "an order with this id exists", _RECORDED),
    ErrorWord("-4016", "state", "reissued already", _INDEX),
    ErrorWord("-6102", "state", "it cannot be renewed", _INDEX),
    ErrorWord("-9025", "state", "no authority to renew it", _LEMUR),
    ErrorWord("-9902", "state", "no permission for this order", _LEMUR),
    ErrorWord("-9915", "state", "cancelled before", _INDEX),
    ErrorWord("-9916", "state", "order not found", _INDEX),
    ErrorWord("-9938", "state", "modified already", _INDEX),
    ErrorWord("-4147", "dcv", "not verified", _RECORDED),
    ErrorWord("-3002", "dcv", "domain not found", _INDEX),
    ErrorWord("-3012", "dcv", "domain not found by DNS", _INDEX),
    ErrorWord("-3013", "dcv", "DNS cannot be reached", _LEMUR),
    ErrorWord("-3019", "dcv", "DNS cannot be searched", _LEMUR),
    ErrorWord("-3022", "dcv", "no SOA record", _LEMUR),
    ErrorWord("-3025", "dcv", "no SOA record", _LEMUR),
    ErrorWord("-3026", "dcv", "no TXT record", _LEMUR),
    ErrorWord("-4005", "money", "a logical limit of the account", _INDEX),
    ErrorWord("-6101", "money", "the balance is too low", _INDEX),
    ErrorWord("-6017", "money", "more SANs than are possible", _INDEX),
    ErrorWord("-9911", "money", "the balance is too low", _LEMUR),
    ErrorWord("-9912", "money", "the balance is too low", _LEMUR),
    ErrorWord("-5001", "phishing", "a name is on the list of the phishing check", _INDEX),
)


class MethodWord(t.NamedTuple):
    """method: our word of ``validation.method``; operation: the call that orders a DV certificate by it."""

    method: str
    operation: str
    wildcard: bool
    source: str


METHOD_WORDS: tuple[MethodWord, ...] = (
    MethodWord("email", "DVOrder", True, _MANUAL),
    MethodWord("dns", "DVDNSOrder", True, _MANUAL),
    # https://info-globalsign.com/news/20210917: neither wildcards nor the names below the one that is looked at
    MethodWord("file", "URLVerification", False, _MANUAL),
)


class ProductWord(t.NamedTuple):
    """codes: method -> ProductCode; of OV and EV there is one for all."""

    product: str
    level: str
    codes: t.Mapping[str, str]
    source: str


PRODUCT_WORDS: tuple[ProductWord, ...] = (
    ProductWord("globalsign-dv", "dv", {"email": "DV_SHA2", "dns": "DV_HIGH_DNS", "file": "DV_HIGH_URL"}, _RECORDED),
    ProductWord("globalsign-ov", "ov", {"": "OV_SHA2"}, _MANUAL),
    ProductWord("globalsign-ev", "ev", {"": "EV_SHA2"}, _MANUAL),
)
