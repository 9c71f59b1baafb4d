# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's simulator of the IIJ DNS Platform Service: staged edits, jobs, publication, other people."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from journeys.lab.operator_of_dns import NAME, WWW, ZONE, Document, Operator
from lab.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("dpf",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def operator(lab: Lab) -> Operator:
    return Operator(lab)


# --- edits, jobs, publication ---


def test_an_edit_reaches_the_dns_when_it_is_published_and_not_before(lab: Lab, operator: Operator) -> None:
    id = operator.staged(NAME, '"one"', '"two"', ttl=60, description="dcv", labels={"owner": "ansible"})
    assert len(id) == 14
    (pair,) = operator.diffs()
    assert (pair["old"], pair["new"]["state"], pair["new"]["operator"]) == (None, 1, "SA0000001")
    assert NAME in operator.names()
    assert NAME not in operator.names("/records/currents")
    assert operator.of_dns(NAME) is None
    job = operator.publish("a description")
    assert job["resources_url"].endswith("/records/currents")
    found = operator.of_dns(NAME)
    assert (sorted(map(str, found)), found.ttl) == (['"one"', '"two"'], 60)
    shown = operator.call("GET", operator.at(f"/records/{id}")).json["result"]
    assert (shown["state"], shown["operator"], shown["labels"]) == (0, None, {"owner": "ansible"})
    assert operator.diffs() == []
    (told,) = lab.history.events("dpf_publish", service="dpf")
    assert (told["zone"], told["changed"], told["foreign"]) == ("example.net.", [[NAME, "TXT"]], [])
    (entry,) = operator.call("GET", operator.at("/zone_histories")).json["results"]
    assert (entry["description"], entry["operator"]) == ("a description", "SA0000001")
    text = operator.call("GET", operator.at(f"/zone_histories/{entry['id']}/text")).json["result"]["text"]
    assert f'{NAME} 60 IN TXT "one"' in text


def test_a_record_is_changed_and_deleted_and_its_neighbour_stays(lab: Lab, operator: Operator) -> None:
    other = "other.example.net."
    lab.also["dpf"].put(ZONE, NAME, "TXT", ['"old"'], 300)
    lab.also["dpf"].put(ZONE, other, "TXT", ['"neighbour"'])
    id = next(one["id"] for one in operator.call("GET", operator.at("/records")).json["results"] if one["name"] == NAME)
    path = operator.at(f"/records/{id}")
    operator.done(operator.call("PATCH", path, {"rdata": [{"value": '"new"'}]}))
    (pair,) = operator.diffs()
    assert [(pair[half]["state"], pair[half]["rdata"]) for half in ("new", "old")] == [
        (3, [{"value": '"new"'}]),
        (5, [{"value": '"old"'}]),
    ]
    operator.publish()
    assert ([str(one) for one in operator.of_dns(NAME)], operator.of_dns(NAME).ttl) == (['"new"'], 300)
    operator.done(operator.call("DELETE", path))
    (pair,) = operator.diffs()
    assert (pair["new"], pair["old"]["state"]) == (None, 2)
    assert operator.call("PATCH", path, {"ttl": 5}).details == [("forbidden", "record")]
    assert operator.call("DELETE", path).details == [("forbidden", "record")]
    assert operator.stage(NAME, '"again"').details == [("duplicated", "record")]
    operator.publish()
    assert operator.of_dns(NAME) is None
    assert [str(one) for one in operator.of_dns(other)] == ['"neighbour"']
    assert operator.of_dns(other).ttl == 28800


def test_edits_are_undone_one_by_one_or_all(operator: Operator) -> None:
    first, second = operator.staged(NAME, '"a"'), operator.staged("b.example.net", '"b"')
    operator.done(operator.call("DELETE", operator.at(f"/records/{first}/changes")))
    assert [pair["new"]["id"] for pair in operator.diffs()] == [second]
    assert operator.call("GET", operator.at(f"/records/{first}")).details == [("not_found", "record")]
    operator.done(operator.call("PATCH", operator.at("/default_ttl"), {"value": 60}))
    operator.done(operator.call("DELETE", operator.at("/changes")))
    assert operator.diffs() == []
    assert operator.call("GET", operator.at("/default_ttl")).json["result"] == {
        "value": 28800,
        "state": 0,
        "operator": None,
    }


def test_the_default_ttl_is_an_edit_too(operator: Operator) -> None:
    url = operator.at("/default_ttl")
    assert operator.call("DELETE", f"{url}/changes").details == [("forbidden", "default_ttl")]
    assert operator.call("PATCH", url, {"value": 0}).details == [("invalid", "schema")]
    operator.done(operator.call("PATCH", url, {"value": 120}))
    (pair,) = operator.call("GET", f"{url}/diffs").json["results"]
    assert (pair["new"]["value"], pair["old"]["value"]) == (120, 28800)
    assert operator.of_dns("www.example.net.", "A").ttl == 28800
    operator.publish()
    assert operator.of_dns("www.example.net.", "A").ttl == 120


def test_a_zone_that_was_never_published_is_then(operator: Operator) -> None:
    zone = operator.facts["zones"]["fresh.example.org"]
    assert operator.call("GET", operator.at("", zone)).json["result"]["state"] == 1
    assert operator.of_dns("www.fresh.example.org.", "A") is None
    operator.done(operator.call("PATCH", operator.at("/changes", zone), {}))
    assert operator.call("GET", operator.at("", zone)).json["result"]["state"] == 2
    assert [str(one) for one in operator.of_dns("www.fresh.example.org.", "A")] == ["127.0.0.11"]


# --- the SOA ---


def test_the_rname_of_the_soa_is_tried_without_publishing_and_then_changed(lab: Lab, operator: Operator) -> None:
    found = operator.call("GET", operator.at("/records"), None, ("_keywords_rrtype[]", "SOA")).json["results"]
    (soa,) = found
    wanted = soa["rdata"][0]["value"].replace("dns-managers.lab.example.", "hostmaster.example.net.")
    path = operator.at(f"/records/{soa['id']}")
    assert operator.call("DELETE", path).details == [("soa_not_found", "record")]
    operator.done(operator.call("PATCH", path, {"rdata": [{"value": wanted}]}))
    assert operator.diffs()[0]["new"]["state"] == 3
    operator.done(operator.call("DELETE", f"{path}/changes"))
    assert "hostmaster" not in str(operator.of_dns("example.net.", "SOA")[0])
    operator.done(operator.call("PATCH", path, {"rdata": [{"value": wanted}]}))
    operator.publish()
    published: t.Any = operator.of_dns("example.net.", "SOA")[0]
    assert (str(published.rname), published.serial) == ("hostmaster.example.net.", 2)
    lab.switches.only("dpf_soa_fixed")
    assert operator.call("PATCH", path, {"rdata": [{"value": wanted}]}).details == [("forbidden", "record")]


# --- whole zones ---


def entries(operator: Operator) -> list[Document]:
    words = ("name", "ttl", "rrtype", "rdata", "labels", "description")
    found = operator.call("GET", operator.at("/records/currents")).json["results"]
    return [{word: one[word] for word in words} for one in found]


def test_a_whole_zone_is_replaced_staged_or_at_once(lab: Lab, operator: Operator) -> None:
    lab.also["dpf"].put(ZONE, "gone.example.net.", "TXT", ['"gone"'])
    lab.also["dpf"].somebody_edits(ZONE, "foreign.example.net.", "TXT", ['"foreign"'])
    wanted = [one for one in entries(operator) if not one["name"].startswith("gone")]
    new = {**wanted[0], "name": NAME, "rrtype": "TXT", "rdata": [{"value": '"new"'}]}
    for broken, code in (
        (wanted[1:], "soa_not_found"),
        ([one for one in wanted if one["rrtype"] != "NS"], "apex_ns_not_found"),
        ([*wanted, wanted[-1]], "duplicated"),
        ([*wanted, {**new, "name": "www.example.org."}], "out_of_zone"),
        ([*wanted, {**new, "rdata": [{"value": "new"}]}], "invalid_quotes"),
    ):
        assert operator.call("PUT", operator.at("/records"), {"records": broken}).details == [(code, "records")]
    soa = {**wanted[0], "rdata": [{"value": wanted[0]["rdata"][0]["value"].replace("3600 600", "7200 600")}]}
    body = {"records": [soa, *wanted[1:], new], "overwrite_soa": False}
    operator.done(operator.call("PUT", operator.at("/records"), body))
    changed = {(pair["new"] or pair["old"])["name"]: bool(pair["new"]) for pair in operator.diffs()}
    assert changed == {NAME: True, "gone.example.net.": False}
    assert operator.of_dns(NAME) is None
    operator.done(operator.call("DELETE", operator.at("/changes")))
    operator.done(operator.call("PATCH", operator.at("/atomic_changes"), {**body, "description": "all at once"}))
    assert operator.diffs() == []
    assert [str(one) for one in operator.of_dns(NAME)] == ['"new"']
    assert operator.of_dns("gone.example.net.") is None


# --- what is refused ---


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        ({"rdata": [{"value": "no quotes"}]}, ("invalid_quotes", "rdata")),
        ({"rdata": []}, ("invalid", "schema")),
        ({"rdata": ["text"]}, ("invalid", "schema")),
        ({"rdata": [{"value": '"a" b"'}]}, ("invalid", "rdata")),
        ({"rdata": [{"value": '"' + "x" * 256 + '"'}]}, ("invalid", "rdata")),
        ({"rrtype": "SOA", "rdata": [{"value": "a. b. 1 2 3 4 5"}]}, ("invalid", "schema")),
        ({"rrtype": "SPF"}, ("invalid", "schema")),
        ({"rrtype": "A", "rdata": [{"value": "192.0.2.256"}]}, ("invalid", "rdata")),
        ({"name": "www.example.org."}, ("invalid", "name")),
        ({"name": "a..example.net."}, ("invalid", "name")),
        ({"ttl": 0}, ("invalid", "schema")),
        ({"ttl": True}, ("invalid", "schema")),
        ({"description": "x" * 81}, ("invalid", "schema")),
        ({"labels": {"a": 1}}, ("invalid_type_value", "labels")),
        ({"labels": {"": "x"}}, ("invalid_format_key", "labels")),
        ({"labels": {str(number): "" for number in range(11)}}, ("invalid", "schema")),
        ({"more": 1}, ("invalid", "schema")),
        ({"name": WWW, "rrtype": "A", "rdata": [{"value": "192.0.2.1"}]}, ("duplicated", "record")),
        (
            {"name": "www.example.net.", "rrtype": "CNAME", "rdata": [{"value": "a."}]},
            ("cname_and_other_mixed", "name"),
        ),
        ({"rrtype": "CNAME", "rdata": [{"value": "a."}, {"value": "b."}]}, ("multiple_rdata_found", "rdata")),
        ({"rrtype": "MX", "rdata": [{"value": "10 no.example.net."}]}, ("reference_not_found", "rdata")),
        ({"rrtype": "DS", "rdata": [{"value": "1 13 2 " + "00" * 32}]}, ("corresponding_ns_not_found", "name")),
    ],
    ids=str,
)
def test_a_record_that_is_wrong_is_refused_at_once(operator: Operator, wish: Document, detail: tuple[str, str]) -> None:
    answer = operator.call(
        "POST", operator.at("/records"), {"name": NAME, "rrtype": "TXT", "rdata": [{"value": '"x"'}], **wish}
    )
    assert answer.details == [detail]
    assert operator.diffs() == []


