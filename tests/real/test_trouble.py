# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bad certificate, host or zone never stops the others; the run is red only at its end, and names them."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from checks import ledger_serials, live_pairs_match, nothing_is_left_over, play_ended_well, serves
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from servers.bind import secret
from servers.pki import private_pem, write_private
from world import Play, World, by_dns, by_http

VERDICT = "Verdict"


def mismatched_pair(folder: pathlib.Path, name: str) -> dict[str, str]:
    """A private key, and the CSR of another one, where a certificate is told to find them."""
    folder.mkdir(parents=True)
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(names, False)
    write_private(folder / "key.pem", private_pem(key))
    (folder / "csr.pem").write_bytes(csr.sign(other, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return {"privkey": str(folder / "key.pem"), "csr": str(folder / "csr.pem")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    root = tmp_path_factory.mktemp("trouble")
    certificates = [
        by_dns("everywhere"),
        by_dns("broken", hosts="web1", paths=mismatched_pair(root / "given", "broken.example.test")),
        by_dns("frozen", "www.frozen.test", hosts="web1"),
        by_http("filed"),
        by_dns("good", hosts="web2"),
    ]
    zones = {"frozen.test": {"www": [("A", "127.0.0.1")]}}
    policy = {"frozen.test": None}
    with World(root, 3, certificates, zones, policy, unreachable=["web3"]) as world:
        yield world


@pytest.fixture(scope="module")
def play(world: World) -> Play:
    return world.play("issue")


def test_the_run_is_red_only_at_its_end_and_names_the_three(play: Play) -> None:
    assert play.rc != 0
    assert [task for _host, task in play.failed_tasks()] == [VERDICT], play.why()
    last = play.stdout[play.stdout.rindex(VERDICT) :]
    for word in ("everywhere", "web3", "broken", "frozen"):
        assert word in last, play.why()
    for word in ("good", "filed"):
        assert f"- {word} " not in last


def test_the_other_certificates_are_issued_and_served(world: World, play: Play) -> None:
    serials = ledger_serials(play)
    assert set(serials) == {"everywhere", "filed", "good"}
    serves(world, "web1", "everywhere.example.test", serials["everywhere"])
    serves(world, "web2", "everywhere.example.test", serials["everywhere"])
    serves(world, "web1", "filed.example.test", serials["filed"])
    serves(world, "web2", "good.example.test", serials["good"])
    assert live_pairs_match(world) == 4
    assert world.host("web3").generations("everywhere") == []


def test_their_tokens_are_cleaned_and_nothing_was_ordered_for_a_broken_csr(world: World, play: Play) -> None:
    assert play.rc != 0
    nothing_is_left_over(world)
    assert world.proxy.orders_for("broken.example.test") == []
    assert world.bind.updates("frozen.test") == []


def test_the_messages_say_what_to_do(play: Play) -> None:
    last = play.stdout[play.stdout.rindex(VERDICT) :]
    assert "REFUSED" in last or "refuse" in last, last
    assert "csr.pem" in last or "CSR" in last, last


def test_the_lost_host_gets_its_certificate_in_a_later_run_without_another_order(world: World, play: Play) -> None:
    serials = ledger_serials(play)
    orders = len(world.proxy.orders())
    world.unreachable.clear()
    world.certificates = [one for one in world.certificates if one["name"] in ("everywhere", "filed", "good")]
    world.write_inventory()
    later = world.play("renew")
    play_ended_well(later)
    serves(world, "web3", "everywhere.example.test", serials["everywhere"])
    assert len(world.proxy.orders()) == orders
    assert live_pairs_match(world) == 5


# Bad input: all of it in one message, before any effect


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    """A world without an open order: whatever is written here was written for the bad input."""
    with World(tmp_path_factory.mktemp("calm"), 1, []) as world:
        yield world


@pytest.mark.parametrize(
    ("certificates", "words"),
    [
        pytest.param(
            [by_dns("suffix", "co.jp"), by_http("star", "*.example.test")],
            ("suffix", "co.jp", "star", "*.example.test"),
            id="a public suffix, and a wildcard with file validation",
        ),
        pytest.param(
            [by_dns("twice"), by_dns("twice", "other.example.test"), by_dns("key", key={"type": "dsa-1024"})],
            ("twice", "key", "dsa-1024"),
            id="two of one name, and a key type that is none",
        ),
    ],
)
def test_every_mistake_of_an_inventory_is_told_at_once_and_nothing_is_done(
    calm: World, certificates: list[dict[str, t.Any]], words: tuple[str, ...]
) -> None:
    mark, before = calm.proxy.count(), calm.snapshot()
    play = calm.play("issue", variables={"inkan_certificates": certificates})
    assert play.rc != 0
    assert [task for _host, task in play.failed_tasks()] == [VERDICT], play.why()
    last = play.stdout[play.stdout.rindex(VERDICT) :]
    for word in words:
        assert word in last, play.why()
    assert before.differences(calm.snapshot(), ledger=True) == []
    assert calm.proxy.since(mark) == []


def test_a_ledger_that_a_reboot_would_lose_is_refused_before_anything_is_made(calm: World) -> None:
    mark, before = calm.proxy.count(), calm.snapshot()
    ledger = pathlib.Path("/dev/shm") / f"inkan-{calm.root.name}" / "ledger.sqlite3"
    certificates = [by_dns("fleeting", hosts="web1")]
    variables = {"inkan_certificates": certificates, "inkan_ledger_durable": False, "inkan_ledger_path": str(ledger)}
    play = calm.play("issue", variables=variables)
    assert play.rc != 0
    assert "durable" in play.stdout[play.stdout.rindex(VERDICT) :], play.why()
    assert calm.proxy.since(mark) == []
    assert not ledger.exists()
    assert before.differences(calm.snapshot(), ledger=True) == [], "not even a key was made"


# A TSIG key that the server refuses


@pytest.mark.parametrize(
    ("settings", "secrets", "word"),
    [
        pytest.param({"key_name": "nobody"}, {}, "BADKEY", id="a name that the server does not know"),
        pytest.param({}, {"key_secret": secret("another")}, "BADSIG", id="another secret"),
    ],
)
def test_a_refused_tsig_key_is_told_by_its_name(
    world: World, settings: dict[str, str], secrets: dict[str, str], word: str
) -> None:
    services = world.group_variables()["inkan_dns_services"]
    services["bind"]["settings"].update(settings)
    services["bind"]["secrets"].update(secrets)
    updates = len(world.bind.updates())
    certificate = by_dns(f"tsig-{word.lower()}", hosts="web1")
    variables = {"inkan_certificates": [certificate], "inkan_dns_services": services, "inkan_deadline": 20}
    play = world.play("issue", variables=variables)
    assert play.rc != 0
    last = play.stdout[play.stdout.rindex(VERDICT) :]
    assert word in last, play.why()
    assert {"BADKEY", "BADSIG"} & set(last.replace(",", " ").replace(".", " ").split()) <= {word}
    assert len(world.bind.updates()) == updates
    assert services["bind"]["secrets"]["key_secret"] not in play.stdout
