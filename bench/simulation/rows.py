# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulation is given: CAs with the limits of one account, what a run costs, and what nobody could confirm.

Limits and lifetimes are the rows that the collection itself works by; the figures that it has no row for stand here,
with the document they are from. ``GUESSES`` names those that no public document says.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca import counted
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings as GccSettings
from ansible_collections.inkan.tls.plugins.module_utils._core.arithmetic import validity_of
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Page, local_time, open_page
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._data import atlas_words, digicert_words
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS

MEASURED = pathlib.Path(__file__).resolve().parents[1] / "results"
DAY, HOUR = 86_400.0, 3_600.0


@dataclasses.dataclass(frozen=True)
class Authority:
    """limits: of one account or key. requests: of one order that count there.

    suggests   it says when to renew (ARI); such orders are ``exempt`` from its limits, or not
    latency    seconds from the order to the certificate, from and to; a share ``slow`` takes ``slow_hours``
    lifetimes  its own maximum in days, from a day on; the dated rules and the catalogue hold beside it
    pending    at most so many open orders at once
    """

    key: str
    title: str
    product: str
    limits: tuple[Limit, ...] = ()
    requests: int = 1
    suggests: bool = False
    exempt: bool = False
    latency: tuple[float, float] = (2.0, 20.0)
    slow: float = 0.0
    slow_hours: tuple[float, float] = (2.0, 24.0)
    lifetimes: tuple[tuple[date, int], ...] = ()
    by_mail: bool = False
    pending: int | None = None


def _ours(rows: t.Iterable[tuple[int, float]]) -> tuple[Limit, ...]:
    """As ``_ca/counted`` counts them."""
    return tuple(Limit(requests, seconds + counted._SPARE) for requests, seconds in rows)


def _gcc() -> int:
    return next(int(str(one.default)) for one in dataclasses.fields(GccSettings) if one.name == "requests_per_minute")


LETSENCRYPT = Authority(
    "letsencrypt",
    "Let's Encrypt",
    "acme",
    limits=(Limit(300, 3 * HOUR),),
    suggests=True,
    exempt=True,
    lifetimes=((date.min, 90), (date(2027, 2, 10), 64), (date(2028, 2, 16), 45)),
)
#: of one registered domain at Let's Encrypt, for orders that replace nothing by ARI (ca-apis 5)
DOMAIN = Limit(50, 7 * DAY)
DIGICERT = Authority("digicert", "DigiCert", "digicert-dv", _ours(digicert_words.LIMITS), 4, slow=0.05)
ATLAS = Authority("atlas", "GlobalSign Atlas", "globalsign-atlas", _ours(atlas_words.LIMITS), 5, slow=0.05)
GCC = Authority("gcc", "GlobalSign GCC", "globalsign-dv", _ours([(_gcc(), 60.0)]), 4, slow=0.05)
MAIL = Authority("mail", "JPRS, approved by mail", "jprs-dv", latency=(600.0, 3_600.0), by_mail=True)
AUTHORITIES = (LETSENCRYPT, DIGICERT, ATLAS, GCC, MAIL)

#: what no public document says, and what the simulation takes instead
GUESSES = (
    ("UNVERIFIED: limits of GlobalSign Atlas and GCC", "the collection's own defaults: 600 and 300 requests a minute"),
    ("UNVERIFIED: requests of one order", "4 at DigiCert and GCC, 5 at Atlas, 1 new order at Let's Encrypt"),
    ("UNVERIFIED: how long a CA takes", "2 to 20 seconds; one order in twenty at the sellers takes 2 to 24 hours"),
    ("UNVERIFIED: when Let's Encrypt suggests to renew", "two thirds of the lifetime, a day more or less"),
    ("UNVERIFIED: how long its window is when it revokes", "half of the time until the revocation"),
    ("UNVERIFIED: approvals that persons can give", "400 a working day, from 9 to 18 o'clock, no Japanese holiday"),
    ("UNVERIFIED: a limit of open orders", "none, for no document names one"),
    ("UNVERIFIED: mix of the estate", "half Let's Encrypt, a quarter DigiCert, the rest as in the table of the estate"),
)


class Cost(t.NamedTuple):
    """Seconds of one run: to start, for each certificate of its shard, for each one that is ordered."""

    start: float
    sweep: float
    each: float
    source: str


#: 50 certificates within 5 seconds, 200 within 10; 10,000 that are not due within 4
TARGETS = Cost(10 / 3, 0.00034, 1 / 30, "the design's targets, nothing measured: 50 in 5 s, 200 in 10 s")


def cost_of(folder: pathlib.Path = MEASURED) -> Cost:
    """From the newest ``make bench``, where it has two sizes of the work; else what the design wants."""
    found = sorted(folder.glob("????-??-??.json"))
    cases = json.loads(found[-1].read_text(encoding="utf-8"))["cases"] if found else {}
    few, many = (_median(cases, "Asizes-dns", f"inkan.tls.issue, {size}") for size in (50, 200))
    if few is None or many is None or many <= few:
        return TARGETS
    each, source = (many - few) / 150, f"make bench of {found[-1].stem}, Asizes-dns"
    start = max(few - 50 * each, 0.0)
    sweep = TARGETS.sweep
    small, large = (_median(cases, case, "inkan.tls.renew") for case in ("B1000", "B10000"))
    if small is not None and large is not None and large > small:
        sweep, source = (large - small) / 9_000, f"{source}, B1000 and B10000"
    return Cost(round(start, 2), round(sweep, 6), round(each, 4), source)


def _median(cases: t.Mapping[str, t.Any], case: str, who: str) -> float | None:
    rows = cases.get(case, {}).get("rows", [])
    return next((float(row["median"]) for row in rows if row["who"] == who and "median" in row), None)


_CATALOGUE = {product.key: product for product in PRODUCTS}
_PAGES: dict[tuple[str, date], Page] = {}


def end_of(authority: Authority, issued: datetime, old_end: datetime | None) -> datetime:
    """By the seller's arithmetic, the dated rules of that day and the CA's own profile."""
    product = _CATALOGUE[authority.product]
    key = product.key, local_time(issued, product).date()
    page = _PAGES.get(key)
    if page is None:
        page = _PAGES[key] = open_page(product, key[1])
    end = validity_of(page, issued, old_end).not_after
    for since, days in reversed(authority.lifetimes):
        if issued.date() >= since:
            return min(end, issued + timedelta(days=days))
    return end
