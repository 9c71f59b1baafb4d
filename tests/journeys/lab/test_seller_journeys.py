# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole ways of orders at the seller, in a lab that runs: by mail, by file, by registrar, by DNS."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from journeys.lab.partner import Document, Partner, csr
from lab.human import NoButton, NoMail, press
from lab.lab import Lab

HOSTMASTER = "hostmaster@example.jp"
TO_HOSTMASTER = {"address": HOSTMASTER, "contact": "address"}


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def partner(lab: Lab) -> Partner:
    return Partner(lab)


def states(lab: Lab, order: Document) -> list[str]:
    return [event["state"] for event in lab.history.events("state", order=order["order_id"])]


def is_good(lab: Lab, partner: Partner, order: Document) -> x509.Certificate:
    """Issued for exactly these names, in time, by a chain that openssl takes."""
    leaf, *intermediates = partner.download(order["order_id"])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == order["names"]
    assert order["certificate"]["serial"] == f"{leaf.serial_number:x}"
    assert datetime.fromisoformat(order["certificate"]["not_after"]) == leaf.not_valid_after_utc
    openssl_verifies(lab, leaf, intermediates)
    [issued] = lab.history.events("issued", order=order["order_id"])
    assert issued["serial"] == order["certificate"]["serial"]
    return leaf


def openssl_verifies(lab: Lab, leaf: x509.Certificate, intermediates: list[x509.Certificate]) -> None:
    def write(name: str, certificates: list[x509.Certificate]) -> str:
        path = lab.folder / name
        path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
        return str(path)

    moment = str(int(lab.clock.now().timestamp()))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", moment]
    command += ["-no-CApath", "-no-CAstore", "-CAfile", str(lab.seller.root_path)]
    command += ["-untrusted", write("chain.pem", intermediates), write("leaf.pem", [leaf])]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


# --- mail ---


