# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every world needs that has the real playbooks played: the plays, their hosts, the traces of what they did."""
