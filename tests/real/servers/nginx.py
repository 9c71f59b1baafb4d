# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as one web 'host' on its own loopback address.

It starts without any certificate: a plain HTTP server over ``document_root``, and nothing on the HTTPS port. Its
``reload`` command (what ``deploy.reload.argv`` names) writes one TLS server a live certificate of ``tls_dir`` (a store:
``<tls_dir>/<name>/live/{fullchain,privkey}.pem``), has nginx judge the configuration, and sends HUP.
"""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import re
import signal
import socket
import ssl
import sys
import typing as t

from cryptography import x509
from plays.waiting import wait_for

from .process import Daemon, answers, free_port, program


class Request(t.NamedTuple):
    host: str
    method: str
    path: str
    status: int


class Served(t.NamedTuple):
    """What a TLS handshake showed: serial in lower-case hex, SHA-256 of the certificate and of its public key."""

    serial: str
    not_after: str
    dns_names: tuple[str, ...]
    certificate_sha256: str


class Nginx(Daemon):
    stop_signal = signal.SIGTERM  # fast shutdown; also what PDEATHSIG sends: SIGKILL would leave its workers behind

    def __init__(
        self,
        directory: pathlib.Path,
        address: str = "127.0.0.1",
        http_port: int | None = None,
        https_port: int | None = None,
        document_root: pathlib.Path | None = None,
        tls_dir: pathlib.Path | None = None,
    ) -> None:
        super().__init__(directory)
        self.address = address
        self.http_port = http_port or free_port((address,))
        self.https_port = https_port or free_port((address,))
        self.document_root = pathlib.Path(document_root or self.directory / "htdocs")
        self.tls_dir = pathlib.Path(tls_dir or self.directory / "store")
        self.document_root.mkdir(parents=True, exist_ok=True)
        self.access_log = self.directory / "access.log"
        self.reload_log = self.directory / "reload.log"
        self.pid_file = self.directory / "nginx.pid"
        self.hold_file = self.directory / "hold-reload"
        self.reload = self.directory / "reload"

    @property
    def reload_argv(self) -> list[str]:
        return [str(self.reload)]

    def prepare(self) -> None:
        (self.directory / "vhosts").mkdir(exist_ok=True)
        for temporary in ("b", "p", "f", "u", "s"):
            (self.directory / temporary).mkdir(exist_ok=True)
        (self.directory / "nginx.conf").write_text(
            _CONFIGURATION.format(
                d=self.directory, address=self.address, port=self.http_port, document_root=self.document_root
            )
        )
        self.reload.write_text(
            _RELOAD.format(
                python=sys.executable,
                nginx=program("nginx", "nginx-light"),
                directory=str(self.directory),
                store=str(self.tls_dir),
                listen=f"{self.address}:{self.https_port}",
                document_root=str(self.document_root),
            )
        )
        self.reload.chmod(0o755)

    def argv(self) -> list[str]:
        binary = program("nginx", "nginx-light")
        return [binary, "-p", str(self.directory), "-c", "nginx.conf", "-e", str(self.directory / "error.log")]

    def is_ready(self) -> bool:
        return answers(self.address, self.http_port) and self.pid_file.exists()

    # What it does and did

    def requests(self) -> list[Request]:
        """The access log."""
        lines = self.access_log.read_text(errors="replace").splitlines() if self.access_log.exists() else []
        parts = [line.split("\t") for line in lines]
        return [Request(host, method, path, int(status)) for host, method, path, status in parts]

    def reloads(self) -> list[str]:
        """One line a finished reload: the live generations that it served from then on."""
        return self.reload_log.read_text().splitlines() if self.reload_log.exists() else []

    def served(self, server_name: str, seconds: float = 3.0) -> Served | None:
        """The leaf that a handshake shows, unverified; None: nothing answers TLS there."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with self._tls(context, server_name, seconds) as tls:
                der = tls.getpeercert(binary_form=True)
        except OSError:
            return None
        assert der is not None
        leaf = x509.load_der_x509_certificate(der)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return Served(
            f"{leaf.serial_number:x}",
            leaf.not_valid_after_utc.isoformat(),
            tuple(sorted(names.get_values_for_type(x509.DNSName))),
            hashlib.sha256(der).hexdigest(),
        )

    def verified(self, server_name: str, root_pem: str) -> Served | None:
        """As ``served``, after a handshake that verifies chain, dates and name against this root."""
        context = ssl.create_default_context(cadata=root_pem)
        with self._tls(context, server_name, 3.0):
            pass
        return self.served(server_name)

    @contextlib.contextmanager
    def _tls(self, context: ssl.SSLContext, server_name: str, seconds: float) -> t.Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection((self.address, self.https_port), timeout=seconds) as raw,
            context.wrap_socket(raw, server_hostname=server_name) as tls,
        ):
            yield tls

    @contextlib.contextmanager
    def reload_held(self) -> t.Iterator[t.Callable[[], None]]:
        """Reload commands stop before they touch nginx; the yielded function waits until one stands there."""
        self.hold_file.write_text("")
        holding = self.directory / "holding-reload"
        holding.unlink(missing_ok=True)
        try:
            yield lambda: wait_for(holding.exists, "a reload command to reach the hold point", 60)
        finally:
            self.hold_file.unlink(missing_ok=True)
            holding.unlink(missing_ok=True)


