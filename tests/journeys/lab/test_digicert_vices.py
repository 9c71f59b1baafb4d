# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How CertCentral misbehaves: what each vice does, that it does it once, and that one who tries again gets through."""

from __future__ import annotations

import http.client
import json
import time
import typing as t
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from journeys.lab.customer import Answer, Customer, Document, certificates
from journeys.lab.partner import csr
from lab.human import press
from lab.lab import Lab
from lab.vices import VICES

DV = "ssl_dv_geotrust_flex"
TXT = "dns-txt-token"
WWW, APEX = "www.example.jp", "example.jp"
OURS = [vice.name for vice in VICES if vice.room == "digicert"]
#: where a good customer does not get what he ordered, and must not take what he gets
NEVER = ["dc_wrong_chain", "dc_wrong_key", "dc_strange_status_always"]
#: these are for other ways than records, and are shown in test_digicert_validation.py
ELSEWHERE = ["dc_no_redirects", "dc_free_base_name", "dc_cname_without_value", "dc_ev_approver_mail"]
#: what an answer by any of the plays looks like, and whether the call had its effect
PLAYED: list[tuple[str, int, bool]] = [
    ("dc_too_many", 429, False),
    ("dc_too_many_seconds", 429, False),
    ("dc_too_many_date", 429, False),
    ("dc_too_many_skewed", 429, False),
    ("dc_server_error", 500, False),
    ("dc_unavailable", 503, False),
    ("dc_html_for_json", 200, False),
    ("dc_redirect_to_page", 302, False),
    ("dc_unauthorized_first", 401, False),
    ("dc_unavailable_after_effect", 503, True),
    ("dc_gateway_lost_effect", 502, True),
    ("dc_lost_answer", 0, True),
    ("dc_cut_answer", 0, True),
    ("dc_half_json", 201, True),
    ("dc_slow_drip", 201, True),
]


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def customer(lab: Lab) -> Customer:
    return Customer(lab)


class Patient:
    """Asks again until there is a good answer. Orders anew only when nothing is known of the order."""

    def __init__(self, lab: Lab, patience: float, seconds: float = 25) -> None:
        self.customer = Customer(lab)
        self._patience = patience
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._until = time.monotonic() + seconds

    def answer(self, act: t.Callable[[], Answer]) -> Answer | None:
        """None: nothing that could be used."""
        try:
            answer = act()
            if answer.status not in (200, 201, 204) or b"<html" in answer.body:
                return None
            if answer.headers.get("content-type", "").startswith("application/json"):
                json.loads(answer.body)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return answer

    def insist(self, method: str, path: str, body: object = None) -> Answer:
        while (answer := self.answer(lambda: self.customer.call(method, path, body))) is None:
            assert time.monotonic() < self._until, f"no good answer to {method} {path}"
            time.sleep(0.05)
        return answer

    def order(self, reference: str, **more: t.Any) -> int:
        """Exactly one."""
        more["certificate"] = {"csr": csr([WWW, APEX], key=self.key)}
        while True:
            answer = self.answer(
                lambda: self.customer.submit(
                    DV, [WWW, APEX], more.get("method"), alternative_order_id=reference, **more
                )
            )
            order = int(answer.json["id"]) if answer else self.find(reference)
            if order:
                return order

    def find(self, reference: str) -> int:
        """By the reference, which may be somebody else's, too; an index that is late is given its time."""
        until = time.monotonic() + self._patience
        while True:
            answer = self.answer(lambda: self.customer.call("GET", f"/order/alternate/{reference}"))
            for one in answer.json["orders"] if answer else ():
                if self.look(int(one["order_id"]))["certificate"]["common_name"] == WWW:
                    return int(one["order_id"])
            if time.monotonic() > until:
                return 0
            time.sleep(0.05)

    def look(self, order: int) -> Document:
        return self.insist("GET", f"/order/certificate/{order}").json

    def validate(self, order: int) -> None:
        """Puts the value wherever it could be looked for."""
        method = f"/order/certificate/{order}/dcv-random-value"
        value = self.insist("PUT", method).json["dcv_random_value"]
        for name in (WWW, APEX):
            self.customer.txt(name, value)

    def issue(self, order: int) -> Document:
        while (shown := self.look(order))["status"] not in ("issued", "approved") or "id" not in shown["certificate"]:
            assert time.monotonic() < self._until, shown["status"]
            self.answer(lambda: self.customer.check(order))
            time.sleep(0.05)
        return shown

    def download(self, certificate: object) -> list[x509.Certificate]:
        """A certificate for the own key, with a chain that signed it: each once, and in order."""
        while True:
            found = certificates(self.insist("GET", f"/certificate/{certificate}/download/format/pem_all").body)
            chain = in_order(found[0], found[1:]) if found else []
            if chain and chain[0].public_key() == self.key.public_key():
                return chain
            assert time.monotonic() < self._until, "no certificate for this key with all of its chain"


