# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers and webhooks behind a hostile network, by the modules that use them, until the network is mended.

No password and no mail goes to who is not proven: not in clear where STARTTLS was taken away, not to another's
certificate. What was to be told or read is kept; when the network is mended the next run does it, once.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import smtplib
import tempfile
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io import http, smtp
from ansible_collections.inkan.tls.plugins.module_utils._mail import imap, sending
from ansible_collections.inkan.tls.plugins.modules import notifications
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import Office
from hostile_front import HOST, MODES, UNPROVEN, Front, Pki, Stopwatch
from lab.border import HOST as BORDER
from lab.border import NAME, Border
from lab.channels import PASSWORD, SECRET_PATH, USER, Hook, PostOffice
from lab.lab import Lab
from mail_front import DRIPS, MAIL_MODES, STRIPPED, MailFront
from servers.dovecot import PASSWORD as IMAP_PASSWORD
from servers.dovecot import Dovecot
from servers.pki import Authority
from servers.process import Missing
from spread import spread
from tally import Invariant, Tally

POST, TRIAL, MAIL = "hostile network, notifications", "hostile network, test mails", "hostile network, mailbox"
DEADLINE = 2.0
AUTO: dict[str, t.Any] = {"mode": "auto", "auto_domains": ["example.jp"]}
KEY = "signing-key-of-the-lab"
TROUBLE = {"name": "shop", "condition": "trouble", "mark": "x", "sentences": ["the CA is down"]}


