# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sellers and CAs sell. A file a seller, of the rows of ``ca_products_rows``; here they are put together.

Nothing about a seller is coded elsewhere: the rule book (``_core/judge``, ``_core/plan``) reads rows and obeys, beside
them, the Baseline Requirements (``_data/dcv_methods``, ``_data/validity``): where both speak, the stricter wins.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_acme as acme
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_cpi as cpi
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_cybertrust as cybertrust
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_digicert as digicert
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_globalsign as globalsign
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_idcf as idcf
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_iij as iij
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_jprs as jprs
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import Product, Seller

SELLERS: tuple[Seller, ...] = (
    acme.SELLER,
    jprs.SELLER,
    cpi.SELLER,
    iij.SELLER,
    idcf.SELLER,
    digicert.SELLER,
    globalsign.SELLER,
    cybertrust.SELLER,
)

PRODUCTS: tuple[Product, ...] = (
    acme.PRODUCTS
    + jprs.PRODUCTS
    + cpi.PRODUCTS
    + iij.PRODUCTS
    + idcf.PRODUCTS
    + digicert.PRODUCTS
    + globalsign.PRODUCTS
    + cybertrust.PRODUCTS
)
