# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every border, whatever came over it: a value or one of our own errors, in bounds, and harmless.

A border ends in time: what needs more of the processor than any answer is worth is stopped (by the processor's clock,
not the wall's: a busy machine changes nothing).
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import signal
import threading
import typing as t
import unicodedata

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Slow", "bounded", "harmless_text", "judged"]

#: seconds of the processor for one input of at most 1 MiB; usual are some milliseconds
MOST_SECONDS = 20.0
#: of an error, all of its words together
MOST_WORDS = 400_000
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_INSIDE = re.compile(r"\.well-known/(acme-challenge|pki-validation)/[A-Za-z0-9_-]{1,128}(\.(txt|html?))?")


class Slow(AssertionError):
    """More time than any input is worth."""


@contextlib.contextmanager
def bounded(seconds: float = MOST_SECONDS) -> t.Iterator[None]:
    """Slow after so many seconds of this process's own work."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_args: object) -> t.NoReturn:
        raise Slow(f"it takes more than {seconds:g} seconds of the processor")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def judged(play: t.Callable[[], object], allowed: tuple[type[Exception], ...] = ()) -> object:
    """What came of it: a value, or the error. AssertionError where it is neither, or would do harm."""
    try:
        with bounded():
            value = play()
    except InputErrors as errors:
        for error in errors.errors:
            _judge_error(error)
        return errors
    except InkanError as error:
        _judge_error(error)
        return error
    except (*allowed, AssertionError) as failure:
        if isinstance(failure, AssertionError):
            raise
        return failure
    except Exception as failure:
        raise AssertionError(f"{type(failure).__name__} comes through: {escaped(str(failure), 200)}") from failure
    _judge_value(value)
    return value


def _judge_error(error: InkanError) -> None:
    data = error.as_data()
    assert error.kind != "bug", f"a bug: {error.code}, {escaped(error.why, 200)}"
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", error.code), f"no stable code: {error.code!r}"
    for name, text in data.items():
        if isinstance(text, str):
            harmless_text(text, f"{error.code}.{name}")
    assert sum(len(text) for text in data.values() if isinstance(text, str)) < MOST_WORDS, "an error without bounds"


def harmless_text(text: str, where: str) -> None:
    """Nothing that a terminal obeys, or that hides or turns the letters around it."""
    strange = {letter for letter in text if letter != "\n" and unicodedata.category(letter) in _UNSHOWN}
    assert not strange, f"{where} carries {sorted(map(ascii, strange))[:5]}"


#: fields of our values that people read as they are
_SHOWN = frozenset({"status_word", "problem", "notes", "why", "what", "code", "where", "todo"})


def _judge_value(value: object, name: str = "", depth: int = 0) -> None:
    """Texts that are shown are harmless, paths stay inside; at any depth."""
    if depth > 12:
        return
    if isinstance(value, InkanError):
        _judge_error(value)
    elif isinstance(value, TokenFile):
        assert _INSIDE.fullmatch(value.path), f"a file outside: {value.path[:200]!r}"
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            _judge_value(getattr(value, field.name), field.name, depth + 1)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for field_name, one in zip(value._fields, value):
            _judge_value(one, field_name, depth + 1)
    elif isinstance(value, dict):
        for key, one in value.items():
            _judge_value(one, key if isinstance(key, str) else name, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            _judge_value(one, name, depth + 1)
    elif isinstance(value, str) and name in _SHOWN:
        harmless_text(value, name)
