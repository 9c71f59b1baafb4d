# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web host of the lab: starts web_server.py as a process of its own, and knows its folders and what it did.

    with WebHost("web1", "127.0.0.11", 18080, 18443, folder, history) as web:
        (web.document_root / "hello.txt").write_text("hello")
        web.redirect("https", name="www.example.jp")
        web.served("www.example.jp")

Its files lie below ``folder``: htdocs, store, web.pid, access.log, reloads.log, redirects.json, web_server.log.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from . import web_redirects
from .history import History
from .vices import Switches
from .web_tls import dns_names_of

START_SECONDS = 15.0
DEFAULT_NAME = "default.lab.example"  # of the certificate that is shown until the store has one


class Served(t.NamedTuple):
    """What a handshake showed; digests and serial in lower-case hex."""

    serial: str
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    issuer: str
    certificate_sha256: str
    public_key_sha256: str

    @property
    def is_default(self) -> bool:
        return self.dns_names == (DEFAULT_NAME,)


class WebHost:
    def __init__(
        self,
        name: str,
        address: str,
        http_port: int,
        https_port: int,
        folder: Path,
        history: History,
        switches: Switches | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self.http_port = http_port
        self.https_port = https_port
        self.folder = Path(folder).resolve()
        self.document_root = self.folder / "htdocs"
        self.store = self.folder / "store"
        self.pid_file = self.folder / "web.pid"
        self._history = history
        self._switches = switches
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._told = threading.Event()  # that it is ready, or that it ended
        self._is_ready = False

    # Life

    def __enter__(self) -> WebHost:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """It answers when this returns. RuntimeError: it does not; with its last words."""
        self._prepare()
        self._told.clear()
        self._is_ready = False
        above = str(Path(__file__).resolve().parents[1])
        with (self.folder / "web_server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab.web_server", str(self.folder / "web_server.json")],
                cwd=self.folder, env={**os.environ, "PYTHONPATH": above}, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self._reader = threading.Thread(target=self._listen, args=(self._process,), name=self.name, daemon=True)
        self._reader.start()
        if not self._told.wait(START_SECONDS) or not self._is_ready:
            self.stop()
            words = (self.folder / "web_server.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the web host {self.name} does not start: {words}")
        self._history.add("web_started", host=self.name, address=self.address)

    def stop(self) -> None:
        """Ended by its process id; started again, it serves what lies in its folders."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(5)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store.mkdir(exist_ok=True, mode=0o700)
        if not self.document_root.exists():
            self.document_root.mkdir()
            self.document_root.chmod(0o755)
            index = self.document_root / "index.html"
            index.write_text(f"<!DOCTYPE html><title>{self.name}</title><p>{self.name}</p>\n")
            index.chmod(0o644)
        if not self._redirects.exists():
            web_redirects.write_rules(self._redirects, [])
        fallback = self.folder / "default"
        if not fallback.exists():
            _write_default(fallback)
        settings = {
            "name": self.name,
            "address": self.address,
            "http_port": self.http_port,
            "https_port": self.https_port,
            "document_root": str(self.document_root),
            "store": str(self.store),
            "fallback": str(fallback),
            "redirects": str(self._redirects),
            "pid_file": str(self.pid_file),
            "access_log": str(self.folder / "access.log"),
            "reload_log": str(self.folder / "reloads.log"),
        }
        (self.folder / "web_server.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """What the process says, until it ends."""
        assert process.stdin is not None and process.stdout is not None
        for line in process.stdout:
            message = json.loads(line)
            if "ask" in message:
                yes = self._strikes(message["vice"], message["key"])
                with contextlib.suppress(OSError):
                    process.stdin.write(json.dumps({"answer": message["ask"], "yes": yes}).encode() + b"\n")
                    process.stdin.flush()
            elif message["event"] == "reload":
                facts = {name: message[name] for name in ("ok", "error", "served")}
                self._history.add("web_reload", host=self.name, **facts)
            elif message["event"] == "ready":
                self._is_ready = True
                self._told.set()
        self._told.set()  # nobody waits for the dead

    def _strikes(self, vice: str, key: str) -> bool:
        if self._switches is None or not self._switches.strikes(vice, f"{self.name} {key}"):
            return False
        self._history.add("vice", name=vice, host=self.name, key=key)
        return True

    # What it does and did

    def facts(self) -> dict[str, str]:
        places = {"document_root": self.document_root, "store": self.store, "pid_file": self.pid_file}
        return {"address": self.address, "folder": str(self.folder)} | {name: str(at) for name, at in places.items()}

    def reloads(self) -> list[dict[str, t.Any]]:
        """One a SIGHUP: {real_time, ok, error, served: [{name, generation, serial, dns_names}]}, oldest first."""
        return [line for line in self._lines("reloads.log") if line.pop("event") == "reload"]

    def requests(self, **where: t.Any) -> list[dict[str, t.Any]]:
        """The access log: {real_time, scheme, method, target, name, status, client}, and ``location`` of a redirect."""
        lines = self._lines("access.log")
        return [line for line in lines if all(line.get(word) == value for word, value in where.items())]

    def tokens(self) -> list[Path]:
        """Whatever file lies below .well-known, also a temporary one."""
        return sorted(path for path in (self.document_root / ".well-known").rglob("*") if not path.is_dir())

    def served(self, server_name: str | None, seconds: float = 3.0) -> Served | None:
        """What a handshake shows to who asks for this name, unverified; None: nothing answers TLS there."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no default one: it would read all roots of the system
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return _served(self._handshake(context, server_name, seconds))
        except OSError:
            return None

    def verified(self, server_name: str, root_pem: str, seconds: float = 3.0) -> Served:
        """As ``served``, after a handshake that trusts only this root, and the name. ssl.SSLError: it does not."""
        return _served(self._handshake(ssl.create_default_context(cadata=root_pem), server_name, seconds))

    def _handshake(self, context: ssl.SSLContext, server_name: str | None, seconds: float) -> bytes:
        with (
            socket.create_connection((self.address, self.https_port), timeout=seconds) as raw,
            context.wrap_socket(raw, server_hostname=server_name) as secured,
        ):
            der = secured.getpeercert(binary_form=True)
        assert der is not None
        return der

    def _lines(self, file: str) -> list[dict[str, t.Any]]:
        path = self.folder / file
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    # Redirects (web_redirects.py says which there are)

    @property
    def _redirects(self) -> Path:
        return self.folder / "redirects.json"

    def redirect(self, how: str, **more: t.Any) -> None:
        """One rule more, from the next request on: how it redirects, and fields of web_redirects.Rule."""
        rules = web_redirects.read_rules(self._redirects)
        web_redirects.write_rules(self._redirects, [*rules, web_redirects.Rule(how, **more)])

    def redirect_no_more(self) -> None:
        web_redirects.write_rules(self._redirects, [])


def _served(der: bytes) -> Served:
    leaf = x509.load_der_x509_certificate(der)
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Served(
        serial=f"{leaf.serial_number:x}",
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        dns_names=dns_names_of(leaf),
        issuer=leaf.issuer.rfc4514_string(),
        certificate_sha256=hashlib.sha256(der).hexdigest(),
        public_key_sha256=hashlib.sha256(key).hexdigest(),
    )


def _write_default(folder: Path) -> None:
    """A certificate that nobody signed but its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DEFAULT_NAME)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DEFAULT_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(mode=0o700)
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = folder / "privkey.pem"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
