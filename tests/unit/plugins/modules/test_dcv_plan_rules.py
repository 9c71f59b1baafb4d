# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan makes of each kind of row, on rows that no seller has: steps, links, changes, terms, windows, cliffs."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import by_mail, code, planned

MAIL = rows.MethodOffer("email", ("3.2.2.4.4",), "mail", ("X-1",), "test")
LINKAGE = rows.MethodOffer("registrar", ("3.2.2.4.12",), "nothing", ("X-2",), "test")
BASE = rows.Product(
    key="x",
    seller="x",
    ca="x",
    validation_level="dv",
    title="X",
    source="test",
    names=(rows.NameRule("may", 5, ("X-3",), "test"),),
    custody=(rows.CustodyRule(("us", "seller"), ("us", "seller"), ("X-4",), "test"),),
    methods=(MAIL, LINKAGE),
    contacts=(
        rows.ContactOffer(
            "constructed", ("fqdn", "base"), True, "chosen", "fqdn", ("X-5",), "test", local_parts=("admin",)
        ),
    ),
    renewal=(rows.RenewalRule("lapses", ("X-6",), "test"),),
    validity=(rows.ValidityRule("ca_decides", ("X-7",), "test"),),
    utc_offset=9,
)
BY_MAIL = by_mail("admin@example.jp")
#: it ends on 2026-12-15 in Japan
LIVE = {"not_before": "2026-06-01T00:00:00Z", "not_after": "2026-12-15T14:59:59Z"}


def with_rows(**tables: t.Any) -> rows.Product:
    return BASE._replace(**tables)


def of_x(product: rows.Product = BASE, **more: t.Any) -> Planned:
    return planned(product, "example.jp", **{"validation": BY_MAIL, **more})


def actions(one: Planned) -> list[str]:
    return [step["action"] for step in one.plan["steps"]]


def step(action: str, **more: t.Any) -> rows.StepRule:
    return rows.StepRule("customer", action, ("X-8",), "test", **more)


# -- steps ------------------------------------------------------------------------------------------------------------

SOLE = {"kind": "sole_proprietor", "opened_on": "2025-05-01"}
CONCERNS = [
    pytest.param({"methods": ("email",)}, {}, True, id="of its method"),
    pytest.param({"methods": ("registrar",)}, {}, False, id="of another method"),
    pytest.param({"contacts": ("constructed",)}, {}, True, id="of its kind of mailbox"),
    pytest.param({"contacts": ("txt",)}, {}, False, id="of another kind"),
    pytest.param({"purposes": ("issue",)}, {}, True, id="the first time"),
    pytest.param({"purposes": ("issue",)}, {"live": LIVE}, False, id="the first time only"),
    pytest.param({"purposes": ("renew",)}, {"live": LIVE}, True, id="of a renewal"),
    pytest.param({"purposes": ("renew",)}, {"expires": "2027-01-01"}, True, id="of one whose end is known"),
    pytest.param({"purposes": ("reissue",)}, {"live": LIVE}, False, id="of a reissue"),
    pytest.param({"options": ("www_option",)}, {"options": {"www_option": True}}, True, id="with an option"),
    pytest.param({"options": ("www_option",)}, {}, False, id="without the option"),
    pytest.param({"key_made_by": ("seller",)}, {"key": {"made_by": "seller"}}, True, id="where the seller makes it"),
    pytest.param({"key_made_by": ("seller",)}, {}, False, id="where we make it"),
    pytest.param({"deployed_by": ("seller",)}, {"deploy": {"by": "seller"}}, True, id="where the seller installs it"),
    pytest.param({"deployed_by": ("seller",)}, {}, False, id="where we install it"),
    pytest.param({"organization_kinds": ("sole_proprietor",)}, {"organization": "o"}, True, id="of its kind"),
    pytest.param({"organization_kinds": ("corporation",)}, {"organization": "o"}, False, id="of another kind"),
    pytest.param({"organization_kinds": ("corporation",)}, {}, True, id="of a kind that nobody said"),
    pytest.param({"organization_year": "first"}, {"organization": "o"}, False, id="not in its second year"),
    pytest.param({"organization_year": "later"}, {"organization": "o"}, True, id="from its second year on"),
    pytest.param({"organization_year": "first"}, {"organization": "o", "as_of": "2025-12-31T14:59:59Z"}, True,
                 id="until its first New Year in Japan"),
    pytest.param({"organization_year": "first"}, {"organization": "o", "as_of": "2025-12-31T15:00:00Z"}, False,
                 id="and not after it"),
    pytest.param({"organization_year": "first"}, {}, True, id="of an age that nobody said"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "asks", "told"), CONCERNS)
