# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work inside Ansible's own process: same answer, same refusals, nothing secret; elsewhere the module."""

from __future__ import annotations

import datetime
import pathlib
import sys
import types
import typing as t

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import is_packed, pack, unpacked
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library
from ansible_collections.inkan.tls.plugins.plugin_utils.on_controller import Door, OnController, answered, plain

SPEC: dict[str, t.Any] = {
    "names": {"type": "list", "elements": "str", "required": True},
    "port": {"type": "int", "default": 443},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
}
SECRET = "correct-horse-battery"


def spec_of() -> dict[str, t.Any]:
    return SPEC


def told(params: dict[str, t.Any], check_mode: bool) -> Result:
    return Result(items=[ItemResult(name, "seen") for name in params["names"]], extra={"port": params["port"]})


class TestAnswered:
    def test_options_are_typed_and_defaults_filled_in(self) -> None:
        answer = answered(Door(spec_of, told), {"names": "a,b", "port": "8443"}, False)
        assert [item["name"] for item in answer["results"]] == ["a", "b"]
        assert (answer["port"], answer["changed"]) == (8443, False)
        assert "failed" not in answer

    def test_every_wrong_option_is_told_and_nothing_done(self) -> None:
        def never(_params: dict[str, t.Any], _check_mode: bool) -> Result:
            raise AssertionError("it ran")

        answer = answered(Door(spec_of, never), {"port": "many", "strange": 1}, False)
        assert answer["failed"] is True
        assert answer["errors"][0]["code"] == "bad_options"
        for word in ("names", "many", "strange"):
            assert word in answer["msg"]

    def test_check_mode_reaches_the_work(self) -> None:
        seen = []

        def work(_params: dict[str, t.Any], check_mode: bool) -> Result:
            seen.append(check_mode)
            return Result(items=[])

        answered(Door(spec_of, work), {"names": []}, True)
        assert seen == [True]

    def test_a_secret_in_an_error_is_masked(self) -> None:
        def leaky(params: dict[str, t.Any], _check_mode: bool) -> Result:
            raise RefusedError(code="refused", what="No", where="there", why=params["secrets"]["key"], todo="Nothing")

        answer = answered(Door(spec_of, leaky), {"names": [], "secrets": {"key": SECRET}}, False)
        assert answer["failed"] is True
        assert SECRET not in str(answer)

    def test_a_secret_in_a_result_is_masked(self) -> None:
        def leaky(params: dict[str, t.Any], _check_mode: bool) -> Result:
            return Result(items=[], extra={"seen": f"({params['secrets']['key']})"})

        assert SECRET not in str(answered(Door(spec_of, leaky), {"names": [], "secrets": {"key": SECRET}}, False))

    def test_a_bug_leaves_as_a_sentence(self) -> None:
        def broken(_params: dict[str, t.Any], _check_mode: bool) -> Result:
            raise KeyError("x")

        answer = answered(Door(spec_of, broken), {"names": []}, False)
        assert (answer["failed"], answer["errors"][0]["code"]) == (True, "bug")


class TestPlain:
    def test_dates_of_an_inventory_become_text(self) -> None:
        assert plain({"day": datetime.date(2027, 3, 15)}) == {"day": "2027-03-15"}

    def test_texts_lose_their_class(self) -> None:
        class Tagged(str):
            __slots__ = ()

        (value,) = plain([Tagged("shop")])
        assert (value, type(value)) == ("shop", str)


OURS = sys.executable
#: an own folder, as that of a virtual environment: only the place of the link tells them apart
OTHER = "/opt/other-venv/bin/python"


class Home(OnController):
    door = Door(lambda: SPEC, told)

    def __init__(  # without Ansible's own
        self,
        transport: str,
        become: object = None,
        async_val: int = 0,
        environment: t.Sequence[object] = (),
        delegate_to: str | None = None,
    ) -> None:
        self._connection = types.SimpleNamespace(transport=transport, become=become)
        self._task = types.SimpleNamespace(async_val=async_val, environment=environment, delegate_to=delegate_to)
        self._templar = types.SimpleNamespace(template=lambda text: text.replace("{{ ansible_playbook_python }}", OURS))


