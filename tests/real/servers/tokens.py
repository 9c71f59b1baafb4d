# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authorization server on loopback: gives access tokens by HTTPS, and tells a mail server by HTTP what one is worth
(RFC 6749 §4.4, RFC 7523, RFC 7662). Its clock can be moved, so a token can end while a test waits for nothing.
"""

from __future__ import annotations

import base64
import http.server
import json
import pathlib
import secrets
import ssl
import threading
import time
import typing as t
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .pki import Authority

CLIENT, SECRET = "client-1", "client-secret-1"
ROBOT = "robot@project.iam.example"
SCOPES = ("https://outlook.office365.com/.default", "https://mail.google.com/")
_LIFE = 3600.0
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Tokens:
    """user: of the mailbox that a token is for. granted, judged: what was asked, in order."""

    def __init__(self, folder: pathlib.Path, user: str = "certs") -> None:
        self.user = user
        self.authority = Authority(folder)
        self._robot = rsa.generate_private_key(65537, 2048)
        self.passed = 0.0
        self.granted: list[str] = []
        self.judged: list[bool] = []
        self._ends: dict[str, tuple[str, float]] = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.authority.server("localhost"))
        self._servers = [self._server(self._token), self._server(self._introspect)]
        self._servers[0].socket = context.wrap_socket(self._servers[0].socket, server_side=True)
        self.token_url = f"https://localhost:{self._servers[0].server_port}/token"
        self.introspection_url = f"http://127.0.0.1:{self._servers[1].server_port}/introspect"

    def __enter__(self) -> Tokens:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_reason: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def robot_key(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return self._robot.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def now(self) -> float:
        return time.time() + self.passed

    def new(self, user: str | None = None, life: float = _LIFE) -> str:
        """A token, as if somebody had been given it."""
        token = secrets.token_urlsafe(600)  # as long as real ones
        self._ends[token] = (user or self.user, self.now() + life)
        return token

    # -- HTTP

    def _server(self, answer: t.Callable[[dict[str, str]], tuple[int, dict[str, t.Any]]]) -> http.server.HTTPServer:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, said = answer(dict(urllib.parse.parse_qsl(body)))
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_words: object) -> None:
                """No noise."""

        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, t.Any]]:
        grant = form.get("grant_type", "")
        self.granted.append(grant)
        wrong = self._client_error(form) if grant == "client_credentials" else self._statement_error(form)
        if wrong:
            return 401, {"error": "invalid_client", "error_description": wrong}
        return 200, {"token_type": "Bearer", "expires_in": int(_LIFE), "access_token": self.new()}

    @staticmethod
    def _client_error(form: dict[str, str]) -> str:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return f"the secret {form.get('client_secret')} is wrong"  # a server that says too much
        return "" if form.get("scope") in SCOPES else "no such scope"

    def _statement_error(self, form: dict[str, str]) -> str:
        signed, _dot, signature = form.get("assertion", "").rpartition(".")
        try:
            self._robot.public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "the signature is wrong"
        claims = json.loads(_bytes(signed.partition(".")[2]))
        right = {"iss": ROBOT, "sub": self.user, "aud": self.token_url, "scope": SCOPES[1]}
        if form.get("grant_type") != _JWT or {key: claims.get(key) for key in right} != right:
            return "the statement is about something else"
        return "" if claims["iat"] <= self.now() + 60 and self.now() < claims["exp"] else "the statement has ended"

    def _introspect(self, form: dict[str, str]) -> tuple[int, dict[str, t.Any]]:
        user, ends = self._ends.get(form.get("token", ""), ("", 0.0))
        is_good = self.now() < ends
        self.judged.append(is_good)
        return 200, {"active": True, "username": user, "exp": int(ends)} if is_good else {"active": False}


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
