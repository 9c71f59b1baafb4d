# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where people drop what sellers sent: files named as the certificate is in the inventory.

    <intake_path>/shop.pem (.crt, .cer, .txt)    the certificate, with its chain before or behind it
    <intake_path>/shop.json                      an intake, with the keys of inkan_intake

Nothing is removed: what was taken in once is passed over. Links are not followed, sizes are bounded; what a file holds
is judged as hostile text, like everything that is told.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import Intake, read_intake
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Item

__all__ = ["with_dropped"]

_CERTIFICATES = (".pem", ".crt", ".cer", ".txt")
_INTAKE = ".json"
_MOST_BYTES = 512 * 1024


def with_dropped(items: t.Sequence[Item], folder: str) -> list[Item]:
    """The items, with what lies there for them."""
    if not os.path.isdir(folder):
        return list(items)
    with Directory.open(folder) as opened:
        there = set(opened.names())
        return [_with(item, opened, there) for item in items]


def _with(item: Item, folder: Directory, there: t.Collection[str]) -> Item:
    for ending in (*_CERTIFICATES, _INTAKE):
        name = item.name + ending
        if name in there:
            intake, wrong = _read(folder, name, ending)
            errors = (*item.intake_errors, *(f"{folder.path}/{name}: {why}" for why in wrong))
            item = replace(item, intakes=(*item.intakes, intake), intake_errors=errors)
    return item


def _read(folder: Directory, name: str, ending: str) -> tuple[Intake, list[str]]:
    nothing = Intake(source="file")
    try:
        text = (folder.read(name, _MOST_BYTES) or b"").decode("utf-8-sig")
    except InkanError as error:
        return nothing, [error.why or error.what]
    except UnicodeDecodeError:
        return nothing, ["it is no text (save it as PEM, not as DER or PKCS #7)"]
    if ending != _INTAKE:
        return Intake(certificate=text.strip(), source="file"), []
    try:
        return read_intake(load_json(text), "file")
    except ValueError as failure:
        return nothing, [f"it is no JSON: {failure}"]
