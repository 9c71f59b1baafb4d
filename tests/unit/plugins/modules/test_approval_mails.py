# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails: which mail is about which order, and what speaks against it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import approval_lines
from ansible_collections.inkan.tls.plugins.modules import approval_mails, certificate_orders_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.mailroom import (
    LINK,
    Mailroom,
    letter,
    lost,
    page,
)

ITEM_KEYS = set(
    "name changed outcome state error order reference dns_names waits mails procedure held correction".split()
)


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    made = Mailroom(tmp_path)
    made.order()
    return made


def test_a_mail_about_an_open_order_is_found_and_told_without_its_link(room: Mailroom) -> None:
    room.deliver(letter())
    result = room.play()
    (data,) = [one.as_data() for one in result.items]
    assert (data["outcome"], data["waits"], data["changed"]) == ("mail_found", True, True), (
        "that it came is written down"
    )
    (mail,) = data["mails"]
    assert (mail["profile"], mail["domain"], mail["code"]) == ("digicert-here", "shop.example.jp", None)
    assert mail["link"] == "https://approve.digicert.example/…"
    assert "0123456789abcdef" not in json.dumps(data) and LINK not in json.dumps(data)
    assert room.web.asked == [] and list((room.folder / "cur").iterdir()) == []
    assert (result.extra["mails_read"], result.extra["other_mails"], result.extra["strangers"]) == (1, [], 0)
    room.deliver(letter())
    assert not room.play().changed, "once for an order, however many mails it has"


def test_the_documented_keys_are_those_returned(room: Mailroom) -> None:
    room.deliver(letter())
    returned = yaml.safe_load(approval_mails.RETURN)
    assert set(returned["results"]["contains"]) == ITEM_KEYS | {"said"}
    for data in room.look({"name": "shop"}, {"name": "ghost"}):
        assert set(data) == ITEM_KEYS
    assert set(room.play().extra) == set(returned) - {"results"}


def test_results_are_those_of_the_items_in_their_order(room: Mailroom) -> None:
    room.order("blog")
    room.deliver(letter("blog.example.jp", "order-2"))
    told = [(one["name"], one["outcome"]) for one in room.look({"name": "shop"}, {"name": "none"}, {"name": "blog"})]
    assert told == [("shop", "no_mail"), ("none", "not_waiting"), ("blog", "mail_found")]
    assert [one["name"] for one in room.look()] == ["blog", "shop"]


