"""Whose fault an exception is: the plugin in whose code it was raised, for whoever logs it further up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_ATTRIBUTE = "raised_in_plugin"


@contextmanager
def blaming(plugin: str) -> Iterator[None]:
    """Whatever is raised in here comes from `plugin`, unless somebody further in has said otherwise."""
    try:
        yield
    except Exception as error:
        blame(error, plugin)
        raise


def blame(error: Exception, plugin: str) -> None:
    if not blamed(error):
        setattr(error, _ATTRIBUTE, plugin)


def blamed(error: BaseException) -> str:
    """The plugin's name; empty when it is nobody's, that is, the core's."""
    return getattr(error, _ATTRIBUTE, "")


def in_words(error: BaseException, otherwise: str = "") -> str:
    """` in plugin x`, for a log line; empty for the core."""
    plugin = blamed(error) or otherwise
    return f" in plugin {plugin}" if plugin else ""
