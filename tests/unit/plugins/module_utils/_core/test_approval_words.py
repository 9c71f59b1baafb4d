# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How words of mails and pages are compared: as people read them, and never a part of a longer name or number."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    About,
    Arrived,
    OurOrder,
    about_of,
    holds,
    holds_name,
    holds_number,
    is_sender_known,
    names_in,
    profile_of,
    rows_of,
    to_ascii,
    values_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import MailProfile

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)


def test_full_width_letters_case_and_space_do_not_count() -> None:
    assert holds("please ＡＰＰＲＯＶＥ  it", ["nothing", "approve It"])
    assert not holds("please", ["approve"])


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("for EXAMPLE.jp!", True),
        ("(example.jp)", True),
        ("example.jp.", True),
        ("www.example.jp", False),
        ("*.example.jp", False),
        ("my-example.jp", False),
        ("admin@example.jp", False),
        ("example.jp.evil.example", False),
        ("example.jpn", False),
        ("example.jp-x", False),
        ("examplexjp", False),
    ],
)
def test_a_name_is_held_as_a_word_of_its_own(text: str, held: bool) -> None:
    assert holds_name(text, "example.jp") is held


@pytest.mark.parametrize(
    ("text", "held"), [("No. a-17.", True), ("A-171", False), ("BA-17", False), ("X-A-17", False), ("A-17-2", False)]
)
def test_a_number_is_held_as_a_word_of_its_own(text: str, held: bool) -> None:
    assert holds_number(text, "A-17") is held


def test_a_name_becomes_a_labels_or_nothing() -> None:
    assert to_ascii(" Example.JP. ") == "example.jp"
    assert to_ascii("日本語.jp") == "xn--wgv71a119e.jp"
    assert to_ascii("日..jp") == ""


def test_labelled_lines_are_rows() -> None:
    text = "Order : A-17\n ■Ｄｏｍａｉｎ：example.jp、*.例.jp\nno row\nempty:\nURL: http://x:1/\nbelow:\n  A-18\n"
    rows = rows_of(text)
    assert rows == (
        ("Order", "A-17"),
        ("■Ｄｏｍａｉｎ", "example.jp、*.例.jp"),
        ("URL", "http://x:1/"),
        ("below", "A-18"),
    )
    assert values_of(rows, ["DOMAIN"]) == ("example.jp、*.例.jp",)
    assert values_of((("・ Order -", "1"), ("*Order", "2"), ("My order", "3"), ("X order X", "4")), ["order"]) == (
        "1",
        "2",
    )
    assert names_in(["example.jp、*.例.jp", "none", "A.example.jp,b.example.jp"]) == {
        "example.jp",
        "*.xn--fsq.jp",
        "a.example.jp",
        "b.example.jp",
    }


def row(*subjects: str, **more: tuple[object, ...]) -> MailProfile:
    return MailProfile("k", "t", "approval", ("ca",), ("F",), subjects=subjects, senders=("A@ca.example",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "subject", "about"),
    [
        ("Approve {domain}", "APPROVE  www.Example.jp", About("www.example.jp")),
        ("Approve {domain}", "Approve www.example.jp now", None),
        ("Approve {domain}", "Re: Approve www.example.jp", None),
        ("Approve {domain}", "Approve a@b.jp", None),
        ("Order {order}: approve", "order #A17:approve", About("", "a17")),
        ("Order {order}: approve", "order #A17: approve", About("", "a17")),
        ("Order {order}: approve", "order -17: approve", None),
        ("Approve {order?}", "approve", About()),
        ("Approve {order?}", "approve 17", About("", "17")),
        ("Approve{order?}", "approve17", About("", "17")),
        ("【承認】{domain}", "【承認】例え.jp", About("xn--r8jz45g.jp")),
    ],
)
def test_what_a_subject_says(template: str, subject: str, about: About | None) -> None:
    assert about_of(subject, row("Something else", template)) == about


