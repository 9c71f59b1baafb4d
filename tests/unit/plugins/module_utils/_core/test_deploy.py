# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import (
    Content,
    Facts,
    Held,
    Move,
    Passage,
    Past,
    Place,
    Served,
    copy_content,
    goes_back,
    never_pruned,
    next_move,
    placement,
    public_files,
    rollback_target,
    server_name_of,
)

FILES = public_files("LEAF\n", ["MIDDLE\n", "TOP\n"])


def test_the_files_of_a_set_end_with_the_one_that_vouches_for_the_others() -> None:
    assert FILES == {"chain.pem": b"MIDDLE\nTOP\n", "fullchain.pem": b"LEAF\nMIDDLE\nTOP\n", "cert.pem": b"LEAF\n"}
    assert list(FILES)[-1] == "cert.pem"


@pytest.mark.parametrize(
    ("held", "live", "sealed", "place", "number"),
    [
        ([], None, False, Place.NO_KEY, None),
        ([], None, True, Place.OPEN, None),
        ([Held(1, "other", {})], None, True, Place.OPEN, None),
        ([Held(1, "key", {})], None, True, Place.ADD, 1),
        ([Held(1, "key", {}), Held(2, "key", {})], None, False, Place.ADD, 2),
        ([Held(1, "key", {"chain.pem": FILES["chain.pem"]})], None, False, Place.ADD, 1),
        ([Held(1, "key", {"chain.pem": b"other"})], None, False, Place.COPY, 1),
        ([Held(1, "key", FILES)], 1, False, Place.KEEP, 1),
        ([Held(1, "key", FILES), Held(2, "key", {})], 1, False, Place.KEEP, 1),
        ([Held(1, "key", {"cert.pem": FILES["cert.pem"]})], 1, False, Place.COPY, 1),
        ([Held(1, "key", {**FILES, "cert.pem": b"before"})], 1, False, Place.COPY, 1),
    ],
    ids=[
        "no key here",
        "a key was sealed to us",
        "only another key here",
        "a staged key, and no need for the sealed one",
        "two staged generations of one key",
        "a killed run wrote one file",
        "another chain",
        "all there and live",
        "all there, and a newer staged one of the same key",
        "the live one lacks files: it is not touched",
        "the key is live with another certificate",
    ],
)
def test_a_set_goes_where_its_key_is(
    held: list[Held], live: int | None, sealed: bool, place: Place, number: int | None
) -> None:
    found = placement(held, "key", FILES, live, sealed=sealed)
    assert (found.place, found.number) == (place, number)


def test_only_what_is_missing_is_added() -> None:
    found = placement([Held(1, "key", {"chain.pem": FILES["chain.pem"]})], "key", FILES, None, sealed=False)
    assert list(found.files or {}) == ["fullchain.pem", "cert.pem"]


@pytest.mark.parametrize("served", [Served.NOT_ASKED, Served.RIGHT])
def test_what_is_live_in_place_and_served_is_left_alone(served: Served) -> None:
    assert next_move(Facts(2, served=served), 2) is None


@pytest.mark.parametrize(
    ("facts", "move"),
    [
        (Facts(None), Move(2, None, None)),
        (Facts(1), Move(2, 1, None)),
        (Facts(1, served=Served.OTHER), Move(2, 1, True)),
        (Facts(1, served=Served.SILENT), Move(2, 1, False)),
        (Facts(2, misplaced=True), Move(2, None, None)),
        (Facts(2, served=Served.OTHER), Move(2, None, True)),
        (Facts(2, served=Served.SILENT), Move(2, None, False)),
        (Facts(1, Passage(1, 2)), Move(2, 1, None)),
        (Facts(2, Passage(1, 2)), Move(2, 1, None)),
        (Facts(2, Passage(1, 2), served=Served.RIGHT), Move(2, 1, True)),
        (Facts(2, Passage(1, 2, True), served=Served.SILENT), Move(2, 1, True)),
        (Facts(2, Passage(1, 2, False), served=Served.OTHER), Move(2, 1, True)),
        (Facts(2, Passage(None, 2, False)), Move(2, None, None)),
        (Facts(3, Passage(2, 3)), Move(2, None, None)),
        (Facts(3, Passage(1, 3)), Move(2, 1, None)),
    ],
    ids=[
        "first deployment",
        "renewal",
        "renewal, the service answers",
        "renewal, the service is down",
        "somebody changed a copy",
        "the service was never reloaded",
        "the service is down",
        "killed before the rename",
        "killed after the rename",
        "killed after the reload",
        "our reload stopped the service",
        "the service came up since",
        "the first deployment was killed",
        "back to where the killed run came from",
        "the killed run wanted another one: what it left is the last one known to be good",
    ],
)
def test_the_next_move(facts: Facts, move: Move) -> None:
    assert next_move(facts, 2) == move


