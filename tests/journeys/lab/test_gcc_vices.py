# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How GlobalSign GCC misbehaves: what each vice does, that it does it once, and that who tries again gets through."""

from __future__ import annotations

import gzip
import http.client
import time
import typing as t
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from journeys.lab.gsclient import Answer, Client, csr
from lab.human import press
from lab.lab import Lab
from lab.vices import VICES

WWW, APEX = "www.example.jp", "example.jp"
OURS = [vice.name for vice in VICES if vice.room == "gcc"]
#: refused as long as they are on: shown in test_gcc_orders.py
REFUSING = ["gcc_ip_not_allowed", "gcc_no_balance", "gcc_phishing_refused", "gcc_logical_limit"]
#: where a good customer does not get what he ordered, and must not take what he gets
NEVER = ["gcc_wrong_chain", "gcc_wrong_key", "gcc_strange_status_always"]
#: these are for other ways than a new order by record, and are shown elsewhere
ELSEWHERE = [
    "gcc_reissue_no_sub_id", "gcc_reissue_slow", "gcc_decode_without_response", "gcc_vetting_quick",
    "gcc_revoking_slow", "gcc_words_upper", "gcc_words_capital", "gcc_words_lower", "gcc_san_type_2",
    "gcc_page_at_root", "gcc_file_wants_tag", "gcc_file_wants_code", "gcc_unknown_order_internal",
]  # fmt: skip
#: what an answer by any of the plays looks like, and whether the call had its effect
PLAYED: list[tuple[str, int, bool]] = [
    ("gcc_too_many", 429, False),
    ("gcc_too_many_seconds", 429, False),
    ("gcc_too_many_date", 429, False),
    ("gcc_too_many_skewed", 429, False),
    ("gcc_server_error", 500, False),
    ("gcc_soap_fault", 500, False),
    ("gcc_unavailable", 503, False),
    ("gcc_unavailable_after_effect", 503, True),
    ("gcc_html_for_xml", 200, False),
    ("gcc_redirect_to_page", 302, False),
    ("gcc_login_first", 200, False),
    ("gcc_internal_error", 200, False),
    ("gcc_database_error", 200, False),
    ("gcc_internal_after_effect", 200, True),
    ("gcc_lost_answer", 0, True),
    ("gcc_cut_answer", 0, True),
    ("gcc_half_xml", 200, True),
    ("gcc_slow_drip", 200, True),
    ("gcc_gzip_unasked", 200, True),
    ("gcc_bom_xml", 200, True),
    ("gcc_entity_bomb", 200, True),
    ("gcc_external_entity", 200, True),
    ("gcc_document_type", 200, True),
]
AGAIN = (-1, -300, -4001)
INDEX = 0.15


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("gcc",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(lab)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 0.3)
    monkeypatch.setattr("lab.gcc.gas_calls.INDEX_SECONDS", INDEX)
    monkeypatch.setattr("lab.playing.DRIP_SECONDS", 0.3)
    monkeypatch.setattr("lab.playing.HUGE", 64 * 1024)


