# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of vulnerability that tools of this field had, by name; each attack is also run on a product with the defect.

A class is cited by a public number where one stands for it, else by its name.
"""

from __future__ import annotations

import ast
import contextlib
import gzip
import importlib
import json
import os
import re
import stat
import tracemalloc
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca import certificates
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme import answers as acme_answers
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc import soap
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest import source
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._core import (
    approval,
    errors,
    json_text,
    mail_address,
    mail_links,
    records,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._io import http, store
from ansible_collections.inkan.tls.plugins.module_utils._report import (
    markup,
    report_calendar,
    report_csv,
    report_markdown,
    report_metrics,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.page import report_page
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme import scripted as acme
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module import mailroom
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from fuzz import of_cas
from fuzz.judge import Slow, bounded, harmless_text
from fuzz.of_options import MODULES
from spread import spread
from tally import Invariant, Tally

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
Attack = t.Callable[[], None]


def _proves(tally: Tally, harness: str, attack: Attack, defect: str, spoil: t.Callable[[], t.Any]) -> None:
    """The attack holds; with the defect that ``spoil`` makes it does not."""
    with tally.attack(Invariant.HOSTILE_BYTES, harness):
        attack()
    with spoil(), tally.seeded(harness, defect):
        attack()


@contextlib.contextmanager
def _with(owner: t.Any, name: str, value: t.Any) -> t.Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(owner, name, value)
    try:
        yield
    finally:
        patch.undo()


def _as_it_is(text: t.Any, *_more: object) -> t.Any:
    return text


def _outcome(act: t.Callable[[], object]) -> object:
    try:
        return act()
    except (InkanError, InputErrors) as error:
        return error


# --- paths -----------------------------------------------------------------------------------------------------------

TRAVERSALS = ("../../x", "..%2f..%2fx", "/etc/x", "a/../../x", "x\x00.txt", ".htaccess", "..", "x.php")


def test_token_traversal_of_http_01(tally: Tally) -> None:
    """CWE-22: the token of a challenge becomes a file below the document root (RFC 8555 §8.3: base64url)."""

    def attack() -> None:
        for token in TRAVERSALS:
            seed = next(raw for raw in of_cas.seeds_acme() if raw.startswith(b"verb submit http-01"))
            raw = seed.replace(acme.TOKEN.encode(), json.dumps(token)[1:-1].encode())
            seen = _outcome(lambda raw=raw: of_cas.play_acme(raw))
            files = seen.wanted.files if isinstance(seen, Seen) else ()
            assert not any(".." in file.path or not file.path.startswith(".well-known/") for file in files), token
            assert not files, f"{token!r} was taken for a token"

    _proves(
        tally, "token traversal", attack, "tokens are not judged", lambda: _with(acme_answers, "_TOKEN", _Anything())
    )


class _Anything:
    def fullmatch(self, text: str) -> object:
        return True


# --- texts of a CA that become commands or templates -----------------------------------------------------------------

_RUNS = re.compile(r"^(os\.(system|popen|exec\w*|spawn\w*)|eval|exec|compile|subprocess\.\w+|pickle\.loads?|"
                   r"yaml\.(load|unsafe_load|full_load)|trust_as_template|marshal\.loads?)$")  # fmt: skip


def _dangers(folder: Path) -> list[str]:
    """Calls that would run a text, or let Ansible take it for a template."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _RUNS.match(ast.unparse(node.func)):
                is_shell = any(word.arg == "shell" for word in node.keywords)
                name = ast.unparse(node.func)
                if is_shell or not name.startswith("subprocess."):
                    found.append(f"{path.name}:{node.lineno}: {name}")
    return found


def test_commands_and_templates_in_the_words_of_a_ca(tally: Tally, tmp_path: Path) -> None:
    """CWE-78 and CWE-1336: HiCA ran commands at users of acme.sh (2023) by words in its answers, CVE-2023-5764 and
    CVE-2024-11079 let Ansible take results for templates. No text is run, and none is marked as a template."""
    where = {"folder": PLUGINS}

    def attack() -> None:
        assert _dangers(where["folder"]) == []

    @contextlib.contextmanager
    def spoil() -> t.Iterator[None]:
        (tmp_path / "new.py").write_text("import os\n\ndef act(answer):\n    os.system(answer['hook'])\n", "utf-8")
        where["folder"] = tmp_path
        yield

    _proves(tally, "commands of a CA", attack, "a hook of the CA is run by a shell", spoil)


