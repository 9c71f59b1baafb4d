# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description with one mistake: told with its line and what to write instead; all mistakes of it are told at once."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import LABSSL, described

TEXT = LABSSL.read_text("utf-8")


def line_of(words: str, text: str) -> int:
    (number,) = [number for number, line in enumerate(text.splitlines(), 1) if words in line]
    return number


def test_the_example_is_right_as_text_and_as_dictionary() -> None:
    for given in (TEXT, yaml.safe_load(TEXT)):
        description, errors = read_description(given)
        assert errors == []
        assert isinstance(description, Description)
        assert (description.seller, description.secrets) == ("ラボSSL", {"api_key"})


def test_the_example_fits_on_one_screen() -> None:
    assert len(TEXT.splitlines()) <= 80


#: what to replace in the example, by what; words of the line that is to blame; what the sentence says
MISTAKES = [
    ("format: 1", "format: 2", "format: 2", ["2 is a format", "format: 1"]),
    ("format: 1\n", "", None, ["format is missing"]),
    ("seller: ラボSSL", "seler: ラボSSL", "seler", ["no key 'seler'", 'Did you mean "seller"?']),
    ("{secrets.api_key}", "{secret.api_key}", "ApiKey", ["no 'secret'", 'Did you mean "secrets"?']),
    ("{secrets.api_key}", "{secrets}", "ApiKey", ["name one, as in {secrets.api_key}"]),
    ("Authorization:", "Host:", "Host:", ["the header Host is set by the request itself"]),
    ("Authorization:", "X Key:", "X Key", ["'X Key' is no name of a header"]),
    ('"{reference}"', '"{refrence}"', "{refrence}", ['Did you mean "reference"?']),
    ('"{reference}"', '"{{ reference }}"', "{{ reference", ["two braces, as Jinja has them", "{reference}"]),
    ('"{reference}"', '"{reference"', '"{reference"', ["never closed"]),
    ('"{reference}"', '"reference}"', '"reference}"', ["closing brace too many"]),
    ('"{reference}"', '"{order_id}"', '"{order_id}"', ["no 'order_id' in submit"]),
    ('"{reference}"', '"x"', "  submit:", ["no {reference}", "find would have nothing"]),
    ('csr: "{csr}"', "csr: x", "  submit:", ["no {csr}"]),
    ('names: "{names}"', 'names: "{joni(names)}"', "joni", ["no function joni()", 'Did you mean "join"?']),
    ('names: "{names}"', 'names: "{join(names)}"', "join(names)", ["takes 2 arguments, 1 are given"]),
    ('names: "{names}"', 'names: "all: {names}"', "all: {names}", ["write {join(',', names)}"]),
    ("request: POST /orders\n", "request: SEND /orders\n", "SEND", ["'SEND' is no HTTP method", "POST /orders"]),
    ("request: POST /orders\n", "request: POST orders\n", "POST orders", ["does not begin with a slash"]),
    ("request: POST /orders\n", "request: POST https://x.jp/\n", "https:", ["the account's url"]),
    ("request: POST /orders\n", "request: POST /or ders\n", "/or ders", ["percent-encode"]),
    ("request: POST /orders\n", "method: POST\n", "method: POST", ["request line", "request: POST /orders"]),
    ("request: POST /orders\n", "request: GET /orders\n", "    body:", ["GET has no body"]),
    ("POST /orders\n", "POST /{secrets.api_key}/orders\n", "POST /{s", ["a path is shown in messages"]),
    ("    body:", "    form:", "auth: {method", ["a dictionary stands in the form field 'auth'"]),
    ("    body:", "    data:", "    data:", ['Did you mean "form"?']),
    ("    body:", "    query: 1\n    body:", "query: 1", ["request: GET /orders?number={reference}"]),
    ('request: "GET /orders/{order_id}"', 'path: "/x"', 'path: "/x"', ["request is missing"]),
    ("look: {", "loook: {", "loook: {", ["no key 'loook'", 'Did you mean "look"?']),
    ("  look: {", "  # look: {", "calls:", ["look is missing"]),
    ("  find: {", "  # find: {", "calls:", ["find is missing", "find: impossible"]),
    ("orders: orders,", "", "find: {", ["orders is missing"]),
    ("for: [dns]", "for: [dsn]", "for: [dsn]", ["no method 'dsn'", 'Did you mean "dns"?']),
    ("  download: {", "  # download: {", "calls:", ["download is missing", "order has no certificate"]),
    ("certificate: certificate, chain", "chain", "download: {", ["certificate is missing", "@"]),
    ("file: file", "file: {wildcard: false}", "file: {wild", ["word is missing"]),
    ("file: file", "file:", "  file:\n", ["nothing stands where the seller's own word"]),
    ("{word: dns, wildcard: true}", "{word: dns, wildcard: 1}", "word: dns", ["1 stands where true or false"]),
    ("{word: dns, wildcard: true}", "{wort: dns}", "wort: dns", ['Did you mean "word"?', "word is missing"]),
    (
        "contacts: {constructed: address",
        "contacts: {construct: address",
        "construct: ",
        ['Did you mean "constructed"?'],
    ),
    ("  order_id: order_id", "  id: order_id", "  id: order_id", ['Did you mean "order_id"?']),
    ("  order_id: order_id", "  order_id: $.id", "$.id", ["looks like JSONPath", "'id'"]),
    ("  order_id: order_id", "  order_id: .id", ": .id", ["begins with a dot", "'id'"]),
    ("  order_id: order_id", "  order_id: a..b", "a..b", ["'a..b' is no JMESPath expression, after 'a.'"]),
    ("  order_id: order_id", '  order_id: ""', 'order_id: ""', ["stands where a text is needed"]),
    ("  order_id: order_id", "  order_id: [a]", "order_id: [a]", ["a list stands where a text is needed"]),
    ("  status: state", '  status: "{state}"', '"{state}"', ["stands without braces"]),
    ("  files:", "  file:", '  file: "auth', ["no key 'file'", 'Did you mean "files"?']),
    ("  files: ", "  # files: ", "order:", ["files is missing", "method file has to know"]),
    ("  reference: partner", "  # reference: partner", "order:", ["reference is missing"]),
    ("mail_sent: wants_approval", "mail_sent: want_approval", "mail_sent", ['Did you mean "wants_approval"?']),
    ("mail_sent: wants_approval", "mail_sent: pending", "mail_sent", ['"wants_approval"', "'pending' is no meaning"]),
    ("mail_sent: wants_approval", "mail_sent: unknown", "mail_sent", ["Leave the word out"]),
    ("mail_sent: wants_approval", "mail_sent: {poll: 3}", "mail_sent", ["means is missing"]),
    ("poll: 3600", "poll: 1h", "poll: 1h", ["'1h' stands where a number from 0.25 to 604800 is needed"]),
    ("poll: 3600", "poll: .inf", "poll: .inf", ["stands where a number"]),
    ("  issued: issued", "  # issued: issued", "statuses:", ["no word means issued"]),
    ("  issued: issued", "  yes: issued", "  yes: issued", ["put it into quotes"]),
    ("  issued: issued", "  issued: issued\n  issued: refused", "issued: refused", ["twice: also in line"]),
    ("  code: error.code", "  kode: error.code", "kode", ['Did you mean "code"?']),
    ("  code: error.code", "  # code: error.code", "errors:", ["code is missing"]),
    ("retry: [too_many_requests", "retry: [{a: 1}", "retry: [{a", ["a dictionary stands where a word is needed"]),
    ("seller: ラボSSL", "seller: ラボSSL\nzone: JST", "zone: JST", ['"+09:00"']),
    ("seller: ラボSSL", "seller: ラボSSL\nbasic_auth: x", "basic_auth", ["{secrets.user}:{secrets.password}"]),
    ("seller: ラボSSL", "seller: !!python/name:os.system x", "seller: !!", ["the tag", "is not possible"]),
    ("headers:", "headers: [", "  Authorization", ["it is no YAML"]),
    ("statuses:", "statuses: 3\nstatuses2:", "statuses: 3", ["3 stands where a dictionary is needed"]),
]


