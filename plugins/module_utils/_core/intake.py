# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person tells of an order at a portal (``inkan_intake``): read once, bounded, and every wrong word told.

Text of a mail or a page is pasted here, so everything in it is taken for hostile: a number is a number, a token has one
of two folders on a name of the order, a text is text.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import path_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

#: keys of an intake; ``key`` and ``key_file`` never come here: a private key goes to its custodian only
KEYS = (
    *("order_number", "file_token", "approved", "certificate", "chain", "registered"),
    *("cancelled", "renewed_by_seller", "note", "done", "reopen", "who"),
)
#: of these, those that an order at any CA takes, not only at a portal
ABOUT_TASKS = frozenset({"note", "done", "reopen", "who"})
KEYS_OF_A_KEY = ("key", "key_file")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}")
_CONTENT = re.compile(r"[\t\r\n -~]{1,4096}")
_MOST_TEXT = 512 * 1024
_LONGEST_NOTE = 1000
_MOST_TOKENS = 100
_MOST_TASKS = 50
_TASK = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "")


@dataclass(frozen=True)
class FileWord:
    """A file token as the seller told it."""

    uri: str
    content: str


@dataclass(frozen=True)
class Intake:
    """source: person, file or mail: who told it. cancelled: the seller's words, "" if it is not."""

    order_number: str = ""
    tokens: tuple[FileWord, ...] = ()
    approved: bool = False
    certificate: str = ""
    chain: str = ""
    registered: bool = False
    cancelled: str = ""
    renewed_by_seller: bool = False
    note: str = ""
    #: ids or kinds of tasks that are done, or are not after all; who says so
    done: tuple[str, ...] = ()
    reopen: tuple[str, ...] = ()
    who: str = ""
    source: str = "person"

    @property
    def is_empty(self) -> bool:
        return self == Intake(source=self.source)

    @property
    def is_about_tasks(self) -> bool:
        """Nothing else is told: an order at any CA takes it."""
        return bool(self.done or self.reopen) and self == Intake(
            done=self.done, reopen=self.reopen, who=self.who, note=self.note, source=self.source
        )


def read_intake(raw: t.Any, source: str = "person") -> tuple[Intake, list[str]]:
    """With a sentence for everything in it that cannot be used; what can be is in the intake all the same."""
    if raw is None:
        return Intake(source=source), []
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        return Intake(source=source), ["it is no dictionary"]
    wrong = [f"there is no key {key[:40]!r}. {nearest(key, KEYS)}" for key in raw if key not in KEYS]
    reader = _Reader(raw, wrong)
    found = Intake(
        order_number=reader.number("order_number"),
        tokens=reader.tokens("file_token"),
        approved=reader.flag("approved"),
        certificate=reader.text("certificate"),
        chain=reader.text("chain"),
        registered=reader.flag("registered"),
        cancelled=reader.words("cancelled"),
        renewed_by_seller=reader.flag("renewed_by_seller"),
        note=reader.note("note"),
        done=reader.tasks("done"),
        reopen=reader.tasks("reopen"),
        who=reader.note("who"),
        source=source,
    )
    both = set(found.done) & set(found.reopen)
    if both:
        wrong.append(f"done and reopen both name {', '.join(sorted(both))}")
    if found.chain and not found.certificate:
        wrong.append("a chain came without its certificate")
    return found, wrong


