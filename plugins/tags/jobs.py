"""What is done about all tags at once."""

from __future__ import annotations

from plugins.tags import files, service

CATCH_UP = "TagCatchUp"


def catch_up() -> None:
    """Job `TagCatchUp`, nightly: put on assets what their files said while this plugin was disabled."""
    files.catch_up()


def clean_up() -> None:
    """Job `TagCleanup`, when an administrator asks for it: then remove the tags that nothing carries. Not by itself, as
    somebody may have made them for later."""
    files.catch_up()
    service.remove_unused()
