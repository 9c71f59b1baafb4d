# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval pages, read and answered: no scripts, no frames, no other host, and nothing that the caller did not ask for.

    browser = Browser(http, seconds=20.0)
    page = browser.show(url)
    after = browser.send(page_url, fields)

A page is hostile text as a mail is. What needs more than a form is told (``scripts``, ``captcha``), and left to people.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import Button, Field, Form, Page, rows_of
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import closed, decoded

__all__ = ["Browser", "read_page"]

_MOST_MOVES = 2
_MOST_TEXT = 100_000
_MOST_FIELDS = 200
_WHITE = re.compile(r"[ \t\r\f\v\u3000]+")
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_COOKIE = re.compile(r",\s*(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)")
_PAIR = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}=[!#-+\--:<-\[\]-~]{0,4096}")
_CAPTCHA = ("captcha", "turnstile")


class Browser:
    """One visit: cookies of the one host that it is at live as long as this object."""

    def __init__(self, http: HttpClient, seconds: float) -> None:
        self._http = http
        self._seconds = seconds
        self._cookies: dict[str, str] = {}
        self._origin = ""

    def show(self, url: str) -> Page:
        self._origin = _origin(url)
        return self._followed(self._request("GET", url, None))

    def send(self, url: str, fields: t.Sequence[tuple[str, str]]) -> Page:
        """Once. What a server says afterwards with a redirect is looked at, on the same host."""
        body = urllib.parse.urlencode(list(fields)).encode("ascii")
        return self._followed(self._request("POST", url, body))

    def _request(self, method: str, url: str, body: bytes | None) -> HttpResponse:
        headers = {"Accept": "text/html", "Accept-Language": "ja, en;q=0.5"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._http.request(method, url, headers=headers, body=body, timeout=self._seconds)
        for cookie in _COOKIE.split(answer.headers.get("set-cookie", "")):
            pair = cookie.partition(";")[0].strip()
            if _PAIR.fullmatch(pair) and len(self._cookies) < 20:
                name, _mark, value = pair.partition("=")
                self._cookies[name] = value
        return answer

    def _followed(self, answer: HttpResponse) -> Page:
        for _move in range(_MOST_MOVES):
            if answer.status not in (301, 302, 303):
                break
            target = _joined(answer.url, answer.headers.get("location", ""))
            if _origin(target) != self._origin:
                return Page(
                    answer.url, answer.status, "", (), (), moved_to=urllib.parse.urlsplit(target).hostname or "?"
                )
            answer = self._request("GET", target, None)
        return read_page(answer)


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _joined(url: str, target: str) -> str:
    """ "" where it leads nowhere that can be read: that is no page of ours."""
    try:
        found = urllib.parse.urljoin(url, target)
        urllib.parse.urlsplit(found)
    except ValueError:
        return ""
    return found


def read_page(answer: HttpResponse) -> Page:
    kind = answer.headers.get("content-type", "")
    if not kind.lower().startswith(("text/html", "application/xhtml+xml")):
        return Page(answer.url, answer.status, "", (), ())
    said = _CHARSET.search(kind)
    meta = _META.search(answer.body[:2048])
    charset = said[1] if said else meta[1].decode("ascii") if meta else "utf-8"
    reader = _Reader(closed(decoded(answer.body, charset)))
    text = reader.text[:_MOST_TEXT]
    forms = tuple(form.made(_joined(answer.url, reader.base)) for form in reader.forms)
    rows = (*reader.rows, *rows_of(text))
    return Page(answer.url, answer.status, text, rows, forms, reader.scripts, reader.captcha)


@dataclass
class _Input:
    name: str
    kind: str
    value: str
    checked: bool
    before: str
    id: str
    after: list[str] = field(default_factory=list)
    label: str = ""


@dataclass
class _Form:
    action: str
    method: str
    scripted: bool
    inputs: list[_Input] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def made(self, base: str) -> Form:
        fields = tuple(
            Field(one.name, one.kind, one.value, one.checked, _words(one.label or _beside(one))) for one in self.inputs
        )
        action = _joined(base, self.action)
        return Form(action, self.method, fields, tuple(self.buttons), self.scripted)


def _beside(one: _Input) -> str:
    """The words after a choice, or before a field."""
    return "".join(one.after) if one.kind in ("radio", "checkbox") else one.before


def _words(text: str) -> str:
    return _WHITE.sub(" ", text.replace("\n", " ")).strip()


class _Reader(HTMLParser):
    _HIDDEN = ("script", "style", "head", "template", "noscript")
    _LINES = ("p", "br", "div", "tr", "li", "table", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "form", "fieldset")
    _CELLS = ("th", "td", "dt", "dd")

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.scripts = 0
        self.captcha = False
        self.forms: list[_Form] = []
        self.rows: list[tuple[str, str]] = []
        self._form: _Form | None = None
        self._said: list[str] = []
        self._line: list[str] = []
        self._hidden = 0
        self._cells: list[str] = []
        self._cell: list[str] | None = None
        self._button: tuple[dict[str, str], list[str]] | None = None
        self._choice: _Input | None = None
        self._label: tuple[str, list[str], list[_Input]] | None = None
        self._labels: dict[str, str] = {}
        self.feed(page)
        self.close()
        self._end_row()
        for form in self.forms:
            for one in form.inputs:
                one.label = self._labels.get(one.id, "") if one.id and not one.label else one.label

    @property
    def text(self) -> str:
        lines = (_WHITE.sub(" ", line).strip() for line in "".join(self._said).split("\n"))
        return "\n".join(line for line in lines if line)

    # -- tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name.lower(): value or "" for name, value in attrs}
        if any(
            mark in f"{words.get('src', '')} {words.get('class', '')} {words.get('id', '')}".lower()
            for mark in _CAPTCHA
        ):
            self.captcha = True
        if tag == "script" and "json" not in words.get("type", ""):
            self.scripts += 1
        if tag == "base" and not self.base:
            self.base = words.get("href", "")
        if tag in self._HIDDEN:
            self._hidden += 1
        if tag in self._LINES:
            self._break()
        if tag in ("tr", "dl"):
            self._end_row()
        if tag in self._CELLS:
            self._end_cell()
            self._cell = []
            self._said.append(" ")
        opened: dict[str, t.Callable[[dict[str, str]], None]] = {
            "form": self._open_form,
            "input": self._input,
            "textarea": self._input,
            "select": self._input,
            "button": self._open_button,
            "label": self._open_label,
        }
        if tag in opened:
            opened[tag]({**words, "": tag})

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in self._LINES:
            self._break()
        if tag in self._CELLS:
            self._end_cell()
        if tag in ("tr", "table", "dl"):
            self._end_row()
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._close_button()
        elif tag == "label":
            self._close_label()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self._said.append(data)
        self._line.append(data)
        for place in (
            self._cell,
            self._button[1] if self._button else None,
            self._label[1] if self._label else None,
            self._choice.after if self._choice else None,
        ):
            if place is not None:
                place.append(data)

    # -- rows

    def _break(self) -> None:
        self._said.append("\n")
        self._choice = None
        self._line = []

    def _end_cell(self) -> None:
        if self._cell is not None:
            self._cells.append(_words("".join(self._cell)))
            self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        cells, self._cells = self._cells, []
        self.rows += list(zip(cells[0::2], cells[1::2]))

    # -- forms

    def _open_form(self, words: dict[str, str]) -> None:
        scripted = _has_handler(words) or words.get("action", "").strip().lower().startswith("javascript:")
        self._form = _Form(words.get("action", ""), (words.get("method") or "get").lower(), scripted)
        self.forms.append(self._form)

    def _input(self, words: dict[str, str]) -> None:
        form, tag = self._form, words[""]
        kind = (words.get("type") or "text").lower() if tag == "input" else tag
        if form is None or "disabled" in words or len(form.inputs) >= _MOST_FIELDS:
            return
        if kind in ("submit", "image"):
            form.scripted = form.scripted or _has_handler(words)
            form.buttons.append(
                Button(words.get("name", ""), words.get("value", ""), words.get("value") or words.get("alt", ""))
            )
            return
        if kind in ("button", "reset"):
            return
        before = "".join(self._line)
        if not _words(before) and self._cells:
            before = self._cells[-1]
        one = _Input(
            words.get("name", ""), kind, words.get("value", ""), "checked" in words, before, words.get("id", "")
        )
        form.inputs.append(one)
        self._choice = one if kind in ("radio", "checkbox") else None
        if self._label is not None:
            self._label[2].append(one)

    def _open_button(self, words: dict[str, str]) -> None:
        if self._form is not None and "disabled" not in words:
            self._button = (words, [])

    def _close_button(self) -> None:
        if self._button is not None and self._form is not None:
            words, said = self._button
            if (words.get("type") or "submit").lower() == "submit":
                self._form.scripted = self._form.scripted or _has_handler(words) or "formaction" in words
                button = Button(words.get("name", ""), words.get("value", ""), _words("".join(said)))
                self._form.buttons.append(button)
        self._button = None

    def _open_label(self, words: dict[str, str]) -> None:
        self._label = (words.get("for", ""), [], [])

    def _close_label(self) -> None:
        if self._label is not None:
            name, said, inputs = self._label
            text = _words("".join(said))
            if name:
                self._labels[name] = text
            for one in inputs:
                one.label = text
        self._label = None


def _has_handler(words: t.Mapping[str, str]) -> bool:
    return any(name.startswith("on") for name in words)
