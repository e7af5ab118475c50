"""The nightly job `TagCleanup`."""

from __future__ import annotations

from plugins.tags import files, service


def clean_up() -> None:
    """Put on assets what their files said while this plugin was disabled, then remove the tags that nothing carries."""
    files.catch_up()
    service.remove_unused()
