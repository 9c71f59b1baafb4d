# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second seller as RENGE.md says: who is let in, three steps to an order, lists by cursor, and its vices."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import secrets
import ssl
import time
import typing as t
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from journeys.lab.partner import csr
from lab.lab import Lab
from lab.renge.api import Turnstile
from lab.vices import VICES

NAMES = ("www.example.jp", "*.example.jp")
Document = dict[str, t.Any]


class Answer(t.NamedTuple):
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Document:
        return t.cast("Document", json.loads(self.body))


class Customer:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.facts = lab.facts()["renge"]
        self._url = urlsplit(self.facts["url"])
        self._context = ssl.create_default_context(cafile=self.facts["ca"])

    def signed(self, method: str, target: str, body: bytes, moment: float, nonce: str) -> dict[str, str]:
        lines = [method, self._url.path + target, str(int(moment)), nonce, hashlib.sha256(body).hexdigest()]
        digest = hmac.new(self.facts["secret"].encode(), "\n".join(lines).encode(), "sha256").digest()
        return {
            "X-Renge-Key": self.facts["key"],
            "X-Renge-Time": str(int(moment)),
            "X-Renge-Nonce": nonce,
            "X-Renge-Signature": base64.b64encode(digest).decode(),
        }

    def call(self, method: str, target: str, document: object = None, **other: str) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        moment = self.lab.clock.now().timestamp()
        return self.send(
            method, target, body, {**self.signed(method, target, body, moment, secrets.token_hex(8)), **other}
        )

    def send(self, method: str, target: str, body: bytes, headers: t.Mapping[str, str]) -> Answer:
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=10)
        try:
            connection.request(method, self._url.path + target, body or None, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def buy(self, names: t.Sequence[str] = NAMES, ref: str = "ours") -> Document:
        cart = self.call("POST", "/carts", {"ref": ref, "plan": "R-DV"}).json["cart"]["cart_no"]
        return t.cast(
            "Document", self.call("POST", f"/carts/{cart}/order", {"domains": names, "auth": "dns"}).json["order"]
        )

    def issued(self, names: t.Sequence[str] = NAMES) -> str:
        number = self.buy(names)["order_no"]
        order = self.call("PUT", f"/orders/{number}/csr", {"csr": csr(names)}).json["order"]
        for record in order["auth"]["records"]:
            self.lab.dns.set("example.jp", record["host"], "TXT", [record["value"]])
        assert self.call("POST", f"/orders/{number}/check").json["order"]["status"] == 30
        until = time.monotonic() + 10
        while self.call("GET", f"/orders/{number}").json["order"]["status"] != 40:
            assert time.monotonic() < until
            self.lab.also["renge"].tick()
        return str(number)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    """These tests ask faster than a customer may."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr("lab.renge.api.MOST_A_SECOND", 10_000)
        lab = stack.enter_context(Lab(tmp_path_factory.mktemp("renge") / "lab", web=(), vices=(), also=("renge",)))
        yield lab
        assert lab.failures == []


@pytest.fixture
def customer(shared: Lab) -> t.Iterator[Customer]:
    yield Customer(shared)
    shared.switches.none()


def refused(answer: Answer) -> tuple[int, str]:
    assert answer.json["result"] == "NG" and answer.json["message"]
    return answer.status, answer.json["code"]


def test_an_order_in_three_steps_ends_with_a_certificate(customer: Customer) -> None:
    number = customer.issued()
    text = customer.call("GET", f"/orders/{number}/certificate").json["pem"]
    leaf, issuer = x509.load_pem_x509_certificates(text.encode())
    leaf.verify_directly_issued_by(issuer)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == set(NAMES)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=200)
    serial = f"{leaf.serial_number:x}"
    (known,) = customer.call("GET", f"/certificates?serial={serial}").json["certificates"]
    assert (
        customer.call("POST", f"/certificates/{known['certificate_no']}/revoke", {"reason": 4}).json["result"] == "OK"
    )
    assert customer.lab.also["renge"].is_revoked(serial)
    assert refused(customer.call("POST", f"/orders/{number}/cancel")) == (200, "E2003")


def test_the_same_reference_twice_is_two_orders_and_a_cart_is_ordered_once(customer: Customer) -> None:
    assert customer.buy(ref="twice")["order_no"] != customer.buy(ref="twice")["order_no"]
    cart = customer.call("POST", "/carts", {"ref": "x", "plan": "R-DV"}).json["cart"]["cart_no"]
    order = {"domains": list(NAMES), "auth": "dns"}
    assert customer.call("POST", f"/carts/{cart}/order", order).json["order"]["status"] == 10
    assert refused(customer.call("POST", f"/carts/{cart}/order", order)) == (200, "E1004")


@pytest.mark.parametrize("spoilt", ["X-Renge-Key", "X-Renge-Time", "X-Renge-Nonce", "X-Renge-Signature"])
def test_nobody_is_let_in_with_one_wrong_header(customer: Customer, spoilt: str) -> None:
    other = {"X-Renge-Time": "1782097200"}.get(spoilt, "A" * 32)
    answer = customer.call("GET", "/orders", **{spoilt: other})
    assert refused(answer) == (401, "E0001")


def test_a_signature_is_of_this_request_and_of_no_other(customer: Customer) -> None:
    moment = customer.lab.clock.now().timestamp()
    headers = customer.signed("GET", "/orders?limit=1", b"", moment, "a" * 16)
    for method, target, body in (
        ("GET", "/orders?limit=2", b""),
        ("POST", "/orders?limit=1", b""),
        ("GET", "/orders", b""),
    ):
        assert customer.send(method, target, body, headers).status in (401, 405)
    assert customer.send("GET", "/orders?limit=1", b"", headers).status == 200
    assert customer.send("GET", "/orders?limit=1", b"", headers).status == 401  # the same nonce


@pytest.mark.parametrize(("ahead", "status"), [(7100, 200), (-7100, 200), (7300, 401), (-7300, 401)])
def test_two_hours_of_clocks_are_forgiven(customer: Customer, ahead: float, status: int) -> None:
    moment = customer.lab.clock.now().timestamp() + ahead
    headers = customer.signed("GET", "/orders", b"", moment, secrets.token_hex(8))
    assert customer.send("GET", "/orders", b"", headers).status == status


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (("POST", "/carts", {"plan": "R-DV"}), "E1001"),
        (("POST", "/carts", {"ref": "x", "plan": "R-EV"}), "E1003"),
        (("POST", "/carts", {"ref": "x", "plan": "R-DV", "renewal_of": "RG999999"}), "E1006"),
        (("POST", "/carts", []), "E1001"),
        (("POST", "/carts/99999/order", {"domains": ["a.example.jp"], "auth": "dns"}), "E1004"),
        (("POST", "/carts/99999/order", {"domains": ["localhost"], "auth": "dns"}), "E1002"),
        (("POST", "/carts/99999/order", {"domains": ["a.example.jp"], "auth": "mail"}), "E1001"),
        (("GET", "/orders/RG999999", None), "E2001"),
        (("GET", "/orders?limit=51", None), "E1001"),
        (("POST", "/certificates/9999/revoke", {"reason": 4}), "E1001"),
    ],
)
def test_what_is_refused(customer: Customer, call: tuple[str, str, object], code: str) -> None:
    assert refused(customer.call(*call)) == (200, code)


def test_a_csr_is_taken_once_and_only_for_these_names(customer: Customer) -> None:
    number = customer.buy()["order_no"]
    assert refused(customer.call("PUT", f"/orders/{number}/csr", {"csr": csr(["a.example.jp"])})) == (200, "E1005")
    assert refused(customer.call("PUT", f"/orders/{number}/csr", {"csr": "x"})) == (200, "E1005")
    assert customer.call("PUT", f"/orders/{number}/csr", {"csr": csr(NAMES)}).json["order"]["status"] == 20
    assert refused(customer.call("PUT", f"/orders/{number}/csr", {"csr": csr(NAMES)})) == (200, "E2002")
    assert refused(customer.call("GET", f"/orders/{number}/certificate")) == (200, "E2004")
    assert customer.call("POST", f"/orders/{number}/check").json["order"]["status"] == 20  # nothing is published
    assert customer.call("POST", f"/orders/{number}/cancel").json["order"]["status"] == 91


def test_the_list_is_read_by_its_cursor(customer: Customer) -> None:
    bought = [customer.buy()["order_no"] for _order in range(5)]
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = customer.call("GET", "/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [one["order_no"] for one in page["orders"]]
        cursor, pages = page["next"], pages + 1
    assert seen[:5] == bought[::-1]
    assert len(set(seen)) == len(seen) > 2 * (pages - 1)


def test_only_so_many_requests_a_second(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.renge.api.MOST_A_SECOND", 100)
    answer = customer.call("GET", "/orders?limit=1")
    assert 0 <= int(answer.headers["x-renge-left"]) < 100 and answer.headers["x-renge-again"] == "1"
    turnstile = Turnstile(customer.lab.clock, customer.lab.switches)  # of its own: the others have theirs
    left = [turnstile.count() for _request in range(250)]
    assert min(left) < 0


def test_an_order_that_nobody_validates_expires(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", web=(), vices=(), also=("renge",)) as lab:
        customer = Customer(lab)
        number = customer.buy()["order_no"]
        lab.clock.advance(days=31)
        lab.also["renge"].tick()
        assert customer.call("GET", f"/orders/{number}").json["order"]["status"] == 92
        assert lab.failures == []


# --- vices


@pytest.mark.parametrize("vice", [vice.name for vice in VICES if vice.room == "renge"])
def test_a_vice_shows_itself(customer: Customer, vice: str) -> None:
    numbers = [customer.buy()["order_no"] for _order in range(5)]
    target = f"/orders/{numbers[0]}"
    customer.call("PUT", f"{target}/csr", {"csr": csr(NAMES)})
    customer.lab.switches.only(vice)
    seen: t.Any
    try:
        first = customer.call("GET", target)
        seen = first.json if first.body[:1] == b"{" else first
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as lost:
        first, seen = None, lost
    if vice == "renge_too_many":
        assert first is not None and refused(first) == (429, "E0429")
        assert first.headers["x-renge-again"] == "1" and "retry-after" not in first.headers
    elif vice == "renge_lost_answer":
        assert isinstance(seen, Exception)
    elif vice == "renge_html_for_json":
        assert first is not None and first.status == 200 and first.body.startswith(b"<!DOCTYPE")
    elif vice == "renge_clock_ahead":
        assert first is not None and first.status == 401
        there = parsedate_to_datetime(first.headers["date"])
        assert there - customer.lab.clock.now() > timedelta(hours=23)
        headers = customer.signed("GET", target, b"", there.timestamp(), secrets.token_hex(8))
        assert customer.send("GET", target, b"", headers).status == 200
    elif vice == "renge_strange_status":
        assert seen["order"]["status"] == 55
    elif vice == "renge_csr_shown_late":
        assert seen["order"]["status"] == 10
    else:
        cursors, cursor = [], ""
        while cursor not in cursors:
            cursors.append(cursor)
            cursor = customer.call("GET", "/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")).json["next"]
        assert cursor is not None and vice == "renge_circle"
    if vice not in ("renge_circle", "renge_clock_ahead"):
        assert customer.call("GET", target).json["order"]["status"] == 20
