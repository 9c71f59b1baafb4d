# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Atlas misbehaves: what each vice does, that it does it once, and that one who tries again gets through."""

from __future__ import annotations

import gzip
import http.client
import json
import typing as t
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from journeys.lab.atlas_caller import Answer, Caller, Patient, in_order, signed
from lab.lab import Lab
from lab.vices import VICES

WWW, APEX = "www.example.jp", "example.jp"
OURS = [vice.name for vice in VICES if vice.room == "atlas"]
#: where a good client does not get what it asked for, and must not take what it gets
NEVER = ["atlas_strange_status_always", "atlas_chain_moved_on", "atlas_wrong_key", "atlas_wrong_chain"]
#: these are for other ways than records and new certificates, and are shown where those are
ELSEWHERE = ["atlas_no_redirects", "atlas_rekey", "atlas_revoked_twice"]
#: what an answer by any of the plays looks like, and whether the call had its effect
PLAYED: list[tuple[str, int, bool]] = [
    ("atlas_too_many", 429, False),
    ("atlas_too_many_seconds", 429, False),
    ("atlas_too_many_date", 429, False),
    ("atlas_too_many_skewed", 429, False),
    ("atlas_server_error", 500, False),
    ("atlas_server_page", 502, False),
    ("atlas_unavailable", 503, False),
    ("atlas_html_for_json", 200, False),
    ("atlas_redirect_to_page", 302, False),
    ("atlas_token_ends", 401, False),
    ("atlas_accepted", 202, False),
    ("atlas_unavailable_effect", 503, True),
    ("atlas_lost_answer", 0, True),
    ("atlas_cut_answer", 201, True),
    ("atlas_half_json", 201, True),
    ("atlas_slow_drip", 201, True),
]


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("atlas",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def caller(lab: Lab) -> Caller:
    """With a verified claim."""
    caller = Caller(lab)
    caller.verified()
    return caller


# --- one who tries again gets through ---


@pytest.mark.parametrize("vice", [name for name in OURS if name not in (*NEVER, *ELSEWHERE)])
def test_with_any_vice_one_certificate_is_enough(lab: Lab, vice: str, hurried: float) -> None:
    lab.switches.only(vice)
    caller = Caller(lab)
    caller.headers = {"X-SSL-Client-Serial": caller.facts["client_serial"]}
    patient = Patient(caller, hurried if vice == "atlas_late_index" else 0)
    for domain in (APEX, WWW):  # for atlas_exact_only
        patient.verify(domain)
    serial, chain = patient.issue([WWW, APEX], ec.generate_private_key(ec.SECP256R1()))
    assert chain[0].serial_number == int(serial, 16)
    assert [one.subject.rfc4514_string().split("CN=")[1].split(",")[0] for one in chain][::2] == [
        WWW, "Lab GlobalSign Root R46",
    ]  # fmt: skip
    assert len(chain) == 3
    assert len(lab.history.events("order", ca="atlas")) == 1


@pytest.mark.usefixtures("hurried")
def test_with_all_gentle_vices_at_once_one_certificate_each_is_enough(lab: Lab) -> None:
    lab.switches.only(*(vice.name for vice in VICES if vice.default))
    patient = Patient(Caller(lab), 0, 40)
    for number, domain in enumerate((APEX, "example.com", "example.co.jp"), 1):
        patient.verify(domain)
        patient.issue([f"www.{domain}"], ec.generate_private_key(ec.SECP256R1()))
        assert len(lab.history.events("order", ca="atlas")) == number
    vices = {event["vice"] for event in lab.history.events("request", ca="atlas")} - {""}
    assert len(vices) >= 3, "they had their hands in it"


def test_every_vice_is_tried() -> None:
    assert set(NEVER + ELSEWHERE) < set(OURS)
    assert {vice for vice, _status, _effect in PLAYED} < set(OURS)
    assert all(name.startswith("atlas_") for name in OURS)
    unknown = [vice for vice in VICES if vice.room == "atlas" and vice.what.startswith("UNVERIFIED")]
    assert unknown
    assert [vice.name for vice in unknown if vice.default] == [], "what nobody outside knows is off by default"


# --- each answer ---


@pytest.mark.parametrize(("vice", "status", "effect"), PLAYED)
@pytest.mark.usefixtures("hurried")
def test_a_play_strikes_a_call_once_and_has_its_effect_or_not(
    lab: Lab, caller: Caller, vice: str, status: int, effect: bool
) -> None:
    lab.switches.only(vice)

    def submit() -> int:
        try:
            return caller.submit([WWW]).status
        except (OSError, http.client.HTTPException):
            return 0

    assert submit() == status
    assert len(lab.history.events("order")) == int(effect)
    [request] = lab.history.events("request", call="submit")
    assert request["subject"] == WWW
    assert vice in (request["vice"], request.get("why"))
    if vice == "atlas_token_ends":
        assert submit() == 401, "this token is of no use any more"
        lab.switches.none()
        caller.log_in()
    assert submit() == 201
    assert len(lab.history.events("order")) == 1 + int(effect)


def test_bodies_of_answers_are_spoiled_once(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_half_json")
    with pytest.raises(ValueError):
        assert caller.call("GET", "/validationpolicy").json
    lab.switches.only("atlas_cut_answer")
    with pytest.raises(http.client.IncompleteRead):
        caller.call("GET", "/validationpolicy")
    lab.switches.only("atlas_huge_answer")
    answer = caller.call("GET", "/trustchain")
    assert (len(answer.body) > 30_000_000, len(answer.json)) == (True, 2)
    lab.switches.only("atlas_gzip_unasked")
    answer = caller.call("GET", "/trustchain")
    assert (answer.headers["content-encoding"], len(json.loads(gzip.decompress(answer.body)))) == ("gzip", 2)
    lab.switches.only("atlas_bom_json")
    assert caller.call("GET", "/trustchain").body.startswith(b"\xef\xbb\xbf[")
    assert caller.call("GET", "/trustchain").body.startswith(b"[")
    lab.switches.only("atlas_html_for_json")
    assert b"<html" in caller.call("GET", "/validationpolicy").body
    assert caller.call("GET", "/validationpolicy").json["public_key"]


def test_429_comes_without_retry_after_with_seconds_and_with_a_date(lab: Lab, caller: Caller) -> None:
    def headers(vice: str) -> t.Mapping[str, str]:
        lab.switches.only(vice)
        answer = caller.submit()
        assert (answer.status, answer.json) == (429, {"description": "Too Many Requests"})
        return answer.headers

    assert "retry-after" not in headers("atlas_too_many")
    assert headers("atlas_too_many_seconds")["retry-after"] == "1"
    now = lab.clock.now()
    assert abs(parsedate_to_datetime(headers("atlas_too_many_date")["retry-after"]) - now) < timedelta(seconds=9)
    skewed = headers("atlas_too_many_skewed")
    there, until = (parsedate_to_datetime(skewed[name]) for name in ("date", "retry-after"))
    assert (until - there, there - now > timedelta(minutes=59)) == (timedelta(seconds=2), True)


def test_the_date_of_every_answer_is_an_hour_ahead(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_clock_skew")
    for answer in (caller.submit(), caller.call("GET", "/nothing"), caller.call("GET", "/trustchain")):
        ahead = parsedate_to_datetime(answer.headers["date"]) - lab.clock.now()
        assert timedelta(minutes=59) < ahead < timedelta(minutes=61)


# --- what they say ---


def test_empty_lists_are_null_and_what_is_spare_is_left_out(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_nulls_for_lists", "atlas_keys_left_out")
    answer = caller.call("GET", "/stats/issued")
    assert (answer.json, answer.headers["total-count"]) == (None, "0")
    assert caller.call("GET", "/claims/domains", status="PENDING").json is None
    claim = caller.claim("example.com")
    assert set(caller.shown(claim)) == {"id", "status", "domain", "assert_by"}
    assert set(caller.look(caller.issued())) == {"certificate", "status"}
    lab.switches.only("atlas_nulls_for_lists")
    assert caller.shown(claim)["log"] is None


def test_statuses_that_are_wrong_once_and_always(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_strange_status", "atlas_not_ready", "atlas_certificate_missing_first")
    path = f"/certificates/{caller.issued()}"
    answers = [caller.call("GET", path) for _unused in range(4)]
    assert [answer.status for answer in answers] == [404, 202, 200, 200]
    assert (answers[1].body, [answer.json["status"] for answer in answers[2:]]) == (b"", ["AWAITING_REVIEW", "ISSUED"])
    lab.switches.only("atlas_strange_status_always")
    assert [caller.call("GET", path).json["status"] for _unused in range(2)] == ["AWAITING_REVIEW"] * 2
    lab.switches.only("atlas_strange_claim_first")
    claim = caller.claim(WWW)
    assert [caller.shown(claim)["status"] for _unused in range(2)] == ["IN_REVIEW", "PENDING"]


def test_the_first_look_after_a_change_shows_what_was_before(lab: Lab, caller: Caller) -> None:
    serial, claim = caller.issued(), caller.claim(WWW)
    lab.switches.only("atlas_stale_answer_first")
    assert (caller.look(serial)["status"], caller.shown(claim)["status"]) == ("ISSUED", "PENDING")
    caller.call("DELETE", f"/certificates/{serial}")
    caller.txt(WWW, claim["token"])
    assert caller.by_dns(claim) == 204
    assert [caller.look(serial)["status"] for _unused in range(2)] == ["ISSUED", "REVOKED"]
    assert [caller.shown(claim)["status"] for _unused in range(2)] == ["PENDING", "VERIFIED"]


def test_an_index_that_is_late_and_a_ca_that_is_slow(lab: Lab, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def last(seconds: float) -> None:
        for name in ("INDEX_SECONDS", "SLOW_SECONDS"):
            monkeypatch.setattr(f"lab.atlas.api_certificates.{name}", seconds)

    last(1000)
    lab.switches.only("atlas_late_index", "atlas_issuing_slow")
    serial = caller.issued()
    assert caller.call("GET", "/stats/issued").json == []
    assert [caller.call("GET", f"/certificates/{serial}").status for _unused in range(2)] == [202, 202]
    last(0)
    assert [row["serial_number"] for row in caller.call("GET", "/stats/issued").json] == [serial]
    assert caller.look(serial)["status"] == "ISSUED"


def test_other_ways_to_write_a_serial_and_a_location(lab: Lab, caller: Caller) -> None:
    serial = caller.issued()
    lab.switches.only("atlas_serials_padded")
    assert caller.call("GET", "/stats/issued").json[0]["serial_number"] == f"0{serial}"
    assert caller.issued() == caller.call("GET", "/stats/issued").json[1]["serial_number"].lstrip("0")
    lab.switches.only("atlas_serials_small", "atlas_location_path")
    assert caller.call("GET", "/stats/issued").json[0]["serial_number"] == serial.lower()
    answer = caller.submit()
    assert answer.headers["location"] == f"/v2/certificates/{answer.last.lower()}"


# --- certificates and chains ---


def test_chains_that_are_wrong(lab: Lab, caller: Caller) -> None:
    leaf = caller.leaf(serial := caller.issued())
    issuer, root = good = caller.chain()
    assert in_order(leaf, good) == [leaf, issuer, root]
    lab.switches.only("atlas_chain_reversed")
    assert caller.chain() == [root, issuer]
    lab.switches.only("atlas_wrong_chain")
    assert (caller.chain()[0].subject == issuer.subject, in_order(leaf, caller.chain())) == (True, [])
    for vice, times in (("atlas_chain_late", 1), ("atlas_chain_moved_on", 2)):
        lab.switches.only(vice)
        found = [caller.chain() for _unused in range(2)]
        assert [in_order(leaf, chain) == [] for chain in found] == [True, times == 2], vice
        assert signed(root, found[0][0]), "that is a CA, but not ours"
    lab.switches.only("atlas_other_certificate")
    others = [caller.leaf(serial).public_key() == leaf.public_key() for _unused in range(2)]
    lab.switches.only("atlas_wrong_key")
    others += [caller.leaf(serial).public_key() == leaf.public_key() for _unused in range(2)]
    assert others == [False, True, False, False]
    assert signed(issuer, caller.leaf(serial))


def test_the_intermediate_changes_between_submit_and_download(lab: Lab, caller: Caller) -> None:
    before = caller.chain()
    lab.switches.only("atlas_new_intermediate")
    leaf, after = caller.leaf(caller.issued()), caller.chain()
    assert in_order(leaf, before) == []
    assert in_order(leaf, after) == [leaf, *after]
    assert after[0] != lab.also["atlas"].issuing.issuing[1].certificate, "renewed since it signed"


def test_pem_texts_with_other_ends_of_lines(lab: Lab, caller: Caller) -> None:
    serial = caller.issued()
    plain = caller.look(serial)["certificate"]
    lab.switches.only("atlas_crlf_pem")
    assert caller.look(serial)["certificate"] == plain.replace("\n", "\r\n")
    lab.switches.only("atlas_pem_no_newline")
    answer: Answer = caller.call("GET", "/trustchain")
    assert caller.look(serial)["certificate"] + "\n" == plain
    assert [text[-1] for text in answer.json] == ["-", "-"]
