# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plan, report and contacts cost, counted and not timed: for 200 certificates as many starts as for ten.

Ansible goes through each value of each answer several times, which was most of what a plan of thousands took. Above a
hundred certificates the answers must not grow with them.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from test_counts import Cost, cost
from world import World

FEW, MANY = 10, 200
LOOKS = ("plan", "report", "contacts")
#: values in all answers of modules and actions of a look through MANY
MOST_VALUES = {"plan": 400, "report": 480}
NOBODY = {"adapter": "acme", "settings": {"directory": "https://127.0.0.1:1/"}}  # who is never asked


def with_contact(name: str) -> dict[str, t.Any]:
    contact = {"kind": "txt", "address": "certs@example.test"}
    return {
        "name": name,
        "common_name": f"{name}.example.test",
        "product": "jprs-dv",
        "ca_account": "jprs",
        "validation": {"method": "email", "contact": contact},
        "hosts": "webservers",
        "live": {"not_before": "2026-05-20T00:00:00Z", "not_after": "2026-12-05T00:00:00Z"},
    }


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Cost]:
    root: pathlib.Path = tmp_path_factory.mktemp("looks")
    own = {"inkan_ca_accounts": {"jprs": NOBODY}, "inkan_report_path": str(root / "report")}
    found = {}
    with World(root, hosts=1, certificates=[], variables=own) as world:
        for number in (FEW, MANY):
            world.certificates = [with_contact(f"c{index:03}") for index in range(number)]
            world.write_inventory()
            found.update({(playbook, number): cost(world, playbook) for playbook in LOOKS})
        published = [record for record in world.tokens_in_dns() if "_validation-contactemail" in str(record)]
        assert len(published) >= MANY, "contacts were published"
    return found


@pytest.mark.parametrize("playbook", LOOKS)
def test_two_hundred_certificates_start_as_many_tasks_and_modules_as_ten(
    looked: dict[tuple[str, int], Cost], playbook: str
) -> None:
    few, more = looked[playbook, FEW], looked[playbook, MANY]
    assert few.processes == more.processes
    assert few.starts == more.starts and sum(few.starts.values()) > 5
    assert few.items == more.items


@pytest.mark.parametrize("playbook", LOOKS)
def test_all_of_them_were_looked_at(looked: dict[tuple[str, int], Cost], playbook: str) -> None:
    for number in (FEW, MANY):
        assert len(looked[playbook, number].play.results("dcv_plan")) == number


def test_a_look_writes_nothing_and_all_contacts_of_a_zone_are_one_update(looked: dict[tuple[str, int], Cost]) -> None:
    for number in (FEW, MANY):
        assert looked["plan", number].updates == looked["report", number].updates == 0
        assert looked["contacts", number].updates == 1
        assert all(looked[playbook, number].asked == {} for playbook in LOOKS)


@pytest.mark.parametrize("playbook", sorted(MOST_VALUES))
def test_ansible_need_not_go_through_each_value_of_each_certificate(
    looked: dict[tuple[str, int], Cost], playbook: str
) -> None:
    answers = [
        event["result"]
        for event in looked[playbook, MANY].play.events
        if event["event"] == "result" and not event["action"].endswith((".debug", "set_stats"))
    ]
    assert 0 < sum(map(values, answers)) <= MOST_VALUES[playbook]


def values(of: t.Any) -> int:
    inner = of.values() if isinstance(of, dict) else of if isinstance(of, list) else ()
    return 1 + sum(map(values, inner))
