# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's DNS servers, asked over the wire."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import time
import typing as t

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest
from lab.clock import LabClock
from lab.dns_server import DnsServers
from lab.dns_zone import Record, new_zone, owner_of
from lab.history import History
from lab.vices import Switches
from lab.world import first_zones

ORIGIN = dns.name.from_text("example.jp")
RECORDS: list[Record] = [
    ("@", "CAA", '0 issue "ca.example"'),
    ("alias", "CNAME", "www.example.jp"),
    ("over", "CNAME", "www.example.com"),
    ("dead", "CNAME", "nothing.example.com"),
    ("away", "CNAME", "www.example.org"),
    ("ring1", "CNAME", "ring2.example.jp"),
    ("ring2", "CNAME", "ring1.example.jp"),
    ("_token.deep", "TXT", "deep"),
    ("*.wild", "A", "127.0.0.9"),
    ("there.wild", "A", "127.0.0.8"),
    ("below", "NS", "ns.below.example.jp"),
    ("ns.below", "A", "127.0.0.7"),
    *[("many", "TXT", f"{number:03} " + 100 * "x") for number in range(40)],
]


class World(t.NamedTuple):
    servers: DnsServers
    switches: Switches
    history: History

    def ask(self, name: str, type: str, server: int = 0, **how: t.Any) -> dns.message.Message:
        query = dns.message.make_query(name, type, **how)
        query.flags &= ~dns.flags.RD
        address = self.servers.addresses[server]
        return dns.query.udp_with_fallback(query, address, timeout=3, port=self.servers.port)[0]

    def values(self, name: str, type: str, server: int = 0) -> set[str]:
        return {rdata.to_text() for rrset in self.ask(name, type, server).answer for rdata in rrset}

    def update(self, zone: str = "example.jp", **signature: t.Any) -> dns.update.UpdateMessage:
        secret = signature.get("secret", self.servers.key_secret)
        key = dns.tsig.Key(signature.get("name", self.servers.key_name), secret)
        return dns.update.UpdateMessage(zone, keyring={key.name: key}, keyname=key.name)

    def send(self, message: dns.message.Message, server: int = 0) -> str:
        answer = dns.query.tcp(message, self.servers.addresses[server], timeout=3, port=self.servers.port)
        return dns.rcode.to_text(answer.rcode())

    def serial(self) -> int:
        return self.servers.serial("example.jp")


@pytest.fixture
def world() -> t.Iterator[World]:
    switches = Switches([])
    history = History(LabClock())
    zones = first_zones(["127.0.0.11", "127.0.0.12"], {"example.jp": RECORDS})
    with DnsServers(zones, history=history, switches=switches) as servers:
        yield World(servers, switches, history)


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", [0, 1])
def test_both_servers_answer_with_authority_and_without_recursion(world: World, server: int) -> None:
    answer = world.ask("www.example.jp", "A", server)
    assert {rdata.to_text() for rdata in answer.answer[0]} == {"127.0.0.11", "127.0.0.12"}
    assert answer.flags & dns.flags.AA
    assert not answer.flags & dns.flags.RA


