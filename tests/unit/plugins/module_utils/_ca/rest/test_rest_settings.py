# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account at a described seller: settings, secrets, libraries, encodings, certificates."""

from __future__ import annotations

import datetime
import sys
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import serial_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.pages import said_by, text_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    KEY,
    LABSSL,
    NUMBER,
    Answer,
    FakeClock,
    Table,
    account,
    answer,
    described,
    request,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOK = f"GET /orders/{NUMBER}"


def errors(description: t.Any = None, **settings: t.Any) -> list[str]:
    return RestFactory(clock=FakeClock()).settings_errors(account(description, **settings))


@pytest.mark.parametrize(
    "url", [BASE, BASE + "/", "http://127.0.0.1:8443/api", "http://localhost:8080", "https://[::1]"]
)
def test_good_settings(url: str) -> None:
    assert errors(url=url) == []
    assert errors(described(), url=url, timeout=5, ca_bundle="/etc/ca.pem") == []


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": None}, "url is missing"),
        ({"url": "http://api.labssl.example/"}, "url must be an https URL, not http"),
        ({"url": "api.labssl.example"}, "url is no https URL"),
        ({"url": "https://u:p@api.labssl.example"}, "without a user name"),
        ({"url": "https://api.labssl.example/?x=1"}, "url has a query"),
        ({"url": "https://api.labssl.example/#"}, "url has a query or a fragment"),
        ({"url": "https://api.labssl.example:port/"}, "url is no URL"),
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": "30"}, "timeout must be"),
        ({"ca_bundle": 3}, "ca_bundle must be"),
        ({"urll": "x"}, 'Did you mean "url"?'),
        ({"secrets": {}}, "uses the secret api_key, which is missing"),
        ({"secrets": {"api_key": KEY, "apikey": KEY}}, 'Did you mean "api_key"?'),
    ],
)
def test_wrong_settings(settings: dict[str, t.Any], why: str) -> None:
    (told,) = errors(**settings)
    assert why in told
    assert KEY not in told


def test_a_missing_description_says_how_to_give_it() -> None:
    config = AccountConfig("labssl", "rest", {"url": BASE}, {}, "/nowhere")
    assert "lookup('ansible.builtin.file'" in RestFactory(clock=FakeClock()).settings_errors(config)[0]


def test_everything_wrong_is_told_at_once_and_nothing_is_opened() -> None:
    text = LABSSL.read_text("utf-8").replace("look:", "lok:").replace("seller:", "seler:")
    config = account(text, url="http://x.example", timeout=-1)
    factory = RestFactory(clock=FakeClock())
    told = factory.settings_errors(config)
    assert len(told) == 6
    with pytest.raises(InputError) as caught:
        factory.open(config, deadline=10)
    assert all(one in caught.value.why for one in told)


@pytest.mark.parametrize("package", ["jmespath", "yaml"])
def test_a_missing_library_is_named_with_what_needs_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    (told,) = errors()
    name = {"yaml": "PyYAML"}.get(package, package)
    assert told.startswith(f"Adapter rest needs the Python package {name}")
    assert "role inkan.tls.ledger" in told
    assert ("from_yaml" in told) is (package == "yaml")
    if package == "yaml":
        assert errors(described_without_yaml()) == []


def described_without_yaml() -> dict[str, t.Any]:
    return _DESCRIBED


_DESCRIBED = described()


def test_an_account_of_a_seller_needs_neither_acme_nor_josepy(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("acme", "josepy"):
        for module in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, package, None)
    factories = adapter_factories(clock=FakeClock(), new_private_key=lambda _kind: b"")
    assert factories["rest"].settings_errors(account()) == []
    assert factories["rest"].open(account(), deadline=1).capabilities.cancel


def test_basic_authentication_and_headers_of_one_call() -> None:
    look = {"request": "GET /orders/{order_id}", "headers": {"accept": "application/vnd.x+json"}}
    changes = {"headers": None, "basic_auth": "{secrets.user}:{secrets.password}", "calls__look": look}
    table = Table(described(**changes), secrets={"user": "partner01", "password": "pässword"})
    table.on(LOOK, answer("received")).adapter.look(NUMBER, request())
    assert table.http.asked[0].headers == {
        "accept": "application/vnd.x+json",
        "Authorization": "Basic cGFydG5lcjAxOnDDpHNzd29yZA==",
    }


