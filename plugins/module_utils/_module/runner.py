# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doorman of every module: options in, one Result or one clear failure out.

A module's ``main()`` is ``run_module(argument_spec=…, run=run, needs=(…))``; its ``run(params, check_mode)``
only raises. Here alone are errors turned into ``fail_json``.

This file is private to the collection.
"""

from __future__ import annotations

import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    InkanError,
    InputErrors,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import masker, without_private_keys
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result


class Library(t.NamedTuple):
    """An import that may be missing: its PyPI name, the failed import's traceback (None: it is there), who needs it."""

    name: str
    import_error: str | None
    reason: str


def option_errors(messages: t.Sequence[str]) -> str:
    """All that the argument spec found wrong, as one text."""
    if len(messages) == 1:
        return messages[0]
    lines = [f"{number}. {message}" for number, message in enumerate(messages, 1)]
    return f"{len(messages)} errors in the options, nothing was done:\n" + "\n".join(lines)


class _Module(AnsibleModule):
    """AnsibleModule that reports every option error, not the first one, and no secret in any of its forms."""

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        validation = getattr(self, "validation_result", None)
        messages = list(validation.error_messages) if validation is not None else []
        msg = option_errors(messages) if messages else msg
        if "results" not in kwargs:  # a role that has a failed_when of its own reads them: core drops msg there
            kwargs.setdefault("errors", [{"code": "bad_options" if messages else "module_failed", "message": msg}])
        secrets = secrets_of(self.params, self.argument_spec)
        super().fail_json(**without(secrets, {**kwargs, "msg": msg}))


def secrets_of(params: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Any]) -> list[str]:
    """All texts in options that are secret."""
    hidden = (params.get(name) for name, option in spec.items() if option.get("no_log"))
    return [text for value in hidden for text in _texts(value)]


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, t.Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def without(secrets: t.Sequence[str], value: t.Any) -> t.Any:
    """AnsibleModule masks what is in secret options letter by letter; this does encoded forms too, and private keys."""
    return _with_texts(value, masker(secrets))


def _with_texts(value: t.Any, masked: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, str):
        return without_private_keys(masked(value))
    if isinstance(value, t.Mapping):
        return {name: _with_texts(one, masked) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_texts(one, masked) for one in value]
    return value


Run = t.Callable[[dict[str, t.Any], bool], Result]


def run_module(
    *,
    argument_spec: dict[str, t.Any],
    run: Run,
    needs: t.Sequence[Library] = (),
    **module_options: t.Any,
) -> None:
    """Build the module, check its libraries, run it, and exit by the batch contract.

    module_options: mutually_exclusive, required_if … of AnsibleModule.
    """
    module = _Module(argument_spec=argument_spec, supports_check_mode=True, **module_options)
    answer = missing(needs) or answer_of(run, module.params, module.check_mode)
    secrets = secrets_of(module.params, argument_spec)
    for warning in answer.pop("warnings", ()):
        module.warn(str(without(secrets, warning)))
    if answer.pop("failed", False):
        module.fail_json(**answer)
    module.exit_json(**answer)


def missing(needs: t.Sequence[Library]) -> dict[str, t.Any] | None:
    """The failure that tells of libraries which are not there; None: all are."""
    absent = [library for library in needs if library.import_error is not None]
    if not absent:
        return None
    return {
        "failed": True,
        "msg": "\n".join(missing_required_lib(library.name, reason=library.reason) for library in absent),
        "exception": "\n".join(library.import_error or "" for library in absent),
    }


def answer_of(run: Run, params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """What ``run`` came to, as a task's result by the batch contract; ``failed`` where anything is wrong."""
    try:
        return _answer(run(params, check_mode))
    except InputErrors as errors:
        return {"failed": True, "msg": errors.sentence(), "errors": [error.as_data() for error in errors.errors]}
    except InkanError as error:
        return {"failed": True, "msg": error.sentence(), "errors": [error.as_data()]}
    except Exception as exc:  # noqa: BLE001 the last door: a bug must still leave as one readable sentence
        bug = BugError(
            code="bug",
            what="The module met a state that must not be",
            why=f"{type(exc).__name__}: {exc}",
            todo="Please report it with the traceback",
        )
        return {
            "failed": True,
            "msg": bug.sentence(),
            "errors": [bug.as_data()],
            "exception": traceback.format_exc(),
        }


def _answer(result: Result) -> dict[str, t.Any]:
    answer: dict[str, t.Any] = {
        **result.extra,
        "changed": result.changed,
        "results": [item.as_data() for item in result.items],
        "diff": [diff.as_data() for diff in result.diff],
        "warnings": list(result.warnings),
    }
    if result.errors:
        sentences = [_item_sentence(item) for item in result.errors]
        many = f"{len(sentences)} of {len(result.items)} items have an error:\n"
        answer.update(failed=True, msg=many + "\n".join(sentences))
    return answer


def _item_sentence(item: ItemResult) -> str:
    return f"{item.name}: {item.error.sentence() if item.error else ''}"


__all__ = [
    "Diff",
    "ItemResult",
    "Library",
    "Result",
    "answer_of",
    "missing",
    "option_errors",
    "run_module",
    "secrets_of",
    "without",
]
