"""Background work: queue it in the transaction that makes it necessary, and a worker runs it after the commit.

    enqueue("AssetExtractMetadata", id=asset.id)
    enqueue_many("FileDelete", ({"keys": part} for part in chunks(keys)))
    enqueue("NotifyAlbumUpdate", album_id=id, unless_waiting=True, delay=timedelta(minutes=5))

A job is registered under its name (`contracts.plugin.Job`), by a plugin's `register_jobs` or in `jobs.registry`. The
truth is the table `job`. `runs` takes and runs one, `upkeep` is what a worker does besides, `queues` is what an
administrator sees and does.
"""

from immich_flask.core.jobs.enqueue import enqueue, enqueue_many

__all__ = ["enqueue", "enqueue_many"]
