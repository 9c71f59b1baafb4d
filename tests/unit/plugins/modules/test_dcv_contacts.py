# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dcv_contacts from its options to its results, on scripted servers."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.plugins.module_utils._module.dns_call import Ports
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.modules.dcv_contacts import run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Nowhere, Server, no_answer

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
ZONE = "example.test"
TXT = f"_validation-contactemail.{ZONE}"
MAIL = "certs@example.test"
OURS = f'0 contactemail "{MAIL}"'


def contact(**words: t.Any) -> dict[str, t.Any]:
    plain = {"name": "a", "domain": ZONE, "kind": "txt", "address": MAIL, "ttl": 3600, "exclusive": False}
    return {**plain, "hide_policy": False, "state": None, **words}


def caa(**words: t.Any) -> dict[str, t.Any]:
    return contact(kind="caa", **words)


def params(*contacts: dict[str, t.Any], zones: t.Sequence[str] = (ZONE,), **words: t.Any) -> dict[str, t.Any]:
    settings = {"server": "192.0.2.53", "key_name": "key"}
    plain = {
        "dns_services": {"primary": {"service": "rfc2136", "settings": settings, "zones": list(zones)}},
        "secrets": {"primary": {"key_secret": SECRET}},
        "sight": {},
        "state": "present",
        "force": False,
        "contacts": list(contacts),
    }
    return {**plain, **words}


def call(server: Server, options: dict[str, t.Any], check_mode: bool = False, outside: Nowhere | None = None) -> Result:
    def open_service(config: ServiceConfig) -> DnsService:
        return Rfc2136(config.name, config.zones, server, "192.0.2.53:53")

    return run(options, check_mode, Ports(open_service, lambda _sight: outside or Nowhere()))


def only(server: Server, item: dict[str, t.Any], outside: Nowhere | None = None, **words: t.Any) -> ItemResult:
    (result,) = call(server, params(item, **words), outside=outside).items
    return result


def code_of(item: ItemResult) -> str | None:
    return item.error.code if item.error else None


def refusals(options: dict[str, t.Any]) -> list[str]:
    server = Server()
    with pytest.raises(InputErrors) as errors:
        call(server, options)
    assert (server.asked, server.updates) == ([], [])
    assert errors.value.sentence().replace("\n", "").isprintable()
    return [error.code for error in errors.value.errors]


# --- both kinds


def test_check_mode_is_the_plan_of_the_run_and_the_second_run_changes_nothing() -> None:
    server = Server()
    options = params(contact(domain="Example.TEST.", address="certs@Example.TEST"), caa(name="b"))
    planned = call(server, options, check_mode=True)
    assert server.updates == []
    first = call(server, options)
    assert [one.as_data() for one in planned.items] == [one.as_data() for one in first.items]
    assert planned.diff == first.diff
    assert first.items[0].as_data() == {
        "name": "a",
        "changed": True,
        "outcome": "published",
        "state": "present",
        "error": None,
        "service": "primary",
        "zone": ZONE,
        "record": TXT,
        "type": "TXT",
        "value": MAIL,
        "domain": ZONE,
        "kind": "txt",
        "address": MAIL,
        "others": [],
    }
    assert (first.items[1].extra["record"], first.items[1].extra["value"]) == (ZONE, OURS)
    assert [diff.after for diff in first.diff] == [f'{ZONE}. 3600 IN CAA {OURS}\n{TXT}. 3600 IN TXT "{MAIL}"\n']
    assert len(server.updates) == 1
    second = call(server, options)
    assert (second.changed, second.diff, {one.outcome for one in second.items}) == (False, [], {"already_there"})


def test_several_addresses_are_several_records_and_neighbours_stay() -> None:
    server = Server().put(TXT, "TXT", '"theirs@example.test"', ttl=300)
    call(server, params(contact(), contact(name="b", address="more@example.test")))
    assert server.values(TXT) == ['"certs@example.test"', '"more@example.test"', '"theirs@example.test"']
    assert server.records[TXT, "TXT"][0] == 300
    call(server, params(contact(), state="absent"))
    assert server.values(TXT) == ['"more@example.test"', '"theirs@example.test"']


