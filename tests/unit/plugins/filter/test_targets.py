# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a pattern of a certificate means."""

from __future__ import annotations

import typing as t

import pytest
from ansible import constants
from ansible_collections.inkan.tls.plugins.filter.run import targets

GROUPS = {"all": ["web1", "web2", "db1"], "web": ["web1", "web2"], "ungrouped": ["db1"]}


def hosts(pattern: t.Any, *playing: str) -> tuple[list[str], list[str]]:
    found = targets([{"name": "shop", "hosts": pattern}], GROUPS, playing or GROUPS["all"])["shop"]
    assert (found["token_hosts"], found["all_token_hosts"]) == (found["hosts"], found["all_hosts"])
    return found["hosts"], found["all_hosts"]


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("web1", ["web1"]),
        ("web", ["web1", "web2"]),
        (["db1", "web1"], ["web1", "db1"]),
        ("all:!web", ["db1"]),
        ("web*", ["web1", "web2"]),
        ("web[1]", ["web2"]),
        ("nowhere", []),
        (["nowhere", "db1"], ["db1"]),
        ("", []),
        (None, []),
    ],
)
def test_a_pattern_is_ansible_s(pattern: t.Any, meant: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HOST_PATTERN_MISMATCH", "ignore")
    playing, every = hosts(pattern)
    assert (sorted(playing), sorted(every)) == (sorted(meant), sorted(meant))


def test_of_a_play_that_is_limited_both_are_told() -> None:
    assert hosts("web", "web2", "db1") == (["web2"], ["web1", "web2"])


def test_the_others_go_on_where_a_pattern_without_hosts_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """``host_pattern_mismatch: error`` of ansible.cfg would end the play for all; the plan refuses that one alone."""
    monkeypatch.setattr(constants, "HOST_PATTERN_MISMATCH", "error")
    found = targets([{"name": "shop", "hosts": "nowhere"}, {"name": "api", "hosts": "web1"}], GROUPS, GROUPS["all"])
    assert (found["shop"]["all_hosts"], found["api"]["all_hosts"]) == ([], ["web1"])
