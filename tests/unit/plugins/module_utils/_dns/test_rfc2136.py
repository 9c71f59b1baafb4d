# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic updates against a scripted server: what is sent, what is believed, what is said."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.message
import dns.rcode
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._dns import rfc2136
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    Look,
    Question,
    RRset,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server, no_answer

ZONE = "example.test"
NAME = f"_acme-challenge.{ZONE}"


def service(server: Server, *zones: str) -> Rfc2136:
    return Rfc2136("primary", zones or (ZONE,), server, "192.0.2.53:53")


def txt(value: str, name: str = NAME, ttl: int = 60) -> Change:
    return Change(name, "TXT", value, ttl)


def codes(receipts: t.Sequence[InkanError | None]) -> list[str | None]:
    return [error.code if error else None for error in receipts]


# --- reading


def test_a_look_tells_zone_values_ttl_and_alias() -> None:
    server = Server().put(NAME, "TXT", '"one" "two"', "three", ttl=77).put(f"a.{ZONE}", "CNAME", "Target.Elsewhere.")
    there, alias, absent = service(server).looks(
        [Question(NAME, "TXT"), Question(f"a.{ZONE}", "TXT"), Question(f"no.{ZONE}", "TXT")]
    )
    assert there == Look(ZONE, RRset(NAME, "TXT", frozenset({"onetwo", "three"}), 77))
    assert alias == Look(ZONE, RRset(f"a.{ZONE}", "TXT", frozenset(), None), "target.elsewhere")
    assert absent == Look(ZONE, RRset(f"no.{ZONE}", "TXT", frozenset(), None))


def test_the_zone_is_the_one_that_the_server_confirms() -> None:
    server = Server(zones=[ZONE, f"sub.{ZONE}", f"secret.{ZONE}"])
    both = service(server, ZONE, f"sub.{ZONE}")
    assert both.zone_for(f"x.sub.{ZONE}") == f"sub.{ZONE}"
    assert both.zone_for(f"x.{ZONE}") == ZONE
    with pytest.raises(RefusedError) as error:
        both.zone_for(f"x.secret.{ZONE}")
    assert error.value.code == "zone_not_found"
    assert f"secret.{ZONE}" in error.value.why


def test_a_delegated_name_is_not_ours() -> None:
    server = Server().put(f"sub.{ZONE}", "NS", "ns.elsewhere.test.")
    (look,) = service(server).looks([Question(f"x.sub.{ZONE}", "TXT")])
    assert isinstance(look, InkanError)
    assert look.code == "zone_not_found"
    assert "delegates" in look.why


def test_a_server_that_only_caches_is_refused() -> None:
    (look,) = service(Server(recursive=True)).looks([Question(NAME, "TXT")])
    assert isinstance(look, InkanError)
    assert "not authoritative" in look.why


def test_an_undeclared_name_is_not_even_asked_for() -> None:
    server = Server()
    with pytest.raises(RefusedError, match=r"none of its zones"):
        service(server).get(ZONE, "www.other.test", "TXT")
    assert server.asked == []


def test_a_silent_server_is_asked_once_and_not_once_a_record() -> None:
    server = Server(silent=no_answer())
    calls = []
    real = server.send
    server.send = lambda message: calls.append(1) or real(message)  # type: ignore[method-assign, func-returns-value]
    looks = service(server).looks([Question(f"n{number}.{ZONE}", "TXT") for number in range(50)])
    assert all(isinstance(look, InkanError) and look.code == "dns_no_answer" for look in looks)
    assert len(calls) == 1


def test_a_server_that_cannot_tell_is_no_empty_answer() -> None:
    (look,) = service(Server(forced_rcode=dns.rcode.SERVFAIL)).looks([Question(NAME, "TXT")])
    assert isinstance(look, InkanError)
    assert (look.code, look.retryable) == ("dns_server_failure", True)


def test_a_cname_beside_servfail_is_taken() -> None:
    """BIND's answer to a question into a loop of CNAMEs."""
    server = Server().put(NAME, "CNAME", f"loop.{ZONE}.")
    send = server.send

    def failing(message: dns.message.Message) -> dns.message.Message:
        answer = send(message)
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer

    server.send = failing  # type: ignore[method-assign]
    (look,) = service(server).looks([Question(NAME, "TXT")])
    assert isinstance(look, Look)
    assert look.alias == f"loop.{ZONE}"


