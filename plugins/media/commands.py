"""`immich-flask media`: the work on all assets, queued from the shell."""

from __future__ import annotations

import click

from immich_flask.contracts.enums import JobName
from immich_flask.core.jobs import enqueue


@click.group()
def media() -> None:
    """Read metadata and make pictures again.

    The work is done by the job workers; the queue pages of the administrator show how far it is.
    """


@media.command()
@click.option("--all", "everything", is_flag=True, help="Of every asset, not only of those that have none yet.")
def metadata(everything: bool) -> None:
    """Queue the extraction of metadata. What users changed by hand stays."""
    _queue(JobName.ASSET_EXTRACT_METADATA_QUEUE_ALL, everything)


@media.command()
@click.option("--all", "everything", is_flag=True, help="Of every asset, not only of those that have none yet.")
def thumbnails(everything: bool) -> None:
    """Queue the making of thumbnails and previews."""
    _queue(JobName.ASSET_GENERATE_THUMBNAILS_QUEUE_ALL, everything)


def _queue(name: JobName, everything: bool) -> None:
    enqueue(name, force=everything)
    click.echo(f"Queued: {'all assets' if everything else 'the assets that have none yet'}.")
