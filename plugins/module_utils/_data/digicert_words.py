# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of DigiCert's CertCentral Services API v2, one row a word, each with its source.

As of 2026-11-20. DigiCert publishes no diagram of its statuses: the rows are the union of its pages and of public
clients, and an account's setting ``statuses`` adds to them. A word that is in neither is unknown, and never acted upon.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = [
    "CONTACT_TYPES",
    "DIGICERT_URL",
    "LIMITS",
    "LOOKED_AND_FOUND_NOTHING",
    "METHOD_WORDS",
    "NO_SUCH_ORDER",
    "ORDER_WORDS",
    "PRODUCT_WORDS",
    "REASONS",
    "REQUEST_TYPES",
    "REQUEST_WORDS",
]

_DEV = "https://dev.digicert.com/certcentral-apis/services-api/"
_ORDERS = _DEV + "orders/"
_STATUSES = _ORDERS + " (its pages of orders; public clients)"
_FILE = (
    "https://dev.digicert.com/en/certcentral-apis/services-api/file-based-domain-control-validation--http-token-.html"
)

DIGICERT_URL = "https://www.digicert.com/services/v2"

#: (requests, seconds), per API key.
LIMITS = ((100, 5.0), (1000, 180.0))
LIMITS_SOURCE = "https://dev.digicert.com/en/certcentral-apis/services-api/rate-limits.html"


class StatusWord(t.NamedTuple):
    """means: a name of ``_ca.contract.Status``. note: who must act, for people."""

    word: str
    means: str
    source: str
    note: str = ""


_APPROVE = "an administrator of the CertCentral account has to approve the request"

#: ``status`` of an order. ``pending`` is read with the method: a mail waits for a person, a token for its publication.
ORDER_WORDS: tuple[StatusWord, ...] = (
    StatusWord("needs_approval", "wants_approval", _STATUSES, _APPROVE),
    StatusWord("pending", "wants_validation", _STATUSES),
    StatusWord("reissue_pending", "wants_validation", _STATUSES),
    StatusWord("processing", "issuing", _STATUSES),
    StatusWord("issued", "issued", _STATUSES),
    StatusWord("rejected", "refused", _STATUSES),
    StatusWord("canceled", "cancelled", _STATUSES),
    StatusWord("expired", "expired", _STATUSES),
    StatusWord("revoked", "refused", _STATUSES),
    StatusWord("needs_csr", "wants_approval", _STATUSES, "the order lacks its CSR at DigiCert"),
    StatusWord("waiting_pickup", "wants_approval", _STATUSES, "the certificate waits to be picked up"),
    # words of requests that a recorded answer of 2017 had as the order's (Netflix/lemur, test_digicert.py)
    StatusWord("submitted", "accepted", "Netflix/lemur, recorded answers"),
    StatusWord("approved", "accepted", "Netflix/lemur, recorded answers"),
)

#: ``requests[].status``: where the approval of the account's own people stands.
REQUEST_WORDS: tuple[StatusWord, ...] = (
    StatusWord("submitted", "wants_approval", _ORDERS + "order-dv-ssl.html", _APPROVE),
    StatusWord("pending", "wants_approval", _ORDERS + "order-dv-ssl.html", _APPROVE),
    StatusWord("needs_approval", "wants_approval", _ORDERS + "order-dv-ssl.html", _APPROVE),
    StatusWord("approved", "accepted", _ORDERS + "order-dv-ssl.html"),
    StatusWord("rejected", "refused", _ORDERS + "order-dv-ssl.html"),
)


#: What is in ``requests[].type`` of another certificate of an order. The field is documented, its words are not: the
#: setting ``request_types``.
REQUEST_TYPES: t.Mapping[str, tuple[str, ...]] = {"reissue": ("reissue",), "duplicate": ("duplicate",)}


class MethodWord(t.NamedTuple):
    """method: our word of ``validation.method``; word: their ``dcv_method``."""

    method: str
    word: str
    wildcard: bool
    source: str


METHOD_WORDS: tuple[MethodWord, ...] = (
    MethodWord("email", "email", True, _ORDERS + "order-dv-ssl.html"),
    MethodWord("dns", "dns-txt-token", True, _ORDERS + "order-dv-ssl.html"),
    MethodWord("dns-cname", "dns-cname-token", True, _ORDERS + "order-dv-ssl.html"),
    MethodWord("file", "http-token", False, _FILE),
)


class ProductWord(t.NamedTuple):
    """name_id: of their catalogue (``GET /product`` lists those of an account); product: ours that it stands for."""

    name_id: str
    level: str
    source: str
    product: str = ""


PRODUCT_WORDS: tuple[ProductWord, ...] = (
    ProductWord("ssl_dv_geotrust_flex", "dv", _ORDERS + "order-dv-ssl.html", "digicert-dv"),
    ProductWord("ssl_dv_geotrust", "dv", _ORDERS + "order-dv-ssl.html"),
    ProductWord("ssl_dv_rapidssl", "dv", _ORDERS + "order-dv-ssl.html"),
    ProductWord("wildcard_dv_geotrust", "dv", _ORDERS + "order-dv-ssl.html"),
    ProductWord("wildcard_dv_rapidssl", "dv", _ORDERS + "order-dv-ssl.html"),
    ProductWord("cloud_dv_geotrust", "dv", _ORDERS + "order-dv-ssl.html"),
    ProductWord("ssl_basic", "ov", _ORDERS + "order-basic-ov.html", "digicert-ov"),
    ProductWord("ssl_plus", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_multi_domain", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_wildcard", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_cloud_wildcard", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_securesite_flex", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_securesite_pro", "ov", _ORDERS + "order-basic-ov.html"),
    ProductWord("ssl_ev_basic", "ev", _ORDERS + "order-basic-ev.html", "digicert-ev"),
    ProductWord("ssl_ev_plus", "ev", _ORDERS + "order-basic-ev.html"),
    ProductWord("ssl_ev_multi_domain", "ev", _ORDERS + "order-basic-ev.html"),
    ProductWord("ssl_ev_securesite_flex", "ev", _ORDERS + "order-basic-ev.html"),
    ProductWord("ssl_ev_securesite_pro", "ev", _ORDERS + "order-basic-ev.html"),
)

#: Codes of a check (HTTP 400) that only say: not there yet (https://dev.digicert.com/errors/). That of a missing CNAME
#: is documented nowhere: the setting ``not_yet_codes`` adds to them.
LOOKED_AND_FOUND_NOTHING: tuple[str, ...] = ("invalid_dns_txt", "file_random_value_not_found")

#: Codes of an answer that means: there is no such order (https://dev.digicert.com/errors/). That a ``not_found``
#: without more words means it, too, is a guess: the setting ``gone_codes``.
NO_SUCH_ORDER: tuple[str, ...] = ("not_found", "not_found|order")

#: ``revocation_reason``: RFC 5280 without privilegeWithdrawn.
REASONS: tuple[str, ...] = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
)

CONTACT_TYPES: tuple[str, ...] = ("organization_contact", "technical_contact", "ev_approver")
