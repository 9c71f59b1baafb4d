# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``calls`` of a description, and the templates in them: from parts to values, every mistake named.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import CALLS, STEPPED, WORDS, Call
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import Expression
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import Part, Reader, Table, shown
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import FIXED, Template, split_outside
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["CALL_KEYS", "STEP_KEYS", "VERBS", "Templates", "read_call", "read_one"]

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: Ours to set: they frame the request.
_OUR_HEADERS = frozenset(
    "host connection content-length transfer-encoding te trailer upgrade expect proxy-authorization".split()
)
_REQUEST = ("request", "headers", "body", "form", "expect", "already")
_MORE: t.Mapping[str, tuple[str, ...]] = {
    "find": ("orders", "total", "next", "link_header", "delay"),
    "prepare": ("when",),
    "ready": ("for",),
    "download": ("certificate", "chain"),
}
#: The keys of each call, and those of the steps before its last one.
CALL_KEYS: t.Mapping[str, tuple[str, ...]] = {
    name: (*_REQUEST, "order", *(("buys",) if name == "submit" else ()), *_MORE.get(name, ())) for name in CALLS
}
STEP_KEYS = (*_REQUEST, "keep", "buys")
_LONGEST_DELAY = 3600
_KEPT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_IN_THE_LINE = "Write it into the request line, as in: request: POST /orders"
_HINTS = {
    "method": _IN_THE_LINE,
    "path": _IN_THE_LINE,
    "url": _IN_THE_LINE,
    "query": "Write it into the request line, as in: request: GET /orders?number={reference}",
    "params": "Write it into the request line, as in: request: GET /orders?number={reference}",
    "json": 'Did you mean "body"?',
    "data": 'Did you mean "form"?',
    "answer": "What an order looks like stands once, in order",
}
_LISTS = frozenset({"names", "options", "secrets", "kept"})


