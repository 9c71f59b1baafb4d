# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing answers, as the recorded ones look: the operation in its namespace, all below it in none."""

from __future__ import annotations

import typing as t
from xml.sax.saxutils import escape

NAMESPACE = "https://system.globalsign.com/kb/ws/v1/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'

#: a text, what is missing (nil), or elements
Value = t.Union[str, None, t.Sequence["Element"]]


class Element(t.NamedTuple):
    name: str
    value: Value


def pem_text(text: str) -> str:
    """Its lines end in CR LF; a CR has to be written as a character reference, or whoever reads it loses it."""
    return text.replace("\n", "\r\n")


def xml(element: Element, *, without_nil: bool = False) -> str:
    name, value = element
    if value is None:
        return "" if without_nil else f'<{name} xmlns:xsi="{XSI}" xsi:nil="true"/>'
    if isinstance(value, str):
        content = escape(value, {"\r": "&#xD;"})
    else:
        content = "".join(xml(child, without_nil=without_nil) for child in value)
    return f"<{name}>{content}</{name}>" if content else f"<{name}/>"


def envelope(operation: str, response: Element, *, prefixes: tuple[str, str], without_nil: bool) -> bytes:
    """Of the envelope and of the operation."""
    outer, inner = prefixes
    content = xml(response, without_nil=without_nil)
    body = f'<{inner}:{operation} xmlns:{inner}="{NAMESPACE}">{content}</{inner}:{operation}>'
    return _wrapped(body, outer).encode("utf-8")


def fault(code: str, words: str) -> bytes:
    """SOAP 1.1, 4.4."""
    body = f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{escape(words)}</faultstring></soap:Fault>"
    return _wrapped(body, "soap").encode("utf-8")


def _wrapped(body: str, prefix: str) -> str:
    inside = f"<{prefix}:Body>{body}</{prefix}:Body>"
    return f'{HEAD}<{prefix}:Envelope xmlns:{prefix}="{ENVELOPE}">{inside}</{prefix}:Envelope>'