class Patient:
    """Asks again until there is a good answer. Orders anew only when nothing is known of the order."""

    def __init__(self, lab: Lab, reference: str = "ref-1", seconds: float = 25) -> None:
        self.client, self._reference = Client(lab), reference
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.csr = csr(WWW, self.key)
        self._until = time.monotonic() + seconds

    def answer(self, act: t.Callable[[], Answer]) -> Answer | None:
        """None: nothing that could be used."""
        try:
            answer = act()
        except (OSError, http.client.HTTPException):
            return None
        if answer.status != 200 or b"<!DOCTYPE" in answer.body:
            return None
        try:
            return None if set(answer.codes) & set(AGAIN) else answer
        except ElementTree.ParseError:
            return None

    def insist(self, act: t.Callable[[], Answer]) -> Answer:
        while (answer := self.answer(act)) is None:
            self.wait("no good answer")
        return answer

    def wait(self, what: str) -> None:
        assert time.monotonic() < self._until, what
        time.sleep(0.05)

    def order(self) -> tuple[str, str]:
        """Exactly one; its number and the text of its record."""
        while True:
            answer = self.answer(lambda: self.client.dns_order(WWW, APEX, csr=self.csr, sub_id=self._reference))
            if answer and answer.success != "-1":
                return answer.text("OrderID"), answer.text("DNSTXT")
            if found := self.find():
                return found

    def find(self) -> tuple[str, str] | None:
        """By name and key; a search that is late is given its time."""
        inside = f"<CommonName>{WWW}</CommonName><CSR>{self.csr}</CSR>"
        until = time.monotonic() + INDEX + 0.1
        while time.monotonic() < until:
            answer = self.insist(lambda: self.client.call("GetOrderByCommonName", inside))
            if answer.text("OrderID"):
                return answer.text("OrderID"), answer.text("DVC")
            time.sleep(0.05)
        return None

    def issue(self, order: str) -> list[x509.Certificate]:
        """Verifies and looks until there is a certificate for the own key with all of its chain."""
        while True:
            looked = self.insist(lambda: self.client.look(order))
            status = looked.text("OrderDetail/OrderInfo/OrderStatus")
            if status == "1":
                self.answer(lambda: self.client.verify(order, APEX))
            elif status == "4" and (chain := self.chain(looked)):
                return chain
            self.wait(f"the status is {status}")

    def chain(self, answer: Answer) -> list[x509.Certificate]:
        if not list(answer.response.iter("X509Cert")) or not answer.authorities:
            return []
        chain = [answer.leaf, answer.authorities["INTER"], answer.authorities["ROOT"]]
        own = chain[0].public_key() == self.key.public_key()
        return chain if own and signed(chain[1], chain[0]) and signed(chain[2], chain[1]) else []


def signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("vice", [name for name in OURS if name not in (*REFUSING, *NEVER, *ELSEWHERE)])
@pytest.mark.usefixtures("hurried")
def test_with_any_vice_one_order_is_enough(lab: Lab, vice: str) -> None:
    lab.switches.only(vice)
    patient = Patient(lab)
    order, record = patient.order()
    patient.client.txt(APEX, record)
    assert len(patient.issue(order)) == 3
    assert len(lab.history.events("order", ca="gcc")) == 1
    assert len(lab.history.events("issued", ca="gcc")) == 1


@pytest.mark.usefixtures("hurried")
def test_with_all_gentle_vices_at_once_one_order_each_is_enough(lab: Lab) -> None:
    lab.switches.only(*(vice.name for vice in VICES if vice.default))
    for number in (1, 2, 3, 4):
        patient = Patient(lab, f"ref-{number}", 40)
        order, record = patient.order()
        patient.client.txt(APEX, record)
        assert len(patient.issue(order)) == 3
        assert len(lab.history.events("order", ca="gcc")) == number
    events = lab.history.events("request", ca="gcc")
    assert len({event["vice"] for event in events} - {""}) >= 3, "they had their hands in it"


@pytest.mark.usefixtures("hurried")
def test_with_all_gentle_vices_at_once_a_mail_is_readable(lab: Lab) -> None:
    lab.switches.only(*(vice.name for vice in VICES if vice.default))
    patient = Patient(lab)
    reserved = patient.insist(lambda: patient.client.call("GetDVApproverList", f"<FQDN>{WWW}</FQDN>"))
    number = reserved.text("OrderID")
    more = f"<OrderID>{number}</OrderID><ApproverEmail>admin@{APEX}</ApproverEmail>"
    submit = patient.insist(lambda: patient.client.order("DVOrder", "DV_SHA2", [WWW], more, csr=patient.csr))
    assert submit.text("OrderID") == number or submit.codes == [-4004]
    press(lab, f"admin@{APEX}", order=number)
    assert len(patient.issue(number)) == 3


def test_a_lost_answer_to_an_order_by_mail_is_known_by_its_reserved_number(lab: Lab, client: Client) -> None:
    number = client.call("GetDVApproverList", f"<FQDN>{APEX}</FQDN>").text("OrderID")
    more = f"<OrderID>{number}</OrderID><ApproverEmail>admin@{APEX}</ApproverEmail>"
    lab.switches.only("gcc_lost_answer")
    with pytest.raises((OSError, http.client.HTTPException)):
        client.order("DVOrder", "DV_SHA2", [APEX], more)
    assert client.order("DVOrder", "DV_SHA2", [APEX], more).codes == [-4004]
    lab.switches.none()
    press(lab, f"admin@{APEX}", order=number)
    assert client.status(number) == "4"


