# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a certificate of each product is valid: the seller's arithmetic, in Japan time. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lab.clock import JST

MONTHS_OF_DV = 5
DAYS_OF_FLEX = 199
SECOND = timedelta(seconds=1)
#: from this day on, nothing lives longer (SC-081v3, less a day)
LIMITS = ((date(2027, 3, 15), 99), (date(2029, 3, 15), 46))


def end_of_month(issued: datetime, months: int) -> datetime:
    """23:59:59 in Japan of the last day of the month so many months after the one of issue."""
    in_japan = issued.astimezone(JST)
    count = in_japan.year * 12 + (in_japan.month - 1) + months + 1  # the first instant of the month after that
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=JST) - SECOND


def not_after(product: str, issued: datetime) -> datetime:
    sold = issued + timedelta(days=DAYS_OF_FLEX) - SECOND  # RFC 5280: both ends count
    if product != "flex":
        sold = end_of_month(issued, MONTHS_OF_DV)
    limits = [days for since, days in LIMITS if issued.date() >= since]
    return min([sold, *(issued + timedelta(days=days) - SECOND for days in limits)])
