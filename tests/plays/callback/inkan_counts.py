# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback that writes what a play really did: one JSON line a task start, loop item and result.

Switched on by ANSIBLE_CALLBACKS_ENABLED=inkan_counts; INKAN_COUNTS_FILE names the file.
"""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: inkan_counts
type: aggregate
short_description: Count task starts and loop items
description: Writes one JSON line an event to the file that E(INKAN_COUNTS_FILE) names.
requirements: []
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "inkan_counts"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        path = os.environ.get("INKAN_COUNTS_FILE")
        self._stream = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115 (closed by process end)

    def _write(self, event: str, host: t.Any = None, task: t.Any = None, **more: t.Any) -> None:
        if self._stream is None:
            return
        line = {"event": event, "at": round(time.time(), 3), "host": str(host) if host else None, **more}
        if task is not None:
            line.update(task=task.name or task.action, action=task.resolved_action or task.action)
        self._stream.write(json.dumps(line, default=str) + "\n")
        self._stream.flush()

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        self._write("start", host, task)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._item(result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        self._item(result)

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        self._item(result)

    def _item(self, result: t.Any) -> None:
        self._write("item", _host(result), _task(result))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._result("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._result("unreachable", result)

    def _result(self, how: str, result: t.Any) -> None:
        data = result.result if hasattr(result, "result") else result._result
        data = {name: value for name, value in data.items() if name != "invocation"}
        self._write("result", _host(result), _task(result), how=how, result=data)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        hosts = sorted(stats.processed)
        # custom: what set_stats hands to AWX and to later nodes of a workflow, by host, or "_run" for the whole run
        self._write("stats", recap={host: stats.summarize(host) for host in hosts}, custom=stats.custom)


def _host(result: t.Any) -> t.Any:
    return result.host if hasattr(result, "host") else result._host


def _task(result: t.Any) -> t.Any:
    return result.task if hasattr(result, "task") else result._task
