# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about notifications are held to the code: channels can be read, tasks are tasks, every kind is told of."""

from __future__ import annotations

import re
import typing as t

import pytest

yaml = pytest.importorskip("yaml")

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # noqa: E402
from ansible_collections.inkan.tls.plugins.filter.run import only_secrets, without_secrets  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import read_channels  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import KINDS  # noqa: E402
from ansible_collections.inkan.tls.plugins.modules import notifications  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402

PAGES = ("guide_notifications", "guide_notifications_ja")
page = pytest.mark.parametrize("name", PAGES)


def text_of(name: str) -> str:
    return (REPOSITORY / "docs/docsite/rst" / f"{name}.rst").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[t.Any]:
    found = re.findall(
        rf"^\.\. code-block:: {re.escape(language)}\n\n((?:(?: {{4}}.*)?\n)+)", text_of(name), re.MULTILINE
    )
    return [yaml.safe_load(block) for block in found]


@page
def test_the_channels_of_the_page_can_be_read(name: str) -> None:
    (inventory,) = blocks(name, "yaml")
    declared = inventory["inkan_notifications"]
    channels, secrets = without_secrets(declared), only_secrets(declared)
    assert not any("secrets" in channel for channel in channels) and set(secrets) == {one["name"] for one in declared}
    spec = {key: notifications.argument_spec()[key] for key in ("channels",)}
    read = ArgumentSpecValidator(spec).validate({"channels": channels})
    assert read.error_messages == []
    plain = {
        one: {key: "https://h.example/templated" if key == "url" else "templated-secret" for key in values}
        for one, values in secrets.items()
    }
    errors = InputCollector()
    found = read_channels(read.validated_parameters["channels"], plain, errors)
    assert [error.sentence() for error in errors.errors] == [] and len(found) == len(declared)


@page
def test_every_kind_of_news_is_in_the_table(name: str) -> None:
    assert tuple(re.findall(r"^   \* - ``(\w+)``$", text_of(name), re.MULTILINE)) == ("on", *KINDS)


def test_the_tasks_for_other_collections_are_tasks() -> None:
    tasks = [task for block in blocks("guide_notifications", "yaml+jinja") for task in block]
    modules = {key for task in tasks for key in task if re.fullmatch(r"\w+\.\w+\.\w+", key)}
    assert modules == {
        "ansible.builtin.slurp",
        "ansible.builtin.uri",
        "community.general.jira",
        "servicenow.itsm.incident",
    }
    for task in tasks:
        known = {"name", "loop", "loop_control", "register", "run_once", "delegate_to"}
        assert task["name"] and len(set(task) - known) == 1, task["name"]
