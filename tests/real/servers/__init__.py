# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real daemons from distribution packages, each in a private directory on loopback, gone when the test is gone.

Nothing here imports the collection: what is tested must not vouch for itself.
"""
