# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service ``lexicon``: a bridge to the PyPI package dns-lexicon, which speaks to some ninety DNS services.

    settings  driver, options (of the driver, not secret), timeout
    secrets   those of the driver, such as auth_token

What its drivers promise differs, and their results say nothing (dns-providers 5.1). So: list, compare, write what is
missing, and list again. What a driver lost on the way is put back, and told.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_name,
    canonical_value,
    parent_of,
    quote_txt,
    unquote_txt,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.lexicon_drivers import REFUSED_DRIVERS
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    DnsService,
    Look,
    Question,
    ServiceConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.zone_service import Edit, ZoneService

if t.TYPE_CHECKING:  # the package brings 300 modules along: it is loaded where a service of this kind is opened
    from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_library import Driver, Row

DEFAULT_TIMEOUT = 30.0
_SETTINGS = ("driver", "options", "timeout")
#: a character-string of DNS
_LONGEST_STRING = 255

#: (zone, ttl of new records) -> a driver that has read nothing yet
OpenDriver = t.Callable[[str, int], "Driver"]


class _Held(t.NamedTuple):
    rows: tuple[Row, ...]

    @property
    def ttl(self) -> int:
        return next((one.ttl for one in self.rows if one.ttl is not None), 0)

    def values(self, type: str) -> frozenset[str]:
        return frozenset(value_of(type, one.content) for one in self.rows)


class _Zone:
    """Asked for by type and name, each once; what a driver lists beside is left out."""

    def __init__(self, name: str, driver: Driver) -> None:
        self.name = name
        self.driver = driver
        self._held: dict[Question, _Held | None] = {}
        self._cuts: frozenset[str] | None = None

    def held(self, question: Question) -> _Held | None:
        if question not in self._held:
            rows = self.driver.rows(question.type, question.name)
            mine = tuple(one for one in rows if one.type == question.type and self._full(one.name) == question.name)
            self._held[question] = _Held(mine) if mine else None
        return self._held[question]

    def is_cut(self, name: str) -> bool:
        if self._cuts is None:
            self._cuts = frozenset(self._full(one.name) for one in self.driver.rows("NS", None) if one.type == "NS")
        return name != self.name and name in self._cuts

    def _full(self, name: str) -> str:
        """Drivers write names whole or relative to the zone, some ``@`` for its own."""
        plain = canonical_name(name)
        if plain in ("@", "", self.name):
            return self.name
        return plain if plain.endswith(f".{self.name}") else f"{plain}.{self.name}"


class _Write(t.NamedTuple):
    """A value to create, or a row to delete."""

    value: str | None
    row: Row | None = None