@pytest.mark.parametrize(
    ("name", "type", "rcode", "answers", "authority"),
    [
        pytest.param("WwW.eXample.JP", "A", "NOERROR", ["A"], [], id="case does not matter"),
        pytest.param("www.example.jp", "CAA", "NOERROR", [], ["SOA"], id="the name is there, the type is not"),
        pytest.param("deep.example.jp", "TXT", "NOERROR", [], ["SOA"], id="only something below is there"),
        pytest.param("nothing.example.jp", "A", "NXDOMAIN", [], ["SOA"], id="nothing is there"),
        pytest.param("alias.example.jp", "A", "NOERROR", ["CNAME", "A"], [], id="an alias is followed"),
        pytest.param("alias.example.jp", "CNAME", "NOERROR", ["CNAME"], [], id="an alias itself"),
        pytest.param("alias.example.jp", "TXT", "NOERROR", ["CNAME"], ["SOA"], id="an alias without that type"),
        pytest.param("over.example.jp", "A", "NOERROR", ["CNAME", "A"], [], id="an alias into another zone of ours"),
        pytest.param("dead.example.jp", "A", "NXDOMAIN", ["CNAME"], ["SOA"], id="an alias to nothing"),
        pytest.param("away.example.jp", "A", "NOERROR", ["CNAME"], [], id="an alias to what others hold"),
        pytest.param("ring1.example.jp", "A", "SERVFAIL", ["CNAME", "CNAME"], [], id="aliases in a ring"),
        pytest.param("a.b.wild.example.jp", "A", "NOERROR", ["A"], [], id="a wildcard"),
        pytest.param("a.b.wild.example.jp", "TXT", "NOERROR", [], ["SOA"], id="a wildcard of another type"),
        pytest.param("a.there.wild.example.jp", "A", "NXDOMAIN", [], ["SOA"], id="a closer name hides the wildcard"),
        pytest.param("x.below.example.jp", "A", "NOERROR", [], ["NS"], id="a referral"),
        pytest.param("below.example.jp", "DS", "NOERROR", [], ["SOA"], id="DS belongs to the parent"),
        pytest.param("example.jp", "SOA", "NOERROR", ["SOA"], [], id="SOA"),
        pytest.param("example.jp", "NS", "NOERROR", ["NS"], [], id="NS"),
        pytest.param("example.jp", "MX", "NOERROR", ["MX"], [], id="MX"),
        pytest.param("example.jp", "CAA", "NOERROR", ["CAA"], [], id="CAA"),
        pytest.param("www.example.org", "A", "REFUSED", [], [], id="a zone that is not ours"),
        pytest.param("example.jp", "AXFR", "REFUSED", [], [], id="a transfer"),
    ],
)
def test_answers_as_a_real_server(
    world: World, name: str, type: str, rcode: str, answers: list[str], authority: list[str]
) -> None:
    answer = world.ask(name, type)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in answer.answer] == answers
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in answer.authority] == authority


def test_a_referral_is_without_authority_and_with_glue(world: World) -> None:
    answer = world.ask("x.below.example.jp", "A")
    assert not answer.flags & dns.flags.AA
    assert [rrset.name.to_text() for rrset in answer.additional] == ["ns.below.example.jp."]


def test_name_servers_have_addresses(world: World) -> None:
    assert world.values("example.jp", "NS") == {"ns1.lab.example.", "ns2.lab.example."}
    assert world.values("ns1.lab.example", "A") == {"127.0.0.1"}
    assert world.values("ns2.lab.example", "A") == {"127.0.0.2"}


@pytest.mark.parametrize(("how", "limit"), [({}, 512), ({"use_edns": 0, "payload": 4096}, 1232)])
def test_what_is_too_long_is_truncated_and_whole_over_tcp(world: World, how: dict[str, int], limit: int) -> None:
    query = dns.message.make_query("many.example.jp", "TXT", **how)
    short = dns.query.udp(query, "127.0.0.1", timeout=3, port=world.servers.port, ignore_trailing=True)
    assert short.flags & dns.flags.TC
    assert len(short.to_wire()) <= limit
    whole = dns.query.tcp(query, "127.0.0.1", timeout=3, port=world.servers.port)
    assert len(whole.answer[0]) == 40


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        pytest.param(b"\x12\x34\x01\x00\x00\x01" + bytes(6), "FORMERR", id="a question is promised and not there"),
        pytest.param(b"\x12\x34\x20\x00" + bytes(8), "NOTIMP", id="NOTIFY"),
        pytest.param(b"\x12\x34\x00\x00" + bytes(8), "FORMERR", id="no question"),
        pytest.param(b"\x12\x34\x80\x00" + bytes(8), None, id="an answer"),
        pytest.param(b"\x12", None, id="one byte"),
    ],
)
def test_broken_messages(world: World, wire: bytes, rcode: str | None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3 if rcode else 0.2)
        sock.sendto(wire, ("127.0.0.1", world.servers.port))
        if rcode is None:
            with pytest.raises(TimeoutError):
                sock.recv(512)
        else:
            answer = sock.recv(512)
            assert answer[:2] == wire[:2]
            assert dns.rcode.to_text(answer[3] & 15) == rcode


