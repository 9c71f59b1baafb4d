# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clerk who is wrong, late, or answers twice: refused with the difference, and nothing is lost."""

from __future__ import annotations

import email.message
import json
import os
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from desk import CONTACT, Portal

NUMBER = {"order_number": "SSL-0042"}
PATH = "/.well-known/pki-validation/9f3d.txt"


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    portal = Portal(tmp_path)
    portal.run()
    portal.run(NUMBER)
    return portal


def wrong(portal: Portal, intake: t.Any, *words: str) -> None:
    """The order stays as it was, the error says what differs; the right word still goes in afterwards."""
    state, chain = portal.said["state"], portal.said["order_number"]
    said = portal.run(intake)
    assert said["error"] is not None and said["error"]["code"] == "intake_refused", said
    assert said["error"]["retryable"] is False
    for word in words:
        assert word in said["error"]["message"]
    assert (said["state"], said["order_number"], said["certificate"]) == (state, chain, None)
    assert portal.run({**NUMBER, "certificate": portal.bundle()})["state"] == "issued"


# -- certificates -----------------------------------------------------------------------------------------------------


def test_a_certificate_of_another_key(portal: Portal) -> None:
    other = portal.csr_of(new_private_key("ecdsa-p256"))
    pem = portal.ca.issue(other) + portal.ca.intermediate
    wrong(portal, {**NUMBER, "certificate": pem}, "key: the certificate has", portal.said["public_key_sha256"])


def test_a_certificate_of_other_names(portal: Portal) -> None:
    pem = portal.ca.issue(portal.csr, ["www.example.jp"]) + portal.ca.intermediate
    wrong(portal, {"certificate": pem}, "names: it lacks shop.example.jp; it has www.example.jp")


def test_a_certificate_that_has_ended(portal: Portal) -> None:
    pem = portal.ca.issue(portal.csr, days=10, at=portal.clock.now() - timedelta(days=30)) + portal.ca.intermediate
    wrong(portal, {"certificate": pem}, "dates: it ended at 2026-10-31")


def test_a_certificate_of_next_month(portal: Portal) -> None:
    pem = portal.ca.issue(portal.csr, at=portal.clock.now() + timedelta(days=30)) + portal.ca.intermediate
    wrong(portal, {"certificate": pem}, "dates: it is valid only from 2026-12-20")


def test_all_differences_are_told_at_once(portal: Portal) -> None:
    other = portal.csr_of(new_private_key("ecdsa-p256"))
    pem = portal.ca.issue(other, ["www.example.jp"], days=1, at=portal.clock.now() - timedelta(days=9))
    wrong(portal, {"certificate": pem}, "key: ", "names: ", "dates: ")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("<!DOCTYPE html><html><body>ログインしてください</body></html>", "<!DOCTYPE html>"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "no whole PEM text"),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "no whole PEM text"),
        ("\x1b]0;title\x07", "no whole PEM text"),
        ("x" * 600_000, "524288 are possible"),
    ],
    ids=["a page", "cut off", "no base64", "a terminal's escape", "too long"],
)
def test_what_is_no_certificate(portal: Portal, text: str, word: str) -> None:
    wrong(portal, {**NUMBER, "certificate": text}, word)


def test_a_private_key_never_comes_into_the_ledger(portal: Portal) -> None:
    key = portal.key.decode()
    wrong(portal, {**NUMBER, "certificate": portal.bundle() + key}, "PRIVATE KEY")
    assert key.splitlines()[1] not in json.dumps(portal.said)
    assert key.splitlines()[1].encode() not in portal.ledger.read_bytes()


def test_a_chain_is_put_in_order_and_completed(portal: Portal, tmp_path: Path) -> None:
    mixed = portal.ca.root + portal.ca.issue(portal.csr) + portal.ca.intermediate
    assert portal.run({**NUMBER, "certificate": mixed})["chain"] == [portal.ca.intermediate, portal.ca.root]

    wrong(lonely := Portal(tmp_path / "2").applied(), {"certificate": lonely.ca.issue(lonely.csr)}, "chain: ")
    lonely.renew()
    lonely.run({"order_number": "SSL-0043"}, replaces=lonely.serial)
    said = lonely.run({"order_number": "SSL-0043", "certificate": lonely.ca.issue(lonely.csr)}, replaces=lonely.serial)
    assert (said["state"], said["chain"]) == ("issued", [lonely.ca.intermediate]), "of the order before"


def test_the_chain_of_another_ca(portal: Portal, tmp_path: Path) -> None:
    other = Portal(tmp_path / "other")
    wrong(portal, {"certificate": portal.ca.issue(portal.csr), "chain": other.ca.intermediate}, "Portal CA G1")


# -- numbers and tokens -----------------------------------------------------------------------------------------------


def test_the_number_of_another_order(portal: Portal) -> None:
    wrong(portal, {"order_number": "SSL-9999"}, "order_number is SSL-9999, the open order has SSL-0042")