@pytest.mark.parametrize(("old", "new", "blamed", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_the_way_out(
    old: str, new: str, blamed: str | None, words: list[str]
) -> None:
    assert old in TEXT, "the example no longer has what is to be spoilt"
    text = TEXT.replace(old, new, 1)
    description, errors = read_description(text)
    assert description is None
    place = f"line {line_of(blamed.rstrip(), text) if blamed else ''}"
    told = [error for error in errors if words[0] in error]
    assert all(any(word in error for error in errors) for word in words), errors
    if blamed is not None:
        assert any(error.startswith((f"{place},", f"{place}:")) for error in told), (place, errors)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = TEXT
    for old, new in [
        ("seller:", "seler:"),
        ('"{csr}"', '"{cxr}"'),
        ("look:", "lok:"),
        ("status: state", "status: $.state"),
        ("mail_sent: wants_approval", "mail_sent: sent"),
        ("gone:", "gon:"),
    ]:
        text = text.replace(old, new, 1)
    errors = read_description(text)[1]
    assert len(errors) >= 8  # two of them are missed under their right name, too
    lines = [int(error.split(",")[0].split(":")[0].removeprefix("line ")) for error in errors]
    assert lines == sorted(lines)


def test_in_a_dictionary_the_place_is_the_path() -> None:
    _description, errors = read_description(described(statuses__mail_sent="sent", calls__submit={"request": "POST x"}))
    assert any(error.startswith("calls.submit.request: 'x' does not begin with a slash") for error in errors)
    assert any(error.startswith("statuses.mail_sent: 'sent' is no meaning") for error in errors)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("labssl.yml", "lookup('ansible.builtin.file', …)"),
        ("", "nothing stands where the description is needed"),
        ("- a\n- b\n", "a list stands where the description is needed"),
        (42, "42 stands where the description is needed"),
        (["a"], "a list stands"),
        ("a: &x {b: *x}\n", "levels"),
        ("a: " + "[" * 5000, "no YAML"),
        ("x" * 300_000, "262144 are possible"),
        ("\x00", "no YAML"),
        ({"format": object()}, "a value of the type object"),
        ({True: 1}, "the key True is no word"),
    ],
)
def test_what_is_no_description_at_all(given: t.Any, why: str) -> None:
    description, errors = read_description(given)
    assert description is None
    assert any(why in error for error in errors), errors


def test_a_short_text_cannot_be_a_huge_one() -> None:
    """A billion laughs: each anchor holds the one before it ten times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    description, errors = read_description("\n".join(lines))
    assert description is None
    assert any("more than 20000 values" in error for error in errors)


def test_numbers_and_dates_stay_what_they_are() -> None:
    text = TEXT.replace("products: {jprs-dv: dv,", "products: {jprs-dv: 12, acme: 2026-06-23,", 1)
    description, errors = read_description(text.replace("  issued: issued", "  3: issued", 1))
    assert errors == [] and description is not None
    assert (description.products or {})["jprs-dv"] == 12
    assert (description.products or {})["acme"] == "2026-06-23"
    assert "3" in description.statuses
