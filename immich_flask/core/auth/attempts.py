"""Guessing made slow: wrong passwords, PINs and link passwords are counted per account and address.

    prove("pin", user_id, lambda: verify_password(pin, hashed), BadRequest("Wrong PIN code"))

Only wrong proofs count, and a right one forgets them: any number of people may log in from one address, however fast.
After `auth.failed_attempts` wrong ones in a row each further one is answered 429 until a delay is over, which doubles
with every wrong one after that. Unknown accounts are counted like known ones, so that a delay tells nothing.

The counter is a row in the database, hence the same for all processes. A proof is checked without holding the row (that
is slow on purpose), so many may be checked at once; but what was found out after the delay began is not told.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from flask import request
from peewee import EXCLUDED

from immich_flask.contracts.errors import ApiError, TooManyAttempts
from immich_flask.core.models import FailedAttempt
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic, db
from immich_flask.infra.fields import now

log = logging.getLogger(__name__)

FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=15)

FORGET_AFTER = timedelta(days=1)
"""How long wrong proofs are remembered when nothing follows them. Far longer than any delay."""


def prove(kind: str, account: str, is_right: Callable[[], bool], wrong: ApiError) -> None:
    """Raise `wrong` unless `is_right()`, which is not even called while the caller has to wait.

    kind, account: what is to be proven ("password") and of whom (an id, an address), together with the address of the
    current request.

    Raises TooManyAttempts, with `Retry-After`, after too many wrong proofs. Must not be called in a transaction: the
    count has to outlive the error, and checking is slow.
    """
    if db.in_transaction():
        raise RuntimeError("a proof must be checked outside of a transaction")
    subject = _subject(kind, account, request.remote_addr)
    _refuse_blocked(subject)
    if is_right():
        # Again, as others may have failed meanwhile: a burst of guesses must not get around the delay.
        if _refuse_blocked(subject):
            FailedAttempt.delete().where(FailedAttempt.subject == subject).execute()
        return
    with atomic():
        blocked_until = _count(subject)
    if blocked_until is not None:
        raise _too_many(blocked_until)
    log.warning("wrong %s from %s", kind, request.remote_addr)
    raise wrong


def forget_old_attempts() -> None:
    """Remove what no longer matters (a part of the job `SessionCleanup`)."""
    FailedAttempt.delete().where(FailedAttempt.last_at < now() - FORGET_AFTER).execute()


def _subject(kind: str, account: str, address: str | None) -> str:
    """A digest, because what people type into an address field may be anything, of any length, even a password."""
    return hashlib.sha256("\n".join((kind, account, _network(address or ""))).encode()).hexdigest()


def _network(address: str) -> str:
    """The part of an address that its user cannot choose: in IPv6 everybody has a /64 of his own."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
    return str(ip)


def _refuse_blocked(subject: str) -> bool:
    """Raise TooManyAttempts while the subject has to wait; else whether anything is counted."""
    row = FailedAttempt.get_or_none(FailedAttempt.subject == subject)
    if row is not None and row.blocked_until is not None and row.blocked_until > now():
        raise _too_many(row.blocked_until)
    return row is not None


def _count(subject: str) -> datetime | None:
    """Count one wrong proof, and set the delay. Returns when the delay ends that had begun already, if one had: then
    nothing is counted."""
    moment = now()
    may_count = FailedAttempt.blocked_until.is_null() | (FailedAttempt.blocked_until <= moment)
    counted = (FailedAttempt.insert(subject=subject, count=1, last_at=moment)
               .on_conflict(conflict_target=[FailedAttempt.subject], where=may_count,
                            update={FailedAttempt.count: FailedAttempt.count + 1,
                                    FailedAttempt.last_at: EXCLUDED.last_at})
               .returning(FailedAttempt.count).tuples().execute())
    counts = [count for count, in counted]
    if not counts:
        return FailedAttempt.get_by_id(subject).blocked_until
    excess = counts[0] - runtime.config.auth.failed_attempts
    if excess >= 0:
        delay = min(FIRST_DELAY * 2 ** min(excess, 20), LONGEST_DELAY)
        FailedAttempt.update(blocked_until=moment + delay).where(FailedAttempt.subject == subject).execute()
    return None


def _too_many(until: datetime) -> TooManyAttempts:
    seconds = max(1, math.ceil((until - now()).total_seconds()))
    return TooManyAttempts(headers={"Retry-After": str(seconds)})
