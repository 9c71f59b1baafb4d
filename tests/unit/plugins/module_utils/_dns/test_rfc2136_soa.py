# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox of a zone against a scripted server: compare-and-swap, serials, and what is not believed."""

from __future__ import annotations

import typing as t

import dns.message
import dns.rcode
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns import rfc2136_soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import SoaService
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server, no_answer

ZONE = "example.test"
OLD, OURS, THEIRS = f"mail.{ZONE}.", f"first\\.last.{ZONE}.", f"theirs.{ZONE}."


def service(server: Server, *zones: str, pauses: list[float] | None = None) -> Rfc2136:
    pause = (pauses if pauses is not None else []).append
    return Rfc2136("primary", zones or (ZONE,), server, "192.0.2.53:53", pause)


def seen(server: Server, zone: str = ZONE) -> Soa:
    (soa,) = service(server, zone).soas([zone])
    assert isinstance(soa, Soa)
    return soa


def refusal(server: Server, expected: Soa | None = None, rname: str = OURS) -> InkanError:
    with pytest.raises(InkanError) as error:
        service(server).set_rname(ZONE, expected or seen(server), rname)
    return error.value


def put(rname: str, server: Server, serial: int = 1) -> None:
    """Somebody else's change."""
    server.soas[ZONE] = (60, f"ns.{ZONE}. {rname}", "1 1 1 60")
    server.serial += serial


# --- looking


def test_every_field_is_read() -> None:
    server = Server(serial=7)
    server.soas[ZONE] = (900, f"ns1.{ZONE}. first\\.last.{ZONE}.", "3600 600 86400 300")
    assert seen(server) == Soa(f"ns1.{ZONE}.", f"first\\.last.{ZONE}.", 7, 3600, 600, 86400, 300, 900)
    assert isinstance(service(server), SoaService)


def test_a_name_inside_a_zone_has_no_mailbox() -> None:
    server = Server()
    (error,) = service(server, ZONE, f"sub.{ZONE}").soas([f"sub.{ZONE}"])
    assert isinstance(error, InkanError)
    assert error.code == "zone_not_found"
    assert "no SOA record there" in error.why


def test_a_silent_server_is_asked_once_and_not_once_a_zone() -> None:
    zones = [f"z{number}.test" for number in range(20)]
    server = Server(zones=zones, silent=no_answer())
    calls = []
    real = server.send
    server.send = lambda message: calls.append(1) or real(message)  # type: ignore[method-assign, func-returns-value]
    assert {getattr(one, "code", None) for one in service(server, *zones).soas(zones)} == {"dns_no_answer"}
    assert len(calls) == 1


# --- writing


def test_the_mailbox_changes_and_nothing_else() -> None:
    server = Server(serial=41)
    server.soas[ZONE] = (900, f"ns1.{ZONE}. {OLD}", "3600 600 86400 300")
    after = service(server).set_rname(ZONE, seen(server), OURS)
    assert after == Soa(f"ns1.{ZONE}.", OURS, 42, 3600, 600, 86400, 300, 900)
    assert server.updates == [[f"+ {ZONE} SOA {OURS} 42"]]


def test_the_serial_goes_round_and_never_is_zero() -> None:
    server = Server(serial=2**32 - 1)
    assert service(server).set_rname(ZONE, seen(server), OURS).serial == 1


def test_the_old_soa_is_the_prerequisite_and_the_message_has_nothing_else() -> None:
    server = Server()
    sent: list[dns.message.Message] = []
    real = server.send
    server.send = lambda message: sent.append(message) or real(message)  # type: ignore[method-assign, func-returns-value]
    service(server).set_rname(ZONE, seen(server), OURS)
    (update,) = [t.cast(t.Any, one) for one in sent if one.opcode() == dns.opcode.UPDATE]
    assert [one.to_text() for one in update.prerequisite] == [f"{ZONE}. 0 IN SOA ns.{ZONE}. {OLD} 1 1 1 1 60"]
    assert [one.to_text() for one in update.update] == [f"{ZONE}. 60 IN SOA ns.{ZONE}. {OURS} 2 1 1 1 60"]


# --- somebody else


def test_a_mailbox_that_somebody_else_set_after_the_look_is_left_alone() -> None:
    server = Server()
    before = seen(server)
    put(THEIRS, server)
    error = refusal(server, before)
    assert (error.code, error.retryable, error.did_change) == ("rname_changed", True, False)
    assert OLD in error.why and THEIRS in error.why
    assert server.rname() == THEIRS
    assert server.updates == []


def test_somebody_else_may_have_set_what_we_want() -> None:
    server = Server()
    before = seen(server)
    put(OURS.upper(), server)
    assert service(server).set_rname(ZONE, before, OURS).serial == 2
    assert server.updates == []


def test_a_zone_whose_serial_has_moved_is_looked_at_again() -> None:
    server = Server()
    before = seen(server)
    server.serial = 9
    server.soas[ZONE] = (300, f"ns.{ZONE}. {OLD}", "2 2 2 2")
    assert service(server).set_rname(ZONE, before, OURS) == Soa(f"ns.{ZONE}.", OURS, 10, 2, 2, 2, 2, 300)


