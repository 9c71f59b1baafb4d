# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each vice of the lab's DPF does what its row says."""

from __future__ import annotations

import gzip
import http.client
import json
import time
import typing as t
from pathlib import Path

import pytest
from journeys.lab.operator_of_dns import NAME, Operator
from lab.lab import Lab
from lab.vices import VICES

OURS = {vice.name for vice in VICES if vice.room == "dpf"}


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("dpf",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def operator(lab: Lab) -> Operator:
    return Operator(lab)


@pytest.mark.parametrize(
    ("vice", "status", "word"),
    [
        ("dpf_too_many", 429, "TooManyRequests"),
        ("dpf_too_many_seconds", 429, "TooManyRequests"),
        ("dpf_too_many_date", 429, "TooManyRequests"),
        ("dpf_server_error", 500, "SystemError"),
        ("dpf_unavailable", 503, "ServiceUnavailable"),
        ("dpf_busy", 503, "SystemBusy"),
        ("dpf_blocked", 406, "block_id"),
        ("dpf_plain_text_error", 500, "upstream"),
        ("dpf_html_for_json", 200, "<html>"),
        ("dpf_redirect_to_page", 302, "Moved"),
    ],
)
def test_another_answer_comes_once_and_nothing_was_done(
    lab: Lab, operator: Operator, vice: str, status: int, word: str
) -> None:
    lab.switches.only(vice)
    answer = operator.stage(NAME, '"x"')
    assert (answer.status, word in answer.body.decode()) == (status, True)
    assert ("retry-after" in answer.headers) == (vice in ("dpf_too_many_seconds", "dpf_too_many_date"))
    lab.also["dpf"].tick()
    assert lab.history.events("dpf_edit") == []
    assert operator.stage(NAME, '"x"').status == 202


@pytest.mark.parametrize("vice", ["dpf_lost_answer", "dpf_cut_answer", "dpf_gateway_lost_effect"])
def test_an_answer_may_not_arrive_though_the_job_is_done(lab: Lab, operator: Operator, vice: str) -> None:
    lab.switches.only(vice)
    if vice == "dpf_gateway_lost_effect":
        assert operator.stage(NAME, '"x"').status == 504
    else:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            operator.stage(NAME, '"x"')
    lab.switches.none()
    assert [pair["new"]["name"] for pair in operator.diffs()] == [NAME]
    assert operator.stage(NAME, '"x"').details == [("duplicated", "record")]


@pytest.mark.parametrize("vice", ["dpf_half_json", "dpf_gzip_unasked", "dpf_huge_answer", "dpf_slow_drip"])
def test_an_answer_may_be_bent(lab: Lab, operator: Operator, vice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.playing.DRIP_SECONDS", 0.3)
    monkeypatch.setattr("lab.playing.HUGE", 1000)
    true = operator.call("GET", "/zones").json["results"]
    lab.switches.only(vice)
    began = time.monotonic()
    answer = operator.call("GET", "/zones")
    if vice == "dpf_half_json":
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(answer.body)
    elif vice == "dpf_gzip_unasked":
        assert json.loads(gzip.decompress(answer.body))["results"] == true
    elif vice == "dpf_huge_answer":
        assert answer.body.startswith(b" " * 1000)
    else:
        assert time.monotonic() - began >= 0.3
    assert operator.call("GET", "/zones").json["results"] == true


def test_requests_may_be_counted(lab: Lab, operator: Operator) -> None:
    lab.switches.only("dpf_rate_limit")
    lab.also["dpf"].rate.number, lab.also["dpf"].rate.seconds = 2, 3600
    assert [operator.call("GET", "/ping").status for _unused in range(4)] == [200, 200, 429, 429]


def test_a_job_may_take_its_time_fail_or_be_strange(
    lab: Lab, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.switches.only("dpf_job_running_first")
    url = operator.stage(NAME, '"x"').json["jobs_url"]
    assert [operator.call("GET", url).json["status"] for _unused in range(2)] == ["RUNNING", "SUCCESSFUL"]
    lab.switches.only("dpf_job_missing_first")
    url = operator.stage("b.example.net.", '"x"').json["jobs_url"]
    assert operator.call("GET", url).details == [("not_found", "request_id")]
    assert operator.call("GET", url).json["status"] == "SUCCESSFUL"
    lab.switches.only("dpf_job_strange_status")
    url = operator.stage("c.example.net.", '"x"').json["jobs_url"]
    assert [operator.call("GET", url).json["status"] for _unused in range(2)] == ["RETICULATING", "SUCCESSFUL"]
    lab.switches.only("dpf_job_fails_first")
    failed = operator.done(operator.stage("d.example.net.", '"x"'))
    assert (failed["status"], failed["error_type"]) == ("FAILED", "SystemError")
    assert "d.example.net." not in operator.names()
    operator.staged("d.example.net.", '"x"')
    monkeypatch.setattr("lab.dpf.jobs.SLOW_SECONDS", 3600)
    for vice in ("dpf_job_slow", "dpf_job_never_ends"):
        lab.switches.only(vice)
        url = operator.stage(f"{vice[8:].replace('_', '-')}.example.net.", '"x"').json["jobs_url"]
        assert [operator.call("GET", url).json["status"] for _unused in range(3)] == ["RUNNING"] * 3
    assert len(operator.diffs()) == 4


def test_jobs_of_a_zone_are_done_in_their_order_and_fail_when_it_is_too_late(lab: Lab, operator: Operator) -> None:
    lab.switches.only("dpf_job_never_ends")
    first, second = (operator.stage(NAME, f'"{word}"') for word in ("first", "second"))
    lab.switches.none()
    assert operator.done(first)["status"] == "SUCCESSFUL"
    failed = operator.done(second)
    assert (failed["status"], failed["error_type"]) == ("FAILED", "Bad Request")
    assert operator.diffs()[0]["new"]["rdata"] == [{"value": '"first"'}]


def test_what_is_not_known_may_be_otherwise(lab: Lab, operator: Operator) -> None:
    operator.staged(NAME, '"x"')
    lab.switches.only("dpf_diff_half_left_out")
    assert list(operator.diffs()[0]) == ["new"]
    operator.publish()
    assert operator.publish()["status"] == "SUCCESSFUL"
    lab.switches.only("dpf_publish_nothing_refused")
    assert operator.call("PATCH", operator.at("/changes"), {}).status == 400
    lab.switches.only("dpf_long_text_split")
    id = operator.staged("long.example.net.", '"' + "x" * 300 + '"')
    shown = operator.call("GET", operator.at(f"/records/{id}")).json["result"]
    assert shown["rdata"] == [{"value": f'"{"x" * 255}" "{"x" * 45}"'}]
    operator.publish()
    assert [len(text) for text in operator.of_dns("long.example.net.")[0].strings] == [255, 45]


def test_every_vice_is_shown_by_a_test() -> None:
    here = Path(__file__)
    text = here.read_text(encoding="utf-8") + here.with_name("test_dpf.py").read_text(encoding="utf-8")
    assert {name for name in OURS if f'"{name}"' not in text} == set()
