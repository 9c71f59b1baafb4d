# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches stores from a process of its own, all the time: what a server that reads them just then would see.

    with Observer() as observer:
        observer.watch(folder)      # every pair below folder/store, and every file with a private key below folder
        ...                         # attacks
        assert observer.seen() == []

Every two milliseconds, and once more when ``seen`` is asked:

* ``live/privkey.pem`` and ``live/fullchain.pem`` of every certificate are opened as a server opens them, and belong
  together. A look during which ``live`` turned is taken again: no server can read two files in one instant.
* what was live once is there ever after;
* a private key, wherever below the folder it lies and whatever its file is called, is nobody's but its owner's.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

_PAUSE = 0.002
_LIMIT = 200_000


class Observer:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def watch(self, folder: Path) -> None:
        """From now on this one; what was seen elsewhere is forgotten."""
        self._ask("watch", str(folder))

    def seen(self) -> list[str]:
        """Everything that was wrong since ``watch``, after one more look."""
        return [str(line) for line in self._ask("seen")["wrong"]]

    def looks(self) -> int:
        """How often it has looked in all its life."""
        return int(self._ask("seen")["looks"])

    def _ask(self, *words: str) -> dict[str, t.Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer: dict[str, t.Any] = json.loads(self._process.stdout.readline())
        return answer

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_reason: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


# -- the process ------------------------------------------------------------------------------------------------------


class _Watch:
    def __init__(self) -> None:
        self.folder: Path | None = None
        self.wrong: list[str] = []
        self.looks = 0
        self._was_live: set[str] = set()
        self._judged: dict[tuple[bytes, bytes], bool] = {}

    def begin(self, folder: Path) -> None:
        self.folder, self.wrong, self._was_live = folder, [], set()

    def look(self) -> None:
        if self.folder is None:
            return
        self.looks += 1
        self._look_at_pairs(self.folder / "store")
        self._look_at_keys(str(self.folder))

    def _look_at_pairs(self, store: Path) -> None:
        for item in _names(store):
            live = store / item / "live"
            pair = _read_pair(live)
            if pair is None:
                if str(live) in self._was_live:
                    self._say(f"{item}: what was live is gone")
                continue
            self._was_live.add(str(live))
            if pair not in self._judged:
                self._judged[pair] = _belong_together(*pair)
            if not self._judged[pair]:
                self._say(f"{item}: live key and certificate do not match")

    def _look_at_keys(self, folder: str) -> None:
        for above, _folders, files in os.walk(folder):
            for name in files:
                found = _mode_of_key(os.path.join(above, name))
                if found is not None and found & 0o077:
                    self._say(f"{name}: a private key with mode {found:04o}")

    def _say(self, what: str) -> None:
        if what not in self.wrong:
            self.wrong.append(what)


def _names(store: Path) -> list[str]:
    try:
        return os.listdir(store)
    except OSError:
        return []


def _read_pair(live: Path) -> tuple[bytes, bytes] | None:
    """Key and full chain by their paths; None: one is not there."""
    while True:
        try:
            before = os.readlink(live)
        except FileNotFoundError:
            return None
        except OSError:
            before = "no link"
        try:
            pair = ((live / "privkey.pem").read_bytes(), (live / "fullchain.pem").read_bytes())
        except OSError:
            pair = None
        with contextlib.suppress(OSError):
            if before == "no link" or os.readlink(live) == before:
                return pair


def _belong_together(key: bytes, certificate: bytes) -> bool:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        public = load_pem_private_key(key, None).public_key()
        return bool(public == x509.load_pem_x509_certificate(certificate).public_key())
    except ValueError:
        return False


def _mode_of_key(path: str) -> int | None:
    """The mode of a regular file with a private key in it; the key of a recipient has no armour, but a name."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            return None
        is_key = path.endswith("recipient.key") or b"PRIVATE KEY" in os.read(fd, _LIMIT)
        return stat.S_IMODE(facts.st_mode) if is_key else None
    finally:
        os.close(fd)


def main() -> None:
    watch = _Watch()
    while True:
        ready, _w, _x = select.select([sys.stdin], [], [], _PAUSE if watch.folder else None)
        if not ready:
            watch.look()
            continue
        line = sys.stdin.readline()
        if not line:
            return
        verb, *words = json.loads(line)
        if verb == "watch":
            watch.begin(Path(words[0]))
        watch.look()
        print(json.dumps({"wrong": watch.wrong, "looks": watch.looks}), flush=True)


if __name__ == "__main__":
    main()
