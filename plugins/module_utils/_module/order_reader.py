# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSRs and certificates, read by ``_x509`` for the order modules.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Certificate
from ansible_collections.inkan.tls.plugins.module_utils._x509.bundle import issued_chain
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import certificate_facts, split_pem
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import csr_facts


class X509Reader:
    """The CertificateReader of ``order_answers``."""

    def csr(self, pem: str) -> tuple[frozenset[str], str]:
        facts = csr_facts(pem.encode("utf-8", "replace"))
        names = {*facts.dns_names, *([facts.common_name.lower()] if facts.common_name else [])}
        return frozenset(names), facts.public_key_sha256

    def csr_facts(self, pem: str) -> CsrFacts:
        return csr_facts(pem.encode("utf-8", "replace"))

    def certificate(self, issued: Issued) -> tuple[Certificate, frozenset[str], str]:
        """Put in order: sellers send chains reversed, or the leaf in the midst of them."""
        leaf, chain = issued_chain([_one(text) for text in (issued.certificate, *issued.chain)])
        facts = certificate_facts(leaf)
        certificate = Certificate(
            pem=leaf,
            chain=tuple(chain),
            serial=facts.serial,
            not_before=facts.not_before,
            not_after=facts.not_after,
            key_type=facts.key_type,
            public_key_sha256=facts.public_key_sha256,
        )
        return certificate, frozenset(facts.dns_names), facts.public_key_sha256


def _one(text: str) -> str:
    certificate_facts(text)  # refuses what is not exactly one certificate
    return "".join(split_pem(text))
