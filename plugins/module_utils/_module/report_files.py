# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a report's folder were made here, with the digest of what was written, so that those of a form that
is not wanted any more can be removed, and nobody else's ever is.

    .made.json   {"report.csv": "<sha256>", …}, written after the files: one that is missing in it is only kept longer

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult

__all__ = ["MADE", "digest_of", "note_made", "remove_unwanted"]

MADE = ".made.json"
#: no other name is ever removed, whatever the list says
_NAMES = frozenset(
    {"report.json", "report.csv", "report.md", "report.ics", "report.html", "report.en.html", "report.ja.html"}
)
_LIMIT = 64 * 1024


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _made(folder: Directory) -> dict[str, str]:
    """What cannot be read is nothing: then nothing is removed."""
    try:
        said = load_json(folder.read(MADE, _LIMIT) or b"{}")
    except (InkanError, ValueError):
        return {}
    pairs = said.items() if isinstance(said, dict) else ()
    return {name: digest for name, digest in pairs if name in _NAMES and isinstance(digest, str)}


def remove_unwanted(
    folder: Directory, path: str, wanted: t.Collection[str], limit: int, check_mode: bool
) -> tuple[list[ItemResult], list[str]]:
    """One result a file that is removed, and a warning for each that is left, because somebody has changed it."""
    items, warnings = [], []
    for name, digest in sorted(_made(folder).items()):
        if name in wanted:
            continue
        whole = f"{path.rstrip('/')}/{name}"
        try:
            content = folder.read(name, limit)
            if content is None:
                continue
            if digest_of(content) == digest:
                if not check_mode:
                    folder.remove(name)
                items.append(ItemResult(name, "removed", "absent", True, extra={"path": whole}))
                continue
            why = "somebody else has changed it"
        except InkanError as error:
            why = error.sentence()
        warnings.append(f"{whole} is of a form that is not wanted any more, and was left: {why}")
    return items, warnings


def note_made(folder: Directory, written: t.Mapping[str, str]) -> None:
    """written: name and digest of all that is wanted. A file that could not be replaced stays as it was noted."""
    before = _made(folder)
    after = {name: digest or before.get(name, "") for name, digest in written.items()}
    content = (json.dumps({name: after[name] for name in sorted(after) if after[name]}, indent=1) + "\n").encode()
    if folder.read(MADE, _LIMIT) != content:
        folder.write(MADE, content, mode=0o644)
