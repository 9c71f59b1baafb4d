# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns import iij_dpf_api
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    Look,
    Question,
    RRset,
    ServiceConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf import LABEL, IijDpf
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf_settings import settings_errors
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted_dpf import (
    BASE,
    ZONE,
    ZONE_ID,
    FakeClock,
    ScriptedDpf,
    lost,
    refusal,
    row,
    say,
)

NAME = "_acme-challenge.example.jp"
CONTACT = "_validation-contactemail.example.jp"
RECORDS = f"/zones/{ZONE_ID}/records"
PUBLISH = f"PATCH /zones/{ZONE_ID}/changes"
TOKEN = "token-of-iij-id"


def config(settings: dict[str, t.Any] | None = None, **secrets: str) -> ServiceConfig:
    fast = {"url": BASE, "requests_per_second": 1000, "burst": 1000}
    return ServiceConfig("dpf", "iij_dpf", {**fast, **(settings or {})}, secrets or {"access_token": TOKEN}, (ZONE,))


def service(dpf: ScriptedDpf, clock: FakeClock | None = None, **settings: t.Any) -> IijDpf:
    clock = clock or FakeClock()
    found = config(settings)
    assert settings_errors(found) == []
    return IijDpf(found.zones, iij_dpf_api.Api(dpf, clock, found), clock)


def add(dpf: ScriptedDpf, *values: str, name: str = NAME, **settings: t.Any) -> list[str | None]:
    receipts = service(dpf, **settings).add(ZONE, [Change(name, "TXT", value) for value in values])
    return [error and error.code for error in receipts]


def remove(dpf: ScriptedDpf, *values: str, name: str = NAME) -> list[str | None]:
    receipts = service(dpf).remove(ZONE, [Change(name, "TXT", value) for value in values])
    return [error and error.code for error in receipts]


# --- what is there -------------------------------------------------------------------------------------------------


def test_an_answer_is_what_dns_serves_and_not_what_is_staged() -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"one" "part"', '"\\"quoted\\""'))
    dpf.stage(dpf.id_of(NAME, "TXT"), {"rdata": [{"value": '"staged"'}]})
    assert service(dpf).get(ZONE, NAME, "TXT") == RRset(NAME, "TXT", frozenset({"onepart", '"quoted"'}), 60)
    assert dpf.headers[0]["Authorization"] == f"Bearer {TOKEN}"


def test_a_set_without_a_ttl_has_that_of_the_zone() -> None:
    assert service(ScriptedDpf(row(NAME, "TXT", '"x"', ttl=None))).get(ZONE, NAME, "TXT").ttl == 300


def test_a_long_list_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iij_dpf_api, "PAGE", 2)
    dpf = ScriptedDpf(*(row(f"n{number}.{ZONE}", "TXT", f'"{number}"') for number in range(5)))
    assert service(dpf).get(ZONE, f"n4.{ZONE}", "TXT").values == {"4"}


def test_a_cname_and_a_delegation_are_told() -> None:
    dpf = ScriptedDpf(row(f"a.{ZONE}", "CNAME", "b.example.net."), row(f"sub.{ZONE}", "NS", "ns.example.net."))
    alias, below = service(dpf).looks([Question(f"a.{ZONE}", "TXT"), Question(f"x.sub.{ZONE}", "TXT")])
    assert isinstance(alias, Look) and alias.alias == "b.example.net"
    assert isinstance(below, InkanError) and below.code == "zone_not_found"


def test_a_zone_counts_only_by_its_whole_name_and_under_the_contract_that_is_named() -> None:
    assert service(ScriptedDpf(), service_code="dpm00000001").zone_for(NAME) == ZONE
    with pytest.raises(InkanError) as caught:
        service(ScriptedDpf(), service_code="dpm00000002").zone_for(NAME)
    assert caught.value.code == "zone_not_found"


# --- edit, look, publish -------------------------------------------------------------------------------------------


def test_many_values_are_staged_looked_at_and_published_once() -> None:
    dpf = ScriptedDpf(row(CONTACT, "TXT", '"neighbour@example.jp"'))
    changes = [Change(NAME, "TXT", "a"), Change(NAME, "TXT", "b"), Change(CONTACT, "TXT", "certs@example.jp")]
    assert list(service(dpf).add(ZONE, changes)) == [None, None, None]
    assert [call.split(" ")[0] for call in dpf.writes] == ["POST", "PATCH", "PATCH"]
    assert dpf.writes[-1] == PUBLISH
    assert dpf.values(NAME) == ['"a"', '"b"']
    assert dpf.values(CONTACT) == ['"certs@example.jp"', '"neighbour@example.jp"']
    assert dpf.published[dpf.id_of(CONTACT, "TXT")]["ttl"] == 60, "the TTL that is there stays"


