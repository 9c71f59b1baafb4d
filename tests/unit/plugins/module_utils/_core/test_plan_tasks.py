# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the catalogue that only persons can do, as tasks with owner, day, card and papers."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import Organization
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_tasks import call_rule, papers_of
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import WORDS, StepRule
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import STEPS
from ansible_collections.inkan.tls.plugins.modules import dcv_plan

EXAMPLE = {
    "name": "Example KK",
    "japanese_name": "株式会社例",
    "kind": "corporation",
    "phone": "03-0000-0000",
    "responsible": {
        "name": "山田",
        "mail": "yamada@example.jp",
        "absences": ["2026-12-01", {"from": "2026-12-28", "to": "2027-01-04", "note": "年末年始"}],
    },
    "technical": {"name": "鈴木", "mail": "ops@example.jp"},
    "languages": ["日本語", "English"],
    "subject": {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example KK"},
}


def tasks(product: str, organization: dict[str, t.Any] | None = None, **changes: t.Any) -> dict[str, dict[str, t.Any]]:
    item = {
        "name": "shop",
        "common_name": "shop.example.jp",
        "product": product,
        "ca_account": "a",
        "validation": {"method": "email"},
        "organization": "example",
        "hosts": "web",
        **changes,
    }
    options = {"organizations": {"example": EXAMPLE if organization is None else organization}}
    result = dcv_plan.run({"certificates": [item], "as_of": "2026-11-20", **options}, False)
    (found,) = result.extra["plans"]
    return {task["kind"]: task for task in found["tasks"]}


@pytest.mark.parametrize(
    ("product", "kinds"),
    [
        pytest.param("acme", [], id="a CA that asks machines only"),
        pytest.param("jprs-dv", [], id="DV by mail: the mail is no task of its own"),
        pytest.param("jprs-ov", ["papers", "call"], id="OV at JPRS"),
        pytest.param("cpi-dv", [], id="CPI"),
        pytest.param("iij-digicert-secure-server-id", ["call", "papers"], id="OV through IIJ"),
        pytest.param("iij-digicert-secure-server-id-ev", ["call", "papers", "ev_mail"], id="EV through IIJ (IIJ-16)"),
        pytest.param("iij-globalsign-quick-dv", ["intent_mail"], id="the intent mail of クイック認証SSL (IIJ-15)"),
        pytest.param(
            "idcf-digicert-secure-server-id", ["call"], id="OV at IDC Frontier: a corporation needs no papers"
        ),
        pytest.param(
            "idcf-digicert-secure-server-id-ev", ["colleague_call", "ev_mail"], id="EV at IDC Frontier (IDCF-6)"
        ),
        pytest.param("digicert-ev", ["ev_mail"], id="EV at DigiCert"),
        pytest.param("globalsign-ov", ["papers", "call"], id="OV at GlobalSign"),
        pytest.param("cybertrust-ov", ["call"], id="OV at Cybertrust"),
    ],
)
def test_which_steps_of_a_product_are_tasks(product: str, kinds: list[str]) -> None:
    validation = {"method": "http-01", "document_root": "/srv"} if product == "acme" else {"method": "email"}
    assert list(tasks(product, validation=validation)) == kinds


def test_a_call_has_its_owner_its_day_whom_to_ask_and_its_card() -> None:
    call = tasks("iij-digicert-secure-server-id", expires="2026-12-24T14:59:59Z")["call"]
    assert (call["owner"], call["mail"], call["escalate_to"]) == ("山田", "yamada@example.jp", "ops@example.jp")
    assert call["by"] == "2026-12-04T14:59:59Z"  # two weeks (IIJ-14), the end of that day in Japan
    assert call["lapses"] == "2026-12-24T14:59:59Z"
    assert call["where"].startswith("IIJのサポート窓口・営業担当; IIJサービスオンライン >")
    assert call["card"] == {
        "number": "03-0000-0000",
        "number_from": "the main number under the applied organization name in 帝国データバンク (COSMOSNET) or"
        " 東京商工リサーチ (tsr-van2)",
        "organization": "株式会社例",
        "CN": "shop.example.jp",
        "O": "Example KK",
        "L": "Chiyoda-ku",
        "ST": "Tokyo",
        "C": "JP",
        "responsible": "山田",
        "absences": "2026-12-01; 2026-12-28 – 2027-01-04 (年末年始)",
        "languages": "日本語, English",
        "asks": "the employment of the person responsible; the will to apply",
    }
    assert call["papers"] == []
    assert "IIJ-15" in call["facts"]


def test_a_task_is_due_before_the_live_certificate_ends_whatever_the_seller_allows() -> None:
    call = tasks("iij-digicert-secure-server-id", expires="2026-11-25T00:00:00Z")["call"]
    assert call["by"] == call["lapses"] == "2026-11-25T00:00:00Z"


def test_what_is_not_known_of_an_organization_is_left_out_of_the_card() -> None:
    call = tasks("jprs-ov", {"name": "Example KK"}, validation={"method": "file", "document_root": "/srv"})["call"]
    assert (call["owner"], call["mail"], call["escalate_to"]) == (None, None, None)
    assert set(call["card"]) == {"number_from", "organization", "CN", "asks"}


def test_documents_for_iij_go_to_its_sales_contact() -> None:
    found = tasks("iij-cybertrust-sureserver-cloud")["papers"]
    assert found["papers"] == ["iij-asked"]
    assert found["where"].startswith("IIJの営業担当; ")  # IIJ-17


IDENTITY = ["idcf-licence", "idcf-passport", "idcf-insurance", "idcf-residence", "idcf-foreigner"]


@pytest.mark.parametrize(
    ("kind", "opened", "papers"),
    [
        pytest.param(
            "sole_proprietor", "2026-02-01", ["idcf-opening", *IDENTITY, "idcf-phone-bill"], id="in the first year"
        ),
        pytest.param(
            "sole_proprietor", "2025-12-31", ["idcf-tax", *IDENTITY, "idcf-phone-bill"], id="from the second on"
        ),
        pytest.param(
            "sole_proprietor",
            None,
            ["idcf-opening", "idcf-tax", *IDENTITY, "idcf-phone-bill"],
            id="the year is not known: all",
        ),
        pytest.param("corporation", None, [], id="a corporation has none (IDCF-7)"),
    ],
)
def test_papers_go_by_the_year_of_the_business(kind: str, opened: str | None, papers: list[str]) -> None:
    organization = Organization(kind=kind, opened_on=date.fromisoformat(opened) if opened else None)
    assert [paper.key for paper in papers_of("idcf", organization, date(2026, 11, 20))] == papers


def test_papers_are_one_task_and_those_with_an_age_limit_say_so() -> None:
    sole = {**EXAMPLE, "kind": "sole_proprietor", "opened_on": "2026-02-01"}
    found = tasks("idcf-geotrust-true-businessid", sole)["papers"]
    assert found["what"].count("as a sole proprietor") == 3
    assert found["papers"] == ["idcf-opening", *IDENTITY, "idcf-phone-bill"]
    limits = {paper.key: (paper.form, paper.months) for paper in papers_of("idcf", Organization(), date(2026, 11, 20))}
    assert {key for key, limit in limits.items() if limit == ("original", 3)} == {"idcf-residence", "idcf-foreigner"}


def test_every_kind_that_a_row_may_name_is_known() -> None:
    assert {kind for kind in WORDS[StepRule]["task"] if kind} <= STEPS.keys()


@pytest.mark.parametrize(
    ("seller", "level", "facts", "asks"),
    [
        ("iij", "ov", "IIJ-15", "the will to apply"),
        ("iij", "ev", "IIJ-15", "the will to apply"),
        ("jprs", "ov", "JPRS-12", "the common name"),
        ("idcf", "ev", "IDCF-6", "somebody else than the person responsible is asked first"),
        ("idcf", "ov", "IDCF-6", "the application"),
        ("globalsign", "ev", "ours", ""),
    ],
)
def test_a_call_is_the_one_of_its_seller_and_level(seller: str, level: str, facts: str, asks: str) -> None:
    rule = call_rule(seller, level)
    assert rule.facts == (facts,)
    assert asks in "; ".join(rule.asks) and bool(rule.asks) == bool(asks)


def test_the_item_says_what_its_organization_does_not_and_nothing_where_it_is_silent() -> None:
    own = {"O": "Example Holdings", "L": "", "ST": None}
    card = tasks("iij-digicert-secure-server-id", subject=own)["call"]["card"]
    assert (card["O"], card["L"], card["ST"]) == ("Example Holdings", "Chiyoda-ku", "Tokyo")


@pytest.mark.parametrize(
    ("expires", "by"),
    [
        pytest.param("2026-11-20T00:00:01Z", "2026-11-20T00:00:01Z", id="it ends before the day"),
        pytest.param("2026-11-20T00:00:00Z", "2026-12-04T14:59:59Z", id="it ends now"),
        pytest.param("2026-11-01T00:00:00Z", "2026-12-04T14:59:59Z", id="it has ended"),
        pytest.param(None, "2026-12-04T14:59:59Z", id="there is none"),
    ],
)
def test_a_certificate_that_has_ended_makes_no_task_late(expires: str | None, by: str) -> None:
    call = tasks("iij-digicert-secure-server-id", **({"expires": expires} if expires else {}))["call"]
    assert (call["by"], call["lapses"]) == (by, expires)


def test_fields_of_a_subject_may_be_written_out() -> None:
    own = {
        "countryName": "US",
        "stateOrProvinceName": "Ohio",
        "localityName": "Akron",
        "organizationName": "Example Inc.",
    }
    card = tasks("iij-digicert-secure-server-id", subject=own)["call"]["card"]
    assert {key: card[key] for key in ("C", "ST", "L", "O")} == {
        "C": "US",
        "ST": "Ohio",
        "L": "Akron",
        "O": "Example Inc.",
    }


def test_a_call_to_a_colleague_has_a_card_too_and_papers_have_none() -> None:
    assert tasks("idcf-digicert-secure-server-id-ev")["colleague_call"]["card"]["CN"] == "shop.example.jp"
    assert tasks("iij-cybertrust-sureserver-cloud")["papers"]["card"] == {}