def test_a_step_is_told_to_whom_it_concerns(condition: dict[str, t.Any], asks: dict[str, t.Any], told: bool) -> None:
    product = with_rows(steps=(step("act", **condition),))
    assert actions(of_x(product, organizations={"o": SOLE}, **asks)) == (["act"] if told else [])


def test_a_step_of_a_reissue() -> None:
    product = with_rows(steps=(step("act", purposes=("reissue",)),), reissue=(rows.ReissueRule(("X-9",), "test"),))
    assert actions(of_x(product, live={**LIVE, "not_after": "2027-05-15T00:00:00Z", "matches": False})) == ["act"]


PEOPLE = {
    "o": {
        "japanese_name": "株式会社例",
        "phone": "+81 3 0000 0000",
        "responsible": {"name": "山田", "mail": "y@example.jp", "absences": []},
        "name": "Example KK",
    }
}


def test_a_step_tells_who_is_called_where() -> None:
    text = "{organization} {phone} {responsible} {responsible_mail} {common_name} {mailbox}"
    product = with_rows(steps=(step(text),))
    assert actions(of_x(product, organizations=PEOPLE, organization="o")) == [
        "株式会社例 +81 3 0000 0000 山田 y@example.jp example.jp admin@example.jp"
    ]
    (unknown,) = actions(of_x(product, validation={"method": "registrar"}))
    assert "{" not in unknown
    assert "申請責任者" in unknown
    assert "the listed phone number" in unknown


@pytest.mark.parametrize(
    ("order", "due"),
    [
        pytest.param(None, "2026-12-15", id="of one made now"),
        pytest.param({"state": "wanted", "created_at": "2026-11-10T15:00:00Z"}, "2026-12-06", id="of the open one"),
        pytest.param({"state": "deployed", "created_at": "2026-06-01T00:00:00Z"}, "2026-12-15", id="not of an old one"),
    ],
)
def test_a_due_day_counts_from_the_order_in_japan(order: dict[str, t.Any] | None, due: str) -> None:
    one = of_x(with_rows(steps=(step("approve", after_days=25),)), order=order)
    assert [found["due"] for found in one.plan["steps"]] == [due]


def test_days_before_the_end_count_in_the_sellers_calendar_over_weekends() -> None:
    product = with_rows(
        steps=(step("renew", opens_before_expiry_days=30, before_expiry_days=21),),
        notices=(rows.NoticeRule(35, "the managers", ("X-10",), "test"),),
        renewal=(rows.RenewalRule("renews", ("X-6",), "test", 30, 21, cancel_days=26, key_made_by="seller"),),
    )
    one = of_x(product, live={**LIVE, "not_after": "2026-12-14T15:00:00Z"})  # 2026-12-15 00:00 in Japan
    (found,) = one.plan["steps"]
    assert (found["opens"], found["due"]) == ("2026-11-15", "2026-11-24")
    renewal = one.plan["renewal"]
    assert renewal["notices"] == [{"date": "2026-11-10", "to": "the managers"}]
    assert [renewal[key] for key in ("window_opens", "window_closes", "cancel_by")] == [
        "2026-11-15",
        "2026-11-24",
        "2026-11-19",
    ]


# -- links ------------------------------------------------------------------------------------------------------------

LINKED = with_rows(
    links=(rows.LinkRule("same_account", "registrar", "email", ("X-11",), "test"),),
    steps=(
        step("wait", methods=("registrar",), when="link"),
        step("it was transferred: choose a mailbox", when="link_lost"),
        step("approve", methods=("email",)),
    ),
)
REGISTRAR = {"method": "registrar"}
OPEN = {"state": "validating", "method": "registrar", "created_at": "2026-11-10T00:00:00Z"}
SAME, LEFT = {"same_account": True}, {"same_account": False}
ACCOUNTS = [
    pytest.param(REGISTRAR, SAME, None, None, ["wait"], "registrar", id="the same account: nobody is mailed"),
    pytest.param(BY_MAIL, SAME, None, None, ["wait"], "registrar", id="also where a mailbox was declared"),
    pytest.param(BY_MAIL, {}, None, None, ["approve"], "email", id="two accounts: mail"),
    pytest.param(REGISTRAR, {}, None, "method_not_allowed", ["approve"], None, id="no such account: refused"),
    pytest.param(REGISTRAR, LEFT, OPEN, None, ["it was transferred: choose a mailbox", "approve"], "registrar",
                 id="it left while an order is open: the mail step opens, the order goes on"),
    pytest.param(BY_MAIL, LEFT, OPEN, None, ["it was transferred: choose a mailbox", "approve"], "registrar",
                 id="and the mailbox is declared by now"),
    pytest.param(REGISTRAR, LEFT, {**OPEN, "state": "deployed"}, "method_not_allowed", ["approve"], None,
                 id="it left, and no order is open"),
    pytest.param(BY_MAIL, SAME, {**OPEN, "method": "email"}, None, ["approve"], "email",
                 id="it came while an order by mail is open: that one is answered"),
]  # fmt: skip