def test_exclusive_leaves_the_addresses_of_this_call_alone() -> None:
    server = Server().put(TXT, "TXT", '"theirs@example.test"')
    options = params(contact(exclusive=True), contact(name="b", address="more@example.test", exclusive=True))
    assert [one.outcome for one in call(server, options).items] == ["published", "published"]
    assert server.values(TXT) == ['"certs@example.test"', '"more@example.test"']
    assert call(server, options).changed is False


def test_a_delegated_name_is_written_where_its_cname_leads() -> None:
    server = Server(zones=[ZONE, "tokens.test"]).put(TXT, "CNAME", "contact.tokens.test.")
    item = only(server, contact(), zones=[ZONE, "tokens.test"])
    assert (item.extra["record"], item.extra["zone"]) == ("contact.tokens.test", "tokens.test")
    assert server.values("contact.tokens.test") == [f'"{MAIL}"']


def test_addresses_of_others_at_the_same_place_are_told() -> None:
    policy = '0 issue "ca.example.net"'
    server = Server().put(TXT, "TXT", '"theirs@example.test"', '"more@example.test"')
    server.put(ZONE, "CAA", policy, '0 contactemail "theirs@example.test"')
    items = call(server, params(contact(), contact(name="b", address="more@example.test"), caa(name="c"))).items
    theirs = ['"theirs@example.test"']
    assert [one.extra["others"] for one in items] == [theirs, theirs, ['0 contactemail "theirs@example.test"']]
    assert only(server, contact(exclusive=True)).extra["others"] == []
    assert only(server, contact(address="theirs@example.test", state="absent")).extra["others"] == [f'"{MAIL}"']


def test_an_old_contact_goes_from_where_it_was_published() -> None:
    place = "contact.tokens.test"
    server = Server(zones=[ZONE, "tokens.test"]).put(TXT, "CNAME", f"{place}.").put(place, "TXT", f'"{MAIL}"')
    old = contact(state="absent", record=place)
    item = only(server, old, zones=[ZONE, "tokens.test"])
    assert (item.outcome, item.extra["record"], server.values(place)) == ("removed", place, [])
    assert only(server, old, zones=[ZONE, "tokens.test"]).outcome == "already_absent"


@pytest.mark.parametrize("check_mode", [True, False])
def test_where_a_cname_leads_now_nothing_of_ours_is_sought(check_mode: bool) -> None:
    place = "contact.tokens.test"
    server = Server(zones=[ZONE, "tokens.test"]).put(TXT, "CNAME", f"{place}.").put(place, "TXT", f'"{MAIL}"')
    options = params(contact(state="absent", record=TXT), zones=[ZONE, "tokens.test"])
    result = call(server, options, check_mode)
    assert (result.items[0].outcome, result.items[0].state, result.diff) == ("already_absent", "absent", [])
    assert server.updates == [] and server.values(place) == [f'"{MAIL}"']
    both = params(contact(state="absent", record=TXT), contact(name="b", state="absent"), zones=[ZONE, "tokens.test"])
    assert [one.outcome for one in call(server, both).items] == ["already_absent", "removed"]


def test_a_place_is_named_for_what_goes_only() -> None:
    assert refusals(params(contact(record=TXT))) == ["bad_domain"]


def test_what_became_a_public_suffix_can_still_be_removed() -> None:
    server = Server(zones=["co.jp"])
    item = only(server, contact(domain="co.jp", state="absent"), zones=["co.jp"])
    assert item.outcome == "already_absent"


def test_an_address_beyond_ascii_is_found_again() -> None:
    server = Server()
    options = params(contact(address="証明書@example.test"), caa(name="b", address="証明書@example.test"))
    assert call(server, options).changed is True
    assert call(server, options).changed is False
    assert server.values(ZONE, "CAA") == ['0 contactemail "\\232\\168\\188\\230\\152\\142\\230\\155\\184@example.test"']
    assert call(server, {**options, "state": "absent"}).changed is True
    assert server.values(ZONE, "CAA") == server.values(TXT) == []


# --- CAA beside other properties


