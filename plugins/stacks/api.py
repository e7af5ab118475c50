"""What the stacks plugin offers to plugins that require it."""

from plugins.stacks.events import StackUpdated

__all__ = ["StackUpdated"]
