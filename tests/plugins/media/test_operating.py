"""What an operator sets and starts."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import CliRunner

from immich_flask.core.models import AssetJobStatus
from immich_flask.testing import Server, photo
from plugins.media.commands import media


def test_pictures_that_are_too_large_are_kept_without_a_thumbnail(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"plugin.media.max_megapixels": 1})
    user = server.user()
    large, small = user.asset(photo(1100, 1000)), user.asset(photo(900, 1000))
    assert user.get(f"/assets/{large}/original").status_code == 200
    assert [user.get(f"/assets/{asset}/thumbnail").status_code for asset in (large, small)] == [404, 200]
    with server.context():
        assert "megapixels" in AssetJobStatus.get_by_id(large).error


def test_commands_queue_what_is_missing_or_everything(make_server: Callable[..., Server]) -> None:
    # One of its own: everything on the shared one is a lot.
    server = make_server()
    asset = server.user().asset()
    for command, column in (("metadata", "metadata_extracted_at"), ("thumbnails", "thumbnails_made_at")):
        with server.context():
            before = AssetJobStatus.get_by_id(asset)
            assert CliRunner().invoke(media, [command]).output == "Queued: the assets that have none yet.\n"
            assert getattr(AssetJobStatus.get_by_id(asset), column) == getattr(before, column)
            AssetJobStatus.update({column: None}).where(AssetJobStatus.asset == asset).execute()
            CliRunner().invoke(media, [command])
            missing = getattr(AssetJobStatus.get_by_id(asset), column)
            assert CliRunner().invoke(media, [command, "--all"]).output == "Queued: all assets.\n"
            assert getattr(AssetJobStatus.get_by_id(asset), column) >= missing >= getattr(before, column)