def test_by_mail_a_person_approves_and_the_certificate_is_made(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp", "example.jp"], "mail", auth=TO_HOSTMASTER)
    assert (order["state"], order["auth"]["sent_to"]) == ("mail_sent", [HOSTMASTER])
    pressed = press(lab, HOSTMASTER)
    assert pressed.status == 200
    assert "www.example.jp、example.jp" in pressed.before
    issued = partner.wait(order["order_id"])
    assert issued["auth"]["done"] == order["names"]
    is_good(lab, partner, issued)
    assert states(lab, order) == ["mail_sent", "examining", "issued"]
    assert [event["address"] for event in lab.history.events("approved")] == [HOSTMASTER]


def test_nothing_is_issued_by_looking_at_the_page(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp"], "mail", auth=TO_HOSTMASTER)
    with pytest.raises(NoButton, match="承認する"):
        press(lab, HOSTMASTER, button="後で")
    lab.seller.tick()
    assert partner.look(order["order_id"])["state"] == "mail_sent"


def test_by_mail_a_person_refuses(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv_wildcard", ["*.example.jp"], "mail", auth=TO_HOSTMASTER)
    press(lab, HOSTMASTER, button="承認しない")
    rejected = partner.look(order["order_id"])
    assert (rejected["state"], rejected["reason"]) == ("rejected", "承認されませんでした")
    with pytest.raises(NoButton, match="すでに「承認しない」が選択されています"):
        press(lab, HOSTMASTER)
    assert lab.history.events("issued") == []


@pytest.mark.parametrize("vices", [[], ["mail_iso2022jp"], ["mail_html_only"], ["mail_iso2022jp", "mail_html_only"]])
def test_a_person_reads_the_mail_however_it_is_written(lab: Lab, partner: Partner, vices: list[str]) -> None:
    lab.switches.only(*vices)
    order = partner.order("dv", ["www.example.jp"], "mail", auth=TO_HOSTMASTER)
    [letter] = lab.mail.messages(HOSTMASTER)
    assert letter.subject == "【ラボSSL】ドメイン承認メール（www.example.jp）"
    assert letter.message.get_content_charset() == ("iso-2022-jp" if "mail_iso2022jp" in vices else "utf-8")
    assert letter.message.get_content_type() == ("text/html" if "mail_html_only" in vices else "text/plain")
    assert letter.raw.isascii()
    assert (b"=?iso-2022-jp?b?" in letter.raw) == ("mail_iso2022jp" in vices)
    assert str(letter.message["From"]) == "ラボSSL <approval@labssl.lab.example>"
    press(lab, HOSTMASTER, order=order["order_id"])
    partner.wait(order["order_id"])


def test_a_person_chooses_among_the_mails_of_several_orders(lab: Lab, partner: Partner) -> None:
    first = partner.order("dv", ["www.example.jp"], "mail", auth=TO_HOSTMASTER)
    second = partner.order("dv", ["shop.example.jp"], "mail", auth=TO_HOSTMASTER)
    press(lab, HOSTMASTER, order="www.example.jp")
    partner.wait(first["order_id"])
    assert partner.look(second["order_id"])["state"] == "mail_sent"
    with pytest.raises(NoMail):
        press(lab, HOSTMASTER, order="blog.example.jp", seconds=0)


def test_the_mail_goes_to_everybody_whom_the_txt_contact_names(lab: Lab, partner: Partner) -> None:
    lab.dns.set("example.co.jp", "_validation-contactemail", "TXT", ["certs@example.jp", "ops@example.com"])
    order = partner.order("dv", ["shop.example.co.jp"], "mail", auth={"contact": "txt"})
    assert order["auth"]["sent_to"] == ["certs@example.jp", "ops@example.com"]
    press(lab, "ops@example.com")
    partner.wait(order["order_id"])
    with pytest.raises(NoButton, match="すでに承認されています"):
        press(lab, "certs@example.jp")


def test_resent_it_is_the_same_mail_to_the_same_address(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp"], "mail", auth=TO_HOSTMASTER)
    assert partner.call("POST", f"/orders/{order['order_id']}/resend").status == 202
    first, second = lab.mail.messages(HOSTMASTER)
    assert first.text == second.text
    press(lab, HOSTMASTER)
    assert partner.call("POST", f"/orders/{order['order_id']}/resend").code == "not_applicable"


def test_after_25_days_the_mail_is_worth_nothing(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp"], "mail", auth=TO_HOSTMASTER)
    days = datetime.fromisoformat(order["expires_at"]) - datetime.fromisoformat(order["created_at"])
    assert days == timedelta(days=25)
    lab.clock.advance(days=25)
    with pytest.raises(NoButton, match="終了しています"):
        press(lab, HOSTMASTER)
    assert partner.look(order["order_id"])["state"] == "expired"


# --- file ---


def test_by_file_the_crawler_looks_at_every_name_on_every_host(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp", "example.jp"], "file")
    files = order["auth"]["files"]
    assert order["state"] == "waiting_file"
    assert [file["name"] for file in files] == ["www.example.jp", "example.jp"]
    partner.place(files, ["web1"])
    lab.seller.crawl()
    assert partner.look(order["order_id"])["auth"]["done"] == []  # one host of two is not enough
    partner.place(files, ["web2"])
    assert partner.call("POST", f"/orders/{order['order_id']}/check").status == 202
    assert partner.look(order["order_id"])["state"] == "waiting_file"  # nobody can call the crawler
    lab.seller.crawl()
    is_good(lab, partner, partner.wait(order["order_id"]))
    fetches = lab.history.events("fetch", order=order["order_id"])
    assert [event["found"] for event in fetches] == [True, False, True, False, True, True, True, True]
    assert {event["order_state"] for event in fetches} == {"waiting_file"}


def test_the_crawler_comes_every_six_hours(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp"], "file")
    partner.place(order["auth"]["files"])
    lab.clock.advance(hours=5.9)
    lab.seller.tick()
    assert lab.history.events("crawl") == []
    lab.clock.advance(hours=0.2)
    partner.wait(order["order_id"])
    assert len(lab.history.events("crawl")) == 1


def test_three_more_rounds_look_whether_the_files_are_gone(lab: Lab, partner: Partner) -> None:
    order = partner.order("dv", ["www.example.jp"], "file")
    files = order["auth"]["files"]
    partner.place(files)
    lab.seller.crawl()
    partner.wait(order["order_id"])
    lab.seller.crawl()
    partner.remove(files)
    for _unused in range(4):
        lab.seller.crawl()
    after = lab.history.events("fetch", order=order["order_id"], order_state="issued", address="127.0.0.11")
    assert [event["found"] for event in after] == [True, False, False]


@pytest.mark.parametrize(
    ("redirect", "found", "hops"),
    [
        ({"how": "https"}, True, 1),
        ({"how": "https", "status": 308}, True, 1),
        ({"how": "name", "to": "files.example.jp", "name": "www.example.jp"}, True, 1),
        ({"how": "chain", "hops": 10}, True, 10),
        ({"how": "chain", "hops": 11}, False, 10),
        ({"how": "loop"}, False, 10),
        ({"how": "meta"}, False, 0),
        ({"how": "url", "to": "http://www.example.net/"}, False, 1),
        ({"how": "url", "to": "http://127.0.0.1/"}, False, 1),
        ({"how": "url", "to": "ftp://www.example.jp/"}, False, 1),
        ({"how": "url", "to": "http://www.example.jp:8080/"}, False, 1),
    ],
)
def test_up_to_ten_http_redirects_are_followed(
    lab: Lab, partner: Partner, redirect: dict[str, t.Any], found: bool, hops: int
) -> None:
    order = partner.order("dv", ["www.example.jp"], "file")
    partner.place(order["auth"]["files"])
    for host in lab.web.values():
        host.redirect(**redirect)
    lab.seller.crawl()
    for fetch in lab.history.events("fetch", order=order["order_id"]):
        assert (fetch["found"], len(fetch["hops"])) == (found, hops), fetch
    assert bool(partner.look(order["order_id"])["auth"]["done"]) == found


@pytest.mark.parametrize("content", ["", "x{}", "{}x", "<html>{}</html>", "{}\n{}"])
def test_another_content_is_no_validation(lab: Lab, partner: Partner, content: str) -> None:
    order = partner.order("dv", ["www.example.jp"], "file")
    partner.place([{**file, "content": content.replace("{}", file["content"])} for file in order["auth"]["files"]])
    lab.seller.crawl()
    assert partner.look(order["order_id"])["auth"]["done"] == []


# --- registrar ---


def test_by_registrar_no_mail_is_sent(lab: Lab, partner: Partner) -> None:
    issued = partner.wait(partner.order("dv_wildcard", ["*.example.com", "example.com"], "registrar")["order_id"])
    is_good(lab, partner, issued)
    assert lab.history.events("mail") == []
    assert states(lab, issued) == ["checking_registrar", "examining", "issued"]


@pytest.mark.parametrize(
    "registration", [{"linked": False}, {"customer": "customer-2", "linked": True}], ids=["elsewhere", "another's"]
)
def test_the_registrar_must_manage_the_domain_for_the_same_customer(
    lab: Lab, partner: Partner, registration: dict[str, t.Any]
) -> None:
    lab.registrar.register("example.com", **registration)
    order = partner.wait(partner.order("dv", ["www.example.com"], "registrar")["order_id"], "rejected")
    assert "管理指定事業者" in order["reason"]


# --- DNS ---


def test_by_dns_the_records_are_looked_at_when_asked(lab: Lab, partner: Partner) -> None:
    order = partner.order("flex", ["example.jp", "*.example.jp", "www.example.co.jp"], "dns")
    records = order["auth"]["records"]
    assert [record["name"] for record in records] == ["_labssl.example.jp", "_labssl.www.example.co.jp"]
    partner.publish(records[:1])
    checked = partner.call("POST", f"/orders/{order['order_id']}/check")
    assert (checked.status, checked.json["auth"]["done"]) == (202, ["example.jp", "*.example.jp"])
    partner.publish(records[1:])
    partner.call("POST", f"/orders/{order['order_id']}/check")
    leaf = is_good(lab, partner, partner.wait(order["order_id"]))
    days = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert days == timedelta(days=199) - timedelta(seconds=1)


def test_every_authoritative_server_must_have_the_record(lab: Lab, partner: Partner) -> None:
    lab.switches.set("dns_servers_disagree", True)
    order = partner.order("flex", ["example.jp"], "dns")
    partner.publish(order["auth"]["records"])
    partner.call("POST", f"/orders/{order['order_id']}/check")
    assert partner.look(order["order_id"])["state"] == "waiting_dns"
    assert lab.history.events("look")[-1]["servers"] == {"127.0.0.1": True, "127.0.0.2": False}
    lab.switches.set("dns_servers_disagree", False)
    partner.call("POST", f"/orders/{order['order_id']}/check")
    partner.wait(order["order_id"])


def test_the_record_may_be_where_an_alias_leads(lab: Lab, partner: Partner) -> None:
    order = partner.order("flex", ["www.example.jp"], "dns")
    [record] = order["auth"]["records"]
    lab.dns.set("example.jp", "_labssl.www", "CNAME", ["validation.example.com."])
    lab.dns.set("example.com", "validation", "TXT", [record["value"]])
    partner.call("POST", f"/orders/{order['order_id']}/check")
    partner.wait(order["order_id"])


# --- what is served in the end ---


def test_a_client_that_knows_the_root_alone_trusts_what_a_web_host_serves(lab: Lab, partner: Partner) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = ["www.example.jp"]
    issued = partner.wait(partner.order("dv", names, "registrar", csr=csr(names, key=key))["order_id"])
    host = lab.web["web1"]
    live = host.store / "www" / "live"
    live.mkdir(parents=True)
    chain = partner.download(issued["order_id"])
    (live / "fullchain.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    (live / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert host.pid is not None
    os.kill(host.pid, signal.SIGHUP)
    until = time.monotonic() + 5
    while not host.reloads():
        assert time.monotonic() < until
        time.sleep(0.05)
    served = host.verified("www.example.jp", lab.seller.root_path.read_text())
    assert served.serial == issued["certificate"]["serial"]
