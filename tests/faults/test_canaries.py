# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every secret of a whole company is a canary; every playbook is played, as talkative as can be: none is ever found.

One world for all: what one test leaves, the next one searches, too. Processes are watched from outside (/proc) and from
inside (probe/sitecustomize.py): arguments, environments, syslog, and the modes that files were made with.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import typing as t
import urllib.parse
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import profiles_for
from canaries import Canaries, Leak
from canary_world import CanaryWorld, certificate, defective_collection
from plays.play import Play
from plays.waiting import wait_for
from tally import Invariant, Tally

HARNESS = "canary secrets"
MODES = "key files, modes"
#: those that write, or look, and what they are told
BOOKS: dict[str, dict[str, t.Any]] = {
    "ledger": {},
    "plan": {},
    "contacts": {},
    "deploy": {},
    "renew": {"inkan_renewal": {"force": ["rest"]}},
    "rollback": {"inkan_names": ["rest"]},
    "revoke": {"inkan_names": ["digicert"], "inkan_revoke_reason": "keyCompromise"},
    "report": {},
}
#: playbook, arguments
RUNS = [(book, arguments) for book in BOOKS for arguments in (("--check", "--diff"), ("--diff",))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[CanaryWorld]:
    with CanaryWorld(tmp_path_factory.mktemp("canaries")) as world:
        world.declare(*world.world.certificates, portal())
        yield world


def portal() -> dict[str, t.Any]:
    """Bought at a portal and approved by mail: link and code come in a letter."""
    contact = {"kind": "constructed", "address": "admin@portal.example.jp"}
    more = {"validation": {"method": "email", "contact": contact}, "product": "cpi-dv", "key": {"made_by": "seller"}}
    return {**certificate("portal"), **more, "deploy": {"by": "seller", "handshake": False}}


def nothing_got_out(world: CanaryWorld, play: Play | None = None) -> None:
    leaks = [str(leak) for leak in world.leaks()]
    assert leaks == [], "\n".join([*leaks, play.why() if play else ""])
    assert world.open_keys() == []


def states(play: Play) -> dict[str, str]:
    return play.order_states()


# --- the harness sees what it is to see


def test_the_searched_places_hold_what_they_are_searched_for(world: CanaryWorld, tally: Tally) -> None:
    """All CAs, with umask 000, and beside them servers that refuse with every word that they were sent: CAs, DNS
    services, mailboxes, mail server and webhook. What they echo goes into errors, ledger and report. Logs, artifacts,
    observed processes and syslog are there, and no secret in them.
    """
    world.plays.umask = 0o000
    good, before = list(world.world.certificates), set(world.adopt())
    world.declare(*good, *world.failing())
    mailboxes = {**world.world.variables["inkan_mailboxes"], **world.mailboxes_that_echo()}
    variables = {"inkan_mailboxes": mailboxes, "inkan_approvals": {"mode": "auto", "auto_domains": ["example.jp"]}}
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        play = world.play("issue", "--diff", variables=variables)
        expected = {name.replace("_", "-"): "deployed" for name in world.cas}
        assert {name: states(play).get(name) for name in expected} == expected, play.why()
        errors = [one for one in play.results("certificate_orders") if one.get("error")]
        assert {one["name"] for one in errors} >= {"echo-rest", "echo-digicert", "echo-globalsign-gcc"}, play.why()
        assert "who is" in play.stdout and "nobody may" in play.stdout, "they echo, and people are shown it"
        nothing_got_out(world, play)
    world.declare(*good)
    keys_were_for_their_owner_alone(world, tally, before)
    root = world.root
    for file in ("ansible.log", "probe/observed", "probe/processes", "probe/syslog", "probe/creations"):
        assert (root / file).stat().st_size > 0, file
    for folder in ("junit", "everything", "facts"):
        assert list((root / folder).iterdir()), folder
    assert "store_path" in (root / "probe/syslog").read_text() and "python" in (root / "probe/observed").read_text()
    homes = {path.name for names in world.canaries.homes.values() for path in names}
    assert {"privkey.pem"} <= homes, "keys of hosts are canaries"
    assert any(path.parent.name == "acme" for names in world.canaries.homes.values() for path in names), "account keys"


def keys_were_for_their_owner_alone(world: CanaryWorld, tally: Tally, before: set[Path]) -> None:
    """Those that a play has made since: the mode that each file was asked for, whatever the umask leaves of it, and
    what it has in the end."""
    with tally.attack(Invariant.NO_SECRET, MODES):
        made = set(world.adopt()) - before
        assert made and {path.stat().st_mode & 0o777 for path in made} == {0o600}
        created = (world.plays.probe / "creations").read_text("utf-8")
        assert "privkey.pem" in created and ".inkan-tmp-" in created
        assert world.open_keys() == []


# --- trouble


@pytest.mark.parametrize(
    "call", ["http", *(pytest.param(one, marks=pytest.mark.long) for one in ("http, all", "disk"))]
)
def test_a_call_that_breaks_down_with_all_that_it_was_given(world: CanaryWorld, tally: Tally, call: str) -> None:
    """An exception that nobody expects, out of the midst of a module, with the secret in its words."""
    names = {"http": ["digicert", "globalsign-gcc"], "http, all": [], "disk": ["rest"]}[call]
    names = names or [name.replace("_", "-") for name in world.cas if name != "acme"]
    told = {"portal": {"order_number": "N-1"}}
    variables = {"inkan_renewal": {"force": names}, "inkan_names": [*names, "portal"], "inkan_intake": told}
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        world.plays.breaks, world.plays.result_format = call.partition(",")[0], "yaml"
        try:
            play = world.play("renew", "--diff", variables=variables)
        finally:
            world.plays.breaks, world.plays.result_format = "", "json"
        assert "RuntimeError" in play.stdout, play.why()
        nothing_got_out(world, play)


def test_killed_amid_a_renewal_and_gone_on_with_by_ansible_runner(world: CanaryWorld, tally: Tally) -> None:
    """SIGKILL for all its processes once a new key is on the disk; the next run, under umask 077, leaves no copy of a
    key behind."""
    machine = world.world.machines["web1"]
    before = machine.generations("rest")
    force = {"inkan_renewal": {"force": ["rest"]}, "inkan_names": ["rest"]}
    world.plays.umask = 0o077
    known = set(world.adopt())
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        with world.watched("renew", "--diff", variables=force) as running:
            wait_for(lambda: machine.generations("rest") != before or not running.running(), "a staged key", 500)
            running.kill()
        nothing_got_out(world)
        gone_on_by_runner(world, "renew", force, shown="True")
        nothing_got_out(world)
        kept = {path.name for path in world.adopt() if path.is_relative_to(machine.store)}
        assert kept <= {"privkey.pem", "recipient.key"}, "the key of a receiver, and no half-made generation"
    keys_were_for_their_owner_alone(world, tally, known)


def gone_on_by_runner(world: CanaryWorld, playbook: str, variables: dict[str, t.Any], *, shown: str) -> None:
    """As AWX keeps them: an event a file, standard output, fact cache. With arguments shown, its events would hold
    them as templated; the tasks with secrets are hidden then, and only then."""
    pytest.importorskip("ansible_runner")
    world.write_inventory()
    private = world.root / f"runner-{playbook}-{shown}"
    for folder in ("env", "project"):
        (private / folder).mkdir(parents=True)
    code = (
        "import ansible_runner, json, os, sys; os.umask(int(sys.argv[5]));"
        " r = ansible_runner.run(private_data_dir=sys.argv[1], inventory=sys.argv[2],"
        " playbook=sys.argv[3], extravars=json.loads(sys.argv[4]), verbosity=4, quiet=True,"
        " settings={'suppress_ansible_output': True}); sys.exit(0 if list(r.events) else 1)"
    )
    words = [str(private), str(world.world.inventory), f"inkan.tls.{playbook}", json.dumps(variables)]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, str(world.plays.umask)],
        env={
            **world.plays.environment(),
            "INKAN_COUNTS_FILE": str(private / "counts"),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": shown,
        },
        cwd=private,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    (world.root / "log").mkdir(exist_ok=True)
    (world.root / "log" / "runner.log").write_text(done.stdout + done.stderr, "utf-8")
    assert done.returncode == 0, done.stderr
    events = [path.read_text("utf-8") for path in private.glob("artifacts/*/job_events/*.json")]
    ordered = [event for event in events if "Submit orders" in event and '"runner_on_ok"' in event]
    assert len(events) > 20 and ordered
    assert all(("output has been hidden" in event) == (shown == "True") for event in ordered)


