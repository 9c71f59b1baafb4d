# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the catalogue says what ``rows_told.txt`` says; every step of a plan is a whole sentence of it."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import CATALOGUE
from ansible_collections.inkan.tls.tests.unit.plugins.modules.rows_told import complaints, expected
from ansible_collections.inkan.tls.tests.unit.plugins.modules.test_catalogue_cases import CASES

TOLD = expected()


@pytest.mark.parametrize("product", CATALOGUE)
def test_the_rows_of_a_product_are_told(product: str) -> None:
    assert complaints(CATALOGUE[product], TOLD) == []


def test_no_row_is_told_of_a_product_that_is_not_sold() -> None:
    assert set(TOLD) == set(CATALOGUE)


def test_the_steps_of_the_cases_are_whole_sentences_that_are_told() -> None:
    strange = [
        f"{case.title}: {step['action']}"
        for case in CASES
        for step in case.planned().plan["steps"]
        if not any(row.tells(step) for row in TOLD[case.product])
    ]
    assert strange == []


def test_every_step_that_is_told_stands_in_the_plan_of_a_case() -> None:
    steps = {row for rows in TOLD.values() for row in rows if row.head.startswith("[steps]")}
    for case in CASES:
        found = case.planned().plan["steps"]
        steps = {row for row in steps if not any(row.tells(step) for step in found)}
    assert {row.field("action") for row in steps} == set()
