# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where validation files go: one folder for all names of a certificate, or one a name (``www`` on another server).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_names import refused
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish


def roots_by_name(wish: Wish, book: Book) -> dict[str, str]:
    """``validation.document_roots`` by A-label; a name that is none is left out, and told by ``place_errors``."""
    found: dict[str, str] = {}
    for text, root in wish.validation.document_roots.items():
        try:
            found[book.tools.to_alabel(text)] = root
        except ValueError:
            continue
    return found


def place_errors(wish: Wish, names: t.Sequence[str], method: str, reference: str, book: Book) -> list[InkanError]:
    """names: A-labels. Every one needs a folder, and every folder one of them."""
    roots = roots_by_name(wish, book)
    strange = [text for text in wish.validation.document_roots if _alabel(text, book) not in names]
    errors = []
    if strange:
        why = f"validation.document_roots names {', '.join(strange)}"
        what, todo = "A folder is given for a name that the certificate lacks", f"Name one of {', '.join(names)}"
        errors.append(refused(wish, "document_root_unused", what, why, todo))
    without = [] if wish.validation.document_root else [name for name in names if name not in roots]
    if without:
        what = f"Validation by {method} needs a place"
        why = "validation.document_root is missing"
        if roots:
            why += f", and validation.document_roots has nothing for {', '.join(without)}"
        todo = "Name the folder that the web server serves on port 80"
        errors.append(refused(wish, "no_document_root", what, why, todo, reference))
    return errors


def _alabel(text: str, book: Book) -> str | None:
    try:
        return book.tools.to_alabel(text)
    except ValueError:
        return None
