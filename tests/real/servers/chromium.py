# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a screen and network, driven through a pipe by its own protocol (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import subprocess
import time
import typing as t
from pathlib import Path

from .process import program

Data = t.Dict[str, t.Any]  # noqa: UP006
_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--lang=en",
    "--remote-debugging-pipe",
)
_HIGH = 40  # descriptors that bash and the protocol's 3 and 4 do not meet


class Chromium:
    """``with Chromium(folder) as browser, browser.tab() as tab:``"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._read = b""
        self.events: list[Data] = []

    def __enter__(self) -> Chromium:
        path = program("chromium", "chromium")
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, _HIGH) for fd in (theirs_in, theirs_out)]
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        argv = [path, *_ARGUMENTS, *sandbox, f"--user-data-dir={self._folder}", "about:blank"]
        redirected = f'exec "$0" "$@" 3<&{high[0]} 4>&{high[1]}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", redirected, *argv],
            pass_fds=high,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (theirs_in, theirs_out, *high):
            os.close(fd)
        self._in, self._out = ours_in, ours_out
        return self

    def __exit__(self, *_unused: object) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            self.call("Browser.close", seconds=5)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def call(self, method: str, session: str | None = None, seconds: float = 60, **params: t.Any) -> Data:
        self._number += 1
        number = self._number
        message: Data = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        rest = memoryview(json.dumps(message).encode() + b"\0")
        while rest:
            rest = rest[os.write(self._out, rest) :]
        until = time.monotonic() + seconds
        while True:
            answer = self._next(until, method)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: Data = answer["result"]
                return found
            self.events.append(answer)

    def wait(self, event: str, session: str, seconds: float = 60) -> Data:
        """The first that came since it was last asked for."""
        until = time.monotonic() + seconds
        while True:
            for number, found in enumerate(self.events):
                if found.get("method") == event and found.get("sessionId") == session:
                    del self.events[number]
                    return t.cast(Data, found["params"])
            self.events.append(self._next(until, event))

    def _next(self, until: float, what: str) -> Data:
        while b"\0" not in self._read:
            ready, _unused, _never = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"Chromium did not answer {what}")
            more = os.read(self._in, 1 << 20)
            if not more:
                raise OSError(f"Chromium ended before it answered {what}")
            self._read += more
        line, _mark, self._read = self._read.partition(b"\0")
        return t.cast(Data, json.loads(line))

    @contextlib.contextmanager
    def tab(self, wide: int = 1280, high: int = 900, dark: bool = False, script: bool = True) -> t.Iterator[Tab]:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce"}
        tab.call("Emulation.setEmulatedMedia", features=[scheme, motion])
        tab.call("Emulation.setScriptExecutionDisabled", value=not script)
        try:
            yield tab
        finally:
            self.call("Target.closeTarget", targetId=target)


class Tab:
    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **params: t.Any) -> Data:
        return self._browser.call(method, self._session, **params)

    def open(self, page: Path, fragment: str = "") -> None:
        self.call("Page.navigate", url=page.as_uri() + fragment)
        self._browser.wait("Page.loadEventFired", self._session)

    def run(self, script: str) -> t.Any:
        """What an expression is worth; a promise is awaited."""
        said = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in said:
            raise RuntimeError(json.dumps(said["exceptionDetails"])[:2000])
        return said["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        words: Data = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **words)
        self.call("Input.dispatchKeyEvent", type="keyUp", **words)

    def picture(self, path: Path, high: int | None = None, kind: str = "png") -> None:
        """high: of the page, so many pixels from its top; None: what the window shows."""
        clip: Data = {} if kind == "png" else {"quality": 82}
        if high is not None:
            wide = self.run("innerWidth")
            clip |= {"clip": {"x": 0, "y": 0, "width": wide, "height": high, "scale": 1}, "captureBeyondViewport": True}
        said = self.call("Page.captureScreenshot", format=kind, **clip)
        path.write_bytes(base64.b64decode(said["data"]))

    def trouble(self) -> list[str]:
        """What the console, the network and dialogs had to say that a good page gives no reason for."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            method, said = event["method"], event.get("params", {})
            if method == "Log.entryAdded":
                found.append(f"log: {said['entry']['text']}")
            elif method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"):
                found.append(f"{method}: {json.dumps(said)[:500]}")
            elif method == "Network.requestWillBeSent" and said["request"]["url"] != said["documentURL"]:
                found.append(f"request: {said['request']['url'][:200]}")
        return found
