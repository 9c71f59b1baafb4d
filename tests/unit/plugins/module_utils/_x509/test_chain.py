# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM bundles taken apart, certificates described, chains put in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._x509 import chain
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    MAX_BUNDLE_CHARACTERS,
    certificate_facts,
    join_pem,
    printable,
    sort_chain,
    split_pem,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

ROOT = forge.ca("Root")
MIDDLE = forge.ca("Middle", by=ROOT)
LEAF = forge.make("shop.example.jp", by=MIDDLE, names=["shop.example.jp", "*.example.jp"], serial=0x0A1B)


def code_of(text: str) -> str:
    with pytest.raises(InkanError) as caught:
        split_pem(text)
    return caught.value.code


def test_a_bundle_comes_apart_in_its_own_order() -> None:
    assert split_pem(LEAF.pem + MIDDLE.pem + ROOT.pem) == [LEAF.pem, MIDDLE.pem, ROOT.pem]


def test_windows_line_ends_and_chatter_between_the_blocks_are_forgiven() -> None:
    mail = "Dear customer,\r\n" + LEAF.pem.replace("\n", "\r\n") + "subject=CN = Middle\r\n" + MIDDLE.pem + "\r\n--\r\n"
    assert split_pem(mail) == [LEAF.pem, MIDDLE.pem]


def test_a_certificate_that_was_described_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = certificate_facts(LEAF.pem)
    monkeypatch.setattr(chain.x509, "load_pem_x509_certificate", None)
    assert certificate_facts(LEAF.pem) == facts


def test_no_text_holds_no_certificate() -> None:
    assert split_pem("") == []


def test_a_private_key_in_a_bundle_is_refused() -> None:
    assert code_of(LEAF.pem + LEAF.key_pem.decode()) == "certificate_not_alone"


@pytest.mark.parametrize(
    "broken",
    [
        LEAF.pem.replace("-----END CERTIFICATE-----", ""),
        LEAF.pem.replace("-----BEGIN CERTIFICATE-----", ""),
        LEAF.pem[:200],
        LEAF.pem.replace("MII", "M!I"),
        "-----BEGIN CERTIFICATE-----\nQ\n-----END CERTIFICATE-----\n",
        "x" * (MAX_BUNDLE_CHARACTERS + 1),
        LEAF.pem * 21,
    ],
    ids=["no end", "no beginning", "cut off", "not base64", "short base64", "too long", "too many"],
)
def test_a_damaged_bundle_is_refused(broken: str) -> None:
    assert code_of(broken) == "certificate_unreadable"


def test_a_block_that_is_no_certificate_is_refused_without_a_traceback() -> None:
    with pytest.raises(InkanError) as caught:
        certificate_facts(join_pem(b"no certificate"))
    assert caught.value.code == "certificate_unreadable"


def test_facts_tell_what_the_certificate_says() -> None:
    facts = certificate_facts(LEAF.pem)
    assert facts.serial == "a1b"
    assert facts.dns_names == ("shop.example.jp", "*.example.jp")
    assert facts.common_name == "shop.example.jp"
    assert facts.issuer == "CN=Middle"
    assert facts.key_type == "ecdsa-p256"
    assert not facts.is_ca
    assert facts.not_after - facts.not_before == timedelta(days=90)
    assert facts.renewal_id is None


RFC_9773 = bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4")


@pytest.mark.parametrize(
    ("authority", "serial", "told"),
    [
        pytest.param(
            RFC_9773, 0x8765432100, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyEA", id="a first octet of 0, as in DER"
        ),
        pytest.param(RFC_9773, 0x7F, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.fw", id="none where it is positive without"),
        pytest.param(b"", 0x7F, None, id="an extension without the identifier"),
    ],
)
def test_the_identifier_for_questions_about_renewals_is_that_of_rfc_9773(
    authority: bytes, serial: int, told: str | None
) -> None:
    facts = certificate_facts(forge.make("a.example.jp", by=MIDDLE, serial=serial, authority=authority).pem)
    assert facts.renewal_id == facts.as_data()["renewal_id"] == told
    assert facts.not_before.utcoffset() == timedelta(0)
    assert facts.as_data()["not_before"] == "2026-11-19T00:00:00Z"


def test_a_name_with_control_and_direction_characters_leaves_escaped() -> None:
    hostile = certificate_facts(forge.make("a\x1b[31m\u202eb").pem)
    assert hostile.common_name == "a\\x1b[31m\\u202eb"
    assert "\x1b" not in hostile.issuer and "\u202e" not in hostile.issuer


def test_a_long_name_is_cut() -> None:
    assert len(printable("x" * 5000)) < 1100


def test_a_mixed_chain_is_sorted_and_strangers_are_left_out() -> None:
    stranger = forge.ca("Stranger")
    impostor = forge.ca("Middle")  # the right name, the wrong key
    assert sort_chain(LEAF.pem, [ROOT.pem, stranger.pem, impostor.pem, LEAF.pem, MIDDLE.pem]) == [MIDDLE.pem, ROOT.pem]


def test_two_certificates_that_sign_each_other_end() -> None:
    one_key, two_key = forge.new_key(), forge.new_key()
    one = forge.ca("One", key=one_key, by=forge.ca("Two", key=two_key))
    two = forge.ca("Two", key=two_key, by=one)
    leaf = forge.make("x.example.jp", by=one)
    assert sort_chain(leaf.pem, [one.pem, two.pem]) == [one.pem, two.pem]
