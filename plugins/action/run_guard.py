# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_guard without the start of a module, on the controller: the first task of every run.

Ansible loads an action once, in the process from which it then forks a worker for each task and host. A filter it loads
in the worker, and it compiles a collection's Python anew each time: for the rooms behind the filters of the roles that
was half of what the workers did. Loaded here, they are there in all workers.

It also opens the run: of many certificates it hands on, packed (``_core/packed``), what is declared.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.inkan.tls.plugins.filter import run as _filters_of_the_roles
from ansible_collections.inkan.tls.plugins.filter.shard import in_shard
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import MANY, pack, pack_lines
from ansible_collections.inkan.tls.plugins.modules import run_guard
from ansible_collections.inkan.tls.plugins.plugin_utils.on_controller import Answer, Door, OnController, encoded

LOADED_FOR_WORKERS = (_filters_of_the_roles,)
_TEMPLATES = ("{{", "{%", "{#", "#jinja2:")


class ActionModule(OnController):
    door = Door(run_guard.argument_spec, run_guard.run)

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Answer:
        if not (task_vars or {}).get("__inkan_opens"):
            return super().run(tmp, task_vars)
        opened = self._opened(task_vars)
        self._task.args["declared"] = pack(opened.names) if opened else self._names(task_vars)
        answer = super().run(tmp, task_vars)
        if opened and not answer.get("failed"):
            answer.update(declared=pack(opened.names), certificates=pack_lines(opened.chosen))
        return answer

    def _opened(self, task_vars: t.Mapping[str, t.Any]) -> Opened | None:
        """None: there are few of them, or not all can be rendered. Then whoever reads them next says what is wrong."""
        try:
            declared = task_vars.get("inkan_certificates")
            declared = self._templar.template(declared) if isinstance(declared, str) else declared
            if not isinstance(declared, list) or len(declared) < MANY:
                return None
            shard = self._templar.template(task_vars.get("inkan_shard"))
            return opened_of(declared, self._templar.template, self._task.args.get("names"), shard)
        except Exception:  # noqa: BLE001 (a template may raise whatever it likes)
            return None

    def _names(self, task_vars: t.Mapping[str, t.Any]) -> t.Any:
        return self._templar.template(task_vars["__inkan_declared_names"])


class Opened(t.NamedTuple):
    """names: of all that are declared; chosen: those that the run is about, each as JSON."""

    names: list[str]
    chosen: list[str]


def opened_of(declared: list[t.Any], render: t.Callable[[t.Any], t.Any], names: t.Any, shard: t.Any) -> Opened:
    """What has no template in it is as it stands there: Ansible would look at each of its values to find that out."""
    found = Opened([], [])
    for one in declared:
        text = encoded(one)
        if any(mark in text for mark in _TEMPLATES):
            text = encoded(render(one))
        item = json.loads(text)
        name = item.get("name", "") if isinstance(item, dict) else ""
        found.names.append(str(name))
        has_name = isinstance(item, dict) and "name" in item
        if (names is None or (has_name and name in names)) and in_shard([item], shard):
            found.chosen.append(text)
    return found
