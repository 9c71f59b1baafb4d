# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every parser at a border, with hostile bytes: a value or one of our own errors, in bounds, never harmful.

hypothesis draws how good answers are spoiled; what atheris found (fuzz/run.py) lies in fuzz/corpus and is played too.
"""

from __future__ import annotations

import contextlib
import random
import re
import typing as t
import urllib.parse
from pathlib import Path

import hypothesis
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca import pages as answer_pages
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc import soap
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest import source
from ansible_collections.inkan.tls.plugins.module_utils._core import errors, records
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES
from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_store, web_look
from ansible_collections.inkan.tls.plugins.module_utils._mail import pages, reading
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import MAILBOX_SERVICES
from ansible_collections.inkan.tls.plugins.module_utils._x509 import seal
from fuzz.border import Border, folder
from fuzz.borders import BORDERS, CORPUS, corpus_of, parsers_without_a_row
from fuzz.judge import judged
from fuzz.of_options import MODULES
from hypothesis import strategies as st
from spread import LONG
from tally import Invariant, Tally

BY_NAME = {border.name: border for border in BORDERS}
#: the long form's examples for one of the short form
_MORE = 40


@pytest.mark.parametrize("border", BORDERS, ids=lambda border: border.name)
def test_whatever_comes_over_a_border_ends_in_a_value_or_an_error_of_ours(border: Border, tally: Tally) -> None:
    seeds = [*border.seeds(), *corpus_of(border)]

    def attack(raw: bytes) -> None:
        with tally.attack(Invariant.HOSTILE_BYTES, border.harness):
            judged(lambda: border.play(raw), border.allowed)

    for raw in seeds:
        attack(raw)

    @hypothesis.settings(
        max_examples=border.short * (_MORE if LONG else 1),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(seed=st.sampled_from(seeds), dice=st.integers(0, 2**32).map(random.Random))
    def spoiled(seed: bytes, dice: random.Random) -> None:
        attack(border.mutate(seed, dice))

    spoiled()


# --- the table is whole ----------------------------------------------------------------------------------------------


def test_every_parser_at_a_border_has_a_row() -> None:
    assert parsers_without_a_row() == []


def test_a_new_parser_without_a_row_is_found(tmp_path: Path) -> None:
    room = tmp_path / "module_utils" / "_ca"
    room.mkdir(parents=True)
    (room / "new.py").write_text("def read(text):\n    return load_json(text)\n", "utf-8")
    (room / "old.py").write_text("def read(text):\n    return text\n", "utf-8")
    assert parsers_without_a_row(tmp_path) == ["module_utils/_ca/new.py"]


def test_foreign_json_is_read_through_the_one_bounded_door() -> None:
    """json.loads itself stays where only our own rows are read, or lists that a task of ours has packed."""
    own = {"_core/json_text.py", "_io/ledger_rows.py", "_io/ledger_store.py", "_io/ledger_notices.py",
           "_ca/rest/preview.py", "_ca/acme/library.py",
           "_core/packed.py"}  # fmt: skip
    utils = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
    found = {path.relative_to(utils).as_posix() for path in utils.rglob("*.py") if "json.loads(" in path.read_text()}
    assert found <= own


def test_every_module_adapter_service_and_mailbox_has_its_rows() -> None:
    wanted = {f"options of {module}" for module in MODULES}
    wanted |= {f"settings of {one}" for one in (*ADAPTERS, *FACTORIES, *MAILBOX_SERVICES)}
    wanted |= {f"answers to {adapter}" for adapter in ADAPTERS if adapter != "portal"}  # it asks nobody: intake
    wanted |= {f"service {service}" for service in FACTORIES if service != "rfc2136"}  # it speaks DNS itself
    wanted |= {"portal intake", "DNS answers", "signed DNS answers", "mailbox imap", "mails"}
    assert wanted <= set(BY_NAME)
    assert len(BY_NAME) == len(BORDERS)


def test_a_corpus_belongs_to_a_border() -> None:
    assert {path.name for path in CORPUS.iterdir() if path.is_dir()} <= {folder(border.name) for border in BORDERS}


# --- each harness can fail -------------------------------------------------------------------------------------------


def _spoil_many(name: str, count: int = 400) -> None:
    border = BY_NAME[name]
    seeds = list(border.seeds())
    for raw in seeds:
        judged(lambda raw=raw: border.play(raw), border.allowed)
    for number in range(count):
        dice = random.Random(number)  # noqa: S311  the same dice each time
        raw = border.mutate(dice.choice(seeds), dice)
        judged(lambda raw=raw: border.play(raw), border.allowed)


def _shown(text: str, *_more: object) -> str:
    return text


def _never_inner(_address: str) -> bool:
    return False


def _opened_at_any_depth(raw: bytes) -> t.Any:
    message = reading.email.message_from_bytes(raw, policy=reading.email.policy.compat32)
    return message, reading._parts(message)


class _OtherError(Exception):
    """No error of the library."""


#: harness, defect, border, owner, what of it, its defect
DEFECTS: tuple[tuple[str, str, str, t.Any, str, t.Any], ...] = (
    ("hostile CA answers", "a page is quoted as it came", "pages in place of answers", answer_pages, "escaped", _shown),
    ("hostile descriptions", "a gate for terminal bytes is off", "description of rest", source, "escaped", _shown),
    ("hostile certificates", "an error class of the library is let through", "recipient keys", seal,
     "UnsupportedAlgorithm", _OtherError),
    ("hostile mails", "parts within parts may end in a RecursionError", "mails", reading, "_opened",
     _opened_at_any_depth),
    ("hostile pages", "addresses are joined without a judgement", "approval pages", pages, "_joined",
     urllib.parse.urljoin),
    ("hostile DNS", "a record is shown as it came", "texts of DNS", records, "_quoted_letter", _shown),
    ("hostile options", "errors are shown as they come", "settings of imap", errors, "harmless", _shown),
    ("hostile files", "rows are believed", "rows of the ledger", ledger_store, "reading_rows", contextlib.nullcontext),
    ("hostile redirects", "inner addresses are asked", "redirects", web_look, "is_inner", _never_inner),
    ("hostile XML", "what is no XML ends in an error of the library", "SOAP of globalsign_gcc", soap, "NotXml",
     _OtherError),
)  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: re.sub(r"\W+", "-", f"{defect[0]} {defect[1]}"))
def test_a_seeded_defect_is_found(defect: tuple[t.Any, ...], tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    harness, words, border, owner, name, spoiled = defect
    _spoil_many(border, 20)
    monkeypatch.setattr(owner, name, spoiled)
    with tally.seeded(harness, words):
        _spoil_many(border)