def test_who_is_not_let_in(lab: Lab, operator: Operator) -> None:
    assert Operator(lab, "wrong").call("GET", "/ping").details == [("invalid", "access_token")]
    assert Operator(lab, "contract").call("GET", "/zones").details == [("invalid", "access_token")]
    reader = Operator(lab, "read")
    assert reader.call("GET", "/ping").status == 200
    assert reader.stage(NAME, '"x"').details == [("invalid", "access_token")]
    stranger = Operator(lab, "nothing")
    assert stranger.call("GET", "/zones").json["results"] == []
    assert stranger.stage(NAME, '"x"').details == [("not_found", "zone")]
    assert operator.call("GET", "/zones/m9999999999999/records").details == [("not_found", "zone")]
    assert operator.call("GET", operator.at("/records/r9999999999999")).details == [("not_found", "record")]
    assert operator.call("GET", "/jobs/" + "0" * 32).details == [("not_found", "request_id")]
    for method, path in (("GET", "/nothing"), ("POST", "/zones")):
        nothing = operator.call(method, path, {})
        assert (nothing.status, nothing.json["error_type"]) == (404, "NotFound")
    broken = operator.call("POST", operator.at("/records"), b"{")
    assert (broken.status, broken.json["error_message"]) == (400, "JSON parse error occurred.")
    assert "error_details" not in broken.json
    assert operator.call("PATCH", operator.at("/changes")).json["error_message"] == broken.json["error_message"]