# --- a person's approval


def test_links_and_codes_of_approval_mails(world: CanaryWorld, tally: Tally) -> None:
    lab = world.world.lab
    paper = lab.also["approvals"].ask("jprs", "admin@portal.example.jp", domain="portal.example.jp")
    world.canaries.add("key of an approval link", paper.key)
    lab.also["approvals"].mail(paper)
    host = lab.facts()["api_url"].split("/")[2]
    approvals = {"mode": "assist", "profiles": profiles_for(host)}
    sight = {"inkan_sight": {"ca_bundle": lab.facts()["api_ca"]}}
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        variables = {"inkan_names": ["portal"], "inkan_approvals": approvals, **sight}
        play = world.play("approve", "--diff", variables=variables)
        assert paper.state == "approved", play.why()
        nothing_got_out(world, play)


# --- all playbooks


def test_the_playbooks_that_look_one_after_another(world: CanaryWorld, tally: Tally) -> None:
    """In one process, which shares what it has learned."""
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        play = world.play("ledger+report", "--check", "--diff")
        assert len(play.events) > 10, play.why()
        nothing_got_out(world, play)


@pytest.mark.long
@pytest.mark.parametrize(("book", "arguments"), RUNS, ids="".join)
def test_every_playbook(world: CanaryWorld, tally: Tally, book: str, arguments: tuple[str, ...]) -> None:
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        play = world.play(book, *arguments, variables=BOOKS[book])
        assert play.events, play.why()
        nothing_got_out(world, play)


