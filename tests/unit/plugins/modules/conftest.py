# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dcv_plan runs on the controller, which has Python 3.11 or newer.

On the oldest Python of a target its tables are left out.
"""

from __future__ import annotations

import sys

import pytest

FOR_CONTROLLERS = ("test_catalogue_cases", "test_dcv_plan", "test_row_mutation", "test_rows_told")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if sys.version_info >= (3, 11):
        return
    for_controllers = [item for item in items if item.path.name.startswith(FOR_CONTROLLERS)]
    items[:] = [item for item in items if not item.path.name.startswith(FOR_CONTROLLERS)]
    config.hook.pytest_deselected(items=for_controllers)
