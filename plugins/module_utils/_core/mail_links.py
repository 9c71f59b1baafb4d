# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of a mail: what a gateway made of them, undone without asking it, and whether one is the link that approves.

    Safe Links     https://<region>.safelinks.protection.outlook.com/?url=<quoted>
    Proofpoint v2  https://urldefense.proofpoint.com/v2/url?u=<- for %, _ for />&…
    Proofpoint v3  https://urldefense.com/v3/__<url, * for what was taken out>__;<base64 of that>!!…

A host is compared whole: neither a suffix nor a pattern is right (awx-and-mail 3.1, 3.2 point 5).

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback

__all__ = ["Found", "Place", "approving_link", "shown_link", "unwrapped"]

_MOST_WRAPS = 3
_SHAPE = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,2048}")
_SAFE_LINKS = ".safelinks.protection.outlook.com"
_PROOFPOINT = ("urldefense.proofpoint.com", "urldefense.com")
_V3 = re.compile(r"/v3/__(?P<url>.+?)__;(?P<bytes>[A-Za-z0-9_-]*)!")
_STARS = re.compile(r"\*\*([A-Za-z0-9_-])|\*")
_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: what speaks against links, the worst last: of several that one is told
_FLAWS = (
    *("link_other_host", "link_path", "link_malformed", "link_not_https", "link_port"),
    *("link_host_look_alike", "link_userinfo"),
)
#: they spoil the mail, even beside a link that is right
_HOSTILE = ("link_host_look_alike", "link_userinfo")
#: what it says is no flaw and no approval: it is about something else
_ABOUT_ELSE = ("", "")


class Place(t.NamedTuple):
    """Where a link that approves leads. hosts: ``name`` or, on loopback only, ``name:port``."""

    hosts: tuple[str, ...]
    path: str
    rejects: tuple[str, ...]


class Found(t.NamedTuple):
    """url: the one link that approves, else code and why."""

    url: str = ""
    code: str = ""
    why: str = ""


def unwrapped(link: str) -> str:
    """The link that a gateway rewrote, as often as it did; what cannot be undone stays as it is, and fits nowhere."""
    for _time in range(_MOST_WRAPS):
        inner = _unwrapped_once(link)
        if inner is None:
            return link
        link = inner
    return link


def _unwrapped_once(link: str) -> str | None:
    try:
        parts = urllib.parse.urlsplit(link)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if host.endswith(_SAFE_LINKS):
        return _one(urllib.parse.parse_qs(parts.query).get("url"))
    if host in _PROOFPOINT and parts.path.startswith("/v2/"):
        inner = _one(urllib.parse.parse_qs(parts.query).get("u"))
        return urllib.parse.unquote(inner.replace("-", "%").replace("_", "/")) if inner else None
    if host in _PROOFPOINT and parts.path.startswith("/v3/") and "/v3/" in link:  # not where a line end is within it
        return _of_v3(link[link.index("/v3/") :])
    return None


def _one(values: list[str] | None) -> str | None:
    return values[0] if values and len(values) == 1 else None


def _of_v3(text: str) -> str | None:
    """``*`` stands for one character taken out, ``**X`` for a run of them as long as X says."""
    found = _V3.match(text)
    if found is None:
        return None
    try:
        taken = base64.urlsafe_b64decode(found["bytes"] + "==").decode("utf-8")  # more than enough is no flaw
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    letters = iter(taken)
    whole = _STARS.sub(lambda stars: "".join(itertools.islice(letters, _size(stars[1]))), found["url"])
    return re.sub(r"^(https?):/([^/])", r"\1://\2", whole)


def _size(letter: str | None) -> int:
    return _RUNS.index(letter) + 2 if letter else 1


def approving_link(links: t.Iterable[str], place: Place) -> Found:
    """Of a mail's links exactly one must approve; the others are left alone, whatever they are."""
    flaws: dict[str, str] = {}
    fitting: dict[str, None] = {}
    for link in links:
        url = unwrapped(link)
        flaw = _flaw(url, place)
        if flaw is None:
            fitting[url] = None
        elif flaw != _ABOUT_ELSE:
            flaws.setdefault(*flaw)
    if len(fitting) == 1 and not any(code in flaws for code in _HOSTILE):
        return Found(next(iter(fitting)))
    if len(fitting) > 1:
        return Found("", "link_several", f"{len(fitting)} different links would approve, one is expected")
    if flaws:
        worst = max(flaws, key=_FLAWS.index)
        return Found("", worst, flaws[worst])
    return Found("", "link_missing", f"no link leads to {' or '.join(place.hosts) or 'a known host'}")


def _flaw(url: str, place: Place) -> tuple[str, str] | None:
    """Code and why; None: it approves."""
    if not _SHAPE.fullmatch(url):
        return "link_malformed", "a link has characters that no URL has"
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as failure:
        return "link_malformed", f"a link cannot be read: {failure}"
    if parts.scheme.lower() not in ("http", "https"):
        return _ABOUT_ELSE
    host = (parts.hostname or "").lower()
    shown = f"{host}:{port}" if port is not None else host
    names = {one.partition(":")[0] for one in place.hosts}
    is_near = any(name in parts.netloc.lower() or _skeleton(name) == _skeleton(host) for name in names)
    if "@" in parts.netloc:
        return "link_userinfo", f"a link carries a user name before its host {host}"
    if host not in names:
        if is_near:
            return (
                "link_host_look_alike",
                f"the host {host} looks like one of {', '.join(sorted(names))}, and is not",
            )
        return ("link_other_host", f"its link leads to {host}") if _is_asking(parts) else _ABOUT_ELSE
    if _is_reject(parts, place.rejects):
        return _ABOUT_ELSE
    if parts.scheme != "https":
        return "link_not_https", f"the link to {host} is {parts.scheme}"
    if not _is_port(host, shown, port, place.hosts):
        return "link_port", f"the link names the port {port} of {host}"
    if not parts.path.startswith(place.path) or ".." in parts.path or "%2e" in parts.path.lower():
        return ("link_path", f"the link's path is not below {place.path}") if _is_asking(parts) else _ABOUT_ELSE
    return None if _is_asking(parts) else _ABOUT_ELSE


def _is_asking(parts: urllib.parse.SplitResult) -> bool:
    """A home page approves nothing."""
    return bool(parts.query) or parts.path.strip("/") != ""


def _is_reject(parts: urllib.parse.SplitResult, rejects: t.Iterable[str]) -> bool:
    texts = [urllib.parse.unquote(part).lower() for part in (parts.path, parts.query)]
    return any(word.lower() in text for word in rejects for text in texts)


def _is_port(host: str, shown: str, port: int | None, hosts: t.Collection[str]) -> bool:
    if shown in hosts and ":" in shown:
        return is_loopback(host)
    return port in (None, 443) and host in hosts


def _skeleton(host: str) -> str:
    """Letters that people take for one another are one (a small part of UTS #39)."""
    text = host.translate(str.maketrans("01358-_", "olesb  ")).replace(" ", "").replace(".", "")
    return text.replace("rn", "m").replace("vv", "w").replace("cl", "d")


def shown_link(url: str) -> str:
    """For people and reports: never the part that approves."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