def test_every_vice_is_tried() -> None:
    assert set(NEVER + ELSEWHERE + REFUSING) < set(OURS)
    assert {vice for vice, _status, _effect in PLAYED} < set(OURS)
    assert all(name.startswith("gcc_") for name in OURS)
    unknown = [vice for vice in VICES if vice.room == "gcc" and vice.what.startswith("UNVERIFIED")]
    assert len(unknown) > 10
    assert [vice.name for vice in unknown if vice.default] == [], "what nobody outside knows is off by default"


# --- each answer ---


@pytest.mark.parametrize(("vice", "status", "effect"), PLAYED)
@pytest.mark.usefixtures("hurried")
def test_a_play_strikes_a_call_once_and_has_its_effect_or_not(
    lab: Lab, client: Client, vice: str, status: int, effect: bool
) -> None:
    lab.switches.only(vice)

    def submit() -> int:
        try:
            return client.dns_order(WWW, sub_id="ref-1").status
        except (OSError, http.client.HTTPException):
            return 0

    assert submit() == status
    assert len(lab.history.events("order")) == int(effect)
    [request] = lab.history.events("request", call="DVDNSOrder")
    assert (request["vice"], request["subject"]) == (vice, "ref-1")
    answer = client.dns_order(WWW, sub_id="ref-1")
    assert (answer.status, answer.codes) == (200, [])
    assert len(lab.history.events("order")) == 1 + int(effect)


def test_429_comes_without_retry_after_with_seconds_and_with_a_date(lab: Lab, client: Client) -> None:
    def headers(vice: str) -> t.Mapping[str, str]:
        lab.switches.only(vice)
        answer = client.dns_order(WWW)
        assert answer.status == 429
        return answer.headers

    assert "retry-after" not in headers("gcc_too_many")
    assert headers("gcc_too_many_seconds")["retry-after"] == "1"
    now = lab.clock.now()
    assert abs(parsedate_to_datetime(headers("gcc_too_many_date")["retry-after"]) - now) < timedelta(seconds=9)
    skewed = headers("gcc_too_many_skewed")
    there, until = (parsedate_to_datetime(skewed[name]) for name in ("date", "retry-after"))
    assert (until - there, there - now > timedelta(minutes=59)) == (timedelta(seconds=2), True)


def test_its_clock_may_be_an_hour_ahead(lab: Lab, client: Client) -> None:
    def ahead() -> list[timedelta]:
        answer = client.dns_order(WWW)
        stamps = [
            datetime.fromisoformat(answer.header.findtext("Timestamp") or ""),
            parsedate_to_datetime(answer.headers["date"]),
        ]
        return [abs(stamp - lab.clock.now()) for stamp in stamps]

    assert max(ahead()) < timedelta(minutes=1)
    lab.switches.only("gcc_clock_skewed")
    assert min(ahead()) > timedelta(minutes=59)


@pytest.mark.parametrize(("vice", "code"), [("gcc_internal_error", -1), ("gcc_database_error", -300),
                                            ("gcc_login_first", -4001)])  # fmt: skip
def test_errors_that_come_once_are_said_in_the_words_of_the_call(
    lab: Lab, client: Client, vice: str, code: int
) -> None:
    lab.switches.only(vice)
    answer = client.call("GetCertificateOrders", "<SubID>ref-1</SubID>")
    assert (answer.status, answer.codes, answer.header.tag) == (200, [code], "QueryResponseHeader")
    assert answer.is_nil("SearchOrderDetails")


@pytest.mark.parametrize(
    ("vice", "words"),
    [
        ("gcc_entity_bomb", [b'<!ENTITY a9 "&a8;', b"<Note>&a9;</Note>"]),
        ("gcc_external_entity", [b'SYSTEM "file:///etc/passwd"', b"<Note>&a9;</Note>"]),
        ("gcc_document_type", [b"<!DOCTYPE lab SYSTEM"]),
    ],
)
def test_answers_that_must_not_be_read(lab: Lab, client: Client, vice: str, words: list[bytes]) -> None:
    lab.switches.only(vice)
    body = client.dns_order(WWW, sub_id="ref-1").body
    assert [word in body for word in words] == [True] * len(words)
    assert b"<!DOCTYPE" not in client.dns_order(WWW, sub_id="ref-1").body


