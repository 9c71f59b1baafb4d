# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of GlobalSign Atlas (HVCA v2), each with its source. As of 2026-11-20 (ca-apis 2a).

A status that is in no table is unknown and never acted upon; a setting adds to those of claims.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = ["ATLAS_URL", "CERTIFICATE_WORDS", "CLAIM_WORDS", "FILE_PATH", "LIMITS", "METHOD_WORDS", "REASONS", "SUBJECT"]

SOURCE = "https://downloads.globalsign.com/acton/media/2674/hvca-api-documentation-v2; globalsign/hvclient"

ATLAS_URL = "https://emea.api.hvca.globalsign.com:8443/v2"
FILE_PATH = ".well-known/pki-validation/gsdv.txt"

#: (requests, seconds). GlobalSign publishes none: a modest guess, and a setting each.
LIMITS = ((10, 1.0), (600, 60.0))

#: ``status`` of a domain claim, and what it means here.
CLAIM_WORDS: t.Mapping[str, str] = {"PENDING": "pending", "VERIFIED": "verified"}
#: ``status`` of a certificate, and a name of ``_ca.contract.Status``.
CERTIFICATE_WORDS: t.Mapping[str, str] = {"ISSUED": "issued", "REVOKED": "refused"}


class MethodWord(t.NamedTuple):
    """word: the last part of the path by which a claim is asserted."""

    method: str
    word: str
    wildcard: bool


METHOD_WORDS: tuple[MethodWord, ...] = (
    MethodWord("email", "email", True),
    MethodWord("dns", "dns", True),
    # BR 3.2.2.4.18: a file proves its own name and nothing below it
    MethodWord("file", "http", False),
)

REASONS = (
    *("unspecified", "affiliationChanged", "keyCompromise", "superseded"),
    *("cessationOfOperation", "privilegeWithdrawn"),
)

#: Fields of ``subject_dn`` that an account can set for all its certificates.
SUBJECT = (
    *("organization", "country", "state", "locality", "street_address", "postal_code", "organizational_unit"),
    *("email", "serial_number", "business_category", "jurisdiction_of_incorporation_locality_name"),
    *("jurisdiction_of_incorporation_state_or_province_name", "jurisdiction_of_incorporation_country_name"),
)
