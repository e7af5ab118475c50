"""What plugins that require this one may use."""

from __future__ import annotations

from plugins.media.edits import display_size
from plugins.media.models import AssetEdit
from plugins.media.queueing import turns

__all__ = ["Undrawable", "display_size", "edits_of", "portrait"]


class Undrawable(Exception):
    """There is no picture to cut anything out of. The message says why."""


def edits_of(asset_id: str) -> list[dict]:
    """The steps of an asset's edits in their order, `[{action, parameters}]`, as the wire has them."""
    query = (AssetEdit.select(AssetEdit.action, AssetEdit.parameters)
             .where(AssetEdit.asset == asset_id).order_by(AssetEdit.sequence))
    return list(query.dicts())


def portrait(asset_id: str, box: tuple[float, float, float, float], size: int) -> bytes | None:
    """A square JPEG of what is in `box`, and a little around it, on an asset as it came, upright: left, top, right and
    bottom as parts (0 to 1) of width and height. `size` is that of the square in pixels; it is smaller where the file
    has no more of them.

    None for a film whose preview is not made yet, and when the asset is gone. Raises Undrawable for a broken file.
    """
    # It brings Pillow into memory, which only workers need.
    from plugins.media.decoders import Undecodable
    from plugins.media.portraits import cut

    try:
        with turns():
            return cut(asset_id, box, size)
    except Undecodable as error:
        raise Undrawable(str(error)) from error
