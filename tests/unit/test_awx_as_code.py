# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates, surveys, workflows, schedules and notifications of extensions/awx: taken by the modules of awx.awx and by
infra.aap_configuration, made of variables and playbooks that there are, and safe."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t
import zoneinfo

import pytest

pytest.importorskip("ansible.template")
pytest.importorskip("yaml")
rrule = pytest.importorskip("dateutil.rrule")

import jinja2.sandbox  # noqa: E402
import yaml  # noqa: E402
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.run_guard import refuse_wrong_answers  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.awx_files import (  # noqa: E402
    AWX,
    MODULES_OF_LISTS,
    PROJECT,
    Entry,
    controller,
    filled,
    group_vars,
    is_fetched,
    loaded,
    modules_of_awx,
    named,
    types_by_name,
)
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402

OURS = {path.stem for path in (REPOSITORY / "playbooks").glob("*.yml")}
SECRET_MAPS = {"inkan_ca_accounts", "inkan_dns_services", "inkan_mailboxes", "inkan_notifications"}  # see variables.yml
VARIABLES: Entry = {
    name: option
    for group in yaml.safe_load((REPOSITORY / "docs/variables.yml").read_text("utf-8"))["groups"].values()
    for name, option in group.items()
}
#: type of a survey's question -> type of the variable
SURVEY_TYPES = {"text": "str", "textarea": "str", "multiplechoice": "str", "multiselect": "list", "integer": "int"}
#: the keys of an item that roles of infra.aap_configuration 3.0.0 hand on (awx-and-mail 1.6)
AAP_KEYS = {
    "controller_credential_types": "name description kind inputs injectors",
    "controller_execution_environments": "name description image organization pull",
    "controller_credentials": "name credential_type organization state",
    "controller_projects": (
        "name description organization scm_type scm_url scm_branch credential scm_clean scm_update_on_launch "
        "default_environment allow_override wait"
    ),
    "controller_inventories": "name description organization",
    "controller_inventory_sources": (
        "name inventory organization source source_project source_path overwrite overwrite_vars update_on_launch"
    ),
    "controller_notifications": ("name description organization notification_type notification_configuration messages"),
    "controller_templates": (
        "name description organization job_type project inventory playbook execution_environment instance_groups "
        "credentials timeout job_slice_count allow_simultaneous use_fact_cache ask_variables_on_launch "
        "ask_job_type_on_launch ask_diff_mode_on_launch extra_vars survey_enabled survey_spec "
        "notification_templates_success notification_templates_error"
    ),
    "controller_workflows": (
        "name description organization inventory allow_simultaneous ask_variables_on_launch destroy_current_nodes "
        "survey_enabled survey_spec workflow_nodes notification_templates_approvals notification_templates_error"
    ),
    "controller_schedules": "name description unified_job_template rrule extra_data enabled",
}
JAPAN = zoneinfo.ZoneInfo("Asia/Tokyo")
TEMPLATES, WORKFLOWS, SCHEDULES = (named(f"controller_{kind}") for kind in ("templates", "workflows", "schedules"))

each_list = pytest.mark.parametrize("kind", MODULES_OF_LISTS)
each_template = pytest.mark.parametrize("name", TEMPLATES)
each_workflow = pytest.mark.parametrize("name", WORKFLOWS)
each_schedule = pytest.mark.parametrize("name", SCHEDULES)
with_awx = pytest.mark.skipif(not is_fetched(), reason="awx.awx is not here: scripts/awx_modules fetches it")


# --- taken by awx.awx and by infra.aap_configuration


@with_awx
@each_list
def test_the_module_of_awx_takes_every_item(kind: str) -> None:
    spec, options = modules_of_awx()[MODULES_OF_LISTS[kind]]
    for item in controller()[kind]:
        assert ArgumentSpecValidator(spec).validate(item).error_messages == [], item["name"]
        assert _unknown(item, options, item["name"]) == []


def _unknown(value: t.Any, options: Entry, path: str) -> list[str]:
    """Keys that the module's documentation does not have, at any depth: specs of awx.awx end at the first."""
    found = [f"{path}.{key}" for key in value if key not in options]
    for key, one in value.items():
        inner = options.get(key, {}).get("suboptions")
        for part in one if isinstance(one, list) else [one]:
            if inner and isinstance(part, dict):
                found += _unknown(part, inner, f"{path}.{key}")
    return found