def test_what_is_there_already_is_not_written() -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"a"'))
    assert (add(dpf, "a"), dpf.writes) == ([None], [])
    assert (remove(dpf, "b"), dpf.writes) == ([None], [])


def test_a_removal_leaves_the_others_and_takes_the_set_with_its_last_value() -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"a"', '"neighbour"'))
    assert remove(dpf, "a") == [None]
    assert dpf.values(NAME) == ['"neighbour"']
    assert remove(dpf, "neighbour") == [None]
    assert dpf.values(NAME) == []
    assert f"DELETE {RECORDS}/" in dpf.writes[-2]


def test_a_value_is_written_in_quotes_and_long_ones_in_pieces() -> None:
    dpf = ScriptedDpf()
    assert add(dpf, "x" * 300) == [None]
    assert dpf.values(NAME) == [f'"{"x" * 255}" "{"x" * 45}"']


def test_a_swap_needs_what_was_expected() -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"a"', '"b"'))
    expected = RRset(NAME, "TXT", frozenset({"a", "b"}), 60)
    service(dpf).replace(ZONE, expected, frozenset({"c"}), 60)
    assert dpf.values(NAME) == ['"c"']
    with pytest.raises(InkanError) as caught:
        service(dpf).replace(ZONE, expected, frozenset({"d"}), 60)
    assert (caught.value.code, dpf.values(NAME)) == ("rrset_changed", ['"c"'])


# --- others --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["change", "deletion of a neighbour's", "deletion of one that we once edited"])
def test_a_zone_in_which_somebody_else_has_edits_is_left_alone(kind: str) -> None:
    labels = {LABEL: "20261101000000"} if "once" in kind else {}
    dpf = ScriptedDpf(row(CONTACT, "TXT", '"x@example.jp"', labels=labels))
    dpf.stage(dpf.id_of(CONTACT, "TXT"), {"rdata": [{"value": '"y@example.jp"'}]} if kind == "change" else None)
    (error,) = service(dpf).add(ZONE, [Change(NAME, "TXT", "a")])
    assert error is not None and (error.code, error.retryable) == ("dns_edits_pending", True)
    assert CONTACT in error.why and (kind != "change" or "SA0000001" in error.why)
    assert (dpf.writes, len(dpf.staged)) == ([], 1)


def test_an_edit_that_somebody_begins_after_ours_is_not_published_with_it() -> None:
    dpf = ScriptedDpf(row(CONTACT, "TXT", '"x@example.jp"'))
    identity = dpf.id_of(CONTACT, "TXT")
    dpf.after[f"POST {RECORDS}"] = lambda: dpf.stage(identity, {"rdata": [{"value": '"y@example.jp"'}]})
    assert add(dpf, "a") == ["dns_edits_pending"]
    assert (list(dpf.staged), PUBLISH in dpf.writes) == ([identity], False), "ours is undone, theirs is left"


@pytest.mark.parametrize("kind", ["addition", "change", "deletion that is still wanted"])
def test_what_a_killed_run_has_staged_is_undone_and_made_anew(kind: str) -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"old"', labels={LABEL: "1"}))
    if kind == "addition":
        dpf.staged["r9"] = {**row(f"x.{ZONE}", "TXT", '"dead"', labels={LABEL: "2"}), "id": "r9", "state": 1}
    elif kind == "change":
        dpf.stage(dpf.id_of(NAME, "TXT"), {"rdata": [{"value": '"dead"'}], "labels": {LABEL: "2"}})
    else:
        dpf.stage(dpf.id_of(NAME, "TXT"), None)
    assert (remove(dpf, "old") if "deletion" in kind else add(dpf, "a")) == [None]
    assert dpf.values(NAME) == ([] if "deletion" in kind else ['"a"', '"old"'])
    assert (dpf.values(f"x.{ZONE}"), dpf.staged) == ([], {})


def test_a_neighbour_who_publishes_between_our_look_and_our_edit_is_not_lost() -> None:
    dpf = ScriptedDpf(row(NAME, "TXT", '"old"'))
    identity = dpf.id_of(NAME, "TXT")

    def publish() -> None:
        dpf.published[identity]["rdata"] = [{"value": '"old"'}, {"value": '"neighbour"'}]

    dpf.after[f"GET {RECORDS}/diffs"] = publish
    assert add(dpf, "a") == [None]
    assert dpf.values(NAME) == ['"a"', '"neighbour"', '"old"']


