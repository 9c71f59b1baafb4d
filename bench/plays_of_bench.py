# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook as a contestant: the same settings for peers and for ours, and none of this machine's."""

from __future__ import annotations

import os
import pathlib
import re
import sys
import typing as t

from lab_world import write_json
from measure import Finished, Timed, Unproven, needs_success
from paths import REPOSITORY
from peers import PARALLEL, program

Check = t.Callable[[Finished], None]
Tasks = t.Sequence[t.Mapping[str, t.Any]]


def environment(folder: pathlib.Path, ours: bool, forks: int) -> dict[str, str]:
    (folder / "tmp").mkdir(exist_ok=True)
    settings = folder / "ansible.cfg"
    settings.touch()
    found = {
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(folder / "tmp"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_REMOTE_TMP": str(folder / "tmp"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": str(forks),
    }
    if ours:
        link = folder / "collections" / "ansible_collections" / "inkan" / "tls"
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(REPOSITORY)
        found["ANSIBLE_COLLECTIONS_PATH"] = os.environ.get("BENCH_COLLECTIONS", str(folder / "collections"))
    return found


def local(ours: bool = True) -> dict[str, t.Any]:
    """Variables of a host that is this machine."""
    return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable if ours else program("python")}


def inventory(folder: pathlib.Path, hosts: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> pathlib.Path:
    """JSON: as YAML, thousands of items cost more than the work."""
    return write_json(folder / "hosts.json", {"all": {"hosts": hosts, "vars": variables}})


def playbook(folder: pathlib.Path, name: str, tasks: Tasks, hosts: str = "all", **more: t.Any) -> pathlib.Path:
    return write_json(folder / name, [{"hosts": hosts, "gather_facts": False, "tasks": list(tasks), **more}])


def played(
    folder: pathlib.Path,
    what: str,
    hosts: pathlib.Path,
    check: Check,
    ours: bool = True,
    forks: int = PARALLEL,
    label: str = "",
    arguments: t.Sequence[str] = (),
) -> Timed:
    binary = str(pathlib.Path(sys.executable).parent / "ansible-playbook") if ours else program("ansible-playbook")

    def judged(done: Finished) -> None:
        needs_success(done)
        check(done)

    return Timed([binary, "-i", str(hosts), what, *arguments], judged, environment(folder, ours, forks), label)


_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)", re.MULTILINE)


def changed(done: Finished) -> dict[str, int]:
    """Host -> changed tasks, by the recap."""
    found = {host: int(number) for host, _ok, number in _RECAP.findall(done.text())}
    if not found:
        raise Unproven("the playbook has no recap")
    return found


def is_unchanged(done: Finished) -> None:
    if any(changed(done).values()):
        raise Unproven(f"a run with nothing to do changed something: {changed(done)}")


def is_changed(done: Finished) -> None:
    if not any(changed(done).values()):
        raise Unproven("the run changed nothing")
