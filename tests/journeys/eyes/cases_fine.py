# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups that few have and that are right: nothing is found in them."""

from __future__ import annotations

import typing as t

from .case import ACME, PKI, Book, file, mailbox, may_issue, site, wants
from .cases_caa import ACCOUNT, _zone
from .cases_contacts import ADDRESS, _txt
from .cases_dnssec import _signed
from .cases_files import _row, _served
from .net import INNER, TOKEN, VALUE, WEB, Net, Signer, text_of

fine = Book("unusual and right")

Options = dict[str, t.Any]


@fine.row("among five values of other orders")
def among_others(net: Net) -> Options:
    return wants(net.challenge("one", "two", VALUE, "three", "four"))


@fine.row("in three strings of one record")
def strings(net: Net) -> Options:
    return wants(net.challenge((VALUE[:5], VALUE[5:9], VALUE[9:])))


@fine.row("a value of 700 octets")
def long_value(net: Net) -> Options:
    value = "jprs.jp; accounturi=https://ca.example/" + "x" * 660
    zone = net.challenge(value)
    return wants(zone, value=value)


@fine.row("behind six CNAMEs through three zones")
def six_aliases(net: Net) -> Options:
    zones = [net.zone(), net.zone(servers=("c",)), net.zone(servers=("d", "six"))]
    for number in range(6):
        there = zones[(number + 1) % 3]
        owner = "_acme-challenge.www" if number == 0 else f"c{number}"
        zones[number % 3].put(owner, "CNAME", f"C{number + 1}.{text_of(there)}.")
    zones[0].put("c6", "TXT", VALUE)
    return wants(zones[0])


@fine.row("in a zone of its own, delegated from the name")
def own_zone(net: Net) -> Options:
    zone = net.zone()
    child = net.zone(f"_acme-challenge.www.{text_of(zone)}", ("e",), above=zone)
    child.put("@", "TXT", VALUE)
    return wants(zone)


@fine.row("one name server only")
def one_server(net: Net) -> Options:
    return wants(net.challenge(servers=("a",)))


@fine.row("a name server that speaks IPv6 only")
def ipv6_only(net: Net) -> Options:
    return wants(net.challenge(servers=("six",)))


@fine.row("an answer that needs TCP")
def by_tcp(net: Net) -> Options:
    return wants(net.challenge(VALUE, *(f"{number}" * 250 for number in range(9))))


@fine.row("name servers with serials of their own")
def serials(net: Net) -> Options:
    zone = net.challenge()
    net.variant(zone, "b").put("@", "SOA", "b.dns.jp. hostmaster.mail.jp. 2026112001 3600 600 86400 60")
    return wants(zone)


@fine.row("a wildcard that gives the value for every name")
def wildcard(net: Net) -> Options:
    zone = net.zone()
    zone.put("*", "TXT", VALUE)
    return wants(zone)


@fine.row("signed with NSEC")
def nsec(net: Net) -> Options:
    zone = _signed(net)
    zone.put("_acme-challenge.www", "TXT", VALUE).put("www", "A", "192.0.2.1")
    return wants(zone, **may_issue(zone, "www", "*", "no.such.name"))


@fine.row("signed with NSEC3")
def nsec3(net: Net) -> Options:
    zone = _signed(net, denies="nsec3")
    zone.put("_acme-challenge.www", "TXT", VALUE).put("www", "A", "192.0.2.1")
    return wants(zone, **may_issue(zone, "www", "*", "no.such.name"))


@fine.row("a signed wildcard with its proof")
def signed_wildcard(net: Net) -> Options:
    zone = _signed(net)
    zone.put("*.www", "TXT", VALUE)
    return wants(zone)


@fine.row("a signed wildcard with its proof by NSEC3")
def signed_wildcard3(net: Net) -> Options:
    zone = _signed(net, denies="nsec3")
    zone.put("*.www", "TXT", VALUE)
    return wants(zone)


@fine.row("an unsigned zone below a signed one")
def unsigned_below(net: Net) -> Options:
    above = _signed(net)
    zone = net.zone(f"dept.{text_of(above)}", ("c",), above=above)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@fine.row("an unsigned zone below one that opts out")
def opt_out(net: Net) -> Options:
    above = _signed(net, denies="opt-out")
    zone = net.zone(f"dept.{text_of(above)}", ("c",), above=above)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@fine.row("signed by an algorithm that nobody knows, which counts as unsigned")
def unknown_algorithm(net: Net) -> Options:
    origin = net.fresh()
    zone = net.zone(origin, ds=f"12345 250 2 {'AB' * 32}")
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@fine.row("a DS record of the next key beside that of the present one")
def two_ds(net: Net) -> Options:
    origin = net.fresh()
    signer = Signer(origin)
    zone = net.zone(origin, signer=signer)
    net.jp.put(f"{origin}.", "DS", Signer(origin).ds(), signer.ds())
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@fine.row("a signed CNAME to an unsigned zone")
def alias_to_unsigned(net: Net) -> Options:
    tokens, zone = net.zone(servers=("c",)), _signed(net)
    tokens.put("tokens", "TXT", VALUE)
    zone.put("_acme-challenge.www", "CNAME", f"tokens.{text_of(tokens)}.")
    return wants(zone)


@fine.row("a signed DNAME for all names below")
def dname(net: Net) -> Options:
    tokens, zone = _signed(net), _signed(net)
    tokens.put("_acme-challenge.x", "TXT", VALUE)
    zone.put("www", "DNAME", f"x.{text_of(tokens)}.")
    return wants(zone)


