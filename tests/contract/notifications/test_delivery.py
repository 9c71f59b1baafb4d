# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module notifications against a mail server and a webhook that speak TLS and misbehave.

Nothing is lost, nothing is told twice to who can know a repetition, nothing leaves in clear, and no secret is told.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import BugError
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.modules import notifications
from lab.channels import PASSWORD, SECRET_PATH, USER, Hook, PostOffice
from servers.pki import Authority

LIMIT = 20.0  # never reached but where the other side says nothing
SHORT = 1.0  # where it does not: it is what ends the wait
TO = ["infra@example.jp", "nobody@example.jp"]
TROUBLE = {"name": "shop", "condition": "trouble", "mark": "x", "sentences": ["the CA is down <b>&</b> .\n.dot"]}
KEY = "signing-key-of-the-lab"


class Place(t.NamedTuple):
    """bundle: what verifies the servers; stranger: what does not."""

    folder: Path
    bundle: Path
    stranger: Path
    certificate: Path
    private_key: Path

    def run(
        self, channel: dict[str, t.Any], secrets: dict[str, str], *certificates: t.Any, deadline: float = LIMIT
    ) -> dict[str, t.Any]:
        given = {
            "ledger_path": str(self.folder / "ledger" / "ledger.sqlite3"),
            "ledger_durable": True,
            "deadline": deadline,
            "channels": [{"name": "c", **channel}],
            "secrets": {"c": secrets} if secrets else {},
            "certificates": list(certificates or (TROUBLE,)),
        }
        read = ArgumentSpecValidator(notifications.argument_spec()).validate(given)
        assert not read.error_messages
        (item,) = notifications.run(read.validated_parameters, False).items
        said = item.as_data()
        text = json.dumps(said)
        assert PASSWORD not in text and SECRET_PATH not in text and KEY not in text
        return said

    def mail(self, office: PostOffice, deadline: float = LIMIT, **settings: t.Any) -> dict[str, t.Any]:
        usual = {"host": "localhost", "port": office.port, "user": USER, "from": "inkan@example.jp", "to": TO}
        merged = {**usual, "ca_bundle": str(self.bundle), **settings}
        secrets = {"password": PASSWORD} if merged.get("user") else {}
        kept = {key: value for key, value in merged.items() if value is not None}
        return self.run({"service": "smtp", "settings": kept}, secrets, deadline=deadline)

    def post(self, hook: Hook, deadline: float = LIMIT, body: str = "generic", **more: t.Any) -> dict[str, t.Any]:
        settings = {"ca_bundle": str(self.bundle), "body": body, **more}
        return self.run(
            {"service": "webhook", "settings": settings}, {"url": hook.url, "signing_key": KEY}, deadline=deadline
        )


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("pki")
    authority = Authority(folder / "ours")
    certificate, private_key = authority.server("channels")
    return Place(folder, authority.bundle, Authority(folder / "other").bundle, certificate, private_key)


@pytest.fixture
def place(pki: Place, tmp_path: Path) -> Place:
    return pki._replace(folder=tmp_path)


@pytest.fixture
def office(place: Place) -> t.Iterator[PostOffice]:
    with PostOffice(place.certificate, place.private_key, starttls=True) as office:
        yield office


@pytest.fixture
def hook(place: Place) -> t.Iterator[Hook]:
    with Hook(place.certificate, place.private_key) as hook:
        yield hook


# --- mail


def test_a_mail_goes_out_by_starttls_with_a_log_in_and_once(place: Place, office: PostOffice) -> None:
    assert (place.mail(office)["outcome"], place.mail(office)["outcome"]) == ("sent", "kept")
    (mail,) = office.mails
    assert mail.is_encrypted and mail.recipients == tuple(TO)
    assert mail.message["Subject"] == "[inkan.tls] shop: in trouble"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "the CA is down <b>&</b> . .dot" in mail.text


def test_a_mail_goes_out_by_tls_from_the_first_byte(place: Place) -> None:
    with PostOffice(place.certificate, place.private_key, implicit=True) as office:
        assert place.mail(office, tls="implicit")["outcome"] == "sent"
    assert [mail.is_encrypted for mail in office.mails] == [True]


def test_without_tls_a_mail_goes_to_loopback_only(place: Place) -> None:
    with PostOffice(place.certificate, place.private_key, login=False) as office:
        assert place.mail(office, tls="none", user=None, ca_bundle=None)["outcome"] == "sent"
    assert [mail.is_encrypted for mail in office.mails] == [False]


def test_a_server_without_starttls_gets_neither_mail_nor_password(place: Place) -> None:
    with PostOffice(place.certificate, place.private_key) as office:
        said = place.mail(office)
    assert said["error"]["code"] == "notice_refused" and "STARTTLS" in said["error"]["why"]
    assert office.mails == [] and said["queued"] == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_server_with_a_wrong_certificate_gets_nothing(place: Place, tls: str) -> None:
    with PostOffice(
        place.certificate, place.private_key, starttls=tls == "starttls", implicit=tls == "implicit"
    ) as office:
        said = place.mail(office, tls=tls, ca_bundle=str(place.stranger))
        assert said["error"]["code"] == "notice_refused" and "certificate" in said["error"]["why"]
        assert office.mails == []
        assert place.mail(office, tls=tls)["outcome"] == "sent"