@pytest.mark.long
@pytest.mark.parametrize("shown", ["True", "False"])
def test_artifacts_of_ansible_runner(world: CanaryWorld, tally: Tally, shown: str) -> None:
    with tally.attack(Invariant.NO_SECRET, HARNESS):
        gone_on_by_runner(world, "issue", {}, shown=shown)
        nothing_got_out(world)


# --- modes of key files


@pytest.mark.long
@pytest.mark.parametrize("umask", (0o000, 0o077), ids=("umask-000", "umask-077"))
def test_key_files_are_for_their_owner_alone_at_every_instant(world: CanaryWorld, tally: Tally, umask: int) -> None:
    before = set(world.adopt())
    world.plays.umask = umask
    play = world.play("renew", variables={"inkan_renewal": {"force": ["acme"]}})
    assert play.rc == 0, play.why()
    keys_were_for_their_owner_alone(world, tally, before)


# --- and it finds what gets out


_SECRETS = "    secrets = secrets_of(checked.validated_parameters, spec)\n"
#: what is done to the product -> file, text, other text; each lets out a secret in another form, at another place
DEFECTS: dict[str, tuple[str, str, str]] = {
    "a secret in an error text": (
        "plugins/module_utils/_ca/exchange.py",
        "return escaped(mask(text, self._secrets), LONGEST_MESSAGE)",
        "return escaped(self._secrets[0][::-1] + text, LONGEST_MESSAGE)",
    ),
    "a key file that is made 0644": (
        "plugins/module_utils/_io/files.py",
        "os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC\n        fd = self._system.open(name, flags, 0o600, self.fd)",
        "os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC\n        fd = self._system.open(name, flags, 0o644, self.fd)",
    ),
    "a temporary file with the key is left": (
        "plugins/module_utils/_module/requesting.py",
        "    csr = new_csr(key, request.wish, trusted=True)\n    number",
        "    csr = new_csr(key, request.wish, trusted=True)\n"
        "    __import__('pathlib').Path(os.environ['TMPDIR'], 'left').write_bytes(key)\n    number",
    ),
    "a secret in a diff, a result and a process argument": (
        "plugins/plugin_utils/on_controller.py",
        _SECRETS,
        _SECRETS + "    answer['diff'] = [{'before': '', 'after': ''.join(secrets)[::-1].encode().hex()}]\n"
        "    answer['told'] = [one.replace('-', ' ')[::-1] for one in secrets]\n"
        "    __import__('subprocess').run(['true', *secrets], check=False)\n",
    ),
}


