# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import html
import json

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import (
    MASK,
    bare_url,
    escaped,
    harmless,
    mask,
    without_private_keys,
)

SECRET = "s3cr3t/käy+with=signs"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        "s3cr3t%2Fk%C3%A4y%2Bwith%3Dsigns",
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
    ids=["plain", "percent-encoded", "base64", "base64url"],
)
def test_a_secret_is_starred_out_in_its_usual_encodings(form: str) -> None:
    assert mask(f"before {form} after", [SECRET]) == f"before {MASK} after"


QUOTED = """s3cr3t/"it's"<&>\\end"""


@pytest.mark.parametrize(
    "form",
    [
        repr(QUOTED)[1:-1],
        json.dumps(QUOTED)[1:-1],
        html.escape(QUOTED),
        str(QUOTED.encode())[2:-1],
        QUOTED.encode().hex(),
    ],
    ids=["repr", "JSON", "XML", "bytes in an exception", "hex"],
)
def test_a_secret_is_starred_out_however_it_was_quoted(form: str) -> None:
    assert mask(f"before {form} after", [QUOTED]) == f"before {MASK} after"


@pytest.mark.parametrize(
    ("secret", "form"),
    [
        pytest.param('käse"brot"!', json.dumps('käse"brot"!')[1:-1], id="JSON, whose letters are escapes"),
        pytest.param("it's a secret", "it\\'s a secret", id="in bytes that have both quotes"),
        pytest.param("ä\x1b'\"xyz-123", repr("ä\x1b'\"xyz-123")[1:-1], id="repr"),
        pytest.param("ä\x1b'\"xyz-123", repr("ä\x1b'\"xyz-123".encode())[2:-1], id="repr of bytes"),
        pytest.param('ä\\"xyz-123', 'ä\\\\\\"xyz-123', id="IMAP with a backslash"),
        pytest.param("ä\\'xyz-123", "ä\\\\\\'xyz-123", id="in quotes of Python"),
        pytest.param("four-word-12", base64.b64encode(b"four-word-12").decode(), id="base64 without padding"),
        pytest.param("four-word-1", base64.b64encode(b"four-word-1").decode().replace("=", ""), id="cut off"),
        pytest.param('say "secret"', 'say \\"secret\\"', id="IMAP"),
        pytest.param("???>>>~~~???", "Pz8_Pj4-fn5-Pz8_", id="base64url"),
        pytest.param("???>>>~~~???", "Pz8/Pj4+fn5+Pz8/", id="base64"),
        pytest.param("two words+more", "two+words%2Bmore", id="a form"),
        pytest.param("two words+more", "two%20words%2Bmore", id="a URL"),
        pytest.param("one\x1bescape", "one\\x1bescape", id="a control letter"),
        pytest.param("lone\ud800surrogate", "lone%3Fsurrogate", id="a URL of what is no text"),
        pytest.param("lone\ud800surrogate", "lone\\ud800surrogate", id="what is no text"),
    ],
)
def test_of_a_secret_nothing_is_left_in_the_form_of_a_language(secret: str, form: str) -> None:
    assert mask(f"({form})", [secret]) == f"({MASK})"


@pytest.mark.parametrize("secret", ["0123456789", "s3cr3t-s3cr3t", "päss-wörd"])
@pytest.mark.parametrize("before", [b"", b"u", b"us", b"use"])
@pytest.mark.parametrize("after", [b"", b"x", b"xy", b"xyz"])
def test_of_a_secret_in_the_midst_of_base64_only_letters_at_the_seams_are_left(
    secret: str, before: bytes, after: bytes
) -> None:
    raw = secret.encode()
    text = base64.b64encode(before + raw + after).decode()
    first, last = -(-len(before) // 3) * 4, (len(before) + len(raw)) // 3 * 4
    is_alone = not after and len(before) % 3 == 0
    assert mask(text, [secret]) == text[:first] + MASK + ("" if is_alone else text[last:])


def test_of_a_secret_that_was_quoted_twice_no_long_run_is_left() -> None:
    secret = "0123456789abcdef&'fedcba9876543210"
    twice = repr(html.escape(secret, quote=False).encode())
    assert mask(twice, [secret]) == f'b"{MASK}&amp;\'{MASK}"'


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_of_a_secret_encoded_behind_something_else_no_letter_that_it_decides_is_left(before: str) -> None:
    """As in Authorization: Basic. The letters at the seam belong to both."""
    text = mask(base64.b64encode(f"{before}{SECRET}".encode()).decode(), [SECRET])
    assert MASK in text and len(text.replace(MASK, "").rstrip("=")) <= len(before) * 2 + 5


def test_private_keys_are_starred_out_wherever_they_came_from() -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    assert without_private_keys(f"a {key} b {certificate}") == f"a {MASK} b {certificate}"
    assert without_private_keys(repr(key.encode())) == f"b'{MASK}'"
    assert "MHcC" not in without_private_keys(key[:40]), "cut off"


def test_of_two_secrets_the_longer_one_is_masked_whole() -> None:
    assert mask("12345678abcdefgh", ["12345678", "12345678abcdefgh"]) == MASK


def test_a_secret_too_short_to_be_allowed_masks_no_harmless_words() -> None:
    assert mask("a pear", ["", "a"]) == "a pear"


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://ca.example.test/order/1", "https://ca.example.test/order/1"),
        ("https://ca.example.test/order?token=abc#x", "https://ca.example.test/order?…"),
        ("https://ca.example.test/order#token", "https://ca.example.test/order"),
        ("https://user:password@ca.example.test/a@b", "https://ca.example.test/a@b"),
        ("https://ca.example.test/\x1b[2J", "https://ca.example.test/\\x1b[2J"),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_credential(url: str, shown: str) -> None:
    assert bare_url(url) == shown


@pytest.mark.parametrize(
    "text, shown",
    [
        ("two\nlines", "two lines"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("right\u202eto left", "right\\u202eto left"),
        ("日本語", "日本語"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ("\x00\r\t\x9b", "\\x00\\r\\t\\x9b"),
    ],
)
def test_a_foreign_text_is_made_harmless(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_foreign_text_is_bounded() -> None:
    assert escaped("x" * 10, 4) == "xxxx… (6 more characters)"


@pytest.mark.parametrize(
    ("text", "bound", "shown"),
    [
        ("x" * 2000, None, "x" * 2000),
        ("x" * 2001, None, "x" * 2000 + "… (1 more characters)"),
        ("a\x07b", 3, "a\\x07b"),
        ("a\x07b", 2, "a\\x07… (1 more characters)"),
        ("日本", 2, "日本"),
    ],
    ids=["2000", "2001", "just", "one more", "as it is"],
)
def test_a_foreign_text_is_cut_at_its_bound(text: str, bound: int | None, shown: str) -> None:
    assert (escaped(text) if bound is None else escaped(text, bound)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo", "one\ntwo"),
        ("one\r\ntwo\x1b[2J", "one\\r\ntwo\\x1b[2J"),
        ("a\u2028b\u2029c\ue000d\u0378e\ud800", "a\\u2028b\\u2029c\\ue000d\\u0378e\\ud800"),
        ("x" * 3000, "x" * 3000),
        ("", ""),
    ],
    ids=["lines", "what a terminal obeys", "what is not shown", "at its length", "nothing"],
)
def test_a_text_of_ours_keeps_its_lines(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_long_url_is_cut() -> None:
    url = "https://ca.example.test/" + "x" * 476
    assert bare_url(url) == url
    assert bare_url(url + "y?z") == url + "… (1 more characters)?…"
