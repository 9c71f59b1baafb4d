# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sold. Codes as they were seen in public; which call takes which code is the simulator's own choice."""

from __future__ import annotations

import typing as t

DV, OV, EV = "dv", "ov", "ev"
MAIL, DNS, URL, HUMAN = "email", "dns", "url", "vetting"
#: how many entries an order takes, beside the common name: the simulator's own choice
MOST_NAMES = 100


class Product(t.NamedTuple):
    code: str
    validation: str
    method: str
    #: number of the CA that signs
    issuer: int

    @property
    def internal(self) -> str:
        """As answers may call it: DV_LOW_MONTH_OP was seen, the others are like it."""
        return f"{self.code.removesuffix('_SHA2')}_MONTH_OP"


PRODUCTS: t.Mapping[str, Product] = {
    product.code: product
    for product in (
        Product("DV_LOW", DV, MAIL, 2),
        Product("DV_LOW_SHA2", DV, MAIL, 2),
        Product("DV_LOW_URL", DV, URL, 2),
        Product("DV_LOW_DNS", DV, DNS, 2),
        Product("DV_SHA2", DV, MAIL, 0),
        Product("DV_HIGH_URL", DV, URL, 0),
        Product("DV_HIGH_DNS", DV, DNS, 0),
        Product("OV", OV, HUMAN, 3),
        Product("OV_SHA2", OV, HUMAN, 3),
        Product("EV_SHA2", EV, HUMAN, 4),
    )
}
