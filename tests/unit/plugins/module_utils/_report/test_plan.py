# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan on a screen, as Markdown and for programs."""

from __future__ import annotations

import json
import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.load import Course, Next, load_of
from ansible_collections.inkan.tls.plugins.module_utils._report.columns import padded, width, wrapped
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_blocks import read_plan
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_data import plan_json
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_markdown import plan_markdown
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_page import MOST_BLOCKS, plan_page
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.planned import (
    MAIL_ENDS,
    SHORTER,
    Data,
    answer,
    contact,
    many,
    method,
    plan,
    result,
    step,
)


def screen(*pairs: tuple[Data, Data], load: Data | None = None, **how: t.Any) -> str:
    return plan_page(read_plan(answer(*pairs, load=load)), **how)


def flat(text: str) -> str:
    """Without line breaks: what is said, not where it is wrapped."""
    return " ".join(text.split())


def a_load() -> Data:
    now, end = datetime(2026, 11, 20, tzinfo=timezone.utc), date(2030, 12, 31)
    mail: t.Any = {"by_hand": True, "ends_on": date(2028, 3, 15)}

    def monthly(moment: datetime, _ends: datetime | None) -> Next:
        return Next((moment.replace(day=1) + timedelta(days=32)).replace(day=20))

    courses = [
        Course("shop", Next(now), monthly, others=("file",), **mail),
        Course("stuck", Next(now), monthly, **mail),
        Course("api", Next(now), monthly),
    ]
    return load_of(courses, now, end).as_data()


# --- a block


def test_a_day_that_has_passed_is_marked() -> None:
    """The plan is of 2026-11-20."""
    steps = [step("customer", "act", day) for day in ("2026-11-19", "2026-11-20")]
    steps.append({**step("customer", "renew", "2026-11-10"), "opens": "2026-11-01"})
    text = flat(screen((result("shop"), plan("shop", steps=steps))))
    assert "you, by 2026-11-19 (past): act" in text
    assert "you, by 2026-11-20: act" in text
    assert "you, 2026-11-01 to 2026-11-10 (past): renew" in text
    assert text.count("(past)") == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, "you, by 2026-12-15: press 承認する [CPI-4, CPI-5]", id="who, by when, what, by which fact"),
        pytest.param({"steps": [step("ca", "issue")]}, "the CA: issue", id="a step of the CA without a day"),
        pytest.param(
            {"steps": [{**step("customer", "renew", "2026-12-09"), "opens": "2026-11-30"}]},
            "you, 2026-11-30 to 2026-12-09: renew",
            id="a step with a window",
        ),
        pytest.param(
            {"methods": [method("email", ends_on="2028-03-15", reasons=["it SHOULD NOT be used"], facts=["JPRS-2"])]},
            "email (declared): possible, ends on 2028-03-15, it SHOULD NOT be used [JPRS-2]",
            id="the declared method with its end",
        ),
        pytest.param(
            {"methods": [method("file", False, reasons=["not for a wildcard name"], facts=["JPRS-7"])]},
            "file: not possible, not for a wildcard name [JPRS-7]",
            id="a method that is not possible, with why",
        ),
        pytest.param(
            {"contacts": [contact("constructed", f"{one}@example.jp") for one in "abcdefg"]},
            "constructed (the mail goes to the one that you choose) a@example.jp, b@example.jp, c@example.jp,"
            " d@example.jp, e@example.jp and 2 more",
            id="mailboxes of one kind together",
        ),
        pytest.param(
            {"contacts": [contact("whois", None, False, reasons=["it MUST NOT be relied on since 2025-07-15"])]},
            "not whois that of example.jp: it MUST NOT be relied on since 2025-07-15",
            id="a dead kind of mailbox, with the date",
        ),
        pytest.param(
            {"records": [{"name": "_x.example.jp", "type": "TXT", "value": "certs@example.jp", "standing": True}]},
            "publish _x.example.jp TXT certs@example.jp (stands there without an order)",
            id="a standing record",
        ),
        pytest.param({"files": [{"url": "http://example.jp/x"}]}, "publish http://example.jp/x", id="a file"),
        pytest.param({}, "validity at most 199 days, today that is until 2027-06-07", id="how long it may live"),
        pytest.param({"cliffs": [MAIL_ENDS]}, "ahead 2028-03-15: mail ends. What to do: move to file", id="a cliff"),
    ],
)
def test_a_block_says(changes: Data, said: str) -> None:
    assert said in flat(screen((result("shop"), plan("shop", **changes))))


