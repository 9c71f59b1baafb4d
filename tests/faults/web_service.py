# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server in a process of its own: reads live/fullchain.pem and live/privkey.pem when reloaded, as nginx does.

``reload`` is a command that ends when the server has read its files, with status 1 where it could not or would not.
``lag``: so many handshakes after a reload are still answered by the old workers.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

_RELOAD = """#!/bin/sh
exec 9>"{folder}/one"
flock 9
echo reload >"{folder}/ask" && read -r said <"{folder}/told" && test "$said" = ok
"""


class WebService:
    """``folder``: for its pipes and the reload command."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for pipe in ("ask", "told"):
            os.mkfifo(folder / pipe, 0o600)
        self.reload = folder / "reload"
        self.reload.write_text(_RELOAD.format(folder=folder))
        self.reload.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._answer()["port"])

    def serve(
        self,
        live: Path,
        *,
        lag: int = 0,
        sick_of: t.Collection[str] = (),
        dies_of: t.Collection[str] = (),
        up: bool = True,
    ) -> str | None:
        """Serve this pair from now on; the serial (hex) that it serves.

        sick_of: serials that it cannot stomach; dies_of: serials that it takes, and answers nobody any more;
        up: else it accepts no connection until it is reloaded
        """
        words = {"live": str(live), "lag": lag, "sick_of": sorted(sick_of), "dies_of": sorted(dies_of), "up": up}
        return self._ask(words)["serial"]

    def served(self) -> str | None:
        return self._ask({})["serial"]

    def reloads(self) -> int:
        """How often since ``serve``."""
        return int(self._ask({})["reloads"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> WebService:
        return self

    def __exit__(self, *_reason: object) -> None:
        self.close()

    def _ask(self, words: dict[str, t.Any]) -> dict[str, t.Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, t.Any]:
        assert self._process.stdout is not None
        answer: dict[str, t.Any] = json.loads(self._process.stdout.readline())
        return answer


# -- the process ------------------------------------------------------------------------------------------------------


class _Server:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.live = Path("/nowhere")
        self.lag, self.sick_of, self.up, self.reloads = 0, frozenset[str](), True, 0
        self.dies_of = frozenset[str]()
        self.serial: str | None = None
        self._context: ssl.SSLContext | None = None
        self._old: ssl.SSLContext | None = None
        self._old_left = 0

    def begin(self, words: dict[str, t.Any]) -> None:
        with self._lock:
            self.live, self.lag = Path(words["live"]), 0
            self.sick_of, self.dies_of, self.up, self.reloads = frozenset[str](), frozenset[str](), True, 0
            self.serial, self._context, self._old, self._old_left = None, None, None, 0
            self._read()
            self.lag, self.sick_of, self.up = words["lag"], frozenset(words["sick_of"]), words["up"]
            self.dies_of = frozenset(words["dies_of"])

    def reload(self) -> bool:
        with self._lock:
            self.reloads += 1
            has_read = self._read()
            self.up = self.serial not in self.dies_of
            return has_read

    def _read(self) -> bool:
        from cryptography import x509

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            serial = f"{x509.load_pem_x509_certificate((self.live / 'fullchain.pem').read_bytes()).serial_number:x}"
            context.load_cert_chain(self.live / "fullchain.pem", self.live / "privkey.pem")
        except (OSError, ValueError):
            return False
        if serial in self.sick_of:
            return False
        if self.lag:
            self._old, self._old_left = self._context, self.lag
        self.serial, self._context = serial, context
        return True

    def context(self) -> ssl.SSLContext | None:
        with self._lock:
            if self._old_left and self._old is not None:
                self._old_left -= 1
                return self._old
            return self._context if self.up else None


def _accept(listener: socket.socket, server: _Server) -> None:
    while True:
        connection, _address = listener.accept()
        context = server.context()
        with contextlib.suppress(OSError), connection:
            connection.settimeout(5)
            if context is not None:
                with context.wrap_socket(connection, server_side=True):
                    pass


def _obey(folder: Path, server: _Server) -> None:
    while True:
        with open(folder / "ask") as ask:
            asked = ask.readline()
        if asked:
            word = "ok" if server.reload() else "no"
            with contextlib.suppress(BrokenPipeError), open(folder / "told", "w") as told:
                told.write(word + "\n")


def main() -> None:
    folder, server = Path(sys.argv[1]), _Server()
    listener = socket.create_server(("127.0.0.1", 0))
    for work, words in ((_accept, (listener, server)), (_obey, (folder, server))):
        threading.Thread(target=work, args=words, daemon=True).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    for line in sys.stdin:
        words = json.loads(line)
        if words:
            server.begin(words)
        print(json.dumps({"serial": server.serial, "reloads": server.reloads}), flush=True)


if __name__ == "__main__":
    main()
