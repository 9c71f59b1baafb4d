# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the work of a module inside Ansible's own process, where that is the machine that the task is for.

A module's start costs some 250 ms: it is packed, unpacked and compiled anew each time. What only computes or looks
needs none of that on the controller. For any other host, and where the controller lacks a library that the Python of
its ``ansible_python_interpreter`` may have, the module itself runs.

This file is private to the collection.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible_collections.inkan.tls.plugins.module_utils._core.memory import keep_what_is_there, without_collection
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import is_packed, pack, unpacked
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import (
    Library,
    Run,
    answer_of,
    option_errors,
    secrets_of,
    without,
)

Answer = dict[str, t.Any]

#: lists of an answer that are as long as the list of certificates
LONG = frozenset({"results", "plans", "live_advice"})


class Door(t.NamedTuple):
    """What a module consists of; needs: the libraries that it cannot do without.

    checks_long: its specification judges packed lists, too, and gives what they leave out.
    """

    argument_spec: t.Callable[[], dict[str, t.Any]]
    run: Run
    needs: t.Sequence[Library] = ()
    checks_long: bool = False


class OnController(ActionBase):
    """An action that does what the module of its name does."""

    TRANSFERS_FILES = False
    door: t.ClassVar[Door]

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Answer:
        super().run(tmp, task_vars)
        with without_collection():  # of a process that ends with its task
            answer = self._answer(task_vars)
            keep_what_is_there()
        return answer

    def _answer(self, task_vars: t.Any) -> Answer:
        long = {option: value for option, value in self._task.args.items() if is_packed(value)}
        arguments = {option: value for option, value in self._task.args.items() if option not in long}
        unpacked_long = {option: unpacked(value) for option, value in long.items()}
        if self._is_at_home(task_vars or {}):
            check_mode = bool(self._task.check_mode)
            answer = answered(self.door, arguments, check_mode, unpacked_long)
        else:
            arguments.update(unpacked_long)
            is_async = self._task.async_val
            answer = self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=is_async)
        return with_lists_packed(answer) if long else answer

    def _is_at_home(self, task_vars: t.Mapping[str, t.Any]) -> bool:
        connection, task = self._connection, self._task
        is_local = connection.transport == "local" and connection.become is None
        has_all = all(library.import_error is None for library in self.door.needs)
        is_plain = not (task.async_val or any(task.environment or ()))
        return is_local and has_all and is_plain and self._is_our_python(task_vars)

    def _is_our_python(self, task_vars: t.Mapping[str, t.Any]) -> bool:
        """Whoever names another Python means its libraries; one that would be looked for has none that we lack."""
        host = self._task.delegate_to
        variables = task_vars.get("ansible_delegated_vars", {}).get(host, {}) if host else task_vars
        named = variables.get("ansible_python_interpreter")
        python = str(self._templar.template(named)) if named else "auto"
        return python.startswith("auto") or _program(python) == _program(sys.executable)


def _program(path: str) -> tuple[str, str]:
    """A virtual environment's Python links to the one it was made from: the place of the link tells them apart."""
    return os.path.realpath(os.path.dirname(path)), os.path.realpath(path)


def with_lists_packed(answer: Answer) -> Answer:
    """Whoever was given long lists is asked for long ones."""
    lists = {key: pack(value) for key, value in answer.items() if key in LONG and isinstance(value, list)}
    return {**answer, **lists}


def answered(
    door: Door, arguments: t.Mapping[str, t.Any], check_mode: bool, long: t.Mapping[str, list[t.Any]] | None = None
) -> Answer:
    """As the module would: plain values in, every wrong option told, and no value of a no_log option in the answer.

    long: lists of plain values. Where the door does not check them they are as they must be: it would copy them all.
    """
    spec, lists = door.argument_spec(), dict(long or {})
    given = lists if door.checks_long else {option: [] for option in lists}
    checked = ArgumentSpecValidator(spec).validate({**plain(arguments), **given})
    if not door.checks_long:
        checked.validated_parameters.update(lists)
    if checked.error_messages:
        msg = option_errors(checked.error_messages)
        answer: Answer = {"failed": True, "msg": msg, "errors": [{"code": "bad_options", "message": msg}]}
    else:
        answer = answer_of(door.run, checked.validated_parameters, check_mode)
    secrets = secrets_of(checked.validated_parameters, spec)
    if not (secrets or answer.get("failed")):  # no walk through ten thousand plans
        return answer
    return t.cast(Answer, remove_values(without(secrets, answer), checked._no_log_values))


def plain(value: t.Any) -> t.Any:
    """What a module would get: JSON, with dates as text, vaulted texts decrypted, and no tag of the templating."""
    return json.loads(encoded(value))


def encoded(value: t.Any) -> str:
    return json.dumps(value, cls=get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE))
