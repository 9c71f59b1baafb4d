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
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import mask, without_private_keys
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result


class Library(t.NamedTuple):
    """An import that may be missing: its PyPI name, the failed import's traceback (None: it is there), who needs it."""

    name: str
    import_error: str | None
    reason: str


class _Module(AnsibleModule):
    """AnsibleModule that reports every option error, not the first one, and no secret in any of its forms."""

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        validation = getattr(self, "validation_result", None)
        messages = list(validation.error_messages) if validation is not None else []
        if len(messages) > 1:
            lines = [f"{number}. {message}" for number, message in enumerate(messages, 1)]
            msg = f"{len(messages)} errors in the options, nothing was done:\n" + "\n".join(lines)
        if "results" not in kwargs:  # a role that has a failed_when of its own reads them: core drops msg there
            kwargs.setdefault("errors", [{"code": "bad_options" if messages else "module_failed", "message": msg}])
        secrets = _secrets_of(self.params, self.argument_spec)
        super().fail_json(**_without(secrets, {**kwargs, "msg": msg}))


def _secrets_of(params: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Any]) -> list[str]:
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


def _without(secrets: t.Sequence[str], value: t.Any) -> t.Any:
    """AnsibleModule masks what is in secret options letter by letter; this does encoded forms too, and private keys."""
    if isinstance(value, str):
        return without_private_keys(mask(value, secrets))
    if isinstance(value, t.Mapping):
        return {name: _without(secrets, one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(secrets, one) for one in value]
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
    _refuse_missing(module, needs)
    try:
        result = run(module.params, module.check_mode)
    except InputErrors as errors:
        module.fail_json(msg=errors.sentence(), errors=[error.as_data() for error in errors.errors])
    except InkanError as error:
        module.fail_json(msg=error.sentence(), errors=[error.as_data()])
    except Exception as exc:  # noqa: BLE001 the last door: a bug must still leave as one readable sentence
        bug = BugError(
            code="bug",
            what="The module met a state that must not be",
            why=f"{type(exc).__name__}: {exc}",
            todo="Please report it with the traceback",
        )
        module.fail_json(msg=bug.sentence(), errors=[bug.as_data()], exception=traceback.format_exc())
    _exit(module, result, _secrets_of(module.params, argument_spec))


def _refuse_missing(module: AnsibleModule, needs: t.Sequence[Library]) -> None:
    missing = [library for library in needs if library.import_error is not None]
    if missing:
        module.fail_json(
            msg="\n".join(missing_required_lib(library.name, reason=library.reason) for library in missing),
            exception="\n".join(library.import_error or "" for library in missing),
        )


def _exit(module: AnsibleModule, result: Result, secrets: t.Sequence[str]) -> None:
    for warning in result.warnings:
        module.warn(str(_without(secrets, warning)))
    answer: dict[str, t.Any] = {
        **result.extra,
        "changed": result.changed,
        "results": [item.as_data() for item in result.items],
        "diff": [diff.as_data() for diff in result.diff],
    }
    if not result.errors:
        module.exit_json(**answer)
    sentences = [_item_sentence(item) for item in result.errors]
    module.fail_json(
        msg=f"{len(sentences)} of {len(result.items)} items have an error:\n" + "\n".join(sentences),
        **answer,
    )


def _item_sentence(item: ItemResult) -> str:
    return f"{item.name}: {item.error.sentence() if item.error else ''}"


__all__ = ["Diff", "ItemResult", "Library", "Result", "run_module"]