@with_awx
def test_a_wrong_item_is_refused() -> None:
    spec, options = modules_of_awx()["job_template"]
    wrong = {**TEMPLATES["inkan.tls renew"], "job_type": "rehearse", "survey": {}}
    assert len(ArgumentSpecValidator(spec).validate(wrong).error_messages) == 2
    nodes = {"workflow_nodes": [{"identifier": "a", "related": {"succes_nodes": []}}]}
    assert _unknown(nodes, modules_of_awx()["workflow_job_template"][1], "w") == [
        "w.workflow_nodes.related.succes_nodes"
    ]
    assert "playbook" in options


@each_list
def test_infra_aap_configuration_hands_on_every_key(kind: str) -> None:
    for item in controller()[kind]:
        assert set(item) - set(AAP_KEYS[kind].split()) == set(), item["name"]


def test_the_playbook_for_awx_makes_every_list_with_every_key() -> None:
    tasks = loaded(AWX / "apply/awx.yml")
    assert [task["loop"] for task in tasks] == [f"{{{{ {kind} }}}}" for kind in MODULES_OF_LISTS]
    for task, (kind, module) in zip(tasks, MODULES_OF_LISTS.items()):
        items = controller()[kind]
        options = task[f"awx.awx.{module}"]
        assert set(options) == {key for item in items for key in item}
        for key, value in options.items():
            in_all = all(key in item for item in items)
            assert value == (f"{{{{ item.{key} }}}}" if in_all else f"{{{{ item.{key} | default(omit) }}}}")


def test_both_playbooks_read_all_files() -> None:
    (awx,), (aap,) = loaded(AWX / "apply.yml"), loaded(AWX / "apply_aap.yml")
    files = {f"controller/{path.name}" for path in (AWX / "controller").glob("*.yml")}
    assert (
        set(awx["vars_files"])
        == set(aap["vars_files"])
        == {*files, "project/inventory/group_vars/all/certificates.yml"}
    )
    assert awx["tasks"][0]["ansible.builtin.include_tasks"] == "apply/awx.yml"
    assert aap["tasks"][0]["ansible.builtin.include_role"] == {"name": "infra.aap_configuration.dispatch"}


def test_nothing_has_two_names_or_refers_to_what_is_not_made() -> None:
    made = {kind: [one["name"] for one in items] for kind, items in controller().items()}
    assert all(len(set(names)) == len(names) for names in made.values())
    told = {
        name
        for items in controller().values()
        for one in items
        for key in one
        if key.startswith("notification_templates")
        for name in one[key]
    }
    assert told <= set(made["controller_notifications"])
    site = loaded(AWX / "controller/site.yml")
    assert {name for names in site["awx_credentials"].values() for name in names} == set(made["controller_credentials"])
    assert {one["credential_type"] for one in controller()["controller_credentials"]} == set(types_by_name())
    for one in TEMPLATES.values():
        assert one["project"] in made["controller_projects"] and one["inventory"] in made["controller_inventories"]
        assert one["execution_environment"] in made["controller_execution_environments"]
        assert len(set(one["credentials"])) == len(one["credentials"])
        assert set(one["credentials"]) <= {*made["controller_credentials"], site["awx_site"]["machine_credential"]}
    assert {one["unified_job_template"] for one in SCHEDULES.values()} <= {*TEMPLATES, *WORKFLOWS}


# --- made of what there is


def test_the_project_has_a_playbook_for_each_of_ours() -> None:
    wrappers = {path.stem: loaded(path) for path in PROJECT.glob("*.yml")}
    assert set(wrappers) == OURS, "AWX offers the playbooks of a project, not those of collections"
    for name, plays in wrappers.items():
        assert [play["ansible.builtin.import_playbook"] for play in plays] == [f"inkan.tls.{name}"]
    assert {one["playbook"] for one in TEMPLATES.values()} == {f"{name}.yml" for name in OURS}


def test_every_variable_of_ours_is_one_that_there_is() -> None:
    assert set(group_vars()) - set(VARIABLES) - SECRET_MAPS == {"reseller_description"}
    injected = {name for one in types_by_name().values() for name in one["injectors"].get("extra_vars", {})}
    fixed = {name for one in TEMPLATES.values() for name in one.get("extra_vars", {})}
    assert injected and fixed and injected | fixed <= set(VARIABLES)


