# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole lab from outside: its facts, its pages at /_lab/, its start from the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import stat
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from lab.control_page import page as page_of
from lab.http_server import Request
from lab.inventory import yaml_lines
from lab.lab import Lab
from lab.mail import Letter
from lab.vices import VICES

yaml = pytest.importorskip("yaml")

MOMENT = datetime(2026, 6, 23, 1, 0, tzinfo=timezone.utc)
TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), now=MOMENT, vices=["mail_twice"]) as lab:
        yield lab
        assert lab.failures == []


class Answer(t.NamedTuple):
    status: int
    headers: t.Any
    text: str

    @property
    def document(self) -> t.Any:
        return json.loads(self.text)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: t.Any) -> None:
        return None


def ask(lab: Lab, path: str, body: t.Any = None, **headers: str) -> Answer:
    """A body of text is a form, everything else JSON."""
    facts = lab.facts()
    data = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
    url = urllib.parse.urljoin(facts["control_url"], path)
    request = urllib.request.Request(url, data, {"Content-Type": kind, **headers})
    tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=facts["api_ca"]))
    try:
        with urllib.request.build_opener(tls, _NoRedirect).open(request, timeout=5) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


# --- facts ---------------------------------------------------------------------------------------------------------


def test_the_facts_lead_to_what_is_there(lab: Lab) -> None:
    facts = lab.facts()
    assert json.loads((lab.folder / "lab.json").read_text()).keys() == facts.keys()
    assert facts["dns"]["zones"] == ["example.co.jp", "example.com", "example.jp", "lab.example"]
    assert {name: host["address"] for name, host in facts["web"].items()} == {
        "web1": "127.0.0.11",
        "web2": "127.0.0.12",
    }
    for host in facts["web"].values():
        assert Path(host["document_root"]).is_dir()
        assert Path(host["pid_file"]).is_file()
        url = f"http://{host['address']}:{facts['http_port']}/"
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert answer.status == 200
    assert "BEGIN CERTIFICATE" in Path(facts["issuing_ca"]).read_text()
    assert ask(lab, facts["api_url"] + "/orders/none").status == 401


def test_names_of_the_world_lead_to_the_web_hosts(lab: Lab) -> None:
    addresses = {name: value for name, type, value in lab.dns.records("example.jp") if type == "A"}
    assert addresses["api.example.jp"] == "127.0.0.11"
    assert addresses["intra.example.jp"] == "127.0.0.12"
    both = {value for name, type, value in lab.dns.records("example.jp") if (name, type) == ("www.example.jp", "A")}
    assert both == {"127.0.0.11", "127.0.0.12"}


