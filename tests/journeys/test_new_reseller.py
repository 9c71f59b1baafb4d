# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page "A new reseller by description alone", followed block by block at the lab's second seller.

Of the collection nothing is changed: what a reader writes is what stands on the page. Addresses, ports, secrets and
the web server are those of the lab, and nothing else is.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
import story
import yaml
from world import LabWorld

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = REPOSITORY / "docs" / "docsite" / "rst"
PAGE, PAGE_JA = (PAGES / f"guide_new_reseller{ending}.rst" for ending in ("", "_ja"))
EXAMPLE = REPOSITORY / "docs" / "examples" / "renge.yml"
URL = "https://api.renge.example/renge/v2"
NAME = "shop.example.jp"
#: ``.. file: renge.yml``, ``.. run: issue`` or ``.. shown: try`` above a block says what is done with it
_BLOCK = re.compile(r"^\.\. (file|run|shown): (\S+)\n\.\. code-block:: \S+\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)


class Page:
    def __init__(self, path: Path) -> None:
        self.blocks: dict[tuple[str, str], str] = {}
        for kind, name, text in _BLOCK.findall(path.read_text("utf-8")):
            lines = [line[4:] for line in text.strip("\n").splitlines()]
            self.blocks[kind, name] = self.blocks.get((kind, name), "") + "\n".join(lines) + "\n"

    def file(self, name: str) -> str:
        """All parts of it, in their order."""
        return self.blocks["file", name]

    def commands(self, name: str) -> list[list[str]]:
        return [shlex.split(line, comments=True) for line in self.blocks["run", name].splitlines() if line.strip()]

    def shown(self, name: str) -> list[str]:
        return self.blocks["shown", name].splitlines()


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(PAGE)


@pytest.fixture(scope="module")
def world(page: Page, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    """The page's inventory, in the lab."""
    declared = yaml.safe_load(page.file("inventory.yml"))["all"]["vars"]
    (certificate,) = declared["inkan_certificates"]
    with LabWorld(
        tmp_path_factory.mktemp("reseller"),
        [{**certificate, "deploy": dict(story.DEPLOY)}],
        vices=(),
        web=("web1",),
        also=("renge",),
    ) as world:
        facts = world.lab.facts()["renge"]
        account = declared["inkan_ca_accounts"]["renge"]
        account["settings"] = {**account["settings"], "url": facts["url"], "ca_bundle": facts["ca"]}
        world.variables["inkan_ca_accounts"] = {"renge": account}
        world.variables.update(vault_renge_key=facts["key"], vault_renge_secret=facts["secret"])
        world.write_inventory()
        for name in ("renge.yml", "try.yml"):
            (world.root / name).write_text(page.file(name), "utf-8")
        yield world
        assert world.lab.failures == []


def follow(world: LabWorld, command: t.Sequence[str]) -> str:
    """What is printed. The inventory is that of the lab."""
    assert command[0] == "ansible-playbook"
    argv = [str(world.inventory) if word == "inventory.yml" else word for word in command]
    done = subprocess.run(
        argv, cwd=world.root, env=world.plays.environment(), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout


def requests(world: LabWorld) -> list[dict[str, t.Any]]:
    return [event for event in world.lab.history.events("request") if event.get("ca") == "renge"]


def test_the_parts_on_the_page_are_the_example(page: Page) -> None:
    assert yaml.safe_load(page.file("renge.yml")) == yaml.safe_load(EXAMPLE.read_text("utf-8"))


def test_the_page_in_japanese_has_the_same_files_and_commands(page: Page) -> None:
    assert Page(PAGE_JA).blocks == page.blocks
    assert {name for _kind, name in page.blocks} == {"renge.yml", "try.yml", "inventory.yml", "try", "issue", "revoke"}


def test_the_dry_run_shows_what_the_page_shows_and_sends_nothing(page: Page, world: LabWorld) -> None:
    (command,) = page.commands("try")
    printed = follow(world, command)
    lines = json.loads("{" + printed[printed.index('"msg": [') :].split("}\n")[0].rsplit("]", 1)[0] + "]}")["msg"]
    rest = iter(lines)
    assert [line for line in page.shown("try") if line not in rest] == []
    assert requests(world) == []


def test_the_certificate_is_ordered_served_and_revoked(page: Page, world: LabWorld) -> None:
    (issue,), (revoke,) = page.commands("issue"), page.commands("revoke")
    follow(world, issue)
    assert len(world.lab.history.events("order", ca="renge")) == 1
    root = Path(world.lab.facts()["renge"]["issuing_ca"]).read_text("ascii")
    serial = world.lab.web["web1"].verified(NAME, root).serial
    assert world.tokens_in_dns() == []
    follow(world, revoke)
    assert world.lab.also["renge"].is_revoked(serial)


def test_no_line_of_the_collection_knows_this_seller() -> None:
    code = [path for path in (REPOSITORY / "plugins").rglob("*") if path.suffix in (".py", ".yml")]
    assert len(code) > 100
    assert [path for path in code if re.search("renge|レンゲ", path.read_text("utf-8"), re.IGNORECASE)] == []
