# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of one run: BIND, Pebble, nginx on loopback, each in a private folder, stopped by process id.

Pebble without its two habits that would be measured instead of the clients: no random sleep before it validates (only
A2 has it, at most 2 s), no good nonce rejected. It reuses no authorization, so that every certificate is validated.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import typing as t

import paths  # noqa: F401  # pylint: disable=unused-import
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from measure import Unproven
from servers.bind import Bind, secret
from servers.nginx import Nginx
from servers.pebble import Pebble
from servers.pki import Authority

ZONE = "example.test"
QUICK = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
SLOW = {"PEBBLE_VA_NOSLEEP": "0", "PEBBLE_VA_SLEEPTIME": "2", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}


def labels(number: int) -> list[str]:
    return [f"c{count:05}" for count in range(number)]


class Lab:
    """names: host names of example.test with an address; zones: more zones, all of which the TSIG key may change."""

    def __init__(
        self, folder: pathlib.Path, names: t.Sequence[str] = (), zones: t.Sequence[str] = (), sleeps: bool = False
    ) -> None:
        self.folder = folder
        self.names = list(names)
        records = {name: [("A", "127.0.0.1")] for name in names}
        self.nginx = Nginx(folder / "nginx")
        every: dict[str, t.Any] = {ZONE: records, **{zone: {} for zone in zones}}
        self.bind = Bind(folder / "bind", zones=every, keys={"inkan": secret("inkan")})
        self.authority = Authority(folder / "pki")
        self.pebble = Pebble(
            folder / "pebble",
            f"127.0.0.1:{self.bind.port}",
            self.nginx.http_port,
            eab={},
            env=SLOW if sleeps else QUICK,
            authority=self.authority,
        )
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Lab:
        with contextlib.ExitStack() as stack:
            for server in (self.bind, self.pebble, self.nginx):
                stack.enter_context(server)
            self._stack = stack.pop_all()
        key = f'key "inkan" {{ algorithm hmac-sha256; secret "{self.bind.key_secret}"; }};\n'
        self.tsig = self.folder / "tsig.key"
        self.tsig.write_text(key)
        self.challenges.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def fqdn(self, name: str) -> str:
        return f"{name}.{ZONE}"

    @property
    def challenges(self) -> pathlib.Path:
        return self.nginx.document_root / ".well-known" / "acme-challenge"

    # Ours: what an inventory says of this lab

    def services(self) -> dict[str, t.Any]:
        settings = {"server": "127.0.0.1", "port": self.bind.port, "key_name": "inkan", "key_algorithm": "hmac-sha256"}
        own = {"service": "rfc2136", "settings": settings, "secrets": {"key_secret": self.bind.key_secret}}
        return {"bind": {**own, "zones": list(self.bind.zones)}}

    def accounts(self) -> dict[str, t.Any]:
        bundle = str(self.authority.bundle)
        settings = {"directory": self.pebble.directory_url, "ca_bundle": bundle, "accept_terms": True, "contact": []}
        return {"pebble": {"adapter": "acme", "settings": settings, "secrets": {}}}

    def sight(self) -> dict[str, t.Any]:
        root = self.folder / "issuing-root.pem"
        root.write_text(self.pebble.root_pem())
        ports = {"http_port": self.nginx.http_port, "https_port": self.nginx.https_port}
        return {"resolvers": ["127.0.0.1"], "dns_port": self.bind.port, **ports, "ca_bundle": str(root)}

    # Proofs, from the servers' side

    def prove_issued(self, pairs: t.Mapping[str, tuple[pathlib.Path, pathlib.Path]]) -> None:
        """name -> (certificate, key): of its name, of its key, signed by this CA, and valid by the CA's own word."""
        issuer = x509.load_pem_x509_certificate(self.pebble.get(f"{self.pebble.management_url}/intermediates/0"))
        serials = set()
        for name in self.names:
            certificate, key = pairs[name]
            if not certificate.exists() or not key.exists():
                raise Unproven(f"{name} has no certificate ({certificate})")
            serials.add(self._prove(name, certificate, key, issuer))
        if len(serials) != len(self.names):
            raise Unproven(f"{len(serials)} certificates for {len(self.names)} names")
        left = [record for record in self.bind.contents(ZONE) if record[1] == "TXT"]
        if left or any(self.challenges.glob("*")):
            raise Unproven(f"validation records or files are left: {left[:3]}")

    def _prove(self, name: str, certificate: pathlib.Path, key: pathlib.Path, issuer: x509.Certificate) -> int:
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
        leaf.verify_directly_issued_by(issuer)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if names.get_values_for_type(x509.DNSName) != [self.fqdn(name)]:
            raise Unproven(f"{name} has a certificate of {names}")
        if _public_of(key) != leaf.public_key():
            raise Unproven(f"certificate and key of {name} do not match")
        status = self.pebble.certificate_status(f"{leaf.serial_number:x}")["Status"]
        if status != "Valid":
            raise Unproven(f"the CA says {status} of {name}")
        return leaf.serial_number

    def published(self, zone: str) -> dict[str, str]:
        return {name: value for name, kind, value in self.bind.contents(zone) if kind == "TXT"}


def _public_of(key: pathlib.Path) -> t.Any:
    """By openssl where cryptography is stricter: uacme leaves out leading zeros of a scalar."""
    try:
        return serialization.load_pem_private_key(key.read_bytes(), None).public_key()
    except ValueError:
        argv = ["openssl", "pkey", "-pubout", "-in", str(key)]
        told = subprocess.run(argv, check=True, capture_output=True).stdout
        return serialization.load_pem_public_key(told)


def write_json(path: pathlib.Path, content: t.Any) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def write_script(path: pathlib.Path, text: str) -> pathlib.Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path
