# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller does inside of Ansible's process is tried as a module, too: as other hosts run it."""

from __future__ import annotations

import pathlib

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
ON_CONTROLLER = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py"))
#: a guard of the roles, which is never sent anywhere
AT_HOME_ONLY = {"run_guard"}


@pytest.mark.parametrize("module", [name for name in ON_CONTROLLER if name not in AT_HOME_ONLY])
def test_its_integration_target_sends_the_module(module: str) -> None:
    tasks = yaml.safe_load((ROOT / "tests/integration/targets" / module / "tasks/main.yml").read_text())
    sent = [block for block in tasks if "block" in block and block.get("environment")]
    assert any(f"inkan.tls.{module}" in str(block) or _included(module, block) for block in sent)


def _included(module: str, block: dict[str, object]) -> bool:
    """A block that includes files runs what they say in its environment."""
    files = (ROOT / "tests/integration/targets" / module / "tasks").glob("*.yml")
    return "include_tasks" in str(block) and any(
        f"inkan.tls.{module}:" in file.read_text() for file in files if file.name != "main.yml"
    )
