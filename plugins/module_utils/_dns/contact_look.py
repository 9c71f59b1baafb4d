# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a mailbox that is to approve can be found in DNS, takes mail, and is the right one.

    txt      TXT _validation-contactemail.<domain>: the whole value is one bare address (BR 3.2.2.4.14, A.2.1)
    caa      contactemail in the nearest CAA set (BR 3.2.2.4.13, A.1.1)
    soa      RNAME of the zone: at a DNS host it may be the host's own mailbox (IIJ-6)
    all      MX, A and AAAA of the mail domain (RFC 5321 §5.1, RFC 7505)

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import is_address, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.records import MAX_STRING, canonical_name, parse_caa
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import from_rname
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_hosts import DNS_HOSTS, PUBLIC_MAIL
from ansible_collections.inkan.tls.plugins.module_utils._dns.caa_look import BaseOf, way_up
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.flaws import Seen
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver

KINDS = ("constructed", "txt", "caa", "soa")
_MOST_HOSTS = 8


class ContactWish(t.NamedTuple):
    """domain: the Authorization Domain Name. address: what the order was given. names: of the certificate."""

    kind: str
    domain: str
    address: str
    names: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        return f"contact {escaped(self.address, 260)} ({self.kind} of {self.domain})"


def questions_of(wishes: t.Iterable[ContactWish], base_of: BaseOf) -> list[Question]:
    """What is asked of the authoritative servers."""
    found: dict[Question, None] = {}
    for wish in wishes:
        if wish.kind == "txt":
            found[Question(f"_validation-contactemail.{wish.domain}", "TXT")] = None
        elif wish.kind == "caa":
            found.update(dict.fromkeys(Question(name, "CAA") for name in way_up(wish.domain, base_of)))
        elif wish.kind == "soa":
            found[Question(wish.domain, "SOA")] = None
    return list(found)


def judge(wish: ContactWish, seen: Seen, resolver: Resolver, base_of: BaseOf) -> list[Finding]:
    findings: list[Finding] = []
    if wish.kind == "txt":
        findings = _judge_txt(wish, seen, base_of)
    elif wish.kind == "caa":
        findings = _judge_caa(wish, seen, base_of)
    elif wish.kind == "soa":
        findings = _judge_soa(wish, seen)
    return list(dict.fromkeys([*findings, *_judge_host(wish), *_judge_mail(wish, resolver)]))


# --- what is published -----------------------------------------------------------------------------------------------


def _answers(name: str, type: str, seen: Seen, depth: int = 0) -> list[tuple[str, Told]]:
    """Those that came, with their server; CNAMEs followed."""
    view = seen.views.get(Question(name, type))
    found: list[tuple[str, Told]] = []
    for server, answer in view.answers if view else ():
        if isinstance(answer, InkanError):
            continue
        if answer.alias is not None and depth < 8:
            found += _answers(answer.alias, type, seen, depth + 1)
        else:
            found.append((f"{server.name} ({server.address})", answer))
    return found


def _flaws(wish: ContactWish, names: t.Iterable[str], type: str, seen: Seen) -> list[Finding]:
    flaws = [flaw for name in names for flaw in seen.flaws.get(Question(name, type), ())]
    return [Finding(word, wish.about, place, why) for word, place, why in flaws]


def _judge_txt(wish: ContactWish, seen: Seen, base_of: BaseOf) -> list[Finding]:
    name = f"_validation-contactemail.{wish.domain}"
    findings = _flaws(wish, [name], "TXT", seen)
    for place, told in _answers(name, "TXT", seen):
        values = sorted(told.found.values) if told.found else []
        findings += _judge_values(wish, f"TXT {name}: {place}", values)
        for rdata in told.found.rdatas if told.found else ():
            strings = t.cast(t.Any, rdata).strings
            if len(strings) > 1 and sum(map(len, strings)) <= MAX_STRING:
                findings.append(Finding("contact_pieces", wish.about, place, f"has it in {len(strings)} strings"))
    return findings + _widens(wish, base_of)


def _judge_caa(wish: ContactWish, seen: Seen, base_of: BaseOf) -> list[Finding]:
    way = way_up(wish.domain, base_of)
    findings = _flaws(wish, way, "CAA", seen)
    for number, name in enumerate(way):
        answers = [(place, told) for place, told in _answers(name, "CAA", seen) if told.found is not None]
        if not answers:
            continue
        for place, told in answers:
            properties = [parse_caa(value) for value in sorted(told.found.values if told.found else ())]
            contents = [
                one.content.decode("utf-8", "replace") for one in properties if one and one.tag == "contactemail"
            ]
            hidden = not contents and any(_holds(wish, above, seen) for above in way[number + 1 :])
            if hidden:
                why = f"has CAA records at {name} without it, so those above do not count"
                findings.append(Finding("contact_hidden", wish.about, place, why))
            else:
                findings += _judge_values(wish, f"CAA {name}: {place}", contents)
        return findings + _widens(wish, base_of)
    return [*findings, Finding("contact_missing", wish.about, "", f"no CAA record at {' or '.join(way)}")]


def _holds(wish: ContactWish, name: str, seen: Seen) -> bool:
    found = (value for _place, told in _answers(name, "CAA", seen) if told.found for value in told.found.values)
    return any(one and one.tag == "contactemail" for one in map(parse_caa, found))