@pytest.mark.parametrize("name", [*TEMPLATES, *WORKFLOWS])
def test_a_survey_asks_for_variables_of_ours_in_their_type(name: str) -> None:
    one = {**TEMPLATES, **WORKFLOWS}[name]
    assert one["survey_enabled"] is ("survey_spec" in one)
    for question in one.get("survey_spec", {}).get("spec", []):
        known = VARIABLES[question["variable"]]
        assert known["type"] == SURVEY_TYPES[question["type"]] and question["question_name"]
        assert isinstance(question["required"], bool)
        choices = question.get("choices")
        assert (choices is not None) == question["type"].startswith("multi")
        if "choices" in known:
            assert choices == known["choices"] and question["default"] == known["default"]
        assert "default" not in question or question["default"] in choices
        if question["variable"] == "inkan_names":
            assert choices == ["shop", "www"], "persons choose among what is declared"
            assert question["required"], "an empty list would be a run for nothing"


def test_templates_that_need_names_ask_for_them() -> None:
    for name in ("approve", "done", "revoke", "rollback"):
        questions = TEMPLATES[f"inkan.tls {name}"]["survey_spec"]["spec"]
        assert questions[0]["variable"] == "inkan_names", name


def test_the_look_before_is_red_where_something_would_be_bought() -> None:
    look = TEMPLATES["inkan.tls renew, look first"]
    known = VARIABLES["inkan_fail_on"]
    assert look["job_type"] == "check" and not look["ask_job_type_on_launch"]
    assert set(look["extra_vars"]["inkan_fail_on"]) == {*known["default"], "would_change"} <= set(known["choices"])


# --- safe


@each_template
def test_a_template_runs_one_job_at_a_time_and_takes_no_other_variables(name: str) -> None:
    one = TEMPLATES[name]
    assert one["job_slice_count"] == 1 and one["allow_simultaneous"] is False and one["use_fact_cache"] is False
    assert one["ask_variables_on_launch"] is False and 0 < one["timeout"] <= 4 * 3600


def test_each_template_has_the_credentials_of_its_playbook_and_no_other() -> None:
    kinds = loaded(AWX / "controller/site.yml")["awx_credentials"]
    of = {name: kind for kind, names in kinds.items() for name in names}
    found = {
        name[len("inkan.tls ") :]: {of.get(one, "hosts") for one in row["credentials"]}
        for name, row in TEMPLATES.items()
    }
    everything = {"hosts", *kinds}
    assert found == {
        "plan": {"hosts", "ledger"},
        "contacts": {"ledger", "dns"},
        "renew": everything,
        "renew, look first": everything,
        "issue": everything,
        "settle": everything,
        "deploy": {"hosts", "ledger", "channels"},
        "approve": {"ledger", "cas", "mailboxes"},
        "done": {"ledger"},
        "report": {"hosts", "ledger", "channels"},
        "revoke": {"hosts", "ledger", "cas", "channels"},
        "rollback": {"hosts", "ledger", "channels"},
        "ledger": {"ledger"},
    }


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ({}, {}),
        ({"inkan_resolve": {"a": {"resolve": "give_up"}}}, {"a": {"resolve": "give_up"}}),
        (
            {"inkan_names": ["a", "b"], "inkan_resolve_as": "resubmit", "inkan_resolve_handle": ""},
            {name: {"resolve": "resubmit", "handle": ""} for name in ("a", "b")},
        ),
        (
            {"inkan_names": ["a"], "inkan_resolve_as": "adopt", "inkan_resolve_handle": "4711"},
            {"a": {"resolve": "adopt", "handle": "4711"}},
        ),
        ({"inkan_resolve_as": "resubmit"}, "resubmit"),
    ],
)
def test_the_answers_of_template_settle_are_those_for_each_named_certificate(said: Entry, answers: t.Any) -> None:
    """Without names it is no dictionary, which ends the run."""
    role = REPOSITORY / "roles" / "plan"
    given = {**loaded(role / "defaults" / "main.yml"), **said}
    found = filled(loaded(role / "vars" / "main.yml")["__inkan_resolve"], given)
    assert found == answers
    errors = InputCollector()
    refuse_wrong_answers(found, ["a", "b"], given["inkan_names"], errors)
    assert bool(errors.errors) is isinstance(answers, str)


def nodes_of(workflow: Entry) -> dict[str, Entry]:
    return {node["identifier"]: node for node in workflow["workflow_nodes"]}


