# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against an approval, one thing at a time: a case without a flaw is changed at one place."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    About,
    Arrived,
    Attempt,
    Button,
    Field,
    Form,
    OurOrder,
    Page,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_checks import (
    CHECKS,
    Case,
    Match,
    first_flaw,
    match,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_form import Sending, needed_scope, sending
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import Border
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    NAME_LABELS,
    ORDER_LABELS,
    ORGANIZATION_LABELS,
    MailProfile,
    Press,
    Scope,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
LINK = "https://ca.example/approve?id=1"
ORDER = OurOrder(
    name="shop",
    reference="r1",
    ca="ca",
    account="main",
    dns_names=("www.example.jp", "example.jp"),
    created_at=NOW,
    numbers=frozenset({"A-17"}),
    is_numbered=True,
    recipients=frozenset({"admin@example.jp"}),
)
PRESS = Press(("approve",))
PROFILE = MailProfile(
    "ca-approval",
    "CA",
    "approval",
    ("ca",),
    ("F-1",),
    senders=("noreply@ca.example",),
    hosts=("ca.example",),
    path="/approve",
    forms=(PRESS,),
    over=(("already approved", "page_used"),),
)
MAIL = Arrived(
    id="1",
    digest="0" * 64,
    received_at=NOW + MINUTE,
    senders=("noreply@ca.example",),
    from_count=1,
    recipients=("Admin@Example.jp",),
    subject="Approve",
    text=f"{ORDER_LABELS[0]}: A-17\n{NAME_LABELS[0]}: example.jp\n",
    links=(LINK,),
    headers=(("Authentication-Results", "mx.example.jp; dmarc=pass header.from=ca.example"),),
)
FORM = Form(LINK, "post", (Field("t", "hidden", "1", False, ""),), (Button("ok", "1", "Approve"),))
PAGE = Page(
    LINK, 200, "Certificate for example.jp", ((NAME_LABELS[0], "example.jp"), (ORDER_LABELS[0], "A-17")), (FORM,)
)
CASE = Case(
    MAIL,
    PROFILE,
    About(),
    Match(ORDER, "example.jp"),
    Border("mx.example.jp"),
    NOW + 2 * MINUTE,
    page=PAGE,
    confirmed=True,
)


def flaw_of(check: str, case: Case) -> str:
    found = next(one for one in CHECKS if one.name == check).judge(case)
    return found.code if found else ""


def with_order(**changes: t.Any) -> Case:
    return replace(CASE, match=Match(replace(ORDER, **changes), "example.jp"))


def with_mail(**changes: t.Any) -> Case:
    return replace(CASE, mail=replace(MAIL, **changes))


def with_page(**changes: t.Any) -> Case:
    return replace(CASE, page=replace(PAGE, **changes))


def with_profile(**changes: t.Any) -> Case:
    return replace(CASE, profile=PROFILE._replace(**changes))


def test_the_case_without_a_flaw_has_none_in_any_check() -> None:
    assert [(check.name, flaw_of(check.name, CASE)) for check in CHECKS] == [
        (name, "") for name in "order recipient sender authentication link page once confirmation".split()
    ]
    assert first_flaw(CASE, "mail", "page", "answer") is None


CASES = [
    ("order", "order_unknown", "no order is known", replace(CASE, match=Match(None))),
    ("order", "order_over", "the order has ended", with_order(is_open=False)),
    ("order", "", "it came ten minutes before the order was written down", with_mail(received_at=NOW - 10 * MINUTE)),
    ("order", "mail_before_order", "it came even earlier", with_mail(received_at=NOW - 11 * MINUTE)),
    ("order", "", "it is thirty days old", replace(CASE, now=MAIL.received_at + timedelta(days=30))),
    ("order", "mail_expired", "it is older", replace(CASE, now=MAIL.received_at + timedelta(days=30, seconds=1))),
    ("order", "order_not_waiting", "the CA waits for no mail", with_order(waits=False)),
    ("recipient", "order_unknown", "no order is known", replace(CASE, match=Match(None))),
    ("recipient", "recipient_other", "it went to somebody else", with_mail(recipients=("root@example.jp",))),
    ("recipient", "recipient_other", "it went to nobody", with_mail(recipients=())),
    (
        "recipient",
        "",
        "the seller mails all constructed addresses",
        replace(with_profile(mailed_all=True), mail=replace(MAIL, recipients=("hostmaster@www.example.jp",))),
    ),
    (
        "recipient",
        "recipient_not_constructed",
        "a chosen address is none that may be constructed",
        replace(with_order(recipients=frozenset({"it@example.jp"})), mail=replace(MAIL, recipients=("it@example.jp",))),
    ),
    (
        "recipient",
        "recipient_not_constructed",
        "a chosen address is of a name that is no part of the order's",
        replace(
            with_order(recipients=frozenset({"admin@ample.jp"})), mail=replace(MAIL, recipients=("admin@ample.jp",))
        ),
    ),
    ("sender", "sender_several", "two From headers", with_mail(from_count=2)),
    ("sender", "sender_several", "two addresses in one From", with_mail(senders=("noreply@ca.example", "x@y.example"))),
    ("sender", "sender_other", "somebody else wrote it", with_mail(senders=("noreply@ca.example.evil.example",))),
    ("authentication", "authentication_missing", "our server wrote nothing", with_mail(headers=())),
    ("authentication", "authentication_unset", "our server is not known", replace(CASE, border=Border())),
    ("link", "link_unverified", "where its links lead is not known", with_profile(hosts=())),
    ("link", "mail_only_attached", "something is attached, and there is no link", with_mail(links=(), attachments=1)),
    ("link", "link_missing", "there is neither", with_mail(links=())),
    (
        "link",
        "link_missing",
        "something is attached, and a link leads elsewhere",
        with_mail(links=("https://x.example/",), attachments=1),
    ),
    ("page", "page_missing", "the page was not seen", replace(CASE, page=None)),
    ("page", "page_missing", "the order is not known", replace(CASE, match=Match(None))),
    ("page", "page_elsewhere", "the page sends on", with_page(moved_to="https://x.example/")),
    ("page", "page_transfer", "the page is about a transfer", with_page(text="ドメイン 移管 certificate example.jp")),
    ("page", "page_used", "there is nothing to approve any more", with_page(text="Already approved", forms=())),
    (
        "page",
        "",
        "such words beside a form say nothing",
        with_page(text="Not already approved: certificate for example.jp"),
    ),
    ("page", "page_status", "the page answers an error", with_page(status=201)),
    ("page", "page_captcha", "the page asks for a person", with_page(captcha=True)),
    ("page", "page_javascript", "the page has a script", with_page(scripts=1)),
    ("page", "page_javascript", "its form has a script", with_page(forms=(replace(FORM, scripted=True),))),
    ("page", "page_other", "the page is about something else", with_page(text="Invoice for example.jp")),
    (
        "page",
        "page_names_other",
        "it names another name",
        with_page(rows=((NAME_LABELS[0], "example.jp evil.example"),)),
    ),
    ("page", "", "it names another name of the order", with_page(rows=((NAME_LABELS[0], "www.example.jp"),))),
    ("page", "page_names_missing", "it does not name the domain", with_page(text="Certificate for www.example.jp")),
    ("page", "page_order_other", "it has another number", with_page(rows=((ORDER_LABELS[0], "A-18"),))),
    ("page", "page_button_missing", "it has no such button", with_page(forms=(replace(FORM, buttons=()),))),
    ("page", "page_button_several", "it has the button twice", with_page(forms=(FORM, FORM))),
    ("page", "page_form_not_post", "its form is a question", with_page(forms=(replace(FORM, method="get"),))),
    (
        "page",
        "page_action_elsewhere",
        "its form goes elsewhere",
        with_page(forms=(replace(FORM, action="https://x.example/approve"),)),
    ),
    (
        "page",
        "page_action_elsewhere",
        "its form goes out in the open",
        with_page(forms=(replace(FORM, action="http://ca.example/approve"),)),
    ),
    (
        "page",
        "page_action_rejects",
        "its form refuses",
        with_page(forms=(replace(FORM, action="https://ca.example/approve?a=REJECT"),)),
    ),
    ("page", "page_form_missing", "nobody knows such a second form", replace(CASE, step=1)),
    (
        "page",
        "page_field_unknown",
        "it asks for what nobody knows",
        with_page(forms=(replace(FORM, fields=(Field("age", "text", "", False, "Age"),)),)),
    ),
    ("once", "", "another domain of it was answered", with_order(attempts={"a.jp": Attempt("a.jp", "", NOW, "done")})),
    (
        "once",
        "approval_unknown",
        "what came of it is not known",
        with_order(attempts={"example.jp": Attempt("example.jp", "", NOW)}),
    ),
    ("once", "", "it never arrived", with_order(attempts={"example.jp": Attempt("example.jp", "", NOW, "absent")})),
    ("once", "", "it was never sent", with_order(attempts={"example.jp": Attempt("example.jp", "", NOW, "not_sent")})),
    (
        "once",
        "approval_done",
        "it was answered",
        with_order(attempts={"example.jp": Attempt("example.jp", "", NOW, "done")}),
    ),
    ("confirmation", "approval_unconfirmed", "the CA does not say so", replace(CASE, confirmed=False)),
    ("confirmation", "approval_unconfirmed", "the CA was not asked", replace(CASE, confirmed=None)),
]


@pytest.mark.parametrize(
    ("check", "code", "case"), [(one[0], one[1], one[3]) for one in CASES], ids=[one[2] for one in CASES]
)
def test_one_thing_that_is_different(check: str, code: str, case: Case) -> None:
    assert flaw_of(check, case) == code
    found = first_flaw(case, "mail", "page", "answer")
    if code and case.match.order is not None:
        assert found is not None
        assert (found[0].name, found[1].code) == (check, code)


IN_DNS = replace(ORDER, recipients=frozenset({"it@corp.example"}), contact_kind="txt")


@pytest.mark.parametrize(
    ("is_published", "answering", "code"),
    [
        (True, True, ""),
        (False, False, "recipient_not_published"),
        (None, False, ""),
        (None, True, "recipient_unproven"),
    ],
)
def test_a_contact_in_dns_must_still_be_there_when_it_is_answered(
    is_published: bool | None, answering: bool, code: str
) -> None:
    case = with_mail(recipients=("IT@corp.example",))
    order = replace(IN_DNS, is_published=is_published)
    assert flaw_of("recipient", replace(case, match=Match(order, "example.jp"), answering=answering)) == code


@pytest.mark.parametrize(
    ("organizations", "told", "code"),
    [
        pytest.param(("Example K.K.",), "EXAMPLE  K.K.", "", id="as it is called"),
        pytest.param(("Example K.K.", "株式会社例"), "株式会社 例", "", id="as it is called in Japanese"),
        pytest.param(("Example K.K.",), "Other K.K.", "page_organization_other", id="another one"),
        pytest.param((), "Example K.K.", "page_organization_other", id="one that the ledger does not know"),
    ],
)
def test_the_page_of_an_organization_names_it(organizations: tuple[str, ...], told: str, code: str) -> None:
    case = with_order(is_of_organization=True, organizations=organizations)
    page = replace(PAGE, rows=((ORGANIZATION_LABELS[0], told),))
    assert flaw_of("page", replace(case, page=page)) == code


# --- which order it is about -----------------------------------------------------------------------------------------


def matched(mail: Arrived, about: About, *orders: OurOrder, profile: MailProfile = PROFILE) -> tuple[str, str, str]:
    found = match(mail, profile, about, orders)
    return found.order.reference if found.order else "", found.domain, found.flaw.code if found.flaw else ""


OTHER = replace(ORDER, name="other", reference="r2", numbers=frozenset({"A-18"}))


def test_an_order_is_found_by_the_domain_of_the_subject_and_the_number_of_the_mail() -> None:
    about = About("example.jp", "")
    assert matched(MAIL, about, ORDER, OTHER) == ("r1", "example.jp", "")
    assert matched(MAIL, About("example.jp", "A-18"), ORDER, OTHER) == ("r2", "example.jp", ""), (
        "the subject's goes first"
    )
    assert matched(MAIL, About("*.example.jp", ""), ORDER) == ("r1", "example.jp", "")
    assert matched(MAIL, about, OTHER) == ("", "example.jp", "order_other")
    assert matched(MAIL, About("evil.example", ""), ORDER) == ("", "evil.example", "order_unknown")
    assert matched(MAIL, about, replace(OTHER, is_numbered=False)) == ("r2", "example.jp", "")


def test_an_order_is_found_by_a_name_in_the_text() -> None:
    assert matched(MAIL, About(), ORDER) == ("r1", "example.jp", "")
    bare = replace(MAIL, text="for www.example.jp and nothing else")
    assert matched(bare, About(), ORDER) == ("r1", "www.example.jp", "")
    in_subject = replace(MAIL, subject="For example.jp", text="no name")
    assert matched(in_subject, About(), ORDER) == ("r1", "example.jp", "")
    labelled = replace(MAIL, text=f"{NAME_LABELS[0]}: www.example.jp\nfor example.jp")
    assert matched(labelled, About(), ORDER) == ("r1", "www.example.jp", ""), "what is labelled goes first"
    foreign = replace(MAIL, text=f"{NAME_LABELS[0]}: evil.example\nfor example.jp")
    assert matched(foreign, About(), ORDER) == ("", "", "order_unknown")
    assert matched(replace(MAIL, text="nothing", subject=""), About(), ORDER) == ("", "", "order_unknown")


def test_only_orders_at_the_ca_and_the_seller_of_the_mail_count() -> None:
    assert matched(MAIL, About(), replace(ORDER, ca="else")) == ("", "", "order_unknown")
    of_seller = PROFILE._replace(sellers=("shop",))
    assert matched(MAIL, About(), replace(ORDER, seller="shop"), profile=of_seller) == ("r1", "example.jp", "")
    assert matched(MAIL, About(), replace(ORDER, seller="else"), profile=of_seller) == ("", "", "order_unknown")


def test_of_several_the_one_that_waits_is_meant_and_two_that_wait_are_ambiguous() -> None:
    later = replace(ORDER, reference="r3", created_at=NOW + MINUTE)
    done = replace(later, waits=False)
    assert matched(MAIL, About(), ORDER, done) == ("r1", "example.jp", "")
    assert matched(MAIL, About(), ORDER, later) == ("", "example.jp", "order_ambiguous")
    assert matched(MAIL, About(), ORDER, ORDER) == ("r1", "example.jp", ""), "the same one twice is one"
    quiet = replace(ORDER, waits=False)
    assert matched(MAIL, About(), done, quiet) == ("r3", "example.jp", ""), "of those that do not, the latest"
    assert matched(MAIL, About(), quiet, replace(done, is_open=False)) == ("r1", "example.jp", ""), "or the open one"


# --- what is sent ----------------------------------------------------------------------------------------------------


def sent(fields: t.Sequence[Field], press: Press, signature: str = "", order: OurOrder = ORDER) -> t.Any:
    page = replace(PAGE, forms=(replace(FORM, fields=tuple(fields)),))
    found = sending(page, PROFILE._replace(forms=(press,)), 0, order, "example.jp", signature, "C0DE")
    return found if isinstance(found, Sending) else found.code


def test_hidden_fields_go_back_and_the_code_and_the_signature_come_where_they_are_asked_for() -> None:
    press = PRESS._replace(code_field="code", signature=("your name",))
    hidden, code = Field("t", "hidden", "1", False, ""), Field("code", "text", "", False, "Code")
    name = Field("who", "text", "", False, "Your Name")
    assert sent([hidden, code, name], press, "Sato") == Sending(
        LINK, (("t", "1"), ("code", "C0DE"), ("who", "Sato"), ("ok", "1"))
    )
    assert sent([hidden, code, name], press) == "signature_missing"
    assert sent([hidden, name], press, "Sato") == "page_field_missing"
    assert sent([code, Field("who", "password", "", False, "Your Name")], press, "Sato") == "page_field_unknown"
    assert sent([name], PRESS, "Sato") == "page_field_unknown", "a row that says nothing of a signature"


def test_a_button_without_a_name_is_not_sent() -> None:
    page = replace(PAGE, forms=(replace(FORM, buttons=(Button("", "1", "APPROVE"),)),))
    assert sending(page, PROFILE, 0, ORDER, "example.jp", "") == Sending(LINK, (("t", "1"),))


SCOPES = PRESS._replace(
    scopes=(Scope(("this name only",), "fqdn"), Scope(("and below",), "subtree"), Scope(("everything",), "account"))
)
NARROW, WIDE, ALL = (
    Field("scope", "radio", "1", True, "This name only"),
    Field("scope", "radio", "", False, "And below"),
    Field("scope", "radio", "3", False, "Everything of yours"),
)


def test_the_narrowest_scope_that_covers_the_order_is_ticked() -> None:
    alone = replace(ORDER, dns_names=("example.jp",))
    assert needed_scope(alone, "example.jp") == "fqdn"
    assert needed_scope(ORDER, "example.jp") == "subtree"
    assert needed_scope(replace(ORDER, dns_names=("*.example.jp",)), "example.jp") == "subtree"
    choices = [ALL, WIDE, NARROW]
    assert sent(choices, SCOPES, order=alone) == Sending(LINK, (("scope", "1"), ("ok", "1")), "This name only")
    assert sent(choices, SCOPES) == Sending(LINK, (("scope", "on"), ("ok", "1")), "And below")
    assert sent([NARROW, ALL], SCOPES) == "page_scope_unknown", "all that the account has is never ticked"
    assert sent([Field("x", "checkbox", "", False, "News")], SCOPES) == "page_scope_unknown"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        pytest.param(("www.example.jp",), "", id="of a domain above a name"),
        pytest.param(("*.example.jp",), "", id="of a wildcard's own name"),
        pytest.param(("www.badexample.jp",), "recipient_not_constructed", id="of one that only ends alike"),
    ],
)
def test_an_address_is_constructed_of_a_name_or_of_a_domain_above_it(names: tuple[str, ...], code: str) -> None:
    assert flaw_of("recipient", with_order(dns_names=names)) == code


