# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever text comes: certificates, or one clear refusal."""

from __future__ import annotations

import pytest

hypothesis = pytest.importorskip("hypothesis")

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (  # noqa: E402
    certificate_facts,
    join_pem,
    split_pem,
)
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

DASHED = st.sampled_from(
    [
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----",
        "-----",
        "\n",
        "\r\n",
        "MIIB",
    ]
)
CHATTER = st.text(st.characters(blacklist_characters="-", blacklist_categories=("Cs",)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CHATTER, st.binary(min_size=1, max_size=300)), max_size=6), st.booleans())
def test_what_is_joined_comes_apart_again(parts: list[tuple[str, bytes]], windows: bool) -> None:
    text = "".join(f"{chatter}\n{join_pem(der)}" for chatter, der in parts)
    text = text.replace("\n", "\r\n") if windows else text
    assert split_pem(text) == [join_pem(der) for _other, der in parts]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(DASHED, st.text(max_size=30)), max_size=12).map("".join))
def test_any_text_gives_certificates_or_one_error(text: str) -> None:
    try:
        for pem in split_pem(text):
            certificate_facts(pem)
    except InkanError as error:
        assert error.code in {"certificate_unreadable", "certificate_not_alone"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_in_armour_give_facts_or_one_error(der: bytes) -> None:
    with pytest.raises(InkanError) as caught:
        certificate_facts(join_pem(der))
    assert caught.value.code == "certificate_unreadable"
