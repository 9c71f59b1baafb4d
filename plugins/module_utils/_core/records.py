# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS records as values: names and values in one spelling, TXT in character-strings, and lines for a diff.

A TXT value is text; its octets are UTF-8. A neighbour's record may hold any octets: those that are no UTF-8 travel as
surrogate escapes, so that joining and splitting lose nothing, and are shown as ``\\DDD``. A CAA value is in its text
form, ``0 issue "ca.example.net"``, each octet written in one way only.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.master_file import octets_of
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error

#: RFC 1035 §3.3: one length octet before each character-string
MAX_STRING = 255
#: octets of all character-strings together; RDATA has 65535 with the length octets, no challenge comes near
MAX_TXT = 4096
TYPES = ("TXT", "CNAME", "CAA")

_CAA = re.compile(r'\s*(\d{1,3})\s+([A-Za-z0-9]{1,255})\s+(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*', re.DOTALL)
#: in quotes, or up to the next blank; anything else is astray
_STRING = re.compile(r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>(?:[^ \t"\\]|\\.)+)|(?P<stray>[^ \t])', re.DOTALL)


# --- names -----------------------------------------------------------------------------------------------------------


def canonical_name(text: str) -> str:
    """Lower case, without the trailing dot: how owner names are compared (RFC 4343)."""
    return text.lower()[:-1] if text.endswith(".") else text.lower()


def parent_of(name: str) -> str:
    """The name without its first label; empty for a single label."""
    return name.partition(".")[2]


def is_at_or_below(name: str, zone: str) -> bool:
    return name == zone or name.endswith("." + zone)


def longest_zone(name: str, zones: t.Iterable[str]) -> str | None:
    """The longest of ``zones`` that ``name`` is at or below."""
    return max((zone for zone in zones if is_at_or_below(name, zone)), key=len, default=None)


# --- values ----------------------------------------------------------------------------------------------------------


def value_error(type: str, value: str) -> str | None:
    """Why ``value`` is no value of a record of this type, or None."""
    if type == "TXT":
        size = len(value.encode("utf-8", "surrogatepass"))
        if not value:
            return "it is empty"
        if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            return "it is no Unicode text"
        return f"it has {size} octets, {MAX_TXT} are possible" if size > MAX_TXT else None
    if type == "CNAME":
        return owner_name_error(canonical_name(value))
    if type == "CAA":
        return None if canonical_caa(value) else 'it is not of the form: 0 issue "ca.example.net"'
    return f"records of type {type} are not written here"


def canonical_value(type: str, value: str) -> str:
    """One spelling for each value, so that equal records are equal texts."""
    if type in ("CNAME", "NS"):
        return canonical_name(value)
    if type == "CAA":
        return canonical_caa(value) or value
    return value


class Caa(t.NamedTuple):
    """The parts of a CAA value; tag in lower case (RFC 8659 §4.1), content in octets."""

    flags: int
    tag: str
    content: bytes

    @property
    def is_critical(self) -> bool:
        return self.flags >= 128

    def text(self) -> str:
        return f'{self.flags} {self.tag} "{"".join(map(_quoted_octet, self.content))}"'


def parse_caa(text: str) -> Caa | None:
    """The parts of ``text``, or None if it is no CAA value."""
    match = _CAA.fullmatch(text)
    if match is None or int(match.group(1)) > 255:
        return None
    content = match.group(3) if match.group(3) is not None else match.group(4)
    try:
        octets = octets_of(content)
    except ValueError:
        return None
    return Caa(int(match.group(1)), match.group(2).lower(), octets)


def canonical_caa(text: str) -> str | None:
    """In one spelling, or None if ``text`` is no CAA value."""
    parsed = parse_caa(text)
    return parsed.text() if parsed is not None else None


def property_of(type: str, value: str) -> str:
    """What a value speaks of: the tag of a CAA value, for each tag is an affair of its own (RFC 8659 §4.1)."""
    parsed = parse_caa(value) if type == "CAA" else None
    return parsed.tag if parsed is not None else ""


# --- TXT -------------------------------------------------------------------------------------------------------------


def txt_strings(value: str) -> tuple[bytes, ...]:
    """The character-strings of a value: full ones first, at least one."""
    octets = value.encode("utf-8", "surrogateescape")
    starts = range(0, len(octets), MAX_STRING) if octets else [0]
    return tuple(octets[start : start + MAX_STRING] for start in starts)


def txt_value(strings: t.Iterable[bytes]) -> str:
    """The value of character-strings: joined without a separator, as CAs read it (RFC 8555 §8.4, BR 3.2.2.4.7)."""
    return b"".join(strings).decode("utf-8", "surrogateescape")


def quote_txt(value: str) -> str:
    """Presentation form (RFC 1035 §5.1): pure printable ASCII, safe for a terminal."""
    return " ".join('"' + "".join(map(_quoted_octet, string)) + '"' for string in txt_strings(value))


def _quoted_octet(octet: int) -> str:
    if octet in (0x22, 0x5C):
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def unquote_txt(text: str) -> str:
    """The value of a presentation form; raises ValueError if it is none."""
    strings = [_read_string(found) for found in _STRING.finditer(text)]
    if not strings:
        raise ValueError("no character-string")
    return txt_value(strings)


def _read_string(found: re.Match[str]) -> bytes:
    if found["stray"]:
        raise ValueError("a quote is not closed" if found["stray"] == '"' else "a backslash escapes nothing")
    octets = octets_of(found["plain"] or found["quoted"])
    if len(octets) > MAX_STRING:
        raise ValueError(f"a character-string has more than {MAX_STRING} octets")
    return octets


# --- lines for people ------------------------------------------------------------------------------------------------


class Line(t.NamedTuple):
    """A record as a diff shows it."""

    name: str
    type: str
    value: str
    ttl: int | None


def shown_value(type: str, value: str) -> str:
    return quote_txt(value) if type == "TXT" else "".join(map(_quoted_letter, value))


def _quoted_letter(letter: str) -> str:
    return letter if " " <= letter <= "~" else "".join(f"\\{octet:03d}" for octet in letter.encode("utf-8", "replace"))


def record_lines(records: t.Iterable[Line]) -> str:
    """One record a line in zone-file form, sorted by name, type and value."""
    ordered = sorted(set(records), key=lambda one: (one.name.split(".")[::-1], one.type, one.value))
    return "".join(
        f"{one.name}. {'-' if one.ttl is None else one.ttl} IN {one.type} {shown_value(one.type, one.value)}\n"
        for one in ordered
    )
