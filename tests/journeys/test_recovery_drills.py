# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drills of the guide of recovery, command by command as the page has them: each ends with certificates that are
served, one order each in the CA's own books, and a second run without any effect.

    api     by a file, issued and served          files, blog, intra   by a file, the crawler has not come
    moved   by DNS, at one CA, then at another     leaked   by DNS, its key gets out
    first, then   at an ACME CA that says when to renew
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import story
from lab.inventory import inventory
from plays.play import Play
from world import LabWorld

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
#: so that what is issued is valid by the real clock, too
BEGIN = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=40)
EMPTY, HOST, BACKUP = (
    "The ledger is lost, and its backups too",
    "The host of the ledger is lost",
    "The ledger is damaged, and an old backup is restored",
)
LOST = "An order may be lost, and the CA cannot be asked"  # played by test_lost_orders
CA, MASS, KEY = "A CA is revoked, or distrusted", "A CA orders a mass renewal", "A key has leaked"
Commands = t.Mapping[str, list[list[str]]]


def drills(page: str) -> dict[str, list[list[str]]]:
    """Title -> its commands, in the order of their numbers."""
    text = (GUIDES / page).read_text("utf-8")
    parts = re.split(r"^(.+)\n-{4,}\n", text, flags=re.MULTILINE)[1:]
    return {
        title: [shlex.split(line) for line in re.findall(r"^ +\$ (.+)$", body, re.MULTILINE)]
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


@contextlib.contextmanager
def opened(folder: Path, certificates: list[story.Certificate]) -> t.Iterator[LabWorld]:
    with LabWorld(folder, certificates, now=BEGIN, vices=(), web=("web1",), also=("acme_ca",)) as world:
        world.variables["inkan_ca_accounts"] = accounts(world)
        world.variables["inkan_renewal"] = {"run_every_hours": 3}
        crawled(world)
        yield world
        assert world.lab.failures == []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    certificates = [story.by_file("api", "api.example.jp"), by_dns("moved"), by_dns("leaked")]
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(opened(tmp_path_factory.mktemp("recovery"), certificates))


@pytest.fixture
def acme_world(tmp_path: Path) -> t.Iterator[LabWorld]:
    """Of its own: a ledger that a drill has begun anew knows nothing of what it is to ask the CA about."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(opened(tmp_path, [by_acme("first"), by_acme("then")]))


def by_dns(name: str, **more: t.Any) -> story.Certificate:
    certificate = story.by_file(name, f"{name}.example.jp", product="digicert-dv")
    return {**certificate, "validation": {"method": "dns"}, **more}


def by_acme(name: str) -> story.Certificate:
    return {**by_dns(name, ca_account="acme", product="acme"), "validation": {"method": "dns-01"}}


def accounts(world: LabWorld) -> dict[str, t.Any]:
    facts = world.lab.facts()
    acme = {"directory": facts["acme_ca"]["url"], "ca_bundle": facts["acme_ca"]["ca"], "accept_terms": True}
    digicert = {"url": facts["digicert"]["url"], "ca_bundle": facts["digicert"]["ca"]}
    return {
        **inventory(facts)["all"]["vars"]["inkan_ca_accounts"],
        "acme": {"adapter": "acme", "settings": {**acme, "contact": ["a@example.jp"]}},
        "certcentral": {"adapter": "digicert", "settings": digicert, "secrets": {"api_key": facts["digicert"]["key"]}},
    }


def well(play: Play) -> Play:
    assert play.rc == 0, play.why()
    return play


def crawled(world: LabWorld) -> None:
    """issue, the crawler comes round, and issue: everything declared is served."""
    well(world.play("issue"))
    world.lab.seller.crawl()
    well(world.play("issue"))


def ordered(world: LabWorld, name: str) -> int:
    """In the books of whatever CA: how many orders it has accepted for that name."""
    wanted = f"{name}.example.jp"
    return sum(wanted in (one.get("names") or [one.get("common_name")]) for one in world.lab.history.events("order"))


def serials(world: LabWorld, name: str) -> set[str]:
    """Of that name, under a root of the lab: proven in handshakes."""
    roots = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    return {host.verified(f"{name}.example.jp", roots).serial for host in world.lab.web.values()}


def drill(world: LabWorld, title: str, **stands_for: str) -> None:
    """Its commands, with what the page's examples stand for here."""
    for program, playbook, *arguments in drills("guide_recovery.rst")[title]:
        assert program == "ansible-playbook"
        for word, real in stands_for.items():
            arguments = [one.replace(word.replace("__", "/").replace("_DOT_", "."), real) for one in arguments]
        well(world.play(playbook.removeprefix("inkan.tls."), *arguments))


def nothing_more_to_do(world: LabWorld, *arguments: str) -> None:
    before = world.snapshot()
    again = well(world.play("issue", *arguments))
    assert before.differences(world.snapshot()) == []
    assert set(again.changed.values()) == {0}, again.why()


def told_and_nothing_more(world: LabWorld) -> None:
    """The first run after a renewal tells the new state, in the report alone; the next one writes nothing."""
    told = well(world.play("issue"))
    results = [one for one in told.events if one["event"] == "result"]
    assert {one["task"] for one in results if one["result"].get("changed")} <= {"Write the report in all its forms"}
    nothing_more_to_do(world)


def ordered_and_open(world: LabWorld, name: str) -> None:
    """One more, which waits for the crawler when the ledger is lost."""
    world.certificates.append(story.by_file(name, f"{name}.example.jp"))
    play = well(world.play("issue"))
    assert ordered(world, name) == 1 and play.order_states()[name] in ("validating", "wanted"), play.order_states()


def found_again(world: LabWorld, name: str, *arguments: str) -> None:
    """The order that was open is finished, it alone; what was served is served as before."""
    world.lab.seller.crawl()
    well(world.play("issue", *arguments))
    assert len(serials(world, name)) == 1
    assert {one["name"]: ordered(world, one["name"]) for one in world.certificates} == {
        one["name"]: 1 for one in world.certificates
    }
    nothing_more_to_do(world, *arguments)


def test_both_languages_have_the_same_commands() -> None:
    english, japanese = drills("guide_recovery.rst"), drills("guide_recovery_ja.rst")
    assert list(english) == [EMPTY, HOST, BACKUP, LOST, CA, MASS, KEY]
    assert list(english.values()) == list(japanese.values()) and all(english.values())


def test_a_lost_ledger(world: LabWorld) -> None:
    before = serials(world, "api")
    ordered_and_open(world, "files")
    shutil.rmtree(world.ledger.parent)
    drill(world, EMPTY)
    found_again(world, "files")
    assert serials(world, "api") == before


def test_an_old_backup(world: LabWorld) -> None:
    """It was made before the order that is open."""
    shutil.copy(world.ledger, world.ledger.with_name(world.ledger.name + ".bak"))
    ordered_and_open(world, "blog")
    world.ledger.write_bytes(world.ledger.read_bytes()[:5000])
    drill(world, BACKUP)
    found_again(world, "blog")


def test_a_lost_host_of_the_ledger(world: LabWorld) -> None:
    backup = world.root / "elsewhere.sqlite3"
    shutil.copy(world.ledger, backup)
    ordered_and_open(world, "intra")
    shutil.rmtree(world.ledger.parent)
    drill(world, HOST, ledger2="web1", **{"__var__backups__inkan-tls__ledger_DOT_sqlite3": str(backup)})
    found_again(world, "intra", "-e", "inkan_ledger_host=web1")


def test_a_leaked_key(world: LabWorld) -> None:
    before, key = serials(world, "leaked"), live_key(world, "leaked")
    well(world.play("renew", variables={"inkan_renewal": {"force": ["leaked"]}}))  # the new ledger knows it from now on
    known, key = serials(world, "leaked"), live_key(world, "leaked")
    drill(world, KEY)
    after = serials(world, "leaked")
    assert len(after) == 1 and not after & (before | known)
    assert live_key(world, "leaked") != key
    revoked = world.lab.history.events("revoked")
    assert len(revoked) == 1 and ordered(world, "leaked") == 3, "declared, forced, replaced"
    told_and_nothing_more(world)


def live_key(world: LabWorld, name: str) -> bytes:
    live = world.machines["web1"].live(name)
    assert live is not None
    return (live / "privkey.pem").read_bytes()


def test_a_revoked_ca(world: LabWorld) -> None:
    before = serials(world, "moved")
    world.declare(by_dns("moved", ca_account="certcentral"))
    drill(world, CA)
    after = serials(world, "moved")
    assert len(after) == 1 and not after & before
    assert ordered(world, "moved") == 2, "one at each"
    told_and_nothing_more(world)


def renewal_ids(world: LabWorld) -> dict[str, str]:
    events = [one for one in world.lab.history.events("issued") if one.get("ca") == "acme_ca"]
    return {one["names"][0].partition(".")[0]: one["certificate"] for one in events}


def questions(world: LabWorld) -> list[str]:
    """The certificates that the CA was asked about, in the order of the questions."""
    return [str(one["certificate"]) for one in world.lab.history.events("renewal_info")]


def test_a_mass_renewal(acme_world: LabWorld) -> None:
    """Two windows: what is in the first is renewed in it, the other one after it."""
    ca = acme_world.lab.also["acme_ca"]
    before = {name: serials(acme_world, name) for name in ("first", "then")}
    ids = renewal_ids(acme_world)
    now = acme_world.lab.clock.now().replace(microsecond=0)
    for number, name in enumerate(("first", "then")):
        start = now + timedelta(hours=6 + 12 * number)
        ca.mass_renewal(start, start + timedelta(hours=2), ids=[ids[name]])
    for number, name in enumerate(("first", "then")):
        acme_world.lab.clock.advance(hours=8.5 if number == 0 else 12)
        drill(acme_world, MASS)
        renewed = [one for one in before if serials(acme_world, one) != before[one]]
        assert renewed == ["first", "then"][: number + 1]
        assert ordered(acme_world, name) == 2
    told_and_nothing_more(acme_world)


def test_a_mass_renewal_that_an_empty_ledger_has_to_find(acme_world: LabWorld) -> None:
    """It knows neither certificate: the CA is asked about what the hosts have, each as often as the CA wants."""
    before, ids = {name: serials(acme_world, name) for name in ("first", "then")}, renewal_ids(acme_world)
    asked = questions(acme_world)
    shutil.rmtree(acme_world.ledger.parent)
    drill(acme_world, EMPTY)
    assert sorted(questions(acme_world)[len(asked) :]) == sorted(ids.values()), "once each, and remembered"
    nothing_more_to_do(acme_world)
    now = acme_world.lab.clock.now().replace(microsecond=0)
    ordered_by_ca = {"start": now + timedelta(hours=6), "end": now + timedelta(hours=8)}
    acme_world.lab.also["acme_ca"].mass_renewal(**ordered_by_ca, ids=[ids["first"]])
    acme_world.lab.clock.advance(hours=8.5)
    drill(acme_world, MASS)
    assert [name for name in before if serials(acme_world, name) != before[name]] == ["first"]
    assert (ordered(acme_world, "first"), ordered(acme_world, "then")) == (2, 1)
    assert sorted(questions(acme_world)[len(asked) + 2 :]) == sorted(ids.values())
    told_and_nothing_more(acme_world)