@pytest.mark.parametrize(
    ("action", "at_home"),
    [
        pytest.param(Home("local"), True, id="the controller"),
        pytest.param(Home("ssh"), False, id="another host"),
        pytest.param(Home("local", become=object()), False, id="as another user"),
        pytest.param(Home("local", async_val=30), False, id="in the background"),
        pytest.param(Home("local", environment=[None, {}]), True, id="no variable of the environment"),
        pytest.param(Home("local", environment=[{"LANG": "C"}]), False, id="an environment of its own"),
    ],
)
def test_only_the_controller_s_own_work_is_done_in_ansible_s_process(action: Home, at_home: bool) -> None:
    assert action._is_at_home({}) is at_home


@pytest.mark.parametrize(
    ("python", "at_home"),
    [
        pytest.param("auto_silent", True, id="whichever is found"),
        pytest.param(OURS, True, id="our own"),
        pytest.param("{{ ansible_playbook_python }}", True, id="our own, as a template"),
        pytest.param(OTHER, False, id="another one"),
    ],
)
@pytest.mark.parametrize("delegate_to", [None, "ledger"])
def test_whoever_names_another_python_gets_it(python: str, at_home: bool, delegate_to: str | None) -> None:
    named = {"ansible_python_interpreter": python}
    mine = {"ansible_delegated_vars": {"ledger": named}, "ansible_python_interpreter": OTHER} if delegate_to else named
    assert Home("local", delegate_to=delegate_to)._is_at_home(mine) is at_home


def test_two_virtual_environments_of_one_python_are_two(tmp_path: pathlib.Path) -> None:
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.symlink_to(OURS)
    assert Home("local")._is_at_home({"ansible_python_interpreter": str(other)}) is False


def test_where_a_library_is_missing_the_module_s_python_may_have_it() -> None:
    class Needy(Home):
        door = Door(lambda: SPEC, told, (Library("idna", "Traceback …", "for names"),))

    assert Needy("local")._is_at_home({}) is False


# Long lists


class Long(Home):
    """arguments: of the task; sent: what the module itself was given."""

    def __init__(self, transport: str, arguments: dict[str, t.Any]) -> None:
        super().__init__(transport)
        self._task.args, self._task.check_mode, self._task.action = arguments, False, "long"
        self.sent: list[dict[str, t.Any]] = []

    def _execute_module(self, **more: t.Any) -> dict[str, t.Any]:  # type: ignore[override]
        self.sent.append(more["module_args"])
        return answered(Door(spec_of, told), more["module_args"], False)


@pytest.fixture(autouse=True)
def without_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda *_given, **_named: {})


@pytest.mark.parametrize("transport", ["local", "ssh"])
def test_a_packed_list_is_unpacked_for_the_work_and_its_results_are_packed(transport: str) -> None:
    names = [f"c{number}" for number in range(150)]
    action = Long(transport, {"names": pack(names), "port": "8443"})
    answer = action.run(None, {})
    assert is_packed(answer["results"]) and answer["results"]["count"] == 150
    assert [item["name"] for item in unpacked(answer["results"])] == names
    assert answer["port"] == 8443
    assert action.sent == ([] if transport == "local" else [{"names": names, "port": "8443"}])


@pytest.mark.parametrize("transport", ["local", "ssh"])
def test_a_plain_list_comes_to_plain_results(transport: str) -> None:
    answer = Long(transport, {"names": ["shop"], "port": "8443"}).run(None, {})
    assert [item["name"] for item in answer["results"]] == ["shop"]


def test_a_refusal_of_the_other_options_is_told_of_packed_lists_too() -> None:
    answer = Long("local", {"names": pack(["shop"]), "port": "many"}).run(None, {})
    assert answer["errors"][0]["code"] == "bad_options" and "many" in answer["msg"]


class Checking(Long):
    door = Door(spec_of, told, checks_long=True)


def test_a_door_may_check_packed_lists_as_any_other() -> None:
    assert Checking("local", {"names": pack([443])}).run(None, {})["results"]["count"] == 1
    answer = Checking("local", {"names": pack([{"no": "name"}, "shop"]), "port": "many"}).run(None, {})
    assert answer["failed"] and "many" in answer["msg"]
    assert [item["name"] for item in unpacked(Checking("local", {"names": pack([443])}).run(None, {})["results"])] == [
        "443"
    ], "a number became a text, as the specification says"