def test_a_set_with_all_its_labels_taken_is_edited_without_ours() -> None:
    labels = {f"key{number}": "x" for number in range(10)}
    dpf = ScriptedDpf(row(NAME, "TXT", '"old"', labels=labels))
    assert add(dpf, "a") == [None]
    assert dpf.published[dpf.id_of(NAME, "TXT")]["labels"] == labels


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "answer", "code"),
    [
        ("GET /zones?", refusal("invalid", "access_token"), "dns_refused"),
        (f"POST {RECORDS}", refusal("forbidden", "zone"), "dns_not_auth"),
        (f"POST {RECORDS}", refusal("cname_and_other_mixed", "name"), "cname_conflict"),
        (f"POST {RECORDS}", refusal("invalid_quotes", "rdata"), "dns_refused"),
        (f"GET {RECORDS}/currents", refusal("not_found", "zone"), "zone_not_found"),
        (f"GET {RECORDS}/currents", say(200, b"<html>"), "dns_bad_answer"),
        (f"GET {RECORDS}/currents", say(200, {"results": [{"id": "../../x"}]}), "dns_bad_answer"),
        (f"GET {RECORDS}/currents", say(200, {"results": "x"}), "dns_bad_answer"),
        (f"GET {RECORDS}/currents", say(406, {"block_id": "1"}), "dns_refused"),
        (f"POST {RECORDS}", say(202, {"request_id": "../jobs"}), "rrset_changed"),
        (PUBLISH, refusal("reference_not_found", "rdata"), "dns_refused"),
    ],
)
def test_a_refusal_is_told_by_its_code_and_nothing_stays_staged(call: str, answer: t.Any, code: str) -> None:
    dpf = ScriptedDpf()
    dpf.answers[call] = [answer] * 5
    assert add(dpf, "a") == [code]
    assert (dpf.staged, dpf.values(NAME)) == ({}, [])


def test_a_job_that_failed_is_told_with_its_words() -> None:
    dpf = ScriptedDpf()
    dpf.job_error = {"error_type": "Bad Request", "error_message": "There are invalid parameters"}
    (error,) = service(dpf).add(ZONE, [Change(NAME, "TXT", "a")])
    assert error is not None and error.code == "dns_refused" and "There are invalid parameters" in error.why


@pytest.mark.parametrize("call", [f"POST {RECORDS}", PUBLISH])
def test_a_lost_answer_is_no_failure_where_the_effect_is_seen(call: str) -> None:
    dpf = ScriptedDpf()
    dpf.answers[call] = [lost()]
    assert add(dpf, "a") == [None]
    assert (dpf.values(NAME), dpf.staged) == (['"a"'], {})


def test_a_publication_that_was_never_sent_is_told_and_nothing_stays_staged() -> None:
    dpf = ScriptedDpf()
    dpf.answers[PUBLISH] = [lost(sent=False)]
    assert add(dpf, "a") == ["dns_unreachable"]
    assert (dpf.staged, dpf.values(NAME), dpf.writes.count(PUBLISH)) == ({}, [], 1)


def test_a_publication_that_may_have_been_taken_and_was_not_is_asked_for_again() -> None:
    dpf = ScriptedDpf()
    dpf.answers[PUBLISH] = [say(502, b"<html>")]
    assert add(dpf, "a") == [None]
    assert (dpf.staged, dpf.values(NAME), dpf.writes.count(PUBLISH)) == ({}, ['"a"'], 2)


def test_too_many_requests_are_asked_again_in_time_and_given_up_out_of_it() -> None:
    dpf, clock = ScriptedDpf(), FakeClock()
    dpf.answers["POST"] = [say(429, {}), say(429, {}, retry_after="7")]
    assert list(service(dpf, clock).add(ZONE, [Change(NAME, "TXT", "a")])) == [None]
    assert clock.slept >= 8
    dpf.answers = {"POST": [say(429, {}, retry_after="3600")]}
    assert add(dpf, "b", name=f"other.{ZONE}") == ["dns_server_failure"]


def test_no_more_requests_are_sent_than_the_settings_say() -> None:
    dpf, clock = ScriptedDpf(), FakeClock()
    service(dpf, clock, requests_per_second=2, burst=3).add(ZONE, [Change(NAME, "TXT", "a")])
    assert clock.time >= (len(dpf.calls) - 3) / 2 - 0.01


def test_a_job_that_does_not_end_is_given_up() -> None:
    dpf, clock = ScriptedDpf(), FakeClock()
    dpf.answers["GET /jobs/"] = [say(200, {"status": "RUNNING"})] * 200
    (error,) = service(dpf, clock, job_timeout=30).add(ZONE, [Change(NAME, "TXT", "a")])
    assert error is not None and (error.code, error.retryable) == ("dns_no_answer", True)
    assert 30 <= clock.time < 40


