# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME directories that customers in Japan meet: what ``preset`` of an account stands for. One row a CA.

    known     whether a field was read in the CA's own documents; what is not is named in ``unverified``
    limits    words for people; the CA's own answers (Retry-After) are what the adapter goes by
    profiles  as documented on that day; what is ordered is held against the directory's own list (meta.profiles)

Cybertrust has no row: its directory is not public (ca-apis 3). Source: ca-apis 4 and 5, read 2026-11-20.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

__all__ = ["ACME_DIRECTORIES", "AcmeDirectory"]


class AcmeDirectory(t.NamedTuple):
    """refused_todo: what helps where this CA refuses a new order; needs_binding: EAB, and where it comes from."""

    key: str
    title: str
    directory: str
    needs_binding: bool
    source: str
    read: date
    binding_from: str = ""
    profiles: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    refused_todo: str = ""


_READ = date(2026, 11, 20)
_LE_SOURCE = "https://letsencrypt.org/docs/profiles/, https://letsencrypt.org/docs/rate-limits/ (2026-08-05)"
_LE_PROFILES = ("classic", "tlsserver", "shortlived")

ACME_DIRECTORIES: tuple[AcmeDirectory, ...] = (
    AcmeDirectory(
        key="letsencrypt",
        title="Let's Encrypt",
        directory="https://acme-v02.api.letsencrypt.org/directory",
        needs_binding=False,
        source=_LE_SOURCE,
        read=_READ,
        profiles=_LE_PROFILES,
        limits=(
            "300 orders an account in 3 hours",
            "50 certificates a registered domain in 7 days",
            "5 certificates of exactly the same names in 7 days",
            "renewals that follow ARI do not count",
        ),
        unverified=("dns-persist-01 in production",),
    ),
    AcmeDirectory(
        key="letsencrypt-staging",
        title="Let's Encrypt, staging (certificates that nobody trusts)",
        directory="https://acme-staging-v02.api.letsencrypt.org/directory",
        needs_binding=False,
        source=_LE_SOURCE,
        read=_READ,
        profiles=_LE_PROFILES,
    ),
    AcmeDirectory(
        key="jprs",
        title="JPRS, DV certificates by ACME",
        directory="https://acme.amecert.jprs.jp/DV/getDirectory",
        needs_binding=True,
        source="ca-apis 4; https://jpdirect.jp/ssl_service/acme.html",
        read=_READ,
        binding_from="the reseller's portal, for one registration only",
        unverified=("ARI", "profiles", "dns-persist-01", "days of validity", "error type of a name not registered"),
        refused_todo=(
            "JPRS issues by ACME only for names that are registered at the reseller first: register each of these names"
            " in the reseller's portal (JPDirect: 利用FQDN情報登録, for a fee each), then run again"
        ),
    ),
    AcmeDirectory(
        key="digicert",
        title="DigiCert CertCentral",
        directory="https://acme.digicert.com/v2/acme/directory/",
        needs_binding=True,
        source="ca-apis 5; docs.digicert.com, CertCentral, ACME",
        read=_READ,
        binding_from="CertCentral, Automation, ACME directory URLs: one pair for a product, organization and validity",
        unverified=("ARI", "profiles"),
        refused_todo=(
            "An organization or a domain that is not validated in CertCentral, or an approval that takes longer than 90"
            " seconds, ends so: validate both there first"
        ),
    ),
    AcmeDirectory(
        key="digicert-one",
        title="DigiCert ONE, Trust Lifecycle Manager",
        directory="https://one.digicert.com/mpki/api/v1/acme/v2/directory",
        needs_binding=True,
        source="ca-apis 5; docs.digicert.com, run-acme-operations-on-the-service.html",
        read=_READ,
        binding_from="Trust Lifecycle Manager, the certificate profile",
        unverified=("profiles",),
    ),
    AcmeDirectory(
        key="globalsign-atlas",
        title="GlobalSign Atlas",
        directory="https://emea.acme.atlas.globalsign.com/directory",
        needs_binding=True,
        source="ca-apis 5; https://docs.globalsign.com/solutions/services/acme/acme-faqs",
        read=_READ,
        binding_from="Atlas, bound to the Atlas account (customers of GSパネル need Atlas for ACME)",
        unverified=("ARI", "profiles"),
    ),
)
