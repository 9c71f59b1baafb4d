# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sold. How many names a product takes is the simulator's own choice: public sources tell of the kinds only."""

from __future__ import annotations

import typing as t

from lab.refusal import Refused

DV, OV, EV = "dv", "ov", "ev"
MANY = 250


class Product(t.NamedTuple):
    name_id: str
    name: str
    validation: str
    #: True: the common name must be a wildcard, False: no name may be, None: as the buyer likes
    wildcard: bool | None
    most_names: int

    @property
    def brand(self) -> str:
        return next((brand for brand in ("GeoTrust", "RapidSSL") if brand in self.name), "DigiCert")


PRODUCTS: t.Mapping[str, Product] = {
    product.name_id: product
    for product in (
        Product("ssl_basic", "Basic OV", OV, None, MANY),
        Product("ssl_plus", "Standard SSL", OV, False, 2),
        Product("ssl_multi_domain", "Multi-Domain SSL", OV, False, MANY),
        Product("ssl_wildcard", "WildCard SSL", OV, True, 2),
        Product("ssl_cloud_wildcard", "Cloud WildCard SSL", OV, None, MANY),
        Product("ssl_securesite_flex", "Secure Site OV", OV, None, MANY),
        Product("ssl_securesite_pro", "Secure Site Pro SSL", OV, None, MANY),
        Product("ssl_ev_basic", "Basic EV", EV, False, MANY),
        Product("ssl_ev_plus", "Extended Validation SSL", EV, False, 2),
        Product("ssl_ev_multi_domain", "EV Multi-Domain", EV, False, MANY),
        Product("ssl_ev_securesite_flex", "Secure Site EV", EV, False, MANY),
        Product("ssl_ev_securesite_pro", "Secure Site Pro EV SSL", EV, False, MANY),
        Product("ssl_dv_geotrust_flex", "GeoTrust DV SSL", DV, None, MANY),
        Product("ssl_dv_geotrust", "GeoTrust Standard DV", DV, False, 2),
        Product("ssl_dv_rapidssl", "RapidSSL Standard DV", DV, False, 2),
        Product("wildcard_dv_geotrust", "GeoTrust Wildcard DV", DV, True, 2),
        Product("wildcard_dv_rapidssl", "RapidSSL Wildcard DV", DV, True, 2),
        Product("cloud_dv_geotrust", "GeoTrust Cloud DV", DV, None, MANY),
    )
}
#: what ``ssl`` becomes; without a hint it cannot be decided
HINTS = {DV: "ssl_dv_geotrust_flex", OV: "ssl_basic", EV: "ssl_ev_basic"}


def find(name_id: str, hint: str = "") -> Product:
    if name_id == "ssl":
        if hint not in HINTS:
            raise Refused(400, "ambiguous_product", "The product cannot be chosen: give product.type_hint.")
        name_id = HINTS[hint]
    product = PRODUCTS.get(name_id)
    if product is None:
        raise Refused(404, "not_found|product", f"There is no product {name_id}.")
    return product
