"""Work in the background: one job a week, which queues one for each user, which queues his mail."""

from __future__ import annotations

from immich_flask.contracts.errors import Hopeless
from immich_flask.core.jobs import enqueue, enqueue_many
from immich_flask.core.models import User
from immich_flask.core.settings import system_config
from immich_flask.core.users.preferences import preferences
from immich_flask.infra.db import atomic
from immich_flask_favorites_digest import digests, mail, settings
from immich_flask_favorites_digest.models import Digest, DigestAsset

ALL, ONE, MAIL = "FavoritesDigest", "FavoritesDigestOfUser", "FavoritesDigestMail"


def make_all() -> None:
    enqueue_many(ONE, [{"user_id": user_id} for user_id, _, _ in digests.users_with_news()], unless_waiting=True)


def make_one(user_id: str) -> None:
    # Together: no digest without its mail, no mail without its digest.
    with atomic():
        digest_id = digests.make(user_id)
        if digest_id and settings.sends_mail(system_config()) and _wants_mail(user_id):
            enqueue(MAIL, digest_id=digest_id)


def send_mail(digest_id: str) -> None:
    """What goes wrong is tried again; a digest that was removed meanwhile is not."""
    found = Digest.select(User.email, User.name).join(User).where(Digest.id == digest_id).tuples().first()
    if found is None:
        raise Hopeless(f"the digest {digest_id} is gone")
    email, name = found
    count = DigestAsset.select().where(DigestAsset.digest == digest_id).count()
    mail.send(system_config()["notifications"]["smtp"], email, name, count)


def _wants_mail(user_id: str) -> bool:
    return preferences(user_id)["emailNotifications"]["enabled"]