def test_recursion_is_not_desired() -> None:
    server = Server()
    flags = []
    send = server.send
    server.send = lambda message: flags.append(message.flags) or send(message)  # type: ignore[method-assign, func-returns-value]
    service(server).get(ZONE, NAME, "TXT")
    assert [one & dns.flags.RD for one in flags] == [0]


# --- adding and removing


def test_a_neighbour_and_its_ttl_are_kept() -> None:
    server = Server().put(NAME, "TXT", '"neighbour"', ttl=300)
    assert codes(service(server).add(ZONE, [txt("ours")])) == [None]
    assert server.records[NAME, "TXT"] == (300, ['"neighbour"', '"ours"'])
    assert codes(service(server).remove(ZONE, [txt("ours")])) == [None]
    assert server.records[NAME, "TXT"] == (300, ['"neighbour"'])


def test_all_of_a_zone_goes_in_one_message_and_is_read_back() -> None:
    server = Server()
    changes = [txt("v", f"n{number}.{ZONE}") for number in range(30)]
    assert codes(service(server).add(ZONE, changes)) == [None] * 30
    assert len(server.updates) == 1
    assert len(server.asked) == 60


def test_messages_are_split_by_their_size() -> None:
    server = Server()
    changes = [txt("x" * 4000, f"n{number}.{ZONE}") for number in range(30)]
    assert set(codes(service(server).add(ZONE, changes))) == {None}
    assert [len(log) for log in server.updates] == [14, 14, 2]


def test_one_set_too_large_for_one_message_is_split_too() -> None:
    server = Server()
    changes = [txt(f"{number:03d}" + "x" * 4000) for number in range(20)]
    assert set(codes(service(server).add(ZONE, changes))) == {None}
    assert len(server.values(NAME)) == 20
    assert len(server.updates) == 2


def test_nothing_to_do_sends_nothing() -> None:
    server = Server().put(NAME, "TXT", '"there"')
    assert codes(service(server).add(ZONE, [txt("there")])) == [None]
    assert codes(service(server).remove(ZONE, [txt("absent")])) == [None]
    assert server.updates == []


def test_what_is_removed_is_the_rdata_that_was_seen() -> None:
    server = Server().put(NAME, "TXT", '"cut" " elsewhere"', '"neighbour"')
    assert codes(service(server).remove(ZONE, [txt("cut elsewhere")])) == [None]
    assert server.values(NAME) == ['"neighbour"']


def test_a_value_is_cut_into_strings_of_255_octets() -> None:
    server = Server()
    service(server).add(ZONE, [txt("x" * 300)])
    assert server.values(NAME) == ['"' + "x" * 255 + '" "' + "x" * 45 + '"']


def test_noerror_is_not_believed() -> None:
    deaf = Server(deaf_to_updates=True)
    (error,) = service(deaf).add(ZONE, [txt("v")])
    assert error is not None
    assert (error.code, error.did_change, error.retryable) == ("readback_missing", True, True)
    kept = Server(deaf_to_updates=True).put(NAME, "TXT", '"v"')
    (error,) = service(kept).remove(ZONE, [txt("v")])
    assert error is not None
    assert error.code == "readback_missing"
    assert "still shows" in error.why


def test_txt_beside_a_cname_is_told() -> None:
    server = Server().put(NAME, "CNAME", "elsewhere.test.")
    (error,) = service(server).add(ZONE, [txt("v")])
    assert error is not None
    assert error.code == "cname_conflict"
    assert "elsewhere.test" in error.why


def test_a_second_cname_is_refused_before_it_replaces_the_first() -> None:
    server = Server().put(NAME, "CNAME", "first.test.")
    (error,) = service(server).add(ZONE, [Change(NAME, "CNAME", "second.test")])
    assert error is not None
    assert error.code == "cname_conflict"
    assert "first.test" in error.why
    two = [Change(f"new.{ZONE}", "CNAME", target) for target in ("one.test", "two.test")]
    assert codes(service(server).add(ZONE, two)) == ["cname_conflict"] * 2
    assert server.updates == []


