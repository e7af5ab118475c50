"""What a request says about the device it comes from, in the words of Immich (server/src/utils/request.ts).

Immich names browsers and systems as ua-parser-js does, and its web app chooses icons by these names; the library used
here knows the same browsers under slightly different ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Request

_APP = re.compile(r"(?:immich-(android|ios|unknown)/|Immich_(Android|iOS|Unknown)_)(.+)")
_APP_SYSTEMS = {"android": "Android", "ios": "iOS"}

# Other tools (curl, scripts, our own apps) are no browsers to ua-parser-js, but have names in the library.
_BROWSER = ("Mozilla/", "Opera/")

_BROWSER_NAMES = {
    "Android": "Android Browser",
    "Chrome Mobile": "Mobile Chrome",
    "Chrome Mobile iOS": "Mobile Chrome",
    "Chrome Mobile WebView": "Chrome WebView",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Mobile Firefox",
    "Firefox iOS": "Mobile Firefox",
    "HeadlessChrome": "Chrome Headless",
    "Mobile Safari UI/WKWebView": "WebKit",
    "Opera Mobile": "Opera",
    "UC Browser": "UCBrowser",
    "Yandex Browser": "Yandex",
}
_SYSTEM_NAMES = {"Mac OS X": "macOS", "Web0S": "webOS"}

_LONGEST = 1000
"""Characters of a user agent that are looked at; real ones have some 200."""


@dataclass(frozen=True, slots=True)
class Device:
    """Shown in the list of sessions; empty text where nothing is known."""

    type: str
    os: str


def app_version_of(request: Request) -> str | None:
    """The version of the mobile app, which its user agent carries."""
    match = _app(request)
    return match[3] if match else None


def device_of(request: Request) -> Device:
    """Browser and system by the user agent; else what the mobile app says in headers of its own."""
    browser, system = _named(request.headers.get("User-Agent", "")[:_LONGEST])
    if match := _app(request):
        system = _APP_SYSTEMS.get((match[1] or match[2]).lower(), "")
    return Device(browser or request.headers.get("devicemodel", ""), system or request.headers.get("devicetype", ""))


def _app(request: Request) -> re.Match | None:
    return _APP.fullmatch(request.headers.get("User-Agent", ""))


def _named(user_agent: str) -> tuple[str, str]:
    if not user_agent.startswith(_BROWSER):
        return "", ""
    # Needed at logins only; it takes some 5 MB and a tenth of a second the first time.
    import ua_parser

    browser, system = ua_parser.parse_user_agent(user_agent), ua_parser.parse_os(user_agent)
    return (_BROWSER_NAMES.get(browser.family, browser.family) if browser else "",
            _SYSTEM_NAMES.get(system.family, system.family) if system else "")
