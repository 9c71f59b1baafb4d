# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and requests: made once, kept, never in the way of what is live, never handed out in clear."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor, ThreadedExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._x509 import seal
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import csr_facts
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256
from ansible_collections.inkan.tls.plugins.modules.certificate_requests import run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem, FullDisk, Killed

Item = dict[str, t.Any]


def item(name: str = "shop", **changed: t.Any) -> Item:
    words: Item = {"name": name, "common_name": f"{name}.example.jp", "dns_names": [f"www.{name}.example.jp"]}
    return {**words, "key": {"type": "ecdsa-p256"}, **changed}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def ask(store: Store, *items: Item, check_mode: bool = False) -> Result:
    return run({"certificates": list(items), "store_path": None}, check_mode, store, SerialExecutor())


def one(store: Store, asked: Item | None = None, *, check_mode: bool = False) -> Item:
    (result,) = ask(store, asked or item(), check_mode=check_mode).items
    return result.as_data()


def refusals(*items: Item, check_mode: bool = False) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        ask(Store("/nonexistent/store"), *items, check_mode=check_mode)
    assert not os.path.exists("/nonexistent")
    return [error.code for error in caught.value.errors]


def go_live(store: Store, name: str, number: int) -> None:
    store.add_files(name, number, {"cert.pem": b"c", "chain.pem": b"h", "fullchain.pem": b"f"})
    store.switch(name, number)


def files_below(path: str) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for one_path in sorted(Path(path).rglob("*")):
        if one_path.is_symlink():
            found[str(one_path)] = os.readlink(one_path)
        elif one_path.is_file():
            found[str(one_path)] = one_path.read_bytes()
    return found


def test_a_key_and_its_request_are_staged(store: Store) -> None:
    answer = one(store)
    assert (answer["outcome"], answer["state"], answer["changed"], answer["generation"]) == (
        "created",
        "staged",
        True,
        1,
    )
    facts = csr_facts(answer["csr"].encode())
    assert facts.common_name == "shop.example.jp"
    assert facts.dns_names == ("shop.example.jp", "www.shop.example.jp")
    assert facts.csr_sha256 == answer["csr_sha256"]
    key = store.read("shop", 1, "privkey.pem") or b""
    assert public_key_sha256(key) == facts.public_key_sha256 == answer["public_key_sha256"]
    assert store.live("shop") is None


def test_a_second_run_keeps_everything_and_writes_nothing(store: Store) -> None:
    first = one(store)
    before = files_below(store.path)
    system = DyingSystem(0)  # the first write would kill
    again = one(Store(store.path, system=system))
    assert (again["outcome"], again["changed"], again["csr"]) == ("kept", False, first["csr"])
    assert files_below(store.path) == before


def test_the_private_key_is_in_no_answer(store: Store) -> None:
    result = ask(store, item(), item("mail"))
    text = json.dumps([one_item.as_data() for one_item in result.items] + [diff.as_data() for diff in result.diff])
    key = (store.read("shop", 1, "privkey.pem") or b"").decode()
    assert "PRIVATE" not in text
    assert key.splitlines()[1] not in text


