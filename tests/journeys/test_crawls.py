# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token is there at every crawl of a pending order, and gone after its end: by the lab's history of its fetches.

Eight orders by file in one world, chapter by chapter: behind redirects of every kind, rejected by the seller, declared
anew, expired. The crawler comes every six hours, between the runs, and looks back three times at what has ended.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
import story
from plays.play import Play
from world import LabWorld

#: so that what is issued at the end is valid by the real clock, too
BEGIN = timedelta(days=45)
REJECTED = "審査の結果、お申し込みをお受けできません"
WEB2 = "127.0.0.12"
FOUND = ("both", "https", "moved", "hops")
CERTIFICATES = [
    story.by_file("both", "www.example.jp", "example.jp", options={"double_address": True}),
    story.by_file("https", "blog.example.jp", hosts="web1"),
    story.by_file("moved", "api.example.jp", hosts="web1"),
    story.by_file("hops", "members.example.jp", hosts="web1"),
    story.by_file("meta", "corp.example.jp", hosts="web1"),
    story.by_file("hidden", "shop.example.jp"),
    story.by_file("changed", "shop.example.com"),
    story.by_file("rejected", "www.example.com"),
]
NAMES = {certificate["common_name"]: certificate["name"] for certificate in CERTIFICATES}
#: whose second host shows a page that sends browsers on, where the crawler wants to see the file
HIDDEN = ("hidden", "changed", "rejected")
Event = dict[str, t.Any]


class Crawls:
    """What one chapter leaves for the next."""

    def __init__(self, world: LabWorld) -> None:
        self.world = world
        #: the first orders: certificate -> number at the seller
        self.first: dict[str, str] = {}
        #: fetches for orders that had just ended, before a run
        self.too_early: list[Event] = []

    def orders(self) -> dict[str, list[str]]:
        """Certificate -> the numbers of its orders, oldest first."""
        found: dict[str, list[str]] = {}
        for event in self.world.orders():
            found.setdefault(NAMES[event["names"][0]], []).append(event["order"])
        return found

    def round(self, **passes: float) -> list[Event]:
        """Six hours pass, or more, and the crawler comes: what it fetched."""
        before = len(self.world.lab.history.events("fetch"))
        self.world.pass_time(**(passes or {"hours": 6}))
        return self.world.lab.history.events("fetch")[before:]

    def files(self, order: str) -> set[tuple[str, str]]:
        """(host, file) that lie there for an order."""
        (auth,) = [one["auth"] for one in self.world.lab.seller.orders() if one["order_id"] == order]
        names = {file["uri"].rpartition("/")[2] for file in auth["files"]}
        hosts = self.world.lab.web.items()
        return {(name, path.name) for name, host in hosts for path in host.tokens() if path.name in names}

    def sentences(self, name: str) -> str:
        data = json.loads((self.world.report / "report.json").read_text("utf-8"))
        return "\n".join(next(one["sentences"] for one in data["certificates"] if one["name"] == name))

    def play(self, *, red: bool = False) -> Play:
        play = self.world.play("issue")
        assert play.rc == (2 if red else 0), play.why()
        return play


def was_found(events: t.Iterable[Event]) -> dict[str, set[bool]]:
    """Order -> whether its files were there."""
    found: dict[str, set[bool]] = {}
    for event in events:
        found.setdefault(event["order"], set()).add(event["found"])
    return found


def is_hidden(event: Event) -> bool:
    """What a browser would come to see, but no crawler."""
    name = NAMES.get(event["name"])
    return name == "meta" or (name in HIDDEN and event["address"] == WEB2)


@pytest.fixture(scope="module")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Crawls]:
    now = datetime.now(timezone.utc) - BEGIN
    more = {"inkan_deadline": 10}  # so long each run looks whether the hidden ones have appeared
    with LabWorld(tmp_path_factory.mktemp("crawls"), CERTIFICATES, now=now, vices=(), variables=more) as world:
        web1, web2 = world.lab.web["web1"], world.lab.web["web2"]
        web1.redirect("https", name="blog.example.jp")
        web1.redirect("name", name="api.example.jp", to="blog.example.co.jp")
        web1.redirect("chain", name="members.example.jp", hops=7)
        web1.redirect("meta", name="corp.example.jp", to="blog.example.jp")
        for name in (name for name, certificate in NAMES.items() if certificate in HIDDEN):
            web2.redirect("meta", name=name, to="blog.example.jp")
        yield Crawls(world)
        assert world.lab.failures == []


def test_the_first_run_places_all_files_and_says_which_ones_the_crawler_will_not_find(crawls: Crawls) -> None:
    play = crawls.play()
    assert play.order_states() == dict.fromkeys(NAMES.values(), "wanted"), play.why()
    crawls.first = {name: number for name, (number,) in crawls.orders().items()}
    hosts = {name: {host for host, _file in crawls.files(number)} for name, number in crawls.first.items()}
    two, web1 = {"web1", "web2"}, {"web1"}
    assert hosts == {
        **dict.fromkeys(("both", *HIDDEN), two),
        **dict.fromkeys(("https", "moved", "hops", "meta"), web1),
    }
    for name in ("meta", *HIDDEN):
        assert "sends browsers on by meta refresh, which no CA follows" in crawls.sentences(name)
        assert (WEB2 in crawls.sentences(name)) is (name in HIDDEN)
    assert not any("meta refresh" in crawls.sentences(name) for name in FOUND)


