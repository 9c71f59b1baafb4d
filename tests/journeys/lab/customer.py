# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A customer of CertCentral who does everything right, without the collection: for the tests of the lab itself."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from journeys.lab.partner import csr
from lab.lab import Lab

Document = dict[str, t.Any]
SECONDS = 10.0
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Document:
        document = json.loads(self.body.decode("utf-8"))
        assert isinstance(document, dict), self.body
        return document

    @property
    def code(self) -> str:
        errors = self.json["errors"]
        return str((errors[0] if isinstance(errors, list) else errors)["code"])


class Customer:
    def __init__(self, lab: Lab, key: str | None = None) -> None:
        self.lab = lab
        self.facts = lab.facts()["digicert"]
        self._key = self.facts["key"] if key is None else key
        self._url = urlsplit(self.facts["url"])
        self._context = ssl.create_default_context(cafile=self.facts["ca"])

    def call(
        self, method: str, path: str, body: object = None, *, accept: str = "application/json", **query: str
    ) -> Answer:
        return self.send(method, path, body, query, accept)

    def send(
        self, method: str, path: str, body: object, query: t.Mapping[str, str], accept: str = "application/json"
    ) -> Answer:
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=SECONDS)
        target = f"{self._url.path}{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        headers = {"X-DC-DEVKEY": self._key, "Content-Type": "application/json", "Accept": accept}
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    # --- orders ---

    def wish(self, names: t.Sequence[str], method: str | None = None, /, **more: t.Any) -> Document:
        certificate = {
            "common_name": names[0],
            "dns_names": list(names[1:]),
            "csr": csr(names),
            "signature_hash": "sha256",
            **more.pop("certificate", {}),
        }
        document: Document = {"certificate": certificate, "order_validity": {"years": 1}, **more}
        return document if method is None else {**document, "dcv_method": method}

    def submit(self, product: str, names: t.Sequence[str], method: str | None = None, /, **more: t.Any) -> Answer:
        if "dv_" not in product and "organization" not in more:
            more["organization"] = {"id": self.facts["organization"], "contacts": [EV_APPROVER]}
        return self.call("POST", f"/order/certificate/{product}", self.wish(names, method, **more))

    def order(self, product: str, names: t.Sequence[str], method: str | None = None, /, **more: t.Any) -> Document:
        """What the submit says."""
        answer = self.submit(product, names, method, **more)
        assert answer.status == 201, answer.body.decode()
        return answer.json

    def look(self, order: int) -> Document:
        answer = self.call("GET", f"/order/certificate/{order}")
        assert answer.status == 200, answer.body
        return answer.json

    def wait(self, order: int, status: str = "issued") -> Document:
        until = time.monotonic() + SECONDS
        while (found := self.look(order))["status"] != status:
            assert time.monotonic() < until, f"{order} is {found['status']}, not {status}"
            time.sleep(0.05)
        return found

    def check(self, order: int, body: object = None) -> Answer:
        return self.call("PUT", f"/order/certificate/{order}/check-dcv", body)

    def listed(self, path: str = "/order/certificate", **filters: str) -> list[int]:
        """Numbers of the orders; filters without their brackets."""
        answer = self.send("GET", path, None, {f"filters[{name}]": value for name, value in filters.items()})
        assert answer.status == 200, answer.body
        return [one.get("id") or one["order_id"] for one in answer.json["orders"]]

    # --- certificates ---

    def download(self, certificate: int, form: str = "pem_all") -> list[x509.Certificate]:
        answer = self.call("GET", f"/certificate/{certificate}/download/format/{form}")
        assert answer.status == 200, answer.body
        return certificates(answer.body)

    # --- the world ---

    def txt(self, name: str, value: str) -> None:
        zone = self.lab.registrar.registered_domain(name) or ""
        self.lab.dns.set(zone, name, "TXT", [value])

    def alias(self, name: str, target: str) -> None:
        zone = self.lab.registrar.registered_domain(name) or ""
        self.lab.dns.set(zone, name, "CNAME", [f"{target}."])

    def place(self, content: str, path: str = "/.well-known/pki-validation/fileauth.txt") -> list[Path]:
        """Into the document root of all web hosts."""
        placed = []
        for host in self.lab.web.values():
            file = host.document_root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            placed.append(file)
        return placed


EV_APPROVER = {
    "contact_type": "ev_approver",
    "first_name": "Hanako",
    "last_name": "Yamada",
    "email": "yamada@example.jp",
}


def certificates(body: bytes) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate(one) for one in PEM.findall(body)]
