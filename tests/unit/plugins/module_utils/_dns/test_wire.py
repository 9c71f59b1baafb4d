# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers as bytes: whatever comes is a message that answers the question, or an error that says what to do."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import dns.update
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, _signed_wire, parse_answer
from hypothesis import given
from hypothesis import strategies as st

WHERE = "192.0.2.53:53"
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


def key(secret: str = SECRET, name: str = "key", algorithm: str = "hmac-sha256") -> TsigKey:
    return TsigKey(name, algorithm, dns.tsig.Key(dns.name.from_text(name), secret, dns.name.from_text(algorithm)))


def signed_query() -> dns.message.Message:
    message = dns.message.make_query("example.test.", "TXT")
    _signed_wire(message, key(), WHERE)
    return message


def reply(
    query: dns.message.Message, *, error: int = 0, other: bytes = b"", signer: TsigKey | None = None, rcode: int = 0
) -> bytes:
    """As the server with ``signer`` would write it."""
    response = dns.message.make_response(dns.message.from_wire(query.to_wire(), keyring={key().key.name: key().key}))
    one = signer or key()
    response.use_tsig(one.key, one.key.name, tsig_error=error, other_data=other)
    response.request_mac = query.mac
    response.set_rcode(rcode)
    return response.to_wire()


def refused(query: dns.message.Message, wire: bytes) -> InkanError:
    with pytest.raises(InkanError) as error:
        parse_answer(query, wire, key(), WHERE)
    assert SECRET not in error.value.sentence()
    assert WHERE in error.value.where
    return error.value


def test_a_signed_answer_is_taken() -> None:
    query = signed_query()
    assert parse_answer(query, reply(query, rcode=dns.rcode.REFUSED), key(), WHERE).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("tsig_error", "code", "todo"),
    [
        (dns.rcode.BADKEY, "tsig_bad_key", "key_name"),
        (dns.rcode.BADSIG, "tsig_bad_signature", "key_secret"),
        (dns.rcode.BADTIME, "tsig_bad_time", "clocks"),
    ],
)
def test_the_servers_three_refusals_are_told_apart(tsig_error: int, code: str, todo: str) -> None:
    query = signed_query()
    error = refused(query, reply(query, error=tsig_error, rcode=dns.rcode.NOTAUTH))
    assert (error.kind, error.code) == ("refused", code)
    assert todo in error.todo


@pytest.mark.parametrize(("skew", "words"), [(4000, "4000 seconds ahead of ours"), (-900, "900 seconds behind ours")])
def test_badtime_tells_the_skew(skew: int, words: str) -> None:
    query = signed_query()
    signed: t.Any = query.tsig[0]  # type: ignore[index]
    other = (signed.time_signed + skew).to_bytes(6, "big")
    error = refused(query, reply(query, error=dns.rcode.BADTIME, other=other, rcode=dns.rcode.NOTAUTH))
    assert words in error.why


def test_an_unsigned_answer_to_a_signed_question_names_the_candidates() -> None:
    query = signed_query()
    response = dns.message.make_response(dns.message.make_query("example.test.", "TXT"))
    response.id = query.id
    response.set_rcode(dns.rcode.NOTAUTH)
    error = refused(query, response.to_wire())
    assert error.code == "tsig_missing"
    assert "NOTAUTH" in error.why
    assert all(word in error.todo for word in ("key", "zone"))


def test_an_answer_signed_with_another_secret_is_not_believed() -> None:
    query = signed_query()
    error = refused(query, reply(query, signer=key(secret="YW5vdGhlci1zZWNyZXQtYXQtYWxs")))
    assert (error.kind, error.code) == ("protocol", "tsig_bad_answer")


def test_an_answer_to_another_question_is_refused() -> None:
    query = dns.message.make_query("example.test.", "TXT")
    other = dns.message.make_response(dns.message.make_query("other.test.", "TXT"))
    other.id = query.id
    with pytest.raises(InkanError) as error:
        parse_answer(query, other.to_wire(), None, WHERE)
    assert error.value.code == "dns_bad_answer"


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_an_error(octets: bytes) -> None:
    for one in (None, key()):
        query = signed_query() if one else dns.message.make_query("example.test.", "TXT")
        with pytest.raises(InkanError):
            parse_answer(query, octets, one, WHERE)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4), st.integers(0, 60))
def test_a_broken_answer_is_an_answer_or_an_error(at: int, octets: bytes, cut: int) -> None:
    query = signed_query()
    wire = bytearray(reply(query))
    wire[at : at + len(octets)] = octets
    broken = bytes(wire[: len(wire) - cut])
    try:
        answer = parse_answer(query, broken, key(), WHERE)
    except InkanError:
        return
    assert answer.id == query.id
    assert answer.had_tsig


def test_too_large_a_message_is_an_error_and_not_a_crash() -> None:
    message = dns.update.UpdateMessage("example.test.")
    for number in range(300):
        message.add("a.example.test.", 60, "TXT", f'"{number}{"x" * 240}"')
    with pytest.raises(InkanError) as error:
        _signed_wire(message, key(), WHERE)
    assert error.value.code == "dns_too_large"