def _judge_soa(wish: ContactWish, seen: Seen) -> list[Finding]:
    findings = _flaws(wish, [wish.domain], "SOA", seen)
    for place, told in _answers(wish.domain, "SOA", seen):
        if told.found is None:
            findings.append(Finding("contact_missing", wish.about, place, f"{wish.domain} is no zone of its own"))
            continue
        mailbox = _mailbox(t.cast(t.Any, told.found.rdatas[0]).rname.to_text())
        host = _dns_host(mailbox or "")
        if not mailbox:
            findings.append(Finding("contact_no_mailbox", wish.about, place, "has the RNAME ."))
        elif host and not _same(mailbox, wish.address):
            why = f"has the mailbox {escaped(mailbox, 260)}, which is that of {host}"
            findings.append(Finding("contact_hosts_own", wish.about, place, why))
        else:
            findings += _judge_values(wish, f"SOA {wish.domain}: {place}", [mailbox])
    return findings


def _mailbox(rname: str) -> str:
    try:
        return from_rname(rname)
    except ValueError:
        return ""


def _judge_values(wish: ContactWish, place: str, values: t.Sequence[str]) -> list[Finding]:
    """Each whole value is one bare address, one of them is that of the order."""
    if not values:
        return [Finding("contact_missing", wish.about, place, "has none")]
    findings = []
    bare = [value for value in values if address_error(value) is None]
    for value in values:
        if value not in bare and wish.address.lower() in value.lower():
            shown = escaped(value, 300)
            findings.append(Finding("contact_not_bare", wish.about, place, f"has {shown!r}: {address_error(value)}"))
    if not findings and not any(_same(value, wish.address) for value in bare):
        shown = ", ".join(escaped(value, 260) for value in values[:5])
        findings.append(Finding("contact_other", wish.about, place, f"has {shown}"))
    if len(bare) > 1:
        shown = ", ".join(escaped(value, 260) for value in bare[:5])
        findings.append(Finding("contact_several", wish.about, place, f"has {shown}"))
    return findings


def _widens(wish: ContactWish, base_of: BaseOf) -> list[Finding]:
    """At the registrable domain, whoever reads the mailbox approves for every name below it."""
    near = {wish.domain, f"www.{wish.domain}"}
    if base_of(wish.domain) != wish.domain or _dns_domain(wish.address) == wish.domain or not wish.names:
        return []
    if any(validated_name(name) in near for name in wish.names):
        return []  # it has to be there
    why = f"a record at {wish.domain} reaches every name below it, the certificate is for {', '.join(wish.names[:3])}"
    return [Finding("contact_widens", wish.about, "", why)]


# --- the mailbox -----------------------------------------------------------------------------------------------------


def _judge_host(wish: ContactWish) -> list[Finding]:
    domain = _dns_domain(wish.address)
    host = _dns_host(wish.address)
    if host:
        return [Finding("contact_hosts_own", wish.about, "", f"{domain} is of {host}")]
    if _below(domain, PUBLIC_MAIL):
        return [Finding("contact_public_host", wish.about, "", f"{domain} gives mailboxes to everybody")]
    return []


def _dns_host(address: str) -> str:
    domain = _dns_domain(address)
    return next((title for suffix, title in DNS_HOSTS if _below(domain, (suffix,))), "")


def _judge_mail(wish: ContactWish, resolver: Resolver) -> list[Finding]:
    domain = _dns_domain(wish.address)
    try:
        told = resolver.told_by_resolver(Question(domain, "MX"))
        hosts = sorted(_mx(rdata) for rdata in told.found.rdatas) if told.found else []
        if told.rcode == "NXDOMAIN":
            return [Finding("contact_no_mail_host", wish.about, "", f"{domain} is not there (NXDOMAIN)")]
        if hosts == [(0, "")] or (len(hosts) == 1 and not hosts[0][1]):
            return [Finding("contact_null_mx", wish.about, "", f"MX {domain} is 0 . (RFC 7505)")]
        if not hosts and not resolver.addresses(domain):
            return [Finding("contact_no_mail_host", wish.about, "", f"{domain} has neither MX nor an address")]
        return _judge_mx(wish, domain, hosts, resolver)
    except InkanError as error:
        return [Finding("contact_unknown", wish.about, "", error.sentence())]


def _judge_mx(wish: ContactWish, domain: str, hosts: t.Sequence[tuple[int, str]], resolver: Resolver) -> list[Finding]:
    weak = [(host, why) for _preference, host in hosts[:_MOST_HOSTS] for why in _weakness(host, resolver)]
    dead = [host for host, why in weak if why != "is an alias"]
    shown = "; ".join(f"{escaped(host, 260) or '.'} {why}" for host, why in weak)
    if hosts and len(dead) >= min(len(hosts), _MOST_HOSTS):
        return [Finding("contact_no_mail_host", wish.about, "", f"MX {domain}: {shown}")]
    return [Finding("contact_weak_mx", wish.about, "", f"MX {domain}: {shown}")] if weak else []


def _weakness(host: str, resolver: Resolver) -> list[str]:
    if not host:
        return ["is no host"]
    if is_address(host):
        return ["is an address, where a name must stand"]
    try:
        told = resolver.told_by_resolver(Question(host, "A"))
        if not resolver.addresses(host):
            return ["has no address"]
    except InkanError as error:
        return [f"cannot be looked up: {error.why}"]
    return ["is an alias"] if told.alias is not None else []


def _mx(rdata: t.Any) -> tuple[int, str]:
    return int(rdata.preference), canonical_name(rdata.exchange.to_text())


def _dns_domain(address: str) -> str:
    return canonical_name(address.rpartition("@")[2])


def _same(one: str, other: str) -> bool:
    """Mailboxes are compared as DNS compares labels: whoever wants two that differ in case only does not exist."""
    return one.lower() == other.lower()


def _below(domain: str, suffixes: t.Iterable[str]) -> bool:
    return any(domain == suffix or domain.endswith("." + suffix) for suffix in suffixes)
