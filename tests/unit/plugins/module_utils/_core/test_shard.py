# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shards: every certificate is in one, always the same, and they are of a size."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard

NAMES = [f"c{number}" for number in range(2000)]


@pytest.mark.parametrize("count", [1, 2, 4, 8, 7])
def test_every_certificate_is_in_one_shard_and_shards_are_of_a_size(count: int) -> None:
    shards = [[name for name in NAMES if Shard(number, count).has(name)] for number in range(1, count + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(NAMES)
    assert all(0.8 < len(shard) * count / len(NAMES) < 1.2 for shard in shards)


def test_a_certificate_stays_in_its_shard_whatever_python_runs() -> None:
    """Written down: another digest would let two versions of the collection work on one certificate."""
    assert [name for name in ("shop", "api", "wild", "証明書") if Shard(1, 2).has(name)] == FIRST_OF_TWO


FIRST_OF_TWO = ["wild"]


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1/0", "1", "1/4/2", "a/b", "-1/4", "1 / 4", "10000/10000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1/4 for the first of four"):
        Shard.read(text)
