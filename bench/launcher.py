# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command and writes down what it took: launcher.py RESULT COMMAND [ARGUMENT ...]

A process inherits the peak of memory of the one that it is forked from (Linux counts it at exec), and the benchmark
itself may hold ten thousand certificates: this small process in between is what is inherited instead. It imports
little, and its own start is not in the figures.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    result, argv = sys.argv[1], sys.argv[2:]
    begin = time.monotonic()
    number = os.posix_spawnp(argv[0], argv, os.environ)
    _number, status, usage = os.wait4(number, 0)
    seconds = time.monotonic() - begin
    figures = (seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
    with open(result, "w", encoding="utf-8") as stream:
        stream.write(" ".join(str(figure) for figure in figures))


main()