def test_a_cname_that_came_after_the_look_is_not_replaced() -> None:
    """An added CNAME would take the place of the one that is there (RFC 2136 §3.4.2.2)."""
    server = Server()
    one = service(server)
    one.looks([Question(NAME, "CNAME"), Question(f"other.{ZONE}", "CNAME")])
    server.put(NAME, "CNAME", "theirs.test.")
    receipts = one.add(ZONE, [Change(NAME, "CNAME", "ours.test"), Change(f"other.{ZONE}", "CNAME", "ours.test")])
    assert codes(receipts) == ["rrset_changed", None]
    assert server.values(NAME, "CNAME") == ["theirs.test."]


def test_a_denied_name_does_not_take_the_others_with_it() -> None:
    names = [f"n{number}.{ZONE}" for number in range(9)]
    server = Server(refuses={names[3]})
    receipts = codes(service(server).add(ZONE, [txt("v", name) for name in names]))
    assert receipts == [None] * 3 + ["dns_refused"] + [None] * 5


class Strict:
    """Before ``server``: says ``code`` to each message that ``judge`` picks, and takes the others."""

    def __init__(self, server: Server, judge: t.Callable[[dns.message.Message], bool], code: str) -> None:
        self.server, self.judge, self.code = server, judge, code
        self.asked = 0

    def send(self, message: dns.message.Message) -> dns.message.Message:
        if self.judge(message):
            self.asked += 1
            raise unusable(self.code)
        return self.server.send(message)


def test_what_knot_calls_a_bad_key_is_a_refusal_where_the_look_was_taken() -> None:
    server = Server()
    bad = f"bad.{ZONE}"
    strict = Strict(server, lambda asked: asked.opcode() == 5 and f"{bad}. " in asked.to_text(), "tsig_bad_key")
    one = Rfc2136("primary", (ZONE,), strict, "192.0.2.53:53")
    receipts = one.add(ZONE, [txt("v", name) for name in (bad, NAME, f"c.{ZONE}")])
    assert codes(receipts) == ["dns_refused", None, None]
    assert receipts[0] is not None and "BADKEY" in receipts[0].why
    assert (server.values(bad), server.values(NAME)) == ([], ['"v"'])


def test_an_unsigned_answer_for_one_zone_is_not_taken_for_all() -> None:
    strict = Strict(Server(), lambda message: "other.test." in message.to_text(), "tsig_missing")
    one = Rfc2136("primary", (ZONE, "other.test"), strict, "192.0.2.53:53")
    lost, found = one.looks([Question("x.other.test", "TXT"), Question(NAME, "TXT")])
    assert isinstance(lost, InkanError) and lost.code == "tsig_missing"
    assert isinstance(found, Look)


def test_a_bad_key_is_asked_once_and_not_once_a_record() -> None:
    strict = Strict(Server(), lambda _message: True, "tsig_bad_key")
    one = Rfc2136("primary", (ZONE,), strict, "192.0.2.53:53")
    assert codes(one.add(ZONE, [txt("v", f"{number}.{ZONE}") for number in range(5)])) == ["tsig_bad_key"] * 5
    assert strict.asked == 1


def test_txt_beside_a_cname_that_is_seen_is_not_even_sent() -> None:
    server = Server().put(NAME, "CNAME", "elsewhere.test.")
    assert codes(service(server).add(ZONE, [txt("v")])) == ["cname_conflict"]
    assert server.updates == []


def test_a_refusal_beside_a_cname_that_came_after_the_look_is_told_as_a_conflict() -> None:
    server = Server()
    one = service(server)
    one.looks([Question(NAME, "TXT")])
    server.put(NAME, "CNAME", "elsewhere.test.")
    server.refuses = [NAME]
    assert codes(one.add(ZONE, [txt("v")])) == ["cname_conflict"]


def test_a_zone_that_denies_everything_is_asked_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number}.{ZONE}" for number in range(300)]
    server = Server(refuses=set(names))
    sent = []
    send = Rfc2136._send
    monkeypatch.setattr(Rfc2136, "_send", lambda self, message, what: sent.append(1) or send(self, message, what))
    assert set(codes(service(server).add(ZONE, [txt("v", name) for name in names]))) == {"dns_refused"}
    assert len(sent) <= rfc2136.MAX_HALVINGS + 1