@pytest.mark.parametrize(
    ("renewal", "said"),
    [
        pytest.param(
            {"window_opens": "2026-11-20", "window_closes": "2026-11-29T00:00:00Z"},
            "renewal window 2026-11-20 to 2026-11-29",
            id="the window",
        ),
        pytest.param(
            {"if_ignored": {"outcome": "renews", "key_made_by": "seller", "period": "last"}, "facts": ["IIJ-11"]},
            "if nobody acts the seller renews it, with a key that the seller makes, for the same period [IIJ-11]",
            id="what happens if nobody acts (IIJ-11)",
        ),
        pytest.param(
            {"if_ignored": {"outcome": "lapses", "key_made_by": None, "period": None}, "note": "the contract goes on"},
            "if nobody acts it lapses: the contract goes on",
            id="what lapses, and what goes on",
        ),
        pytest.param({"cancel_by": "2026-11-24"}, "to stop it, cancel by 2026-11-24", id="by when to cancel"),
        pytest.param({"cancel_by": "2026-11-19"}, "cancel by 2026-11-19 (past)", id="too late to cancel"),
        pytest.param(
            {"window_opens": "2026-10-20", "window_closes": "2026-11-19"},
            "window 2026-10-20 to 2026-11-19 (past)",
            id="a window that is closed",
        ),
        pytest.param(
            {"notices": [{"date": "2026-11-15", "to": "運用管理担当者"}, {"date": None, "to": "nobody"}]},
            "notice on 2026-11-15 to 運用管理担当者",
            id="who is told, where the day is known",
        ),
        pytest.param(
            {"immutable": ["product", "common_name"]},
            "a renewal cannot change product, common_name",
            id="what a renewal cannot change (IIJ-9)",
        ),
    ],
)
def test_a_block_says_of_the_renewal(renewal: Data, said: str) -> None:
    text = flat(screen((result("shop"), plan("shop", renewal=renewal))))
    assert said in text
    assert "None" not in text


def test_the_product_with_account_method_and_mailbox() -> None:
    text = flat(screen((result("shop"), plan("shop"))))
    assert "product jprs-dv (DV), sold by jprs, account labssl, by email to certs@example.jp" in text


def test_mailboxes_are_left_out_where_no_mail_comes() -> None:
    contacts = [contact("constructed", "admin@example.jp")]
    assert "admin@" not in screen((result("files", by="file"), plan("files", contacts=contacts)))
    assert "admin@" in screen((result("shop"), plan("shop", contacts=contacts)))


def test_a_refused_item_says_why_and_what_is_possible_and_nothing_of_an_order() -> None:
    error = {"message": "No. Choose a wildcard product."}
    text = screen(
        (result("star", "refused"), plan("star", error=error, records=[{"name": "x", "type": "A", "value": "y"}]))
    )
    assert "star: refused\n" in text
    assert "why not     No. Choose a wildcard product." in text
    assert "email: possible" in text
    assert "press" not in text
    assert "publish" not in text


def test_the_titles_say_the_kind_of_order_and_the_day() -> None:
    due = result("a", due={"reason": "the key was lost", "kind": "reissue", "at": None})
    later = result("b", "not_due", at="2027-01-02T03:04:05Z")
    text = screen((due, plan("a")), (later, plan("b")))
    assert "a: due now (reissue inside the paid term): the key was lost\n" in text
    assert "b: not due before 2027-01-02: why b is not_due\n" in text


