# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the seller misbehaves: what each vice does, that it does it once, and that one who tries again gets through."""

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
from journeys.lab.partner import Answer, Document, Partner, csr
from lab.human import press
from lab.lab import Lab
from lab.vices import VICES

NAMES = ["www.example.jp"]
HOSTMASTER = "hostmaster@example.jp"
OURS = [vice.name for vice in VICES if vice.room in ("api", "issuing", "mail")]


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", web=(), vices=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def partner(lab: Lab) -> Partner:
    return Partner(lab)


# --- one who tries again gets through ---


class Patient:
    """Asks again until there is a good answer. Orders anew only when the seller knows nothing of the order."""

    def __init__(self, lab: Lab, patience: float, seconds: float = 20) -> None:
        self.partner = Partner(lab)
        self._patience = patience
        self._until = time.monotonic() + seconds

    def answer(self, act: t.Callable[[], Answer]) -> Document | None:
        """None: nothing that could be used."""
        try:
            answer = act()
            document = answer.json
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return document if answer.status in (200, 201, 202) and "error" not in document else None

    def insist(self, act: t.Callable[[], Answer]) -> Document:
        while (document := self.answer(act)) is None:
            assert time.monotonic() < self._until, "no good answer"
            time.sleep(0.05)
        return document

    def order(self, method: str, reference: str) -> str:
        while True:
            order = self.answer(lambda: self._submit(method, reference)) or self._find(reference)
            if order is not None:
                return str(order["order_id"])

    def _submit(self, method: str, reference: str) -> Answer:
        """Refused in plain words, it had no effect, and may be sent again."""
        auth = {"address": HOSTMASTER} if method == "mail" else {}
        while (answer := self.partner.submit("dv", NAMES, method, partner_order_id=reference, auth=auth)).status in (
            401,
            429,
            503,
        ):
            time.sleep(0.05)
        return answer

    def _find(self, reference: str) -> Document | None:
        """An index that is late is given its time."""
        until = time.monotonic() + self._patience
        while True:
            answer = self.insist(lambda: self.partner.call("GET", "/orders", partner_order_id=reference))
            found = [order for order in answer["orders"] or [] if order["partner_order_id"] == reference]
            if found or time.monotonic() > until:
                return found[0] if found else None

    def state(self, order_id: str) -> str:
        return str(self.insist(lambda: self.partner.call("GET", f"/orders/{order_id}"))["state"])

    def wait(self, order_id: str, *states: str) -> Document:
        while True:
            order = self.insist(lambda: self.partner.call("GET", f"/orders/{order_id}"))
            if order["state"] in states:
                return order
            assert time.monotonic() < self._until, order["state"]
            time.sleep(0.05)

    def download(self, order_id: str) -> Document:
        return self.insist(lambda: self.partner.call("GET", f"/orders/{order_id}/certificate"))


@pytest.mark.parametrize("vice", OURS)
def test_with_any_vice_one_order_is_enough(lab: Lab, vice: str, hurried: float) -> None:
    lab.switches.only(vice)
    patient = Patient(lab, hurried)
    order_id = patient.order("mail", "reference")
    press(lab, HOSTMASTER)
    patient.wait(order_id, "issued")
    assert "BEGIN CERTIFICATE" in patient.download(order_id)["certificate"]
    assert len(lab.history.events("order")) == 1


def test_with_the_vices_that_are_on_by_default_too(tmp_path: Path, hurried: float) -> None:
    with Lab(tmp_path / "lab", web=()) as lab:
        patient = Patient(lab, hurried)
        for number in range(4):
            order_id = patient.order("registrar", f"reference-{number}")
            patient.wait(order_id, "issued")
            patient.download(order_id)
        assert len(lab.history.events("order")) == 4
        played = [event["vice"] for event in lab.history.events("request", call="submit")]
        assert {"too_many_seconds", "server_error", "lost_answer", "html_for_json"} <= set(played)
        assert lab.failures == []


# --- what answers go wrong ---


