# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two DNS servers for the test: dns_server.py DIRECTORY KEY_SECRET. They go into the background and print their port.

ns1 on 127.0.0.1 takes updates signed with the key "upd" and writes each change to DIRECTORY/updates.log; ns2 on
127.0.0.2 shows the same while DIRECTORY/follow exists, else what it saw last. Zones: example.test, tokens.test and
refusing.test, which takes no update. An SOA whose serial is not later is ignored in silence, as servers do. Their
process id is in DIRECTORY/dns.pid.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import sys
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.tsigkeyring

DIRECTORY = Path(sys.argv[1])
RING = dns.tsigkeyring.from_text({"upd": sys.argv[2]})
ZONES = [dns.name.from_text(zone) for zone in ("example.test", "tokens.test", "refusing.test")]
REFUSING = ZONES[2]
ADDRESSES = ("127.0.0.1", "127.0.0.2")


def rrset(name, type, *values, ttl=60):
    return dns.rrset.from_text(name, ttl, "IN", type, *values)


def first_records():
    sets = [rrset(zone, "NS", "ns1.example.test.", "ns2.example.test.") for zone in ZONES]
    sets += [rrset(zone, "SOA", f"ns1.example.test. mail.{zone} 1 3600 600 86400 60", ttl=900) for zone in ZONES]
    sets += [rrset(f"ns{number}.example.test.", "A", address) for number, address in enumerate(ADDRESSES, 1)]
    sets.append(rrset("www.example.test.", "A", "127.0.0.1"))
    sets.append(rrset("_acme-challenge.shop.example.test.", "CNAME", "shop.tokens.test."))
    sets.append(rrset("_acme-challenge.www.example.test.", "TXT", '"neighbour"', ttl=300))
    return {(one.name, one.rdtype): one for one in sets}


records = first_records()
stale = {}


def zone_of(name):
    return max((zone for zone in ZONES if name.is_subdomain(zone)), key=len, default=None)


def answer(query, response, shown):
    question = query.question[0]
    zone = zone_of(question.name)
    if zone is None:
        response.set_rcode(dns.rcode.REFUSED)
        return
    response.flags |= dns.flags.AA
    for rdtype in (question.rdtype, dns.rdatatype.CNAME):
        if (question.name, rdtype) in shown:
            response.answer.append(shown[question.name, rdtype])
            return
    response.authority.append(shown[zone, dns.rdatatype.SOA])
    if not any(name.is_subdomain(question.name) for name, _rdtype in shown):
        response.set_rcode(dns.rcode.NXDOMAIN)


def update(query):
    if not query.had_tsig or query.zone[0].name == REFUSING:
        return dns.rcode.REFUSED
    if query.prerequisite and not holds(query.prerequisite):
        return dns.rcode.NXRRSET
    zone = query.zone[0].name
    serial = serial_of(zone)
    with open(DIRECTORY / "updates.log", "a", encoding="utf-8") as log:
        changed = [apply_soa(one, log) if one.rdtype == dns.rdatatype.SOA else apply(one, log) for one in query.update]
    if any(changed) and serial_of(zone) == serial:
        put_soa(zone, records[zone, dns.rdatatype.SOA].ttl, records[zone, dns.rdatatype.SOA][0], serial + 1)
    return dns.rcode.NOERROR


def serial_of(zone):
    return records[zone, dns.rdatatype.SOA][0].serial


def put_soa(zone, ttl, rdata, serial):
    records[zone, dns.rdatatype.SOA] = dns.rrset.from_rdata(zone, ttl, rdata.replace(serial=serial))


def apply_soa(change, log):
    if change.deleting or change.name not in ZONES:
        return False
    if not 0 < (change[0].serial - serial_of(change.name)) % 2**32 < 2**31:
        return False
    put_soa(change.name, change.ttl, change[0], change[0].serial)
    log.write(f"+ {change.name} SOA {change[0].rname}\n")
    return True


