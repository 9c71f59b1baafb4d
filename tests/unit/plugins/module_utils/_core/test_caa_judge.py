# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One CAA record set and one CA."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.caa_judge import Asker, Issue, judge_set, parse_issue

ACCOUNT = "https://ca.example/acct/1"
ASKER = Asker(("ca.example", "brand.example"), ACCOUNT, ("http-01", "ca-tbr-19"))


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("ca.example", Issue("ca.example", ())),
        (" CA.Example ; a=b", Issue("ca.example", (("a", "b"),))),
        ("ca.example;a=1; B-c =2;", Issue("ca.example", (("a", "1"), ("b-c", "2")))),
        (";", Issue("", ())),
        ("", Issue("", ())),
        ("; policy=ev", Issue("", (("policy", "ev"),))),
        ("ca.example; a=", Issue("ca.example", (("a", ""),))),
        ("https://ca.example", None),
        ("ca.example a=b", None),
        ("ca.example; a", None),
        ("ca.example; a=b c", None),
        ("ca_example", None),
        ("ca.example.", None),
        ("-ca.example", None),
        ("ca.example; =b", None),
        ("ca.example;; a=b", None),
        ("ca.example; a-=b", None),
        ("ca.example; -a=b", None),
        ("ca.example; a--b=c=d", Issue("ca.example", (("a--b", "c=d"),))),
        ("ca..example", None),
        ("ca-.example", None),
    ],
)
def test_the_grammar_of_rfc_8659(text: str, issue: Issue | None) -> None:
    assert parse_issue(text) == issue


@pytest.mark.parametrize(
    ("values", "wildcard", "word"),
    [
        (['0 iodef "mailto:a@ca.example"'], False, ""),
        (['0 issue "ca.example"'], False, ""),
        (['0 issue "ca.example"'], True, ""),
        (['0 issue "brand.example"', '0 issue ";"'], False, ""),
        (['0 issue "other.example"'], False, "caa_forbids"),
        (['0 issue "other.example"', '0 issuewild "ca.example"'], True, ""),
        (['0 issue "other.example"', '0 issuewild "ca.example"'], False, "caa_forbids"),
        (['0 issue "ca.example"', '0 issuewild ";"'], True, "caa_forbids_wildcard"),
        (['0 issuewild ";"'], False, ""),
        (['0 issue "ca.example"', '0 issuewild "other.example"'], True, "caa_forbids_wildcard"),
        (['0 issue "other.example"'], True, "caa_forbids"),
        (['0 issue ";"', '0 issue "other.example"'], False, "caa_forbids"),
        (['0 issue ";"'], True, "caa_forbids_all"),
        ([f'0 issue "ca.example; accounturi={ACCOUNT}; accounturi={ACCOUNT}"'], False, "caa_account"),
        (['0 issue "ca.example; accounturi=1"'], False, "caa_account"),
        (['0 issue "other.example"', '0 issue "ca.example; validationmethods=dns-01"'], False, "caa_method"),
        (['0 issue ";"'], False, "caa_forbids_all"),
        (['128 issue "ca.example"'], False, ""),
        (['0 future "x"', '0 issue "ca.example"'], False, ""),
        (['128 future "x"', '0 issue "ca.example"'], False, "caa_critical"),
        (['0 issue "https://ca.example"'], False, "caa_malformed"),
        (['0 issue "no domain"'], False, "caa_forbids"),
        ([f'0 issue "ca.example; accounturi={ACCOUNT}"'], False, ""),
        ([f'0 issue "ca.example; accounturi={ACCOUNT}1"'], False, "caa_account"),
        ([f'0 issue "ca.example; accounturi={ACCOUNT}1"', '0 issue "brand.example"'], False, ""),
        (['0 issue "ca.example; validationmethods=dns-01,ca-tbr-19"'], False, ""),
        (['0 issue "ca.example; validationmethods=dns-01"'], False, "caa_method"),
        (['0 issue "ca.example; validationmethods=a; validationmethods=http-01"'], False, "caa_method"),
    ],
)
def test_a_set_lets_the_ca_issue_or_says_why_not(values: list[str], wildcard: bool, word: str) -> None:
    verdict = judge_set(values, ASKER, wildcard=wildcard)
    assert verdict.word == word
    assert bool(verdict.why) is bool(word)


def test_what_is_not_known_is_not_judged() -> None:
    assert judge_set(['0 issue "ca.example"'], Asker(()), wildcard=False).word == "caa_not_judged"
    assert judge_set(['128 x "y"'], Asker(()), wildcard=False).word == "caa_critical"
    stranger = Asker(("ca.example",))
    for parameter in (f"accounturi={ACCOUNT}", "validationmethods=dns-01"):
        assert judge_set([f'0 issue "ca.example; {parameter}"'], stranger, wildcard=False).word == "caa_not_judged"


def test_hostile_values_are_shown_on_one_line() -> None:
    verdict = judge_set(['0 issue "x\\027\\010y' + "z" * 5000 + '"'], ASKER, wildcard=False)
    assert verdict.why.isprintable()
    assert len(verdict.why) < 1000


def test_what_cannot_be_known_is_told_before_what_is_wrong() -> None:
    stranger = Asker(("ca.example",), None, ("http-01",))
    values = ['0 issue "ca.example; accounturi=https://ca.example/1"', '0 issue "ca.example; validationmethods=dns-01"']
    assert judge_set(values, stranger, wildcard=False).word == "caa_not_judged"
    assert judge_set(values[1:], stranger, wildcard=False).word == "caa_method"


def test_at_most_five_values_and_six_names_are_shown() -> None:
    values = [f'0 issue "ca{number}.example"' for number in range(6)]
    why = judge_set(values, Asker(tuple(f"brand{number}.example" for number in range(7))), wildcard=False).why
    assert [f"ca{number}.example" in why for number in range(6)] == [True] * 5 + [False]
    assert [f"brand{number}.example" in why for number in range(7)] == [True] * 6 + [False]
    assert "not a set" not in judge_set(['0 issue "a set"'], ASKER, wildcard=False).why


def test_a_malformed_value_is_told_of_the_ca_that_it_seems_to_mean_and_else_counts_as_anothers() -> None:
    both = ['0 issue "https://CA.example"', '0 issue "other.example"']
    assert judge_set(both, ASKER, wildcard=False).word == "caa_malformed"
    assert judge_set(['0 issue "https://x.example"'], ASKER, wildcard=False).word == "caa_forbids"


@pytest.mark.parametrize(
    "tag", ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"]
)
def test_a_property_that_cas_know_may_be_critical(tag: str) -> None:
    assert judge_set([f'128 {tag} "ca.example"'], ASKER, wildcard=False).word == ""
    assert judge_set([f'128 {tag}x "ca.example"'], ASKER, wildcard=False).word == "caa_critical"