def test_answers_in_other_clothes(lab: Lab, client: Client) -> None:
    number = client.issued(WWW)
    lab.switches.only("gcc_gzip_unasked")
    packed = client.look(number)
    assert (packed.headers["content-encoding"], gzip.decompress(packed.body)[:5]) == ("gzip", b"<?xml")
    lab.switches.only("gcc_bom_xml")
    assert client.look(number).body.startswith(b"\xef\xbb\xbf<?xml")
    lab.switches.only("gcc_huge_answer")
    huge = client.look(number)
    assert (len(huge.body) > 32 * 1024 * 1024, huge.codes) == (True, [])
    lab.switches.only("gcc_other_prefixes")
    other = client.look(number)
    assert (b"<SOAP-ENV:Body><tns:GetOrderByOrderIDResponse " in other.body, other.codes) == (True, [])
    lab.switches.only("gcc_decode_without_response")
    decoded = client.call("DecodeCSR", f"<CSR>{csr(WWW)}</CSR><ProductType>DV</ProductType>")
    assert (decoded.operation, decoded.codes) == ("DecodeCSR", [])


def test_what_is_nil_or_empty_may_be_left_out(lab: Lab, client: Client) -> None:
    order = client.dns_order(WWW).text("OrderID")
    assert client.look(order).header.find("Errors") is not None
    lab.switches.only("gcc_nil_left_out")
    looked = client.look(order)
    assert looked.header.find("Errors") is None
    assert looked.response.find("OrderDetail/Fulfillment") is None
    assert b"nil" not in looked.body
    assert client.verify(order, WWW).codes == [-4147]


def test_warnings_blanks_and_internal_codes(lab: Lab, client: Client) -> None:
    lab.switches.only("gcc_warnings", "gcc_order_id_blanks", "gcc_product_code_internal", "gcc_times_without_zone")
    answer = client.dns_order(WWW, sub_id="ref-1")
    assert (answer.success, answer.codes) == ("1", [1])
    number = answer.response.findtext("OrderID") or ""
    assert (number[:1], number[-1:], len(number)) == (" ", " ", 16)
    assert client.look(number).codes == [-1], "it is ours to take them away"
    looked = client.look(number.strip())
    assert looked.text("OrderDetail/OrderInfo/ProductCode") == "DV_HIGH_DNS_MONTH_OP"
    assert "+" not in looked.text("OrderDetail/OrderInfo/OrderDate")
    found = client.call("GetCertificateOrders", "<ProductCode>DV_HIGH_DNS</ProductCode>")
    assert found.texts("SearchOrderDetails/SearchOrderDetail/SubId") == ["ref-1"]


def test_statuses_that_are_wrong_once_and_always(lab: Lab, client: Client) -> None:
    lab.switches.only("gcc_strange_status", "gcc_stale_answer_first")
    order = client.dns_order(WWW)
    number = order.text("OrderID")
    assert [client.status(number) for _unused in range(3)] == ["11", "1", "1"]
    client.txt(WWW, order.text("DNSTXT"))
    assert client.verify(number, WWW).codes == []
    assert [client.status(number) for _unused in range(3)] == ["1", "4", "4"]
    lab.switches.only("gcc_strange_status_always")
    assert {client.status(number) for _unused in range(3)} == {"11"}


@pytest.mark.usefixtures("hurried")
def test_the_phishing_check_makes_an_order_wait(lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 3600)
    lab.switches.only("gcc_phishing_wait")
    order = client.dns_order(WWW)
    number = order.text("OrderID")
    client.txt(WWW, order.text("DNSTXT"))
    waiting = client.verify(number, WWW)
    assert (waiting.codes, waiting.is_nil("URLVerificationForIssue/Fulfillment")) == ([], True)
    assert (client.status(number), client.verify(number, WWW).codes) == ("2", [])
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 0)
    lab.also["gcc"].tick()
    assert client.status(number) == "4"