class _Reader:
    def __init__(self, raw: t.Mapping[str, t.Any], wrong: list[str]) -> None:
        self._raw = raw
        self._wrong = wrong

    def _bad(self, key: str, why: str) -> None:
        self._wrong.append(f"{key}: {why}")

    def number(self, key: str) -> str:
        value = self._raw.get(key)
        if value is None or value == "":
            return ""
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if _NUMBER.fullmatch(text):
            return text
        self._bad(key, f"{escaped(str(value), 80)!r} is no number of an order (A-Z a-z 0-9 . _ / # - , 64 at most)")
        return ""

    def flag(self, key: str) -> bool:
        value = self._raw.get(key)
        text = str(value).strip().lower() if value is not None else ""
        if text not in (*_YES, *_NO):
            self._bad(key, f"{escaped(str(value), 40)!r} is neither true nor false")
        return text in _YES

    def words(self, key: str) -> str:
        """A flag, or the other side's words."""
        value = self._raw.get(key)
        text = str(value).strip() if value is not None else ""
        if text.lower() in _NO:
            return ""
        return "the seller told so" if text.lower() in _YES else self._bounded(key, text)

    def note(self, key: str) -> str:
        value = self._raw.get(key)
        return self._bounded(key, str(value).strip()) if value is not None else ""

    def tasks(self, key: str) -> tuple[str, ...]:
        value = self._raw.get(key)
        given = value if isinstance(value, list) else [] if value is None else [value]
        if len(given) > _MOST_TASKS:
            self._bad(key, f"{len(given)} tasks, {_MOST_TASKS} are possible")
            return ()
        for one in given:
            if not isinstance(one, str) or not _TASK.fullmatch(one):
                self._bad(key, f"{escaped(str(one), 40)!r} is no id and no kind of a task")
        return tuple(dict.fromkeys(one for one in given if isinstance(one, str) and _TASK.fullmatch(one)))

    def _bounded(self, key: str, text: str) -> str:
        if len(text) > _LONGEST_NOTE:
            self._bad(key, f"it has {len(text)} characters, {_LONGEST_NOTE} are possible")
            return ""
        return escaped(text, _LONGEST_NOTE)

    def text(self, key: str) -> str:
        """PEM, or a list of PEM."""
        value = self._raw.get(key)
        parts = value if isinstance(value, list) else [value]
        if not all(part is None or isinstance(part, str) for part in parts):
            self._bad(key, "it is no text")
            return ""
        text = "\n".join(part.strip() for part in parts if part)
        if len(text) > _MOST_TEXT:
            self._bad(key, f"it has {len(text)} characters, {_MOST_TEXT} are possible")
            return ""
        return text

    def tokens(self, key: str) -> tuple[FileWord, ...]:
        value = self._raw.get(key)
        if value is None:
            return ()
        given = value if isinstance(value, list) else [value]
        if len(given) > _MOST_TOKENS:
            self._bad(key, f"{len(given)} tokens, {_MOST_TOKENS} are possible")
            return ()
        found = [self._token(key, one) for one in given]
        return tuple(token for token in found if token is not None)

    def _token(self, key: str, one: t.Any) -> FileWord | None:
        if not isinstance(one, dict) or set(one) != {"uri", "content"}:
            self._bad(key, "it needs uri and content, and nothing else")
            return None
        uri, content = one["uri"], one["content"]
        if not isinstance(uri, str) or not isinstance(content, str):
            self._bad(key, "uri and content are texts")
            return None
        content = content.strip("\r\n")
        if not _CONTENT.fullmatch(content):
            self._bad(key, "its content is empty, longer than 4096 characters, or not printable ASCII")
            return None
        return FileWord(uri.strip(), content)


def token_files(tokens: t.Sequence[FileWord], dns_names: t.Sequence[str]) -> tuple[tuple[TokenFile, ...], list[str]]:
    """The files that the tokens mean, and why some mean none. A name that no token is for gets the only token there is:
    with the double-address option both the www and the non-www URL are looked at (JPRS-8)."""
    names = [name for name in dns_names if not name.startswith("*.")]
    found: dict[str, TokenFile] = {}
    wrong = []
    for token in tokens:
        why, file = _file(token, names)
        if file is not None:
            found[file.dns_name] = file
        else:
            wrong.append(f"file_token {escaped(token.uri, 200)!r}: {why}")
    if len(found) == 1 and not wrong:
        only = next(iter(found.values()))
        found = {name: _at(name, only.path, only.content) for name in names}
    missing = [name for name in names if name not in found]
    if missing and not wrong:
        wrong.append(f"file_token: there is none for {', '.join(missing)}")
    return tuple(found.values()), wrong


def _file(token: FileWord, names: t.Sequence[str]) -> tuple[str, TokenFile | None]:
    try:
        parts = urllib.parse.urlsplit(token.uri)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as failure:
        return f"it is no URI: {failure}", None
    if not token.uri.isascii() or not token.uri.isprintable() or " " in token.uri or "\\" in token.uri:
        return "it has characters that no URI has", None
    if parts.scheme not in ("http", "https") or parts.username is not None or parts.password is not None:
        return "it is no plain http URI", None
    if port not in (None, 80, 443) or parts.query or parts.fragment:
        return "a file is looked for on port 80 (BR 3.2.2.4.18), and its URI has neither query nor fragment", None
    if host not in names:
        return f"its host is {host or 'missing'}, the order is for {', '.join(names)}", None
    path = parts.path.lstrip("/")
    if path_error(path):
        return str(path_error(path)), None
    return "", _at(host, path, token.content)


def _at(name: str, path: str, content: str) -> TokenFile:
    return TokenFile(name, path, content, f"http://{name}/{path}")