class Lexicon(ZoneService[_Zone]):
    """One account."""

    def __init__(self, zones: t.Sequence[str], open_zone: OpenDriver, where: str) -> None:
        super().__init__(zones, where)
        self._open = open_zone

    def _read(self, name: str) -> _Zone | InkanError:
        try:
            return _Zone(name, self._open(name, 0))
        except InkanError as error:
            return error

    def _judge_place(self, name: str, zone: _Zone) -> None:
        above = name
        while above != zone.name:
            if zone.is_cut(above):
                raise self._no_zone(name, f"the zone delegates {above} to other servers")
            above = parent_of(above)

    def _looked(self, question: Question) -> Look | InkanError:
        """Drivers make names of the zone of CNAME targets elsewhere (dns-providers 5.1): DNS itself is asked then."""
        look = super()._looked(question)
        if isinstance(look, InkanError) or look.alias is None:
            return look
        return self._no_zone(question.name, "a CNAME is there, whose target the driver cannot tell")

    def _may_have_happened(self, error: InkanError) -> bool:
        lost = isinstance(error, TransportError) and error.sent
        return lost or error.code in ("dns_bad_answer", "dns_server_failure")

    def _apply(self, zone: str, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        failures: dict[Question, InkanError] = {}
        before = {edit.question: self._zone(zone).held(edit.question) for edit in edits}
        for edit in edits:
            try:
                self._write(zone, edit, before[edit.question])
            except InkanError as error:
                failures[edit.question] = error
        self._forget()
        for edit in edits:
            try:
                self._put_back(zone, edit, before[edit.question])
            except InkanError as error:
                failures.setdefault(edit.question, error)
        return failures

    def _write(self, zone: str, edit: Edit, held: _Held | None) -> None:
        """New values first, for a set that is emptied on the way would be seen so; but of CNAMEs there is only one.

        An answer that is lost ends nothing: only what is listed afterwards counts.
        """
        type, name = edit.question.type, edit.question.name
        gone = [row for row in (held.rows if held is not None else ()) if value_of(type, row.content) in edit.gone]
        steps: list[_Write] = [_Write(value) for value in sorted(edit.new)]
        removals = [_Write(None, row._replace(name=name)) for row in gone]
        driver, lost = self._open(zone, edit.ttl), []
        for step in [*removals, *steps] if type == "CNAME" else [*steps, *removals]:
            try:
                if step.row is not None:
                    driver.delete(step.row)
                else:
                    driver.create(type, name, content_of(type, step.value or ""))
            except InkanError as error:
                if not self._may_have_happened(error):
                    raise
                lost.append(error)
                driver = self._open(zone, edit.ttl)  # what it remembers is not true any more
        if lost:
            raise lost[0]

    def _put_back(self, zone: str, edit: Edit, held: _Held | None) -> None:
        """A driver may take more than it was told; nobody else's value may be lost by that."""
        type, name = edit.question.type, edit.question.name
        should = (held.values(type) if held is not None else frozenset()) - edit.gone
        now = self._zone(zone).held(edit.question)
        lost = should - (now.values(type) if now is not None else frozenset())
        if not lost:
            return
        driver = self._open(zone, held.ttl if held is not None else edit.ttl)
        for value in sorted(lost):
            driver.create(type, name, content_of(type, value))
        raise ProtocolError(
            code="dns_neighbour_lost",
            what=f"The driver removed more than it was told of {type} {name}",
            where=self._where,
            why=f"what else was there was put back: {escaped(', '.join(sorted(lost)), 300)}",
            todo="Compare the records with what should be there, and use another service for this zone",
            did_change=True,
        )


def value_of(type: str, content: str) -> str:
    """TXT in quotes, without them, or in several character-strings with the outer quotes gone."""
    if type != "TXT":
        return canonical_value(type, content)
    quoted = content if content.startswith('"') and content.endswith('"') and len(content) > 1 else f'"{content}"'
    if quoted is content or '" "' in content:
        try:
            return unquote_txt(quoted)
        except ValueError:
            pass
    return content


def content_of(type: str, value: str) -> str:
    """Plain, for drivers quote by themselves; only what is longer than a character-string is written in pieces."""
    return quote_txt(value) if type == "TXT" and len(value.encode()) > _LONGEST_STRING else value


class LexiconFactory:
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        settings = config.settings
        strange = sorted(str(one) for one in settings if one not in _SETTINGS)
        found = [f'there is no setting "{escaped(one, 80)}", only {", ".join(_SETTINGS)}' for one in strange]
        driver = settings.get("driver")
        if not isinstance(driver, str) or not re.fullmatch(r"[a-z0-9_]{1,40}", driver):
            found.append("settings.driver must be a driver of dns-lexicon, such as sakuracloud")
        elif driver in REFUSED_DRIVERS:
            refused = REFUSED_DRIVERS[driver]
            found.append(f"the driver {driver} is not used: {refused.why}. {refused.todo}")
        options = settings.get("options", {})
        if not isinstance(options, dict) or not all(isinstance(key, str) for key in options):
            found.append("settings.options must be a dictionary: the options of the driver that are not secret")
        timeout = settings.get("timeout", DEFAULT_TIMEOUT)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0.05 <= timeout <= 600:
            found.append(f"settings.timeout must be seconds from 0.05 to 600, {timeout!r} is none")
        if not config.secrets:
            found.append("secrets are missing: those of the driver, such as auth_token")
        return found

    def settings_warnings(self, _config: ServiceConfig) -> list[str]:
        return []

    def open(self, config: ServiceConfig) -> DnsService:
        """An import that failed is told where the service is used, and no sooner."""
        from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_library import (
            LEXICON_ERROR,
            missing_library,
            open_driver,
        )

        driver = str(config.settings["driver"])
        where = f'service "{config.name}", driver {driver}'
        options = dict(config.settings.get("options") or {})
        timeout = float(config.settings.get("timeout", DEFAULT_TIMEOUT))

        def opened(zone: str, ttl: int) -> Driver:
            if LEXICON_ERROR is not None:
                raise missing_library()
            return open_driver(driver, zone, options, config.secrets, ttl or 60, timeout, where)

        return Lexicon(config.zones, opened, where)
