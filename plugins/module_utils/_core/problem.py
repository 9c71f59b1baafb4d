# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problem documents (RFC 7807, with the subproblems of RFC 8555 §6.7.1) as one readable, harmless sentence.

A problem comes from the other side: every text in it is bounded and escaped when it is parsed.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.acme_errors import ACME_ERRORS, ERROR_PREFIX, Advice

__all__ = ["Problem", "parse_problem", "read_problem"]

_MAX_DETAIL = 600  # the longest seen of Boulder, with every address that was tried, has some 400 characters
_MAX_WORD = 200
_MAX_SUBPROBLEMS = 20
_MAX_DEPTH = 3  # RFC 8555 §6.7.1: "SHOULD NOT" nest


@dataclass(frozen=True)
class Problem:
    """type: the URI as it came; identifier: the name it is about; instance: a page for a person."""

    type: str = ""
    title: str = ""
    detail: str = ""
    status: int | None = None
    identifier: str = ""
    instance: str = ""
    subproblems: tuple[Problem, ...] = ()
    left_off: int = 0

    @property
    def code(self) -> str:
        """The ACME error type without its prefix, or ""."""
        return self.type[len(ERROR_PREFIX) :] if self.type.startswith(ERROR_PREFIX) else ""

    @property
    def advice(self) -> Advice | None:
        """What to do; of several reasons, the first that says more than that there are several."""
        own = ACME_ERRORS.get(self.code)
        if self.subproblems and self.code in ("compound", "malformed", ""):
            return next((found for found in (inner.advice for inner in self.subproblems) if found), own)
        return own

    @property
    def retryable(self) -> bool:
        """A compound problem passes by itself only if each part does."""
        if self.code == "compound" and self.subproblems:
            return all(inner.retryable for inner in self.subproblems)
        advice = ACME_ERRORS.get(self.code)
        return advice is not None and advice.retryable

    def sentence(self) -> str:
        """``name: detail (type); 1. …; 2. …``, each in the other side's own words."""
        words = self.detail or self.title or "no reason given"
        name = f"{self.identifier}: " if self.identifier else ""
        kind = self.code or self.type
        head = f"{name}{words}" + (f" ({kind})" if kind and kind != "about:blank" else "")
        parts = [f"{number}. {inner.sentence()}" for number, inner in enumerate(self.subproblems, 1)]
        if self.left_off:
            parts.append(f"and {self.left_off} more")
        return "; ".join([head, *parts])


def read_problem(body: bytes) -> Problem | None:
    """The problem document in an answer's body, or None if it holds none."""
    try:
        data = load_json(body)
    except ValueError:
        return None
    return parse_problem(data)


def parse_problem(data: object) -> Problem | None:
    """A problem object that is part of a larger answer (the error of an order or of a challenge)."""
    return _parse(data, 1)


def _parse(data: object, depth: int) -> Problem | None:
    if not isinstance(data, dict) or not {"type", "title", "detail", "subproblems"} & data.keys():
        return None
    inner = data.get("subproblems")
    listed = inner if isinstance(inner, list) and depth < _MAX_DEPTH else []
    status = data.get("status")
    identifier = data.get("identifier")
    return Problem(
        type=_text(data.get("type"), _MAX_WORD),
        title=_text(data.get("title"), _MAX_WORD),
        detail=_text(data.get("detail"), _MAX_DETAIL),
        status=status if isinstance(status, int) and not isinstance(status, bool) else None,
        identifier=_text(identifier.get("value"), _MAX_WORD) if isinstance(identifier, dict) else "",
        instance=_text(data.get("instance"), _MAX_WORD),
        subproblems=tuple(_parsed(listed[:_MAX_SUBPROBLEMS], depth + 1)),
        left_off=max(len(listed) - _MAX_SUBPROBLEMS, 0),
    )


def _parsed(listed: t.Sequence[object], depth: int) -> t.Iterator[Problem]:
    for one in listed:
        problem = _parse(one, depth)
        if problem is not None:
            yield problem


def _text(value: object, bound: int) -> str:
    return escaped(value, bound) if isinstance(value, str) else ""
