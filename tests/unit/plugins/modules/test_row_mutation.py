# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing or deleting any one row of the catalogue turns a table of tests red. The result is printed (pytest -s)."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.modules.row_mutation import as_table, run
from ansible_collections.inkan.tls.tests.unit.plugins.modules.test_catalogue_cases import CASES


def test_no_row_can_be_changed_or_deleted_unnoticed(capsys: pytest.CaptureFixture[str]) -> None:
    results = run(CASES)
    with capsys.disabled():
        print(f"\n{as_table(results)}")
    survived = [f"{one.mutant.place}: {one.mutant.what}" for one in results if not one.killed_by]
    assert survived == []
