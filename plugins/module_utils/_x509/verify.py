# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this certificate become live? The last look before a switch: key, names, chain, dates.

What is not looked at: trust. The chain need not end in a root that this machine knows (labs, private CAs, new roots);
the CA is the one that the order named.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import covers
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import x509
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    facts_of,
    is_issued_by,
    iso,
    load_certificate,
    sort_chain,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256 as digest_of_key

#: A CA may date notBefore a little after our clock; hosts drift.
_CLOCK_TOLERANCE = timedelta(hours=1)


def verify_deployment(
    certificate_pem: str,
    chain_pems: t.Sequence[str],
    *,
    public_key_sha256: str,
    private_key_pem: bytes | None,
    dns_names: t.Sequence[str],
    now: datetime,
) -> CertificateFacts:
    """Facts of a certificate that fits, or the first InkanError that says why not.

    public_key_sha256: the key that the order was made with. private_key_pem: the key on this host, if it is at hand.
    Codes: certificate_unreadable, certificate_not_alone, certificate_is_ca, certificate_key_mismatch,
    certificate_names_missing, certificate_not_yet_valid, certificate_expired, chain_missing, chain_out_of_order,
    chain_broken, chain_expired, private_key_unreadable.
    """
    leaf = load_certificate(certificate_pem)
    facts = facts_of(leaf)
    if facts.is_ca:
        raise _unfit("certificate_is_ca", facts, "it is the certificate of a CA", "Give the leaf as the certificate")
    _check_key(facts, public_key_sha256, private_key_pem)
    _check_names(facts, dns_names)
    _check_dates(facts, now)
    _check_chain(certificate_pem, leaf, facts, chain_pems, now)
    return facts


def _unfit(code: str, facts: CertificateFacts, why: str, todo: str, **more: t.Any) -> InkanError:
    return ProtocolError(
        code=code,
        what="Cannot use the certificate",
        where=f"serial {facts.serial}, issued by {facts.issuer}",
        why=why,
        todo=todo,
        **more,
    )


def _check_key(facts: CertificateFacts, wanted_sha256: str, private_key_pem: bytes | None) -> None:
    todo = "Order again from the CSR of the staged key"
    if facts.public_key_sha256 != wanted_sha256:
        why = f"its public key is {facts.public_key_sha256}, the order was made with {wanted_sha256}"
        raise _unfit("certificate_key_mismatch", facts, why, todo)
    if private_key_pem is not None and digest_of_key(private_key_pem) != facts.public_key_sha256:
        raise _unfit("certificate_key_mismatch", facts, "the private key here is not that of its public key", todo)


def _check_names(facts: CertificateFacts, dns_names: t.Sequence[str]) -> None:
    missing = [name for name in dns_names if not any(covers(entry, name) for entry in facts.dns_names)]
    if missing:
        why = f"it does not cover {', '.join(missing)}; its names are {', '.join(facts.dns_names) or 'none'}"
        raise _unfit("certificate_names_missing", facts, why, "Ask the CA for a certificate with all names")


def _check_dates(facts: CertificateFacts, now: datetime) -> None:
    if now < facts.not_before - _CLOCK_TOLERANCE:
        why = f"it is valid from {iso(facts.not_before)} on, now it is {iso(now)}"
        todo = "Check the clock of this host, or wait"
        raise _unfit("certificate_not_yet_valid", facts, why, todo, retryable=True, retry_at=facts.not_before)
    if now > facts.not_after:
        why = f"it expired at {iso(facts.not_after)}, now it is {iso(now)}"
        raise _unfit("certificate_expired", facts, why, "Check the clock of this host, or order again")


def _check_chain(
    leaf_pem: str, leaf: x509.Certificate, facts: CertificateFacts, chain_pems: t.Sequence[str], now: datetime
) -> None:
    if not chain_pems and not is_issued_by(leaf, leaf):
        why = "no certificate of its issuer came with it: clients that do not know the intermediate refuse it"
        todo = "Give the chain of the CA: its intermediates, or its root if that signed the certificate itself"
        raise _unfit("chain_missing", facts, why, todo)
    below, below_facts = leaf, facts
    for number, pem in enumerate(chain_pems, 1):
        issuer = load_certificate(pem, where=f"chain certificate {number}")
        issuer_facts = facts_of(issuer, where=f"chain certificate {number}")
        if not issuer_facts.is_ca or not is_issued_by(below, issuer):
            raise _broken_chain(leaf_pem, facts, chain_pems, number, below_facts, issuer_facts)
        if now > issuer_facts.not_after and not is_issued_by(issuer, issuer):
            why = f"chain certificate {number} ({issuer_facts.subject}) expired at {iso(issuer_facts.not_after)}"
            raise _unfit("chain_expired", facts, why, "Ask the CA for its present intermediates")
        below, below_facts = issuer, issuer_facts


def _broken_chain(
    leaf_pem: str,
    facts: CertificateFacts,
    chain_pems: t.Sequence[str],
    number: int,
    below: CertificateFacts,
    issuer: CertificateFacts,
) -> InkanError:
    why = f"chain certificate {number} ({issuer.subject}) did not sign {below.subject or below.serial}"
    in_order = sort_chain(leaf_pem, chain_pems)
    if len(in_order) == len(chain_pems) and in_order != list(chain_pems):
        todo = "Give the chain from the issuer of the leaf upwards"
        return _unfit("chain_out_of_order", facts, why, todo)
    return _unfit("chain_broken", facts, why, "Ask the CA for the intermediates of this very certificate")
