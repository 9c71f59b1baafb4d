# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a ledger would be lost."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import (
    file_system_of,
    read_mounts,
    why_not_durable,
)

MOUNTS = r"""overlay / overlay rw 0 0
tmpfs /mem tmpfs rw 0 0
/dev/sda1 /mem/kept ext4 rw 0 0
ramfs /with\040blank ramfs rw 0 0
/dev/sdb1 /var ext4 rw 0 0
tmpfs /var tmpfs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/ledger", "overlay"),
        ("/mem/ledger", "tmpfs"),
        ("/mem/kept/ledger", "ext4"),
        ("/memfoo/ledger", "overlay"),
        ("/with blank/ledger", "ramfs"),
        ("/var/lib/ledger", "tmpfs"),
        ("/var", "tmpfs"),
    ],
)
def test_the_longest_mount_point_decides_and_the_later_of_two(path: str, kind: str) -> None:
    assert file_system_of(path, MOUNTS) == kind


def test_without_mounts_nothing_is_known() -> None:
    assert file_system_of("/var/ledger", "") is None


@pytest.mark.parametrize(
    ("path", "environ", "runner", "reason"),
    [
        ("/etc/ledger", {}, False, None),
        ("/mem/ledger", {}, False, "tmpfs"),
        ("/etc/ledger", {"AWX_HOST": "x"}, False, "AWX_HOST"),
        ("/etc/ledger", {"AWX_PRIVATE_DATA_DIR": "x"}, False, "AWX_PRIVATE_DATA_DIR"),
        ("/etc/ledger", {"RUNNER_OMIT_EVENTS": "False"}, False, "RUNNER_OMIT_EVENTS"),
        ("/etc/ledger", {"JOB_ID": "1"}, False, "JOB_ID"),
        ("/etc/ledger", {"RUNNER_OS": "Linux", "MY_JOB_ID": "1"}, False, None),
        ("/etc/ledger", {}, True, "/runner"),
    ],
)
def test_why_it_would_be_lost(path: str, environ: dict[str, str], runner: bool, reason: str | None) -> None:
    why = why_not_durable(path, environ=environ, mounts=MOUNTS, is_folder=lambda _path: runner)
    assert (why is None) if reason is None else (why is not None and reason in why)


def test_the_mounts_of_this_machine_can_be_read() -> None:
    assert file_system_of("/", read_mounts())