def test_secrets_are_for_the_owner_only(lab: Lab) -> None:
    assert stat.S_IMODE(lab.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((lab.folder / "lab.json").stat().st_mode) == 0o600


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_there_is_and_escapes_it(lab: Lab) -> None:
    lab.history.add("strange", words="<script>alert(1)</script>")
    lab.history.add("<b>kind")
    page = ask(lab, "/_lab/")
    assert page.status == 200
    assert "2026-06-23T10:0" in page.text
    assert all(vice.name in page.text for vice in VICES)
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "<b>kind" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_of_one_kind(lab: Lab) -> None:
    lab.history.add("one-kind", fact="only this")
    lab.history.add("another-kind", fact="not that")
    page = ask(lab, "/_lab/?kind=one-kind").text
    assert "only this" in page
    assert "not that" not in page


def test_without_the_slash(lab: Lab) -> None:
    answer = ask(lab, "/_lab")
    assert (answer.status, answer.headers["Location"]) == (303, "/_lab/")


def test_the_history_as_json(lab: Lab) -> None:
    lab.history.add("fetch", order="LS-7", hops=2)
    lab.history.add("fetch", order="LS-8", hops=2)
    events = ask(lab, "/_lab/history?kind=fetch&order=LS-7&hops=2").document["events"]
    assert [event["order"] for event in events] == ["LS-7"]
    assert len(ask(lab, "/_lab/history").document["events"]) == len(lab.history.events())


def test_the_clock_is_set_and_goes_on(lab: Lab) -> None:
    state = ask(lab, "/_lab/clock", {"now": "2026-07-01T00:00:00+09:00"}).document
    assert state["now"].startswith("2026-06-30T15:00:0")
    state = ask(lab, "/_lab/clock", {"advance_hours": 6}).document
    assert state["now_jst"].startswith("2026-07-01T06:00:0")
    assert timedelta(0) <= lab.clock.now() - datetime(2026, 6, 30, 21, tzinfo=timezone.utc) < timedelta(seconds=9)


def test_vices_are_switched(lab: Lab) -> None:
    state = ask(lab, "/_lab/vices", {"mail_late": True, "mail_twice": False}).document
    assert {name for name, on in state["vices"].items() if on} == {"mail_late"}
    ask(lab, "/_lab/vices", {"mail_late": False, "mail_twice": True})
    assert lab.switches.is_on("mail_twice")
    assert not lab.switches.is_on("mail_late")


def test_the_crawler_comes_round(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    monkeypatch.setattr(lab.seller, "crawl", lambda: rounds.append(1))
    assert ask(lab, "/_lab/crawler", {}).status == 200
    assert ask(lab, "/_lab/crawler", "").headers["Location"] == "/_lab/"
    assert rounds == [1, 1]


def test_the_forms_of_the_page_work(lab: Lab) -> None:
    page = ask(lab, "/_lab/").text
    form = re.search(r"action='(/_lab/vices)'><input type=hidden name='(mail_late)' value=on>", page)
    assert form is not None
    answer = ask(lab, form[1], f"{form[2]}=on", Origin=lab.server.url)
    assert (answer.status, answer.headers["Location"]) == (303, "/_lab/")
    assert lab.switches.is_on("mail_late")
    ask(lab, form[1], f"{form[2]}=off")
    assert not lab.switches.is_on("mail_late")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"now": "yesterday"}),
        ("clock", {"now": "2026-07-01T00:00:00"}),
        ("clock", {"advance_hours": "many"}),
        ("clock", {"advance_hours": 1e300}),
        ("clock", {}),
        ("clock", ["now"]),
        ("vices", {"mail_late": True, "mail_lait": True}),
        ("vices", {"mail_late": "perhaps"}),
    ],
)
def test_wishes_that_cannot_be_met(lab: Lab, path: str, body: t.Any) -> None:
    before = ask(lab, "/_lab/state").document
    answer = ask(lab, f"/_lab/{path}", body)
    assert answer.status == 400
    assert answer.document["error"]
    after = ask(lab, "/_lab/state").document
    assert (after["vices"], after["now"][:15]) == (before["vices"], before["now"][:15])


def test_a_page_from_elsewhere_may_not(lab: Lab) -> None:
    answer = ask(lab, "/_lab/vices", "mail_late=on", Origin="https://elsewhere.example")
    assert answer.status == 403
    assert not lab.switches.is_on("mail_late")


