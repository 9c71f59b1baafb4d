# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML that cannot be broken by what it shows: every text is escaped, unless this file made it.

This file is private to the collection.
"""

from __future__ import annotations

import html
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = t.Union[str, int, None]
_VOID = frozenset({"input", "meta"})


def tag(element: str, /, *children: Child, **attributes: Child) -> Markup:
    """A trailing underscore makes ``class`` a possible name of an attribute, any other one stands for a hyphen; an
    attribute without a value is left out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Markup(f"<{element}{words}>")
    return Markup(f"<{element}{words}>{join(*children)}</{element}>")


def join(*children: Child) -> Markup:
    return Markup("".join(_text(child) for child in children if child is not None))


def _text(child: str | int) -> str:
    return child if isinstance(child, Markup) else _escaped(str(child))


def _escaped(text: str) -> str:
    """Nor may a text turn the direction of what stands around it."""
    return html.escape(text if text.isprintable() else escaped(text), quote=True)
