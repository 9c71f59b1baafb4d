# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test mail to a contact before an order (CPI-3): by the lab's mail server, into the Maildir that is read, or not."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.modules import dcv_check
from lab.clock import LabClock
from lab.history import History
from lab.mail import MailSink
from lab.vices import Switches

from eyes.net import Net, text_of

ADDRESS = "certs@mail.jp"


@pytest.fixture
def sink(tmp_path: Path) -> t.Iterator[MailSink]:
    clock = LabClock()
    with MailSink(tmp_path / "mail", clock, History(clock), Switches(())) as one:
        yield one


def settings(sink: MailSink, **more: t.Any) -> dict[str, t.Any]:
    mailbox = sink.folder / ADDRESS
    for inside in ("tmp", "new", "cur"):
        (mailbox / inside).mkdir(parents=True, exist_ok=True)
    given = {
        "host": sink.host,
        "port": sink.port,
        "security": "none",
        "sender": "watch@mail.jp",
        "wait": 0,
        "mailbox": {"service": "maildir", "settings": {"path": str(mailbox)}},
    }
    return {**given, **more}


def call(
    net: Net, mail: dict[str, t.Any], *addresses: str, check_mode: bool = False, **more: t.Any
) -> list[dict[str, t.Any]]:
    domain = text_of(net.zone())
    checks = [
        {
            "name": f"item{number}",
            "records": [],
            "files": [],
            "contacts": [{"kind": "constructed", "domain": domain, "address": address}],
        }
        for number, address in enumerate(addresses)
    ]
    params = {"sight": net.sight(), "deadline": 0, "checks": checks, "test_mail": mail, "secrets": {}, **more}
    return [item.as_data() for item in dcv_check.run(params, check_mode).items]


def test_a_mail_that_arrives_is_seen_and_nothing_is_found(net: Net, sink: MailSink) -> None:
    first, second = call(net, settings(sink), ADDRESS, ADDRESS)
    assert first["findings"] == second["findings"] == []
    (letter,) = sink.messages(ADDRESS)
    assert letter.subject.startswith("Test mail inkan-")


def test_a_mail_that_arrives_elsewhere_is_told(net: Net, sink: MailSink) -> None:
    (item,) = call(net, settings(sink), "other@mail.jp")
    assert [(one["code"], one["severity"]) for one in item["findings"]] == [("mail_not_seen", "fatal")]
    assert item["state"] == "not_visible"
    assert len(sink.messages("other@mail.jp")) == 1


def test_a_server_that_does_not_take_it_is_told(net: Net, sink: MailSink) -> None:
    mail = settings(sink)
    sink.stop()
    (item,) = call(net, mail, ADDRESS)
    assert [one["code"] for one in item["findings"]] == ["mail_not_sent"]
    sink.start()


def test_check_mode_sends_nothing(net: Net, sink: MailSink) -> None:
    (item,) = call(net, settings(sink), ADDRESS, check_mode=True)
    assert (item["findings"], sink.messages()) == ([], [])


def test_nothing_is_sent_to_a_mailbox_that_takes_no_mail(net: Net, sink: MailSink) -> None:
    (item,) = call(net, settings(sink), "certs@no-such-domain.jp")
    assert [one["code"] for one in item["findings"]] == ["contact_no_mail_host"]
    assert sink.messages() == []


def test_wrong_settings_are_all_refused_before_anything_is_sent(net: Net, sink: MailSink) -> None:
    wrong = {
        "host": "smtp.example.jp",
        "sender": "nobody",
        "username": "u",
        "mailbox": {"service": "imap", "settings": {}},
    }
    with pytest.raises(InputErrors) as errors:
        call(net, settings(sink, **wrong), ADDRESS)
    assert {error.code for error in errors.value.errors} == {"test_mail_settings"}
    assert len(errors.value.errors) >= 5
    assert sink.messages() == []
