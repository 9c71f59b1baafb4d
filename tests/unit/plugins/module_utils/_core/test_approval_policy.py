# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may answer a mail, and what speaks against each of them."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_policy import ApprovalPolicy, answering_by

AUTO = ApprovalPolicy("auto", ("example.jp",), daily_cap=2)
NAMES = ("*.example.jp", "a.example.jp")


@pytest.mark.parametrize(
    ("policy", "answer", "names", "by", "code"),
    [
        pytest.param(ApprovalPolicy("assist"), "approve", NAMES, "person", "", id="a person who is helped"),
        pytest.param(ApprovalPolicy("assist"), "", NAMES, "", "", id="nobody answers"),
        pytest.param(
            ApprovalPolicy("observe"), "approve", NAMES, "person", "approvals_observe_only", id="only observed"
        ),
        pytest.param(
            ApprovalPolicy("assist", stopped="halt"),
            "approve",
            NAMES,
            "person",
            "approvals_stopped",
            id="a person, stopped",
        ),
        pytest.param(AUTO, "approve", NAMES, "person", "", id="a person where a machine may"),
        pytest.param(AUTO, "", NAMES, "auto", "", id="a machine"),
        pytest.param(AUTO, "", ("badexample.jp",), "", "auto_not_opted_in", id="a name that only ends alike"),
        pytest.param(
            AUTO, "", (*NAMES, "example.com"), "", "auto_not_opted_in", id="one name of several has not opted in"
        ),
        pytest.param(
            ApprovalPolicy("auto", ("example.jp",), 2, 0, "halt"),
            "",
            NAMES,
            "",
            "approvals_stopped",
            id="a machine, stopped",
        ),
        pytest.param(ApprovalPolicy("auto", ("example.jp",), 2, 1), "", NAMES, "auto", "", id="the last of a day"),
        pytest.param(ApprovalPolicy("auto", ("example.jp",), 1), "", NAMES, "auto", "", id="the only one of a day"),
        pytest.param(
            ApprovalPolicy("auto", ("example.jp",), 2, 2), "", NAMES, "", "auto_daily_cap", id="one more than the last"
        ),
        pytest.param(
            ApprovalPolicy("auto", ("example.jp",)), "", NAMES, "", "auto_daily_cap", id="no cap was set: none"
        ),
    ],
)
def test_who_may_answer(policy: ApprovalPolicy, answer: str, names: tuple[str, ...], by: str, code: str) -> None:
    who, flaw = answering_by(policy, answer, names)
    assert (who, flaw.code if flaw else "") == (by, code)