@pytest.mark.parametrize(
    ("rcode", "code"),
    [
        (dns.rcode.REFUSED, "dns_refused"),
        (dns.rcode.NOTAUTH, "dns_not_auth"),
        (dns.rcode.NOTZONE, "dns_not_zone"),
        (dns.rcode.SERVFAIL, "dns_server_failure"),
        (dns.rcode.NOTIMP, "dns_refused"),
        (dns.rcode.FORMERR, "dns_refused"),
    ],
)
def test_each_refusal_has_its_code_and_the_servers_word(rcode: int, code: str) -> None:
    server = Server()
    one = service(server)
    one.get(ZONE, NAME, "TXT")
    server.forced_rcode = rcode
    (error,) = one.add(ZONE, [txt("v")])
    assert error is not None
    assert error.code == code
    assert dns.rcode.to_text(rcode) in error.why


def unusable(code: str) -> ProtocolError:
    return ProtocolError(code=code, what="The answer could not be used")


@pytest.mark.parametrize(
    "lost",
    [no_answer(), *map(unusable, ("dns_bad_answer", "tsig_bad_answer", "tsig_missing"))],
    ids=lambda one: one.code,
)
def test_an_answer_lost_after_the_effect_is_no_failure(lost: InkanError) -> None:
    server = Server(lost=lost)
    assert codes(service(server).add(ZONE, [txt("v")])) == [None]
    assert len(server.updates) == 1


def test_an_answer_lost_without_effect_is_one() -> None:
    server = Server(lost=no_answer(), deaf_to_updates=True)
    assert codes(service(server).add(ZONE, [txt("v")])) == ["dns_no_answer"]


def test_a_server_that_falls_silent_after_the_update_may_have_taken_it() -> None:
    server = Server()
    one = service(server)
    one.get(ZONE, NAME, "TXT")
    send = server.send

    def once(message: dns.message.Message) -> dns.message.Message:
        answer = send(message)
        server.silent = no_answer()
        return answer

    server.send = once  # type: ignore[method-assign]
    (error,) = one.add(ZONE, [txt("v")])
    assert error is not None
    assert (error.code, error.did_change) == ("dns_no_answer", True)


def test_a_server_that_is_silent_from_the_start_fails_each_change() -> None:
    assert codes(service(Server(silent=no_answer())).add(ZONE, [txt("v")])) == ["dns_no_answer"]


# --- compare and swap


def test_a_whole_set_is_swapped() -> None:
    server = Server().put(NAME, "TXT", '"old"', '"kept"', ttl=300)
    one = service(server)
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"kept", "new"}), 300)
    assert server.values(NAME) == ['"kept"', '"new"']
    assert server.updates == [[f'- {NAME} TXT "old"', f'+ {NAME} TXT "new"']]


def test_a_set_that_changed_after_it_was_seen_is_left_alone() -> None:
    server = Server().put(NAME, "TXT", '"old"')
    one = service(server)
    seen = one.get(ZONE, NAME, "TXT")
    server.put(NAME, "TXT", '"old"', '"theirs"')
    with pytest.raises(RefusedError) as error:
        one.replace(ZONE, seen, frozenset({"ours"}), 60)
    assert (error.value.code, error.value.retryable) == ("rrset_changed", True)
    assert server.values(NAME) == ['"old"', '"theirs"']


def test_a_set_is_only_created_where_none_is() -> None:
    server = Server()
    one = service(server)
    seen = one.get(ZONE, NAME, "TXT")
    server.put(NAME, "TXT", '"theirs"')
    with pytest.raises(RefusedError) as error:
        one.replace(ZONE, seen, frozenset({"ours"}), 60)
    assert error.value.code == "rrset_changed"


def test_an_expectation_that_was_never_seen_is_refused() -> None:
    with pytest.raises(RefusedError) as error:
        service(Server()).replace(ZONE, RRset(NAME, "TXT", frozenset({"x"}), 60), frozenset({"y"}), 60)
    assert error.value.code == "rrset_changed"


def test_an_equal_set_is_not_written() -> None:
    server = Server().put(NAME, "TXT", '"same"')
    one = service(server)
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"same"}), 60)
    assert server.updates == []


def test_a_swap_whose_answer_was_lost_is_judged_by_what_is_there() -> None:
    server = Server(lost=no_answer())
    one = service(server)
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"v"}), 60)
    assert server.values(NAME) == ['"v"']
    deaf = service(Server(lost=no_answer(), deaf_to_updates=True))
    with pytest.raises(InkanError) as error:
        deaf.replace(ZONE, deaf.get(ZONE, NAME, "TXT"), frozenset({"v"}), 60)
    assert error.value.code == "dns_no_answer"
