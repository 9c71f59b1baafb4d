# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ACME server says when it says no (RFC 8555, 6.7; RFC 7807)."""

from __future__ import annotations

import typing as t

Document = dict[str, t.Any]
PREFIX = "urn:ietf:params:acme:error:"
#: where the registry of types, or the text that has one, tells no status
STATUS: t.Mapping[str, int] = {
    "accountDoesNotExist": 400,
    "alreadyReplaced": 409,  # RFC 9773, 5
    "alreadyRevoked": 400,
    "badCSR": 400,
    "badNonce": 400,
    "badPublicKey": 400,
    "badRevocationReason": 400,
    "badSignatureAlgorithm": 400,
    "caa": 403,
    "compound": 400,
    "connection": 400,
    "dns": 400,
    "externalAccountRequired": 403,
    "incorrectResponse": 403,
    "invalidContact": 400,
    "invalidProfile": 400,
    "malformed": 400,
    "orderNotReady": 403,
    "rateLimited": 429,
    "rejectedIdentifier": 400,
    "serverInternal": 500,
    "unauthorized": 403,
    "unsupportedContact": 400,
    "unsupportedIdentifier": 400,
    "userActionRequired": 403,
}


class Problem(Exception):
    """Nothing was done. ``more``: further members of the document; ``headers``: of the answer."""

    def __init__(
        self,
        kind: str,
        detail: str,
        status: int = 0,
        *,
        subproblems: t.Sequence[Document] = (),
        headers: t.Mapping[str, str] | None = None,
        **more: t.Any,
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail, self.status = kind, detail, status or STATUS[kind]
        self.subproblems, self.headers, self.more = tuple(subproblems), dict(headers or {}), more

    def document(self) -> Document:
        found: Document = {"type": PREFIX + self.kind, "detail": self.detail, "status": self.status, **self.more}
        if self.subproblems:
            found["subproblems"] = list(self.subproblems)
        return found


def malformed(detail: str, status: int = 0) -> Problem:
    return Problem("malformed", detail, status)


def of_identifier(name: str, kind: str, detail: str) -> Document:
    """A subproblem (RFC 8555, 6.7.1)."""
    return {"type": PREFIX + kind, "detail": detail, "identifier": {"type": "dns", "value": name}}


def of_many(problems: t.Sequence[tuple[str, str, str]]) -> Problem:
    """(name, type, detail) of all names that were refused."""
    kinds = {kind for _name, kind, _detail in problems}
    if len(problems) == 1:
        name, kind, detail = problems[0]
        return Problem(kind, f"{name}: {detail}")
    parts = [of_identifier(name, kind, detail) for name, kind, detail in problems]
    kind = kinds.pop() if len(kinds) == 1 else "compound"
    return Problem(kind, "Some of the identifiers were refused.", subproblems=parts)