def edges_of(node: Entry, *kinds: str) -> list[str]:
    related = node.get("related", {})
    return [one["identifier"] for kind in kinds for one in related.get(f"{kind}_nodes", [])]


def reached(workflow: Entry, approved: bool) -> set[str]:
    """The nodes that can run; without approval nothing follows on the success of an approval."""
    nodes = nodes_of(workflow)
    targets = {one for node in nodes.values() for one in edges_of(node, "success", "failure", "always")}
    todo, seen = [name for name in nodes if name not in targets], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        is_gate = nodes[name]["unified_job_template"]["type"] == "workflow_approval"
        kinds = ("failure", "always") if is_gate and not approved else ("success", "failure", "always")
        todo += [one for one in edges_of(nodes[name], *kinds) if one not in seen]
    return seen


@each_workflow
def test_a_workflow_is_whole(name: str) -> None:
    nodes = nodes_of(WORKFLOWS[name])
    assert len(nodes) == len(WORKFLOWS[name]["workflow_nodes"]) and reached(WORKFLOWS[name], approved=True) == set(
        nodes
    )
    for identifier, node in nodes.items():
        said = node["unified_job_template"]
        if said["type"] == "workflow_approval":
            assert 0 < said["timeout"] <= 172800 and edges_of(node, "success") and edges_of(node, "failure")
        else:
            template = TEMPLATES[said["name"]]
            assert "job_type" not in node or template["ask_job_type_on_launch"], identifier
            assert not node.get("diff_mode") or template["ask_diff_mode_on_launch"], identifier
    asked = {one["variable"] for one in WORKFLOWS[name].get("survey_spec", {}).get("spec", [])}
    for node in nodes.values():
        questions = TEMPLATES.get(node["unified_job_template"]["name"], {}).get("survey_spec", {}).get("spec", [])
        assert {one["variable"] for one in questions if one["required"] and "default" not in one} <= asked


def test_nothing_is_bought_or_pressed_before_a_person_says_yes() -> None:
    def run_for_real(name: str, approved: bool) -> set[str]:
        nodes = nodes_of(WORKFLOWS[name])
        real = {one for one in reached(WORKFLOWS[name], approved) if nodes[one].get("job_type") != "check"}
        said = {
            nodes[one]["unified_job_template"]["name"]
            for one in real
            if nodes[one]["unified_job_template"]["type"] == "job_template"
        }
        return {one[len("inkan.tls ") :] for one in said if TEMPLATES[one]["job_type"] == "run"}

    assert run_for_real("inkan.tls issue, approved", approved=False) == {"report"}
    assert run_for_real("inkan.tls issue, approved", approved=True) == {"issue", "report"}
    assert run_for_real("inkan.tls approve, approved", approved=False) == {"report"}
    assert run_for_real("inkan.tls approve, approved", approved=True) == {"approve", "renew", "report"}
    renew = nodes_of(WORKFLOWS["inkan.tls renew, approved"])
    assert edges_of(renew["look"], "failure") == ["approval"] and edges_of(renew["look"], "always") == []
    assert edges_of(renew["look"], "success") == ["go-on"], "green: there is nothing to buy"
    assert reached(WORKFLOWS["inkan.tls renew, approved"], approved=False) == set(renew) - {"order"}


# --- when, in Japan

TIMES = {
    "inkan.tls renew, daily": ("07:00", "Mon Tue Wed Thu Fri Sat Sun"),
    "inkan.tls renew with approval, daily": ("08:30", "Mon Tue Wed Thu Fri Sat Sun"),
    "inkan.tls contacts, weekly": ("06:00", "Mon"),
    "inkan.tls report, working days": ("09:00", "Mon Tue Wed Thu Fri"),
    "inkan.tls plan, monthly": ("08:00", ""),
}