@pytest.fixture(scope="module")
def defective(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[list[Leak], list[str]]]:
    """What the very same searching finds after one run of a product with all of these defects."""
    changes: dict[str, dict[str, str]] = {}
    for file, old, new in DEFECTS.values():
        changes.setdefault(file, {})[old] = new
    product = defective_collection(tmp_path_factory.mktemp("defective"), changes)
    with CanaryWorld(tmp_path_factory.mktemp("canaries"), product, cas=("rest",), web=("web1",)) as world:
        world.declare(*world.world.certificates, certificate("echo-rest"))
        play = world.play("issue", "--diff")
        assert play.events, play.why()
        yield world.leaks(), world.open_keys()


#: defect -> whether a find is of its making: by form and place
MARKS: dict[str, t.Callable[[Leak], bool]] = {
    "a secret in an error text": lambda one: one.form == "reversed" and one.secret == "api_key of echo-rest",
    "a secret in a diff": lambda one: one.form == "hex" and one.path.suffix == ".log",
    "a secret in a result": lambda one: one.form == "reversed" and "everything" in one.path.parts,
    "a secret in a process argument": lambda one: one.form == "as it is" and one.path.name == "processes",
    "a temporary file with the key is left": lambda one: one.path.name == "left" and "private key" in one.secret,
}


@pytest.mark.parametrize("defect", MARKS)
def test_what_gets_out_is_found(defective: tuple[list[Leak], list[str]], tally: Tally, defect: str) -> None:
    leaks, _open_keys = defective
    with tally.seeded(HARNESS, defect):
        assert [str(one) for one in leaks if MARKS[defect](one)] == []


def test_a_key_file_that_is_made_for_all_is_found(defective: tuple[list[Leak], list[str]], tally: Tally) -> None:
    _leaks, open_keys = defective
    with tally.seeded(MODES, "a key file that is made 0644"):
        assert open_keys == []


@pytest.mark.parametrize("quoted", [json.dumps, repr, urllib.parse.quote, lambda one: one[::-1], str])
def test_every_form_of_a_canary_is_found(tmp_path: Path, quoted: t.Callable[[str], str]) -> None:
    secret = "4f9c/&=+'\"ü 7d1e0a"
    canaries = Canaries()
    canaries.add("password", secret)
    home, place = tmp_path / "home", tmp_path / "place"
    for path in (home, place):
        path.write_text(f"before {quoted(secret)} after", "utf-8")
    canaries.homes["password"] = {home}
    assert {leak.path for leak in canaries.found([home, place])} == {place}


@pytest.mark.parametrize("before", range(4))
def test_a_canary_is_found_in_base64_behind_whatever(tmp_path: Path, before: int) -> None:
    canaries = Canaries()
    canaries.add("password", "0123456789abcdef")
    (tmp_path / "place").write_bytes(base64.b64encode(b"u" * before + b"0123456789abcdef" + b"v"))
    assert canaries.found([tmp_path])


@pytest.mark.parametrize("key_type", ["ecdsa-p256", "rsa-2048"])
def test_a_private_key_is_found_in_pem_and_der_and_its_public_part_is_not(tmp_path: Path, key_type: str) -> None:
    pem = new_private_key(key_type)
    canaries = Canaries()
    canaries.add_private_key("key", pem)
    der = b"".join(line for line in pem.splitlines() if not line.startswith(b"-----"))
    for name, text in {"pem": pem, "der": base64.b64decode(der).hex().encode(), "one-line": der}.items():
        (tmp_path / name).write_bytes(text)
    (tmp_path / "csr").write_bytes(new_csr(pem, wish_for("a.example.jp", ["a.example.jp"], key_type, {}), trusted=True))
    assert {leak.path.name for leak in canaries.found([tmp_path])} == {"pem", "der", "one-line"}
