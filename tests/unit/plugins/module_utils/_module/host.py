# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for tests: a real store in a temporary directory, and a TLS server that lives in memory.

The server reads its files when it is reloaded, and refuses a key that does not fit its certificate, as nginx does.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._module.switch_judging import Ports
from ansible_collections.inkan.tls.plugins.modules import certificate_deployments as module
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem, HeldClock
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge
from cryptography.hazmat.primitives import serialization

ROOT = forge.ca("Root")
MIDDLE = forge.ca("Middle", by=ROOT)
CHAIN = [MIDDLE.pem]


def public_der(key: t.Any) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def der_of(pem: bytes) -> bytes:
    return forge.x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def is_pair(key_pem: bytes, certificate_pem: bytes) -> bool:
    key = serialization.load_pem_private_key(key_pem, None)
    certificate = forge.x509.load_pem_x509_certificate(certificate_pem)
    return public_der(key) == certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def leaf(name: str, serial: int, **more: t.Any) -> forge.Forged:
    return forge.make(name, by=more.pop("by", MIDDLE), names=more.pop("names", [name]), serial=serial, **more)


class Host:
    """``path``: a temporary directory. ``system`` counts, and may die at, every call that changes something."""

    def __init__(self, path: Path, system: DyingSystem | None = None) -> None:
        self.path = path
        self.store_path = path / "store"
        self.system = system or DyingSystem()
        self.clock = HeldClock(forge.NOW)
        self.is_up = True
        #: serials (hex) that the server cannot stomach: its reload fails, and it goes on with what it has
        self.sick_of: set[str] = set()
        #: what is served, by server name: DER
        self.memory: dict[str, bytes] = {}
        self.reloads: list[t.Any] = []
        self.looks = 0
        self.checks: list[tuple[str, ...]] = []
        self.check_says_no_to: set[str] = set()

    @property
    def ports(self) -> Ports:
        store = Store(str(self.store_path), system=self.system, clock=self.clock)
        return Ports(store, self, self.look, self.clock, self.system)

    # -- the ports --------------------------------------------------------------------------------------------------

    def reload(self, how: t.Any, *, start: bool = False) -> None:
        self.system._count("reload")
        self.reloads.append(how)
        self.is_up = self.is_up or start
        if self.is_up:
            self.read_files()
        self.system._count("reload answered")

    def check(self, argv: t.Sequence[str]) -> None:
        self.system._count("check")
        self.checks.append(tuple(argv))
        serials = {f"{forge.x509.load_der_x509_certificate(der).serial_number:x}" for der in self.memory.values()}
        if serials & self.check_says_no_to:
            raise LocalError(code="post_check_failed", what="The post-check says no")

    def look(self, _address: str, _port: int, server_name: str | None, _timeout: float) -> bytes:
        self.looks += 1
        if not self.is_up or not self.memory:
            raise TransportError(code="tls_no_connection", what="Cannot connect", why="Connection refused")
        return self.memory.get(server_name or "", next(iter(self.memory.values())))

    def read_files(self) -> None:
        """What nginx does with its configuration: all of it, or nothing."""
        found = {}
        for item in sorted(self.store_path.iterdir()):
            if not (item / "live").exists():
                continue
            certificate = (item / "live" / "fullchain.pem").read_bytes()
            serial = f"{forge.x509.load_pem_x509_certificate(certificate).serial_number:x}"
            if serial in self.sick_of or not is_pair((item / "live" / "privkey.pem").read_bytes(), certificate):
                raise LocalError(code="reload_failed", what="Cannot reload the service", why=f"cannot load {serial}")
            found[f"{item.name}.example.jp"] = der_of(certificate)
        self.memory = found

    # -- the module -------------------------------------------------------------------------------------------------

    def run(self, state: str, *items: dict[str, t.Any], check_mode: bool = False, **options: t.Any) -> t.Any:
        params = {"state": state, "store_path": str(self.store_path), "keep_generations": 3, "now": None}
        return module.run({**params, **options, "certificates": list(items)}, check_mode, self.ports)

    def stage(self, name: str, certificate: forge.Forged) -> int:
        """What certificate_requests leaves: a key and a CSR in a generation of their own."""
        store = Store(str(self.store_path))
        return store.new_generation(name, {"privkey.pem": certificate.key_pem, "csr.pem": b"csr"})

    def deployed(self, name: str, *certificates: forge.Forged, **deploy: t.Any) -> None:
        """Generations that went live one after the other."""
        for certificate in certificates:
            self.stage(name, certificate)
            wish = item(name, certificate, **deploy)
            for state in ("verify", "switch"):
                result = self.run(state, wish).items[0]
                assert result.error is None, result.error
        self.reloads.clear()
        self.looks = 0

    # -- looking ----------------------------------------------------------------------------------------------------

    def served(self, name: str) -> str:
        return f"{forge.x509.load_der_x509_certificate(self.memory[f'{name}.example.jp']).serial_number:x}"

    def live_serial(self, name: str) -> str:
        pem = (self.store_path / name / "live" / "cert.pem").read_bytes()
        return f"{forge.x509.load_pem_x509_certificate(pem).serial_number:x}"

    def journal(self, name: str) -> bool:
        return (self.store_path / name / "switching.json").exists()

    def all_live_pairs_match(self) -> bool:
        lives = [item / "live" for item in self.store_path.iterdir() if (item / "live").exists()]
        return all(
            is_pair((live / "privkey.pem").read_bytes(), (live / file).read_bytes())
            for live in lives
            for file in ("cert.pem", "fullchain.pem")
        )

    def snapshot(self) -> dict[str, tuple[int, int, bytes]]:
        """Every file and directory with mode, time of change and content."""
        found = {}
        for path in sorted(self.path.rglob("*")):
            facts = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[str(path)] = (facts.st_mode, facts.st_mtime_ns, content)
        return found


def item(name: str, certificate: forge.Forged | None = None, **deploy: t.Any) -> dict[str, t.Any]:
    """An item as the roles give it; deploy: further options of the deployment."""
    look = {"address": "127.0.0.1", "port": 443, "server_name": f"{name}.example.jp", "timeout": 10.0}
    given: dict[str, t.Any] = {
        "name": name,
        "deploy": {"reload": "nginx", "handshake": look, **deploy},
    }
    if certificate is not None:
        given.update(certificate=certificate.pem, chain=CHAIN, dns_names=[f"{name}.example.jp"])
    return given
