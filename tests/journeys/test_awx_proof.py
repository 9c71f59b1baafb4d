# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thirty days of scheduled jobs as AWX runs them (tests/awx; ``make awx-proof`` plays 400), and that it can fail."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from awx.jobs import Environment, execution_environment
from awx.proof import Proof, Rhythm

#: of each kind of seller and each way, so that a job stays cheap; the long form has one of every product
FEW = ("jprs-dv", "files", "digicert-dv", "globalsign-dv", "acme", "iij-globalsign-quick-dv")
DAYS = 30


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return execution_environment(tmp_path_factory.mktemp("ee"))


@pytest.fixture(scope="module")
def proof(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Proof]:
    rhythm = Rhythm(hours=120, killed=(0,), beside=(2,), twins=(1,))
    with Proof(tmp_path_factory.mktemp("awx"), environment, seed=3, only=FEW, rhythm=rhythm) as proof:
        proof.play(DAYS)
        print(proof.table())
        yield proof


def test_thirty_days_without_a_duplicate_an_expiry_or_a_secret(proof: Proof) -> None:
    assert proof.wrong() == []
    assert proof.never_served() == [], proof.table()
    assert proof.tally.killed == 1 and sum(proof.tally.pairs.values()) == 2, proof.table()
    assert proof.people.touches["applications at portals"] == 1, proof.table()
    assert proof.tally.skipped > 0, "days without work are left out"


def test_an_environment_of_the_declared_requirements_alone(environment: Environment) -> None:
    found = environment.distributions()
    assert {"ansible-core", "cryptography", "dnspython", "acme"} <= found
    assert not found & {"ansible-runner", "pytest", "aiosmtpd", "inkan-tls"}


def test_it_tells_an_expiry_where_the_schedule_was_switched_off(proof: Proof) -> None:
    before = list(proof.watch.expired)
    proof.watch.look(proof.begin + timedelta(days=300))
    found = [one for one in proof.wrong() if one not in before and one.startswith("an expiry")]
    proof.watch.expired[:] = before
    assert len(found) >= len(FEW)


def test_it_tells_a_secret_that_a_job_prints(proof: Proof) -> None:
    tells = "{{ lookup('ansible.builtin.env', 'INKAN_REST_API_KEY') | b64encode }}"
    task = {"name": "Tell it", "ansible.builtin.debug": {"msg": tells}}
    before = len(proof.tally.leaks)
    play = {"name": "Tell it", "hosts": "web1", "gather_facts": False, "tasks": [task]}
    done = proof.job("tells", proof.begin, {}, [play])
    proof.tally.leaks[before:] = []
    assert done.status == "successful", done.why()
    assert {(leak.secret, leak.form) for leak in done.leaks} == {("INKAN_REST_API_KEY", "base64")}


def test_it_tells_a_second_order_where_the_ledger_is_lost_with_the_job(
    environment: Environment, tmp_path: t.Any
) -> None:
    lost = {
        "inkan_ledger_host": "localhost",
        "inkan_ledger_path": "{{ lookup('ansible.builtin.env', 'AWX_PRIVATE_DATA_DIR') }}/ledger/ledger.sqlite3",
    }
    rhythm = Rhythm(hours=12, killed=(), beside=(), twins=())
    with Proof(tmp_path, environment, only=["jprs-dv"], changes=lost, rhythm=rhythm) as proof:
        proof.play(1)
        found = [one for one in proof.wrong() if one.startswith("a duplicate order")]
        assert len(found) == 1 and "labssl" in found[0], [*proof.tally.red, proof.table()]