# --- addresses that a CA tells ---------------------------------------------------------------------------------------


def test_a_directory_over_plain_http(tally: Tally) -> None:
    """CWE-319: whoever is on the way is the CA."""

    def attack() -> None:
        world = acme.World("/nowhere", {"directory": "http://ca.example.test/directory"})
        wrong = AcmeFactory(clock=world.clock, new_private_key=lambda _kind: b"").settings_errors(world.config)
        assert wrong, "the directory was taken"
        answer = _outcome(lambda: http.DirectHttp().request("GET", "http://192.0.2.1/directory", timeout=0.1))
        assert isinstance(answer, InkanError)
        assert answer.code == "http_not_https", answer.code

    _proves(tally, "plain HTTP", attack, "every host counts as this machine",
            lambda: _with(http, "is_loopback", lambda _host: True))  # fmt: skip


INNER = (
    *("https://127.0.0.1/order/1", "https://[::1]/order/1", "https://localhost/order/1", "file:///etc/passwd"),
    *(
        "http://ca.example.test/order/1",
        "gopher://ca.example.test/1",
        "//127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0.0.0.0/",
        "https://[::ffff:127.0.0.1]/",
    ),
)


def test_requests_that_a_ca_makes_us_send(tally: Tally) -> None:
    """CWE-918: order, authorization and certificate URLs on this machine, or of another scheme, are not asked."""

    rule = acme_answers.UrlRule("https://ca.example.test/directory")

    def attack() -> None:
        for url in INNER:
            outcome = _outcome(lambda url=url: rule.checked(url, "the order"))
            assert isinstance(outcome, InkanError), f"{url} was taken"

    _proves(tally, "requests of a CA", attack, "no host counts as this machine",
            lambda: _with(acme_answers, "_leads_here", lambda _host: False))  # fmt: skip


# --- secrets ---------------------------------------------------------------------------------------------------------

_SECRET = re.compile(r"(^|_)(secret|secrets|password|private_key|api_key|token|hmac|credential)s?$")


def _open_secrets(spec: t.Mapping[str, t.Any], above: str = "") -> list[str]:
    found = []
    for name, option in spec.items():
        path = f"{above}{name}"
        if _SECRET.search(name) and "no_log" not in option:
            found.append(path)
        if re.search(r"secret|password|private_key$", name) and option.get("no_log") is not True:
            found.append(path)
        found += _open_secrets(option.get("options") or {}, f"{path}.")
    return found


def test_holes_in_no_log(tally: Tally) -> None:
    """CWE-532: an option that carries a secret says so; what only looks like one says that it is none."""
    specs = {
        name: importlib.import_module(f"ansible_collections.inkan.tls.plugins.modules.{name}").argument_spec()
        for name in MODULES
    }

    def attack() -> None:
        assert {name: _open_secrets(spec) for name, spec in specs.items() if _open_secrets(spec)} == {}

    @contextlib.contextmanager
    def spoil() -> t.Iterator[None]:
        specs["new"] = {"accounts": {"type": "dict", "options": {"password": {"type": "str"}}}}
        yield

    _proves(tally, "no_log", attack, "a password without no_log", spoil)


@contextlib.contextmanager
def _both(opener: t.Any) -> t.Iterator[None]:
    with _with(type(store.SYSTEM), "open", opener), _with(type(store.SYSTEM), "fchmod", lambda *_args: None):
        yield


