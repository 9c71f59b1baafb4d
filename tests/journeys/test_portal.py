# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A company that buys at portals, by playbooks: persons apply, tell numbers and tokens, paste certificates.

www     a reseller of JPRS, by file; our key, our hosts
quick   IIJ, by mail; IIJ makes the key, our hosts serve it
site    CPI, which makes the key and installs the certificate; a handshake tells
byo     IIJ takes the certificate of www to its own linked service
"""

from __future__ import annotations

import json
import pathlib
import socket
import ssl
import sys
import threading
import typing as t
from datetime import datetime, timezone

import pytest
import story
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from plays.play import Play
from world import LabWorld

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "contract" / "portal"))

from desk import Ca

BEGIN = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)
PORTAL = "http://127.0.0.1:9/"
TOKEN = {"uri": "http://www.example.jp/.well-known/pki-validation/9f3d.txt", "content": "jprs-9f3d"}


class SellersServer:
    """The seller's web server, which shows whatever the seller has installed."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def install(self, certificate: str, key: bytes) -> None:
        paths = [self._folder / "seller-cert.pem", self._folder / "seller-key.pem"]
        paths[0].write_text(certificate)
        paths[1].write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, paths))
        self._context = context

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            try:
                with connection, self._context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)
            except OSError:
                continue

    def close(self) -> None:
        self._socket.close()


def account(seller: str) -> dict[str, t.Any]:
    return {"adapter": "portal", "settings": {"seller": seller, "owner": "certs@example.co.jp", "url": PORTAL}}


def certificates(seller_port: int) -> list[dict[str, t.Any]]:
    by_mail = {"method": "email", "contact": {"kind": "constructed", "address": "admin@example.jp"}}
    seen = {"address": "127.0.0.1", "port": seller_port}
    return [
        story.by_file("www", "www.example.jp", ca_account="reseller"),
        {
            "name": "quick",
            "common_name": "quick.example.jp",
            "product": "iij-globalsign-quick-dv",
            "ca_account": "iij",
            "validation": by_mail,
            "key": {"made_by": "seller"},
            "hosts": "webservers",
            "deploy": dict(story.DEPLOY),
        },
        {
            "name": "site",
            "common_name": "site.example.jp",
            "product": "cpi-dv",
            "ca_account": "cpi",
            "validation": by_mail,
            "key": {"made_by": "seller"},
            "deploy": {"by": "seller", "handshake": seen},
        },
        {
            "name": "byo",
            "common_name": "www.example.jp",
            "product": "iij-byo",
            "ca_account": "iij",
            "issued_from": "www",
            "deploy": {"by": "seller", "handshake": False},
        },
    ]


class Company(LabWorld):
    """The clerk's side of it: intake files, and a CA behind all sellers."""

    def __init__(self, root: pathlib.Path, server: SellersServer) -> None:
        accounts = {"reseller": account("jprs"), "iij": account("iij"), "cpi": account("cpi")}
        super().__init__(
            root,
            certificates(server.port),
            now=BEGIN,
            vices=(),
            web=("web1",),
            variables={"inkan_ca_accounts": accounts},
        )
        self.server = server

    def issue(self, told: t.Mapping[str, t.Any] | None = None, playbook: str = "issue") -> Play:
        arguments = []
        if told is not None:
            path = self.root / "intake.json"
            path.write_text(json.dumps({"inkan_intake": told}))
            arguments = ["-e", f"@{path}"]
        play = self.play(playbook, *arguments)
        assert play.rc == 0, play.why()
        return play

    def of(self, play: Play, name: str) -> dict[str, t.Any]:
        return play.results("certificate_orders", name=name)[-1]

    def live_serials(self, name: str) -> set[str]:
        shown = [host.served(name) for host in self.lab.web.values()]
        return {one.serial for one in shown if one is not None}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Company]:
    root = tmp_path_factory.mktemp("portal")
    server = SellersServer(root)
    with Company(root, server) as company:
        yield company
    server.close()
    assert company.lab.failures == []


def test_from_sheets_to_served_certificates(company: Company) -> None:
    ca = Ca(company.lab.clock)
    first = company.issue()
    states = {"www": "awaiting_person", "quick": "awaiting_person", "site": "awaiting_person"}
    assert first.order_states() == states, first.why()
    sheets = sorted(company.ledger.parent.glob("accounts/*/sheets/*"))
    assert len(sheets) == 9 and {path.stat().st_mode & 0o777 for path in sheets} == {0o600}
    assert "pending" in first.stdout and "application sheet" in first.stdout

    again = company.issue()
    assert sum(again.changed.values()) == 0, again.why()

    key, sellers = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    told: dict[str, dict[str, t.Any]] = {
        "www": {"order_number": "R-1", "file_token": TOKEN},
        "quick": {
            "order_number": "IIJ-7",
            "certificate": ca.leaf(key.public_key(), ["quick.example.jp"]),
            "chain": ca.intermediate,
            "key": _pem(key).decode(),
        },
        "site": {"order_number": "CPI-3"},
    }
    numbers = company.issue(told)
    assert {path.read_text("ascii") for path in company.tokens_on_hosts()} == {"jprs-9f3d"}, numbers.why()
    states = {"www": "wanted", "quick": "deployed", "site": "awaiting_approval"}
    assert {name: numbers.order_states()[name] for name in states} == states, numbers.why()
    assert company.live_serials("quick.example.jp") == {company.of(numbers, "quick")["serial"]}
    assert _pem(key).decode().splitlines()[1] not in numbers.stdout + numbers.stderr

    told["www"]["certificate"] = ca.intermediate + ca.issue(_csr_of(company))
    company.server.install(ca.leaf(sellers.public_key(), ["site.example.jp"]), _pem(sellers))
    issued = company.issue(told)
    states = {"www": "deployed", "quick": "deployed", "site": "issued"}
    assert {name: issued.order_states()[name] for name in states} == states, issued.why()
    assert company.live_serials("www.example.jp") == {company.of(issued, "www")["serial"]}
    assert company.tokens_on_hosts() == []
    assert "hands its certificate over" in issued.stdout


def test_a_renewal_is_applied_for_and_what_is_brought_is_handed_over(company: Company) -> None:
    company.pass_time(days=120)
    play = company.issue(playbook="renew")
    assert play.order_states()["www"] == "awaiting_person", play.why()
    texts = [path.read_text("utf-8") for path in company.ledger.parent.glob("accounts/reseller/sheets/*.md")]
    [sheet] = [text for text in texts if "更新" in text]
    assert "現在の証明書のシリアル番号" in sheet

    assert play.order_states()["byo"] == "awaiting_person"
    files = sorted(company.root.rglob("*-handover/byo/*"))
    assert [path.name for path in files] == ["certificate.pem", "chain.pem", "privkey.pem"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def _csr_of(company: Company) -> str:
    """The request that the sheet bears."""
    [sheet] = company.ledger.parent.glob("accounts/reseller/sheets/*.md")
    text, end = sheet.read_text("utf-8"), "-----END CERTIFICATE REQUEST-----\n"
    return text[text.index("-----BEGIN") : text.index(end) + len(end)]


def _pem(key: t.Any) -> bytes:
    return t.cast(
        bytes,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
