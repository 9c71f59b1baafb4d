# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: servers of a made-up world on loopback, see README.md. It imports nothing of the collection."""
