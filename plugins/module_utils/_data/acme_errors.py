# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each ACME error type means for the person who must act.

Source: RFC 8555 §6.7 (registry of §9.7.4) and RFC 9773 §7.4, read 2026-11-20.
retryable: whether the same request may succeed later although nobody changed anything.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = ["ACME_ERRORS", "ERROR_PREFIX", "Advice"]

ERROR_PREFIX = "urn:ietf:params:acme:error:"


class Advice(t.NamedTuple):
    meaning: str
    todo: str
    retryable: bool = False


ACME_ERRORS: dict[str, Advice] = {
    "accountDoesNotExist": Advice(
        "the CA knows no account for this key",
        "Restore the account key beside the ledger from its backup, or remove it so that a new account is made",
    ),
    "alreadyReplaced": Advice(
        "the certificate that this order replaces was replaced before",
        "Order again without naming the predecessor",
    ),
    "alreadyRevoked": Advice("the certificate was revoked before", "Nothing has to be done"),
    "badCSR": Advice(
        "the CA does not accept the CSR",
        "Compare the CSR's names with the order's, and its key type with what the CA allows",
    ),
    "badNonce": Advice("the CA did not accept the anti-replay nonce, several times", "Run again", True),
    "badPublicKey": Advice(
        "the CA does not accept the account key",
        "Set another key_type for the account and remove its key file, which makes a new account",
    ),
    "badRevocationReason": Advice(
        "the CA does not accept this revocation reason",
        "Choose another reason: superseded and cessationOfOperation are accepted everywhere",
    ),
    "badSignatureAlgorithm": Advice(
        "the CA does not know the signature algorithm of the account key",
        "Set key_type of the account to ecdsa-p256 or rsa-2048",
    ),
    "caa": Advice(
        "a CAA record forbids this CA to issue",
        "Allow the CA in the CAA records of the name or of its parent, or remove them",
    ),
    "compound": Advice("there are several reasons", "See each of them"),
    "connection": Advice(
        "the CA could not connect to the server that it validates",
        "Open port 80 to the whole Internet and check every address record (IPv6, too) of the name",
    ),
    "dns": Advice(
        "the CA's DNS query failed",
        "Check the delegation, DNSSEC and every authoritative server of the zone",
    ),
    "externalAccountRequired": Advice(
        "the CA opens accounts only for its customers",
        "Set eab_kid in the account's settings and eab_hmac_key in its secrets, as the CA's portal shows them",
    ),
    "incorrectResponse": Advice(
        "what the CA saw is not what it asked for",
        "Check that no old token is left, and that every web server or name server of the name serves the new one",
    ),
    "invalidContact": Advice("the CA does not accept a contact", "Correct the mail addresses in contact"),
    "malformed": Advice("the CA cannot make sense of the request", "Please report it with this message"),
    "orderNotReady": Advice("the order is not validated yet", "Run again when its names are validated", True),
    "rateLimited": Advice("a rate limit of the CA was reached", "Run again at the time that the CA names", True),
    "rejectedIdentifier": Advice(
        "the CA does not issue for this name",
        "Take the name out of the certificate, or order it at another CA",
    ),
    "serverInternal": Advice("the CA has a fault", "Run again; if it lasts, look at the CA's status page", True),
    "tls": Advice(
        "the CA's TLS connection failed during validation",
        "Check the TLS settings of the server that it was redirected to",
    ),
    "unauthorized": Advice(
        "the CA says that we are not authorized",
        "Check that the record or file is visible from the Internet, and that the account is in good standing",
    ),
    "unsupportedContact": Advice("the CA does not know this kind of contact", "Give mail addresses only"),
    "unsupportedIdentifier": Advice("the CA does not issue for this kind of name", "Order DNS names only"),
    "userActionRequired": Advice(
        "a person has to do something at the CA first",
        "Open the page that the CA names (often: new terms of service), then run again",
    ),
}