def test_one_tcp_connection_carries_many_questions(world: World) -> None:
    wire = dns.message.make_query("www.example.jp", "A").to_wire()
    with socket.create_connection(("127.0.0.1", world.servers.port), 3) as sock:
        sock.sendall(2 * (struct.pack("!H", len(wire)) + wire))
        reader = sock.makefile("rb")
        answers = [reader.read(struct.unpack("!H", reader.read(2))[0]) for _unused in range(2)]
    first, second = (dns.message.from_wire(answer) for answer in answers)
    assert first.answer == second.answer
    assert len(first.answer[0]) == 2
    assert answers[0][:2] == answers[1][:2] == wire[:2]


# --- updates -------------------------------------------------------------------------------------------------------


def test_an_update_appends_bumps_the_serial_and_reaches_both_servers(world: World) -> None:
    before = world.serial()
    message = world.update()
    message.add("_acme-challenge.www", 60, "TXT", "one")
    message.add("_acme-challenge.www", 60, "TXT", "two words")
    assert world.send(message) == "NOERROR"
    for server in (0, 1):
        assert world.values("_acme-challenge.www.example.jp", "TXT", server) == {'"one"', '"two" "words"'}
    assert world.serial() == before + 1
    [event] = world.history.events("dns_update")
    assert event["adds"] == [["_acme-challenge.www.example.jp", "TXT", text] for text in ("one", "twowords")]
    assert (event["zone"], event["removes"], event["server"]) == ("example.jp", [], "127.0.0.1")
    assert event["key"] == world.servers.key_name


def test_an_update_over_udp(world: World) -> None:
    message = world.update()
    message.add("x", 60, "TXT", "one")
    answer = dns.query.udp(message, "127.0.0.1", timeout=3, port=world.servers.port)
    assert (answer.rcode(), answer.had_tsig) == (dns.rcode.NOERROR, True)
    assert world.values("x.example.jp", "TXT") == {'"one"'}


def test_what_changes_nothing_does_not_count(world: World) -> None:
    before = world.serial()
    for _turn in range(2):
        message = world.update()
        message.add("x", 60, "TXT", "one")
        message.delete("nothing", "TXT")
        assert world.send(message) == "NOERROR"
    assert world.serial() == before + 1
    assert [len(event["adds"]) for event in world.history.events("dns_update")] == [1, 0]


def test_one_value_goes_and_the_neighbour_stays(world: World) -> None:
    world.servers.set("example.jp", "x", "TXT", ["mine", "yours"])
    message = world.update()
    message.delete("x", "TXT", "mine")
    assert world.send(message) == "NOERROR"
    assert world.values("x.example.jp", "TXT") == {'"yours"'}
    assert world.history.events("dns_update")[0]["removes"] == [["x.example.jp", "TXT", "mine"]]


def test_the_order_of_changes_counts(world: World) -> None:
    world.servers.set("example.jp", "x", "TXT", ["old"])
    message = world.update()
    message.replace("x", 60, "TXT", "new")
    assert world.send(message) == "NOERROR"
    assert world.values("x.example.jp", "TXT") == {'"new"'}
    message = world.update()
    message.add("y", 60, "TXT", "gone at once")
    message.delete("y")
    assert world.send(message) == "NOERROR"
    assert world.values("y.example.jp", "TXT") == set()


