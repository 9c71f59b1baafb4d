# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAA records that keep the CA out, that say it wrongly, and that cannot be looked up."""

from __future__ import annotations

import typing as t

from .case import Book, may_issue
from .net import SERVERS, Net, Zone, says, silent, text_of

policy = Book("a CAA policy that keeps the CA out")
parameters = Book("a CAA property with wrong parameters")
lookups = Book("a CAA look-up that fails")

Options = dict[str, t.Any]
ACCOUNT = "https://acme.example/acct/7"


def _zone(net: Net, *values: str, name: str = "@") -> Zone:
    zone = net.zone()
    zone.put("www", "A", "192.0.2.1").put(name, "CAA", *values)
    return zone


@policy.row("another CA is the only one", ("caa_forbids", "letsencrypt.org", "jprs.jp"))
def other_ca(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "letsencrypt.org"', name="www"))


@policy.row("nobody may issue", ("caa_forbids_all", 'issue ";"'))
def nobody(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue ";"', name="www"))


@policy.row("the policy stands at the domain above", ("caa_forbids", "globalsign.com"))
def above(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "globalsign.com"'), "a.b.www")


@policy.row("the policy stands where a CNAME of the name leads", ("caa_forbids", "letsencrypt.org"))
def behind_alias(net: Net) -> Options:
    cdn = _zone(net, '0 issue "letsencrypt.org"', name="edge")
    zone = net.zone()
    zone.put("www", "CNAME", f"edge.{text_of(cdn)}.")
    return may_issue(zone)


@policy.row("wildcards are for nobody, single names for this CA", ("caa_forbids_wildcard", "nobody may issue"))
def no_wildcards(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "jprs.jp"', '0 issuewild ";"'), "*")


@policy.row("wildcards are for another CA", ("caa_forbids_wildcard", "digicert.com"))
def other_wildcards(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "jprs.jp"', '0 issuewild "digicert.com"'), "*")


@policy.row("a critical property is not known to any CA", ("caa_critical", "tbs"))
def critical(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "jprs.jp"', '128 tbs "Unknown"'))


@policy.row("a nearer set hides the one that would let it", ("caa_forbids", "digicert.com"))
def nearer(net: Net) -> Options:
    zone = _zone(net, '0 issue "jprs.jp"')
    zone.put("www", "CAA", '0 issue "digicert.com"')
    return may_issue(zone)


# --- parameters ------------------------------------------------------------------------------------------------------


@parameters.row("another account may issue", ("caa_account", "acct/8", ACCOUNT))
def other_account(net: Net) -> Options:
    zone = _zone(net, '0 issue "letsencrypt.org; accounturi=https://acme.example/acct/8"')
    return may_issue(zone, ca="letsencrypt", account_uri=ACCOUNT)


@parameters.row("accounturi stands there twice", ("caa_account", "more than once"))
def two_accounts(net: Net) -> Options:
    zone = _zone(net, f'0 issue "letsencrypt.org; accounturi={ACCOUNT}; accounturi={ACCOUNT}8"')
    return may_issue(zone, ca="letsencrypt", account_uri=ACCOUNT)


@parameters.row("accounturi is a number and no URI", ("caa_account", "is no URI"))
def no_uri(net: Net) -> Options:
    zone = _zone(net, '0 issue "letsencrypt.org; accounturi=7"')
    return may_issue(zone, ca="letsencrypt", account_uri=ACCOUNT)


@parameters.row("only another way of validation is allowed", ("caa_method", "dns-01", "http-01"))
def other_method(net: Net) -> Options:
    zone = _zone(net, '0 issue "letsencrypt.org; validationmethods=dns-01"')
    return may_issue(zone, ca="letsencrypt", validation_methods=["http-01", "ca-tbr-19"])


@parameters.row("the CA's web address stands where its name should", ("caa_malformed", "https://jprs.jp"))
def web_address(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "https://jprs.jp/"'))


@parameters.row("parameters follow without a semicolon", ("caa_malformed", "no issuer domain name"))
def no_semicolon(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "jprs.jp validationmethods=ca-tbr-14"'))


@parameters.row("whether the account fits is not known", ("caa_not_judged", "acct/8"))
def account_not_known(net: Net) -> Options:
    zone = _zone(net, '0 issue "letsencrypt.org; accounturi=https://acme.example/acct/8"')
    return may_issue(zone, ca="letsencrypt")


@parameters.row("who this CA is in CAA records is not known", ("caa_not_judged", "not known"))
def issuer_not_known(net: Net) -> Options:
    return may_issue(_zone(net, '0 issue "ca.example.net"'), ca=None)


# --- look-ups --------------------------------------------------------------------------------------------------------


@lookups.row("a server fails for this type only", ("caa_lookup_failed", SERVERS["b"], "SERVFAIL"))
def servfail(net: Net) -> Options:
    zone = _zone(net)
    net.quirk("b", zone, says("SERVFAIL", "CAA"))
    return may_issue(zone)


@lookups.row(
    "a firewall drops questions of types that it does not know", ("caa_lookup_failed", SERVERS["a"], "no answer")
)
def dropped(net: Net) -> Options:
    zone = _zone(net)
    for letter in "ab":
        net.quirk(letter, zone, silent("CAA"))
    return may_issue(zone)


@lookups.row("an old server does not implement the type", ("caa_lookup_failed", "NOTIMP"))
def notimp(net: Net) -> Options:
    zone = _zone(net)
    net.quirk("a", zone, says("NOTIMP", "CAA"))
    return may_issue(zone)


@lookups.row("only the domain above cannot be looked up", ("caa_lookup_failed", SERVERS["b"], "SERVFAIL"))
def only_above(net: Net) -> Options:
    zone = _zone(net)
    net.quirk("b", zone, says("SERVFAIL", "CAA", text_of(zone)))
    return may_issue(zone)


@lookups.row("the name is an alias in a circle", ("caa_lookup_failed", "CNAMEs"))
def circle(net: Net) -> Options:
    zone = net.zone()
    zone.put("www", "CNAME", f"w3.{text_of(zone)}.").put("w3", "CNAME", f"www.{text_of(zone)}.")
    return may_issue(zone)


@lookups.row("one server has a policy that keeps the CA out, one that lets it", ("caa_servers_differ", "digicert.com"))
def servers_differ(net: Net) -> Options:
    zone = _zone(net, '0 issue "jprs.jp"')
    net.variant(zone, "b").put("@", "CAA", '0 issue "digicert.com"')
    return may_issue(zone)


@lookups.row("only one server has the policy already", ("caa_servers_differ", SERVERS["b"], "letsencrypt.org"))
def one_has_it(net: Net) -> Options:
    zone = _zone(net)
    net.variant(zone, "b").put("www", "CAA", '0 issue "letsencrypt.org"')
    return may_issue(zone)


CASES = [*policy.cases, *parameters.cases, *lookups.cases]
