# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' argument_specs say what docs/variables.yml says, and every variable a role defaults is described."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_written_files_are_those_of_the_source() -> None:
    script = REPOSITORY / "scripts" / "write_argument_specs.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_default_is_described_unless_it_may_hold_secrets() -> None:
    groups = yaml.safe_load((REPOSITORY / "docs/variables.yml").read_text(encoding="utf-8"))["groups"]
    described = {name: option for group in groups.values() for name, option in group.items()}
    for path in sorted(REPOSITORY.glob("roles/*/defaults/main.yml")):
        for name, default in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if name in ("inkan_ca_accounts", "inkan_dns_services", "inkan_mailboxes", "inkan_notifications"):
                assert name not in described
                continue
            assert name in described, f"{path}: {name}"
            if "default" in described[name]:
                assert described[name]["default"] == default, f"{path}: {name}"


def test_no_role_lacks_its_specification() -> None:
    for role in sorted((REPOSITORY / "roles").iterdir()):
        assert (role / "meta" / "argument_specs.yml").is_file(), role.name