class Templates:
    """Reads templates and expressions; collects which secrets they use, and where each word is used."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.secrets: dict[str, Part] = {}
        self.used: dict[str, set[str]] = {}
        #: what the steps before the one that is read have kept
        self.kept: set[str] = set()

    def expression(self, part: Part | None) -> Expression | None:
        """JMESPath over an answer. Braces around it are forgiven nobody: they would mean a multiselect hash."""
        text = self._reader.text(part)
        if part is None or text is None:
            return None
        try:
            return Expression(text.strip())
        except ValueError as failure:
            hint = "; an expression over an answer stands without braces" if text.strip().startswith("{") else ""
            self._reader.wrong(part, f"{failure}{hint}")
            return None

    def template(self, part: Part, call: str, text: str | None = None) -> Template | None:
        """call: a key of WORDS. text: a piece of the part, where the part holds more than one template."""
        try:
            template = Template(part.value if text is None else text)
        except ValueError as failure:
            self._reader.wrong(part, str(failure))
            return None
        for expression in template.expressions:
            self._judge(expression, part, call, alone=template.is_one_placeholder)
        return template

    def _judge(self, expression: Expression, part: Part, call: str, *, alone: bool) -> None:
        for word, following in expression.roots:
            if word == "kept":
                self._judge_kept(expression, following, part)
            elif word not in WORDS[call]:
                where = f"in {call}" if call != "headers" else "in the headers of all calls"
                why = f"{{{expression.text}}}: there is no {word!r} {where}. {nearest(word, WORDS[call])}"
                self._reader.wrong(part, why)
            elif word == "secrets" and not following:
                self._reader.wrong(part, "all secrets at once cannot be sent: name one, as in {secrets.api_key}")
            elif word == "secrets":
                self.secrets.setdefault(following, part)
            self.used.setdefault(call, set()).add(word)
        if not alone and expression.text in _LISTS:
            todo = f"write {{join(',', {expression.text})}} for a list in a text"
            self._reader.wrong(part, f"{{{expression.text}}} has no form as text: {todo}")

    def _judge_kept(self, expression: Expression, word: str, part: Part) -> None:
        if word not in self.kept:
            why = f"{{{expression.text}}}: no step before this one keeps {word or 'nothing'!r}."
            self._reader.wrong(part, f"{why} {nearest(word, self.kept)}")

    def tree(self, part: Part, call: str) -> t.Any:
        """A body: each text a template, each other value itself."""
        if isinstance(part.value, dict):
            return {key: self.tree(value, call) for key, value in part.value.items()}
        if isinstance(part.value, list):
            return [self.tree(value, call) for value in part.value]
        if isinstance(part.value, str):
            return self.template(part, call)
        return part.value

    def headers(self, part: Part | None, call: str) -> dict[str, Template]:
        found = {}
        for name, value in self._reader.table(part).items():
            if not _HEADER_NAME.fullmatch(name):
                self._reader.wrong(value, f"{escaped(name, 80)!r} is no name of a header")
            elif name.lower() in _OUR_HEADERS:
                self._reader.wrong(value, f"the header {name} is set by the request itself: leave it out")
            text = self._reader.text(value)
            template = self.template(value, call) if text is not None else None
            if template is not None:
                if not template.fixed.isprintable() or not template.fixed.isascii():
                    self._reader.wrong(value, "a header carries printable ASCII only")
                found[name] = template
        return found


def read_call(name: str, part: Part, templates: Templates, reader: Reader) -> Call | None:
    """One call: a request, or a list of them whose last one it is."""
    templates.kept = set()
    if not isinstance(part.value, list):
        return read_one(name, part, templates, reader, CALL_KEYS[name], buys=name == "submit")
    if name not in STEPPED:
        reader.wrong(part, f"{name} is one request; a list of steps is possible in {', '.join(STEPPED)}")
        return None
    if not part.value:
        reader.wrong(part, "nothing stands where a list of steps is needed")
        return None
    *first, last = part.value
    if name == "submit":
        _judge_buying(part, reader)
    before = []
    for step in first:
        before.append(read_one(name, step, templates, reader, STEP_KEYS))
        templates.kept |= before[-1].keep.keys() if before[-1] is not None else set()
    call = read_one(name, last, templates, reader, CALL_KEYS[name], buys=name == "submit")
    whole = tuple(step for step in before if step is not None)
    return replace(call, before=whole) if call is not None and len(whole) == len(before) else None


def _judge_buying(part: Part, reader: Reader) -> None:
    """Whoever describes the steps has to say which of them costs money: an answer that is lost there is looked for."""
    marks = [reader.flag(step.value.get("buys")) if isinstance(step.value, dict) else False for step in part.value]
    if len(marks) > 1 and marks.count(True) != 1:
        reader.wrong(part, "buys: true has to stand in the one step after which an order exists")
    elif True in marks[:-1]:
        why = "the step that buys is the last one of submit: what follows it may be cut off by a crash."
        reader.wrong(part.value[marks.index(True) + 1], f"{why} Write it as prepare, which is done until it is done")


def read_one(
    name: str, part: Part, templates: Templates, reader: Reader, keys: tuple[str, ...], *, buys: bool = False
) -> Call | None:
    table = reader.table(part, keys, _HINTS)
    if not isinstance(part.value, dict):
        if part.value is None:
            reader.wrong(part, "nothing stands where a call is needed, as in: {request: GET /orders/{order_id}}")
        return None
    if "request" not in table:
        reader.wrong(part, f"request is missing. {_IN_THE_LINE}")
        return None
    line = _request_line(name, table["request"], templates, reader)
    body, form = _bodies(name, table, line, templates, reader)
    if line is None:
        return None
    verb, path, query = line
    return Call(
        name=name,
        verb=verb,
        path=path,
        query=query,
        headers=templates.headers(table.get("headers"), name),
        body=body,
        form=form,
        expect=_statuses(table.get("expect"), reader),
        already=frozenset(reader.words(table.get("already"))),
        only_for=frozenset(reader.words(table["for"])) if "for" in table else None,
        has_link_header=reader.flag(table.get("link_header")),
        delay=5.0 if "delay" not in table else reader.number(table["delay"], 0, _LONGEST_DELAY) or 0.0,
        keep=_keep(table.get("keep"), templates, reader),
        buys=buys,
        order=templates.expression(table.get("order")),
        orders=templates.expression(table.get("orders")),
        total=templates.expression(table.get("total")),
        next=templates.expression(table.get("next")),
        certificate=templates.expression(table.get("certificate")),
        chain=templates.expression(table.get("chain")),
        when=templates.expression(table.get("when")),
    )


def _keep(part: Part | None, templates: Templates, reader: Reader) -> dict[str, Expression]:
    found = {}
    for word, given in reader.table(part).items():
        if not _KEPT.fullmatch(word):
            reader.wrong(given, f"{escaped(word, 80)!r} is no word to keep something under (a-z 0-9 _)")
        expression = templates.expression(given)
        if expression is not None:
            found[word] = expression
    return found


Line = tuple[str, Template, tuple[tuple[str, Template], ...]]


def _request_line(name: str, part: Part, templates: Templates, reader: Reader) -> Line | None:
    text = reader.text(part)
    if text is None:
        return None
    verb, _blank, target = text.strip().partition(" ")
    target = target.strip()
    if verb not in VERBS:
        reader.wrong(part, f"{verb[:40]!r} is no HTTP method. {nearest(verb.upper(), VERBS)} {_IN_THE_LINE}")
        return None
    if not target.startswith("/"):
        hint = " (the seller's address stands in the account's url)" if "://" in target else ""
        reader.wrong(part, f"{target[:80]!r} does not begin with a slash{hint}. {_IN_THE_LINE}")
        return None
    try:
        path_text, *rest = split_outside(target, "?")
        pairs = [split_outside(pair, "=") for one in rest for pair in split_outside(one, "&")]
    except ValueError as failure:
        reader.wrong(part, str(failure))
        return None
    if len(rest) > 1:
        reader.wrong(part, "there is a second question mark: write %3F for the letter itself")
        return None
    path = templates.template(part, name, path_text)
    query = [(pair[0], templates.template(part, name, "=".join(pair[1:]))) for pair in pairs]
    if path is None or any(template is None for _key, template in query):
        return None
    _judge_target(path, [key for key, _template in query], part, reader)
    return verb, path, tuple((key, template) for key, template in query if template is not None)


def _judge_target(path: Template, keys: t.Sequence[str], part: Part, reader: Reader) -> None:
    if not FIXED.fullmatch(path.fixed) or any(not key or not FIXED.fullmatch(key) for key in keys):
        reader.wrong(part, "the request line has blanks or letters that a URL cannot have: percent-encode them")
    if "//" in path.fixed.replace("/{", "/") and "//" in path.text:
        reader.wrong(part, "the path has two slashes in a row")
    if any(root in ("secrets", "token") for expression in path.expressions for root, _next in expression.roots):
        reader.wrong(part, "a path is shown in messages: put the secret into a header, the body or behind the ?")


def _bodies(name: str, table: Table, line: Line | None, templates: Templates, reader: Reader) -> tuple[t.Any, t.Any]:
    body, form = table.get("body"), table.get("form")
    if body is not None and form is not None:
        reader.wrong(form, "body (JSON) and form exclude each other")
    given = body or form
    if given is not None and line is not None and line[0] == "GET":
        reader.wrong(given, "GET has no body: write the values into the request line, behind a question mark")
    for part in (body, form):
        if part is not None and not isinstance(part.value, (dict, list) if part is body else dict):
            reader.wrong(part, f"{shown(part)} stands where a dictionary is needed")
            return None, None
    for key, value in form.value.items() if form is not None else ():
        if isinstance(value.value, (dict, list)):
            reader.wrong(value, f"{shown(value)} stands in the form field {key!r}; a form has texts only")
    return (
        templates.tree(body, name) if body is not None else None,
        templates.tree(form, name) if form is not None else None,
    )


def _statuses(part: Part | None, reader: Reader) -> frozenset[int]:
    words = reader.words(part)
    wrong = [word for word in words if not re.fullmatch(r"2\d\d", word)]
    if part is not None and wrong:
        reader.wrong(part, f"expect lists the HTTP statuses of success, 200 to 299; not {', '.join(wrong)}")
    return frozenset(int(word) for word in words if word not in wrong)
