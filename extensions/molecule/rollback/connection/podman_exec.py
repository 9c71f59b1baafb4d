# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and files by `podman exec`, for the hosts of this scenario (containers.podman has more)."""

from __future__ import annotations

import subprocess
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = r"""
name: podman_exec
short_description: Reach a container of this machine by podman exec
description: For the hosts of the molecule scenario rollback.
author: The inkan.tls developers (@inkan-tls)
version_added: 0.1.0
options:
  remote_addr:
    description: The name of the container.
    vars: [{name: ansible_host}]
"""


class Connection(ConnectionBase):
    transport = "podman_exec"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run(["/bin/sh", "-c", cmd], in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        with open(in_path, "rb") as file:
            self._must(["/bin/sh", "-c", 'cat > "$0"', out_path], file.read())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        content = self._must(["cat", in_path], None)
        with open(out_path, "wb") as file:
            file.write(content)

    def close(self) -> None:
        self._connected = False

    def _run(self, words: t.Sequence[str], data: bytes | None) -> tuple[int, bytes, bytes]:
        command = ["podman", "exec", "-i", str(self.get_option("remote_addr")), *words]
        done = subprocess.run(command, input=data or b"", capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def _must(self, words: t.Sequence[str], data: bytes | None) -> bytes:
        status, out, error = self._run(words, data)
        if status:
            raise AnsibleConnectionFailure(f"{' '.join(words)}: {error.decode(errors='replace')}")
        return out
