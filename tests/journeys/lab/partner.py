# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A partner of the seller who does everything right, and nothing by the collection: for the tests of the lab itself."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import dns.query
import dns.tsig
import dns.update
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab.lab import Lab

Document = dict[str, t.Any]
SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Document:
        document = json.loads(self.body.decode("utf-8"))
        assert isinstance(document, dict)
        return document

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Partner:
    def __init__(self, lab: Lab, key: str | None = None) -> None:
        self.lab = lab
        facts = lab.facts()
        self._key = facts["api_key"] if key is None else key
        self._url = urlsplit(facts["api_url"])
        self._context = ssl.create_default_context(cafile=facts["api_ca"])
        self._number = 0

    def call(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=SECONDS)
        target = f"{self._url.path}{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, target, content, {"Authorization": f"ApiKey {self._key}"})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def submit(self, product: str, names: t.Sequence[str], method: str, **more: t.Any) -> Answer:
        """``more``: auth of the order, and any other field of it."""
        self._number += 1
        document = {
            "partner_order_id": f"partner-{self._number}",
            "product": product,
            "csr": csr(names),
            "common_name": names[0],
            "names": list(names),
            "double_address": product != "flex" and len(names) > 1,
            "auth": {"method": method, **more.pop("auth", {})},
            **more,
        }
        return self.call("POST", "/orders", document)

    def order(self, product: str, names: t.Sequence[str], method: str, **more: t.Any) -> Document:
        """Taken, and looked at by the seller."""
        answer = self.submit(product, names, method, **more)
        assert answer.status == 201, answer.body.decode()
        until = time.monotonic() + SECONDS
        while (order := self.look(answer.json["order_id"]))["state"] == "received":
            assert time.monotonic() < until, "the seller does not look at the order"
            time.sleep(0.05)
        return order

    def look(self, order_id: str) -> Document:
        answer = self.call("GET", f"/orders/{order_id}")
        assert answer.status == 200, answer.body
        return answer.json

    def wait(self, order_id: str, state: str = "issued") -> Document:
        until = time.monotonic() + SECONDS
        while (order := self.look(order_id))["state"] != state:
            assert time.monotonic() < until, f"{order_id} is {order['state']}, not {state}"
            time.sleep(0.05)
        return order

    def download(self, order_id: str) -> list[x509.Certificate]:
        """The leaf and its intermediates."""
        document = self.call("GET", f"/orders/{order_id}/certificate").json
        texts = [document["certificate"], *document["intermediates"]]
        return [x509.load_pem_x509_certificate(text.encode()) for text in texts]

    def publish(self, records: t.Sequence[Document]) -> None:
        """Into the lab's DNS, by a signed update."""
        facts = self.lab.facts()["dns"]
        key = dns.tsig.Key(facts["key_name"], facts["key_secret"], dns.tsig.HMAC_SHA256)
        for record in records:
            zone = self.lab.registrar.registered_domain(record["name"])
            update = dns.update.UpdateMessage(zone, keyring=key)
            update.add(f"{record['name']}.", 60, record["type"], f'"{record["value"]}"')
            answer = dns.query.tcp(update, facts["servers"][0], port=facts["port"], timeout=SECONDS)
            assert answer.rcode() == 0

    def place(self, files: t.Sequence[Document], hosts: t.Iterable[str] | None = None) -> None:
        """Into the document root of these web hosts, or of all."""
        for host in self.lab.web if hosts is None else hosts:
            for file in files:
                path = self.lab.web[host].document_root / urlsplit(file["uri"]).path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file["content"] + "\n")

    def remove(self, files: t.Sequence[Document]) -> None:
        for host in self.lab.web.values():
            for file in files:
                (host.document_root / urlsplit(file["uri"]).path.lstrip("/")).unlink(missing_ok=True)


def csr(names: t.Sequence[str], common_name: str | None = None, key: ec.EllipticCurvePrivateKey | None = None) -> str:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()
