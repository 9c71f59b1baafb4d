# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that keeps a run to its shard."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inkan.tls.plugins.filter.shard import in_shard


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "a/b"])
def test_what_is_no_shard_ends_the_run(text: str) -> None:
    with pytest.raises(AnsibleFilterError, match="Nothing was done"):
        in_shard([{"name": "shop"}], text)


def test_without_a_shard_all_stay_and_what_has_no_name_stays_in_all() -> None:
    certificates = [{"name": "shop"}, {"nmae": "typo"}, "text"]
    assert in_shard(certificates, None) == certificates
    kept = [in_shard(certificates, f"{number}/3") for number in (1, 2, 3)]
    assert all({"nmae": "typo"} in one and "text" in one for one in kept)
    assert sum({"name": "shop"} in one for one in kept) == 1
