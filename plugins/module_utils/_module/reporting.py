# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_reports: one report in every form that is asked for, each file replaced as a whole or left alone.

    what is there (report.json, report.ics, the metrics) is read first, under a lock on the folder:
    it says what has changed, how often, and when the last run ended well

A file of a form or language that is not wanted any more is removed, if it is as it was written here (``report_files``).

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, Directory, System
from ansible_collections.inkan.tls.plugins.module_utils._module.report_files import (
    digest_of,
    note_made,
    remove_unwanted,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._report.changes import with_changes
from ansible_collections.inkan.tls.plugins.module_utils._report.data import NoReport, read_data, read_json, report_json
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.plugins.module_utils._report.page import Links, report_page
from ansible_collections.inkan.tls.plugins.module_utils._report.report_calendar import report_calendar
from ansible_collections.inkan.tls.plugins.module_utils._report.report_csv import report_csv
from ansible_collections.inkan.tls.plugins.module_utils._report.report_markdown import report_markdown
from ansible_collections.inkan.tls.plugins.module_utils._report.report_metrics import (
    read_last_success,
    report_metrics,
    without_moment,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.summary import report_summary

#: of a file that is read before it is replaced: 10,000 certificates have about 20 MB
_LIMIT = 128 * 1024 * 1024
_PATIENCE = 30.0  # seconds that another run may need to write its report
_JSON, _CALENDAR = "report.json", "report.ics"
#: form -> file; the page has one for each language
_FILES = {"json": _JSON, "csv": "report.csv", "markdown": "report.md", "ics": _CALENDAR}


@dataclass(frozen=True)
class Wish:
    report: Report
    path: str
    formats: tuple[str, ...]
    languages: tuple[str, ...]
    metrics_path: str | None
    is_red: bool


class _File(t.NamedTuple):
    """as_compared: what two texts are compared by; None for the texts themselves."""

    name: str
    text: str
    as_compared: t.Callable[[str], str] | None = None


def default_report_path() -> str:
    if os.geteuid() == 0:
        return "/var/lib/inkan-tls/report"
    return os.path.expanduser("~/.local/state/inkan-tls/report")


# -- options ----------------------------------------------------------------------------------------------------------


def read_wish(params: t.Mapping[str, t.Any]) -> Wish:
    errors = InputCollector()
    path = params.get("path") or default_report_path()
    report = Report(None, None, ())
    try:
        report = read_data(params["report"])
    except NoReport as exc:
        _wrong(errors, "bad_report", "report", str(exc), "Give what filter inkan.tls.report_data has made")
    if not _is_path(path):
        _wrong(errors, "bad_path", "path", f"{escaped(path, 120)!r} is no absolute path", "Write an absolute path")
    metrics = params.get("metrics_path") or None
    if metrics is not None and not (_is_path(metrics) and metrics.endswith(".prom")):
        why = f"{escaped(metrics, 120)!r} is no absolute path that ends in .prom, so that no collector would read it"
        _wrong(errors, "bad_path", "metrics_path", why, "Name a .prom file in the collector's folder")
    for option in ("formats", "languages"):
        if not params[option]:
            _wrong(errors, "bad_value", option, "it is empty", "Name at least one, or leave the option out")
    errors.refuse()
    return Wish(
        report=report,
        path=path,
        formats=tuple(dict.fromkeys(params["formats"])),
        languages=tuple(dict.fromkeys(params["languages"])),
        metrics_path=metrics,
        is_red=any(row.outcome in params["fail_on"] for row in report.rows),
    )


def _is_path(path: str) -> bool:
    return path.startswith("/") and "\0" not in path and ".." not in path.split("/") and len(path) <= 4096


def _wrong(errors: InputCollector, code: str, option: str, why: str, todo: str) -> None:
    errors.add(code, what="A report cannot be written", where=f"option {option}", why=why, todo=todo)


# -- work -------------------------------------------------------------------------------------------------------------


def write_reports(wish: Wish, clock: Clock, check_mode: bool, system: System = SYSTEM) -> Result:
    result = Result([])
    with contextlib.ExitStack() as stack:
        folder = _opened(wish.path, clock, check_mode, stack, system)
        before = _report_before(folder, result)
        report = with_changes(wish.report, before)
        calendar_before = _text_of(folder, _CALENDAR) if "ics" in wish.formats else None
        _put_all(wish, _files(wish, report, calendar_before), folder, result, check_mode)
    if wish.metrics_path is not None:
        result.items.append(_put_metrics(wish, report, clock, check_mode, system))
    if any(item.changed for item in result.items):
        told = report_markdown(before) if before else ""
        result.diff.append(Diff(wish.path, told, report_markdown(report)))
    result.extra["summary"] = report_summary(report)
    return result


def _put_all(wish: Wish, files: t.Iterable[_File], folder: Directory | None, result: Result, check_mode: bool) -> None:
    """Those that are wanted; then those that were made here before and are not wanted any more.

    One text after another is made and put: of 10,000 certificates all of them are 70 MB.
    """
    digests: dict[str, str] = {}
    for file in files:
        result.items.append(_put(folder, wish.path, file, check_mode))
        digests[file.name] = "" if result.items[-1].error is not None else digest_of(_bytes(file))
    if folder is None:
        return
    removed, warnings = remove_unwanted(folder, wish.path, list(digests), _LIMIT, check_mode)
    result.items += removed
    result.warnings += warnings
    if not check_mode:
        refused = {item.name for item in result.items if item.error is not None}
        note_made(folder, {name: "" if name in refused else digest for name, digest in digests.items()})


def _opened(path: str, clock: Clock, check_mode: bool, stack: contextlib.ExitStack, system: System) -> Directory | None:
    """The folder, held so that one run writes at a time. None: check mode, and it is not there."""
    if check_mode and not os.path.lexists(path):
        return None
    folder = Directory.open(path, system=system) if check_mode else Directory.make(path, mode=0o755, system=system)
    stack.enter_context(folder)
    if not check_mode:
        if not folder.hold(wait=_PATIENCE, clock=clock):
            raise LocalError(
                code="report_locked",
                what="Cannot write the report",
                where=path,
                why=f"another run has been writing it for more than {_PATIENCE:.0f} seconds",
                todo="See what that run does, then run again",
                retryable=True,
            )
        folder.sweep()
    return folder


def _report_before(folder: Directory | None, result: Result) -> Report | None:
    text = _text_of(folder, _JSON)
    if text is None:
        return None
    try:
        return read_json(text)
    except NoReport as exc:
        result.warnings.append(f"{_JSON} that is there is no report, so nobody can say what has changed: {exc}")
        return None


def _text_of(folder: Directory | None, name: str) -> str | None:
    content = folder.read(name, _LIMIT) if folder is not None else None
    return content.decode("utf-8", "replace") if content is not None else None


def page_names(languages: t.Sequence[str]) -> dict[str, str]:
    """Language -> file."""
    return {
        language: f"report.{language}.html" if number else "report.html" for number, language in enumerate(languages)
    }


def _files(wish: Wish, report: Report, calendar_before: str | None) -> t.Iterator[_File]:
    first, pages = wish.languages[0], page_names(wish.languages)
    forms = tuple(name for form, name in _FILES.items() if form in wish.formats)
    for form in wish.formats:
        if form == "html":
            for language, name in pages.items():
                other = next((page for one, page in pages.items() if one != language), None)
                yield _File(name, report_page(report, language, Links(other, forms)))
        elif form == "json":
            yield _File(_JSON, report_json(report))
        elif form == "csv":
            yield _File(_FILES[form], report_csv(report))
        elif form == "markdown":
            yield _File(_FILES[form], report_markdown(report, first))
        elif form == "ics":
            yield _File(_CALENDAR, report_calendar(report, calendar_before, first))


def _put(folder: Directory | None, path: str, file: _File, check_mode: bool, always: bool = False) -> ItemResult:
    """always: written even where it says the same."""
    whole, is_there = f"{path.rstrip('/')}/{file.name}", False
    content = _bytes(file)
    try:
        found = folder.read(file.name, _LIMIT) if folder is not None else None
        is_there = found is not None
        same = found is not None and _same(found, content, file.as_compared)
        if folder is not None and not check_mode:
            if not same or always:
                folder.write(file.name, content, mode=0o644)
            else:
                same = not folder.set_access(file.name, mode=0o644)
    except InkanError as error:
        return ItemResult(file.name, "refused", "present" if is_there else "absent", error=error, extra={"path": whole})
    return ItemResult(file.name, "kept" if same else "written", "present", not same, extra={"path": whole})


def _bytes(file: _File) -> bytes:
    return file.text.encode("utf-8", "backslashreplace")


def _same(found: bytes, content: bytes, as_compared: t.Callable[[str], str] | None) -> bool:
    if as_compared is None:
        return found == content
    return as_compared(found.decode("utf-8", "replace")) == as_compared(content.decode("utf-8"))


def _put_metrics(wish: Wish, report: Report, clock: Clock, check_mode: bool, system: System) -> ItemResult:
    """Written in every run, for its age is what tells that runs still happen."""
    path, name = os.path.split(wish.metrics_path or "")
    try:
        with Directory.open(path, system=system) as folder:
            before = _text_of(folder, name)
            moment = read_last_success(before or "") if wish.is_red else int(clock.now().timestamp())
            file = _File(name, report_metrics(report, moment), without_moment)
            return _put(folder, path, file, check_mode, always=True)
    except InkanError as error:
        return ItemResult(name, "refused", "absent", error=error, extra={"path": wish.metrics_path})
