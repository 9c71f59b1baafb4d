# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the claims behind an order mean for it: what is to be published, who has to approve, or that all is done. And
the adapter's own errors.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claim import Claim
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claims import contact_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.atlas_words import FILE_PATH, METHOD_WORDS, REASONS

__all__ = [
    "claims_seen",
    "judge_method",
    "no_handle",
    "no_product",
    "no_serial",
    "no_such_certificate",
    "unknown_reason",
]

#: Seconds after a check that did not verify: Atlas took note, and caches of resolvers last.
_NOT_YET = 3.0


def claims_seen(
    handle: str,
    request: OrderRequest,
    claims: t.Mapping[str, Claim | None],
    *,
    token: t.Callable[[str], str],
    settings: Settings,
    now: datetime,
    is_asked: bool,
) -> Seen:
    """claims: by the domain that is to be claimed. token: of a domain. is_asked: Atlas was just asked to look."""
    if any(claim is None for claim in claims.values()):
        return Seen(handle, Status.ACCEPTED, "no claim", problem="a claim has ended: it is begun anew", is_cleared=True)
    known = {domain: claim for domain, claim in claims.items() if claim is not None}
    strange = [claim.word for claim in known.values() if not claim.means]
    if strange:
        return Seen(handle, Status.UNKNOWN, strange[0])
    open_claims = {domain: claim for domain, claim in known.items() if not claim.is_verified(now)}
    validated = tuple(domain for domain in known if domain not in open_claims)
    if not open_claims:
        return Seen(handle, Status.ISSUING, "VERIFIED", validated=validated, is_cleared=True)
    troubles = [f"{claim.domain}: {claim.trouble}" for claim in open_claims.values() if claim.trouble]
    ends = [claim.assert_by for claim in open_claims.values() if claim.assert_by is not None]
    tokens = {domain: token(domain) for domain in known}
    status, wanted = _wanted(request, tokens, tuple(open_claims), settings)
    if is_asked and status is Status.WANTS_VALIDATION:
        status = Status.VALIDATING
    return Seen(
        handle,
        status,
        "PENDING",
        wanted=wanted,
        validated=validated,
        problem="; ".join(troubles),
        expires=min(ends) if ends else None,
        retry_after=_NOT_YET if is_asked else None,
    )


def _wanted(
    request: OrderRequest, tokens: t.Mapping[str, str], domains: tuple[str, ...], settings: Settings
) -> tuple[Status, Wanted]:
    """tokens: of all domains of the order; domains: those that are not verified yet."""
    if request.method == "email":
        address = contact_of(request)[1]
        return Status.WANTS_APPROVAL, Wanted(mails=(address,) if address else ())
    if request.method == "file":
        return Status.WANTS_VALIDATION, Wanted(files=_files(tokens, domains, settings))
    records = tuple(_record(domain, tokens[domain], settings) for domain in domains)
    return Status.WANTS_VALIDATION, Wanted(records=records)


def _record(domain: str, token: str, settings: Settings) -> TokenRecord:
    value = settings.txt_value.replace("{token}", token)
    return TokenRecord(settings.txt_name.replace("{name}", domain), "TXT", value)


def _files(tokens: t.Mapping[str, str], domains: tuple[str, ...], settings: Settings) -> tuple[TokenFile, ...]:
    """Names of one web server share the file, for its name is fixed: all tokens, a line each; or a name at a time."""
    if not settings.joint_file:
        domains, tokens = domains[:1], {domain: tokens[domain] for domain in domains[:1]}
    lines = [settings.file_content.replace("{token}", token) for token in tokens.values() if token]
    scheme = settings.file_scheme.lower()
    return tuple(
        TokenFile(domain, FILE_PATH, "\n".join(lines), f"{scheme}://{domain}/{FILE_PATH}") for domain in domains
    )


# --- errors ----------------------------------------------------------------------------------------------------------


def judge_method(request: OrderRequest) -> None:
    offered = [row.method for row in METHOD_WORDS]
    if request.method not in offered:
        raise InputError(
            code="atlas_no_method",
            what=f"Cannot order {request.common_name}",
            where=f"order {request.reference}",
            why=f"Atlas has no method {request.method!r}",
            todo=nearest(request.method, offered),
        )


def no_product(request: OrderRequest, products: t.Sequence[str]) -> InputError:
    return InputError(
        code="atlas_no_product",
        what=f"Cannot order {request.common_name}",
        where=f"order {request.reference}",
        why=f"the account is not for product {request.product!r}",
        todo=f"{nearest(request.product, products)} Or add it to products of the account",
    )


def no_serial(where: str, request: OrderRequest) -> TransportError:
    return TransportError(
        code="atlas_order_without_serial",
        what="Atlas took the order, but its answer cannot be used",
        where=f"{where}, reference {request.reference}",
        why="its Location has no serial number",
        todo="It is looked for before anything is ordered again",
        sent=True,
    )


def no_such_certificate(serial: int, refusal: RefusedError) -> RefusedError:
    """Said of new ones for a moment; an order does not end by it."""
    return RefusedError(
        code="atlas_no_such_certificate",
        what=f"Atlas has no certificate {serial:X} for this credential",
        where=refusal.where,
        why=refusal.why,
        todo="Run again; if it stays, it is of another account, or the ledger of another place",
        retryable=True,
    )


def no_handle(handle: str) -> InputError:
    return InputError(
        code="atlas_no_handle",
        what="This is no certificate of Atlas",
        where=f"order {escaped(handle, 100)}",
        why="it is not certificate/ and a serial number in hex",
        todo="Give that with resolve: adopt",
    )


def unknown_reason(reason: str) -> InputError:
    return InputError(
        code="unknown_reason",
        what="Cannot revoke",
        why=f"Atlas has no reason {reason!r}",
        todo=f"Choose one of {', '.join(REASONS)}",
    )