@pytest.mark.parametrize(("validation", "options", "order", "expected", "told", "ordered"), ACCOUNTS)
def test_who_holds_the_domain_decides_whether_somebody_is_mailed(
    validation: dict[str, t.Any],
    options: dict[str, t.Any],
    order: dict[str, t.Any] | None,
    expected: str | None,
    told: list[str],
    ordered: str | None,
) -> None:
    one = of_x(LINKED, validation=validation, options=options, order=order)
    assert code(one) == expected
    if expected is None:
        assert actions(one) == told
        assert one.certificate is not None
        assert one.certificate["validation"]["method"] == ordered
    else:
        assert one.error is not None
        assert "options.same_account" in one.error.sentence()
        assert "X-11" in one.error.sentence()


def test_the_mailbox_that_is_declared_after_the_link_was_lost_is_told() -> None:
    one = of_x(LINKED, validation=BY_MAIL, options=LEFT, order=OPEN)
    assert one.certificate is not None
    assert one.certificate["validation"]["contact"]["address"] == "admin@example.jp"
    (lost,) = [method for method in one.plan["methods"] if method["method"] == "registrar"]
    assert not lost["allowed"]
    assert "was lost while the order is open (X-11)" in lost["reasons"][0]


def test_a_link_that_is_assumed_ends_where_the_item_says_so() -> None:
    product = with_rows(links=(LINKED.links[0]._replace(assumed=True),), steps=LINKED.steps)
    assert actions(of_x(product, validation=REGISTRAR)) == ["wait"]
    assert actions(of_x(product, validation=BY_MAIL)) == ["approve"]  # an assumption changes no declared method
    assert code(of_x(product, validation=REGISTRAR, options=LEFT)) == "method_not_allowed"


# -- changes ----------------------------------------------------------------------------------------------------------


def change(field: str, *at: str) -> rows.ChangeRule:
    return rows.ChangeRule(field, at, "apply anew", ("X-12",), "test")


IN_TERM = {**LIVE, "not_after": "2027-05-15T00:00:00Z", "dns_names": ["other.example.jp"]}
CHANGES = [
    pytest.param(change("common_name", "renew"), {"live": LIVE, "previous": {"common_name": "EXAMPLE.JP"}}, False,
                 id="the same name in other letters"),
    pytest.param(change("common_name", "renew"), {"live": LIVE, "previous": {"common_name": "a.example.jp"}}, True,
                 id="another common name at a renewal"),
    pytest.param(change("common_name", "renew"), {"live": IN_TERM, "previous": {"common_name": "a.example.jp"}}, False,
                 id="which is no reissue"),
    pytest.param(change("common_name", "reissue"), {"live": IN_TERM, "previous": {"common_name": "a.example.jp"}}, True,
                 id="another common name at a reissue"),
    pytest.param(change("common_name", "renew"), {"live": LIVE, "previous": {}}, False, id="what is not known"),
    pytest.param(change("common_name", "renew"), {"live": LIVE}, False, id="nothing is known"),
    pytest.param(change("options.www_option", "reissue"), {"live": IN_TERM, "options": {"www_option": True},
                 "previous": {"options": {}}}, True, id="an option that is set at a reissue"),
    pytest.param(change("options.www_option", "reissue"), {"live": LIVE, "options": {"www_option": True},
                 "previous": {"options": {}}}, False, id="but may be set at a renewal"),
    pytest.param(change("options.www_option", "reissue"), {"live": IN_TERM, "options": {"www_option": False},
                 "previous": {"options": {}}}, False, id="not set and false are the same"),
    pytest.param(change("organization", "renew"), {"live": LIVE, "organization": "b",
                 "previous": {"organization": "a"}}, True, id="another organization"),
    pytest.param(change("key.made_by", "renew"), {"live": LIVE, "previous": {"key_made_by": "seller"}}, True,
                 id="another maker of the key"),
    pytest.param(change("deploy.by", "renew"), {"live": LIVE, "previous": {"deployed_by": "us"}}, False,
                 id="the same who installs"),
    pytest.param(change("product", "renew"), {"live": LIVE, "previous": {"product": "y"}}, True, id="another product"),
    pytest.param(change("product", "renew"), {"live": LIVE, "previous": {"product": "jprs-dv"}}, False,
                 id="a product of another seller is a first order here"),
    pytest.param(change("common_name", "renew"), {"live": LIVE,
                 "previous": {"common_name": "a.example.jp", "ca_account": "b"}}, False, id="so is another account"),
    pytest.param(change("common_name", "validated"), {"order": {"state": "issuing", "common_name": "a.example.jp"}},
                 True, id="another name once the domain is validated (CPI-7)"),
    pytest.param(change("common_name", "validated"), {"order": {"state": "wanted", "common_name": "a.example.jp"}},
                 False, id="not before it is"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "asks", "refused"), CHANGES)