def test_the_most_urgent_comes_first() -> None:
    pairs = [
        (result("later", "not_due", at="2027-06-01T00:00:00Z"), plan("later")),
        (result("sooner", "not_due", at="2027-01-01T00:00:00Z"), plan("sooner")),
        (result("open", "in_progress"), plan("open")),
        (result("now", "due"), plan("now")),
        (result("bad", "refused"), plan("bad")),
    ]
    page = read_plan(answer(*pairs))
    assert [block.name for block in page.blocks] == ["bad", "now", "open", "sooner", "later"]
    head = "Plan of 2026-11-20 for 5 certificates: 1 refused, 1 due now, 1 under way, 2 not due."
    assert plan_page(page).splitlines()[0] == head


def test_a_text_of_somebody_else_cannot_draw_on_the_screen() -> None:
    evil = "press\x1b[2J\u202e\nfake: due now"
    text = screen((result("shop"), plan("shop", steps=[step("ca", evil)])))
    assert "press\\x1b[2J\\u202e fake" in flat(text)


# --- the page


def test_what_hits_several_certificates_is_said_once() -> None:
    text = flat(screen(*many(3), (result("mail"), plan("mail", cliffs=[SHORTER, MAIL_ENDS]))))
    assert text.count("certificates live at most 100 days") == 1
    assert "2027-03-15 certificates live at most 100 days. What to do: renew daily [BR 6.3.2] (4 of 4)" in text
    assert "ahead 2028-03-15: mail ends" in text


def test_a_thousand_certificates_are_no_mile() -> None:
    text = screen((result("bad", "refused"), plan("bad")), *many(999), most=MOST_BLOCKS, load=a_load())
    assert len(text.splitlines()) < 200
    assert text.index("bad: refused") < text.index("c0000: not due")
    assert text.count("\nc0") == MOST_BLOCKS - 1
    words = flat(text)
    assert f"And {1000 - MOST_BLOCKS} more: {1000 - MOST_BLOCKS} not due, the next on 2027-01-02." in words
    assert "inkan_plan_output=markdown (or json) -e inkan_plan_path=FILE" in words
    assert "Orders" in words


def test_where_the_rest_is() -> None:
    text = flat(screen(*many(30, "due"), most=5, where="all of them in plan.md on the controller"))
    assert "And 25 more: 25 due now. Read all of them in plan.md on the controller." in text


def test_nothing_is_left_out_where_all_was_asked_for() -> None:
    text = screen(*many(30))
    assert text.count("\nc00") == 30
    assert "more" not in text


def test_no_line_is_longer_than_the_screen() -> None:
    words = "申請責任者が電話に出て、在籍と申請意思を答える。" * 8
    text = screen(
        (result("shop"), plan("shop", steps=[step("customer", words), step("ca", "word " * 80)])), load=a_load()
    )
    assert max(width(line) for line in text.splitlines()) <= 102  # a mark that must not begin a line may stand out


def test_an_empty_plan_is_one_line() -> None:
    assert plan_page(read_plan({"results": [], "plans": [], "as_of": "2026-11-20T00:00:00Z"})) == (
        "Plan of 2026-11-20 for 0 certificates.\n"
    )


# --- the load


def test_the_load_has_a_row_a_year_and_a_column_a_month() -> None:
    text = screen((result("shop"), plan("shop")), load=a_load())
    lines = text[text.index("The work until 2030-12") :].splitlines()
    assert lines[1].strip() == "Orders"
    assert lines[2].split() == [*"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec year".split()]
    assert lines[3].split() == ["2026", "3", "3", "6"]  # months before the plan are empty
    assert lines[7].split()[0] == "2030"
    assert lines[8].strip() == "Approvals by hand"
    assert lines[12].split() == ["2028", "2", "2", *["."] * 10, "4"]
    assert lines[15].strip() == "Orders whose method has ended by then"
    assert lines[19].split() == ["2028", ".", ".", *["2"] * 10, "20"]


