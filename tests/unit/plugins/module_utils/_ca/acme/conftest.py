# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path / "accounts"))