@each_schedule
def test_a_schedule_falls_where_it_says(name: str) -> None:
    text = SCHEDULES[name]["rrule"]
    shape = re.fullmatch(r"DTSTART;TZID=Asia/Tokyo:\d{8}T\d{6} RRULE:([A-Z=;,0-9]+)", text)
    assert shape, "one start with its zone, one rule"
    words = dict(word.split("=") for word in shape.group(1).split(";"))
    assert words["INTERVAL"] == "1" and words["FREQ"] in ("DAILY", "WEEKLY", "MONTHLY")
    assert set(words) <= {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY"}, "AWX refuses numbered days, dates and seconds"
    rule = rrule.rrulestr(text.replace(" RRULE", "\nRRULE"))
    start = dt.datetime(2026, 12, 1, tzinfo=JAPAN)
    falls = rule.between(start, start + dt.timedelta(days=365))
    hour, days = TIMES[name]
    assert {moment.astimezone(JAPAN).strftime("%H:%M") for moment in falls} == {hour}
    if days:
        week = ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]
        assert [moment.strftime("%a") for moment in falls[: len(days.split())]] == sorted(days.split(), key=week.index)
        assert {moment.strftime("%a") for moment in falls} == set(days.split())
    else:
        assert {moment.day for moment in falls} == {1} and len(falls) == 12


@each_schedule
def test_a_schedule_gives_only_what_is_asked_for(name: str) -> None:
    target = {**TEMPLATES, **WORKFLOWS}[SCHEDULES[name]["unified_job_template"]]
    questions = {one["variable"]: one for one in target.get("survey_spec", {}).get("spec", [])}
    given = SCHEDULES[name].get("extra_data", {})
    assert {key for key, one in questions.items() if one["required"] and "default" not in one} <= set(given)
    assert all(value in questions[key]["choices"] for key, value in given.items())


def test_of_two_ways_to_renew_one_is_switched_on() -> None:
    renewing = [one["enabled"] for one in SCHEDULES.values() if "renew" in one["unified_job_template"]]
    assert sorted(renewing) == [False, True]


# --- what is told

#: what AWX asks for, by kind
CONFIGURATIONS = {
    "email": {"host", "port", "use_tls", "use_ssl", "username", "password", "sender", "recipients", "timeout"},
    "webhook": {"url", "http_method", "headers", "username", "password", "disable_ssl_verification"},
}


def messages(value: t.Any, path: tuple[str, ...] = ()) -> t.Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
        return
    for key, one in value.items():
        yield from messages(one, (*path, key))


def rendered(template: str, artifacts: Entry) -> str:
    """AWX saves a message only if it renders with a job that has no artifacts."""
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    job = {"name": "inkan.tls report", "status": "successful", "artifacts": artifacts}
    words = {
        "approval_node_name": "Spend the money?",
        "workflow_url": "https://awx.example/w/1",
        "url": "https://awx.example/j/1",
    }
    return sandbox.from_string(template).render(job=job, **words)


def example_summary() -> Entry:
    page = (REPOSITORY / "docs/docsite/rst/guide_report.rst").read_text("utf-8")
    block = re.search(r"^    inkan_report:\n((?: {6}.*\n)+)", page, re.MULTILINE)
    assert block
    return t.cast(Entry, yaml.safe_load(block.group(0))["inkan_report"])


@pytest.mark.parametrize("name", named("controller_notifications"))
def test_every_message_renders_with_a_report_and_without(name: str) -> None:
    one = named("controller_notifications")[name]
    kind = one["notification_type"]
    assert set(one["notification_configuration"]) == CONFIGURATIONS[kind]
    assert set(one["messages"]["workflow_approval"]) == {"running", "approved", "denied", "timed_out"}
    for path, template in messages(one["messages"]):
        for artifacts in (
            {},
            {"inkan_report": example_summary()},
            {"inkan_report": {**example_summary(), "next_end": None}},
        ):
            text = rendered(template, artifacts)
            assert text.strip() and "{{" not in text and "{%" not in text
            assert path[-1] != "message" or "\n" not in text, "a subject is one line"
            if kind == "webhook":
                assert isinstance(json.loads(text), dict)


def test_the_numbers_of_the_report_are_in_the_mail() -> None:
    said = named("controller_notifications")["inkan.tls mail"]["messages"]["success"]
    assert (
        rendered(said["message"], {"inkan_report": example_summary()})
        == "Certificates: 3 need attention, 11 wait, 6 due"
    )
    body = rendered(said["body"], {"inkan_report": example_summary()})
    assert body.startswith("120 certificates on 2026-11-20: 3 need attention, 11 wait,\n6 are due, 100 are in order.\n")
    assert "The next to end is shop, 2026-12-04T14:59:59Z.\n5 tasks wait for people, 0 of them are late.\n" in body
    assert rendered(said["message"], {}) == "inkan.tls report: successful"
