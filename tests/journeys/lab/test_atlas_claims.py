# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of Atlas: records on every server, files on every host, mails with a button; and what a claim is good for."""

from __future__ import annotations

import re
import time
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from journeys.lab.atlas_caller import GSDV, Caller, Document
from journeys.lab.partner import Partner
from lab.human import NoButton, press
from lab.lab import Lab
from lab.names import LOCAL_PARTS

WWW, APEX, WILD = "www.example.jp", "example.jp", "*.example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("atlas",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def caller(lab: Lab) -> Caller:
    return Caller(lab)


def log(caller: Caller, claim: Document) -> list[str]:
    return [line["status"] for line in caller.shown(claim)["log"]]


# --- claims ---


def test_a_claim_has_an_id_a_token_and_thirty_days(caller: Caller) -> None:
    answer = caller.call("POST", "/claims/domains/Example.JP.")
    assert (answer.status, set(answer.json)) == (201, {"id", "token", "assert_by"})
    assert answer.headers["location"] == f"{caller.facts['url']}/claims/domains/{answer.json['id']}"
    assert re.fullmatch(r"_globalsign-domain-verification=[A-Za-z0-9_-]{42}", answer.json["token"])
    assert abs(answer.json["assert_by"] - caller.now() - 30 * 86_400) < 10
    shown = caller.shown(answer.json)
    assert set(shown) == {"id", "status", "domain", "created_at", "expires_at", "assert_by", "log"}
    assert (shown["status"], shown["domain"], shown["log"]) == ("PENDING", "example.jp.", [])
    for domain in ("example.net", WILD, "jp", "a_b.example.jp", "192.0.2.1"):
        assert caller.call("POST", f"/claims/domains/{domain}").status == 422


def test_the_list_of_claims_has_pages_and_a_status(caller: Caller) -> None:
    caller.verified()
    claims = [caller.claim(f"a{number}.example.com") for number in range(3)]

    def listed(**query: object) -> tuple[list[str], str]:
        answer = caller.call("GET", "/claims/domains", **query)
        return [one["domain"] for one in answer.json], answer.headers["total-count"]

    pending = [f"a{number}.example.com." for number in range(3)]
    assert listed() == (["example.jp.", *pending], "4")
    assert listed(status="VERIFIED") == (["example.jp."], "1")
    assert listed(status="PENDING", per_page=2) == (pending[:2], "3")
    assert listed(status="PENDING", per_page=2, page=2) == (pending[2:], "3")
    assert caller.call("GET", "/claims/domains", status="DONE").status == 422
    path = f"/claims/domains/{claims[0]['id']}"
    assert [caller.call(method, path).status for method in ("DELETE", "GET", "DELETE")] == [204, 404, 404]


def test_who_deletes_a_claim_has_nothing_to_show_any_more(caller: Caller) -> None:
    claim = caller.verified()
    caller.issued()
    assert caller.call("DELETE", f"/claims/domains/{claim['id']}").status == 204
    assert caller.submit().status == 422


# --- records ---


def test_a_record_at_the_domain_or_above_it_verifies(caller: Caller) -> None:
    claim = caller.claim(WWW)
    assert caller.call("GET", f"/claims/domains/{claim['id']}/dns").json == [WWW, APEX]
    assert caller.call("POST", f"/claims/domains/{claim['id']}/dns").status == 201
    caller.txt(APEX, "something else", claim["token"])
    assert caller.by_dns(claim) == 201
    for domain in ("example.com", "", "jp"):
        assert caller.by_dns(claim, authorization_domain=domain) == 422
    assert caller.by_dns(claim, authorization_domain=f"{APEX}.") == 204
    assert log(caller, claim) == ["ERROR", "ERROR", "SUCCESS"]
    assert caller.shown(claim)["status"] == "VERIFIED"
    caller.issued([WWW])
    assert caller.submit([APEX]).status == 422, "the claim is still one of the name below"