def token_files(document_root: pathlib.Path) -> list[pathlib.Path]:
    """Every validation token that lies under a document root."""
    return sorted(path for path in document_root.rglob("*") if path.is_file() and _TOKEN.search(str(path)))


_TOKEN = re.compile(r"/\.well-known/(acme-challenge|pki-validation)/")

# user root: where root runs the test, workers must read document roots below 0700 folders. A non-root nginx ignores
# the line with a warning.
_CONFIGURATION = """\
daemon off;
user root;
pid {d}/nginx.pid;
error_log {d}/error.log info;
worker_processes 1;
events {{ worker_connections 128; }}
http {{
    log_format tabs "$host\\t$request_method\\t$request_uri\\t$status";
    access_log {d}/access.log tabs;
    client_body_temp_path {d}/b; proxy_temp_path {d}/p; fastcgi_temp_path {d}/f;
    uwsgi_temp_path {d}/u; scgi_temp_path {d}/s;
    server_names_hash_bucket_size 256;
    server_names_hash_max_size 4096;
    server {{
        listen {address}:{port} default_server;
        root {document_root};
        default_type text/plain;
        location / {{ try_files $uri $uri/index.html =404; }}
    }}
    include {d}/vhosts/*.conf;
}}
"""

_RELOAD = """\
#!{python}
# Writes a TLS server for every live certificate, has nginx judge the configuration, and tells it to read it again.
import os, pathlib, signal, subprocess, sys, time
from cryptography import x509

directory, store = pathlib.Path({directory!r}), pathlib.Path({store!r})

if (directory / "hold-reload").exists():
    (directory / "holding-reload").write_text("")
    while (directory / "hold-reload").exists():
        time.sleep(0.02)

def server(live):
    leaf = x509.load_pem_x509_certificate((live / "fullchain.pem").read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    return (
        "server {{ listen {listen} ssl; server_name %s; root {document_root}; ssl_certificate %s/fullchain.pem;"
        " ssl_certificate_key %s/privkey.pem; location / {{ return 200 \\"%s\\\\n\\"; }} }}\\n"
        % (" ".join(names), live, live, live.parent.name)
    )

lives = [path for path in sorted(store.glob("*/live")) if (path / "fullchain.pem").exists()]
text = "".join(server(live) for live in lives)
vhosts = directory / "vhosts" / "store.conf"
new = directory / "store.conf.new"
old = vhosts.read_text() if vhosts.exists() else ""
new.write_text(text)
os.replace(new, vhosts)
nginx = [{nginx!r}, "-p", str(directory), "-c", "nginx.conf", "-e", str(directory / "error.log")]
judged = subprocess.run(nginx + ["-t"], capture_output=True, text=True)
if judged.returncode:
    vhosts.write_text(old)
    sys.exit(judged.stderr)
os.kill(int((directory / "nginx.pid").read_text()), signal.SIGHUP)
with (directory / "reload.log").open("a") as log:
    log.write(" ".join("%s=%s" % (live.parent.name, os.readlink(live)) for live in lives) + "\\n")
"""