@pytest.mark.parametrize(
    ("rejects", "action", "code"),
    [
        (("deny",), "https://ca.example/DENY", "page_action_rejects"),
        (("deny",), "https://ca.example/a?do=deny", "page_action_rejects"),
        (("a?do",), "https://ca.example/a?do=it", ""),
        (("deny",), "https://ca.example/a?do=it", ""),
    ],
)
def test_a_form_that_refuses_is_known_by_a_word_of_its_path_or_question(
    rejects: tuple[str, ...], action: str, code: str
) -> None:
    case = with_page(forms=(replace(FORM, action=action),))
    assert flaw_of("page", replace(case, profile=PROFILE._replace(rejects=rejects))) == code


def test_a_form_with_a_place_for_the_code_is_fit_before_there_is_one() -> None:
    press = PRESS._replace(code_field="pin")
    case = replace(CASE, profile=PROFILE._replace(forms=(press,)))
    assert flaw_of("page", case) == "page_field_missing"
    form = replace(FORM, fields=(Field("pin", "text", "", False, "Code"),))
    assert flaw_of("page", replace(case, page=replace(PAGE, forms=(form,)))) == ""


@pytest.mark.parametrize("local", ["admin", "administrator", "hostmaster", "postmaster", "webmaster", "root", "info"])
def test_five_addresses_are_constructed_and_no_other(local: str) -> None:
    """BR 3.2.2.4.4."""
    address = f"{local}@example.jp"
    case = replace(with_order(recipients=frozenset({address})), mail=replace(MAIL, recipients=(address,)))
    assert flaw_of("recipient", case) == ("recipient_not_constructed" if local in ("root", "info") else "")
