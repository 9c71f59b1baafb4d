# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who uses Atlas and does everything right, without the collection: for the tests of the lab itself."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from journeys.lab.partner import csr
from lab.lab import Lab

Document = dict[str, t.Any]
SECONDS = 10.0
CONTENT_TYPE = "application/json;charset=utf-8"
GSDV = "/.well-known/pki-validation/gsdv.txt"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def json(self) -> t.Any:
        return json.loads(self.body.decode("utf-8"))

    @property
    def last(self) -> str:
        """The end of its Location."""
        return self.headers["location"].rpartition("/")[2]


class Caller:
    """``client``: the files of a TLS client certificate; None: without."""

    def __init__(self, lab: Lab, credential: str = "ecdsa", client: tuple[str, str] | None = ("", "")) -> None:
        self.lab = lab
        self.facts = lab.facts()["atlas"]
        self.credential: Document = self.facts["credentials"][credential]
        self._url = urlsplit(self.facts["url"])
        self._context = ssl.create_default_context(cafile=self.facts["ca"])
        if client is not None:
            self._context.load_cert_chain(*(client if client[0] else self.files))
        self.token = ""
        self.headers: dict[str, str] = {}

    @property
    def files(self) -> tuple[str, str]:
        return self.facts["client_certificate"], self.facts["client_key"]

    def call(self, method: str, path: str, body: object = None, **query: object) -> Answer:
        """With the token, which is got first if there is none."""
        if not self.token:
            self.log_in()
        return self.send(method, path, body, {"Authorization": f"Bearer {self.token}"}, **query)

    def log_in(self, **other: str) -> Answer:
        answer = self.send("POST", "/login", {**self.credential, **other})
        if answer.status == 200 and answer.headers.get("content-type", "").startswith("application/json"):
            self.token = answer.json["access_token"]
        return answer

    def send(
        self, method: str, path: str, body: object = None, headers: t.Mapping[str, str] | None = None, **query: object
    ) -> Answer:
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=SECONDS)
        target = f"{self._url.path}{path}" + (f"?{urlencode(query)}" if query else "")
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        try:
            connection.request(
                method, target, content, {"Content-Type": CONTENT_TYPE, **self.headers, **(headers or {})}
            )
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    # --- claims ---

    def claim(self, domain: str) -> Document:
        """id, token, assert_by."""
        answer = self.call("POST", f"/claims/domains/{domain}")
        assert answer.status == 201, answer.body
        return t.cast(Document, answer.json)

    def by_dns(self, claim: Document, **body: str) -> int:
        return self.call("POST", f"/claims/domains/{claim['id']}/dns", body).status

    def by_http(self, claim: Document, domain: str, scheme: str = "HTTP") -> int:
        body = {"authorization_domain": domain, "scheme": scheme}
        return self.call("POST", f"/claims/domains/{claim['id']}/http", body).status

    def by_mail(self, claim: Document, address: str) -> int:
        return self.call("POST", f"/claims/domains/{claim['id']}/email", {"email_address": address}).status

    def shown(self, claim: Document) -> Document:
        answer = self.call("GET", f"/claims/domains/{claim['id']}")
        assert answer.status == 200, answer.body
        return t.cast(Document, answer.json)

    def verified(self, domain: str = "example.jp") -> Document:
        claim = self.claim(domain)
        self.txt(domain, claim["token"])
        assert self.by_dns(claim) == 204
        return claim

    # --- certificates ---

    def wish(self, names: t.Sequence[str], /, **more: t.Any) -> Document:
        return {
            "validity": {"not_before": self.now(), "not_after": 0},
            "subject_dn": {"common_name": names[0]},
            "san": {"dns_names": list(names)},
            "public_key": csr(["other.example.net"]),
            **more,
        }

    def submit(self, names: t.Sequence[str] = ("www.example.jp",), /, **more: t.Any) -> Answer:
        return self.call("POST", "/certificates", self.wish(names, **more))

    def issued(self, names: t.Sequence[str] = ("www.example.jp",), /, **more: t.Any) -> str:
        """Its serial, as the Location has it."""
        answer = self.submit(names, **more)
        assert (answer.status, answer.body) == (201, b""), answer.body
        return answer.last

    def look(self, serial: str) -> Document:
        answer = self.call("GET", f"/certificates/{serial}")
        assert answer.status == 200, answer.body
        return t.cast(Document, answer.json)

    def leaf(self, serial: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.look(serial)["certificate"].encode())

    def chain(self) -> list[x509.Certificate]:
        return [x509.load_pem_x509_certificate(text.encode()) for text in self.call("GET", "/trustchain").json]

    # --- the world ---

    def now(self) -> int:
        return int(self.lab.clock.now().timestamp())

    def txt(self, name: str, *values: str) -> None:
        self.lab.dns.set(self.lab.registrar.registered_domain(name) or "", name, "TXT", list(values))

    def place(self, content: str, path: str = GSDV) -> list[Path]:
        """Into the document root of all web hosts."""
        files = [host.document_root / path.lstrip("/") for host in self.lab.web.values()]
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return files

    def why(self) -> str:
        """What the history says of the last refusal."""
        return str(self.lab.history.events("request", ca="atlas")[-1]["why"])