def test_an_added_record_gives_its_ttl_to_the_whole_set(world: World) -> None:
    world.servers.set("example.jp", "x", "TXT", ["one"])
    message = world.update()
    message.add("x", 77, "TXT", "two")
    world.send(message)
    assert world.ask("x.example.jp", "TXT").answer[0].ttl == 77


@pytest.mark.parametrize(
    ("prepare", "rcode"),
    [
        (lambda m: m.present("www"), "NOERROR"),
        (lambda m: m.present("nothing"), "NXDOMAIN"),
        (lambda m: m.absent("nothing"), "NOERROR"),
        (lambda m: m.absent("www"), "YXDOMAIN"),
        (lambda m: m.present("www", "A"), "NOERROR"),
        (lambda m: m.present("www", "TXT"), "NXRRSET"),
        (lambda m: m.absent("www", "TXT"), "NOERROR"),
        (lambda m: m.absent("www", "A"), "YXRRSET"),
        (lambda m: m.present("www", "A", "127.0.0.12", "127.0.0.11"), "NOERROR"),
        (lambda m: m.present("www", "A", "127.0.0.11"), "NXRRSET"),
        (lambda m: m.present("www.example.com."), "NOTZONE"),
        (lambda m: m.add("x.example.com.", 60, "TXT", "far"), "NOTZONE"),
    ],
)
def test_all_or_nothing(world: World, prepare: t.Callable[[dns.update.UpdateMessage], None], rcode: str) -> None:
    before = world.servers.records("example.jp")
    message = world.update()
    message.add("x", 60, "TXT", "one")
    prepare(message)
    assert world.send(message) == rcode
    assert (world.servers.records("example.jp") == before) == (rcode != "NOERROR")


def test_a_cname_stands_alone_in_silence(world: World) -> None:
    before = world.servers.records("example.jp")
    message = world.update()
    message.add("alias", 60, "TXT", "beside a CNAME")
    message.add("www", 60, "CNAME", "beside.an.address.")
    assert world.send(message) == "NOERROR"
    assert world.servers.records("example.jp") == before


def test_a_second_cname_takes_the_place_of_the_first(world: World) -> None:
    message = world.update()
    message.add("alias", 60, "CNAME", "elsewhere.example.jp.")
    world.send(message)
    assert world.values("alias.example.jp", "CNAME") == {"elsewhere.example.jp."}


@pytest.mark.parametrize(("ahead", "taken"), [(1, True), (2**31 - 1, True), (0, False), (-1, False), (2**31, False)])
def test_an_soa_is_taken_if_its_serial_is_newer(world: World, ahead: int, taken: bool) -> None:
    serial = (world.serial() + ahead) % 2**32
    message = world.update()
    message.add("@", 300, "SOA", rf"ns1.lab.example. first\.last.example.jp. {serial} 3600 600 86400 60")
    assert world.send(message) == "NOERROR"
    soa = world.ask("example.jp", "SOA").answer[0]
    assert (soa[0].rname.to_text() == r"first\.last.example.jp.") == taken
    assert soa[0].serial == (serial if taken else 1), "the server counts nothing on top"
    assert soa.ttl == (300 if taken else 60)


def test_the_serial_skips_zero(world: World) -> None:
    world.servers.set("example.jp", "@", "SOA", [f"ns1.lab.example a.example.jp {2**32 - 1} 3600 600 86400 60"])
    message = world.update()
    message.add("x", 60, "TXT", "one")
    world.send(message)
    assert world.serial() == 1


def test_soa_and_name_servers_cannot_be_deleted(world: World) -> None:
    message = world.update()
    message.delete("@")
    message.delete("@", "NS")
    message.delete("@", "SOA")
    message.delete("@", "NS", "ns1.lab.example.")
    message.delete("@", "NS", "ns2.lab.example.")
    assert world.send(message) == "NOERROR"
    left = {type for name, type, _value in world.servers.records("example.jp") if name == "example.jp"}
    assert left == {"SOA", "NS"}


