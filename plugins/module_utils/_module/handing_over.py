# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate, chain and key for a person who registers them at a seller's portal: the one exception to key custody.

    <store_path>-handover/<name>/certificate.pem, chain.pem, privkey.pem    0600, in folders of 0700

They are there while the portal waits for them, and gone with the first run that knows they are registered. Only the
pair that the ledger brought is handed over: the generation of the store that holds that very certificate.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CERTIFICATE, CHAIN, KEY, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result

__all__ = ["hand_over", "hand_over_path"]

_FILES = {"certificate.pem": CERTIFICATE, "chain.pem": CHAIN, "privkey.pem": KEY}
_MOST = 1_000_000


#: Long enough for another module's file work, too short for a person to notice.
_LOCK_WAIT = 10.0


def hand_over_path(store_path: str) -> str:
    return store_path.rstrip("/") + "-handover"


def hand_over(store: Store, items: t.Sequence[t.Mapping[str, t.Any]], check_mode: bool) -> Result:
    """An item with a certificate gets its files, one without loses them."""
    errors = InputCollector()
    for item in items:
        for option in ("name", "source"):
            why = item_name_error(str(item.get(option) or ""))
            if why:
                where = f"item {item['name']!r}, {option}"
                errors.add("bad_name", what="Cannot hand over", where=where, why=why, todo="Correct it")
    errors.refuse()
    result = Result([])
    for item in items:
        try:
            one = _one(store, item, check_mode)
        except InkanError as error:
            one = ItemResult(item["name"], "refused", None, error=error)
        result.items.append(one)
        if one.changed:
            result.diff.append(_diff(store, one))
    return result


def _one(store: Store, item: t.Mapping[str, t.Any], check_mode: bool) -> ItemResult:
    name, certificate = item["name"], item.get("certificate") or ""
    path = os.path.join(hand_over_path(store.path), name)
    if certificate == KNOWN_AFTER_ORDER:
        return ItemResult(name, "handed_over", "handed_over", True, extra={"path": path})
    if not certificate:
        changed = _withdrawn(path, check_mode)
        return ItemResult(name, "withdrawn" if changed else "kept", "absent", changed, extra={"path": path})
    contents = _contents(store, item["source"], certificate)
    changed = _written(path, contents, check_mode)
    return ItemResult(name, "handed_over" if changed else "kept", "handed_over", changed, extra={"path": path})


def _contents(store: Store, source: str, certificate: str) -> dict[str, bytes]:
    for generation in reversed(store.generations(source)):
        found = store.read(source, generation.number, CERTIFICATE) if generation.has_certificate else None
        if found is not None and generation.has_key and found.strip() == certificate.strip().encode():
            read = {name: store.read(source, generation.number, file) for name, file in _FILES.items()}
            return {name: content for name, content in read.items() if content is not None}
    raise LocalError(
        code="nothing_to_hand_over",
        what=f'Cannot hand over the certificate of "{source}"',
        where=f"{store.path}/{source}",
        why="no generation holds this certificate and its key",
        todo="Nothing is lost: it is handed over in the run after its deployment",
        retryable=True,
    )


def _written(path: str, contents: t.Mapping[str, bytes], check_mode: bool) -> bool:
    if check_mode:
        return not os.path.isdir(path) or _differs(path, contents)
    with Directory.make(os.path.dirname(path)) as above:
        _be_alone(above)
        with above.made_child(os.path.basename(path)) as folder:
            return _filled(folder, contents)


def _filled(folder: Directory, contents: t.Mapping[str, bytes]) -> bool:
    folder.sweep()
    stale = [name for name, content in contents.items() if folder.read(name, _MOST) != content]
    for name in stale:
        folder.write(name, contents[name])
    return bool(stale)


def _be_alone(above: Directory) -> None:
    """Lock the folder of all that is handed over; what a killed run left half-made there, keys perhaps, is removed."""
    if not above.hold(wait=_LOCK_WAIT, clock=SystemClock()):
        why = f"another process held its lock for {_LOCK_WAIT:g} seconds"
        todo = "Run again when the other run has ended"
        raise LocalError(
            code="store_busy", what="Cannot hand over", where=above.path, why=why, todo=todo, retryable=True
        )
    above.sweep()


def _differs(path: str, contents: t.Mapping[str, bytes]) -> bool:
    with Directory.open(path) as folder:
        return any(folder.read(name, _MOST) != content for name, content in contents.items())


def _withdrawn(path: str, check_mode: bool) -> bool:
    above_path, name = os.path.split(path)
    if check_mode or not os.path.isdir(above_path):
        return os.path.isdir(path)
    with Directory.open(above_path) as above:
        _be_alone(above)
        is_there = above.stat(name) is not None
        above.remove_tree(name)
        return is_there


def _diff(store: Store, one: ItemResult) -> Diff:
    text = f"{one.extra['path']}: {', '.join(_FILES)}\n"
    gone = one.outcome == "withdrawn"
    return Diff(f'hand-over "{one.name}"', text if gone else "", "" if gone else text)
