# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of role approve: from declarations to the items of approval_mails, from its results to lines."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core import work_approvals


def approval_items(
    names: t.Sequence[str],
    certificates: t.Sequence[t.Any],
    organizations: t.Mapping[str, t.Any],
    settings: t.Mapping[str, t.Any],
    answer: t.Mapping[str, t.Any] | None = None,
) -> list[dict[str, t.Any]]:
    return work_approvals.approval_items(names, certificates, organizations, settings, answer or {})


def approval_lines(results: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    return work_approvals.approval_lines(results)


def done_items(
    names: t.Sequence[str],
    done: t.Sequence[str],
    reopen: t.Sequence[str] = (),
    note: str | None = None,
    who: str | None = None,
) -> list[dict[str, t.Any]]:
    return work_approvals.done_items(names, done, reopen, note, who)


def done_lines(results: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    return work_approvals.done_lines(results)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "approval_items": approval_items,
            "approval_lines": approval_lines,
            "done_items": done_items,
            "done_lines": done_lines,
        }
