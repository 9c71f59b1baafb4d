# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""issue-values: a domain and parameters, in CAA records (RFC 8659, 4.2) and in those of dns-persist-01."""

from __future__ import annotations

import re
import typing as t

_TAG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")


class IssueValue(t.NamedTuple):
    #: in lower case; empty: nobody
    domain: str
    #: in their order, tags as they are written
    parameters: tuple[tuple[str, str], ...]

    def all(self, tag: str) -> list[str]:
        return [value for name, value in self.parameters if name.lower() == tag.lower()]


def domain_of(text: str) -> str:
    """The domain that comes first, whatever comes after."""
    return text.partition(";")[0].strip(" \t").lower().rstrip(".")


def parse(text: str) -> IssueValue | None:
    """None: it is none."""
    first, *rest = text.split(";")
    domain = first.strip(" \t")
    if domain and not _DOMAIN.fullmatch(domain):
        return None
    parameters = []
    for piece in [piece.strip(" \t") for piece in rest]:
        if not piece:
            continue
        tag, equals, value = (part.strip(" \t") for part in piece.partition("="))
        if not equals or not _TAG.fullmatch(tag) or not _VALUE.fullmatch(value):
            return None
        parameters.append((tag, value))
    return IssueValue(domain.lower(), tuple(parameters))
