# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NSEC and NSEC3 records prove, and what they do not."""

from __future__ import annotations

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._dns.denial import Proofs

ZONE = dns.name.from_text("example.jp")
CAA = dns.rdatatype.CAA


def name(text: str) -> dns.name.Name:
    return dns.name.from_text(text, ZONE)


def nsec(*lines: str) -> Proofs:
    """Each: owner, next, types."""
    rrsets = []
    for line in lines:
        owner, following, types = line.split(" ", 2)
        text = f"{name(following) if following != '@' else ZONE} {types}"
        rrsets.append(dns.rrset.from_text(name(owner) if owner != "@" else ZONE, 60, "IN", "NSEC", text))
    return Proofs(ZONE, rrsets)


def nsec3(owners: str, types: str = "A RRSIG", flags: int = 0, iterations: int = 0) -> Proofs:
    """The whole chain of a zone with these names; "@" is the zone itself."""
    names = [ZONE if one == "@" else name(one) for one in owners.split()]
    hashes = sorted(dns.dnssec.nsec3_hash(one, b"", iterations, 1) for one in names)
    rrsets = [
        dns.rrset.from_text(
            name(one), 60, "IN", "NSEC3", f"1 {flags} {iterations} - {hashes[(at + 1) % len(hashes)]} {types}"
        )
        for at, one in enumerate(hashes)
    ]
    return Proofs(ZONE, rrsets)


@pytest.mark.parametrize(
    ("proofs", "owner", "proven"),
    [
        (nsec("www z A RRSIG NSEC"), "www", True),
        (nsec("www z A CAA RRSIG NSEC"), "www", False),
        (nsec("www z CNAME RRSIG NSEC"), "www", False),
        (nsec("a b.deep A RRSIG NSEC"), "deep", True),
        (nsec("a b.deep A RRSIG NSEC"), "deeper", False),
        (nsec("@ www A RRSIG NSEC", "* www TXT RRSIG NSEC"), "any", True),
        (nsec("@ www A RRSIG NSEC", "* www CAA RRSIG NSEC"), "any", False),
        (nsec("a b A RRSIG NSEC"), "www", False),
        (nsec3("@ www a"), "www", True),
        (nsec3("@ www a", "A CAA RRSIG"), "www", False),
        (nsec3("@ * a"), "any", True),
        (nsec3("@ a", flags=1), "any", True),
        (nsec3("@ a"), "any", False),
        (nsec3("@ a", iterations=150), "any", True),
    ],
)
def test_that_a_type_is_not_there(proofs: Proofs, owner: str, proven: bool) -> None:
    found = proofs.no_data(name(owner), CAA)
    assert found.proven is proven
    assert proven or found.why


@pytest.mark.parametrize(
    ("proofs", "owner", "proven"),
    [
        (nsec("@ www NS SOA RRSIG NSEC"), "any", True),
        (nsec("www @ A RRSIG NSEC", "@ www NS SOA RRSIG NSEC"), "zzz", True),
        (nsec("www @ A RRSIG NSEC"), "zzz", False),
        (nsec("www @ A RRSIG NSEC"), "www", False),
        (nsec("a z A RRSIG NSEC"), "any", False),
        (nsec("dept z NS RRSIG NSEC", "@ dept NS SOA RRSIG NSEC"), "x.dept", False),
        (nsec("dept z DNAME RRSIG NSEC", "@ dept NS SOA RRSIG NSEC"), "x.dept", False),
        (nsec3("@ www"), "any", True),
        (nsec3("@ www *"), "any", False),
        (nsec3("@ www a.b b"), "x.a.b", True),
        (nsec3("www"), "any", False),
        (nsec3("@ www"), "www", False),
    ],
)
def test_that_a_name_is_not_there(proofs: Proofs, owner: str, proven: bool) -> None:
    assert proofs.no_name(name(owner)).proven is proven


def test_a_wildcard_answers_only_where_nothing_nearer_is() -> None:
    assert nsec("www z A RRSIG NSEC").no_closer(name("x.wild"), 3).proven is False
    assert nsec("wild z A RRSIG NSEC").no_closer(name("x.wild"), 3).proven
    assert nsec3("@ wild *.wild").no_closer(name("x.wild"), 3).proven
    assert not nsec3("@ wild x.wild").no_closer(name("x.wild"), 3).proven


def test_nothing_proves_nothing() -> None:
    proofs = Proofs(ZONE, [])
    assert not proofs
    assert not proofs.no_data(name("www"), CAA).proven
    assert not proofs.no_name(name("www")).proven