def first_answer(lab: Lab, partner: Partner, vice: str) -> Answer:
    """To a submit. The one after it is good, but for what lasts."""
    lab.switches.only(vice)
    return partner.submit("dv", NAMES, "registrar", partner_order_id="p")


@pytest.mark.parametrize(
    ("vice", "status", "words", "taken"),
    [
        ("too_many_seconds", 429, "too_many_requests", 0),
        ("too_many_date", 429, "too_many_requests", 0),
        ("too_many_skewed", 429, "too_many_requests", 0),
        ("server_error", 500, "<h1>500 Internal Server Error</h1>", 0),
        ("html_for_json", 200, "<title>パートナーログイン</title>", 0),
        ("redirect_to_page", 302, "ページが移動しました", 0),
        ("unauthorized_first", 401, "unauthorized", 0),
        ("gateway_lost_effect", 502, "<h1>502 Bad Gateway</h1>", 1),
        ("bom_json", 201, "\ufeff{", 1),
    ],
)
def test_the_first_answer_to_each_call_is_bad(
    lab: Lab, partner: Partner, vice: str, status: int, words: str, taken: int
) -> None:
    answer = first_answer(lab, partner, vice)
    assert answer.status == status
    assert words in answer.body.decode()
    assert len(lab.history.events("order")) == taken
    assert partner.submit("dv", NAMES, "registrar", partner_order_id="p").json["state"] == "checking_registrar"
    assert [event["vice"] for event in lab.history.events("request")] == [vice, ""]
    assert partner.submit("dv", NAMES, "registrar", partner_order_id="q").status == status


def test_too_many_requests_come_with_seconds_or_a_date_of_the_labs_clock(lab: Lab, partner: Partner) -> None:
    lab.clock.advance(days=100)
    assert first_answer(lab, partner, "too_many_seconds").headers["retry-after"] == "1"
    for vice, ahead in (("too_many_date", timedelta(0)), ("too_many_skewed", timedelta(hours=1))):
        headers = first_answer(lab, partner, vice).headers
        date = parsedate_to_datetime(headers["date"])
        assert timedelta(seconds=1) <= parsedate_to_datetime(headers["retry-after"]) - date <= timedelta(seconds=3)
        assert abs(date - lab.clock.now() - ahead) < timedelta(seconds=3)


def test_maintenance_is_two_pages_in_shift_jis(lab: Lab, partner: Partner) -> None:
    for _unused in range(2):
        answer = first_answer(lab, partner, "maintenance")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "メンテナンス" in answer.body.decode("shift_jis")
    assert first_answer(lab, partner, "maintenance").status == 201
    assert len(lab.history.events("order")) == 1


