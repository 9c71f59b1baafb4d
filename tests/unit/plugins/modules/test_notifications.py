# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels are told what changed, once: over runs, with deliveries that fail, get lost, or are killed."""

from __future__ import annotations

import itertools
import json
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors, PolicyError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_writing
from ansible_collections.inkan.tls.plugins.module_utils._module import notifying
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import notifications
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core import test_people as people

START = datetime(2026, 11, 20, tzinfo=timezone.utc)
HOOK = "https://hooks.example/services/T000/B000/verysecretpath"
Answer = t.Union[int, HttpResponse, Exception]


class Clock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here may sleep")


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


class Ground:
    """A ledger, a webhook and a mail server, each of which answers as it is told; 200 and yes when it is not."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger" / "ledger.sqlite3"
        self.clock = Clock()
        self.answers: list[Answer | BaseException] = []
        self.asked: list[tuple[dict[str, str], dict[str, t.Any]]] = []
        self.mails: list[tuple[bytes, list[str]]] = []
        self.refusals: list[NotDelivered] = []
        self.channels: list[dict[str, t.Any]] = [{"name": "hook", "service": "webhook"}]
        self.secrets: dict[str, t.Any] = {"hook": {"url": HOOK}}
        self._numbers = itertools.count(1)

    def request(self, _method: str, url: str, **words: t.Any) -> HttpResponse:
        self.asked.append((dict(words["headers"]), json.loads(words["body"])))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, BaseException):
            raise answer  # pylint: disable=raising-bad-type
        return answer if isinstance(answer, HttpResponse) else HttpResponse(answer, {}, b"words", url)

    def smtp(self, _channel: Channel, mail: bytes, recipients: t.Sequence[str], *, timeout: float) -> None:
        assert 0 < timeout <= 30
        self.mails.append((mail, list(recipients)))
        if self.refusals:
            raise self.refusals.pop(0)

    def play(self, *certificates: dict[str, t.Any], check_mode: bool = False, **words: t.Any) -> Result:
        given = {
            "ledger_path": str(self.path),
            "ledger_durable": True,
            "channels": self.channels,
            "secrets": self.secrets,
            "certificates": list(certificates),
            **words,
        }
        read = ArgumentSpecValidator(notifications.argument_spec()).validate(given)
        assert not read.error_messages
        senders = notifying.Senders(
            self.clock, lambda _bundle: t.cast(t.Any, self), self.smtp, lambda: f"inkan-{next(self._numbers)}"
        )
        return notifications.run(read.validated_parameters, check_mode, senders)

    def one(self, *certificates: dict[str, t.Any], **words: t.Any) -> dict[str, t.Any]:
        (item,) = self.play(*certificates, **words).items
        data = item.as_data()
        json.dumps(data)
        return data

    @property
    def told(self) -> list[list[tuple[str, str]]]:
        """Kind and certificate of each message that came to the webhook."""
        return [[(event["kind"], event["certificate"]) for event in body["events"]] for _headers, body in self.asked]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def item(name: str = "shop", condition: str = "in_order", **words: t.Any) -> dict[str, t.Any]:
    return {"name": name, "condition": condition, **words}


TROUBLE = item(condition="trouble", mark="ca_down", sentences=["the CA is down"])
LOST = TransportError(code="http_timeout", what="POST", why="no answer", sent=True)
UNSENT = TransportError(code="http_no_connection", what="POST", why="refused", sent=False)


def test_what_changed_is_told_once(ground: Ground) -> None:
    first, second = ground.one(TROUBLE), ground.one(TROUBLE)
    assert (first["outcome"], first["changed"], first["state"]) == ("sent", True, "told")
    assert (second["outcome"], second["changed"], second["messages"]) == ("kept", False, [])
    assert ground.told == [[("trouble", "shop")]]


def test_a_run_has_one_message_a_channel_however_much_changed(ground: Ground) -> None:
    ground.one(*(item(f"c{number}", "waiting", mark="1") for number in range(200)))
    assert len(ground.asked) == 1 and len(ground.told[0]) == 200


@pytest.mark.parametrize(
    ("answer", "code", "is_same_message"),
    [
        (UNSENT, "notice_not_delivered", False),
        (LOST, "notice_answer_lost", True),
        (500, "notice_answer_lost", True),
        (408, "notice_answer_lost", True),
        (502, "notice_answer_lost", True),
        (404, "notice_refused", False),
        (400, "notice_refused", False),
        (302, "notice_refused", False),
        (429, "notice_not_delivered", False),
    ],
)
def test_what_was_not_delivered_is_sent_by_the_next_run(
    ground: Ground, answer: Answer, code: str, is_same_message: bool
) -> None:
    """And once only; under the same id where it may have arrived."""
    ground.answers = [answer]
    failed = ground.one(TROUBLE)
    assert (failed["outcome"], failed["state"], failed["queued"], failed["error"]["code"]) == (
        "queued",
        "queued",
        1,
        code,
    )
    again = ground.one(TROUBLE)
    assert (again["outcome"], again["queued"], again["error"]) == ("sent", 0, None)
    assert ground.told == [[("trouble", "shop")]] * 2
    first, second = (headers["Idempotency-Key"] for headers, _body in ground.asked)
    assert (first == second) is is_same_message
    assert ground.one(TROUBLE)["outcome"] == "kept" and len(ground.asked) == 2


def test_news_that_could_not_be_told_are_told_even_if_they_are_over(ground: Ground) -> None:
    ground.answers = [UNSENT]
    ground.one(TROUBLE)
    ground.one(item())
    assert ground.told[1] == [("trouble", "shop"), ("resolved", "shop")]


def test_a_message_that_may_have_arrived_goes_first_and_alone(ground: Ground) -> None:
    ground.answers = [LOST]
    ground.one(TROUBLE)
    both = ground.one(TROUBLE, item("www", "waiting", mark="1"))
    assert ground.told == [[("trouble", "shop")], [("trouble", "shop")], [("waiting", "www")]]
    assert ground.asked[0][1] == ground.asked[1][1] and ground.asked[1][0]["X-Inkan-Attempt"] == "2"
    assert both["messages"] == ["inkan-1", "inkan-2"]


def test_a_run_that_was_killed_while_it_sent_leaves_the_message_to_the_next(ground: Ground) -> None:
    ground.answers = [Killed()]
    with pytest.raises(Killed):
        ground.one(TROUBLE)
    ground.one(TROUBLE)
    assert [headers["Idempotency-Key"] for headers, _body in ground.asked] == ["inkan-1", "inkan-1"]
    assert ground.one(TROUBLE)["outcome"] == "kept"


def test_nothing_is_sent_before_the_other_side_wants_it(ground: Ground) -> None:
    ground.answers = [HttpResponse(429, {"retry-after": "3600"}, b"", HOOK)]
    told = ground.one(TROUBLE)
    assert told["error"]["retry_at"] == "2026-11-20T01:00:00+00:00"
    ground.clock.moment += timedelta(minutes=59)
    assert ground.one(TROUBLE)["error"]["code"] == "notice_held" and len(ground.asked) == 1
    ground.clock.moment += timedelta(minutes=1)
    assert ground.one(TROUBLE)["outcome"] == "sent" and len(ground.asked) == 2


def test_one_channel_that_fails_does_not_hold_up_another(ground: Ground) -> None:
    ground.channels.append({"name": "other", "service": "webhook", "settings": {"url": "https://b.example/x"}})
    ground.answers = [404]
    first, second = ground.play(TROUBLE).items
    assert (first.outcome, second.outcome) == ("queued", "sent")


def test_a_message_that_fails_again_and_again_does_not_hold_up_those_behind_it(ground: Ground) -> None:
    ground.answers = [500] * 6
    for _run in range(5):
        ground.one(TROUBLE)
    ground.one(TROUBLE, item("www", "waiting", mark="1"))
    assert ground.told[-1] == [("waiting", "www")]


MAIL: dict[str, t.Any] = {
    "name": "team",
    "service": "smtp",
    "settings": {"host": "mail.example", "from": "inkan@example.jp", "to": ["a@example.jp", "b@example.jp"]},
}


def test_a_mail_is_sent_again_to_those_alone_that_did_not_get_it(ground: Ground) -> None:
    ground.channels, ground.secrets = [MAIL], {}
    ground.refusals = [NotDelivered("b: 450 later", is_partial=True, left=("b@example.jp",))]
    first = ground.one(TROUBLE)
    assert (first["outcome"], first["queued"], first["error"]["code"]) == ("sent", 1, "notice_not_delivered")
    assert ground.one(TROUBLE)["error"] is None
    assert [recipients for _mail, recipients in ground.mails] == [["a@example.jp", "b@example.jp"], ["b@example.jp"]]
    assert ground.mails[0][0] == ground.mails[1][0]


def test_a_recipient_who_does_not_exist_is_told_of_and_not_tried_for_ever(ground: Ground) -> None:
    ground.channels, ground.secrets = [MAIL], {}
    ground.refusals = [NotDelivered("b: 550 nobody", is_partial=True, is_refused=True)]
    first = ground.one(TROUBLE)
    assert (first["outcome"], first["queued"], first["error"]["code"]) == ("sent", 0, "notice_refused")
    assert ground.one(TROUBLE)["outcome"] == "kept" and len(ground.mails) == 1


def test_check_mode_shows_the_message_and_writes_nothing(ground: Ground) -> None:
    result = ground.play(TROUBLE, check_mode=True)
    assert result.items[0].outcome == "sent" and result.changed
    assert "the CA is down" in result.diff[0].after
    assert not ground.path.exists() and ground.asked == []
    ground.one(TROUBLE)
    assert ground.play(TROUBLE, check_mode=True).changed is False


def test_a_channel_is_told_only_what_it_wants_of_its_certificates(ground: Ground) -> None:
    ground.channels[0].update({"on": ["trouble", "issued"], "certificates": ["shop*"]})
    done = ground.one(
        item("shop-1", "waiting", mark="1"), item("www", "trouble", mark="x"), item("shop-2", "trouble", mark="x")
    )
    assert ground.told == [[("trouble", "shop-2")]] and done["queued"] == 0
    assert ground.one(item("shop-1", "in_order", serial="1"))["outcome"] == "sent"
    assert ground.told[1] == [("issued", "shop-1")]


def test_a_channel_of_later_is_told_what_is_wrong_and_not_what_is_well(ground: Ground) -> None:
    both = (TROUBLE, item("www", serial="1"))
    ground.play(*both)
    ground.channels.append({"name": "other", "service": "webhook", "settings": {"url": "https://b.example/x"}})
    ground.play(*both)
    assert ground.told == [[("trouble", "shop")], [("trouble", "shop")]]


def test_what_is_not_declared_any_more_is_forgotten_by_a_run_about_all(ground: Ground) -> None:
    ground.one(TROUBLE)
    assert ground.one(item("www"), complete=False)["outcome"] == "noted"
    assert ground.one(item("www"), complete=True)["outcome"] == "noted"
    ground.one(TROUBLE, item("www"))
    assert ground.told == [[("trouble", "shop")]] * 2


def test_another_run_that_is_telling_the_channel_is_left_to_it(ground: Ground) -> None:
    with open_for_writing(str(ground.path)) as other:
        leases, _held = other.take_leases(["channel hook"], 60.0)
        busy = ground.one(TROUBLE)
        assert (busy["outcome"], busy["changed"], ground.asked) == ("busy", False, [])
        other.release(leases)
    assert ground.one(TROUBLE)["outcome"] == "sent"


def test_no_secret_of_the_channel_is_in_result_or_error(ground: Ground) -> None:
    words = f"see {HOOK} or /services/T000/B000/verysecretpath".encode()
    ground.answers = [HttpResponse(404, {}, words, HOOK)]
    shown = json.dumps(ground.one(item(condition="trouble", mark="x", sentences=[f"sent to {HOOK}"])))
    assert "verysecret" not in shown and "hooks.example" in shown
    ground.one(TROUBLE)
    assert "verysecret" not in json.dumps([body for _headers, body in ground.asked])


def test_a_ledger_that_will_be_gone_would_tell_the_same_each_time(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWX_HOST", "https://awx.example")
    with pytest.raises(PolicyError, match="tell the same again") as caught:
        ground.one(TROUBLE, ledger_durable=False)
    assert caught.value.code == "ledger_not_durable" and ground.asked == []


def test_all_that_is_wrong_is_told_at_once(ground: Ground) -> None:
    ground.channels.append({"name": "hook", "service": "smtp", "settings": {"host": "m", "tls": "none", "x": 1}})
    with pytest.raises(InputErrors) as caught:
        ground.play(item("../x"), item("a", not_after="soon"), item("a"))
    sentences = [error.sentence() for error in caught.value.errors]
    for words in ("settings.x is unknown", "loopback only", "settings.from", "two channels", "../x", "not_after"):
        assert any(words in sentence for sentence in sentences), words
    assert {error.code for error in caught.value.errors} == {"bad_channel", "bad_condition"}
    assert ground.asked == [] and not ground.path.exists()


def test_a_step_of_a_person_is_reminded_of_from_the_ledger_once_a_level(ground: Ground) -> None:
    """And of a certificate that is not declared any more only by a run about all."""
    with open_for_writing(str(ground.path)) as store:
        leases, _held = store.take_leases(["shop"], 60.0)
        open_step = people.entry(*people.seen(people.Answer.WANTS_PERSON), people.SUBMITTED, people.opened())
        store.insert(leases, [(open_step.order, open_step.facts)])
        store.release(leases)
    waiting = item("shop", "waiting", mark="1")
    ground.clock.moment = people.NOW
    ground.one(waiting)
    assert ground.told == [[("waiting", "shop")]]
    ground.clock.moment = people.NOW + 13 * people.DAY
    assert ground.one(item("www"), complete=False)["events"] == []
    (reminded,) = ground.one(waiting)["events"]
    assert reminded["kind"] == "reminder"
    ground.clock.moment = people.NOW + 15 * people.DAY
    assert [event["kind"] for event in ground.one(waiting)["events"]] == ["reminder"]
    assert ground.one(waiting)["outcome"] == "kept"
    told = [event for _headers, body in ground.asked for event in body["events"] if event["kind"] == "reminder"]
    assert [event["owner"] for event in told] == ["yamada@example.jp", "yamada@example.jp, ops@example.jp"]
    assert "answer the call" in told[0]["sentences"][0] and "late" in told[1]["sentences"][0]


def test_whatever_a_text_holds_it_reaches_the_ledger_and_the_channel(ground: Ground) -> None:
    odd = item(condition="trouble", mark="\ud800" * 2000, sentences=["\ud800 \x00 \u202e" * 500] * 30, owner="\ud800")
    ground.answers = [UNSENT]
    assert ground.one(odd)["outcome"] == "queued" and ground.one(odd)["outcome"] == "sent"
    assert ground.one(odd)["outcome"] == "kept"