def test_of_a_caa_set_only_contactemail_is_taken_over() -> None:
    others = ['0 issue "ca.example.net"', '0 issuewild ";"', '0 iodef "mailto:abuse@example.test"']
    theirs = ['0 contactemail "theirs@example.test"', '128 contactemail "critical@example.test"']
    server = Server().put(ZONE, "CAA", *others, *theirs, ttl=60)
    options = params(caa(exclusive=True))
    result = call(server, options)
    assert (result.items[0].outcome, result.items[0].changed) == ("published", True)
    assert server.values(ZONE, "CAA") == sorted([*others, OURS])
    assert "issuewild" in result.diff[0].before and "issuewild" in result.diff[0].after
    assert call(server, options).changed is False


def test_appending_touches_no_other_property_and_removing_takes_its_own() -> None:
    others = ['0 issue "ca.example.net"', '0 contactemail "theirs@example.test"']
    server = Server().put(ZONE, "CAA", *others)
    call(server, params(caa()))
    assert server.values(ZONE, "CAA") == sorted([*others, OURS])
    call(server, params(caa(), state="absent"))
    assert server.values(ZONE, "CAA") == sorted(others)


def test_a_policy_that_came_after_the_look_is_not_lost() -> None:
    server = Server().put(ZONE, "CAA", '0 contactemail "theirs@example.test"')
    real = server.send

    def send(message: t.Any) -> t.Any:
        answer = real(message)
        if len(server.asked) == 1:
            server.put(ZONE, "CAA", '0 contactemail "theirs@example.test"', '0 issue "new.example.net"')
        return answer

    server.send = send  # type: ignore[method-assign]
    assert code_of(only(server, caa(exclusive=True))) == "rrset_changed"
    assert '0 issue "new.example.net"' in server.values(ZONE, "CAA")


# --- hiding a policy

SUB, DEEP = f"sub.{ZONE}", f"deep.sub.{ZONE}"


@pytest.mark.parametrize(
    "policy",
    [
        '0 issue "ca.example.net"',
        '0 issuewild ";"',
        '0 issuemail "ca.example.net"',
        '0 unknown "what"',
        '128 contactemail "x@y.test"',
    ],
)
def test_a_first_record_below_a_policy_is_refused(policy: str) -> None:
    server = Server().put(ZONE, "CAA", policy)
    item = only(server, caa(domain=DEEP))
    assert (code_of(item), item.outcome, item.changed, item.state) == (
        "caa_policy_hidden",
        "not_published",
        False,
        None,
    )
    assert item.error is not None
    assert ZONE in item.error.why and policy.split()[1] in item.error.why
    assert server.updates == []


def test_check_mode_refuses_it_too() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "ca.example.net"')
    result = call(server, params(caa(domain=SUB)), check_mode=True)
    assert (code_of(result.items[0]), result.diff) == ("caa_policy_hidden", [])


def test_the_user_may_say_that_it_shall_be_hidden() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "ca.example.net"')
    assert only(server, caa(domain=SUB, hide_policy=True)).outcome == "published"
    assert server.values(SUB, "CAA") == [OURS]
    assert only(server, caa(domain=SUB)).outcome == "already_there"


@pytest.mark.parametrize("kept", ['0 contactemail "x@y.test"', '0 iodef "mailto:x@y.test"', '0 contactphone "+81 3"'])
def test_what_restricts_nobody_may_be_hidden(kept: str) -> None:
    server = Server().put(ZONE, "CAA", kept)
    assert only(server, caa(domain=SUB)).outcome == "published"


def test_only_the_nearest_set_counts() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "ca.example.net"').put(SUB, "CAA", '0 contactemail "x@y.test"')
    assert only(server, caa(domain=DEEP)).outcome == "published"


def test_a_second_record_hides_nothing_more() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "ca.example.net"').put(SUB, "CAA", '0 issue "other.example.net"')
    assert only(server, caa(domain=SUB)).outcome == "published"


def test_a_contact_in_txt_and_one_that_goes_hide_nothing() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "ca.example.net"')
    assert only(server, contact(domain=SUB)).outcome == "published"
    assert only(server, caa(domain=SUB, state="absent")).outcome == "already_absent"
    assert (ZONE, "CAA") not in server.asked