def test_a_certificate_that_comes_with_another_number_is_not_taken(portal: Portal) -> None:
    wrong(portal, {"order_number": "SSL-9999", "certificate": portal.bundle()}, "SSL-9999")


def test_a_number_that_another_certificate_has(portal: Portal) -> None:
    other = {**portal.item, "name": "blog", "csr": portal.csr}
    portal.call([other])
    [said] = portal.call([{"name": "blog", "ca_account": "seller", "intake": NUMBER}]).items_as_data
    assert "that of the order for shop" in said["error"]["message"]
    assert said["order_number"] is None


@pytest.mark.parametrize("number", ["", " ", "1; rm -rf /", "../../etc/passwd\n", "<b>", "a" * 65, ["1"], True])
def test_what_is_no_number(tmp_path: Path, number: t.Any) -> None:
    portal = Portal(tmp_path)
    portal.run()
    said = portal.run({"order_number": number})
    assert said["order_number"] is None and said["state"] == "awaiting_person"
    assert (said["error"] or {}).get("code") == (None if number == "" else "intake_refused")


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("http://evil.example.com" + PATH, "its host is evil.example.com"),
        ("http://shop.example.jp@evil.example.com" + PATH, "no plain http URI"),
        ("http://shop.example.jp:8080" + PATH, "port 80"),
        ("http://shop.example.jp/.well-known/pki-validation/../../../etc/passwd", "only .well-known"),
        ("http://shop.example.jp/.well-known/pki-validation/%2e%2e", "only .well-known"),
        ("http://shop.example.jp/index.php", "only .well-known"),
        ("http://shop.example.jp" + PATH + "?x=1", "neither query nor fragment"),
        ("ftp://shop.example.jp" + PATH, "no plain http URI"),
        ("javascript:alert(1)", "no plain http URI"),
        ("http://[::1" + PATH, "no URI"),
    ],
)
def test_a_hostile_token_is_never_published(tmp_path: Path, uri: str, word: str) -> None:
    portal = Portal(tmp_path, method="file")
    portal.run()
    said = portal.run({**NUMBER, "file_token": {"uri": uri, "content": "x"}})
    assert word in said["error"]["message"] and said["error"]["code"] == "intake_refused"
    assert said["wanted"]["files"] == [] and said["order_number"] == "SSL-0042", "the number beside it is right"


@pytest.mark.parametrize("content", ["", "\x00", "日本語", "x" * 5000, "\x1b[2J"])
def test_what_is_no_string_of_a_token(tmp_path: Path, content: str) -> None:
    portal = Portal(tmp_path, method="file")
    portal.run()
    said = portal.run({**NUMBER, "file_token": {"uri": "http://shop.example.jp" + PATH, "content": content}})
    assert said["error"]["code"] == "intake_refused" and said["wanted"]["files"] == []


def test_one_token_counts_for_both_names_of_a_double_address(tmp_path: Path) -> None:
    names = ["shop.example.jp", "www.shop.example.jp"]
    portal = Portal(tmp_path, method="file", dns_names=names)
    portal.run()
    told = {**NUMBER, "file_token": {"uri": "http://shop.example.jp" + PATH, "content": "9f3d"}}
    said = portal.run(told)
    assert said["state"] == "wanted"
    assert [file["url"] for file in said["wanted"]["files"]] == [f"http://{name}{PATH}" for name in names]
    assert portal.run(told)["changed"] is False
    said = portal.run({**told, "certificate": portal.bundle()}, visible=True)
    assert (said["state"], said["error"]) == ("issued", None)


def test_words_that_nobody_knows_are_told_with_the_nearest(portal: Portal) -> None:
    wrong(portal, {"order_nummer": "1"}, 'Did you mean "order_number"?')


@pytest.mark.parametrize("intake", [{"approved": "perhaps"}, {"file_token": {"uri": 1, "content": "x"}}])
def test_words_of_the_wrong_kind(portal: Portal, intake: t.Any) -> None:
    wrong(portal, intake, next(iter(intake)))


# -- twice, late ------------------------------------------------------------------------------------------------------


def test_the_same_told_twice_changes_nothing(portal: Portal) -> None:
    for told in (NUMBER, {**NUMBER, "approved": True}, {**NUMBER, "approved": True, "note": "mail came at noon"}):
        portal.run(told)
        before = portal.ledger.read_bytes()
        assert portal.run(told)["changed"] is False
        assert len(before) == len(portal.ledger.read_bytes())


def test_an_intake_of_the_last_order_is_passed_over_in_the_next(portal: Portal) -> None:
    """It stands in a file of variables and nobody cleans up."""
    old = {**NUMBER, "approved": True, "certificate": portal.bundle()}
    portal.run(old)
    serial = portal.said["serial"]
    portal.renew()
    said = portal.run(old, replaces=serial)
    assert (said["outcome"], said["state"], said["error"]) == ("submitted", "awaiting_person", None)
    said = portal.run(old, replaces=serial)
    assert (said["changed"], said["order_number"], said["error"]) == (False, None, None)


