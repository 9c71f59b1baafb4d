# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the playbooks in a world of sellers, and what has to be true of each of them in the end."""

from __future__ import annotations

import collections
import json
import typing as t
from dataclasses import dataclass, field

from lab.also import ALSO
from lab.vices import VICES as ALL_VICES
from plays.play import Play
from sellers import OneSeller, SellersWorld

RUNS = 3
OF_THE_WORLD = ("dns", "web")
#: rooms of CAs that are nobody's seller here; tests/contract has their vices
OF_OTHERS = ("digicert", *ALSO)
VICES = tuple(vice for vice in ALL_VICES if vice.room not in OF_OTHERS)
#: what no client can get round while it is on: the certificates that wait then, and the words that say why
HOPELESS: t.Mapping[str, t.Mapping[str, str]] = {
    "wrong_chain": dict.fromkeys(
        ("shop", "www", "apps", "corp"), "none of it was signed by what came as its issuer: CN=Lab SSL Issuing CA G1"
    ),
    "dns_servers_disagree": {
        "shop": "のTXTレコードに、すべての権威サーバーで一致するメールアドレスがありません",
        "apps": "TXT _labssl.apps.dns-servers-disagree.com: ns2.lab.example (127.0.0.2) says NXDOMAIN",
    },
}


@dataclass
class Tale:
    """What was played in a world, and what the report said of each certificate in the end."""

    world: SellersWorld
    plays: list[Play] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)

    def play_on(self, runs: int) -> None:
        """Contacts are kept until that is green, and certificates issued, until all is done; in between people and
        crawlers do their part."""
        playbooks = ["contacts", "inkan.tls.issue"] if not self.plays else ["issue"]
        for _run in range(runs):
            if self.plays:
                self.world.people_and_crawlers()
            self.plays.append(self.world.play(*playbooks, seconds=600))
            if self.plays[-1].results("certificates_info"):
                playbooks = ["issue"]
            if self.is_over:
                break
        self.said = self._sentences()

    @property
    def states(self) -> dict[str, str]:
        return self.plays[-1].order_states()

    @property
    def is_over(self) -> bool:
        return {self.states.get(one["name"]) for one in self.world.certificates} <= {"deployed", "refused"}

    def _sentences(self) -> dict[str, list[str]]:
        data = json.loads((self.world.report / "report.json").read_text("utf-8"))
        return {one["name"]: one["sentences"] for one in data["certificates"]}


def judge(tale: Tale, one: OneSeller, vice: str = "") -> None:
    """vice: the one that is still on."""
    waiting = HOPELESS.get(vice, {})
    world, company = tale.world, one.company
    refused = company.name("members")
    assert tale.states[refused] == "refused", tale.said[refused]
    assert any("承認されませんでした" in text for text in tale.said[refused]), tale.said[refused]
    issued = [name for name in company.served() if name not in map(company.name, waiting)]
    assert {name: tale.states.get(name) for name in issued} == dict.fromkeys(issued, "deployed"), tale.said
    assert served(world, one, issued) == serials(one, issued)
    for name, words in waiting.items():
        assert any(words in text for text in tale.said[company.name(name)]), tale.said[company.name(name)]
    each_was_ordered_once(one, but_not=[name for name in waiting if "メールアドレスがありません" in waiting[name]])
    nothing_is_left(world, one, but=[name for name in waiting if tale.states[company.name(name)] == "wanted"])


def common_names(one: OneSeller) -> dict[str, str]:
    return {certificate["name"]: certificate["common_name"] for certificate in one.company.certificates()}


def serials(one: OneSeller, names: t.Iterable[str]) -> dict[str, set[str]]:
    """Certificate -> what the seller issued for it."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for event in one.history.events("issued"):
        found[event["names"][0]].add(event["serial"])
    return {name: found[common_names(one)[name]] for name in names}


def served(world: SellersWorld, one: OneSeller, names: t.Iterable[str]) -> dict[str, set[str]]:
    """Certificate -> the serials that its hosts prove, in handshakes verified against this seller's root."""
    root = one.seller.root_path.read_text("ascii")
    asked = {name: one.company.served()[name] for name in names}
    return {
        name: {world.lab.web[host].verified(server_name, root).serial for host in hosts}
        for name, (server_name, hosts) in asked.items()
    }


def each_was_ordered_once(one: OneSeller, but_not: t.Iterable[str]) -> None:
    """By the seller's own history."""
    ordered = collections.Counter(event["names"][0] for event in one.history.events("order"))
    never = set(map(one.company.name, but_not))
    assert ordered == {common_name: 1 for name, common_name in common_names(one).items() if name not in never}


def nothing_is_left(world: SellersWorld, one: OneSeller, but: t.Iterable[str]) -> None:
    """No record and no file of its orders; but the contact, and what still waits."""
    pending = {common_names(one)[one.company.name(name)] for name in but}
    auth = [(order["auth"], order["common_name"]) for order in one.seller.orders()]
    waiting = {record["value"] for its, name in auth for record in its["records"] if name in pending}
    files = {file["uri"].rpartition("/")[2] for its, _name in auth for file in its["files"]}
    records = [record for record in world.tokens_in_dns() if record[0].endswith(tuple(one.company.domains))]
    assert {value for _name, _type, value in records} == waiting
    assert [path for path in world.tokens_on_hosts() if path.name in files] == []
    contacts = [record for record in world.contacts_in_dns() if record[0].endswith(tuple(one.company.domains))]
    assert contacts == [(f"_validation-contactemail.shop.{one.company.domains[0]}", "TXT", one.company.contact)]