def test_a_zone_that_never_stands_still_is_given_up() -> None:
    server = Server()
    before = seen(server)
    real = server.send

    def send(message: dns.message.Message) -> dns.message.Message:
        server.serial += message.opcode() == dns.opcode.UPDATE
        return real(message)

    server.send = send  # type: ignore[method-assign]
    error = refusal(server, before)
    assert (error.code, error.retryable) == ("rrset_changed", True)
    assert server.serial == 1 + rfc2136_soa.MAX_TRIES
    assert server.rname() == OLD


def test_a_mailbox_that_is_overwritten_before_the_read_back_is_told() -> None:
    server = Server()
    before = seen(server)
    server.after_update = lambda one: put(THEIRS, one)
    error = refusal(server, before)
    assert (error.code, server.rname()) == ("rname_changed", THEIRS)


# --- what servers do


def test_a_server_that_compares_with_what_it_stores_is_written_to_without_prerequisite() -> None:
    """BIND with inline-signing: the served serial is ahead of the stored one."""
    server = Server(serial=12, stored_ahead=-2)
    assert service(server).set_rname(ZONE, seen(server), OURS).serial == 13


def test_an_soa_that_is_ignored_is_told_with_its_serials() -> None:
    """PowerDNS with SOA-EDIT: the stored serial is ahead of the served one."""
    server = Server(serial=12, stored_ahead=1000)
    error = refusal(server)
    assert (error.code, error.did_change) == ("readback_missing", True)
    assert OLD in error.why and "serial 12 (we sent 13)" in error.why
    assert "SOA-EDIT" in error.todo


def test_a_signed_zone_may_show_the_mailbox_a_moment_later() -> None:
    server, pauses = Server(), t.cast("list[float]", [])
    before = seen(server)
    real, late = server.send, dns.message.from_wire(b"\0" * 12)
    looks: list[int] = []

    def send(message: dns.message.Message) -> dns.message.Message:
        nonlocal late
        if message.opcode() == dns.opcode.UPDATE:
            late = real(dns.message.make_query(ZONE, "SOA"))
            return real(message)
        looks.append(1)
        if len(looks) < 3:
            late.id = message.id
            return late
        return real(message)

    server.send = send  # type: ignore[method-assign]
    assert service(server, pauses=pauses).set_rname(ZONE, before, OURS).rname == OURS
    assert pauses == list(rfc2136_soa.PAUSES[:2])


def test_a_policy_that_leaves_soa_out_is_told_with_the_rule_that_is_needed() -> None:
    error = refusal(Server(refuses={ZONE}))
    assert (error.code, error.did_change) == ("dns_refused", False)
    assert f"grant KEY name {ZONE}. SOA" in error.todo
    assert "REFUSED" in error.why


@pytest.mark.parametrize(
    ("rcode", "code"), [(dns.rcode.NOTAUTH, "dns_not_auth"), (dns.rcode.SERVFAIL, "dns_server_failure")]
)
def test_other_refusals_have_their_own_codes(rcode: int, code: str) -> None:
    server = Server()
    before = seen(server)
    server.forced_rcode = rcode
    assert refusal(server, before).code == code


def test_an_answer_lost_after_the_effect_is_no_failure() -> None:
    server = Server()
    before = seen(server)
    server.lost = no_answer()
    assert service(server).set_rname(ZONE, before, OURS).rname == OURS
    assert len(server.updates) == 1


def test_an_answer_lost_without_effect_is_one() -> None:
    server = Server(lost=no_answer(), deaf_to_updates=True)
    assert refusal(server).code == "dns_no_answer"


def test_a_server_that_falls_silent_after_the_update_may_have_taken_it() -> None:
    server = Server()
    before = seen(server)
    server.after_update = lambda one: setattr(one, "silent", no_answer())
    error = refusal(server, before)
    assert (error.code, error.did_change) == ("dns_no_answer", True)


def test_a_hostile_mailbox_is_shown_as_plain_text() -> None:
    server = Server()
    before = seen(server)
    put(f"\\027[31m\\010evil\\226\\128\\174.{ZONE}.", server)
    error = refusal(server, before)
    assert error.sentence().isascii() and error.sentence().isprintable()


def test_what_knot_calls_a_bad_key_is_a_refusal_where_the_look_was_taken() -> None:
    server = Server()
    before = seen(server)
    real = server.send

    def send(message: dns.message.Message) -> dns.message.Message:
        if message.opcode() == dns.opcode.UPDATE:
            raise RefusedError(code="tsig_bad_key", what="The DNS server does not know the TSIG key")
        return real(message)

    server.send = send  # type: ignore[method-assign]
    with pytest.raises(RefusedError) as error:
        service(server).set_rname(ZONE, before, OURS)
    assert error.value.code == "dns_refused"
    assert "Knot's acl" in error.value.todo