def test_the_crawler_finds_every_file_also_behind_redirects(crawls: Crawls) -> None:
    fetches = crawls.round()
    assert {one["order"] for one in fetches} == set(crawls.first.values())
    assert {(one["order_state"], one["status"]) for one in fetches} == {("waiting_file", 200)}
    assert [one for one in fetches if one["found"] is is_hidden(one)] == []
    hops = {NAMES.get(one["name"]): one["hops"] for one in fetches}
    assert [url.partition(":")[0] for url in hops["https"]] == ["https"]
    assert [url.split("/")[2] for url in hops["moved"]] == ["blog.example.co.jp"]
    assert len(hops["hops"]) == 7
    assert all(hops[name] == [] for name in ("both", "meta", *HIDDEN))


def test_files_go_with_their_orders_and_stay_with_those_that_wait(crawls: Crawls) -> None:
    """One is rejected by a person at the seller, one is declared anew and so cancelled."""
    world = crawls.world
    assert world.lab.seller.reject(crawls.first["rejected"], REJECTED)
    world.declare(story.by_registrar("changed", "shop.example.com"))
    play = crawls.play(red=True)
    states = play.order_states()
    assert states == {
        **dict.fromkeys((*FOUND, "changed"), "deployed"),
        **dict.fromkeys(("meta", "hidden"), "wanted"),
        "rejected": "refused",
    }
    assert REJECTED in crawls.sentences("rejected")
    cancelled = world.lab.history.events("state", state="cancelled")
    assert [event["order"] for event in cancelled] == [crawls.first["changed"]]
    assert {name for name, number in crawls.first.items() if crawls.files(number)} == {"meta", "hidden"}


def test_a_file_that_somebody_removed_is_placed_again(crawls: Crawls) -> None:
    world = crawls.world
    (path,) = [
        path for path in world.lab.web["web1"].tokens() if (("web1", path.name) in crawls.files(crawls.first["hidden"]))
    ]
    path.unlink()
    play = crawls.play()
    placed = [(item["_host"], item["name"]) for item in play.results("file_tokens") if item["changed"]]
    assert len(placed) == 1 and placed[0][0] == "web1", placed
    assert path.exists()


def test_three_rounds_later_only_what_waits_was_found(crawls: Crawls) -> None:
    waiting = {crawls.first["meta"], crawls.first["hidden"]}
    for _round in range(3):
        fetches = crawls.round()
        assert {one["order"] for one in fetches} == set(crawls.first.values())
        assert [one for one in fetches if one["order"] not in waiting and one["found"]] == []
        assert [one for one in fetches if one["order"] in waiting and one["found"] is is_hidden(one)] == []
    assert {one["order"] for one in crawls.round()} == waiting


def test_what_has_expired_is_told_and_its_files_are_gone(crawls: Crawls) -> None:
    crawls.too_early = crawls.round(days=30)  # the crawler comes before any run could know
    play = crawls.play(red=True)
    states = play.order_states()
    assert (states["meta"], states["hidden"], states["rejected"]) == ("expired", "expired", "refused")
    for name in ("meta", "hidden"):
        assert "期限までに認証が完了しませんでした" in crawls.sentences(name)
    assert crawls.world.tokens_on_hosts() == []
    assert was_found(crawls.round()) == {crawls.first[name]: {False} for name in ("meta", "hidden")}


def test_it_is_ordered_again_and_found_once_the_web_servers_show_it(crawls: Crawls) -> None:
    world = crawls.world
    for host in world.lab.web.values():
        host.redirect_no_more()
    crawls.play()
    second = {name: crawls.orders()[name][1] for name in ("meta", "hidden")}
    assert all(crawls.files(number) for number in second.values())
    fetches = was_found(crawls.round())
    assert {number: fetches.pop(number) for number in second.values()} == {number: {True} for number in second.values()}
    assert set().union(*fetches.values()) == {False}
    play = crawls.play()
    assert {state for name, state in play.order_states().items() if name != "rejected"} == {"deployed"}


def test_in_the_end_every_crawl_told_the_same_story(crawls: Crawls) -> None:
    """Of all fetches: there while the order was pending, gone from the first run after its end on."""
    world = crawls.world
    looking_back = [crawls.round() for _round in range(3)]
    assert all(looking_back[:2]), "the last two were looked back at"
    assert {one["found"] for fetches in looking_back for one in fetches} == {False}
    assert world.tokens_on_hosts() == []
    pending = [one for one in world.lab.history.events("fetch") if one["order_state"] == "waiting_file"]
    ended = [one for one in world.lab.history.events("fetch") if one["order_state"] != "waiting_file"]
    hidden_then = {crawls.first[name] for name in ("meta", *HIDDEN)}
    assert [one for one in pending if not one["found"] and not (one["order"] in hidden_then and is_hidden(one))] == []
    assert [one for one in ended if one["found"] and one not in crawls.too_early] == []
    assert {one["order_state"] for one in ended} == {"issued", "rejected", "cancelled", "expired"}
    orders = {name: len(numbers) for name, numbers in crawls.orders().items()}
    assert orders == {**dict.fromkeys((*FOUND, "rejected"), 1), **dict.fromkeys(("meta", "hidden", "changed"), 2)}
