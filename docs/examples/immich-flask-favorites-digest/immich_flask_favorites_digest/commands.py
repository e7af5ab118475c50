"""`immich-flask favorites-digest`: not to wait for Monday."""

from __future__ import annotations

import click

from immich_flask.core.jobs import enqueue_many
from immich_flask_favorites_digest import digests, jobs


@click.command("favorites-digest")
@click.option("--user", "email", help="Only of the account with this address.")
@click.option("--dry-run", is_flag=True, help="Say whom it would tell of how many favourites, and do nothing.")
def favorites_digest(email: str | None, dry_run: bool) -> None:
    """Have the digests of new favourites made now, by the job workers.

    \b
    Examples:
      immich-flask favorites-digest --dry-run
      immich-flask favorites-digest --user ann@example.org
    """
    news = [row for row in digests.users_with_news() if email is None or row[1] == email.lower()]
    if not dry_run:
        enqueue_many(jobs.ONE, [{"user_id": user_id} for user_id, _, _ in news], unless_waiting=True)
    for _, address, count in news:
        click.echo(f"{address}: {digests.title(count)}")
    if not news:
        click.echo("nothing is new")
