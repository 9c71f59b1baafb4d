# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide "Adding a CA adapter" is true: its one file and its row make an adapter that really orders.

The plugins are copied, the page's file is put beside the others and its row into the registry; nothing else is touched.
The module then orders from a toy of a CA, in a process that knows only the copy.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.fresh_python import python_path
from ansible_collections.inkan.tls.tests.unit.test_architecture import arrow_errors, read_sources
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "docsite" / "rst" / "guide_add_an_adapter.rst"
REGISTRY = "module_utils/_ca/registry.py"
KEY = "key-of-the-toy-0001"
NAMES = ["toy.example.jp", "*.toy.example.jp"]


def block(name: str) -> str:
    """The code block of the page with that name."""
    lines = PAGE.read_text("utf-8").splitlines()
    start = lines.index(f"   :name: {name}") + 1
    found = []
    for line in lines[start:]:
        if line and not line.startswith("   "):
            break
        found.append(line)
    return textwrap.dedent("\n".join(found)).strip() + "\n"


def registered(text: str) -> str:
    """The registry with the page's lines: ``+`` lines come after the line before them."""
    lines = text.splitlines()
    place = -1
    for line in block("registry").splitlines():
        if line.startswith("+"):
            place += 1
            lines.insert(place, line[1:])
        else:
            (place,) = [number for number, one in enumerate(lines) if one.strip() == line.strip()]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("collections")
    copy = root / "ansible_collections" / "inkan" / "tls" / "plugins"
    shutil.copytree(REPOSITORY / "plugins", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "module_utils" / "_ca" / "toy.py").write_text(block("toy"), "utf-8")
    (copy / REGISTRY).write_text(registered((copy / REGISTRY).read_text("utf-8")), "utf-8")
    return copy


def test_it_takes_one_file_and_a_row_with_its_import(plugins: Path) -> None:
    differing = {
        path.relative_to(plugins).as_posix()
        for path in plugins.rglob("*.py")
        if not (REPOSITORY / "plugins" / path.relative_to(plugins)).is_file()
        or path.read_bytes() != (REPOSITORY / "plugins" / path.relative_to(plugins)).read_bytes()
    }
    assert differing == {"module_utils/_ca/toy.py", REGISTRY}
    before, now = ((root / REGISTRY).read_text("utf-8").splitlines() for root in (REPOSITORY / "plugins", plugins))
    changed = [line for line in difflib.ndiff(before, now) if line[0] in "+-"]
    assert [line for line in changed if line[0] == "-"] == []
    assert [line[2:].strip() for line in changed if "toy" in line.lower()] == [
        "def _toy(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:",
        "from ansible_collections.inkan.tls.plugins.module_utils._ca.toy import ToyFactory",
        "return ToyFactory(clock=clock)",
        '"toy": _toy,',
    ]
    assert all(line.startswith("+") for line in changed)


def test_it_keeps_the_rules_of_the_house(plugins: Path) -> None:
    assert arrow_errors([source for source in read_sources(plugins) if source.path.endswith("_ca/toy.py")]) == []


# --- the toy of a CA -------------------------------------------------------------------------------------------------


class Toy:
    """orders by number; ``lose``: how many answers to a submit are lost after their effect."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, t.Any]] = {}
        self.lose = 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        toy = self

        class Handler(BaseHTTPRequestHandler):
            def _act(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                is_ours = self.headers.get("X-Toy-Key") == KEY
                status, answer = (
                    toy.answer(self.command, self.path[3:], json.loads(body or b"{}")) if is_ours else (401, {})
                )
                if status == 0:
                    self.close_connection = True
                    return
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _act

            def log_message(self, *_words: object) -> None: ...

        return Handler

    def answer(self, verb: str, path: str, body: dict[str, t.Any]) -> tuple[int, t.Any]:
        if (verb, path) == ("POST", "/orders"):
            number = len(self.orders) + 1
            self.orders[number] = {"number": number, "state": "publish", "token": f"token-{number}", **body}
            self.lose -= 1
            return (0, None) if self.lose >= 0 else (201, self.orders[number])
        if path.startswith("/orders?reference="):
            wanted = path.partition("=")[2]
            return 200, {"orders": [one for one in self.orders.values() if one["reference"] == wanted]}
        number = int(path.split("/")[2]) if path.count("/") > 1 else 0
        order = self.orders.get(number)
        if order is None:
            return 404, {"error": "there is no such order"}
        if path.endswith("/check"):
            order.update(state="made", certificate=self._sign(order["csr"]))
        return 200, order

    def _sign(self, csr_pem: str) -> str:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        now = dt.datetime.now(dt.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(csr.subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ToyCA")]))
            .public_key(csr.public_key())
            .serial_number(0x70F)
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(days=9))
            .add_extension(csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def toy() -> t.Iterator[Toy]:
    made = Toy()
    yield made
    made.server.shutdown()
    made.server.server_close()


def csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


SCRIPT = """
import json, sys
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
validated = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(json.load(sys.stdin))
assert not validated.error_messages, validated.error_messages
result = certificate_orders.run(validated.validated_parameters, False)
json.dump([item.as_data() for item in result.items], sys.stdout)
"""


def order(plugins: Path, toy: Toy, ledger: Path, **certificate: t.Any) -> dict[str, t.Any]:
    """One call of the module in a process of its own."""
    until = certificate.pop("until", "issued")
    options = {
        "ledger_path": str(ledger / "ledger.sqlite3"),
        "ledger_durable": True,
        "ca_accounts": {"toy": {"adapter": "toy", "settings": {"url": toy.url}}},
        "secrets": {"toy": {"key": KEY}},
        "until": until,
        "deadline": 20,
        "certificates": [{"name": "toy", **certificate}],
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(options),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ledger,
        env={**os.environ, "PYTHONPATH": python_path(plugins.parents[3])},
    )
    assert done.returncode == 0, done.stderr
    return t.cast("dict[str, t.Any]", json.loads(done.stdout)[0])


def test_it_orders_through_ledger_and_loop_even_when_the_answer_is_lost(
    plugins: Path, toy: Toy, tmp_path: Path
) -> None:
    toy.lose = 1
    wish = {"ca_account": "toy", "product": "toy", "method": "dns", "dns_names": NAMES, "csr": csr()}
    first = order(plugins, toy, tmp_path, until="wanted", **wish)
    assert (first["state"], first["error"]) == ("wanted", None)
    (record,) = first["wanted"]["records"]
    assert (record["name"], record["value"]) == ("_toyca.toy.example.jp", "token-1")
    second = order(plugins, toy, tmp_path, visible=True)
    assert (second["outcome"], second["error"], second["serial"]) == ("issued", None, "70f")
    assert len(toy.orders) == 1