class Patient:
    """Asks again until there is a good answer, and orders anew only when nothing in the lists has its key."""

    def __init__(self, caller: Caller, patience: float, seconds: float = 25) -> None:
        self.caller = caller
        self._patience = patience
        self._until = time.monotonic() + seconds

    def answer(self, method: str, path: str, body: object = None, **query: object) -> Answer | None:
        """None: nothing that could be used. A token that ended is got anew."""
        try:
            if not self.caller.token and self.caller.log_in().status != 200:
                return None
            answer = self.caller.call(method, path, body, **query)
            if answer.status == 401:
                self.caller.token = ""
            if answer.status not in (200, 201, 204) or b"<html" in answer.body:
                return None
            usable = not answer.body or isinstance(answer.json, (dict, list, type(None)))
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return answer if usable else None

    def insist(self, method: str, path: str, body: object = None, **query: object) -> Answer:
        while (answer := self.answer(method, path, body, **query)) is None:
            assert time.monotonic() < self._until, f"no good answer to {method} {path}"
            time.sleep(0.02)
        return answer

    def verify(self, domain: str) -> None:
        """By DNS, and by a claim of its own."""
        claim = None
        while claim is None:
            answer = self.answer("POST", f"/claims/domains/{domain}")
            claim = answer.json if answer else self._reasserted(domain)
        self.caller.txt(domain, claim["token"])
        path = f"/claims/domains/{claim['id']}"
        while self.insist("GET", path).json["status"] != "VERIFIED":
            assert time.monotonic() < self._until, "the claim is not verified"
            self.answer("POST", f"{path}/dns", {"authorization_domain": domain})
            time.sleep(0.02)

    def _reasserted(self, domain: str) -> Document | None:
        """A claim whose answer was lost gets a new token."""
        claims = self.insist("GET", "/claims/domains").json or []
        found = [one["id"] for one in claims if one["domain"] == f"{domain}."]
        return self.insist("POST", f"/claims/domains/{found[0]}/reassert").json if found else None

    def issue(self, names: t.Sequence[str], key: t.Any) -> tuple[str, list[x509.Certificate]]:
        """The serial, and the certificates from the leaf to the root."""
        body = self.caller.wish(names, public_key=csr(names, key=key))
        serial = ""
        while not serial:
            assert time.monotonic() < self._until, "nothing is issued"
            answer = self.answer("POST", "/certificates", body)
            serial = answer.last if answer and "location" in answer.headers else self._found(key)
        while not (chain := self._chain(self._mine(serial, key))):
            assert time.monotonic() < self._until, "no certificate for this key with all of its chain"
            time.sleep(0.02)
        return serial, chain

    def _found(self, key: t.Any) -> str:
        """By its key in the list; an index that is late is given its time."""
        until = time.monotonic() + self._patience
        while True:
            rows = self.insist("GET", "/stats/issued").json or []
            for serial in (row["serial_number"] for row in rows):
                if self._mine(serial, key):
                    return str(serial)
            if time.monotonic() > until:
                return ""
            time.sleep(0.05)

    def _mine(self, serial: str, key: t.Any) -> x509.Certificate | None:
        for _unused in range(4):
            answer = self.answer("GET", f"/certificates/{serial}")
            if answer and answer.body and answer.json["status"] == "ISSUED":
                leaf = x509.load_pem_x509_certificate(answer.json["certificate"].encode())
                if leaf.public_key() == key.public_key():
                    return leaf
        return None

    def _chain(self, leaf: x509.Certificate | None) -> list[x509.Certificate]:
        answer = self.answer("GET", "/trustchain") if leaf else None
        if leaf is None or answer is None:
            return []
        others = [x509.load_pem_x509_certificate(text.encode()) for text in answer.json]
        return in_order(leaf, others)


def in_order(leaf: x509.Certificate, others: t.Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """From the leaf to the root; nothing if one is missing."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        issuers = [one for one in others if signed(one, chain[-1])]
        if not issuers:
            return []
        chain.append(issuers[0])
    return chain


def signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return True