@pytest.mark.parametrize(
    ("vice", "error"), [("lost_answer", http.client.RemoteDisconnected), ("cut_answer", http.client.IncompleteRead)]
)
def test_the_connection_closes_after_the_effect(lab: Lab, partner: Partner, vice: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        first_answer(lab, partner, vice)
    assert len(lab.history.events("order")) == 1
    assert partner.submit("dv", NAMES, "registrar", partner_order_id="p").status == 201


def test_half_a_json_comes_as_if_it_were_all(lab: Lab, partner: Partner) -> None:
    answer = first_answer(lab, partner, "half_json")
    assert (answer.status, answer.headers["content-length"]) == (201, str(len(answer.body)))
    with pytest.raises(json.JSONDecodeError):
        answer.json  # noqa: B018
    assert len(lab.history.events("order")) == 1


def test_an_answer_is_compressed_unasked(lab: Lab, partner: Partner) -> None:
    answer = first_answer(lab, partner, "gzip_unasked")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.body.startswith(b"\x1f\x8b")


def test_an_answer_drips(lab: Lab, partner: Partner) -> None:
    started = time.monotonic()
    assert first_answer(lab, partner, "slow_drip").status == 201
    assert time.monotonic() - started > 1.5


def test_two_vices_do_not_strike_the_same_call(lab: Lab, partner: Partner) -> None:
    lab.switches.only("too_many_seconds", "server_error", "html_for_json")
    answers = [partner.submit("dv", NAMES, "file", partner_order_id=word).status for word in "aabbccdd"]
    assert answers[1::2] == [201, 201, 201, 201]
    assert set(answers[0::2]) == {429, 500, 200}


def test_switched_on_anew_a_vice_strikes_anew(lab: Lab, partner: Partner) -> None:
    assert first_answer(lab, partner, "server_error").status == 500
    lab.switches.none()
    assert first_answer(lab, partner, "server_error").status == 500
    assert first_answer(lab, partner, "server_error").status == 201


# --- what orders and lists go wrong ---


def order(lab: Lab, partner: Partner, *vices: str, method: str = "registrar") -> Document:
    lab.switches.only(*vices)
    answer = partner.submit("dv", NAMES, method)
    assert answer.status == 201
    return answer.json


def test_a_new_order_is_only_received(lab: Lab, partner: Partner) -> None:
    document = order(lab, partner, "received_first", method="file")
    assert (document["state"], document["auth"]["files"]) == ("received", [])
    assert len(partner.wait(document["order_id"], "waiting_file")["auth"]["files"]) == 1


def test_the_first_look_shows_a_state_that_nobody_knows(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "strange_status", method="file")["order_id"]
    assert [partner.look(order_id)["state"] for _unused in range(2)] == ["screening", "waiting_file"]


def test_the_first_look_after_a_change_is_of_yesterday(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, method="file")["order_id"]
    partner.call("DELETE", f"/orders/{order_id}")
    lab.switches.only("stale_answer_first")
    assert [partner.look(order_id)["state"] for _unused in range(2)] == ["waiting_file", "cancelled"]


def test_the_first_look_does_not_find_the_order(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "order_missing_first")["order_id"]
    answers = [partner.call("GET", f"/orders/{order_id}") for _unused in range(2)]
    assert [answer.status for answer in answers] == [404, 200]
    assert answers[0].code == "order_not_found"


def test_an_error_comes_with_status_200(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "error_in_200")["order_id"]
    answers = [partner.call("GET", f"/orders/{order_id}") for _unused in range(2)]
    assert [(answer.status, "error" in answer.json) for answer in answers] == [(200, True), (200, False)]


def test_an_answer_is_huge(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "huge_answer")["order_id"]
    assert len(partner.call("GET", f"/orders/{order_id}").body) > 30_000_000


def test_a_new_order_is_in_the_list_after_two_seconds(lab: Lab, partner: Partner) -> None:
    reference = order(lab, partner, "late_index")["partner_order_id"]
    assert partner.call("GET", "/orders", partner_order_id=reference).json["orders"] == []
    time.sleep(2.1)
    assert len(partner.call("GET", "/orders", partner_order_id=reference).json["orders"]) == 1


def test_the_list_holds_what_nobody_asked_for(lab: Lab, partner: Partner) -> None:
    order(lab, partner, "list_unfiltered")
    answer = partner.call("GET", "/orders", partner_order_id="another").json
    assert [found["partner_order_id"] for found in answer["orders"]] == ["partner-1"]


def test_an_order_has_a_number_that_is_text_and_number(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "number_for_text")["order_id"]
    assert (order_id, partner.look(order_id)["order_id"]) == ("100001", 100001)


def test_empty_lists_are_null_or_not_there(lab: Lab, partner: Partner) -> None:
    auth = order(lab, partner, "nulls_for_lists")["auth"]
    assert auth == {"method": "registrar", "sent_to": None, "files": None, "records": None, "done": None}
    assert partner.call("GET", "/orders", partner_order_id="nobody").json == {"orders": None, "total": 0}
    document = order(lab, partner, "keys_left_out")
    assert document["auth"] == {"method": "registrar"}
    assert not {"reason", "certificate"} & set(document)


def test_times_do_not_say_that_they_are_of_japan(lab: Lab, partner: Partner) -> None:
    created = order(lab, partner, "times_without_zone")["created_at"]
    assert time.strptime(created, "%Y/%m/%d %H:%M:%S")


# --- what certificates go wrong ---


def downloaded(lab: Lab, partner: Partner, *vices: str) -> Document:
    order_id = order(lab, partner, *vices)["order_id"]
    partner.wait(order_id)
    answer = partner.call("GET", f"/orders/{order_id}/certificate")
    assert answer.status == 200
    return {**answer.json, "order_id": order_id}


def parsed(document: Document) -> list[x509.Certificate]:
    return [
        x509.load_pem_x509_certificate(text.encode()) for text in (document["certificate"], *document["intermediates"])
    ]


def test_the_first_download_is_too_early(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "download_late")["order_id"]
    partner.wait(order_id)
    answers = [partner.call("GET", f"/orders/{order_id}/certificate") for _unused in range(2)]
    assert [answer.status for answer in answers] == [409, 200]


def test_an_examination_takes_its_time(lab: Lab, partner: Partner) -> None:
    order_id = order(lab, partner, "examining_slow")["order_id"]
    partner.wait(order_id, "examining")
    time.sleep(1)
    assert partner.look(order_id)["state"] == "examining"
    partner.wait(order_id)


def test_the_first_download_is_somebody_elses_key(lab: Lab, partner: Partner) -> None:
    lab.switches.only("other_certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    order_id = partner.submit("dv", NAMES, "registrar", csr=csr(NAMES, key=key)).json["order_id"]
    partner.wait(order_id)
    first, second = partner.download(order_id), partner.download(order_id)
    assert [chain[0].public_key() == key.public_key() for chain in (first, second)] == [False, True]
    first[0].verify_directly_issued_by(first[1])


def test_pem_texts_are_written_as_some_write_them(lab: Lab, partner: Partner) -> None:
    crlf = downloaded(lab, partner, "crlf_pem")
    assert all(text.count("\r\n") == text.count("\n") > 3 for text in (crlf["certificate"], *crlf["intermediates"]))
    bare = downloaded(lab, partner, "pem_no_newline")
    assert all(text.endswith("-----END CERTIFICATE-----") for text in (bare["certificate"], *bare["intermediates"]))
    talking = downloaded(lab, partner, "pem_with_text")
    assert talking["certificate"].startswith("subject=CN=www.example.jp\nissuer=")
    together = downloaded(lab, partner, "chain_in_one_text")
    assert [text.count("BEGIN") for text in together["intermediates"]] == [2]


def test_chains_are_given_as_some_give_them(lab: Lab, partner: Partner) -> None:
    names = [one.subject for one in parsed(downloaded(lab, partner))[1:]]
    reverse = [one.subject for one in parsed(downloaded(lab, partner, "chain_reversed"))[1:]]
    assert reverse == names[::-1]
    whole = parsed(downloaded(lab, partner, "root_included"))
    assert whole[-1].subject == whole[-1].issuer
    for child, parent in zip(whole, whole[1:], strict=False):
        child.verify_directly_issued_by(parent)


def test_a_new_intermediate_is_a_true_one(lab: Lab, partner: Partner) -> None:
    before = parsed(downloaded(lab, partner))
    after = parsed(downloaded(lab, partner, "new_intermediate"))
    assert after[1].subject != before[1].subject
    after[0].verify_directly_issued_by(after[1])
    after[1].verify_directly_issued_by(after[2])


def test_a_wrong_intermediate_is_known_by_its_key_alone(lab: Lab, partner: Partner) -> None:
    leaf, wrong, _policy = parsed(downloaded(lab, partner, "wrong_chain"))
    assert leaf.issuer == wrong.subject
    with pytest.raises(InvalidSignature):
        leaf.verify_directly_issued_by(wrong)


# --- what the crawler does wrong ---


def test_the_crawler_passes_an_order_by_once(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", web=("web1",), vices=()) as lab:
        partner = Partner(lab)
        document = order(lab, partner, "crawler_late", method="file")
        partner.place(document["auth"]["files"])
        assert [lab.seller.crawl(), lab.seller.crawl()] == [0, 1]
        partner.wait(document["order_id"])
        assert [event["found"] for event in lab.history.events("fetch")] == [True]
