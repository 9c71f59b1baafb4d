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


def stars(text: str, taken: str) -> str:
    return f"https://urldefense.com/v3/__{text}__;{base64.urlsafe_b64encode(taken.encode()).decode().rstrip('=')}!!a$"


@pytest.mark.parametrize(
    ("text", "taken", "link"),
    [
        pytest.param("https://a.example/*x*", "é?", "https://a.example/éx?", id="one by one"),
        pytest.param("https://a.example/**A.", "?&", "https://a.example/?&.", id="A: two"),
        pytest.param("https://a.example/**Z", "=" * 30, f"https://a.example/{'=' * 27}", id="Z: 27"),
        pytest.param("https://a.example/**_", "=" * 70, f"https://a.example/{'=' * 65}", id="the longest run"),
        pytest.param("https://a.example/**A*z", "?&=", "https://a.example/?&=z", id="a run and one more"),
        pytest.param("https://a.example/**.", "?&", "https://a.example/?&.", id="two stars before no length"),
        pytest.param("https://a.example/**", "?&", "https://a.example/?&", id="two stars at the end"),
        pytest.param("https://a.example/***B", "?&=#", "https://a.example/?&=#", id="one and a run"),
        pytest.param("https:/a.example/x", "", "https://a.example/x", id="a slash that got lost"),
        pytest.param("https://a.example/*", "", "https://a.example/", id="nothing was taken out"),
    ],
)
def test_what_proofpoint_took_out_is_put_back_in_its_place(text: str, taken: str, link: str) -> None:
    assert unwrapped(stars(text, taken)) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://urldefense.com/v3/__https://a.example/*__;A!!a$",
        "https://urldefense.com/v3/__https://a.example/*__;_w!!a$",
        "https://urldefense.com/v4/__https://a.example/__;!!a$",
        "https://urldefense.com.evil.example/v3/__https://a.example/__;!!a$",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example&u=https-3A__b.example",
        "https://urldefense.proofpoint.com/v2/url?d=x",
        "https://evil.example/?url=https%3A%2F%2Fa.example",
        "https://[a.example/",
    ],
    ids=["no base64", "no UTF-8", "another version", "another host", "two links", "none", "no gateway", "no URL"],
)
def test_what_no_gateway_made_stays_as_it_is(link: str) -> None:
    assert unwrapped(link) == link


def test_a_link_is_unwrapped_three_times_and_no_more() -> None:
    assert unwrapped(safe(safe(proofpoint2(GOOD)))) == GOOD
    assert approving_link([safe(safe(safe(proofpoint2(GOOD))))], PLACE).url == ""


#: by what of them is told first
FLAWED = {
    "link_userinfo": "https://user@approve.example/link/a?t=1",
    "link_host_look_alike": "https://sub.approve.example/link/a?t=1",
    "link_port": "https://approve.example:444/link/a?t=1",
    "link_not_https": "http://approve.example/link/a?t=1",
    "link_malformed": "https://approve.example:port/link/a?t=1",
    "link_path": "https://approve.example/other?t=1",
    "link_other_host": "https://evil.example/link/a?t=1",
}
WORSE = list(zip(FLAWED, list(FLAWED)[1:]))  # fmt: skip


@pytest.mark.parametrize(("worse", "better"), WORSE)
def test_of_several_links_the_worst_is_told(worse: str, better: str) -> None:
    for links in ((worse, better), (better, worse)):
        assert approving_link([FLAWED[one] for one in links], PLACE).code == worse


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_link_that_is_right_approves_unless_the_mail_has_a_hostile_one(flaw: str) -> None:
    found = approving_link([FLAWED[flaw], GOOD], PLACE)
    hostile = flaw in ("link_userinfo", "link_host_look_alike")
    assert (found.url, found.code) == (("", flaw) if hostile else (GOOD, ""))


@pytest.mark.parametrize(
    ("link", "place", "code"),
    [
        pytest.param("https://approve.example/", ("approve.example",), "link_missing", id="a home page"),
        pytest.param("https://approve.example//", ("approve.example",), "link_missing", id="a home page all the same"),
        pytest.param("https://approve.example/X", ("approve.example",), "", id="a page of one letter"),
        pytest.param("https://approve.example/?t=1", ("approve.example",), "", id="a query is a question"),
        pytest.param("https://approve.example:443/a", ("approve.example",), "", id="the usual port"),
        pytest.param("https://APPROVE.example/a", ("approve.example",), "", id="a host in capitals"),
        pytest.param("https://:secret@approve.example/a", ("approve.example",), "link_userinfo", id="a password"),
        pytest.param("https://@approve.example/a", ("approve.example",), "link_userinfo", id="an empty user name"),
        pytest.param("https://approve.example/%2E%2e/a", ("approve.example",), "link_path", id="quoted dots"),
        pytest.param("https://approve.example/a b", ("approve.example",), "link_malformed", id="a blank"),
        pytest.param("https://localhost/a", ("localhost:4433",), "link_port", id="no port where one is named"),
        pytest.param("https://approve.example/REJECT", ("approve.example",), "link_missing", id="a refusal"),
        pytest.param("https://approve.example/?a=%72eject", ("approve.example",), "link_missing", id="a quoted one"),
        pytest.param(
            "https://approve.example/" + "a" * 2024, ("approve.example",), "", id="2048 letters are not too long"
        ),
        pytest.param(
            "https://approve.example/" + "a" * 2025, ("approve.example",), "link_malformed", id="2049 letters are"
        ),
    ],
)
def test_where_the_whole_host_is_the_place(link: str, place: tuple[str, ...], code: str) -> None:
    found = approving_link([link], Place(place, "/", ("reject",)))
    assert (bool(found.url), found.code) == (not code, code)


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
    assert shown_link("https://user:secret@approve.example:444/a") == "https://approve.example:444/…"


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
