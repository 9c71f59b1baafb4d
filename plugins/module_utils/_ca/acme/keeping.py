# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of an account beside the ledger, and how its key is changed so that no kill and no lost answer loses it.

    main.pem           the key in use
    main.next.pem      the key that follows: written and synced before the CA hears of it
    main.account.json  the account's URL, the contacts that were told to the CA, "deactivated" once it is, and what
                       standing records (dns-persist-01) are made of

    roll_key   next.pem written ─► keyChange (RFC 8555 §7.3.5) ─┬─ taken ───────► next.pem renamed to main.pem
                                                                ├─ refused ─────► next.pem removed, the old key stays
                                                                └─ answer lost ─► both stay; the next connection asks:
    connect    the CA knows main.pem ─► the change was not made; it may be made with the same next.pem
               it knows only next.pem ─► the change was made: renamed then

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io import files

__all__ = ["Memory", "forget_next", "locked", "made_at", "next_key", "promote", "read_memory", "remember", "write_next"]

_MAX = 64 * 1024
_MOST_EARLIER = 3
_LOCK = ".account-keys.lock"
_LOCK_WAIT = 30.0  # an RSA-4096 key takes some seconds to make


class Memory(t.NamedTuple):
    """contact: as told to the CA; None: not known here. thumbprint, hash_prefix, issuers: what standing records are
    made of (``_core/persist``)."""

    url: str = ""
    contact: tuple[str, ...] | None = None
    is_closed: bool = False
    thumbprint: str = ""
    hash_prefix: str = ""
    issuers: tuple[str, ...] = ()
    #: of keys that the account had before, the newest first: their records are found again by them
    earlier: tuple[str, ...] = ()

    def with_key(self, thumbprint: str) -> Memory:
        changed = self.thumbprint not in ("", thumbprint)
        earlier = (self.thumbprint, *self.earlier)[:_MOST_EARLIER] if changed else self.earlier
        return self._replace(thumbprint=thumbprint, earlier=earlier)


def read_memory(state_directory: str, name: str) -> Memory:
    """What cannot be read counts as nothing: the CA knows it, too."""
    if not os.path.isdir(state_directory):
        return Memory()
    with files.Directory.open(state_directory) as folder:
        raw = folder.read(f"{name}.account.json", _MAX)
    try:
        data = load_json(raw or b"{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return Memory()
    return Memory(
        url=_text(data.get("url")),
        contact=_texts(data.get("contact")),
        is_closed=data.get("status") == "deactivated",
        thumbprint=_text(data.get("thumbprint")),
        hash_prefix=_text(data.get("hash_prefix")),
        issuers=_texts(data.get("issuers")) or (),
        earlier=_texts(data.get("earlier")) or (),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return tuple(value)


def remember(state_directory: str, name: str, memory: Memory) -> None:
    if memory == read_memory(state_directory, name):
        return
    data: dict[str, t.Any] = {"url": memory.url, "thumbprint": memory.thumbprint, "hash_prefix": memory.hash_prefix}
    data.update({"issuers": list(memory.issuers), "earlier": list(memory.earlier)})
    data.update({"contact": list(memory.contact)} if memory.contact is not None else {})
    data.update({"status": "deactivated"} if memory.is_closed else {})
    with files.Directory.make(state_directory, mode=0o700) as folder:
        folder.write(f"{name}.account.json", (json.dumps(data, sort_keys=True) + "\n").encode("utf-8"), mode=0o600)


def made_at(state_directory: str, name: str) -> datetime | None:
    """When the key in use was made: it is written once."""
    if not os.path.isdir(state_directory):
        return None
    with files.Directory.open(state_directory) as folder:
        found = folder.stat(f"{name}.pem")
    return datetime.fromtimestamp(found.st_mtime, timezone.utc) if found is not None else None


@contextlib.contextmanager
def locked(state_directory: str, name: str, clock: Clock) -> t.Iterator[files.Directory]:
    """The folder of the keys, while no other process changes one."""
    with files.Directory.make(state_directory, mode=0o700) as folder:
        lock = folder.lock(_LOCK, wait=_LOCK_WAIT, clock=clock)
        if lock is None:
            raise LocalError(
                code="acme_account_key_locked",
                what="Cannot change the ACME account key",
                where=f"{state_directory}/{name}.pem",
                why=f"another process has held the lock for {_LOCK_WAIT:g} seconds",
                todo="Run again",
                retryable=True,
            )
        try:
            yield folder
        finally:
            os.close(lock)


def next_key(state_directory: str, name: str) -> bytes | None:
    with files.Directory.open(state_directory) as folder:
        return folder.read(f"{name}.next.pem", _MAX)


def write_next(folder: files.Directory, name: str, make: t.Callable[[], bytes]) -> bytes:
    """The key that follows; one that an interrupted change left is taken again, for the CA may know it."""
    found = folder.read(f"{name}.next.pem", _MAX)
    if found is not None:
        return found
    made = make()
    folder.write(f"{name}.next.pem", made, mode=0o600)
    return made


def promote(folder: files.Directory, name: str) -> None:
    """The CA confirmed it: one rename, so that at every instant there is a key that it knows."""
    folder.rename(f"{name}.next.pem", f"{name}.pem")
    folder.sync()


def forget_next(folder: files.Directory, name: str) -> None:
    folder.remove(f"{name}.next.pem")
    folder.sync()
