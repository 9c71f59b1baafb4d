# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA or seller handed out, put in order: the leaf, then its issuers from the lowest up.

Sellers send bundles in any order, with the root, with an intermediate twice, with both of two cross-signed ones. A true
chain is left as it came. Of the rest nothing is dropped in silence: what signed none of the others is refused.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    certificate_facts,
    is_issued_by,
    load_certificate,
    sort_chain,
)

__all__ = ["issued_chain"]


def issued_chain(certificates: t.Sequence[str]) -> tuple[str, list[str]]:
    """certificates: PEM, one each, the leaf most likely first. ProtocolError chain_broken: some do not belong to it.

    Left out are repetitions, and other issuers of a certificate whose issuer is in the chain (cross-signed ones).
    """
    given = list(dict.fromkeys(certificates))
    facts = {pem: certificate_facts(pem) for pem in given}
    leaves = [pem for pem in given if not facts[pem].is_ca]
    leaf = leaves[0] if len(leaves) == 1 else given[0]
    others = [pem for pem in given if pem != leaf]
    if _is_chain([leaf, *others]):
        return leaf, others
    chain = sort_chain(leaf, others)
    strangers = [pem for pem in others if pem not in chain and not _has_signed_one_of(pem, given)]
    if strangers:
        raise _broken(facts[leaf], [facts[pem] for pem in strangers])
    return leaf, chain


def _is_chain(pems: t.Sequence[str]) -> bool:
    loaded = [load_certificate(pem) for pem in pems]
    return all(is_issued_by(below, above) for below, above in zip(loaded, loaded[1:]))


def _has_signed_one_of(pem: str, others: t.Sequence[str]) -> bool:
    issuer = load_certificate(pem)
    return any(is_issued_by(load_certificate(other), issuer) for other in others if other != pem)


def _broken(leaf: CertificateFacts, strangers: t.Sequence[CertificateFacts]) -> InkanError:
    names = "; ".join(one.subject or f"serial {one.serial}" for one in strangers)
    return ProtocolError(
        code="chain_broken",
        what="Cannot use the chain that came with the certificate",
        where=f"serial {leaf.serial}, issued by {leaf.issuer}",
        why=f"none of it was signed by what came as its issuer: {names}",
        todo="Nothing is lost: it is downloaded again in the next run. Ask the seller for the right intermediates",
        retryable=True,
    )