CASES: list[tuple[str, dict[str, t.Any], str, str]] = [
    ("another recipient", {"Delivered_To": "info@shop.example.jp", "To": "info@shop.example.jp"}, "recipient",
     "recipient_other"),
    ("two From headers", {"head": ["From: Evil <evil@evil.example>"]}, "sender", "sender_several"),
    ("a forged sender", {"Authentication_Results": "mx.example.jp; dmarc=fail header.from=digitalcertvalidation.com"},
     "authentication", "authentication_failed"),
    ("results of somebody else", {"Authentication_Results": "mx.evil.example; dmarc=pass"}, "authentication",
     "authentication_missing"),
    ("a host that looks alike", {"link": "https://approve.digicert.example.evil.example/link?t=1"}, "link",
     "link_host_look_alike"),
    ("a user name in the link", {"link": "https://approve.digicert.example@evil.example/link?t=1"}, "link",
     "link_userinfo"),
    ("a port", {"link": "https://approve.digicert.example:8443/link?t=1"}, "link", "link_port"),
    ("no https", {"link": "http://approve.digicert.example/link?t=1"}, "link", "link_not_https"),
    ("the number of another order", {"order": "99887766"}, "order", "order_other"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "check", "code"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_the_first_thing_that_speaks_against_a_mail_is_told(
    room: Mailroom, changes: dict[str, t.Any], check: str, code: str
) -> None:
    room.deliver(letter(**changes))
    result = room.play()
    mails = result.items[0].as_data()["mails"] or result.extra["other_mails"]
    assert [(one["check"], one["code"]) for one in mails] == [(check, code)]
    assert result.items[0].outcome in ("mail_doubtful", "no_mail")


def test_a_mail_about_nothing_of_ours_is_told_apart(room: Mailroom) -> None:
    room.deliver(letter("other.example.com"), letter(From="a@b.example"), letter(Subject="Your invoice"))
    result = room.play()
    assert [one["code"] for one in result.extra["other_mails"]] == ["order_unknown", "mail_unknown"]
    assert result.extra["strangers"] == 1


# -- answering --------------------------------------------------------------------------------------------------------

APPROVE = {"name": "shop", "answer": "approve"}
AUTO = {"mode": "auto", "auto_domains": ["example.jp"]}


def issuing(room: Mailroom, order: str = "order-1") -> t.Callable[[], None]:
    """What a CA does when it gets an approval."""

    def effect() -> None:
        room.ca.orders[order]["status"] = "issuing"
        room.ca._orders[order]["status"] = "issuing"
        room.ca.save()

    return effect


@pytest.fixture
def approvable(room: Mailroom) -> Mailroom:
    room.deliver(letter())
    room.web.pages[LINK] = page()
    room.web.effect = issuing(room)
    return room


def test_a_person_approves_by_the_name_of_the_order(approvable: Mailroom) -> None:
    (data,) = approvable.look(APPROVE, mode="assist", actor={"user": "hanako", "job": "4711"})
    assert (data["outcome"], data["changed"], data["error"], data["state"]) == ("approved", True, None, "issuing")
    assert approvable.web.posted == [("https://approve.digicert.example/link", "t=0123456789abcdef&action=approve")]
    facts = facts_of(approvable, "approval_intended", "approval_outcome")
    assert [(fact["kind"], fact["host"], fact["by"]) for fact in facts] == [
        ("approval_intended", "shop.example.jp", "person"),
        ("approval_outcome", "shop.example.jp", "person"),
    ]
    evidence = json.loads(facts[0]["text"])
    assert (evidence["actor_user"], evidence["actor_job"]) == ("hanako", "4711")
    assert facts[1]["code"] == "approved" and "0123456789abcdef" not in json.dumps(facts)


def facts_of(room: Mailroom, *kinds: str) -> list[dict[str, t.Any]]:
    given = {"ledger_path": str(room.ground.ledger), "history": True}
    validated = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given).validated_parameters
    every = [one.as_data() for one in certificate_orders_info.run(validated, False).items]
    return [fact for one in every for order in one["history"] for fact in order["facts"] if fact["kind"] in kinds]


def test_a_second_run_sends_nothing(approvable: Mailroom) -> None:
    approvable.look(**AUTO)
    (data,) = approvable.look(**AUTO)
    assert len(approvable.web.posted) == 1
    assert (data["outcome"], data["changed"]) == ("not_waiting", False)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"mode": "observe"}, "approvals_observe_only"),
        ({"mode": "assist", "stop": True}, "approvals_stopped"),
    ],
)
def test_what_may_not_be_answered_is_not(approvable: Mailroom, options: dict[str, t.Any], code: str) -> None:
    (data,) = approvable.look(APPROVE, **options)
    assert (data["error"]["code"], approvable.web.asked) == (code, [])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"auto_domains": ["example.com"]}, "auto_not_opted_in"),
        ({"daily_cap": 0}, "auto_daily_cap"),
        ({"stop": True}, "approvals_stopped"),
    ],
)
def test_a_machine_needs_a_domain_that_opted_in_and_a_rest_of_the_day(
    approvable: Mailroom, options: dict[str, t.Any], code: str
) -> None:
    (data,) = approvable.look(**{**AUTO, **options})
    assert (data["outcome"], data["held"]["code"], approvable.web.asked) == ("mail_found", code, [])


def test_a_file_stops_everybody(approvable: Mailroom) -> None:
    (approvable.ground.ledger.parent / "stop-approving").touch()
    (data,) = approvable.look(**AUTO)
    assert (data["held"]["code"], approvable.web.asked) == ("approvals_stopped", [])


def test_a_machine_sends_no_more_than_the_days_share(approvable: Mailroom) -> None:
    approvable.order("blog")
    approvable.deliver(letter("blog.example.jp", "order-2", LINK.replace("0123", "4567")))
    approvable.web.pages[LINK.replace("0123", "4567")] = page("blog.example.jp", "order-2")
    approvable.web.effect = issuing(approvable, "order-2")
    blog, shop = approvable.look(**AUTO, daily_cap=1)
    assert (blog["outcome"], shop["outcome"], len(approvable.web.posted)) == ("approved", "mail_found", 1)
    assert shop["held"]["code"] == "auto_daily_cap"
    (shop,) = approvable.look({"name": "shop"}, **AUTO, daily_cap=1)
    assert (shop["held"]["code"], len(approvable.web.posted)) == ("auto_daily_cap", 1)


def test_check_mode_opens_no_page_and_writes_nothing(approvable: Mailroom) -> None:
    before = approvable.ground.ledger.read_bytes()
    result = approvable.play(APPROVE, mode="assist", check_mode=True)
    assert (result.changed, approvable.web.asked, approvable.ground.ledger.read_bytes()) == (True, [], before)


