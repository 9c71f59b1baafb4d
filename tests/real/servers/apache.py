# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache httpd with virtual hosts at one loopback address. Who starts it says what they hold."""

from __future__ import annotations

import pathlib
import signal

from .process import Daemon, answers, free_port, program

_MODULES = "mpm_event authn_core authz_core authz_host auth_basic authn_file authz_user alias dir mime rewrite proxy"
_FOLDER = pathlib.Path("/usr/lib/apache2/modules")


class Apache(Daemon):
    stop_signal = signal.SIGTERM  # ends at once, with its children

    def __init__(self, directory: pathlib.Path, sites: str) -> None:
        """sites: virtual hosts for {address}:{port}."""
        super().__init__(directory)
        self.address, self.http_port = "127.0.0.1", free_port()
        self._sites = sites

    def prepare(self) -> None:
        lines = [f"LoadModule {name}_module {_FOLDER}/mod_{name}.so" for name in [*_MODULES.split(), "proxy_http"]]
        sites = self._sites.replace("{address}", self.address).replace("{port}", str(self.http_port))
        settings = {
            "ServerRoot": self.directory,
            "ServerName": "localhost",
            "Listen": f"{self.address}:{self.http_port}",
            "PidFile": self.directory / "httpd.pid",
            "DefaultRuntimeDir": self.directory,
            "Mutex": "sem",
            "ErrorLog": self.log,
            "TypesConfig": "/dev/null",
        }
        lines += [f'{word} "{value}"' for word, value in settings.items()]
        (self.directory / "httpd.conf").write_text("\n".join([*lines, sites, ""]))

    def argv(self) -> list[str]:
        configuration = str(self.directory / "httpd.conf")
        return [program("apache2", "apache2-bin"), "-D", "FOREGROUND", "-f", configuration, "-E", str(self.log)]

    def is_ready(self) -> bool:
        return answers(self.address, self.http_port)