def test_orders_are_shown_without_request_and_certificate(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    order = {
        "order_id": "LS-000001",
        "partner_order_id": "ours",
        "product": "dv",
        "state": "rejected",
        "common_name": "www.example.jp",
        "names": ["www.example.jp", "example.jp"],
        "reason": "承認されませんでした<br>",
        "auth": {"method": "mail", "sent_to": ["hostmaster@example.jp"]},
        "certificate": {"serial": "secret-serial"},
    }
    monkeypatch.setattr(lab.seller, "orders", lambda: [order])
    page = ask(lab, "/_lab/").text
    assert "LS-000001" in page
    assert "www.example.jp, example.jp" in page
    assert "承認されませんでした&lt;br&gt;" in page
    assert "secret-serial" not in page
    assert ask(lab, "/_lab/state").document["orders"][0]["method"] == "mail"


def test_links_in_mails_can_be_pressed_but_not_harmful_ones(lab: Lab) -> None:
    class Evil(Letter):
        links = ["https://127.0.0.1:1/a'b", "javascript:alert(1)"]  # noqa: RUF012
        subject = "<i>subject"

    state = {"now": "", "now_jst": "", "vices": dict.fromkeys((vice.name for vice in VICES), False)}
    letter = Evil("a@example.jp", Path("x"), b"", None)  # type: ignore[arg-type]
    text = page_of({**state, "orders": [], "failures": ["<u>"]}, [letter], [], [], None)
    assert "<a href='https://127.0.0.1:1/a&#x27;b'" in text
    assert "javascript:" not in text
    assert "&lt;i&gt;subject" in text
    assert "&lt;u&gt;" in text


def test_what_breaks_in_the_lab_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_request: Request) -> t.Any:
        raise KeyError("a mistake of the lab")

    monkeypatch.setattr(lab.seller, "orders", lambda: broken(None))  # type: ignore[arg-type]
    assert ask(lab, "/_lab/state").status == 500
    assert "a mistake of the lab" in lab.failures[0]
    lab.server.failures.clear()


# --- from the command line -----------------------------------------------------------------------------------------


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lab", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_open(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C closes" in line:
            return "".join(lines)
    raise AssertionError(process.stderr.read() if process.stderr else "")


def test_it_starts_for_people_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    process = start("--folder", str(folder), "--now", "2026-06-23T10:00:00+09:00", "--vices", "mail_late,mail_twice")
    try:
        screen = wait_until_open(process)
        again = start("--folder", str(folder))
        assert again.wait(20) == 2, "a folder in which a lab runs is left alone"
        assert f"still runs; its process id is in {folder}" in again.communicate()[1]
        facts = json.loads((folder / "lab.json").read_text())
        inventory = yaml.safe_load((folder / "inventory.yml").read_text())
        web_pids = [int(Path(host["pid_file"]).read_text()) for host in facts["web"].values()]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        process.communicate()
    assert facts["control_url"] in screen
    assert "mail_late, mail_twice" in screen
    assert "2026-06-23T10:00:" in screen
    assert inventory["all"]["vars"]["inkan_now"].startswith("2026-06-23T01:00:")
    assert inventory["all"]["vars"]["inkan_ca_accounts"]["labssl"]["secrets"] == {"api_key": facts["api_key"]}
    assert list(inventory["all"]["children"]["webservers"]["hosts"]) == ["web1", "web2"]
    assert not (folder / "lab.pid").exists()
    assert [pid for pid in web_pids if _is_there(pid)] == []


def test_another_process_ends_it_and_waits_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "lab.pid").write_text(f"{os.getpid()}\n")  # a killed lab left it, and the number is somebody else's now
    assert start("--folder", str(folder), "--stop").wait(20) == 0
    process = start("--folder", str(folder), "--vices", "none")
    wait_until_open(process)
    facts = json.loads((folder / "lab.json").read_text())
    assert int((folder / "lab.pid").read_text()) == process.pid
    assert start("--folder", str(folder), "--stop").wait(20) == 0
    assert process.wait(5) == 0
    process.communicate()
    assert not any(Path(host["pid_file"]).exists() for host in facts["web"].values())
    assert start("--stop").wait(20) == 2, "of which folder?"


def _is_there(pid: int) -> bool:
    for _try in range(20):
        if not Path(f"/proc/{pid}").exists():
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vices", "mail_lait"], "no such vice: mail_lait"),
        (["--now", "noon"], "invalid"),
        (["--folder", "."], "neither empty"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], words: str) -> None:
    process = start(*arguments)
    assert process.wait(20) == 2
    assert words in process.communicate()[1]


def test_an_inventory_that_yaml_reads_as_it_was_meant() -> None:
    value = {"a": {"b": [{"c": "yes", "d": []}, ["x", ["y"]], {}, None, 1.5], "e": "#: '\"é{{ x }}\n"}, "f": True}
    assert yaml.safe_load("\n".join(yaml_lines(value))) == value
