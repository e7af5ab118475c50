"""The documentation names settings that exist."""

from __future__ import annotations

import re

from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.paths import PACKAGE


def test_documented_settings_exist():
    text = (PACKAGE.parent / "docs" / "settings.md").read_text("utf-8")
    table = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    names = [name for cell in table for name in re.findall(r"`([^`]+)`", cell)]
    assert len(names) >= 10
    for name in names:
        value = DEFAULTS
        for key in name.split("."):
            if key == "*":
                assert value
            elif key == "<queue>":
                value = value["ocr"]
            else:
                value = value[key]