def test_the_record_has_to_be_on_every_server(lab: Lab, caller: Caller) -> None:
    claim = caller.claim(APEX)
    lab.switches.only("dns_servers_disagree")
    Partner(lab).publish([{"name": APEX, "type": "TXT", "value": claim["token"]}])
    assert caller.by_dns(claim) == 201
    look = lab.history.events("look", ca="atlas")[-1]
    assert sorted(look["servers"].values()) == [False, True]
    lab.switches.none()
    caller.txt(APEX, claim["token"])
    assert caller.by_dns(claim) == 204


def test_what_is_recorded_is_looked_at_again_by_itself(lab: Lab, caller: Caller) -> None:
    claim = caller.claim(APEX)
    caller.txt(APEX, claim["token"])
    lab.clock.advance(hours=0.3)
    lab.also["atlas"].tick()
    caller.log_in()
    assert log(caller, claim) == [], "nobody has asserted anything"
    caller.txt(APEX, "nothing")
    assert caller.by_dns(claim) == 201
    caller.txt(APEX, claim["token"])
    lab.also["atlas"].tick()
    assert log(caller, claim) == ["ERROR"]
    lab.clock.advance(hours=0.3)
    lab.also["atlas"].tick()
    caller.log_in()
    assert log(caller, claim)[-1] == "SUCCESS"


def test_a_token_lives_thirty_days_and_then_a_new_one_is_made(lab: Lab, caller: Caller) -> None:
    claim = caller.claim(APEX)
    caller.txt(APEX, claim["token"])
    lab.clock.advance(days=30.1)
    caller.log_in()
    assert (caller.by_dns(claim), caller.why()) == (422, "the token is too old: reassert")
    lab.also["atlas"].poll()
    answer = caller.call("POST", f"/claims/domains/{claim['id']}/reassert")
    assert (answer.status, answer.json["id"], answer.last) == (200, claim["id"], claim["id"])
    assert answer.json["token"] != claim["token"]
    assert abs(answer.json["assert_by"] - caller.now() - 30 * 86_400) < 10
    assert caller.by_dns(claim) == 201, "the old token is of no use"
    caller.txt(APEX, answer.json["token"])
    assert caller.by_dns(claim) == 204


@pytest.mark.parametrize(("day", "days"), [("2026-06-01", 200), ("2027-06-01", 100), ("2029-06-01", 10)])
def test_how_long_a_claim_is_good_is_by_date(lab: Lab, caller: Caller, day: str, days: int) -> None:
    lab.clock.set(datetime.fromisoformat(day).replace(tzinfo=timezone.utc))
    claim = caller.verified()
    assert abs(caller.shown(claim)["expires_at"] - caller.now() - days * 86_400) < 10
    lab.clock.advance(days=days - 0.1)
    caller.log_in()
    caller.issued()
    lab.clock.advance(days=0.2)
    caller.log_in()
    assert caller.shown(claim)["status"] == "PENDING"
    assert caller.submit().status == 422
    token = caller.call("POST", f"/claims/domains/{claim['id']}/reassert").json["token"]
    caller.txt(APEX, token)
    assert caller.by_dns(claim) == 204
    caller.issued()


def test_a_verified_claim_may_be_verified_again_for_a_longer_time(lab: Lab, caller: Caller) -> None:
    claim = caller.verified()
    before = caller.shown(claim)["expires_at"]
    lab.clock.advance(days=10)
    caller.log_in()
    assert caller.by_dns(claim) == 204
    assert caller.shown(claim)["expires_at"] - before >= 10 * 86_400
    caller.call("POST", f"/claims/domains/{claim['id']}/reassert")
    assert caller.shown(claim)["status"] == "VERIFIED"
    caller.issued()


# --- what a claim is good for ---


