# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever runs an ACME directory (RFC 8555).

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    LATER,
    CustodyRule,
    MethodOffer,
    NameRule,
    Product,
    RenewalRule,
    Seller,
    StepRule,
    ValidityRule,
)

SELLER = Seller("acme", "The operator of the ACME directory", "RFC 8555 §7.1.1")

PRODUCTS: tuple[Product, ...] = (
    Product(
        key="acme",
        seller="acme",
        ca=None,
        validation_level="dv",
        title="Certificate by ACME, from the directory that the CA account names",
        source="RFC 8555",
        names=(
            NameRule(
                wildcard="may",
                max_names=100,
                facts=("RFC 8555 §7.1.3",),
                source="Let's Encrypt (community.letsencrypt.org/t/35243); RFC 8555 itself has no limit",
                raisable=True,
            ),
        ),
        custody=(CustodyRule(("us",), ("us",), ("RFC 8555 §7.4", "BR 6.1.1.3"), "RFC 8555 §7.4: finalized by a CSR"),),
        methods=(
            MethodOffer(
                method="dns-01",
                rules=("3.2.2.4.7",),
                places="record",
                facts=("RFC 8555 §8.4",),
                source="RFC 8555 §8.4",
                records=(("_acme-challenge.{adn}", "TXT", LATER),),
            ),
            MethodOffer(
                method="dns-account-01",
                rules=("3.2.2.4.21",),
                places="record",
                facts=("BR 3.2.2.4.21",),
                source="draft-ietf-acme-dns-account-label-02 (2025-11); BR 3.2.2.4.21",
                records=(("_ACCOUNT-LABEL._acme-challenge.{adn}", "TXT", LATER),),
            ),
            MethodOffer(
                method="dns-persist-01",
                rules=("3.2.2.4.22",),
                places="record",
                facts=("BR 3.2.2.4.22",),
                source="draft-ietf-acme-dns-persist-02 (2026-09-20); SC-088v3, BR 3.2.2.4.22",
                records=(("_validation-persist.{adn}", "TXT", LATER),),
            ),
            MethodOffer(
                method="http-01",
                rules=("3.2.2.4.19",),
                places="file",
                facts=("RFC 8555 §8.3",),
                source="RFC 8555 §8.3; BR 3.2.2.4.19",
                wildcard=False,
                files=(f"http://{{adn}}/.well-known/acme-challenge/{LATER}",),
            ),
        ),
        steps=(
            StepRule("customer", "make key and CSR, then place the order", ("RFC 8555 §7.4",), "RFC 8555 §7.4"),
            StepRule(
                "customer",
                "publish the TXT record at every authoritative server",
                ("RFC 8555 §8.4",),
                "RFC 8555 §8.4",
                methods=("dns-01",),
            ),
            StepRule(
                "customer",
                "publish the TXT record below the account's label at every authoritative server",
                ("BR 3.2.2.4.21",),
                "draft-ietf-acme-dns-account-label-02 §3.2",
                methods=("dns-account-01",),
            ),
            StepRule(
                "customer",
                "keep the standing TXT record that names the account; it stays after the order",
                ("BR 3.2.2.4.22",),
                "draft-ietf-acme-dns-persist-02 §4",
                methods=("dns-persist-01",),
            ),
            StepRule(
                "customer", "serve the file on port 80", ("RFC 8555 §8.3",), "RFC 8555 §8.3", methods=("http-01",)
            ),
            StepRule("ca", "look at every name, then issue", ("RFC 8555 §7.5.1",), "RFC 8555 §7.5.1"),
            StepRule(
                "customer",
                "deploy the certificate, remove the token",
                ("RFC 8555 §8.3", "RFC 8555 §8.4"),
                "RFC 8555 §8.3, §8.4",
            ),
        ),
        renewal=(
            RenewalRule(
                outcome="lapses",
                facts=("RFC 8555 §7.4",),
                source="RFC 8555 §7.4: a renewal is a new order",
                after_refusal="again",
            ),
        ),
        validity=(ValidityRule("ca_decides", ("BR 6.3.2",), "the CA's profile decides; BR 6.3.2 caps it"),),
    ),
)
