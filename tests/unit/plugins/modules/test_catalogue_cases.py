# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fact of the sellers' documents, told by the plan of a product that it concerns: the tables of ``cases_*``."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._data.facts import FACTS
from ansible_collections.inkan.tls.plugins.module_utils._data.facts_cas import CA_FACTS
from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_cas import CAS
from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_idcf import IDCF
from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_iij import IIJ
from ansible_collections.inkan.tls.tests.unit.plugins.modules.cases_jprs_cpi import CPI, JPRS
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import (
    CATALOGUE,
    FIVE,
    Case,
    Cliff,
    Due,
    Expectation,
    Has,
    HasNot,
    Is,
    Mailboxes,
    Method,
    Refused,
    Step,
    Steps,
)
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import by_mail

CASES: list[Case] = JPRS + CPI + IIJ + IDCF + CAS


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_the_plan_says(case: Case) -> None:
    assert case.complaints() == []


@pytest.mark.parametrize("fact", [fact.id for fact in FACTS + CA_FACTS])
def test_a_fact_has_a_case(fact: str) -> None:
    shown = re.compile(rf"(?<![\w-]){re.escape(fact)}(?![\w-])")
    assert any(shown.search(case.facts) for case in CASES)


@pytest.mark.parametrize("product", CATALOGUE)
def test_a_product_has_cases(product: str) -> None:
    assert sum(case.product == product for case in CASES) >= 6


MAIL = {"validation": by_mail("admin@example.jp")}
FALSE: list[t.Any] = [
    pytest.param(Refused("no_contact"), id="another outcome"),
    pytest.param(Is("renewal.if_ignored.outcome", "renews"), id="another value"),
    pytest.param(Method("email", False), id="a method that is allowed"),
    pytest.param(Method("email", facts="JPRS-1"), id="a fact too many of a method"),
    pytest.param(Method("dns"), id="a method that is not there"),
    pytest.param(Mailboxes("constructed", "www.example.jp"), id="another domain"),
    pytest.param(Mailboxes("constructed", "example.jp", "JPRS-3"), id="a fact too many of a mailbox"),
    pytest.param(Mailboxes("constructed", "example.jp", mailed="all"), id="another property of a mailbox"),
    pytest.param(Mailboxes("constructed", "example.jp", local_parts=FIVE[1:]), id="an address too many"),
    pytest.param(Mailboxes("constructed", "example.jp", reasons="no such"), id="another reason"),
    pytest.param(Cliff("2028-03-15", "ends", "move to dns"), id="another way out"),
    pytest.param(Cliff("2028-03-14", "ends", "move"), id="another day of the cliff"),
    pytest.param(Due("no_certificate", kind="renew"), id="another kind of order"),
    pytest.param(Due("expired"), id="another decision"),
    pytest.param(Steps(), id="steps too many"),
    pytest.param(Steps(*[Step("ca", "issue", "JPRS-2")] * 9), id="other steps, and too few"),
    pytest.param(Has(Step("ca", "do nothing", "JPRS-2")), id="a step that is not there"),
    pytest.param(Has(Step("customer", "mail instructions to admin@example.jp", "JPRS-2")), id="another actor"),
    pytest.param(Has(Step("ca", "mail instructions to", "JPRS-3")), id="another fact of a step"),
    pytest.param(Has(Step("ca", "mail instructions to", "JPRS-2", "2026-12-01")), id="another day of a step"),
    pytest.param(Has(Step("ca", "mail instructions to", "JPRS-2", None, "2026-12-01")), id="a step that opens later"),
    pytest.param(HasNot("mail instructions"), id="a step that is there"),
]


@pytest.mark.parametrize("expectation", FALSE)
def test_an_expectation_complains_of_a_plan_that_says_otherwise(expectation: Expectation) -> None:
    assert Case("", "", "jprs-dv", MAIL, (expectation,)).complaints() != []
