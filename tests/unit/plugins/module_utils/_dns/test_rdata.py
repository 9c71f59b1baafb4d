# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer tells, from good and from hostile servers."""

from __future__ import annotations

import contextlib

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import Caa, txt_value
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import (
    Told,
    query_for,
    read_answer,
    to_rdata,
    value_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import parse_answer
from hypothesis import given
from hypothesis import strategies as st

QUESTION = Question("a.example.test", "TXT")


def response(*sections: tuple[str, str, str, str], aa: bool = True, rcode: int = 0) -> dns.message.Message:
    """sections: (answer, authority or additional; owner; type; value)."""
    message = dns.message.make_response(query_for(QUESTION, recurse=False))
    message.flags |= dns.flags.AA if aa else 0
    message.set_rcode(rcode)
    for section, owner, type, value in sections:
        getattr(message, section).append(dns.rrset.from_text(owner, 60, "IN", type, value))
    return message


def told(*sections: tuple[str, str, str, str], aa: bool = True, rcode: int = 0) -> Told:
    return read_answer(QUESTION, response(*sections, aa=aa, rcode=rcode))


def test_a_positive_answer_names_its_values_and_by_its_ns_its_zone() -> None:
    found = told(
        ("answer", "A.Example.Test.", "TXT", '"x" "y"'), ("authority", "example.test.", "NS", "ns.example.test.")
    )
    assert found.found is not None
    assert (found.found.values, found.zone, found.referral) == (frozenset({"xy"}), "example.test", None)


def test_a_negative_answer_names_its_zone() -> None:
    soa = ("authority", "example.test.", "SOA", "ns.example.test. m.example.test. 1 1 1 1 1")
    absent = told(soa, rcode=dns.rcode.NXDOMAIN)
    assert (absent.rcode, absent.found, absent.zone) == ("NXDOMAIN", None, "example.test")


def test_records_that_were_not_asked_for_are_not_believed() -> None:
    strange = told(
        ("answer", "b.example.test.", "TXT", '"x"'),
        ("answer", "a.example.test.", "A", "192.0.2.1"),
        ("authority", "elsewhere.test.", "SOA", "ns.x. m.x. 1 1 1 1 1"),
    )
    assert (strange.found, strange.alias, strange.zone) == (None, None, None)


def test_a_referral_brings_its_glue() -> None:
    points = told(
        ("authority", "a.example.test.", "NS", "NS.Deep.Test."),
        ("additional", "ns.deep.test.", "A", "192.0.2.1"),
        aa=False,
    )
    assert points.referral is not None
    assert (points.referral.values, points.glue) == (frozenset({"ns.deep.test"}), {"ns.deep.test": ("192.0.2.1",)})


def test_an_alias_stands_in_the_place_of_the_record_and_hides_the_zone() -> None:
    soa = ("authority", "other.test.", "SOA", "ns.x. m.x. 1 1 1 1 1")
    alias = told(("answer", "a.example.test.", "CNAME", "B.Other.Test."), soa, rcode=dns.rcode.NXDOMAIN)
    assert (alias.alias, alias.zone, alias.found) == ("b.other.test", None, None)


@given(st.binary(min_size=1, max_size=900))
def test_any_octets_make_a_txt_record_and_come_back(octets: bytes) -> None:
    value = txt_value([octets])
    assert value_of(to_rdata("TXT", value)) == value


@given(st.integers(0, 255), st.binary(max_size=300))
def test_any_octets_make_a_caa_record_and_come_back(flags: int, content: bytes) -> None:
    value = Caa(flags, "contactemail", content).text()
    assert value_of(to_rdata("CAA", value)) == value


@pytest.mark.parametrize(
    ("type", "value"), [("CNAME", "target.example.test"), ("CAA", '0 issue "ca.example.net; policy=ev"')]
)
def test_other_records_come_back(type: str, value: str) -> None:
    assert value_of(to_rdata(type, value)) == value


@given(st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_hostile_answer_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    wire = bytearray(
        response(
            ("answer", "a.example.test.", "TXT", '"x"'),
            ("answer", "a.example.test.", "CNAME", "b.example.test."),
            ("answer", "a.example.test.", "CAA", '0 issue "x"'),
            ("authority", "example.test.", "NS", "ns.example.test."),
            ("authority", "example.test.", "SOA", "ns.x. m.x. 1 1 1 1 1"),
            ("additional", "ns.example.test.", "A", "192.0.2.1"),
            aa=False,
        ).to_wire()
    )
    for at, octet in changes:
        if 2 <= at < len(wire):
            wire[at] = octet
    query = query_for(QUESTION, recurse=False)
    query.id = int.from_bytes(wire[:2], "big")
    with contextlib.suppress(InkanError):
        found = read_answer(QUESTION, parse_answer(query, bytes(wire), None, "x"))
        assert found.found is None or all(isinstance(value, str) for value in found.found.values)
        assert found.referral is None or found.referral.values