def test_the_private_key_is_for_its_owner_alone(store: Store) -> None:
    one(store)
    folder = Path(store.path) / "shop" / "generations" / "0001"
    assert stat.S_IMODE((folder / "privkey.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "changed",
    [
        {"dns_names": ["new.shop.example.jp"]},
        {"common_name": "other.example.jp"},
        {"key": {"type": "ecdsa-p384"}},
        {"subject": {"C": "JP"}},
    ],
    ids=["other names", "other common name", "other key type", "other subject"],
)
def test_another_wish_gets_another_key(store: Store, changed: Item) -> None:
    first = one(store)
    second = one(store, item(**changed))
    assert second["outcome"] == "created"
    assert second["public_key_sha256"] != first["public_key_sha256"]
    assert second["generation"] == 2


def test_names_in_another_order_are_the_same_wish(store: Store) -> None:
    one(store, item(dns_names=["a.example.jp", "b.example.jp"]))
    assert one(store, item(dns_names=["b.example.jp", "a.example.jp", "b.example.jp"]))["outcome"] == "kept"


def test_after_a_certificate_went_live_the_next_request_has_a_new_key(store: Store) -> None:
    first = one(store)
    go_live(store, "shop", 1)
    second = one(store)
    assert second["outcome"] == "created"
    assert second["public_key_sha256"] != first["public_key_sha256"]
    assert store.live("shop") == 1


def test_a_key_to_be_reused_is_the_live_one_and_is_staged_once(store: Store) -> None:
    asked = item(key={"type": "ecdsa-p256", "reuse": True})
    first = one(store, asked)
    go_live(store, "shop", 1)
    predicted = one(store, asked, check_mode=True)
    second = one(store, asked)
    assert second["outcome"] == "created"
    assert first["public_key_sha256"] == second["public_key_sha256"] == predicted["public_key_sha256"]
    assert one(store, asked)["outcome"] == "kept"
    other_type = one(store, item(key={"type": "ecdsa-p384", "reuse": True}))
    assert other_type["public_key_sha256"] != first["public_key_sha256"]


def test_the_key_of_an_order_is_used_wherever_it_lies(store: Store) -> None:
    first = one(store)
    second = one(store, item(dns_names=[]))
    asked = item(public_key_sha256=first["public_key_sha256"])
    assert one(store, asked)["generation"] == 1
    assert one(store, asked)["csr"] == first["csr"]
    go_live(store, "shop", 1)
    assert (one(store, asked)["outcome"], one(store, asked)["state"]) == ("kept", "live")
    assert one(store, item(public_key_sha256=second["public_key_sha256"]))["generation"] == 2


def test_a_missing_key_of_an_order_is_an_error_and_makes_nothing(store: Store) -> None:
    result = ask(store, item(public_key_sha256="0" * 64), item("mail"))
    missing, other = (one_item.as_data() for one_item in result.items)
    assert (missing["outcome"], missing["state"], missing["changed"]) == ("key_missing", "absent", False)
    assert missing["error"]["code"] == "key_missing"
    assert other["outcome"] == "created"
    assert store.names() == ["mail"]


def test_a_store_changed_by_hand_is_not_taken_for_a_lost_key(store: Store) -> None:
    first = one(store)
    Path(store.path, "shop", "live").symlink_to("/etc")
    for asked in (item(public_key_sha256=first["public_key_sha256"]), item()):
        for check_mode in (True, False):
            answer = one(store, asked, check_mode=check_mode)
            assert (answer["outcome"], answer["error"]["code"]) == ("refused", "store_broken")


def test_a_damaged_staged_key_is_left_aside(store: Store) -> None:
    one(store)
    Path(store.path, "shop", "generations", "0001", "privkey.pem").write_text("damaged")
    again = one(store)
    assert (again["outcome"], again["generation"]) == ("created", 2)


def test_a_request_beside_a_key_that_is_not_its_own_is_not_used(store: Store) -> None:
    one(store)
    one(store, item("mail"))
    stranger = store.read("mail", 1, "privkey.pem") or b""
    Path(store.path, "shop", "generations", "0001", "privkey.pem").write_bytes(stranger)
    assert one(store)["outcome"] == "created"


def test_staged_keys_that_came_to_nothing_go(store: Store) -> None:
    for number in range(5):
        one(store, item(dns_names=[f"n{number}.example.jp"]))
    assert [generation.number for generation in store.generations("shop")] == [4, 5]


def test_check_mode_writes_nothing_and_says_what_is_known(store: Store) -> None:
    recipient = {"host": "web2", "public_key": "known_after_order"}
    answer = one(store, item(recipients=[recipient]), check_mode=True)
    assert (answer["outcome"], answer["changed"]) == ("created", True)
    assert answer["csr"] == answer["public_key_sha256"] == answer["sealed"]["web2"] == "known_after_order"
    assert answer["key_type"] == "ecdsa-p256"
    assert not os.path.exists(store.path)


def test_check_mode_and_the_real_run_have_the_same_diff(store: Store) -> None:
    predicted = ask(store, item(subject={"C": "JP"}), check_mode=True).diff
    real = ask(store, item(subject={"C": "JP"})).diff
    assert predicted == real
    assert "name: www.shop.example.jp\n" in real[0].after
    assert ask(store, item(subject={"C": "JP"}), check_mode=True).diff == []


def test_check_mode_takes_a_key_that_is_known_later(store: Store) -> None:
    answer = one(store, item(public_key_sha256="known_after_order"), check_mode=True)
    assert (answer["outcome"], answer["changed"], answer["csr"]) == ("kept", False, "known_after_order")


def test_the_key_is_sealed_to_each_recipient_and_only_to_it(store: Store) -> None:
    private = {host: seal.new_recipient() for host in ("web2", "web3")}
    public = {host: base64.b64encode(seal.recipient_public(key)).decode() for host, key in private.items()}
    recipients = [{"host": host, "public_key": text} for host, text in public.items()]
    answer = one(store, item(recipients=recipients))
    context = seal.seal_context("shop", answer["public_key_sha256"])
    for host, key in private.items():
        opened = seal.unseal(base64.b64decode(answer["sealed"][host]), key, context)
        assert opened == store.read("shop", 1, "privkey.pem")
    again = one(store, item(recipients=recipients, public_key_sha256=answer["public_key_sha256"]))
    assert not again["changed"] and set(again["sealed"]) == {"web2", "web3"}


def test_a_recipient_key_of_low_order_leaves_the_request_standing(store: Store) -> None:
    zero = base64.b64encode(bytes(32)).decode()
    answer = one(store, item(recipients=[{"host": "web2", "public_key": zero}]))
    assert answer["error"]["code"] == "recipient_key_unusable"
    assert answer["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")


# -- explicit paths ------------------------------------------------------------------------------------------------


def at(tmp_path: Path, **changed: t.Any) -> Item:
    paths = {"privkey": str(tmp_path / "shop.key"), "csr": str(tmp_path / "shop.csr")}
    return item(paths=paths, **changed)


def test_key_and_request_may_lie_at_paths_of_ones_own(store: Store, tmp_path: Path) -> None:
    first = one(store, at(tmp_path))
    assert (first["outcome"], first["generation"]) == ("created", None)
    assert stat.S_IMODE((tmp_path / "shop.key").stat().st_mode) == 0o600
    assert (tmp_path / "shop.csr").read_text() == first["csr"]
    assert one(store, at(tmp_path))["outcome"] == "kept"
    assert sorted(os.listdir(tmp_path)) == ["shop.csr", "shop.key"]


def test_at_paths_a_request_for_other_names_is_renewed_with_the_key_that_is_there(store: Store, tmp_path: Path) -> None:
    first = one(store, at(tmp_path))
    second = one(store, at(tmp_path, dns_names=[]))
    assert second["outcome"] == "created"
    assert second["public_key_sha256"] == first["public_key_sha256"]
    assert csr_facts((tmp_path / "shop.csr").read_bytes()).dns_names == ("shop.example.jp",)


def test_at_paths_the_request_of_an_order_is_never_renewed(store: Store, tmp_path: Path) -> None:
    first = one(store, at(tmp_path))
    asked = at(tmp_path, dns_names=[], public_key_sha256=first["public_key_sha256"])
    assert (one(store, asked)["outcome"], one(store, asked)["csr"]) == ("kept", first["csr"])


def test_at_paths_what_does_not_fit_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    one(store, at(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    one(store, at(other))
    before = files_below(str(other))

    def code(asked: Item) -> str:
        return t.cast(str, one(store, asked)["error"]["code"])

    assert code(at(tmp_path, public_key_sha256="0" * 64)) == "key_missing"
    assert code(at(tmp_path, key={"type": "rsa-2048"})) == "key_type_mismatch"
    (tmp_path / "shop.csr").write_bytes((other / "shop.csr").read_bytes())
    assert code(at(tmp_path)) == "csr_key_mismatch"
    (tmp_path / "shop.key").unlink()
    assert code(at(tmp_path)) == "csr_key_mismatch"
    (tmp_path / "shop.csr").write_text("rubbish")
    assert code(at(tmp_path)) == "csr_unreadable"
    assert code(at(tmp_path / "absent")) == "path_missing"
    assert not (tmp_path / "shop.key").exists()
    assert files_below(str(other)) == before


def test_at_paths_a_request_with_words_in_other_letters_is_refused_alone(store: Store, tmp_path: Path) -> None:
    one(store, at(tmp_path))
    csr = tmp_path / "shop.csr"
    csr.write_text("組織: 例示\n" + csr.read_text())
    broken, other = (found.as_data() for found in ask(store, at(tmp_path), item("mail")).items)
    assert (broken["outcome"], broken["error"]["code"]) == ("refused", "csr_unreadable")
    assert other["outcome"] == "created"


@pytest.mark.parametrize("survives", range(12))
def test_at_paths_a_kill_at_any_call_leaves_what_a_rerun_completes_and_no_key_beside(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    opened, system = Directory.open, DyingSystem(survives, half_writes=True)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Directory, "open", lambda path, **_other: opened(path, system=system))
        one(store, at(tmp_path))
    assert one(store, at(tmp_path))["error"] is None
    assert sorted(os.listdir(tmp_path)) == ["shop.csr", "shop.key"]


def test_at_paths_a_link_is_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("x")
    (tmp_path / "shop.key").symlink_to(tmp_path / "target")
    assert one(store, at(tmp_path))["error"]["code"] == "path_is_link"
    assert (tmp_path / "target").read_text() == "x"


def test_at_paths_check_mode_writes_nothing(store: Store, tmp_path: Path) -> None:
    assert one(store, at(tmp_path), check_mode=True)["outcome"] == "created"
    assert os.listdir(tmp_path) == []


# -- what bad input gets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "../etc", "common_name": "x.example.jp"}, "bad_name"),
        ({"common_name": None, "dns_names": []}, "no_names"),
        ({"dns_names": ["例.jp"]}, "bad_dns_name"),
        ({"dns_names": ["a.*.example.jp"]}, "bad_dns_name"),
        ({"dns_names": ["x.example.jp"] * 1001}, "too_many_names"),
        ({"subject": {"OU": "Web"}}, "bad_subject"),
        ({"public_key_sha256": "xyz"}, "bad_value"),
        ({"public_key_sha256": "known_after_order"}, "bad_value"),
        ({"recipients": [{"host": "web2", "public_key": "AAAA"}]}, "bad_recipient"),
        ({"recipients": [{"host": "web2", "public_key": "known_after_order"}]}, "bad_recipient"),
        ({"paths": {"privkey": "relative", "csr": "/x/y"}}, "bad_path"),
        ({"paths": {"privkey": "/x/y", "csr": "/x/y"}}, "duplicate_path"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_done(changed: Item, code: str) -> None:
    assert refusals(item("good"), {**item(), **changed}) == [code]


def test_all_errors_of_a_call_are_told_at_once() -> None:
    assert refusals(item(subject={"OU": "x", "E": "y"}), item(), {**item(), "name": "a/b"}) == [
        "bad_subject",
        "bad_subject",
        "bad_name",
        "duplicate_name",
    ]


def test_an_item_that_cannot_be_made_never_stops_the_others(store: Store, tmp_path: Path) -> None:
    os.makedirs(tmp_path / "store" / "shop")
    os.symlink("/etc", tmp_path / "store" / "shop" / "generations")
    broken, other = (one_item.as_data() for one_item in ask(store, item(), item("mail")).items)
    assert broken["error"]["code"] == "path_is_link"
    assert other["outcome"] == "created"


def test_a_key_that_the_seller_makes_is_none_of_our_business(store: Store) -> None:
    answer = one(store, item(key={"made_by": "seller"}))
    assert (answer["outcome"], answer["changed"], answer["csr"], answer["error"]) == (
        "nothing_to_do",
        False,
        None,
        None,
    )
    assert store.names() == []


def test_many_at_once_come_out_in_order(store: Store) -> None:
    items = [item(f"n{number}") for number in range(20)]
    one(store, items[3])
    result = run({"certificates": items, "store_path": None}, False, store, ThreadedExecutor(4))
    assert [found.name for found in result.items] == [asked["name"] for asked in items]
    assert [found.outcome for found in result.items].count("created") == 19
    for found in result.items:
        assert csr_facts(found.extra["csr"].encode()).common_name == f"{found.name}.example.jp"


def test_two_runs_at_once_make_one_key(store: Store) -> None:
    def run_alone(number: int) -> Item:
        own = Store(store.path)
        try:
            return one(own)
        finally:
            own.close()

    answers = ThreadedExecutor(4).map(run_alone, range(4))
    assert len({answer["public_key_sha256"] for answer in answers}) == 1
    assert [answer["outcome"] for answer in answers].count("created") == 1
    assert len(store.generations("shop")) == 1


# -- kill and full disk --------------------------------------------------------------------------------------------


def test_a_kill_at_any_call_leaves_what_a_rerun_completes_without_a_second_key(tmp_path: Path) -> None:
    for survives in range(30):
        path = str(tmp_path / f"s{survives}")
        with contextlib.suppress(Killed):
            one(Store(path, system=DyingSystem(survives)))
        store = Store(path)
        before = [generation.number for generation in store.generations("shop")]
        answer = one(store)
        assert answer["error"] is None
        assert answer["outcome"] == ("kept" if before else "created")
        assert [generation.number for generation in store.generations("shop")] == [1]
        assert public_key_sha256(store.read("shop", 1, "privkey.pem") or b"") == answer["public_key_sha256"]


def test_a_full_disk_is_an_error_of_the_item_and_leaves_no_key_behind(tmp_path: Path) -> None:
    for survives in range(12):
        path = str(tmp_path / f"s{survives}")
        answer = one(Store(path, system=FullDisk(survives)))
        if answer["error"] is None:
            assert survives > 10
            continue
        assert (answer["error"]["code"], answer["changed"]) == ("disk_full", False)
        assert not [name for name, content in files_below(path).items() if b"PRIVATE KEY" in t.cast(bytes, content)]
