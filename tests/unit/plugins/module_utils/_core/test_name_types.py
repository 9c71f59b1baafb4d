# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.name_types import name_type


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("example.jp", "jp_general"),
        ("xn--wgv71a119e.jp", "jp_general"),
        ("example.tokyo.jp", "jp_general"),  # the prefecture type
        ("xn--fsq.xn--1lqs71d.jp", "jp_general"),
        ("www.tokyo.jp", "jp_general"),
        ("example.co.jp", "jp_organisational"),
        ("example.go.jp", "jp_organisational"),
        ("city.kobe.lg.jp", "jp_organisational"),
        ("example.chiyoda.tokyo.jp", "jp_geographic"),
        ("example.nakahara.kawasaki.jp", "jp_geographic"),
        ("metro.tokyo.jp", "jp_geographic"),
        ("pref.osaka.jp", "jp_geographic"),
        ("city.kawasaki.jp", "jp_geographic"),
        ("city.shinjuku.tokyo.jp", "jp_geographic"),
        ("com.jp", "jp_general"),
        ("example.tokyo", "other"),
        ("example.com", "other"),
        ("jp.example.com", "other"),
    ],
)
def test_the_type_of_a_registrable_domain(base: str, expected: str) -> None:
    assert name_type(base) == expected