def test_one_answer_closes_all_mails_of_one_order(approvable: Mailroom) -> None:
    other = LINK.replace("0123", "9999")
    approvable.deliver(letter(link=other, Delivered_To="webmaster@shop.example.jp", To="webmaster@shop.example.jp"))
    approvable.web.pages[other] = page()
    (data,) = approvable.look(**AUTO)
    assert (data["outcome"], len(approvable.web.posted), len(data["mails"])) == ("approved", 1, 2)


# -- what nobody knows ------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_asked_of_the_ca_and_sent_no_second_time(approvable: Mailroom) -> None:
    approvable.web.answer = lost()
    (data,) = approvable.look(**AUTO)
    assert (data["outcome"], len(approvable.web.posted)) == ("approved", 1)


def test_a_lost_request_is_unknown_until_the_ca_has_had_its_time(approvable: Mailroom) -> None:
    approvable.web.answer, approvable.web.effect = lost(), lambda: None
    assert approvable.look(**AUTO)[0]["outcome"] == "approval_unknown"
    asked = approvable.ca.count("look")
    assert approvable.look(**AUTO)[0]["outcome"] == "approval_unknown"
    assert (len(approvable.web.posted), approvable.ca.count("look")) == (1, asked + 1)
    approvable.ground.clock.passed += 3600
    approvable.web.answer, approvable.web.effect = "Thank you.", issuing(approvable)
    assert approvable.look(**AUTO)[0]["outcome"] == "approved"
    codes = [fact.get("code") for fact in facts_of(approvable, "approval_outcome")]
    assert (len(approvable.web.posted), codes) == (2, ["absent", "approved"])


def test_what_never_left_may_be_sent_again_at_once(approvable: Mailroom) -> None:
    approvable.web.answer = TransportError(code="http_no_connection", what="not sent", sent=False)
    approvable.web.effect = lambda: None
    assert approvable.look(**AUTO)[0]["error"]["code"] == "http_no_connection"
    approvable.web.answer, approvable.web.effect = "Thank you.", issuing(approvable)
    assert approvable.look(**AUTO)[0]["outcome"] == "approved"


def test_a_page_that_says_thanks_is_not_believed_before_the_ca_says_so(approvable: Mailroom) -> None:
    approvable.web.effect = lambda: None
    assert approvable.look(**AUTO)[0]["outcome"] == "approval_unknown"
    approvable.ground.clock.passed += 86400
    assert approvable.look(**AUTO)[0]["outcome"] == "approval_unknown"
    assert len(approvable.web.posted) == 1
    issuing(approvable)()
    assert approvable.look(**AUTO)[0]["outcome"] == "approved"


def test_an_order_that_somebody_else_approved_is_left_alone(approvable: Mailroom) -> None:
    issuing(approvable)()
    (data,) = approvable.look(APPROVE, mode="assist")
    assert (data["outcome"], data["said"], approvable.web.asked) == ("not_waiting", "issued", [])


@pytest.mark.parametrize("options", [{"mode": "assist"}, AUTO], ids=["a person", "a machine"])
def test_a_page_that_does_not_open_is_what_is_told(approvable: Mailroom, options: dict[str, t.Any]) -> None:
    untrusted = TransportError(code="http_tls_unverified", what=f"GET {LINK}", why="who signed it?", sent=False)
    approvable.web.pages[LINK] = untrusted
    given = (APPROVE,) if options["mode"] == "assist" else ()
    (data,) = approvable.look(*given, **options)
    assert (data["outcome"], data["error"]["code"]) == ("mail_found", "http_tls_unverified")
    assert facts_of(approvable, "approval_intended") == []
    (line,) = approval_lines([data])
    assert line.startswith("shop: an approval mail is there. Cannot open the approval page (")
    assert "who signed it?" in line and "0123456789abcdef" not in json.dumps(data)
    for wrong in ("no mail", "approve it by name"):
        assert wrong not in line
    approvable.web.pages[LINK] = page()
    assert approvable.look(*given, **options)[0]["outcome"] == "approved"


def test_a_person_hears_that_the_time_was_up_before_the_page_was_opened(approvable: Mailroom) -> None:
    def slowly(effect: t.Callable[[], t.Any]) -> t.Any:
        approvable.ground.clock.passed += 3600
        return effect()

    approvable.ca.fault("look", slowly)
    (data,) = approvable.look(APPROVE, mode="assist")
    assert (data["outcome"], data["error"]["code"], approvable.web.asked) == ("mail_found", "approval_no_time_left", [])
    assert approvable.look(APPROVE, mode="assist")[0]["outcome"] == "approved"