def test_a_change_that_the_seller_does_not_make_is_refused_with_the_right_procedure(
    rule: rows.ChangeRule, asks: dict[str, t.Any], refused: bool
) -> None:
    product = with_rows(changes=(rule,), reissue=(rows.ReissueRule(("X-9",), "test"),))
    one = of_x(product, **asks)
    assert code(one) == ("change_refused" if refused else None)
    if one.error is not None:
        assert f"{rule.field} be changed" in one.error.sentence()
        assert "X-12" in one.error.sentence()
        assert "Apply anew" in one.error.sentence()
    assert one.plan["renewal"]["immutable"] == ([rule.field] if "renew" in rule.at else [])


def test_a_product_that_is_bought_elsewhere_than_before_is_a_first_order() -> None:
    one = of_x(BASE, live={**LIVE, "matches": False}, previous={"product": "jprs-dv"})
    assert one.due is not None
    assert one.due.kind == "issue"


# -- terms and validity -----------------------------------------------------------------------------------------------

TERMS = with_rows(
    validity=(
        rows.ValidityRule("after_expiry", ("X-7",), "test", amount=6, period="6m"),
        rows.ValidityRule("after_expiry", ("X-7",), "test", amount=12, period="1y"),
    ),
    renewal=(
        rows.RenewalRule(
            "renews", ("X-6",), "test", period="last", stopped_periods=("2y",), period_instead="1y", key_made_by="us"
        ),
    ),
)


def validity(kind: str, amount: int = 0, **more: t.Any) -> rows.Product:
    return with_rows(validity=(rows.ValidityRule(kind, ("X-7",), "test", amount=amount, **more),))


ENDS = [
    pytest.param(validity("after_issue", 50, seconds=86_399), {}, "2027-01-10T11:59:59Z", id="issue, days, seconds"),
    pytest.param(validity("after_issue", 50, adds_days_left=True), {"live": LIVE}, "2027-02-03T12:00:00Z",
                 id="and the 25 whole days left"),
    pytest.param(validity("after_issue", 50, adds_days_left=True), {}, "2027-01-09T12:00:00Z", id="none left"),
    pytest.param(validity("after_issue", 50, adds_days_left=True), {"expires": "2026-11-01"}, "2027-01-09T12:00:00Z",
                 id="none left on an expired one"),
    pytest.param(validity("after_issue", 397), {}, "2027-06-08T11:59:59Z", id="under the cap of 200 days"),
    pytest.param(validity("months", 1), {}, "2026-12-20T11:59:59Z", id="a month from issue"),
    pytest.param(validity("months", 3, period="3m"), {"as_of": "2026-11-30T12:00:00Z"}, "2027-02-28T11:59:59Z",
                 id="months that have no such day"),
    pytest.param(TERMS, {"live": LIVE, "options": {"period": "6m"}}, "2027-06-08T11:59:59Z",
                 id="months after the old end, under the cap"),
    pytest.param(TERMS, {"live": {**LIVE, "not_after": "2026-11-30T14:59:59Z"}, "as_of": "2026-11-20T12:00:00Z"},
                 "2027-05-30T14:59:59Z", id="six months after the old end: the first row is the default"),
    pytest.param(TERMS, {}, "2027-05-20T11:59:59Z", id="a first one counts from issue"),
    pytest.param(validity("ca_decides"), {}, "2027-06-08T11:59:59Z", id="the cap alone"),
]  # fmt: skip