def test_a_zone_with_a_zone_proxy_takes_no_edits(operator: Operator) -> None:
    zone = operator.facts["zones"]["proxied.example.net"]
    assert operator.call("GET", operator.at("/zone_proxy", zone)).json["result"] == {"enabled": 1}
    wish = {"name": "a.proxied.example.net.", "rrtype": "TXT", "rdata": [{"value": '"x"'}]}
    for method, path, body in (
        ("POST", "/records", wish),
        ("PATCH", "/changes", {}),
        ("DELETE", "/changes", None),
        ("PUT", "/records", {"records": [wish]}),
    ):
        assert operator.call(method, operator.at(path, zone), body).details == [("forbidden", "zone")]
    assert operator.call("GET", operator.at("/records", zone)).status == 200


def test_a_target_that_became_an_alias_holds_up_the_zone_until_it_is_mended(lab: Lab, operator: Operator) -> None:
    dpf = lab.also["dpf"]
    dpf.put(ZONE, "mx.example.net.", "CNAME", ["mail.lab.example."])
    dpf.put(ZONE, ZONE, "MX", ["10 mx.example.net."])
    assert operator.stage(NAME, '"x"').details == [("reference_alias", "rdata")]
    found = operator.call("GET", operator.at("/records"), None, ("_keywords_rrtype[]", "MX")).json["results"]
    operator.done(
        operator.call(
            "PATCH", operator.at(f"/records/{found[0]['id']}"), {"rdata": [{"value": "10 mail.lab.example."}]}
        )
    )
    assert operator.stage(NAME, '"x"').status == 202