def test_a_row_without_subjects_takes_any() -> None:
    assert about_of("whatever", row()) == About()


def mail(sender: str, subject: str, text: str = "") -> Arrived:
    return Arrived("1", "", NOW, ("x@y.example", sender), 1, (), subject, text, (), ())


def test_a_mail_is_of_the_first_row_that_fits_in_sender_subject_and_words() -> None:
    strict = row("Approve {domain}", words=(("certificate", "証明書"), ("please",)))
    loose = row()
    fitting = mail("a@CA.example", "Approve a.jp", "Please: your 証明書")
    assert profile_of(fitting, [strict, loose]) == (strict, About("a.jp"))
    assert profile_of(mail("a@ca.example", "Approve a.jp", "please"), [strict, loose]) == (loose, About())
    assert profile_of(mail("a@ca.example", "Else", "please certificate"), [strict]) == (None, About())
    assert profile_of(mail("b@ca.example", "Approve a.jp", "please certificate"), [strict, loose]) == (None, About())
    assert is_sender_known(fitting, [loose])
    assert not is_sender_known(mail("b@ca.example", ""), [loose])


def test_a_mail_can_be_about_a_name_of_the_order_or_a_parent_where_a_recipient_is() -> None:
    order = OurOrder(
        "n", "r", "ca", "a", ("*.www.example.jp",), NOW, recipients=frozenset({"admin@example.jp", "x@ample.jp"})
    )
    assert order.domains == {"www.example.jp", "example.jp"}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("a" * 40 + ": x", (("a" * 40, "x"),), id="the longest label"),
        pytest.param("a" * 41 + ": x", (), id="a line that is none"),
        pytest.param("Order:\n" + "a" * 41 + ": x", (("Order", "a" * 41 + ": x"),), id="it may be a value"),
        pytest.param("Order:\n: x", (("Order", ": x"),), id="a colon without a label is a value"),
        pytest.param("Order:\n\n  x", (("Order", "x"),), id="an empty line between"),
        pytest.param("Order:\nx\ny", (("Order", "x"),), id="one value and no more"),
        pytest.param("Order:\nDomain: x", (("Domain", "x"),), id="a label is no value"),
        pytest.param("x", (), id="no label at all"),
    ],
)
def test_a_row_is_a_label_and_its_value(text: str, rows: tuple[tuple[str, str], ...]) -> None:
    assert rows_of(text) == rows


@pytest.mark.parametrize("subject", ["Order: example.jp", "Order:example.jp", "ORDER:   example.jp"])
def test_after_a_colon_a_space_may_be_left_out(subject: str) -> None:
    found = about_of(subject, row("Order: {domain}"))
    assert found is not None and found.domain == "example.jp"


def test_a_mail_is_whole_and_has_nothing_attached_unless_that_is_said() -> None:
    mail = Arrived("1", "0", NOW, ("a@b.jp",), 1, ("c@d.jp",), "", "", (), ())
    assert (mail.attachments, mail.is_cut) == (0, False)


@pytest.mark.parametrize(
    ("line", "rows"), [("a: x", (("a", "x"),)), (": x", ()), ("・Order-: 1", (("・Order-", "1"),))]
)
def test_a_label_has_a_letter_at_least(line: str, rows: tuple[tuple[str, str], ...]) -> None:
    assert rows_of(line) == rows


@pytest.mark.parametrize("label", ["■Order", "・Order", "*Order*", "- Order -", "Order"])
def test_marks_around_a_label_do_not_count(label: str) -> None:
    assert values_of(((label, "1"),), ["order"]) == ("1",)
    assert values_of(((f"X{label}X", "1"),), ["order"]) == ()


def test_the_number_of_an_order_has_no_sign_before_it() -> None:
    found = about_of("Order #A-17 for example.jp", row("Order {order} for {domain}"))
    assert found == About("example.jp", "a-17")