@pytest.mark.parametrize(("product", "asks", "end"), ENDS)
def test_the_arithmetic_of_a_seller(product: rows.Product, asks: dict[str, t.Any], end: str) -> None:
    one = of_x(product, **{"as_of": "2026-11-20T12:00:00Z", **asks})
    assert code(one) is None
    assert one.plan["validity"]["not_after"] == end


def test_a_term_that_is_not_sold_is_refused_and_one_that_was_stopped_is_told() -> None:
    assert code(of_x(TERMS, options={"period": "1y"})) is None
    one = of_x(TERMS, options={"period": "5y"})
    assert code(one) == "period_not_sold"
    assert one.error is not None
    assert "6m, 1y" in one.error.sentence()
    assert code(of_x(TERMS, options={"period": "2y"})) == "period_not_sold"  # nobody can buy it anew
    assert code(of_x(TERMS, options={"period": ["1y"]})) == "period_not_sold"
    had = of_x(TERMS, options={"period": "2y"}, live=LIVE)
    assert code(had) is None
    assert had.plan["renewal"]["if_ignored"] == {"outcome": "renews", "key_made_by": "us", "period": "1y"}
    assert of_x(TERMS, live=LIVE).plan["renewal"]["if_ignored"]["period"] == "last"


# -- brought certificates ---------------------------------------------------------------------------------------------

BYO = with_rows(methods=(), contacts=(), sources=(rows.SourceRule(("X-13",), "test"),), form="byo")
BROUGHT = [
    pytest.param({"issued_from": "y"}, None, id="the same common name"),
    pytest.param({"issued_from": "z"}, "other_common_name", id="another common name (IIJ-12)"),
    pytest.param({"issued_from": "q"}, "unknown_source", id="no such item"),
    pytest.param({}, "no_source", id="none is named"),
    pytest.param({"issued_from": "y", "validation": {"method": "email"}}, "method_not_offered", id="by a method"),
]


@pytest.mark.parametrize(("asks", "expected"), BROUGHT)
def test_a_brought_certificate_has_no_method_and_the_name_of_its_source(
    asks: dict[str, t.Any], expected: str | None
) -> None:
    sources = {"x": "example.jp", "y": "EXAMPLE.jp", "z": "a.example.jp"}
    one = planned(BYO, "example.jp", sources=sources, **asks)
    assert code(one) == expected
    assert expected != "other_common_name" or "X-13" in str(one.error)


# -- the user's calendar ----------------------------------------------------------------------------------------------

WINDOW = with_rows(renewal=(rows.RenewalRule("lapses", ("X-6",), "test", 30, 21),))
EARLY = "2026-11-10T00:00:00Z"


@pytest.mark.parametrize(
    ("freeze", "as_of", "expected"),
    [
        pytest.param(("2026-11-10", "2026-11-30"), EARLY, "no_renewal_window", id="all of the seller's window"),
        pytest.param(("2026-11-10", "2026-11-20"), EARLY, None, id="some of it"),
        pytest.param(("2026-11-10", "2026-11-30"), "2026-11-20T00:00:00Z", None, id="too late to correct it"),
        pytest.param(("2026-11-10", "2026-11-30"), "2026-10-01T00:00:00Z", "no_renewal_window", id="long before"),
    ],
)
def test_a_calendar_that_leaves_no_moment_is_an_error_at_plan_time(
    freeze: tuple[str, str], as_of: str, expected: str | None
) -> None:
    renewal = {"freeze": [{"from": freeze[0], "to": freeze[1], "reason": "year-end sale"}], "fraction": 0.9}
    one = of_x(WINDOW, live=LIVE, as_of=as_of, renewal=renewal)
    assert code(one) == expected
    if one.error is not None:
        assert "year-end sale" in one.error.sentence()
        assert "2026-11-14T15:00:00Z until 2026-11-24T15:00:00Z" in one.error.sentence()