# --- lists ---


def test_lists_come_in_pages_and_by_keywords(lab: Lab, operator: Operator) -> None:
    for number in range(105):
        wish = f'"number {number}"'
        lab.also["dpf"].zone(ZONE).create(
            {"name": f"n{number}.example.net.", "rrtype": "TXT", "rdata": (wish,), "labels": {"n": str(number % 3)}},
            "x",
        )
    url = operator.at("/records")
    assert operator.call("GET", f"{url}/count").json["result"] == {"count": 109}
    first = operator.call("GET", url).json["results"]
    rest = operator.call("GET", url, None, ("offset", "100")).json["results"]
    assert (len(first), len(rest), len({one["id"] for one in first + rest})) == (100, 9, 109)
    assert len(operator.call("GET", url, None, ("limit", "3"), ("offset", "107")).json["results"]) == 2
    for word, value in (("limit", "0"), ("limit", "10001"), ("offset", "-1"), ("type", "XOR")):
        assert operator.call("GET", url, None, (word, value)).details == [("invalid", "schema")]
    found = operator.call("GET", url, None, ("_keywords_label[]", "n=1"), ("_keywords_name[]", "N10")).json["results"]
    assert [one["name"] for one in found] == ["n10.example.net.", "n100.example.net.", "n103.example.net."]
    many = [("_keywords_name[]", "x")] * 31
    assert operator.call("GET", url, None, *many).details == [("invalid", "keywords")]
    lab.switches.only("dpf_names_exact")
    assert len(operator.call("GET", url, None, ("_keywords_name[]", "n10.example.net")).json["results"]) == 1
    lab.switches.only("dpf_names_without_dot")
    assert not [name for name in operator.names() if name.endswith(".")]