def test_keys_that_the_world_can_read(tally: Tally, tmp_path: Path) -> None:
    """CVE-2020-1736: a file that is made first and closed later is open in between; umask 000 shows it."""
    counter = iter(range(9))

    def attack() -> None:
        path, modes = tmp_path / f"store{next(counter)}", []
        fsync = os.fsync

        def watched(fd: int) -> None:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
            fsync(fd)

        before = os.umask(0)
        try:
            with _with(os, "fsync", watched):
                opened = store.Store(str(path))
                opened.new_generation("shop", {store.KEY: b"key"})
                opened.close()
        finally:
            os.umask(before)
        left = list(path.rglob(store.KEY))
        assert len(left) == 1
        assert {stat.S_IMODE(one.stat().st_mode) for one in left} == {0o600}
        assert modes, "nobody looked"
        assert set(modes) == {0o600}

    def opener(self: t.Any, name: str, flags: int, mode: int, dir_fd: int) -> int:
        return os.open(name, flags, 0o666, dir_fd=dir_fd)

    _proves(tally, "world-readable keys", attack, "files are made with 0666",
            lambda: _both(opener))  # fmt: skip


# --- documents -------------------------------------------------------------------------------------------------------

_LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><n:XResponse '
    b'xmlns:n="https://system.globalsign.com/kb/ws/v1/"><Response><A>&d;</A></Response></n:XResponse></s:Body></s:Envelope>'
)
_EXTERNAL = _LAUGHS.replace(b'<!ENTITY b "ha">', b'<!ENTITY b SYSTEM "file:///etc/passwd">')


def test_entities_in_xml(tally: Tally) -> None:
    """CVE-2003-1564 (billion laughs) and CWE-611 (external entities)."""

    def attack() -> None:
        for document in (_LAUGHS, _EXTERNAL):
            try:
                answer = soap.answer_in(document, "X")
            except soap.NotXml as refusal:
                assert "DOCTYPE" in str(refusal) or "entity" in str(refusal), refusal
            else:
                raise AssertionError(f"it was read: {answer}")

    def nothing(_what: str) -> t.Callable[..., None]:
        return lambda *_args: None

    _proves(tally, "hostile XML", attack, "entities are expanded", lambda: _with(soap, "_refusing", nothing))


def test_bombs(tally: Tally) -> None:
    """CWE-409, CWE-674, CVE-2020-10735: nothing is unpacked; deep or long numbers and aliases end at a bound."""
    aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + one)}: &{chr(98 + one)} [{','.join([f'*{chr(97 + one)}'] * 9)}]\n" for one in range(9)
    )

    def attack() -> None:
        tracemalloc.start()
        try:
            with bounded(20.0):
                for text in (
                    "[" * 200_000,
                    '{"a":' * 100_000,
                    "9" * 1_000_000,
                    "1e99999",
                    "NaN",
                    "[" * 900 + "]" * 900,
                ):
                    try:
                        json_text.load_json(text)
                    except ValueError:
                        continue
                    raise AssertionError(f"{text[:20]} was read")
                assert read_description(aliases)[1]
            assert tracemalloc.get_traced_memory()[1] < 200_000_000
        finally:
            tracemalloc.stop()

    _proves(tally, "bombs", attack, "numbers may be an infinity", lambda: _with(json_text, "_float", float))
    with tally.attack(Invariant.HOSTILE_BYTES, "bombs"):
        packed = gzip.compress(b"x" * 1_000_000)
        assert "gzip" not in Path(http.__file__).read_text("utf-8").lower()
        assert source.MAX_TEXT < 1_000_000 < len(gzip.decompress(packed)) + 1


def test_a_private_key_beside_the_certificate(tally: Tally) -> None:
    """CWE-200: what a CA hands out as a bundle with a key never lies in the ledger."""
    pem = acme.certificate() + acme.private_key().decode()

    def attack() -> None:
        found = _outcome(lambda: certificates.pem_blocks(pem))
        assert isinstance(found, InkanError), "the bundle was taken"
        assert "PRIVATE KEY" in found.why, found.why

    only = re.compile(r"-----BEGIN (CERTIFICATE)-----([A-Za-z0-9+/=\s]*)-----END \1-----")
    _proves(tally, "key in a bundle", attack, "other armour is skipped", lambda: _with(certificates, "_BLOCK", only))


