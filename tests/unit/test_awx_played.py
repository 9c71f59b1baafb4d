# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project of extensions/awx is played as AWX plays it: the inventory is exported, stored, and handed to the job by
a program; the playbook is the project's own; and the job has no credentials, for it is the plan."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

pytest.importorskip("ansible.template")

from ansible_collections.inkan.tls.tests.unit import awx_files


@pytest.fixture
def job(tmp_path: Path) -> t.Callable[..., str]:
    """Runs a command in a fresh copy of the project; the output is returned, and a failure is one."""
    folder = tmp_path / "project"
    shutil.copytree(awx_files.PROJECT, folder)
    root = Path(awx_files.__file__).parents[5]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "INKAN_"))}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(root), "ANSIBLE_LOCAL_TEMP": str(tmp_path), "HOME": str(tmp_path)}
    environment |= {"ANSIBLE_REMOTE_TMP": str(tmp_path), "ANSIBLE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_plan_needs_no_credential(job: t.Callable[..., str], tmp_path: Path) -> None:
    inventory = json.loads(job("ansible.cli.inventory", "-i", "inventory/hosts.yml", "--list", "--export"))
    inventory["all"]["vars"] |= {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory["_meta"]["hostvars"] = {}  # the ledger is on this machine, too
    stored = tmp_path / "hosts"
    stored.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n", encoding="utf-8")
    stored.chmod(0o755)
    places = {name: str(tmp_path / name) for name in ("inkan_ledger_path", "inkan_store_path")}
    extra = {**places, "inkan_ledger_host": "ledger.example.jp", "inkan_ledger_python": sys.executable}
    said = job(
        "ansible.cli.playbook", "plan.yml", "-i", str(stored), "-e", json.dumps({**extra, "inkan_report_path": None})
    )
    assert "for 2 certificates" in said and "shop.example.jp" in said and "www.example.jp" in said
    # nobody asked the ledger's host for certificates
    assert "ledger.example.jp          : ok=0 " in said.split("PLAY RECAP")[1]