class Post:
    """The company's mail server, as it is reached by either kind of TLS, and its webhook."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        authority = Authority(folder / "authority")
        pair = authority.server("channels")
        self.offices = {
            "starttls": stack.enter_context(PostOffice(*pair, starttls=True)),
            "implicit": stack.enter_context(PostOffice(*pair, implicit=True)),
        }
        self.hook = stack.enter_context(Hook(*pair))
        self.pki = Pki(folder / "pki", authority.bundle)

    def front(self, door: str) -> Front:
        if door in self.offices:
            return MailFront(self.pki, (HOST, self.offices[door].port), "smtp", implicit=door == "implicit")
        return Front(self.pki, (HOST, int(self.hook.url.split(":")[2].split("/")[0])))

    def channel(self, door: str, port: int) -> tuple[dict[str, t.Any], dict[str, str]]:
        bundle = {"ca_bundle": str(self.pki.bundle)}
        if door == "webhook":
            secrets = {"url": f"https://localhost:{port}{SECRET_PATH}", "signing_key": KEY}
            return {"service": "webhook", "settings": {"body": "generic", **bundle}}, secrets
        ends = {"user": USER, "from": "inkan@example.jp", "to": ["b@example.jp"]}
        settings = {"host": "localhost", "port": port, "tls": door, **ends, **bundle}
        return {"service": "smtp", "settings": settings}, {"password": PASSWORD}

    def taken(self, door: str) -> int:
        return len(self.hook.posts) if door == "webhook" else len(self.offices[door].mails)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Post]:
    with contextlib.ExitStack() as stack:
        yield Post(tmp_path_factory.mktemp("post"), stack)


def in_all_forms(*secrets: str) -> list[bytes]:
    """As it is, and as a log-in has it."""
    found = [secret.encode() for secret in secrets]
    found += [base64.b64encode(f"\0{USER}\0{secret}".encode()) for secret in secrets]
    return found + [base64.b64encode(secret.encode()) for secret in secrets]


# -- notifications ----------------------------------------------------------------------------------------------------


def tell_through(post: Post, folder: Path, door: str, mode: str) -> None:
    with post.front(door) as front:
        channel, secrets = post.channel(door, front.port)
        before = post.taken(door)

        def run(deadline: float) -> dict[str, t.Any]:
            given = {
                "ledger_path": str(folder / "ledger" / "ledger.sqlite3"),
                "ledger_durable": True,
                "deadline": deadline,
                "channels": [{"name": "c", **channel}],
                "secrets": {"c": secrets},
                "certificates": [TROUBLE],
            }
            read = ArgumentSpecValidator(notifications.argument_spec()).validate(given)
            assert not read.error_messages, read.error_messages
            return notifications.run(read.validated_parameters, False).items[0].as_data()

        front.mode = mode
        watch = Stopwatch(DEADLINE)
        said = run(DEADLINE)
        watch.must_be_in_time()
        assert front.struck, "nothing came to the front"
        if mode in UNPROVEN or mode in STRIPPED:
            heard = bytes(front.heard)
            assert not any(one in heard for one in in_all_forms(PASSWORD, KEY, SECRET_PATH)), "a stranger was told"
            assert b"AUTH" not in heard and b"MAIL FROM" not in heard.upper(), "a stranger was told more than STARTTLS"
        assert said["error"] is not None and said["error"]["todo"], f"{mode} was taken for a delivery"
        assert (said["outcome"], said["queued"], post.taken(door)) == ("queued", 1, before)
        front.mode = "wire"
        said = run(20.0)
        assert (said["outcome"], said["error"], post.taken(door)) == ("sent", None, before + 1), said
        said = run(20.0)
        assert (said["outcome"], said["changed"], post.taken(door)) == ("kept", False, before + 1), "told twice"


DOORS = [
    *itertools.product(["webhook"], MODES),
    *itertools.product(["implicit"], (*UNPROVEN, DRIPS, "trusted, then silent")),
    *itertools.product(["starttls"], MAIL_MODES),
]


@pytest.mark.parametrize(("door", "mode"), spread(DOORS, short=15))
def test_a_hostile_way_to_who_is_told(post: Post, tmp_path: Path, tally: Tally, door: str, mode: str) -> None:
    with tally.attack(Invariant.TLS_VERIFIED, POST):
        tell_through(post, tmp_path, door, mode)


def trusting_http(monkeypatch: pytest.MonkeyPatch) -> None:
    original = http.DirectHttp._tls_context

    def context(self: http.DirectHttp) -> t.Any:
        return unverified(original(self))

    monkeypatch.setattr(http.DirectHttp, "_tls_context", context)


def unverified(context: t.Any) -> t.Any:
    context.check_hostname = False
    context.verify_mode = 0
    return context


def trusting_smtp(monkeypatch: pytest.MonkeyPatch) -> None:
    original = smtp._context
    monkeypatch.setattr(smtp, "_context", lambda bundle: unverified(original(bundle)))


def opportunistic_smtp(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS where it can be had, as many clients do."""
    original = smtplib.SMTP.starttls

    def starttls(self: smtplib.SMTP, **options: t.Any) -> t.Any:
        with contextlib.suppress(smtplib.SMTPException):
            return original(self, **options)

    offered = smtplib.SMTP.has_extn
    monkeypatch.setattr(smtplib.SMTP, "starttls", starttls)
    monkeypatch.setattr(smtplib.SMTP, "has_extn", lambda self, name: name == "starttls" or offered(self, name))


def forgetful_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_notices

    monkeypatch.setattr(ledger_notices, "write_delivered", lambda *_words: None)


@pytest.mark.parametrize(
    ("defect", "spoil", "door", "mode"),
    [
        ("TLS verification is off", trusting_http, "webhook", "wrong CA"),
        ("TLS verification of SMTP is off", trusting_smtp, "implicit", "expired"),
        ("TLS verification after STARTTLS is off", trusting_smtp, "starttls", "self-signed"),
        ("STARTTLS only where it is offered", opportunistic_smtp, "starttls", "STARTTLS is not offered"),
        ("STARTTLS that is refused is gone without", opportunistic_smtp, "starttls", "STARTTLS is refused"),
        ("what was delivered is not written down", forgetful_notices, "webhook", "expired"),
    ],
)
def test_the_attack_finds_who_tells_anybody(
    post: Post,
    tmp_path: Path,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
    defect: str,
    spoil: t.Callable[[pytest.MonkeyPatch], None],
    door: str,
    mode: str,
) -> None:
    spoil(monkeypatch)
    with tally.seeded(POST, defect):
        tell_through(post, tmp_path, door, mode)