def test_a_txt_value_that_is_too_long(tally: Tally) -> None:
    """CWE-130: RDATA has 65,535 octets (RFC 1035 §3.2.1)."""

    def attack() -> None:
        for value in ("a" * 70_000, "あ" * 3_000, ""):
            assert records.value_error("TXT", value), f"{len(value)} letters were taken"

    _proves(tally, "long TXT", attack, "no bound", lambda: _with(records, "MAX_TXT", 10**9))


# --- names and links -------------------------------------------------------------------------------------------------

SPOOFS = (
    f"https://{mailroom.HOST}@evil.example/link?t=1",
    f"https://evil.example/{mailroom.HOST}/link?t=1",
    f"https://{mailroom.HOST}.evil.example/link?t=1",
    f"https://evil{mailroom.HOST}/link?t=1",
    f"https://evil.example\\@{mailroom.HOST}/link?t=1",
    f"https://evil.example#@{mailroom.HOST}/link?t=1",
    f"https://evil.example?@{mailroom.HOST}/link?t=1",
    f"https://a:b@{mailroom.HOST}/link?t=1",
    f"https://{mailroom.HOST.replace('digicert', 'dlgicert')}/link?t=1",
    "https://xn--approve-9za.digicert.example/link?t=1",
    f"http://{mailroom.HOST}/link?t=1",
    f"https://{mailroom.HOST}:8443/link?t=1",
    f"https://{mailroom.HOST}/link/../other?t=1",
    f"https://{mailroom.HOST}/link/%2e%2e/other?t=1",
    f"javascript:https://{mailroom.HOST}/link?t=1",
    f"https://{mailroom.HOST}%2eevil.example/link?t=1",
    f"https://{mailroom.HOST}\u3002evil.example/link?t=1",
)


def test_links_that_look_like_the_cas(tally: Tally) -> None:
    """CWE-451, CWE-601: user information, neighbours, fragments, look-alikes, punycode, ports, dots."""
    place = mail_links.Place((mailroom.HOST,), "/link", ())

    def attack() -> None:
        for link in SPOOFS:
            assert mail_links.approving_link([link], place).url == "", f"{link} would be opened"
        assert mail_links.approving_link([mailroom.LINK], place).url == mailroom.LINK

    def only_path(url: str, _place: object) -> tuple[int, str, str] | None:
        return None if "/link" in url else (0, "", "")

    _proves(tally, "spoofed links", attack, "hosts are not compared", lambda: _with(mail_links, "_flaw", only_path))


def test_contacts_of_another_domain(tally: Tally) -> None:
    """The class of the WHOIS server of .mobi (2024) and of mails that name a domain beside ours: a name counts only
    as a whole, and only the order's own domain or one above it that was written to."""

    def attack() -> None:
        for text in ("example.jp.evil.example", "www.example.jp", "a@example.jp", "xexample.jp", "*.example.jp"):
            assert not approval.holds_name(text, "example.jp"), text
        assert approval.holds_name("Domain: example.jp", "example.jp")
        order = approval.OurOrder("s", "r", "c", "a", ("www.example.jp",), of_cas.NOW,
                                  recipients=frozenset({"admin@evil.example", "admin@example.jp"}))  # fmt: skip
        assert order.domains == {"www.example.jp", "example.jp"}

    _proves(tally, "contacts of others", attack, "a part of a name counts",
            lambda: _with(approval, "holds_name", lambda text, name: name in text))  # fmt: skip


def test_lines_in_addresses_and_subjects(tally: Tally) -> None:
    """CWE-93: a contact or subject with a line end would write headers of its own."""
    hostile = (
        "a@example.jp\r\nBcc: x@evil.example",
        "a@example.jp\nX: 1",
        "a\r@example.jp",
        "a@example.jp\x00",
        "a b@x.jp",
    )

    def attack() -> None:
        for address in hostile:
            assert mail_address.address_error(address), f"{address!r} was taken"

    _proves(tally, "lines in addresses", attack, "any address is good",
            lambda: _with(mail_address, "address_error", lambda _text: None))  # fmt: skip


# --- what people and programs are shown ------------------------------------------------------------------------------