def test_a_zone_that_is_not_ours(world: World) -> None:
    assert world.send(world.update("example.org")) == "NOTAUTH"


def test_the_second_server_takes_no_updates(world: World) -> None:
    assert world.send(world.update(), server=1) == "REFUSED"


# --- signatures ----------------------------------------------------------------------------------------------------


def test_without_a_signature_no_update(world: World) -> None:
    message = dns.update.UpdateMessage("example.jp")
    message.add("x", 60, "TXT", "one")
    assert world.send(message) == "REFUSED"
    assert world.values("x.example.jp", "TXT") == set()


@pytest.mark.parametrize(
    ("signature", "error", "word"),
    [
        ({"name": "other"}, dns.tsig.PeerBadKey, "BADKEY"),
        ({"secret": "AAAA"}, dns.tsig.PeerBadSignature, "BADSIG"),
    ],
)
def test_a_wrong_signature_is_named(world: World, signature: dict[str, str], error: type[Exception], word: str) -> None:
    message = world.update(**signature)
    message.add("x", 60, "TXT", "one")
    with pytest.raises(error):
        world.send(message)
    assert world.values("x.example.jp", "TXT") == set()
    assert [event["why"] for event in world.history.events("dns_refusal")] == [word]


def test_a_signature_of_another_hour_is_named_and_the_answer_signed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = world.update()
    message.add("x", 60, "TXT", "one")
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr("dns.message.time.time", lambda: now - 3600)
        wire = message.to_wire()
    with socket.create_connection(("127.0.0.1", world.servers.port), 3) as sock:
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        reader = sock.makefile("rb")
        octets = reader.read(struct.unpack("!H", reader.read(2))[0])
    unread = dns.message.from_wire(octets, keyring=lambda _message, _name: False)
    verdict = unread.tsig[0]
    assert (unread.rcode(), verdict.error, len(verdict.mac)) == (dns.rcode.NOTAUTH, 18, 32)
    assert verdict.time_signed == int(now - 3600), "the client's time"
    assert abs(int.from_bytes(verdict.other, "big") - now) < 60, "and the server's"
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(octets, keyring=message.keyring, request_mac=message.mac)
    _check_mac(octets, verdict, message)


def _check_mac(octets: bytes, verdict: t.Any, request: dns.message.Message) -> None:
    """RFC 8945 §5.2.3: this one error is signed."""
    start = octets.rindex(dns.name.from_text("lab-update").to_wire())
    plain = octets[:10] + struct.pack("!H", struct.unpack("!H", octets[10:12])[0] - 1) + octets[12:start]
    signed, _context = dns.tsig.sign(plain, request.keyring, verdict.replace(mac=b""), verdict.time_signed, request.mac)
    assert signed.mac == verdict.mac


# --- vices ---------------------------------------------------------------------------------------------------------


def _add_token(world: World, text: str = "one") -> str:
    message = world.update()
    message.add("x", 60, "TXT", text)
    return world.send(message)