def test_a_person_hears_that_no_mail_has_come(room: Mailroom) -> None:
    (data,) = room.look(APPROVE, mode="assist")
    assert (data["outcome"], data["error"]["code"]) == ("no_mail", "approval_mail_missing")
    assert "no mail about it was found" in data["error"]["message"]


# -- pages ------------------------------------------------------------------------------------------------------------

PAGES: list[tuple[str, str, str]] = [
    ("a transfer", page(more="<p>ドメイン名の移管を承認しますか</p>"), "page_transfer"),
    ("another name", page("other.example.com"), "page_names_other"),
    ("another order", page(order="4711"), "page_order_other"),
    ("a script", page(more="<script>go()</script>"), "page_javascript"),
    ("a handler", page(form="<form method=post onsubmit='x()'><button>Approve</button></form>"), "page_javascript"),
    ("a captcha", page(more="<div class='g-recaptcha'></div>"), "page_captcha"),
    ("no form", page(form=""), "page_button_missing"),
    ("two buttons", page(form="<form method=post><button>Approve</button><button>承認する</button></form>"),
     "page_button_several"),
    ("a form by GET", page(form="<form><button>Approve</button></form>"), "page_form_not_post"),
    ("another host", page(form="<form method=post action=https://evil.example/><button>Approve</button></form>"),
     "page_action_elsewhere"),
    ("a reject action", page(form="<form method=post action=/reject><button>Approve</button></form>"),
     "page_action_rejects"),
    ("another field", page(form="<form method=post>Password <input name=p><button>Approve</button></form>"),
     "page_field_unknown"),
    ("a wide scope", page(form="<form method=post><input type=radio name=s value=all> all future orders"
                          "<button>Approve</button></form>"), "page_scope_unknown"),
    ("over", page(form="<p>This link was used already.</p>"), "already_approved"),
    ("expired", page(form="<p>This link has expired.</p>"), "link_expired"),
    ("nothing of a certificate", "shop.example.jp<form method=post><button>Approve</button></form>", "page_other"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "code"), [one[1:] for one in PAGES], ids=[one[0] for one in PAGES])
def test_a_page_that_is_not_the_expected_one_is_not_answered(approvable: Mailroom, html: str, code: str) -> None:
    approvable.web.pages[LINK] = html
    (data,) = approvable.look(**AUTO)
    assert [(one["check"], one["code"]) for one in data["mails"]] == [("page", code)]
    assert (approvable.web.posted, facts_of(approvable, "approval_intended")) == ([], [])


def test_the_narrow_scope_is_ticked_where_a_page_asks(approvable: Mailroom) -> None:
    form = (
        "<form method=post action=/link><input type=radio name=s value=all checked> all future orders<br>"
        "<input type=radio name=s value=host> this host only<br><button name=a value=b>Approve</button></form>"
    )
    approvable.web.pages[LINK] = page(form=form)
    assert approvable.look(**AUTO)[0]["outcome"] == "approved"
    assert approvable.web.posted == [("https://approve.digicert.example/link", "s=host&a=b")]


# -- contacts, refusing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "code"), [(True, None), (False, "recipient_not_published"), (None, "recipient_unproven")]
)
def test_a_contact_in_dns_has_to_be_there_still(tmp_path: Path, published: bool | None, code: str | None) -> None:
    room = Mailroom(tmp_path)
    room.order(contact={"kind": "txt", "address": "certs@example.com"})
    room.deliver(letter(Delivered_To="certs@example.com", To="certs@example.com"))
    room.web.pages[LINK], room.web.effect, room.published = page(), issuing(room), published
    (data,) = room.look(**AUTO)
    assert [one["code"] for one in data["mails"]] == [code] and len(room.web.posted) == (code is None)


def test_a_person_refuses_and_no_page_is_opened(approvable: Mailroom) -> None:
    refusal = {"name": "shop", "answer": "refuse", "reason": "the names are wrong"}
    (data,) = approvable.look(refusal, mode="assist")
    assert (data["outcome"], data["state"], data["error"]) == ("refused", "refused", None)
    assert "support" in data["procedure"] and approvable.web.asked == []
    assert approvable.ca.orders["order-1"]["status"] == "cancelled"
    (data,) = approvable.look(refusal, mode="assist")
    assert data["error"]["code"] == "order_over"