def test_a_certificate_dropped_as_a_file_is_taken_in_once(portal: Portal) -> None:
    folder = portal.ledger.parent / "intake"
    folder.mkdir()
    (folder / "shop.pem").write_text("お客様の証明書です。\r\n" + portal.bundle().replace("\n", "\r\n"), "utf-8")
    (folder / "other.pem").write_text("of another certificate")
    assert portal.run()["state"] == "issued"
    assert portal.run()["changed"] is False and portal.said["error"] is None
    assert sorted(path.name for path in folder.iterdir()) == ["other.pem", "shop.pem"], "nothing is removed"


def test_a_dropped_file_that_is_a_link_or_binary_is_told(portal: Portal, tmp_path: Path) -> None:
    folder = portal.ledger.parent / "intake"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "shop.pem").symlink_to(tmp_path / "secret")
    said = portal.run()
    assert said["error"]["code"] == "intake_refused" and "secret" not in said["error"]["why"].replace("shop.pem", "")
    (folder / "shop.pem").unlink()
    (folder / "shop.pem").write_bytes(b"\x30\x82\xff\xfe")
    assert "no text" in portal.run()["error"]["message"]
    (folder / "shop.pem").unlink()
    (folder / "shop.json").write_text(json.dumps({"approved": True}))
    assert portal.run()["error"] is None and portal.said["state"] == "awaiting_person"


def maildir(portal: Portal) -> Path:
    """The seller's mailbox of the company, which the account names."""
    folder = portal.folder / "Maildir"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    portal.settings["mailbox"] = "certs"
    portal.options = {"mailboxes": {"certs": {"service": "maildir", "settings": {"path": str(folder)}}}}
    return folder


def letter(folder: Path, name: str, body: str, when: float, attached: str = "") -> None:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "anybody@example.com", "certs@example.co.jp", "証明書"
    message.set_content(body, charset="iso-2022-jp")
    if attached:
        message.add_attachment(attached.encode(), maintype="application", subtype="x-x509-ca-cert", filename="../a.crt")
    path = folder / "new" / name
    path.write_bytes(bytes(message))
    os.utime(path, (when, when))


def test_a_certificate_that_came_by_mail_is_fetched_if_it_has_our_key(portal: Portal) -> None:
    folder, now = maildir(portal), portal.clock.now().timestamp()
    other = portal.ca.issue(portal.csr_of(new_private_key("ecdsa-p256"))) + portal.ca.intermediate
    letter(folder, "1", "他社の証明書です。", now + 10, other)
    letter(folder, "2", "-----BEGIN CERTIFICATE-----\nbroken\n", now + 20)
    assert (portal.run()["state"], portal.said["error"]) == ("awaiting_approval", None), "none of them is ours"
    letter(folder, "3", "証明書をお送りします。\n" + portal.ca.issue(portal.csr), now + 30, portal.ca.intermediate)
    said = portal.run()
    assert (said["state"], said["chain"], said["error"]) == ("issued", [portal.ca.intermediate], None)
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["1", "2", "3"], "nothing is marked or moved"
    assert portal.run()["changed"] is False


def test_a_wrong_certificate_of_our_key_by_mail_is_told(portal: Portal) -> None:
    folder, now = maildir(portal), portal.clock.now().timestamp()
    pem = portal.ca.issue(portal.csr, ["www.example.jp"]) + portal.ca.intermediate
    letter(folder, "1", "証明書", now + 10, pem)
    assert "names: it lacks shop.example.jp" in portal.run()["error"]["message"]
    letter(folder, "2", "訂正", now + 20, portal.bundle())
    assert (portal.run()["state"], portal.said["error"]) == ("issued", None), "the newest counts"


def test_a_mailbox_that_cannot_be_read_holds_nothing_up(portal: Portal) -> None:
    folder = maildir(portal)
    (folder / "new").rmdir()
    said = portal.run({**NUMBER, "approved": True})
    assert (said["state"], said["error"]["code"]) == ("awaiting_person", "maildir_missing")
    portal.options = {"mailboxes": {"certs": {"service": "pop3", "settings": {}}}}
    with pytest.raises(InputErrors, match="service must be one of"):
        portal.run()


def test_check_mode_tells_and_takes_nothing(portal: Portal) -> None:
    before = portal.ledger.read_bytes()
    said = portal.run({**NUMBER, "approved": True}, check_mode=True)
    assert said["changed"] is True
    assert portal.run({"order_number": "SSL-1"}, check_mode=True)["error"]["code"] == "intake_refused"
    assert portal.ledger.read_bytes() == before


def test_an_api_seller_takes_no_intake(portal: Portal) -> None:
    """Persons tell of portals only: elsewhere the CA is asked."""
    assert portal.item["options"]["contact"] == CONTACT
    [said] = portal.call([{"name": "ghost", "intake": NUMBER}]).items_as_data
    assert said["error"]["code"] == "intake_refused"
