"""A real browser that is watched: whatever goes wrong in a page makes the test fail that opened it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")

TOASTS = """
new MutationObserver((records) => {
  for (const node of records.flatMap((record) => [...record.addedNodes])) {
    const toast = node.querySelector?.('.border-danger-100.bg-danger-50') ?? node.closest?.('.border-danger-100.bg-danger-50');
    if (toast) console.error('error toast: ' + toast.innerText);
  }
}).observe(document, { childList: true, subtree: true });
"""
"""Tells of the official web app's error messages, which come and go."""

WAIT = 30_000
"""How long a page may take for anything, in milliseconds: test machines are busy."""


@contextmanager
def open_browser() -> Iterator[object]:
    """A headless Chromium; skips the test where there is none, or nothing to drive it with."""
    program = os.environ.get("TEST_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium; or TEST_CHROMIUM=PATH)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install -e '.[test]')")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What went wrong in the pages of one browser context, as lines.

    expected: parts of lines that are no trouble here (the browser itself reports a 401 that a test is about).
    """

    def __init__(self, context: object, origin: str) -> None:
        self.origin, self.lines, self.expected = origin, [], []
        context.set_default_timeout(WAIT)
        context.add_init_script(TOASTS)
        context.on("console", lambda message: self._console(message))
        context.on("weberror", lambda error: self.lines.append(f"exception: {error.error}"))
        context.on("response", lambda response: self._response(response))
        context.on("requestfailed", lambda request: self._failed(request))

    def _console(self, message: object) -> None:
        # What was not loaded is told with its address below.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.lines.append(f"console: {message.text}")

    def _response(self, response: object) -> None:
        if response.status >= 400 and response.url.startswith(self.origin):
            self.lines.append(f"{response.status} {response.request.method} {response.url}")

    def _failed(self, request: object) -> None:
        # What a page asks of other hosts (map tiles) cannot be had in tests; what it no longer wants, it aborts.
        if urlsplit(request.url).netloc == urlsplit(self.origin).netloc and request.failure != "net::ERR_ABORTED":
            self.lines.append(f"failed: {request.method} {request.url}: {request.failure}")

    @property
    def troubles(self) -> list[str]:
        return [line for line in self.lines if not any(part in line for part in self.expected)]


@contextmanager
def watched(browser: object, origin: str, **options: object) -> Iterator[tuple[object, Watch]]:
    """A new context (a private window), watched: (context, watch). Asserts at its end that nothing went wrong."""
    context = browser.new_context(base_url=origin, **options)
    watch = Watch(context, origin)
    try:
        yield context, watch
        assert watch.troubles == []
    finally:
        context.close()


def until(page: object, condition: Callable[[], object]) -> None:
    """Wait for what a page brings about, there or on the server."""
    deadline = time.monotonic() + WAIT / 1000
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
