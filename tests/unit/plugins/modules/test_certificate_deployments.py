# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door: options in, results 1:1 out. What happens behind it: _module/test_switching and test_placing."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.host import Host, item, leaf

SHOP, BLOG = leaf("shop.example.jp", 0xA1), leaf("blog.example.jp", 0xB1)


@pytest.mark.parametrize("state", ["prepare", "verify", "switch", "rollback"])
def test_mistakes_in_the_options_are_told_together_and_nothing_is_done(tmp_path: Path, state: str) -> None:
    host = Host(tmp_path)
    host.stage("shop", SHOP)
    before = host.snapshot()
    wrong = {**item("shop", SHOP), "deploy": {"reload": ["nginx"]}}
    with pytest.raises(InputErrors) as caught:
        host.run(state, item("shop", SHOP), wrong, {"name": "../x"}, keep_generations=0, now="soon")
    codes = {error.code for error in caught.value.errors}
    assert codes >= {"bad_reload", "bad_name", "duplicate_name", "bad_value"}
    assert host.snapshot() == before


def test_results_come_one_to_one_in_the_order_of_the_items(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.stage("shop", SHOP)
    host.stage("blog", BLOG)
    wishes = [item("shop", SHOP), item("gone", leaf("gone.example.jp", 1)), item("blog", BLOG)]
    for state, outcomes in (
        ("prepare", ["prepared", "prepared", "prepared"]),
        ("verify", ["verified", "refused", "verified"]),
        ("switch", ["switched", "refused", "switched"]),
        ("rollback", ["refused", "refused", "refused"]),
    ):
        result = host.run(state, *wishes)
        assert [one.name for one in result.items] == ["shop", "gone", "blog"]
        assert [one.outcome for one in result.items] == outcomes
        words = {key for one in result.items for key in one.as_data()}
        assert not words & {"failed", "skipped", "unreachable"}


def test_without_items_there_is_nothing_to_do(tmp_path: Path) -> None:
    for state in ("prepare", "verify", "switch", "rollback"):
        result = Host(tmp_path).run(state)
        assert (result.items, result.changed) == ([], False)
    assert list(tmp_path.iterdir()) == []