def test_an_account_that_cannot_be_asked_is_asked_once() -> None:
    dpf = ScriptedDpf()
    dpf.answers["GET /zones?"] = [lost(sent=False)]
    found = service(dpf).looks([Question(NAME, "TXT"), Question(CONTACT, "TXT")])
    assert [isinstance(one, InkanError) and one.code for one in found] == ["dns_unreachable"] * 2
    assert len(dpf.calls) == 1


# --- SOA -----------------------------------------------------------------------------------------------------------


def test_the_mailbox_of_a_zone_is_staged_seen_and_published() -> None:
    dpf = ScriptedDpf()
    (soa,) = service(dpf).soas([ZONE])
    assert not isinstance(soa, InkanError) and soa.has_rname("dns-managers.iij.ad.jp")
    now = service(dpf).set_rname(ZONE, soa, "hostmaster.example.jp")
    assert now.has_rname("hostmaster.example.jp")
    assert dpf.values(ZONE, "SOA") == ["ns000.d-53.net. hostmaster.example.jp. 1 3600 600 604800 300"]
    before = len(dpf.writes)
    assert service(dpf).set_rname(ZONE, now, "hostmaster.example.jp") == now
    assert len(dpf.writes) == before


@pytest.mark.parametrize("how", ["refused", "staged otherwise"])
def test_a_mailbox_that_the_service_keeps_is_told_and_nothing_is_published(how: str) -> None:
    dpf = ScriptedDpf()
    (soa,) = service(dpf).soas([ZONE])
    assert not isinstance(soa, InkanError)
    identity = dpf.id_of(ZONE, "SOA")
    if how == "refused":
        dpf.answers[f"PATCH {RECORDS}"] = [refusal("invalid", "rdata")]
    else:
        same = dpf.published[identity]["rdata"]
        dpf.after[f"PATCH {RECORDS}"] = lambda: dpf.stage(identity, {"rdata": same}, "SA0000002")
    with pytest.raises(InkanError) as caught:
        service(dpf).set_rname(ZONE, soa, "hostmaster.example.jp")
    assert caught.value.code == "rname_fixed"
    assert "before anything was published" in caught.value.why
    if how != "refused":
        assert "to stage hostmaster.example.jp and staged dns-managers.iij.ad.jp" in caught.value.why
    assert (PUBLISH in dpf.writes, dpf.staged) == (False, {})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal("invalid", "access_token"), "dns_refused"),
        (refusal("forbidden", "zone"), "dns_not_auth"),
        (refusal("forbidden", "record"), "rrset_changed"),
        (refusal("invalid", "anything", 406), "dns_refused"),
    ],
)
def test_a_refusal_that_is_not_about_the_mailbox_is_told_as_what_it_is(answer: t.Any, code: str) -> None:
    dpf = ScriptedDpf()
    (soa,) = service(dpf).soas([ZONE])
    assert not isinstance(soa, InkanError)
    dpf.answers[f"PATCH {RECORDS}"] = [answer]
    with pytest.raises(InkanError) as caught:
        service(dpf).set_rname(ZONE, soa, "hostmaster.example.jp")
    assert (caught.value.code, PUBLISH in dpf.writes) == (code, False)


def test_a_mailbox_that_somebody_else_changed_is_left() -> None:
    dpf = ScriptedDpf()
    (soa,) = service(dpf).soas([ZONE])
    assert not isinstance(soa, InkanError)
    with pytest.raises(InkanError) as caught:
        service(dpf).set_rname(ZONE, soa._replace(rname="other.example.jp"), "hostmaster.example.jp")
    assert (caught.value.code, dpf.writes) == ("rname_changed", [])


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, []),
        ({"url": "http://dpf.example.jp"}, ["https"]),
        ({"url": "https://u:p@dpf.example.jp"}, ["of the form"]),
        ({"service_code": "dpm1"}, ["service_code"]),
        ({"timeout": "x", "burst": 0, "job_interval": True}, ["timeout", "burst", "job_interval"]),
        ({"verify": False}, ['no setting "verify"']),
    ],
)
def test_settings_are_judged_all_at_once(settings: dict[str, t.Any], words: list[str]) -> None:
    errors = settings_errors(config(settings))
    assert len(errors) == len(words) and all(any(word in error for error in errors) for word in words), errors


@pytest.mark.parametrize(
    ("secrets", "word"), [({"token": TOKEN}, "no secret"), ({"access_token": "a\nb" * 4}, "no HTTP header")]
)
def test_the_token_is_judged_and_never_shown(secrets: dict[str, str], word: str) -> None:
    errors = settings_errors(config(**secrets))
    assert any(word in error for error in errors)
    assert not any(value in error for error in errors for value in secrets.values())