def test_the_load_says_what_moving_off_mail_saves_and_for_whom_there_is_no_way() -> None:
    text = flat(screen((result("shop"), plan("shop")), load=a_load()))
    assert (
        "Moving 1 certificate (shop) off mail (their products also have file) saves 16 approvals by hand and keeps 34"
        " later orders possible."
    ) in text
    assert "1 certificate (stuck) can be validated by mail only: 16 approvals by hand, and 34 orders have no" in text
    assert "Ask the seller, or take a product that has another method." in text


def test_without_mail_there_is_nothing_to_save() -> None:
    now = datetime(2026, 11, 20, tzinfo=timezone.utc)
    load = load_of(
        [Course("api", Next(now), lambda one, _ends: Next(one + timedelta(days=60)))], now, date(2027, 12, 31)
    ).as_data()
    text = flat(screen((result("api"), plan("api")), load=load))
    assert "nobody has to approve an order" in text
    assert "Approvals by hand" not in text


# --- Markdown


def test_markdown_has_all_certificates_and_the_same_words() -> None:
    text = plan_markdown(read_plan(answer(*many(30), load=a_load())))
    assert text.startswith("# Certificates: the plan of 2026-11-20\n\n30 certificates: 30 not due.\n")
    assert text.count("\n## c00") == 30
    assert "- **steps**\n  - you, by 2026-12-15: press 承認する \\[CPI-4, CPI-5\\]\n" in text
    assert "| 2027-03-15 | certificates live at most 100 days | renew daily | BR 6.3.2 | 30 |\n" in text
    assert "### Approvals by hand\n\n|  | Jan |" in text


def test_markdown_is_not_broken_by_what_it_shows() -> None:
    text = plan_markdown(
        read_plan(answer((result("shop"), plan("shop", steps=[step("ca", "a|b <script> *c* _d_ [e](f)")]))))
    )
    assert "a\\|b \\<script\\> \\*c\\* \\_d\\_ \\[e\\](f)" in text


# --- JSON


def test_json_is_what_the_module_says_with_its_decision() -> None:
    said = answer((result("shop"), plan("shop")), (result("bad", "refused"), plan("bad")), load=a_load())
    data = json.loads(plan_json(said))
    assert data["schema"] == 1
    assert data["as_of"] == "2026-11-20"
    assert data["counts"] == {"refused": 1, "due": 1, "in_progress": 0, "not_due": 0}
    first = data["certificates"][0]
    assert (first["name"], first["outcome"], first["method"]) == ("shop", "due", "email")
    assert first["due"]["reason"] == "why shop is due"
    assert first["steps"] == said["plans"][0]["steps"]
    assert data["load"] == said["load"]


@pytest.mark.parametrize(
    "form", [plan_json, lambda said: plan_page(read_plan(said)), lambda said: plan_markdown(read_plan(said))]
)
def test_two_plans_of_one_day_are_the_same(form: t.Callable[[Data], str]) -> None:
    first = answer((result("shop"), plan("shop")))
    second = answer((result("shop"), plan("shop", validity={"max_days": 199, "not_after": "2027-06-07T23:59:12Z"})))
    second["as_of"] = "2026-11-20T10:00:00Z"
    assert form(first) == form(second)


# --- columns


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("承認", 4), ("ｱ", 1), ("e\u0301", 1), ("", 0)], ids=str)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(padded(text, 10)) == 10


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("承認する承認", ["承認する", "承認"]),
        ("averyveryverylongword x", ["averyveryverylongword", "x"]),
        ("承認する。次", ["承認する。", "次"]),
        ("", []),
    ],
    ids=["words", "wide letters", "a long word has its own line", "no line begins with a full stop", "nothing"],
)
def test_wrapped(text: str, lines: list[str]) -> None:
    assert wrapped(text, 8) == lines
