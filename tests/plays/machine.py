# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A 'host' of a world: a folder, a store and a document root on this machine, which Ansible reaches locally or, if a
test wants it lost, not at all."""

from __future__ import annotations

import pathlib
import sys
import typing as t


class Machine:
    """``root`` is its own folder; there lies the interpreter that Ansible starts modules with."""

    def __init__(
        self, name: str, address: str, root: pathlib.Path, store: pathlib.Path, document_root: pathlib.Path
    ) -> None:
        self.name = name
        self.address = address
        self.root = root
        self.store = store
        self.document_root = document_root
        root.mkdir(parents=True, exist_ok=True)
        # Module processes count themselves: what a callback counts is what Ansible believes it started.
        self.python.write_text(f'#!/bin/sh\necho >> "{root}/starts"\nexec "{sys.executable}" "$@"\n')
        self.python.chmod(0o755)

    @property
    def python(self) -> pathlib.Path:
        return self.root / "python"

    @property
    def starts(self) -> int:
        """How often a module process was started here (the interpreter counts itself)."""
        path = self.root / "starts"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def generations(self, name: str) -> list[str]:
        folder = self.store / name / "generations"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def live(self, name: str) -> pathlib.Path | None:
        link = self.store / name / "live"
        return link.resolve() if link.is_symlink() else None

    def variables(self) -> dict[str, t.Any]:
        """Of this host, in an inventory."""
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(self.python),
            "inkan_store_path": str(self.store),
            "lab_address": self.address,
            "lab_document_root": str(self.document_root),
        }

    def unreachable(self, closed_port: int) -> dict[str, t.Any]:
        """Put over its variables: Ansible tries ssh, and nobody answers there."""
        options = "-o ConnectTimeout=5 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
        return {
            "ansible_connection": "ssh",
            "ansible_host": self.address,
            "ansible_port": closed_port,
            "ansible_ssh_common_args": options,
        }
