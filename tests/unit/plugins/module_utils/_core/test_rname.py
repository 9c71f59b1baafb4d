# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes as domain names, both ways: a table, and properties over any text."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import (
    from_rname,
    labels_of,
    name_text,
    same_name,
    to_rname,
)
from hypothesis import given
from hypothesis import strategies as st

LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63])


@pytest.mark.parametrize(
    ("mailbox", "rname"),
    [
        ("hostmaster@example.jp", "hostmaster.example.jp."),
        ("cert.admin@example.co.jp", "cert\\.admin.example.co.jp."),
        ("a.b.c@example.jp", "a\\.b\\.c.example.jp."),
        ("tls+acme@example.jp", "tls+acme.example.jp."),
        ("admin@sub.example.jp", "admin.sub.example.jp."),
        ("Cert.Admin@example.jp", "Cert\\.Admin.example.jp."),
        ("back\\slash@example.jp", "back\\\\slash.example.jp."),
        ("a@b@example.jp", "a\\@b.example.jp."),
        ("two words@example.jp", "two\\032words.example.jp."),
        ('"quoted"@example.jp', '\\"quoted\\".example.jp.'),
        ("$(a;b)@example.jp", "\\$\\(a\\;b\\).example.jp."),
        ("こ@example.jp", "\\227\\129\\147.example.jp."),
        ("root@localhost", "root.localhost."),
        ("x" * 63 + "@example.jp", "x" * 63 + ".example.jp."),
    ],
)
def test_a_mailbox_and_its_rname_are_the_same_both_ways(mailbox: str, rname: str) -> None:
    assert to_rname(mailbox) == rname
    assert from_rname(rname) == mailbox
    assert from_rname(rname[:-1]) == mailbox
    assert rname.isascii() and rname.isprintable()


def test_the_domain_is_written_in_lower_case_without_its_dot() -> None:
    assert to_rname("a@Example.JP.") == "a.example.jp."


def test_a_dot_stands_for_no_mailbox() -> None:
    assert from_rname(".") == ""


def test_letters_are_read_however_they_are_escaped() -> None:
    assert from_rname("\\h\\111st.example.jp.") == "host@example.jp"


@pytest.mark.parametrize(
    ("mailbox", "reason"),
    [
        ("hostmaster.example.jp", "not of the form"),
        ("@example.jp", "not of the form"),
        ("a@", "it is empty"),
        ("a@-x.jp", "not a lower-case A-label"),
        ("a@日本.jp", "not a lower-case A-label"),
        ("x" * 64 + "@example.jp", "64 octets, a label of a domain name has at most 63"),
        ("x" * 62 + "@" + LONGEST, "256 octets as a domain name"),
    ],
)
def test_what_has_no_rname_says_why(mailbox: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        to_rname(mailbox)


def test_the_longest_name_is_taken() -> None:
    assert len(labels_of(to_rname("x" * 61 + "@" + LONGEST))) == 4


@pytest.mark.parametrize(
    ("rname", "reason"),
    [
        ("", "empty label"),
        ("..", "empty label"),
        ("a..jp.", "empty label"),
        (".example.jp.", "empty label"),
        ("a\\", "escapes nothing"),
        ("a\\25.jp.", "escapes nothing"),
        ("a\\256.jp.", "escapes nothing"),
        ("x" * 64 + ".jp.", "64 octets"),
        ("hostmaster.", "no mail domain"),
        ("a.exa\\.mple.jp.", "no mail domain"),
        ("a.\\027[31m.jp.", "no mail domain"),
    ],
)
def test_what_is_no_mailbox_says_why(rname: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_rname(rname)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Host.Example.JP.", "host.example.jp", True),
        ("\\104ost.example.jp.", "host.example.jp.", True),
        ("a\\.b.example.jp.", "a.b.example.jp.", False),
    ],
)
def test_names_are_compared_by_their_labels(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


locals_ = st.text(min_size=1, max_size=15).filter(lambda text: all(not 0xD800 <= ord(one) < 0xE000 for one in text))
label = st.binary(min_size=1, max_size=63)


@given(locals_)
def test_every_local_part_comes_back(local: str) -> None:
    rname = to_rname(f"{local}@sub.example.jp")
    assert from_rname(rname) == f"{local}@sub.example.jp"
    assert rname.isascii() and rname.isprintable() and " " not in rname
    assert len(labels_of(rname)) == 4


@given(st.lists(label, max_size=3))
def test_every_name_comes_back(labels: list[bytes]) -> None:
    assert labels_of(name_text(labels)) == tuple(labels)


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_a_reason(text: str) -> None:
    try:
        labels = labels_of(text)
    except ValueError as reason:
        assert str(reason)
    else:
        assert labels_of(name_text(labels)) == labels


def test_octets_that_are_no_utf_8_come_back_as_they_were() -> None:
    for mailbox, rname in (("a\udcff@example.jp", "a\\255.example.jp."), ("\udc80b@example.jp", "\\128b.example.jp.")):
        assert to_rname(mailbox) == rname
        assert from_rname(rname) == mailbox
    assert labels_of("a\udcff.b") == (b"a\xff", b"b")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a\\.b.c", (b"a.b", b"c")),
        ("a\\046b.c.", (b"a.b", b"c")),
        ("a\\\\.c", (b"a\\", b"c")),
        ("a", (b"a",)),
    ],
)
def test_only_a_dot_without_a_backslash_ends_a_label(text: str, labels: tuple[bytes, ...]) -> None:
    assert labels_of(text) == labels


def test_a_domain_of_other_octets_is_no_mail_domain() -> None:
    with pytest.raises(ValueError, match="no mail domain"):
        from_rname("a.\\255b.example.jp.")


def test_only_what_is_not_printable_is_written_by_its_number() -> None:
    assert name_text((b" !~\x7f",)) == "\\032!~\\127."
    assert name_text(()) == "." and labels_of(".") == ()