def test_the_day_moves_inside_the_window_to_a_moment_that_is_open() -> None:
    renewal = {"freeze": [{"from": "2026-11-16", "to": "2026-11-30"}], "days_left": 22}
    one = of_x(WINDOW, live=LIVE, as_of=EARLY, renewal=renewal)
    assert one.due is not None
    assert str(one.due.at) == "2026-11-14 15:00:00+00:00"  # rather early in the window than not at all


def test_what_cannot_be_planned_in_time_and_is_under_way_already_is_no_error() -> None:
    renewal = {"freeze": [{"from": "2026-11-10", "to": "2026-12-31"}]}
    assert code(of_x(WINDOW, live=LIVE, as_of=EARLY, renewal=renewal, order={"state": "wanted"})) is None


def test_holidays_of_japan_hold_a_renewal_back_and_say_so() -> None:
    one = of_x(BASE, live=LIVE, as_of="2026-11-23T00:00:00Z", renewal={"holidays": "japan"})
    assert one.due is not None
    assert (one.due.code, str(one.due.at)) == ("frozen", "2026-11-23 15:00:00+00:00")
    assert "勤労感謝の日" in one.due.reason


# -- mailboxes --------------------------------------------------------------------------------------------------------


def whois(**more: t.Any) -> rows.ContactOffer:
    return rows.ContactOffer("whois", ("base",), True, "chosen", "fqdn", ("X-14",), "test", **more)


@pytest.mark.parametrize(
    ("name", "holders"),
    [
        ("www.example.jp", ["public"]),
        ("www.example.tokyo.jp", ["public"]),
        ("www.example.co.jp", ["registrant"]),
        ("www.example.chiyoda.tokyo.jp", ["registrant"]),
        ("www.example.com", ["admin"]),
        ("www.example.info", []),
    ],
)
def test_whose_mailbox_whois_has_depends_on_the_type_of_name(name: str, holders: list[str]) -> None:
    contacts = (
        whois(name_types=("jp_general",), holder="public"),
        whois(name_types=("jp_organisational", "jp_geographic"), holder="registrant"),
        whois(name_types=("other",), tlds=("com", "net"), holder="admin"),
    )
    one = planned(with_rows(contacts=contacts), name, as_of="2025-01-01T00:00:00Z", validation=REGISTRAR)
    assert [contact["holder"] for contact in one.plan["contacts"]] == holders


def test_what_a_stale_document_offers_is_told_and_the_rule_obeyed() -> None:
    one = of_x(with_rows(contacts=(whois(notes=("ask the seller",)),)), validation=REGISTRAR)
    (contact,) = one.plan["contacts"]
    assert not contact["allowed"]
    assert contact["reasons"] == [
        "it MUST NOT be relied on since 2025-07-15, earlier validations included",
        "the seller's documents still offer it (X-14), the rule of the day counts",
        "ask the seller",
    ]
    assert {"X-14", "SC-080v3"} <= set(contact["facts"])


def test_a_mailbox_at_the_common_name_only() -> None:
    offer = BASE.contacts[0]._replace(common_name_only=True, selectable=False, mailed="all")
    one = planned(with_rows(contacts=(offer,)), "example.jp", "example.com", validation={"method": "email"})
    assert {contact["domain"] for contact in one.plan["contacts"]} == {"example.jp"}
    assert code(one) is None


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("www.city.kobe.lg.jp", ["www.city.kobe.lg.jp", "city.kobe.lg.jp"]),
        ("www.kobe.lg.jp", ["www.kobe.lg.jp", "kobe.lg.jp"]),
    ],
)
def test_no_mail_goes_to_a_name_that_nobody_registered(name: str, domains: list[str]) -> None:
    """LG.JP registers one label below what the public suffix list says."""
    one = planned(BASE, name, validation=REGISTRAR)
    assert [contact["domain"] for contact in one.plan["contacts"]] == domains


# -- cliffs -----------------------------------------------------------------------------------------------------------


def cliffs(one: Planned, day: str) -> list[dict[str, t.Any]]:
    return [cliff for cliff in one.plan["cliffs"] if cliff["date"] == day]


WAYS = [
    pytest.param({"way_out": "registrar"}, "example.jp", "move to registrar", id="the seller documents one"),
    pytest.param({}, "example.jp", "ask the seller which method replaces it", id="it documents none"),
    pytest.param({"other_products": ("jprs-dv",)}, "example.jp",
                 "ask the seller which method replaces it, or order jprs-dv (file, registrar)",
                 id="another product has methods that go on"),
    pytest.param({"other_products": ("jprs-dv-wildcard",)}, "*.example.jp",
                 "ask the seller which method replaces it, or order jprs-dv-wildcard (registrar)",
                 id="those that take wildcards"),
    pytest.param({"other_products": ("x", "gone")}, "example.jp",
                 "ask the seller which method replaces it, or order x (registrar)", id="one that is there"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "name", "way_out"), WAYS)