def holds(prerequisite):
    expected = {}
    for one in prerequisite:
        expected.setdefault((one.name, one.rdtype), set()).update(one)
    return all(set(records.get(key, ())) == rdatas for key, rdatas in expected.items())


def apply(change, log):
    key = (change.name, change.rdtype)
    if (change.name, dns.rdatatype.CNAME) in records and change.rdtype != dns.rdatatype.CNAME:
        return False  # as BIND does: ignored in silence
    there = set(records.get(key, ()))
    rdatas = there - set(change) if change.deleting else there | set(change)
    if rdatas == there:
        return False
    log.write(f"{'-' if change.deleting else '+'} {change.name} {dns.rdatatype.to_text(change.rdtype)}\n")
    ttl = records[key].ttl if change.deleting else change.ttl
    records.pop(key, None)
    if rdatas:
        records[key] = dns.rrset.from_rdata_list(change.name, ttl, sorted(rdatas))
    return True


def respond(wire, address):
    try:
        query = dns.message.from_wire(wire, keyring=RING)
    except dns.tsig.BadSignature:
        return refusal(wire, dns.rcode.BADSIG)
    except dns.message.UnknownTSIGKey:
        return refusal(wire, dns.rcode.BADKEY)
    response = dns.message.make_response(query)
    if query.opcode() == dns.opcode.UPDATE:
        response.set_rcode(update(query) if address == ADDRESSES[0] else dns.rcode.REFUSED)
        return response.to_wire()
    if (DIRECTORY / "follow").exists() or address == ADDRESSES[0]:
        answer(query, response, records)
        if address != ADDRESSES[0]:
            stale.clear()
            stale.update(records)
    else:
        answer(query, response, stale)
    return response.to_wire(max_size=65535)


def refusal(wire, error):
    """NOTAUTH with an unsigned TSIG that names the error, as servers send it."""
    query = dns.message.from_wire(wire, keyring=lambda _message, _name: False)
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.NOTAUTH)
    tsig = query.tsig[0]
    octets = bytearray(response.to_wire())
    rdata = tsig.algorithm.to_wire() + struct.pack("!HIHHHHH", 0, 0, 300, 0, query.id, error, 0)
    octets += (
        query.tsig.name.to_wire() + struct.pack("!HHIH", dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(rdata)) + rdata
    )
    octets[10:12] = struct.pack("!H", struct.unpack("!H", octets[10:12])[0] + 1)
    return bytes(octets)


def serve_tcp(listener, address):
    connection, _peer = listener.accept()
    with connection:
        connection.settimeout(3)
        size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
        reply = respond(connection.recv(size, socket.MSG_WAITALL), address)
        connection.sendall(struct.pack("!H", len(reply)) + reply)


def serve_udp(sock, address):
    wire, peer = sock.recvfrom(65535)
    sock.sendto(respond(wire, address), peer)


def open_sockets(port):
    """UDP and TCP on both addresses, on one port."""
    for address in ADDRESSES:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(socket.AF_INET, kind)
            sock.bind((address, port))
            port = sock.getsockname()[1]
            if kind == socket.SOCK_STREAM:
                sock.listen(16)
            yield sock, address


def main():
    sockets = list(open_sockets(0))
    stale.update(records)
    print(sockets[0][0].getsockname()[1], flush=True)
    if os.fork():
        return
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(silence, number)
    os.dup2(os.open(DIRECTORY / "dns.err", os.O_WRONLY | os.O_CREAT, 0o600), 2)
    (DIRECTORY / "dns.pid").write_text(str(os.getpid()), encoding="utf-8")
    selector = selectors.DefaultSelector()
    for sock, address in sockets:
        selector.register(sock, selectors.EVENT_READ, address)
    while True:
        for key, _events in selector.select():
            serve = serve_tcp if key.fileobj.type == socket.SOCK_STREAM else serve_udp
            try:
                serve(key.fileobj, key.data)
            except (OSError, struct.error) as failure:
                print(failure, file=sys.stderr, flush=True)


main()