def test_a_key_with_a_line_end_is_told_and_not_shown() -> None:
    table = Table(secrets={"api_key": KEY + "\n"})
    with pytest.raises(InputError, match="line end") as caught:
        table.adapter.look(NUMBER, request())
    assert KEY not in caught.value.sentence()


def test_a_form_is_sent_as_a_form() -> None:
    form = {
        "csr": "{csr}",
        "name": "{names}",
        "ref": "{reference}",
        "double": "{options.double_address && '1' || '0'}",
        "none": "{options.nothing}",
        "years": 1,
    }
    table = Table(described(calls__submit={"request": "POST /orders", "form": form}))
    table.on("POST /orders", answer("received", 201)).adapter.submit(request())
    asked = table.http.asked[0]
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    body = (asked.body or b"").decode("ascii")
    assert "&name=www.example.jp&name=example.jp&ref=ik-" in body
    assert body.endswith("&double=1&years=1")
    with pytest.raises(InputError, match="form field"):
        table.adapter.submit(request(nothing={"a": 1}))


def test_a_flood_of_options_is_not_sent() -> None:
    table = Table(described(calls__submit__body__more="{options.more}"))
    with pytest.raises(InputError, match="so long a request"):
        table.adapter.submit(request(more="x" * 300_000))


# --- pages and certificates ------------------------------------------------------------------------------------------

MOJIBAKE = "<title>メンテナンス中</title>"


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("text/html; charset=Shift_JIS", "cp932"),
        ("text/html; charset=EUC-JP", "euc_jp"),
        ("text/html; charset=iso-2022-jp", "iso2022_jp"),
        ("text/html; charset=utf-8", "utf-8"),
        ("text/html", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_pages_in_the_encodings_of_japan(kind: str, encoding: str) -> None:
    response = HttpResponse(503, {"content-type": kind} if kind else {}, MOJIBAKE.encode(encoding), BASE)
    assert said_by(response).endswith("'メンテナンス中'")


def test_a_page_may_say_its_encoding_itself() -> None:
    body = ('<meta charset="Shift_JIS">' + MOJIBAKE).encode("cp932")
    assert "メンテナンス中" in said_by(HttpResponse(503, {"content-type": "text/html"}, body, BASE))


def test_json_may_have_a_mark_before_it_and_another_encoding() -> None:
    assert text_of(HttpResponse(200, {}, b"\xef\xbb\xbf{}", BASE)) == "{}"
    headers = {"content-type": "application/json; charset=Shift_JIS"}
    assert text_of(HttpResponse(200, headers, "注文".encode("cp932"), BASE)) == "注文"


def test_a_page_without_a_title_is_told_by_its_words() -> None:
    response = HttpResponse(500, {"content-type": "text/html"}, b"<p>Oops &amp; \x1b[2J sorry</p>", BASE)
    assert said_by(response) == "text/html: 'Oops & \\\\x1b[2J sorry'"


@pytest.mark.parametrize("serial", [1, 0x7F, 0x80, 0xDEADBEEF, 2**159 - 1])
def test_the_serial_number_is_the_one_in_the_certificate(serial: int) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.jp")])
    day = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 (older cryptography takes naive ones only)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, day, day + datetime.timedelta(days=9))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    assert serial_of(pem) == f"{serial:x}"


def self_signed(key: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.jp")])
    day = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 (older cryptography takes naive ones only)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, day, day + datetime.timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def request_for(key: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.jp")])
    csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_for_another_key_is_asked_for_again_once() -> None:
    ours, other = (ec.generate_private_key(ec.SECP256R1()) for _one in range(2))
    wish = replace(request(), csr_pem=request_for(ours))
    table = Table()
    right, wrong = (Answer(200, {"certificate": self_signed(key)}) for key in (ours, other))
    line = f"{LOOK}/certificate"
    assert table.on(line, wrong, right).adapter.download(NUMBER, wish).certificate == right.body["certificate"]
    assert table.on(line, right).adapter.download(NUMBER, wish).certificate == right.body["certificate"]
    assert len(table.http.asked) == 3
    assert table.on(line, wrong).adapter.download(NUMBER, wish).certificate == wrong.body["certificate"]
    assert len(table.http.asked) == 5


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN CERTIFICATE-----\nMAIB\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_has_no_serial_number(pem: str) -> None:
    with pytest.raises(InputError, match="portal"):
        serial_of(pem)