@fine.row("an inner view that is the same")
def same_view(net: Net) -> Options:
    return wants(net.challenge(), sight={"own_resolvers": [INNER]})


@fine.row("CAA records that restrict nobody")
def no_policy(net: Net) -> Options:
    return may_issue(_zone(net, '0 iodef "mailto:a@mail.jp"', '128 contactemail "a@mail.jp"'), "www", "*")


@fine.row("CAA for several CAs, this one among them, and the nearer set counts")
def several_cas(net: Net) -> Options:
    zone = _zone(net, '0 issue ";"')
    zone.put("www", "CAA", '0 issue "letsencrypt.org"', '0 issue "JPRS.jp"', '0 issue "not a domain"')
    return may_issue(zone)


@fine.row("wildcards are for nobody, and none is wanted")
def no_wildcards(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "jprs.jp"', '0 issuewild ";"'))


@fine.row("CAA with this account, and one of two methods")
def account_and_method(net: Net) -> Options:
    value = f'0 issue "letsencrypt.org; validationmethods=dns-01,http-01; accounturi={ACCOUNT}; future=1"'
    return may_issue(
        _zone(net, value), ca="letsencrypt", account_uri=ACCOUNT, validation_methods=["http-01", "ca-tbr-19"]
    )


@fine.row("a policy behind the CNAME lets the CA, the one of the domain does not")
def alias_policy(net: Net) -> Options:
    cdn = _zone(net, '0 issue "jprs.jp"', name="edge")
    zone = _zone(net, '0 issue ";"')
    zone.put("www", "A").put("www", "CNAME", f"edge.{text_of(cdn)}.")
    return may_issue(zone)


@fine.row("any brand's name of the CA")
def brand(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "rapidssl.com"'), ca="digicert")


@fine.row("a redirect to https with an expired certificate")
def to_https(net: Net) -> Options:
    host = site(net, WEB[0], WEB[1], "::1")
    net.page((host, f"http:{ACME}"), "", status=301, location=f"https://{host}{ACME}")
    net.page((host, f"https:{ACME}"), f"{TOKEN}.thumbprint\r\n")
    return file(host, f"{TOKEN}.thumbprint", ACME)


@fine.row("ten redirects at JPRS")
def ten_redirects(net: Net) -> Options:
    return _row(net, 10, "jprs")


@fine.row("five redirects at DigiCert, the last to another host of the domain")
def five_redirects(net: Net) -> Options:
    options = _row(net, 4, "digicert")
    host = options["files"][0]["url"].split("/")[2]
    domain = host.partition(".")[2]
    net.public[next(zone for zone in net.public if zone.to_text() == f"{domain}.")].put("files", "A", WEB[1])
    net.page((host, "/end"), "", status=308, location=f"https://files.{domain}/f")
    net.page((f"files.{domain}", "/f"), f"\n{VALUE}\n")
    return options


@fine.row("a relative redirect by status 307, to another content type")
def relative(net: Net) -> Options:
    host = site(net, WEB[0])
    net.page((host, PKI), "", status=307, location="../moved")
    net.page((host, "/.well-known/moved"), f"<html><p>{VALUE}", kind="application/json")
    return file(host)


@fine.row("status 203 by way of a proxy")
def by_proxy(net: Net) -> Options:
    return _served(net, VALUE, status=203)


@fine.row("the web host is an alias of an alias")
def web_alias(net: Net) -> Options:
    host = site(net, WEB[1], host="edge", servers=("c",))
    zone = net.zone()
    zone.put("www", "CNAME", f"w3.{text_of(zone)}.").put("w3", "CNAME", f"{host}.")
    net.page((f"www.{text_of(zone)}", PKI), VALUE)
    return file(f"www.{text_of(zone)}")


@fine.row("a contact at the domain whose own mailbox it is, with two mail hosts")
def own_mailbox(net: Net) -> Options:
    zone = net.zone()
    address = f"certs@{text_of(zone)}"
    zone.put("_validation-contactemail", "TXT", address)
    zone.put("@", "MX", "10 mx.mail.jp.", f"20 mx2.{text_of(zone)}.").put("mx2", "AAAA", "2001:db8::25")
    return mailbox(zone, address, dns_names=[f"shop.{text_of(zone)}"])


@fine.row("a mailbox at a domain with an address and no MX")
def implicit_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "A", "192.0.2.25")
    return mailbox(zone, f"postmaster@{text_of(zone)}", "constructed")


@fine.row("a contact in capital letters, in CAA beside a policy")
def caa_contact(net: Net) -> Options:
    zone = _zone(net, '0 issue "jprs.jp"', f'0 contactemail "{ADDRESS.upper()}"')
    return mailbox(zone, ADDRESS, "caa", f"www.{text_of(zone)}", **may_issue(zone))


@fine.row("an RNAME with a dot in its first label")
def dotted_rname(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "SOA", "a.dns.jp. server\\.team.mail.jp. 1 7200 900 1209600 86400")
    return mailbox(zone, "server.team@mail.jp", "soa")


@fine.row("a contact behind a CNAME")
def contact_alias(net: Net) -> Options:
    shared = _txt(net, ADDRESS)
    zone = net.zone()
    zone.put("_validation-contactemail", "CNAME", f"_validation-contactemail.{text_of(shared)}.")
    return mailbox(zone, ADDRESS)


CASES = fine.cases