def in_order(leaf: x509.Certificate, others: t.Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """From the leaf to the root; nothing if one is missing."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        issuers = [one for one in others if one.subject == chain[-1].issuer and signed(one, chain[-1])]
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


@pytest.mark.parametrize("vice", [name for name in OURS if name not in (*NEVER, *ELSEWHERE)])
def test_with_any_vice_one_order_is_enough(lab: Lab, vice: str, hurried: float) -> None:
    lab.switches.only(vice)
    patient = Patient(lab, hurried)
    order = patient.order("ref-1", method=TXT)
    for ask in lab.digicert.book.asks(order):
        if ask.status == "pending":
            lab.digicert.answer(ask.id)
    patient.validate(order)
    shown = patient.issue(order)
    chain = patient.download(shown["certificate"]["id"])
    assert [one.subject.rfc4514_string().partition(",")[0] for one in chain][::2] == [
        f"CN={WWW}", "CN=Lab DigiCert Global Root",
    ]  # fmt: skip
    assert len(chain) == 3
    assert len(lab.history.events("order", ca="digicert")) == 1
    assert len(lab.history.events("issued", ca="digicert")) == 1


def test_with_all_gentle_vices_at_once_one_order_each_is_enough_by_mail_too(lab: Lab, hurried: float) -> None:
    lab.switches.only(*(vice.name for vice in VICES if vice.default))
    patient = Patient(lab, hurried, 40)
    for number in (1, 2, 3, 4):
        order = patient.order(f"ref-{number}")
        press(lab, "hostmaster@example.jp", order=str(order))
        shown = patient.issue(order)
        assert len(patient.download(shown["certificate"]["id"])) == 3
        assert len(lab.history.events("order", ca="digicert")) == number
    events = lab.history.events("request", ca="digicert")
    assert len({event["vice"] for event in events} - {""}) >= 3, "they had their hands in it"


def test_every_vice_is_tried() -> None:
    assert set(NEVER + ELSEWHERE) < set(OURS)
    assert {vice for vice, _status, _effect in PLAYED} < set(OURS)
    assert all(name.startswith("dc_") for name in OURS)
    unknown = [vice for vice in VICES if vice.what.startswith("UNVERIFIED")]
    assert unknown
    assert [vice.name for vice in unknown if vice.default] == [], "what nobody outside knows is off by default"


# --- each answer ---


@pytest.mark.parametrize(("vice", "status", "effect"), PLAYED)
def test_a_play_strikes_a_call_once_and_has_its_effect_or_not(
    lab: Lab, customer: Customer, vice: str, status: int, effect: bool
) -> None:
    lab.switches.only(vice)

    def submit() -> int:
        try:
            answer = customer.submit(DV, [WWW], TXT, alternative_order_id="ref-1")
        except (OSError, http.client.HTTPException):
            return 0
        return answer.status

    assert submit() == status
    assert len(lab.history.events("order")) == int(effect)
    [request] = lab.history.events("request", call="submit")
    assert (request["vice"], request["subject"]) == (vice, "ref-1")
    assert submit() == 201
    assert len(lab.history.events("order")) == 1 + int(effect)


def test_429_comes_without_retry_after_with_seconds_and_with_a_date(lab: Lab, customer: Customer) -> None:
    def headers(vice: str) -> t.Mapping[str, str]:
        lab.switches.only(vice)
        answer = customer.submit(DV, [WWW], TXT)
        assert (answer.status, answer.code) == (429, "request_limit_exceeded")
        return answer.headers

    assert "retry-after" not in headers("dc_too_many")
    assert headers("dc_too_many_seconds")["retry-after"] == "1"
    now = lab.clock.now()
    assert abs(parsedate_to_datetime(headers("dc_too_many_date")["retry-after"]) - now) < timedelta(seconds=9)
    skewed = headers("dc_too_many_skewed")
    there, until = (parsedate_to_datetime(skewed[name]) for name in ("date", "retry-after"))
    assert (until - there, there - now > timedelta(minutes=59)) == (timedelta(seconds=2), True)


def test_errors_may_be_one_object(lab: Lab, customer: Customer) -> None:
    assert isinstance(customer.call("GET", "/nothing").json["errors"], list)
    lab.switches.only("dc_errors_object")
    assert customer.call("GET", "/nothing").json["errors"]["code"] == "not_found|route"


def test_statuses_that_are_wrong_once(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_strange_status", "dc_status_approved", "dc_order_missing_first", "dc_stale_answer_first")
    order = customer.order(DV, [WWW], TXT)
    path = f"/order/certificate/{order['id']}"
    assert customer.call("GET", path).code == "not_found|order"
    found = [customer.look(order["id"])["status"] for _unused in range(3)]
    assert found == ["awaiting_review", "pending", "pending"]
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).status == 200
    assert [customer.look(order["id"])["status"] for _unused in range(3)] == ["processing", "approved", "issued"]
    lab.switches.only("dc_strange_status_always")
    assert {customer.look(order["id"])["status"] for _unused in range(3)} == {"awaiting_review"}


def test_an_index_that_is_late_and_one_that_says_404(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_late_index", "dc_alternate_404")
    order = customer.order(DV, [WWW], TXT, alternative_order_id="ref-1")
    assert customer.call("GET", "/order/alternate/ref-1").status == 404
    assert customer.listed() == []
    time.sleep(2)
    assert customer.listed("/order/alternate/ref-1") == customer.listed() == [order["id"]]


def test_a_reference_that_is_shared_and_a_filter_that_is_ignored(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_reference_shared", "dc_status_filter_ignored")
    order = customer.order(DV, [WWW], TXT, alternative_order_id="ref-1")
    found = customer.call("GET", "/order/alternate/ref-1").json["orders"]
    assert [one["status"] for one in found] == ["canceled", "pending"]
    assert customer.look(found[0]["order_id"])["certificate"]["common_name"] == f"old.{WWW}"
    assert customer.listed(status="issued") == [order["id"]]
    assert [one["order_id"] for one in lab.digicert.orders()] == [str(order["id"])]


def test_numbers_as_texts_and_keys_that_are_left_out(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_numbers_as_text", "dc_keys_left_out")
    order = customer.order(DV, [WWW], TXT)
    assert (type(order["id"]), type(order["requests"][0]["id"])) == (str, str)
    shown = customer.look(order["id"])
    assert shown["id"] == order["id"]
    assert not {"organization", "renewed_order_id"} & set(shown)


def test_a_slow_ca_and_a_check_that_is_late(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_processing_slow", "dc_check_late")
    order = customer.order(DV, [WWW], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).code == "invalid_dns_txt"
    assert customer.check(order["id"]).json["order_status"] == "pending"
    assert customer.look(order["id"])["status"] == "processing"
    customer.wait(order["id"])


def test_chains_that_are_wrong(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    certificate = customer.check(order["id"]).json["certificate_id"]
    good = customer.download(certificate)
    assert in_order(good[0], good[1:]) == good

    def with_vice(vice: str) -> list[x509.Certificate]:
        lab.switches.only(vice)
        return customer.download(certificate)

    assert with_vice("dc_chain_reversed") == [good[0], good[2], good[1]]
    assert with_vice("dc_pem_repeated") == good * 2
    assert (with_vice("dc_pem_missing_first"), customer.download(certificate)) == ([], good)
    false = with_vice("dc_wrong_chain")
    assert (false[1].subject == good[1].subject, signed(false[1], false[0])) == (True, False)
    other = with_vice("dc_other_certificate")[0]
    assert (other.public_key() == good[0].public_key(), signed(good[1], other)) == (False, True)
    assert customer.download(certificate) == good
    assert [with_vice("dc_wrong_key")[0].public_key() == good[0].public_key() for _unused in range(2)] == [False, False]


def test_the_intermediate_changes_between_order_and_download(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_new_intermediate")
    order = customer.order(DV, [WWW], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    chain = customer.download(customer.check(order["id"]).json["certificate_id"])
    lab.switches.none()
    before = customer.download(customer.look(order["id"])["certificate"]["id"])
    assert chain[1].subject.rfc4514_string().startswith("CN=Lab DigiCert TLS CA2")
    assert (chain[1] != before[1], signed(chain[1], chain[0]), signed(before[1], chain[0])) == (True, True, True)