def test_a_claim_covers_what_is_below_it_and_caa_has_the_last_word(lab: Lab, caller: Caller) -> None:
    caller.verified()
    caller.issued([APEX, WWW, WILD, "a.b.example.jp", "*.b.example.jp"])
    assert caller.submit(["example.com", APEX]).status == 422
    assert caller.submit(["notexample.jp"]).status == 422
    lab.dns.set(APEX, APEX, "CAA", ['0 issue "other.example"'])
    assert (caller.submit().status, caller.why()) == (422, f"the CAA records of {WWW} do not allow it")
    lab.dns.set(APEX, APEX, "CAA", ['0 issue "globalsign.com"', '0 issuewild ";"'])
    caller.issued([WWW])
    assert caller.submit([WILD]).status == 422
    lab.dns.set(APEX, APEX, "CAA", [])
    lab.switches.only("atlas_exact_only")
    caller.issued([APEX, WILD])
    assert caller.submit([WWW]).status == 422


# --- files ---


def test_a_file_on_every_host_verifies_its_own_name(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", vices=(), also=("atlas",)) as lab:
        caller = Caller(lab)
        claim = caller.claim(WWW)
        assert caller.by_http(claim, WWW) == 201
        _first, second = caller.place(claim["token"] + "\n")
        second.unlink()
        assert caller.by_http(claim, WWW) == 201, "one of two hosts has it not"
        second.write_text("x" * 5000 + "\n" + claim["token"])
        assert caller.by_http(claim, WWW) == 201, "the file is too big"
        second.write_text(f"{claim['token']}x")
        assert caller.by_http(claim, WWW) == 201, "that is another token"
        second.write_text(claim["token"])
        assert [caller.by_http(claim, domain) for domain in (APEX, "example.com", "")] == [422] * 3
        assert [caller.by_http(claim, WWW, scheme) for scheme in ("FTP", "http", "")] == [422] * 3
        assert caller.by_http(claim, f"{WWW}.") == 204
        fetched = lab.history.events("fetch", ca="atlas")[-1]
        assert (fetched["url"], fetched["found"]) == (f"http://{WWW}{GSDV}", True)
        caller.issued([WWW])
        for names in ([WILD], ["a.www.example.jp"], [APEX]):
            assert caller.submit(names).status == 422, "BR 3.2.2.4.18: this name only"
        again = caller.claim("shop.example.jp")
        caller.place(again["token"])
        assert caller.by_http(again, "shop.example.jp", "HTTPS") == 204
        fetched = lab.history.events("fetch", ca="atlas")[-1]
        assert (fetched["url"], fetched["found"]) == (f"https://shop.example.jp{GSDV}", True)
        assert lab.failures == []


def test_redirects_are_followed_unless_that_is_switched_off(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", vices=(), web=("web1",), also=("atlas",)) as lab:
        caller = Caller(lab)
        claim = caller.claim(WWW)
        caller.place(claim["token"])
        lab.web["web1"].redirect("https", name=WWW)
        lab.switches.only("atlas_no_redirects")
        assert caller.by_http(claim, WWW) == 201
        lab.switches.none()
        assert caller.by_http(claim, WWW) == 204
        assert lab.history.events("fetch", ca="atlas")[-1]["hops"] == [f"https://{WWW}{GSDV}"]
        lab.web["web1"].redirect("loop", name="shop.example.jp")
        assert caller.by_http(caller.claim("shop.example.jp"), "shop.example.jp") == 201
        assert lab.failures == []


# --- mails ---


def test_a_mail_to_a_chosen_address_and_a_button_verify(lab: Lab, caller: Caller) -> None:
    claim = caller.claim(APEX)
    answer = caller.call("GET", f"/claims/domains/{claim['id']}/email")
    assert answer.json == {
        "constructed": [f"{local}@{APEX}" for local in LOCAL_PARTS],
        "DNS": {"SOA": {"emails": ["dns-admin@lab.example"]}},
    }
    for address in ("somebody@example.jp", "admin@example.com", ""):
        assert caller.by_mail(claim, address) == 422
    assert lab.mail.messages() == []
    assert caller.by_mail(claim, f"hostmaster@{APEX}") == 201
    assert (log(caller, claim), caller.shown(claim)["status"]) == (["INFO"], "PENDING")
    lab.also["atlas"].poll()
    assert caller.shown(claim)["status"] == "PENDING", "a mail proves nothing by itself"
    pressed = press(lab, f"hostmaster@{APEX}", order=claim["id"])
    assert (pressed.status, APEX in pressed.before, "承認を受け付けました" in pressed.after) == (200, True, True)
    assert caller.shown(claim)["status"] == "VERIFIED"
    caller.issued([WWW, WILD])
    with pytest.raises(NoButton):
        press(lab, f"hostmaster@{APEX}", order=claim["id"])


def test_a_new_mail_makes_the_link_before_it_void(lab: Lab, caller: Caller) -> None:
    claim = caller.claim(APEX)
    for address in ("admin", "hostmaster", "hostmaster"):
        assert caller.by_mail(claim, f"{address}@{APEX}") == 201
    assert len(lab.mail.messages(f"hostmaster@{APEX}")) == 2
    with pytest.raises(NoButton):
        press(lab, f"admin@{APEX}")
    press(lab, f"hostmaster@{APEX}")
    assert caller.shown(claim)["status"] == "VERIFIED"


@pytest.mark.parametrize("vices", [["mail_html_only"], ["mail_iso2022jp", "mail_twice"]])
def test_mails_can_be_read_in_any_form(lab: Lab, caller: Caller, vices: list[str]) -> None:
    lab.switches.only(*vices)
    claim = caller.claim(APEX)
    caller.by_mail(claim, f"postmaster@{APEX}")
    press(lab, f"postmaster@{APEX}")
    assert caller.shown(claim)["status"] == "VERIFIED"


def test_a_mailbox_of_the_soa_may_be_nobodys(lab: Lab, caller: Caller) -> None:
    assert caller.by_mail(caller.claim(APEX), "dns-admin@lab.example") == 201
    [mail] = lab.history.events("mail", ca="atlas")
    assert (mail["to"], mail["delivered"]) == ("dns-admin@lab.example", False)


def test_mails_prove_nothing_from_the_day_on_that_the_rules_say(lab: Lab, caller: Caller) -> None:
    lab.clock.set(datetime(2028, 3, 14, 12, tzinfo=timezone.utc))
    claim, late = caller.claim(APEX), caller.claim("example.com")
    for one, domain in ((claim, APEX), (late, "example.com")):
        assert caller.by_mail(one, f"admin@{domain}") == 201
    press(lab, f"admin@{APEX}")
    caller.issued()
    lab.clock.advance(hours=13)
    caller.log_in()
    assert caller.shown(claim)["status"] == "PENDING"
    assert caller.submit().status == 422
    assert caller.by_mail(claim, f"admin@{APEX}") == 422
    assert press(lab, "admin@example.com").status == 409
    assert caller.shown(late)["status"] == "PENDING"


# --- guesses, as switches ---


def test_other_readings_of_what_is_not_known(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_token_bare", "atlas_claim_shows_token", "atlas_claims_398")
    claim = caller.claim(APEX)
    assert re.fullmatch("[0-9a-f]{32}", claim["token"])
    caller.txt(APEX, claim["token"])
    assert caller.by_dns(claim) == 204
    shown = caller.shown(claim)
    assert (shown["token"], shown["last_verification_method"]) == (claim["token"], "DNS")
    assert abs(shown["expires_at"] - shown["last_verified_at"] - 398 * 86_400) < 2
    assert caller.claim(APEX)["id"] != claim["id"]
    lab.switches.only("atlas_claim_once")
    assert caller.call("POST", f"/claims/domains/{APEX}").status == 422
    caller.claim(WWW)


def test_the_first_assertion_may_be_recorded_only(lab: Lab, caller: Caller) -> None:
    lab.switches.only("atlas_assert_late")
    claim = caller.claim(APEX)
    caller.txt(APEX, claim["token"])
    assert caller.by_dns(claim) == 201
    until = time.monotonic() + 5
    while caller.shown(claim)["status"] == "PENDING":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert log(caller, claim) == ["INFO", "SUCCESS"]
