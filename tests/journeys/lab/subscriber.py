# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A subscriber of the lab's ACME CA who signs his own requests, rightly or wrongly: for the tests of the lab itself."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import ssl
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

import josepy
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lab.lab import Lab

Document = dict[str, t.Any]
SECONDS = 10.0
ERROR = "urn:ietf:params:acme:error:"
DNS, HTTP, ACCOUNT, PERSIST = "dns-01", "http-01", "dns-account-01", "dns-persist-01"
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
LINK = re.compile(r'<([^>]*)>;rel="([^"]*)"')


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
    def error(self) -> str:
        """The last word of the problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        kind = str(self.json["type"])
        assert kind.startswith(ERROR)
        return kind.removeprefix(ERROR)

    def links(self, relation: str) -> list[str]:
        return [url for url, rel in LINK.findall(self.headers.get("link", "")) if rel == relation]


def encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def new_key(kind: str = "ec") -> josepy.JWK:
    if kind == "ec":
        return josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    return josepy.JWKRSA(key=rsa.generate_private_key(65537, 1024 if kind == "weak" else 2048))


class Subscriber:
    """Without an account until ``enter``."""

    def __init__(self, lab: Lab, key: josepy.JWK | None = None) -> None:
        self.lab, self.key = lab, key or new_key()
        self.facts = lab.facts()["acme_ca"]
        self._context = ssl.create_default_context(cafile=self.facts["ca"])
        self.directory = self.send("GET", self.facts["url"]).json
        self.account = ""

    # --- requests ---

    def send(self, method: str, url: str, body: bytes | None = None, kind: str = "application/jose+json") -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc, context=self._context, timeout=SECONDS)
        try:
            connection.request(method, parts.path, body, {"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def nonce(self) -> str:
        return self.send("HEAD", self.directory["newNonce"]).headers["replay-nonce"]

    def signed(self, url: str, payload: object, key: josepy.JWK | None = None, /, **header: t.Any) -> Document:
        """A JWS; a word of the header that is None is left out. payload: "" is POST-as-GET."""
        key = key or self.key
        who: Document = {"kid": self.account} if self.account else {"jwk": key.public_key().to_json()}
        algorithm = "ES256" if isinstance(key, josepy.JWKEC) else "RS256"
        full = {"alg": algorithm, "url": url, "nonce": None, **who, **header}
        full = {word: value for word, value in full.items() if value is not None}
        protected = encode(json.dumps(full).encode())
        content = "" if payload == "" else encode(json.dumps(payload).encode())
        signer = josepy.JWASignature.from_json(algorithm)
        signature = signer.sign(key.key, f"{protected}.{content}".encode())
        return {"protected": protected, "payload": content, "signature": encode(signature)}

    def post(self, url: str, payload: object = "", key: josepy.JWK | None = None, /, **header: t.Any) -> Answer:
        header = {**header, "nonce": header["nonce"] if "nonce" in header else self.nonce()}
        return self.send("POST", url, json.dumps(self.signed(url, payload, key, **header)).encode())

    # --- what a subscriber does ---

    def enter(self, **wish: t.Any) -> Answer:
        self.account = ""
        answer = self.post(self.directory["newAccount"], {"termsOfServiceAgreed": True, **wish})
        self.account = answer.headers.get("location", "")
        return answer

    def order(self, *names: str, **more: t.Any) -> Answer:
        identifiers = [{"type": "dns", "value": name} for name in names]
        return self.post(self.directory["newOrder"], {"identifiers": identifiers, **more})

    def challenge(self, authorization: str, kind: str) -> Document:
        shown = self.post(authorization).json
        return next({**one, "name": shown["identifier"]["value"]} for one in shown["challenges"] if one["type"] == kind)

    def key_authorization(self, challenge: Document) -> str:
        return f"{challenge['token']}.{self.thumbprint}"

    @property
    def thumbprint(self) -> str:
        return encode(self.key.thumbprint())

    def record(self, challenge: Document) -> tuple[str, str]:
        """Name and value of the TXT record of dns-01 and dns-account-01."""
        value = encode(hashlib.sha256(self.key_authorization(challenge).encode()).digest())
        label = base64.b32encode(hashlib.sha256(self.account.encode()).digest()[:10]).decode().lower()
        before = f"_{label}." if challenge["type"] == ACCOUNT else ""
        return f"{before}_acme-challenge.{challenge['name']}", value

    def prove(self, authorization: str, kind: str = DNS) -> Document:
        """By a record; the authorization as it is then."""
        challenge = self.challenge(authorization, kind)
        name, value = self.record(challenge)
        self.lab.dns.set(zone_of(self.lab, name), name, "TXT", [value])
        return self.claim(challenge, authorization)

    def prove_nothing(self, authorization: str, kind: str) -> Document:
        """Claims that all is there; the authorization as it is then."""
        return self.claim(self.challenge(authorization, kind), authorization)

    def claim(self, challenge: Document, authorization: str) -> Document:
        assert self.post(challenge["url"], {}).json["status"] in ("processing", "valid")
        return self.post(authorization).json

    def finalize(self, order: Document, names: t.Sequence[str], key: t.Any = None) -> Answer:
        csr = certificate_request(names, key or ec.generate_private_key(ec.SECP256R1()))
        return self.post(order["finalize"], {"csr": encode(csr)})

    def issue(self, *names: str, key: t.Any = None, **more: t.Any) -> Answer:
        """The download; everything goes well."""
        answer = self.order(*names, **more)
        assert answer.status == 201, answer.body
        for authorization in answer.json["authorizations"]:
            if self.post(authorization).json["status"] != "valid":
                assert self.prove(authorization)["status"] == "valid"
        done = self.finalize(answer.json, names, key)
        where = answer.headers["location"]
        shown = done.json if done.json["status"] == "valid" else self.post(where).json
        assert shown["status"] == "valid", shown
        return self.post(shown["certificate"])


def zone_of(lab: Lab, name: str) -> str:
    return max((zone for zone in lab.dns.zones() if name.endswith(f".{zone}") or name == zone), key=len)


def certificate_request(names: t.Sequence[str], key: t.Any) -> bytes:
    sans = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(sans, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def certificates(answer: Answer) -> list[x509.Certificate]:
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/pem-certificate-chain"
    return [x509.load_pem_x509_certificate(text) for text in PEM.findall(answer.body)]


def ari_id(leaf: x509.Certificate) -> str:
    """RFC 9773, 4.1: from the DER of the serial number."""
    identifier = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier is not None
    text = f"{leaf.serial_number:x}"
    octets = bytes.fromhex(text.zfill(len(text) + len(text) % 2))
    if octets[0] >= 0x80:
        octets = b"\x00" + octets
    return f"{encode(identifier)}.{encode(octets)}"