def test_the_next_move_is_total_and_a_journal_is_never_ignored() -> None:
    lives = [None, 1, 2, 3]
    journals = [
        None,
        *(Passage(back_to, to, answered) for back_to in lives for to in (1, 2, 3) for answered in (None, True, False)),
    ]
    for live, journal, misplaced, served in itertools.product(lives, journals, (False, True), Served):
        move = next_move(Facts(live, journal, misplaced, served), 2)
        if journal is not None or misplaced or live != 2:
            assert move is not None
        if move is not None:
            assert move.to == 2
            assert move.back_to != 2


@pytest.mark.parametrize(
    ("back_to", "answered", "back"),
    [(1, True, True), (1, None, True), (1, False, False), (None, True, False), (None, False, False)],
)
def test_a_failed_proof_goes_back_unless_that_cannot_help(
    back_to: int | None, answered: bool | None, back: bool
) -> None:
    assert goes_back(Move(2, back_to, answered)) is back


@pytest.mark.parametrize(
    ("live", "to_serial", "target"),
    [
        (3, None, 2),
        (4, None, 2),
        (2, None, 1),
        (1, None, None),
        (None, None, None),
        (4, "a1", 1),
        (4, "ff", None),
        (1, "a2", 2),
    ],
)
def test_the_generation_that_a_rollback_means(live: int | None, to_serial: str | None, target: int | None) -> None:
    past = [Past(1, "a1", False), Past(2, "a2", False), Past(3, "a3", True), Past(4, "a4", False)]
    assert rollback_target(past, live, to_serial) == target


@pytest.mark.parametrize(
    ("journal", "to_serial", "target"),
    [
        (Passage(4, 2), None, 2),
        (Passage(4, 2), "a1", 1),
        (Passage(2, 4), None, 1),
        (Passage(2, 2), None, 1),
        (Passage(1, 2), None, 1),
        (Passage(0, 2), None, 1),
        (Passage(None, 2), None, 1),
    ],
    ids=[
        "a rollback was killed after its rename: it is finished",
        "another one is wanted by its serial",
        "a switch was killed before its rename",
        "what was live was put live again",
        "a switch was killed after its rename: back",
        "a first deployment over something older was killed: back",
        "a first deployment was killed: back",
    ],
)
def test_a_killed_rollback_is_finished_and_a_killed_switch_gone_back_from(
    journal: Passage, to_serial: str | None, target: int
) -> None:
    past = [Past(1, "a1", False), Past(2, "a2", False)]
    assert rollback_target(past, 2, to_serial, journal) == target


def test_an_expired_certificate_is_not_gone_back_to_even_by_its_serial() -> None:
    assert rollback_target([Past(1, "a1", True)], 2, "a1") is None


def test_pruning_spares_live_its_predecessor_newer_ones_and_staged_keys() -> None:
    held = [(1, True), (2, False), (3, True), (4, True), (5, True), (6, False)]
    assert never_pruned(4, 3, held) == {2, 3, 4, 5, 6}
    assert never_pruned(4, None, held) == {2, 3, 4, 5, 6}  # proven again: what it came from stays
    assert never_pruned(1, None, [(1, True)]) == {1}


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (["*.example.jp", "shop.example.jp"], "shop.example.jp"),
        (["*.example.jp"], "www.example.jp"),
        ([], None),
    ],
)
def test_a_service_is_asked_for_a_name_that_the_certificate_covers(names: list[str], asked: str | None) -> None:
    assert server_name_of(names) == asked


def test_a_combined_copy_is_the_full_chain_and_then_the_key() -> None:
    files = {**FILES, "privkey.pem": b"KEY\n"}
    assert copy_content(Content.COMBINED, files) == b"LEAF\nMIDDLE\nTOP\nKEY\n"
    assert copy_content(Content.CHAIN, files) == b"MIDDLE\nTOP\n"
    assert [content.is_private for content in Content] == [True, False, False, False, True]
