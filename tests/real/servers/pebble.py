# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pebble, the ACME test CA of Let's Encrypt: rejects 5 % of nonces and reuses 50 % of authorizations, as it comes.

with Pebble(tmp_path / "pebble", dns_server="127.0.0.1:5353", http_port=5002) as ca:
    …                                   # ca.directory_url, .ca_bundle, .eab_kid, .eab_hmac_key, .root_pem()
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import ssl
import typing as t
import urllib.error
import urllib.request

from .pki import Authority
from .process import Daemon, free_port, program


def eab_key(text: str = "inkan-eab") -> str:
    """A MAC key for external account binding (base64url without padding), the same for the same text."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Pebble(Daemon):
    """eab: {kid: base64url key}; {} switches external account binding off. env: PEBBLE_… switches.

    The CA asks ``dns_server`` ("address:port") for addresses and TXT, and fetches files at ``http_port``.
    Without PEBBLE_VA_NOSLEEP it waits up to 15 s before each validation: the default here is not to wait.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        dns_server: str,
        http_port: int,
        eab: t.Mapping[str, str] | None = None,
        env: t.Mapping[str, str] | None = None,
        authority: Authority | None = None,
        validity_days: int = 90,
        address: str = "127.0.0.1",
    ) -> None:
        super().__init__(directory)
        self.dns_server = dns_server
        self.http_port = http_port
        self.eab = dict({"kid-1": eab_key()} if eab is None else eab)
        self.environment = {"PEBBLE_VA_NOSLEEP": "1", **(env or {})}
        self.validity_days = validity_days
        self.address = address
        self.port = free_port()
        self.management_port = free_port()
        authority = authority or Authority(self.directory / "pki")
        self.ca_bundle = authority.bundle
        self._certificate, self._key = authority.server("pebble", (address,))

    @property
    def directory_url(self) -> str:
        return f"https://{self.address}:{self.port}/dir"

    @property
    def management_url(self) -> str:
        return f"https://{self.address}:{self.management_port}"

    @property
    def eab_kid(self) -> str:
        return next(iter(self.eab))

    @property
    def eab_hmac_key(self) -> str:
        return self.eab[self.eab_kid]

    def prepare(self) -> None:
        configuration: dict[str, t.Any] = {
            "listenAddress": f"{self.address}:{self.port}",
            "managementListenAddress": f"{self.address}:{self.management_port}",
            "certificate": str(self._certificate),
            "privateKey": str(self._key),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": bool(self.eab),
            "externalAccountMACKeys": self.eab,
            "certificateValidityPeriod": self.validity_days * 86400,
        }
        (self.directory / "pebble.json").write_text(json.dumps({"pebble": configuration}, indent=1))

    def argv(self) -> list[str]:
        binary = program("pebble", "pebble")
        return [binary, "-config", str(self.directory / "pebble.json"), "-dnsserver", self.dns_server]

    def is_ready(self) -> bool:
        try:
            return b"newOrder" in self.get(self.directory_url) and b"BEGIN" in self.root_pem().encode()
        except (urllib.error.URLError, OSError):
            return False

    def get(self, url: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.ca_bundle))
        with urllib.request.urlopen(url, timeout=3, context=context) as answer:
            return bytes(answer.read())

    def root_pem(self) -> str:
        """The root that signs its certificates: new at each start."""
        return self.get(f"{self.management_url}/roots/0").decode()

    def certificate_status(self, serial: str) -> dict[str, t.Any]:
        """What the management interface says of a certificate (serial in lower-case hex): Status, Reason, …"""
        return dict(json.loads(self.get(f"{self.management_url}/cert-status-by-serial/{serial}")))
