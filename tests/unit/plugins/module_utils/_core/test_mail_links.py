# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that gateways rewrote, and the one that approves."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_links import (
    Place,
    approving_link,
    shown_link,
    unwrapped,
)

GOOD = "https://approve.example/link/a?t=0123-45_67&x=1"
PLACE = Place(("approve.example",), "/link/", ("reject",))


def safe(link: str) -> str:
    quoted = link.replace("%", "%25").replace(":", "%3A").replace("/", "%2F").replace("?", "%3F")
    quoted = quoted.replace("=", "%3D").replace("&", "%26")
    return f"https://jpn01.safelinks.protection.outlook.com/?url={quoted}&data=05%7C02&reserved=0"


def proofpoint2(link: str) -> str:
    made = "".join(letter if letter.isalnum() or letter == "." else f"-{ord(letter):02X}" for letter in link)
    return f"https://urldefense.proofpoint.com/v2/url?u={made.replace('-2F', '_')}&d=DwMFaQ&c=x"


def proofpoint3(link: str) -> str:
    taken = base64.urlsafe_b64encode(b"=&").decode().rstrip("=")
    shown = link.replace("=", "*", 1).replace("&", "*", 1)
    return f"https://urldefense.com/v3/__{shown}__;{taken}!!abc!def$"


@pytest.mark.parametrize("wrap", [safe, proofpoint2, proofpoint3], ids=["Safe Links", "Proofpoint v2", "Proofpoint v3"])
def test_what_a_gateway_made_of_a_link_is_undone(wrap: object) -> None:
    assert callable(wrap)
    assert unwrapped(wrap(GOOD)) == GOOD
    assert approving_link([wrap(GOOD), "https://approve.example/"], PLACE).url == GOOD


def test_a_link_that_two_gateways_rewrote_is_undone_twice() -> None:
    assert unwrapped(safe(proofpoint2(GOOD))) == GOOD


def test_a_run_of_letters_that_was_taken_out_is_put_back() -> None:
    taken = base64.urlsafe_b64encode(b"?&=").decode().rstrip("=")
    assert (
        unwrapped(f"https://urldefense.com/v3/__https://a.example/x**Bz__;{taken}!!a!b$") == "https://a.example/x?&=z"
    )


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://approve.example/other?t=1", "link_path"),
        ("https://approve.example/link/../x?t=1", "link_path"),
        ("https://approve.example/link/reject?t=1", "link_missing"),
        ("https://approve.example:444/link/a?t=1", "link_port"),
        ("http://approve.example/link/a?t=1", "link_not_https"),
        ("https://evil.example/link/a?t=1", "link_other_host"),
        ("https://sub.approve.example/link/a?t=1", "link_host_look_alike"),
        ("https://urldefense.com/v3/__broken", "link_other_host"),
        ("https://approve.example/", "link_missing"),
        ("javascript:alert(1)", "link_missing"),
    ],
)
def test_no_other_link_approves(link: str, code: str) -> None:
    found = approving_link([link], PLACE)
    assert (found.url, found.code) == ("", code)


def test_two_that_approve_are_one_too_many_and_the_same_twice_is_one() -> None:
    assert approving_link([GOOD, safe(GOOD)], PLACE).url == GOOD
    assert approving_link([GOOD, f"{GOOD}2"], PLACE).code == "link_several"


def test_a_port_is_right_on_loopback_only_and_only_the_one_that_is_named() -> None:
    lab = Place(("127.0.0.1:4433",), "/", ())
    assert approving_link(["https://127.0.0.1:4433/a?k=1"], lab).url
    assert approving_link(["https://127.0.0.1:4434/a?k=1"], lab).code == "link_port"
    assert approving_link(["https://approve.example:4433/a?k=1"], Place(("approve.example:4433",), "/", ())).code


def test_a_link_is_shown_without_what_approves() -> None:
    assert shown_link(GOOD) == "https://approve.example/…"


CLOUD = Place(("w.cloudmail.example",), "/link/", ("reject",))


@pytest.mark.parametrize(
    "host",
    [
        "vv.cloudmail.example",
        "w.cloudrnail.example",
        "w.doudmail.example",
        "w.c1oudmail.example",
        "w.cl0udmail.example",
        "w.cloud-mail.example",
        "wcloudmail.example",
        "w.cloudmail.3xample",
    ],
)
def test_a_host_that_only_looks_like_it_spoils_the_mail(host: str) -> None:
    good = "https://w.cloudmail.example/link/a?t=1"
    alone, beside = (
        approving_link([f"https://{host}/link/a?t=1"], CLOUD),
        approving_link([good, f"https://{host}/link/a?t=1"], CLOUD),
    )
    assert (alone.url, beside.url) == ("", "")
    assert alone.code == beside.code
    assert alone.code not in ("link_missing", "link_other_host")


def test_a_link_elsewhere_is_told_only_where_it_asks_for_something() -> None:
    assert approving_link(["https://other.example/"], PLACE).code == "link_missing"
    assert approving_link(["https://other.example/x"], PLACE).code == "link_other_host"
    assert approving_link(["https://other.example/?x"], PLACE).code == "link_other_host"
    assert approving_link([], Place((), "/", ())).why == "no link leads to a known host"
    assert approving_link([], PLACE).why == "no link leads to approve.example"
