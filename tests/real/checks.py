# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a world, whatever was played in it."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from plays.waiting import wait_for
from world import Host, Play, World


def play_ended_well(play: Play) -> None:
    assert play.rc == 0, play.why()
    assert play.failed_tasks() == [], play.why()


def nothing_is_left_over(world: World) -> None:
    """No validation record in DNS, no validation file on a host, no process of a play."""
    assert world.tokens_in_dns() == []
    assert world.tokens_on_hosts() == []


def live_pairs_match(world: World) -> int:
    """Every live certificate on every host belongs to the key beside it; how many there are."""
    count = 0
    for host in world.hosts:
        for live in sorted(host.store.glob("*/live")):
            leaf = x509.load_pem_x509_certificate((live / "cert.pem").read_bytes())
            key = serialization.load_pem_private_key((live / "privkey.pem").read_bytes(), None)
            assert _spki(leaf.public_key()) == _spki(key.public_key()), f"{host.name}: {live}"
            mode = (live / "privkey.pem").stat().st_mode & 0o777
            assert mode & 0o077 == 0, f"{host.name}: {live}/privkey.pem can be read by others ({mode:o})"
            count += 1
    return count


def _spki(key: t.Any) -> bytes:
    return bytes(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def live_serial(host: Host, name: str) -> str | None:
    live = host.live(name)
    return f"{x509.load_pem_x509_certificate((live / 'cert.pem').read_bytes()).serial_number:x}" if live else None


def serves(world: World, host: str, server_name: str, serial: str) -> None:
    """The host proves this serial in a handshake that verifies chain, name and dates against the CA's root.

    A reload is asynchronous by nature: the play has proven it, but an old worker may answer one more connection.
    """
    nginx = world.host(host).nginx
    root = world.pebble.root_pem()
    served: list[str | None] = [None]

    def is_served() -> bool:
        found = nginx.verified(server_name, root)
        served[0] = found.serial if found else None
        return served[0] == serial

    try:
        wait_for(is_served, f"{host} to serve {serial}", 3)
    except TimeoutError:
        raise AssertionError(f"{host} serves {served[0]} for {server_name}, not {serial}") from None


def ledger_serials(play: Play) -> dict[str, str]:
    """Certificate name -> serial of its newest order, by what the ledger said last in this play."""
    found: dict[str, str] = {}
    for action in ("certificate_orders_info", "certificate_orders"):
        found.update({item["name"]: item["serial"] for item in play.results(action) if item.get("serial")})
    return found


def played_without_effect(world: World, playbook: str, variables: t.Any = None) -> Play:
    """A run with nothing to do: changed=0 on every host, and no write at the CA, in DNS, on a host or in the ledger."""
    before = world.snapshot()
    play = world.play(playbook, variables=variables)
    play_ended_well(play)
    assert set(play.changed.values()) == {0}, play.why()
    assert before.differences(world.snapshot(), ledger=True) == []
    return play
