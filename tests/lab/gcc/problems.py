# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the interface: numbers as they are published, words as we put them."""

from __future__ import annotations

import typing as t

INTERNAL, DATABASE = -1, -300
INVALID, MISSING, LENGTH, FORMAT, COMBINATION, CHARACTERS = -101, -102, -103, -104, -105, -109
DNS, CAA = -3002, -3012
LOGIN, NO_ORDER, ORDER_EXISTS, LIMIT, CSR, APPROVER = -4001, -4003, -4004, -4005, -4007, -4009
REISSUED, NOT_VERIFIED, ADDRESS = -4016, -4147, -4201
PHISHING = -5001
KEY_REUSED, MOST_NAMES, OTHER_NAME, BALANCE, RENEWAL = -6007, -6017, -6021, -6101, -6102
CANCELED, NO_CERTIFICATE, BASE_OPTION, PERIOD, WEAK_KEY, MODIFIED = -9915, -9916, -9925, -9933, -9936, -9938

WORDS: t.Mapping[int, str] = {
    INTERNAL: "Internal system error",
    DATABASE: "Database error. Please retry.",
    INVALID: "The parameter is invalid.",
    MISSING: "A mandatory parameter is missing.",
    LENGTH: "The parameter is too long.",
    FORMAT: "The parameter does not have the right format.",
    COMBINATION: "These parameters cannot be combined.",
    CHARACTERS: "The parameter has characters that are not allowed.",
    DNS: "The DNS of this domain cannot be asked.",
    CAA: "CAA records of this domain do not allow this CA to issue.",
    LOGIN: "Login failure.",
    NO_ORDER: "There is no such order.",
    ORDER_EXISTS: "This order ID is already in use.",
    LIMIT: "A limit of the account is reached.",
    CSR: "The CSR is invalid.",
    APPROVER: "This address cannot approve this domain.",
    REISSUED: "This order was already reissued.",
    NOT_VERIFIED: "The domain could not be verified.",
    ADDRESS: "This IP address is not allowed.",
    PHISHING: "The name was refused by the phishing check.",
    KEY_REUSED: "This key was already used.",
    MOST_NAMES: "There are too many SAN entries.",
    OTHER_NAME: "The common name of the CSR is not the FQDN.",
    BALANCE: "The balance of the account is not enough.",
    RENEWAL: "This order cannot be renewed.",
    CANCELED: "This order was already cancelled.",
    NO_CERTIFICATE: "No certificate was found for this order ID.",
    BASE_OPTION: "The base option does not fit the product or the name.",
    PERIOD: "The validity period does not fit the months.",
    WEAK_KEY: "The key is too short.",
    MODIFIED: "This order was already modified.",
}


class Fault(t.NamedTuple):
    code: int
    #: which parameter; empty: none in particular
    field: str = ""


class Problem(Exception):
    """An answer that says no. Nothing was done."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(f"{code} {field}".strip() for code, field in faults))
        self.faults = faults


def problem(code: int, field: str = "") -> Problem:
    return Problem(Fault(code, field))