def test_a_certificate_for_another_name_gets_nothing(place: Place, office: PostOffice) -> None:
    said = place.mail(office, host="127.0.0.2")
    assert said["error"] is not None and office.mails == []


def test_a_wrong_password_is_told_and_no_mail_is_lost(place: Place, office: PostOffice) -> None:
    said = place.mail(office, user="somebody")
    assert said["error"]["code"] == "notice_refused" and "535" in said["error"]["why"]
    assert place.mail(office)["outcome"] == "sent" and len(office.mails) == 1


@pytest.mark.parametrize(
    ("vice", "code", "sent_first", "sent_then"),
    [
        ("lost", "notice_answer_lost", [TO], [TO]),
        ("silent", "notice_answer_lost", [TO], [TO]),
        ("refuses", "notice_refused", [], [TO]),
        ("later", "notice_not_delivered", [], [TO]),
        ("busy", "notice_not_delivered", [TO[:1]], [TO[1:]]),
        ("nobody", "notice_refused", [TO[:1]], []),
    ],
)
def test_the_next_run_makes_good_what_went_wrong(
    place: Place, office: PostOffice, vice: str, code: str, sent_first: list[list[str]], sent_then: list[list[str]]
) -> None:
    """What may have arrived comes again under its Message-ID, by which mail systems know a repetition."""
    office.vices = [vice]
    said = place.mail(office, deadline=SHORT if vice == "silent" else LIMIT)
    assert said["error"]["code"] == code
    office.vices = []
    assert place.mail(office)["error"] is None
    assert [list(mail.recipients) for mail in office.mails] == sent_first + sent_then
    assert len({mail.message["Message-ID"] for mail in office.mails}) == 1
    assert len({mail.raw for mail in office.mails}) == 1
    assert place.mail(office)["outcome"] == "kept"


# --- webhook


@pytest.mark.parametrize("body", ["generic", "slack", "teams"])
def test_a_message_is_posted_once_and_signed(place: Place, hook: Hook, body: str) -> None:
    assert (place.post(hook, body=body)["outcome"], place.post(hook, body=body)["outcome"]) == ("sent", "kept")
    (request,) = hook.posts
    assert request.headers["content-type"].startswith("application/json") and isinstance(request.json(), dict)
    signed = request.headers["x-inkan-timestamp"].encode() + b"." + request.body
    wanted = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["x-inkan-signature"] == f"sha256={wanted}"


@pytest.mark.parametrize(
    ("vice", "code", "taken"),
    [
        ("lost", "notice_answer_lost", 2),
        ("silent", "notice_answer_lost", 2),
        ("500", "notice_answer_lost", 2),
        ("502", "notice_answer_lost", 2),
        ("404", "notice_refused", 1),
        ("302", "notice_refused", 1),
    ],
)
def test_a_webhook_gets_its_message_whatever_it_did_before(
    place: Place, hook: Hook, vice: str, code: str, taken: int
) -> None:
    """What it may have taken comes again under its id; no redirect is followed."""
    hook.vices = [vice]
    assert place.post(hook, deadline=SHORT if vice == "silent" else LIMIT)["error"]["code"] == code
    assert place.post(hook)["outcome"] == "sent"
    assert place.post(hook)["outcome"] == "kept"
    assert len(hook.posts) == taken and {request.path for request in hook.posts} == {SECRET_PATH}
    assert len({request.headers["idempotency-key"] for request in hook.posts}) == 1
    assert len({request.body for request in hook.posts}) == 1


def test_a_webhook_that_has_had_enough_is_left_alone(place: Place, hook: Hook) -> None:
    hook.vices = ["429"]
    first, second = place.post(hook), place.post(hook)
    assert first["error"]["retry_at"] is not None and second["error"]["code"] == "notice_held"
    assert len(hook.asked) == 1 and second["queued"] == 1


def test_a_webhook_with_a_wrong_certificate_gets_nothing(place: Place, hook: Hook) -> None:
    said = place.post(hook, ca_bundle=str(place.stranger))
    assert said["error"] is not None and hook.asked == []
    assert place.post(hook)["outcome"] == "sent"


def test_what_nobody_expects_is_told_without_the_address_of_the_webhook(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: t.Any, method: str, url: str, **_more: t.Any) -> t.NoReturn:
        raise RuntimeError(f"the wire broke at {method} {url.partition('localhost')[2]}")

    monkeypatch.setattr(DirectHttp, "request", broken)
    with Hook(place.certificate, place.private_key) as hook, pytest.raises(BugError) as caught:
        place.post(hook)
    assert "RuntimeError" in caught.value.sentence() and SECRET_PATH not in caught.value.sentence()
    assert SECRET_PATH.rpartition("/")[2] not in caught.value.sentence()
