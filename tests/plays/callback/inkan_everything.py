# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback as greedy as any: arguments of tasks, whole results with invocations, seconds; JSON and YAML.

Switched on by ANSIBLE_CALLBACKS_ENABLED=inkan_everything; INKAN_EVERYTHING names the folder.
"""

from __future__ import annotations

import json
import os
import time
import typing as t

import yaml
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: inkan_everything
type: aggregate
short_description: Write down all that a callback is told
description: Writes results and arguments below the folder that E(INKAN_EVERYTHING) names.
requirements: []
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "inkan_everything"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._folder = os.environ.get("INKAN_EVERYTHING", "")
        self._begun: dict[str, float] = {}
        if self._folder:
            os.makedirs(self._folder, exist_ok=True)

    def _write(self, kind: str, what: t.Any) -> None:
        if not self._folder:
            return
        plain = json.loads(json.dumps(what, default=repr))
        with open(os.path.join(self._folder, "json"), "a", encoding="utf-8") as file:
            file.write(json.dumps({kind: plain}) + "\n")
        with open(os.path.join(self._folder, "yaml"), "a", encoding="utf-8") as file:
            yaml.safe_dump({kind: plain}, file, allow_unicode=True)

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._begun[task._uuid] = time.monotonic()
        self._write("task", {"name": task.name, "arguments": task.args, "variables": task.vars})

    def v2_runner_on_ok(self, result: t.Any, **_more: t.Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._result("failed", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._result("unreachable", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._result("skipped", result)

    def v2_on_file_diff(self, result: t.Any) -> None:
        self._write("diff", _data(result).get("diff"))

    def _result(self, how: str, result: t.Any) -> None:
        task = result.task if hasattr(result, "task") else result._task
        seconds = time.monotonic() - self._begun.get(task._uuid, time.monotonic())
        self._write(how, {"result": _data(result), "seconds": seconds})


def _data(result: t.Any) -> t.Any:
    return result.result if hasattr(result, "result") else result._result