def test_revocation_and_reissue_take_their_time(lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 3600)
    lab.switches.only("gcc_revoking_slow", "gcc_reissue_slow", "gcc_reissue_no_sub_id")
    old = client.issued(WWW, sub_id="ref-1")
    inside = f"<OrderParameter><CSR>{csr(WWW)}</CSR></OrderParameter><TargetOrderID>{old}</TargetOrderID>"
    new = client.call("ReIssue", f"{inside}<HashAlgorithm>SHA256</HashAlgorithm>").text("OrderID")
    assert client.modify(old, "Revoke").codes == []
    assert (client.status(old), client.status(new)) == ("6", "1")
    assert client.look(new).text("OrderDetail/OrderSubInfo/SubId") == ""
    assert client.modify(old, "Revoke").codes == [-9938]
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 0)
    lab.also["gcc"].tick()
    assert (client.status(old), client.status(new)) == ("7", "4")


def test_searches_that_are_late_shared_or_silent(lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.gcc.gas_calls.INDEX_SECONDS", 3600)
    lab.switches.only("gcc_late_index", "gcc_sub_id_shared", "gcc_sub_id_hidden")
    number = client.dns_order(WWW, sub_id="ref-1").text("OrderID")

    def found(word: str = "OrderID") -> list[str]:
        answer = client.call("GetCertificateOrders", "<SubID>ref-1</SubID>")
        return answer.texts(f"SearchOrderDetails/SearchOrderDetail/{word}")

    assert found() == []
    assert client.status(number) == "1", "who knows its number sees it"
    monkeypatch.setattr("lab.gcc.gas_calls.INDEX_SECONDS", 0)
    assert (found("FQDN"), found("OrderStatus"), found("SubId")) == ([WWW, f"old.{WWW}"], ["1", "3"], ["", ""])
    assert [order["order_id"] for order in lab.also["gcc"].orders()] == [number]


def test_a_check_and_a_certificate_that_are_late(lab: Lab, client: Client) -> None:
    lab.switches.only("gcc_check_late", "gcc_certificate_late", "gcc_chain_missing_first")
    order = client.dns_order(WWW)
    number = order.text("OrderID")
    client.txt(WWW, order.text("DNSTXT"))
    assert client.verify(number, WWW).codes == [-4147]
    issued = client.verify(number, WWW)
    assert (issued.codes, issued.is_nil("URLVerificationForIssue/Fulfillment")) == ([], True)
    assert issued.text("URLVerificationForIssue/CertificateInfo/CertificateStatus") == "4"
    looked = client.look(number)
    assert (looked.authorities, looked.leaf.subject.rfc4514_string()) == ({}, f"CN={WWW}")
    assert set(client.look(number).authorities) == {"INTER", "ROOT"}


def test_chains_and_certificates_that_are_wrong(lab: Lab, client: Client) -> None:
    number = client.issued(WWW)
    good = client.look(number)
    leaf, inter, root = good.leaf, good.authorities["INTER"], good.authorities["ROOT"]
    assert list(good.authorities) == ["INTER", "ROOT"]

    def with_vice(vice: str) -> Answer:
        lab.switches.only(vice)
        return client.look(number)

    assert list(with_vice("gcc_root_first").authorities) == ["ROOT", "INTER"]
    false = with_vice("gcc_wrong_chain").authorities["INTER"]
    assert (false.subject == inter.subject, signed(false, leaf), signed(root, false)) == (True, False, True)
    other = with_vice("gcc_other_certificate").leaf
    assert (other.public_key() == leaf.public_key(), signed(inter, other)) == (False, True)
    assert client.look(number).leaf == leaf
    assert [with_vice("gcc_wrong_key").leaf.public_key() == leaf.public_key() for _unused in range(2)] == [False] * 2


def test_the_intermediate_changes_between_order_and_look(lab: Lab, client: Client) -> None:
    before = client.look(client.issued(WWW)).authorities["INTER"]
    lab.switches.only("gcc_new_intermediate")
    number = client.issued(WWW)
    renewed = client.look(number)
    lab.switches.none()
    plain = client.look(number)
    assert before.subject != plain.authorities["INTER"].subject
    assert renewed.authorities["INTER"] != plain.authorities["INTER"]
    assert [signed(answer.authorities["INTER"], plain.leaf) for answer in (renewed, plain)] == [True, True]
