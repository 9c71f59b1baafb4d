# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides are held to the code and to each other: variables, facts, error codes, and examples alike in both languages.

Their certificates are planned and their accounts and services read by test_documentation.py.
"""

from __future__ import annotations

import re
import typing as t

import pytest

yaml = pytest.importorskip("yaml")

from ansible_collections.inkan.tls.plugins.module_utils._data.facts import FACTS  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._data.facts_cas import CA_FACTS  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.test_documentation import yaml_blocks  # noqa: E402

PAGES = REPOSITORY / "docs" / "docsite" / "rst"
GUIDES = sorted(path.stem for path in PAGES.glob("*.rst") if path.stem.startswith(("guide_", "upgrades")))
SELLERS = ["jprs", "cpi", "iij", "idcf", "digicert", "globalsign", "cybertrust", "acme"]
TASKS = [f"guide_{seller}" for seller in SELLERS]
#: variables that validation must not print (docs/variables.yml says why it lacks them)
UNTOLD = {"inkan_ca_accounts", "inkan_dns_services", "inkan_mailboxes", "inkan_notifications", "inkan_hosts"}
#: no variables: what the run hands to AWX, and the beginning of the names of metrics
OTHERS = {"inkan_report", "inkan_tls"}
_LABEL = "ansible_collections.inkan.tls.docsite."
_FACT = re.compile(r"\b(?:JPRS|CPI|IIJ|IDCF)-\d+\b")

every_guide = pytest.mark.parametrize("guide", GUIDES)
in_both = pytest.mark.parametrize(
    "guide",
    [*TASKS, "guide_ten_minutes", "guide_off_mail", "guide_47_days", "guide_troubleshooting", "upgrades"],
)


def text_of(page: str) -> str:
    return (PAGES / f"{page}.rst").read_text("utf-8")


def variables_told() -> set[str]:
    told = yaml.safe_load((REPOSITORY / "docs" / "variables.yml").read_text("utf-8"))["groups"]
    return {name for group in told.values() for name in group} | UNTOLD


@every_guide
def test_the_variables_of_a_guide_are_there(guide: str) -> None:
    """Also those in the text."""
    assert set(re.findall(r"\binkan_[a-z_]+\b", text_of(guide))) - variables_told() - OTHERS == set()


@every_guide
def test_the_facts_of_a_guide_are_there(guide: str) -> None:
    known = {fact.id for fact in (*FACTS, *CA_FACTS)}
    assert set(_FACT.findall(text_of(guide))) - known == set()


@every_guide
def test_what_a_guide_refers_to_is_there(guide: str) -> None:
    """Also said by Sphinx, later and dearer."""
    referred = set(re.findall(rf"{re.escape(_LABEL)}(\w+)[>`]", text_of(guide)))
    assert referred - {path.stem for path in PAGES.glob("*.rst")} == set()


def certificates_of(block: t.Any) -> list[dict[str, t.Any]]:
    return block.get("inkan_certificates", []) if isinstance(block, dict) else []


@in_both
def test_a_guide_has_the_same_examples_in_both_languages(guide: str) -> None:
    english, japanese = (
        re.findall(r"^ *\.\. code-block:: \w+\n\n((?: *(?: {4}.*)?\n)+)", text_of(page), re.MULTILINE)
        for page in (guide, f"{guide}_ja")
    )
    assert [one.rstrip() for one in english] == [one.rstrip() for one in japanese]


@in_both
def test_a_guide_cites_the_same_facts_in_both_languages(guide: str) -> None:
    assert set(_FACT.findall(text_of(guide))) == set(_FACT.findall(text_of(f"{guide}_ja")))


@pytest.mark.parametrize("guide", TASKS)
def test_a_task_guide_says_what_to_declare_who_must_act_and_where_to_read_on(guide: str) -> None:
    blocks = [block for _kind, block in yaml_blocks(text_of(guide))]
    assert [one for block in blocks for one in certificates_of(block)]
    seller = guide.removeprefix("guide_")
    for page, words in ((guide, ("by when", "Pitfalls\n")), (f"{guide}_ja", ("期限", "つまずきやすい点\n"))):
        found = text_of(page).replace("pitfalls\n", "Pitfalls\n")
        assert all(word in found for word in words)
        assert f"`{_LABEL}seller_{seller}{'_ja' if page.endswith('_ja') else ''}`" in found


def test_the_codes_of_the_page_of_troubles_are_on_the_page_of_errors() -> None:
    listed = set(re.findall(r"^   \* - ``(\S+)``$", text_of("errors"), re.MULTILINE))
    for page in ("guide_troubleshooting", "guide_troubleshooting_ja"):
        cells = re.findall(r"^   \* - .*\n     - (.*)\n", text_of(page), re.MULTILINE)
        codes = {code for cell in cells for code in re.findall(r"``([a-zA-Z_]+)``", cell)} - {"dcv_check"}
        assert len(codes) > 30
        assert codes <= listed