# -- test mails -------------------------------------------------------------------------------------------------------


def try_through(post: Post, mode: str) -> None:
    """A test mail before an order (module dcv_check)."""
    with post.front("starttls") as front:
        now = datetime.now(timezone.utc)
        one = sending.Submission(
            "localhost", "a@example.jp", "starttls", front.port, USER, PASSWORD, str(post.pki.bundle)
        )
        before = post.taken("starttls")
        front.mode = mode
        watch = Stopwatch(DEADLINE)
        failure: InkanError | None = None
        try:
            sending.send(one, "b@example.jp", "Test mail", "a word\n", now)
        except InkanError as told:
            failure = told
        watch.must_be_in_time()
        assert failure is not None and failure.todo, f"{mode} was taken for a delivery"
        assert front.struck
        heard = bytes(front.heard)
        assert not any(secret in heard for secret in in_all_forms(PASSWORD)), "a stranger was told the password"
        assert b"AUTH" not in heard and b"MAIL FROM" not in heard.upper(), "a stranger was told more than STARTTLS"
        front.mode = "wire"
        sending.send(one, "b@example.jp", "Test mail", "a word\n", now)
        assert post.taken("starttls") == before + 1


@pytest.mark.parametrize("mode", spread(MAIL_MODES, short=4))
def test_a_hostile_way_for_a_test_mail(post: Post, tally: Tally, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(sending, "_SECONDS", DEADLINE)
    with tally.attack(Invariant.TLS_VERIFIED, TRIAL):
        try_through(post, mode)


def test_the_attack_finds_a_test_mail_in_clear(post: Post, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_SECONDS", DEADLINE)
    opportunistic_smtp(monkeypatch)
    with tally.seeded(TRIAL, "STARTTLS only where it is offered"):
        try_through(post, "STARTTLS is not offered")


# -- the mailbox ------------------------------------------------------------------------------------------------------


class Company:
    """Approval mails come into Dovecot and are read through a front; nothing else of the office is hostile."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        place.chmod(0o755)
        self.dovecot = stack.enter_context(Dovecot(place / "dovecot", users=("certs",)))
        deliver = self.dovecot.deliver
        border = stack.enter_context(Border(lambda name, _to, raw: deliver(name, raw), {BORDER: {"jprs.jp"}}))
        self.lab = stack.enter_context(Lab(folder / "lab", web=(), vices=[], also=("approvals",)))
        self.lab.mail.relay = (BORDER, border.port)
        self.pki = Pki(folder / "pki", self.dovecot.authority.bundle)

    def front(self, tls: str) -> Front:
        port = self.dovecot.imap_port if tls == "starttls" else self.dovecot.imaps_port
        return MailFront(self.pki, (HOST, port), "imap", implicit=tls == "implicit")

    def office(self, tls: str, port: int) -> tuple[Office, str]:
        """With an order that waits for a mail, which has come."""
        name = f"n{next(self._numbers)}"
        settings = {"host": "localhost", "port": port, "tls": tls, "user": "certs", "authserv_id": NAME}
        mailbox = {"service": "imap", "settings": {**settings, "ca_bundle": str(self.pki.bundle)}}
        folder = self._folder / name
        folder.mkdir()
        return Office(self.lab, folder, mailbox, {"password": IMAP_PASSWORD}), name


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Company]:
    with contextlib.ExitStack() as stack:
        try:
            company = Company(tmp_path_factory.mktemp("company"), stack)
        except Missing as missing:
            pytest.skip(str(missing))
        yield company
        assert company.lab.failures == []


def approve_through(company: Company, tls: str, mode: str) -> None:
    with company.front(tls) as front:
        office, name = company.office(tls, front.port)
        host = f"{name}.example.jp"
        office.order(name, "jprs", "jprs-dv", host)
        approvals = company.lab.also["approvals"]
        paper = approvals.ask("jprs", f"admin@{host}", domain=host)
        approvals.mail(paper)
        front.mode = mode
        watch = Stopwatch(DEADLINE)
        said = office.play({"name": name}, deadline=DEADLINE, **AUTO)
        watch.must_be_in_time()
        assert front.struck, "nothing came to the front"
        heard = bytes(front.heard)
        secrets = [IMAP_PASSWORD.encode(), base64.b64encode(f"\0certs\0{IMAP_PASSWORD}".encode())]
        assert not any(secret in heard for secret in secrets), "a stranger was told the password"
        assert b"AUTHENTICATE" not in heard and b" LOGIN " not in heard, "a stranger was asked to let us in"
        (item,) = [one.as_data() for one in said.items]
        assert item["outcome"] not in ("approved", "mail_found") and not paper.posts
        assert item["error"] or said.warnings, "nobody is told that the mailbox was not read"
        told = f"{item['error']} {said.warnings}"
        assert mode != DRIPS or "seconds are up" in told, f"what ended it was not our deadline: {told}"
        front.mode = "wire"
        done = office.look({"name": name}, deadline=30, **AUTO)
        assert (done[name]["outcome"], len(paper.posts)) == ("approved", 1), done
        again = office.look({"name": name}, deadline=30, **AUTO)
        assert (again[name]["outcome"], len(paper.posts)) == ("not_waiting", 1), "approved twice"
        assert set(company.dovecot.flags()) <= {""}, "no letter is marked"


BOXES = [*itertools.product(["implicit"], (*UNPROVEN, DRIPS)), *itertools.product(["starttls"], MAIL_MODES)]


@pytest.mark.parametrize(("tls", "mode"), spread(BOXES, short=8))
def test_a_hostile_way_to_the_mailbox(company: Company, tally: Tally, tls: str, mode: str) -> None:
    with tally.attack(Invariant.TLS_VERIFIED, MAIL):
        approve_through(company, tls, mode)


def trusting_imap(monkeypatch: pytest.MonkeyPatch) -> None:
    original = imap.ssl.create_default_context
    monkeypatch.setattr(imap.ssl, "create_default_context", lambda *a, **more: unverified(original(*a, **more)))


def opportunistic_imap(monkeypatch: pytest.MonkeyPatch) -> None:
    original = imap._Bounded.starttls

    def starttls(self: t.Any, **options: t.Any) -> t.Any:
        with contextlib.suppress(imap.imaplib.IMAP4.error):
            return original(self, **options)

    monkeypatch.setattr(imap._Bounded, "starttls", starttls)


def patient_imap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap.ImapMailbox, "_hang_up", lambda _self: None)


@pytest.mark.parametrize(
    ("defect", "spoil", "tls", "mode"),
    [
        ("TLS verification is off", trusting_imap, "implicit", "wrong name"),
        ("TLS verification after STARTTLS is off", trusting_imap, "starttls", "self-signed"),
        ("STARTTLS only where it is offered", opportunistic_imap, "starttls", "STARTTLS is not offered"),
        ("STARTTLS that is refused is gone without", opportunistic_imap, "starttls", "STARTTLS is refused"),
        ("a limit for each read, none for the whole", patient_imap, "implicit", DRIPS),
    ],
)
def test_the_attack_finds_a_mailbox_that_tells_anybody(
    company: Company,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
    defect: str,
    spoil: t.Callable[[pytest.MonkeyPatch], None],
    tls: str,
    mode: str,
) -> None:
    spoil(monkeypatch)
    with tally.seeded(MAIL, defect):
        approve_through(company, tls, mode)
