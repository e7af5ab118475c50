"""Names of browsers and systems, as the web app knows them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask import Flask, request

from immich_flask.core.auth.devices import Device, app_version_of, device_of

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"


def device(user_agent: str | None, **headers: str) -> Device:
    with Flask("test").test_request_context(headers={**headers, **({"User-Agent": user_agent} if user_agent else {})}):
        return device_of(request)


@pytest.mark.parametrize(("user_agent", "type", "os"), [
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/140.0.0.0 Safari/537.36", "Chrome", "Windows"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge", "Windows"),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.1 Safari/605.1.15", "Safari", "macOS"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Ubuntu"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/140.0.0.0 Safari/537.36", "Chrome", "Chrome OS"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/140.0.0.0 Mobile Safari/537.36", "Mobile Chrome", "Android"),
    ("Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Mobile Firefox", "Android"),
    (f"Mozilla/5.0 (Linux; Android 13; SM-S901B) {BLINK} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
     "Samsung Internet", "Android"),
    (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1",
     "Mobile Safari", "iOS"),
    (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {WEBKIT} CriOS/140.0 Mobile/15E148 Safari/604.1",
     "Mobile Chrome", "iOS"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {BLINK} HeadlessChrome/140.0.0.0 Safari/537.36", "Chrome Headless", "Linux"),
])
def test_browsers(user_agent: str, type: str, os: str) -> None:
    assert device(user_agent) == Device(type, os)


@pytest.mark.parametrize("user_agent", [None, "", "node", "curl/8.5.0", "python-requests/2.32.5", "x" * 8000,
                                        "Mozilla/5.0 " + "(" * 5000, "Dart/3.5 (dart:io)"])
def test_what_is_no_browser_has_no_name(user_agent: str | None) -> None:
    assert device(user_agent) == Device("", "")
    assert device(user_agent, devicemodel="Model 7", devicetype="Android") == Device("Model 7", "Android")


@pytest.mark.parametrize(("user_agent", "version", "os"), [
    ("immich-android/3.1.0", "3.1.0", "Android"), ("immich-ios/1.123.4", "1.123.4", "iOS"),
    ("immich-unknown/3.1.0", "3.1.0", ""), ("Immich_Android_1.94.0", "1.94.0", "Android"),
    ("Immich_iOS_1.94.0", "1.94.0", "iOS"), ("Immich_Unknown_1.94.0", "1.94.0", ""),
    ("immich-android/", None, ""), ("immich-web/3.1.0", None, ""), ("my immich-android/3.1.0", None, ""),
])
def test_the_mobile_app(user_agent: str, version: str | None, os: str) -> None:
    with Flask("test").test_request_context(headers={"User-Agent": user_agent}):
        assert app_version_of(request) == version
        assert device_of(request) == Device("", os)


def test_the_library_is_loaded_when_needed() -> None:
    code = "import sys, immich_flask.app; sys.exit('ua_parser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