def test_escape_sequences_in_errors(tally: Tally) -> None:
    """CWE-150: a terminal obeys what it is shown."""

    def attack() -> None:
        for text in TEXTS.values():
            error = errors.RefusedError(code="x", what=text, where=text, why=text, todo=text)
            harmless_text(error.sentence(), "an error")
            harmless_text(json.dumps(error.as_data(), ensure_ascii=False), "an error")

    _proves(
        tally, "terminal escapes", attack, "texts are shown as they came", lambda: _with(errors, "harmless", _as_it_is)
    )


_METRIC = re.compile(
    r'^(#.*|[a-z0-9_]+(\{[A-Za-z_]+="(?:[^"\\\n]|\\.)*"(,[A-Za-z_]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+]+)?$'
)


def test_injection_into_reports(tally: Tally) -> None:
    """CWE-79 (page), CWE-1236 (formulas), and lines of calendars and metrics that others write."""
    plain = hostile_report("x")
    events = report_calendar.report_calendar(plain).count("BEGIN:VEVENT")

    def attack() -> None:
        for text in TEXTS.values():
            report = hostile_report(text)
            page = report_page(report)
            assert "<script>alert" not in page
            assert "onerror=alert(1)>" not in page.replace("&gt;", "")
            assert report_calendar.report_calendar(report).count("\r\nBEGIN:VEVENT") == events
            for line in report_metrics.report_metrics(report).split("\n"):
                assert _METRIC.match(line), line[:200]
            for cell in re.split(r'(?:^|,|\r\n)"?', report_csv.report_csv(report).lstrip("\ufeff")):
                assert not re.match(r"\s*[=+@\t\uff1d]|\s*-[^\d]", cell), cell[:80]
            assert "<script>alert" not in report_markdown.report_markdown(report)

    _proves(tally, "injection into reports", attack, "autoescape is off", lambda: _with(markup, "_escaped", _as_it_is))


# --- regular expressions ---------------------------------------------------------------------------------------------

_LETTERS = "aA0 =-/.,;:<>\"'()[]{}\\\n\t&#+*_@あ"
_HEADS = ("", "A" * 120, "<a ", '"', "-----BEGIN A-----", "a=", "0 issue ", "(", "https://a/", "a:", "by ", "x-")
_LONG = 3_000
#: seconds of the processor for all texts of one pattern; a good one needs some hundredths
_PATIENCE = 6.0


def _patterns() -> dict[str, re.Pattern[t.Any]]:
    """Every pattern that a module of the collection has compiled."""
    found: dict[str, re.Pattern[t.Any]] = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        if "doc_fragments" in path.parts:
            continue
        name = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
        module = importlib.import_module(f"ansible_collections.inkan.tls.plugins.{name}")
        for word, value in vars(module).items():
            for number, one in enumerate(value if isinstance(value, (tuple, list)) else [value]):
                if isinstance(one, re.Pattern):
                    found[f"{name}.{word}[{number}]"] = one
    return found


def _try_out(pattern: re.Pattern[t.Any]) -> None:
    for head in _HEADS:
        for letter in spread(_LETTERS, 8):
            for text in (head + letter * _LONG + "\0", head + f"{letter}a" * (_LONG // 2) + "\0"):
                subject: t.Any = text.encode() if isinstance(pattern.pattern, bytes) else text
                pattern.fullmatch(subject)
                pattern.search(subject[:500])


def test_texts_that_make_a_pattern_slow(tally: Tally) -> None:
    """CWE-1333: a text of a few thousand letters for which a pattern tries every way."""
    patterns = _patterns()
    assert len(patterns) > 100

    def attack() -> None:
        for name, pattern in patterns.items():
            try:
                with bounded(_PATIENCE):
                    _try_out(pattern)
            except Slow as slow:
                raise AssertionError(f"{name}: {slow}") from None

    @contextlib.contextmanager
    def spoil() -> t.Iterator[None]:
        patterns.clear()
        patterns["a slow one"] = re.compile(r"([a-z]+\s?)+:")
        yield

    _proves(tally, "slow patterns", attack, "a repetition within a repetition", spoil)