def test_the_way_out_of_a_method_is_the_sellers_or_none_is_invented(
    more: dict[str, t.Any], name: str, way_out: str
) -> None:
    product = with_rows(methods=(MAIL._replace(**more), LINKAGE))
    one = planned(product, name, validation=BY_MAIL)
    assert [cliff["do"] for cliff in cliffs(one, "2028-03-15")] == [way_out]


def test_what_the_seller_ends_is_a_cliff_too() -> None:
    product = with_rows(
        methods=(MAIL._replace(until=date(2027, 1, 1), way_out="registrar"),),
        contacts=(BASE.contacts[0]._replace(until=date(2027, 2, 1)),),
        validity=(
            rows.ValidityRule("ca_decides", ("X-7",), "test", until=date(2027, 3, 1)),
            rows.ValidityRule("days", ("X-7",), "notice of the seller", amount=90, since=date(2027, 3, 1)),
        ),
        until=date(2027, 4, 1),
    )
    one = of_x(product)
    assert cliffs(one, "2027-01-01") == [
        {
            "date": "2027-01-01",
            "what": "the seller ends the method email",
            "do": "move to registrar",
            "facts": ["X-1"],
        }
    ]
    assert "no contact of kind constructed" in cliffs(one, "2027-02-01")[0]["what"]
    assert "notice of the seller" in cliffs(one, "2027-03-01")[0]["what"]
    assert cliffs(one, "2027-04-01")[0]["what"] == "X is not sold any more"
    dates = [cliff["date"] for cliff in one.plan["cliffs"]]
    assert dates == sorted(dates)


def test_a_dying_method_is_a_reason_to_renew_before() -> None:
    live = {"not_before": "2028-02-01T00:00:00Z", "not_after": "2028-05-01T00:00:00Z"}
    one = of_x(BASE, live=live, as_of="2028-03-05T00:00:00Z")
    assert one.due is not None
    assert (one.due.code, one.due.kind) == ("cliff_ahead", "renew")
    lasting = of_x(BASE, live=live, as_of="2028-03-05T00:00:00Z", validation=REGISTRAR)
    assert lasting.due is not None
    assert lasting.due.code == "not_due"


def test_a_validation_is_made_anew_where_the_seller_does_that_apart_from_orders() -> None:
    product = with_rows(revalidation=(rows.RevalidationRule(30, ("X-15",), "test"),))
    live = {"not_before": "2026-11-01T00:00:00Z", "not_after": "2027-05-01T00:00:00Z"}
    one = of_x(product, live=live, validated_on="2026-05-10")  # 200 days are over on 2026-11-27
    assert one.due is not None
    assert (one.due.kind, one.due.code, one.due.outcome.value) == ("revalidate", "validation_ends", "not_due")
    assert "2026-11-27" in one.due.reason
    other = of_x(BASE, live=live, validated_on="2026-05-10")
    assert other.due is not None
    assert other.due.kind is None


@pytest.mark.parametrize(
    ("level", "identity", "formed"), [("dv", False, False), ("ov", True, False), ("ev", True, True)]
)
def test_what_begins_for_organizations_alone_is_told_to_them(level: str, identity: bool, formed: bool) -> None:
    one = of_x(with_rows(validation_level=level), as_of="2026-01-01T00:00:00Z")
    told = "\n".join(cliff["what"] for cliff in one.plan["cliffs"])
    assert ("identity of an organization counts for at most 398 days" in told) is identity
    assert bool(cliffs(one, "2027-09-15")) is formed


def test_jitter_spreads_what_would_come_on_the_first_day_of_a_window() -> None:
    def at(jitter: int) -> str:
        one = of_x(WINDOW, live=LIVE, as_of=EARLY, renewal={"jitter_hours": jitter, "fraction": 0.1})
        assert one.due is not None
        return str(one.due.at)

    assert at(0) == "2026-11-14 15:00:00+00:00"
    assert "2026-11-14 15:00:00+00:00" < at(48) < "2026-11-16 15:00:00+00:00"
    assert at(10_000 // 24) < "2026-11-19 15:00:00+00:00"  # never more than half of it