def test_a_policy_above_the_declared_zone_is_seen_too() -> None:
    server = Server(zones=[SUB])
    above = Nowhere({ZONE: ['0 issue "ca.example.net"'], "test": ['0 issue "never asked"']})
    assert code_of(only(server, caa(domain=DEEP), outside=above, zones=[SUB])) == "caa_policy_hidden"
    assert only(server, caa(domain=DEEP), outside=Nowhere(), zones=[SUB]).outcome == "published"


def test_where_the_policy_above_cannot_be_seen_nothing_is_published() -> None:
    class Blind(Nowhere):
        def values_of(self, question: t.Any) -> frozenset[str]:
            raise no_answer()

    server = Server(zones=[SUB])
    item = only(server, caa(domain=SUB), outside=Blind(), zones=[SUB])
    assert item.error is not None
    assert (item.error.code, item.error.retryable) == ("caa_policy_unseen", True)
    assert only(server, caa(domain=SUB, hide_policy=True), outside=Blind(), zones=[SUB]).outcome == "published"


def test_the_way_up_is_that_of_the_name_and_that_of_its_cname() -> None:
    server = Server(zones=[ZONE, "other.test"]).put(SUB, "CNAME", "www.sub.other.test.")
    server.put("sub.other.test", "CAA", '0 issue "ca.example.net"')
    zones = [ZONE, "other.test"]
    assert code_of(only(server, caa(domain=SUB), zones=zones)) == "caa_policy_hidden"
    del server.records["sub.other.test", "CAA"]
    server.put(ZONE, "CAA", '0 issue "ca.example.net"')
    assert code_of(only(server, caa(domain=SUB), zones=zones)) == "caa_policy_hidden"
    del server.records[ZONE, "CAA"]
    assert only(server, caa(domain=SUB), zones=zones).extra["record"] == "www.sub.other.test"


def test_a_hostile_policy_is_shown_as_plain_text() -> None:
    server = Server().put(ZONE, "CAA", '0 issue "\\027[31m\\010\\226\\128\\174"')
    item = only(server, caa(domain=SUB))
    assert item.error is not None
    assert item.error.sentence().isascii() or "→" in item.error.sentence()
    assert item.error.sentence().isprintable()


# --- options


def test_a_zone_that_refuses_fails_only_its_own_items() -> None:
    server = Server(refuses={TXT})
    result = call(server, params(contact(), caa(name="b"), contact(name="c", domain="elsewhere.test")))
    assert [(one.outcome, code_of(one)) for one in result.items] == [
        ("not_published", "dns_refused"),
        ("published", None),
        ("not_published", "zone_not_found"),
    ]
    json.dumps([one.as_data() for one in result.items])


def test_everything_wrong_is_refused_at_once_before_anything_is_asked() -> None:
    wrong = [
        contact(name=""),
        contact(name="twice"),
        contact(name="twice", ttl=-1),
        contact(name="domain", domain="*.example.test"),
        contact(name="suffix", domain="co.jp"),
        contact(name="no name", domain="192.0.2.1"),
        contact(name="long", domain=".".join(["x" * 57] * 4)),
        caa(name="address", address='a"b@example.test'),
        contact(name="two", address="a@example.test, b@example.test"),
        contact(name="hostile", address="\x1b[31m@example.test"),
    ]
    assert refusals(params(*wrong)) == [
        "bad_name",
        "duplicate_name",
        "bad_ttl",
        "bad_domain",
        "public_suffix",
        "bad_domain",
        "bad_domain",
        *["bad_address"] * 3,
    ]


def test_the_end_of_both_methods_is_said_once() -> None:
    (warning,) = call(Server(), params(contact(), contact(name="b", address="b@example.test"), caa(name="c"))).warnings
    assert warning.count("2026-03-15") == warning.count("2028-03-15") == 2
    assert "3.2.2.4.13" in warning and "3.2.2.4.14" in warning
    (warning,) = call(Server(), params(contact())).warnings
    assert "3.2.2.4.13" not in warning
    assert call(Server(), params(contact(), state="absent")).warnings == []