def test_the_zone_of_a_name_is_found_among_its_parents(lab: Lab, operator: Operator) -> None:
    parents = [("_keywords_name[]", name) for name in ("a.sub.example.net.", "sub.example.net.", "example.net.")]
    found = operator.call("GET", "/zones", None, ("type", "OR"), *parents).json["results"]
    assert {"example.net.", "sub.example.net."} <= {one["name"] for one in found}
    assert operator.call("GET", "/zones", None, *parents).json["results"] == [], "all would have to fit"
    service = ("_keywords_service_code[]", operator.facts["service_codes"][1])
    assert [one["name"] for one in operator.call("GET", "/zones", None, service).json["results"]] == ["example.ne.jp."]
    assert operator.call("GET", "/zones/count").json["result"]["count"] == 5
    mine = Operator(lab, "first_service").call("GET", "/zones").json["results"]
    assert "example.ne.jp." not in {one["name"] for one in mine}
    servers = operator.call("GET", operator.at("/managed_dns_servers")).json["results"]
    assert servers == ["ns1.lab.example.", "ns2.lab.example."]


def test_the_second_server_follows_as_it_follows_updates(lab: Lab, operator: Operator) -> None:
    lab.switches.only("dns_servers_disagree")
    operator.staged(NAME, '"x"')
    operator.publish()
    assert [operator.of_dns(NAME, server=server) is not None for server in lab.dns.addresses] == [True, False]


def test_ten_texts_in_each_of_two_zones_are_one_publication_each(lab: Lab, operator: Operator) -> None:
    lab.also["dpf"].add_zone("example.tokyo")
    for zone in (ZONE, "example.tokyo"):
        operator.zone = lab.facts()["dpf"]["zones"][zone]
        ids = {operator.staged(f"n{number}.{zone}.", f'"{number}"') for number in range(10)}
        operator.publish()
        assert len(ids) == 10
    told = lab.history.events("dpf_publish")
    assert [(event["zone"], len(event["changed"])) for event in told] == [(f"{ZONE}.", 10), ("example.tokyo.", 10)]


# --- other people ---


def test_publishing_sends_what_others_edited_or_only_ones_own(lab: Lab, operator: Operator) -> None:
    dpf, foreign = lab.also["dpf"], "foreign.example.net."
    dpf.somebody_edits(ZONE, foreign, "TXT", ['"not ready"'])
    operator.staged(NAME, '"x"')
    assert {pair["new"]["operator"] for pair in operator.diffs()} == {"SA0000001", "SA0000009"}
    lab.switches.only("dpf_publish_own_only")
    operator.publish()
    assert operator.of_dns(NAME) is not None
    assert operator.of_dns(foreign) is None
    assert [pair["new"]["name"] for pair in operator.diffs()] == [foreign]
    lab.switches.none()
    operator.publish()
    assert [str(one) for one in operator.of_dns(foreign)] == ['"not ready"']
    assert [event["foreign"] for event in lab.history.events("dpf_publish")] == [[], [[foreign, "TXT"]]]


@pytest.mark.parametrize("vice", ["dpf_foreign_edit", "dpf_foreign_publish"])
def test_somebody_comes_in_between(lab: Lab, operator: Operator, vice: str) -> None:
    lab.switches.only(vice)
    operator.staged(NAME, '"x"')
    if vice == "dpf_foreign_edit":
        assert sorted(pair["new"]["operator"] for pair in operator.diffs()) == ["SA0000001", "SA0000009"]
    else:
        assert operator.diffs() == []
        assert operator.of_dns(NAME) is not None
    before = len(operator.diffs())
    operator.staged("b.example.net.", '"y"')
    assert len(operator.diffs()) == before + 1, "once for each zone"