def test_the_second_server_lags(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.switches.only("dns_secondary_lags")
    monkeypatch.setattr("lab.dns_store.LAG_SECONDS", 0.3)
    _add_token(world)
    assert world.values("x.example.jp", "TXT") == {'"one"'}
    assert world.values("x.example.jp", "TXT", server=1) == set()
    time.sleep(0.35)
    assert world.values("x.example.jp", "TXT", server=1) == {'"one"'}


def test_the_second_server_disagrees_until_the_vice_ends(world: World) -> None:
    world.switches.only("dns_servers_disagree")
    _add_token(world)
    assert world.values("x.example.jp", "TXT", server=1) == set()
    world.switches.none()
    assert world.values("x.example.jp", "TXT", server=1) == {'"one"'}


def test_the_first_update_of_each_zone_fails(world: World) -> None:
    world.switches.only("dns_servfail_first")
    assert [_add_token(world) for _turn in range(2)] == ["SERVFAIL", "NOERROR"]
    assert world.send(world.update("example.com")) == "SERVFAIL"


def test_an_answer_is_lost_after_the_effect(world: World) -> None:
    world.switches.only("dns_update_answer_lost")
    with pytest.raises(EOFError):
        _add_token(world)
    assert world.values("x.example.jp", "TXT") == {'"one"'}
    assert world.history.events("dns_update")[0]["vice"] == "dns_update_answer_lost"
    assert _add_token(world, "two") == "NOERROR"


def test_txt_is_truncated_over_udp(world: World) -> None:
    world.switches.only("dns_truncates")
    query = dns.message.make_query("_token.deep.example.jp", "TXT")
    answer = dns.query.udp(query, "127.0.0.1", timeout=3, port=world.servers.port)
    assert answer.flags & dns.flags.TC
    assert not answer.answer
    assert world.values("_token.deep.example.jp", "TXT") == {'"deep"'}


# --- what tests and the other rooms use ----------------------------------------------------------------------------


def test_names_and_values_as_people_write_them(world: World) -> None:
    world.servers.set("example.jp", "@", "MX", ["10 mail.lab.example"])
    world.servers.set("example.jp", "long.example.jp", "TXT", ["長" * 100])
    records = world.servers.records("example.jp")
    assert ("example.jp", "MX", "10 mail.lab.example") in records
    assert ("long.example.jp", "TXT", "長" * 100) in records
    assert [len(text) for text in world.ask("long.example.jp", "TXT").answer[0][0].strings] == [255, 45]
    assert owner_of(ORIGIN, "www") == owner_of(ORIGIN, "www.example.jp") == owner_of(ORIGIN, "www.example.jp.")


def test_what_is_set_is_on_both_servers_at_once_and_counted(world: World) -> None:
    world.switches.only("dns_secondary_lags")
    world.servers.set("example.jp", "x", "TXT", ["one"])
    assert world.values("x.example.jp", "TXT", server=1) == {'"one"'}
    assert world.serial() == 2
    world.servers.set("example.jp", "x", "TXT", [])
    assert world.values("x.example.jp", "TXT", server=1) == set()


def test_a_zone_comes_later(world: World) -> None:
    world.servers.add_zone("new.example", [("www", "A", "127.0.0.11")])
    assert world.values("www.new.example", "A", server=1) == {"127.0.0.11"}
    assert "new.example" in world.servers.zones()


def test_two_labs_at_once_do_not_meet(world: World) -> None:
    zones = [new_zone(ORIGIN, ("ns1.lab.example",), [("www", "A", "127.0.0.99")])]
    with DnsServers(zones, history=world.history, switches=world.switches) as other:
        assert other.port != world.servers.port
        assert world.values("www.example.jp", "A") == {"127.0.0.11", "127.0.0.12"}


# --- with the programs of BIND, where they are ---------------------------------------------------------------------


@pytest.mark.skipif(not (shutil.which("dig") and shutil.which("nsupdate")), reason="dig or nsupdate is not installed")
def test_nsupdate_and_dig_agree(world: World) -> None:
    port = str(world.servers.port)
    script = f"server 127.0.0.1 {port}\nzone example.jp\nprereq nxrrset x.example.jp TXT\n"
    script += 'update add x.example.jp 60 TXT "by nsupdate"\nsend\n'
    key = f"hmac-sha256:{world.servers.key_name}:{world.servers.key_secret}"
    for turn in range(2):
        done = subprocess.run(
            ["nsupdate", "-y", key], input=script, capture_output=True, text=True, timeout=20, check=False
        )
        assert (done.returncode, "YXRRSET" in done.stderr) == ((0, False) if turn == 0 else (2, True))
    command = ["dig", "@127.0.0.2", "-p", port, "+norecurse", "-y", key, "x.example.jp", "TXT"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    assert re.search(r"flags: qr aa;", shown), shown
    assert '"by nsupdate"' in shown
    assert "Couldn't verify" not in shown
