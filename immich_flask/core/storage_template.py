"""The language of storage templates, as far as the settings page needs it: what can be written, and whether it is right.

A template is the path of a file with names in double braces (`{{y}}/{{MM}}/{{filename}}`) and, around parts of it,
`{{#if album}}…{{else}}…{{/if}}`: the part of Handlebars that upstream documents
(server/src/services/storage-template.service.ts).
"""

from __future__ import annotations

import re

from immich_flask.contracts.errors import BadRequest

DATE_TOKENS = {
    "secondOptions": ["s", "ss", "SSS"],
    "minuteOptions": ["m", "mm"],
    "dayOptions": ["d", "dd"],
    "weekOptions": ["W", "WW"],
    "hourOptions": ["h", "hh", "H", "HH"],
    "yearOptions": ["y", "yy"],
    "monthOptions": ["M", "MM", "MMM", "MMMM"],
}

PRESETS = [
    "{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MMMM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MM}}/{{filename}}",
    "{{y}}/{{#if album}}{{album}}{{else}}Other/{{MM}}{{/if}}/{{filename}}",
    "{{#if album}}{{album-startDate-y}}/{{album}}{{else}}{{y}}/Other/{{MM}}{{/if}}/{{filename}}",
    "{{y}}/{{MMM}}/{{filename}}",
    "{{y}}/{{MMMM}}/{{filename}}",
    "{{y}}/{{MM}}/{{dd}}/{{filename}}",
    "{{y}}/{{MMMM}}/{{dd}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MMM}}-{{dd}}/{{filename}}",
    "{{y}}-{{MMMM}}-{{dd}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{filename}}",
    "{{y}}/{{y}}-{{WW}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}-{{dd}}/{{assetId}}",
    "{{y}}/{{y}}-{{MM}}/{{assetId}}",
    "{{y}}/{{y}}-{{WW}}/{{assetId}}",
    "{{album}}/{{filename}}",
    "{{make}}/{{model}}/{{lensModel}}/{{filename}}",
]

OPTIONS = {**DATE_TOKENS, "presetOptions": PRESETS}
"""What the settings page offers to choose from."""

_DATES = [token for tokens in DATE_TOKENS.values() for token in tokens]

NAMES = frozenset([
    "filename", "ext", "filetype", "filetypefull", "assetId", "assetIdShort", "album", "make", "model", "lensModel",
    *_DATES, *(f"album-{edge}Date-{token}" for edge in ("start", "end") for token in _DATES),
])

_EXPRESSION = re.compile(r"{{{?\s*(?:(?P<block>[#/]\s*(?:if|unless))\b\s*)?(?P<name>[^{}\s]*)\s*}?}}")


def check(template: str) -> None:
    """Raise BadRequest unless every name is known and every block is closed."""
    if "{{" in _EXPRESSION.sub("", template) or not _is_well_formed(template):
        raise BadRequest("Invalid storage template")


def _is_well_formed(template: str) -> bool:
    open_blocks: list[str] = []
    for match in _EXPRESSION.finditer(template):
        block, name = (match["block"] or "").replace(" ", ""), match["name"]
        if block.startswith("/"):
            if name or not open_blocks or open_blocks.pop() != block[1:]:
                return False
        elif name == "else" and not block:
            if not open_blocks:
                return False
        elif name not in NAMES:
            return False
        elif block:
            open_blocks.append(block[1:])
    return not open_blocks
