"""Guessing made slow: wrong passwords, PINs and link passwords are counted per account and address.

    prove("pin", user_id, lambda: verify_password(pin, hashed), BadRequest("Wrong PIN code"))

Only wrong proofs count, and a right one forgets them: any number of people may log in from one address, however fast.
After `auth.failed_attempts` wrong ones in a row each further one is answered 429 until a delay is over, which doubles
with every wrong one after that. Unknown accounts are counted like known ones, so that a delay tells nothing.

Who tries one password on many accounts, or one account from many addresses, is counted as well: per address and per
account by themselves, up to `auth.failed_attempts_anywhere`, forgotten after an hour without any. Those counts are not
for somebody at an address from which he has got in before, else anybody could keep him out.

The counter is a row in the database, hence the same for all processes. A proof is checked without holding the row (that
is slow on purpose), so many may be checked at once; but what was found out after the delay began is not told.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from flask import request
from peewee import EXCLUDED, Case

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

QUIET = timedelta(hours=1)
"""After so long without a wrong proof, an address or an account by itself is as good as new."""

KNOWN_FOR = timedelta(days=30)
"""For how long an address is known to be one from which an account was used."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """Where the proof of an account from an address is counted. `known` is a row as well: that it was right before."""

    both: str
    known: str
    address: str
    account: str

    @classmethod
    def of(cls, kind: str, account: str, address: str | None) -> _Counts:
        network = _network(address or "")
        return cls(_subject(kind, account, network), _subject("known", kind, account, network),
                   _subject("from", network), _subject("to", kind, account))


_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def prove(kind: str, account: str, is_right: Callable[[], bool], wrong: ApiError) -> None:
    """Raise `wrong` unless `is_right()`, which is not even called while the caller has to wait.

    kind, account: what is to be proven ("password") and of whom (an id, an address), together with the address of the
    current request.

    Raises TooManyAttempts, with `Retry-After`, after too many wrong proofs. Must not be called in a transaction: the
    count has to outlive the error, and checking is slow.
    """
    if db.in_transaction():
        raise RuntimeError("a proof must be checked outside of a transaction")
    counts = _Counts.of(kind, account, request.remote_addr)
    _refuse_blocked(counts)
    if is_right():
        # Again, as others may have failed meanwhile: a burst of guesses must not get around the delay.
        _remember(counts, _refuse_blocked(counts))
        return
    with atomic():
        blocked_until = _count_all(counts)
    if blocked_until is not None:
        raise _too_many(blocked_until)
    log.warning("wrong %s from %s", kind, request.remote_addr)
    raise wrong


def forget_old_attempts() -> None:
    """Remove what no longer matters (a part of the job `SessionCleanup`)."""
    moment = now()
    old = (FailedAttempt.count > 0) & (FailedAttempt.last_at < moment - FORGET_AFTER)
    FailedAttempt.delete().where(old | (FailedAttempt.last_at < moment - KNOWN_FOR)).execute()


def _subject(*parts: str) -> str:
    """A digest, because what people type into an address field may be anything, of any length, even a password."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _network(address: str) -> str:
    """The part of an address that its user cannot choose: in IPv6 everybody has a /64 of his own. Some proxies put the
    port behind it, which is another one each time."""
    if with_port := _WITH_PORT.fullmatch(address):
        address = with_port[1] or with_port[2]
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
    return str(ip)


def _refuse_blocked(counts: _Counts) -> dict[str, FailedAttempt]:
    """Raise TooManyAttempts while the caller has to wait; else the rows that there are."""
    subjects = (counts.both, counts.known, counts.address, counts.account)
    rows = {row.subject: row for row in FailedAttempt.select().where(FailedAttempt.subject.in_(subjects))}
    apply = (counts.both,) if counts.known in rows else subjects
    moment = now()
    waits = [rows[each].blocked_until for each in apply if each in rows and rows[each].blocked_until is not None]
    if waits and max(waits) > moment:
        raise _too_many(max(waits))
    return rows


def _remember(counts: _Counts, rows: dict[str, FailedAttempt]) -> None:
    """That it was right: nothing wrong is counted any more, and the address is known."""
    if counts.both in rows:
        FailedAttempt.delete().where(FailedAttempt.subject == counts.both).execute()
    moment = now()
    known = rows.get(counts.known)
    if known is None or known.last_at < moment - FORGET_AFTER:
        (FailedAttempt.insert(subject=counts.known, count=0, last_at=moment)
         .on_conflict(conflict_target=[FailedAttempt.subject],
                      update={FailedAttempt.last_at: EXCLUDED.last_at}).execute())


def _count_all(counts: _Counts) -> datetime | None:
    """Count one wrong proof wherever it counts. Returns when the delay ends that had begun already, if one had."""
    limits = runtime.config.auth
    blocked = _count(counts.both, limits.failed_attempts)
    anywhere = limits.failed_attempts_anywhere
    if blocked is None and anywhere and not FailedAttempt.select().where(
            FailedAttempt.subject == counts.known).exists():
        blocked = _count(counts.address, anywhere, QUIET) or _count(counts.account, anywhere, QUIET)
    return blocked


def _count(subject: str, limit: int, quiet: timedelta | None = None) -> datetime | None:
    """Count one wrong proof, and set the delay. Returns when the delay ends that had begun already, if one had: then
    nothing is counted. After `quiet` without any, counting begins anew."""
    moment = now()
    may_count = FailedAttempt.blocked_until.is_null() | (FailedAttempt.blocked_until <= moment)
    more = FailedAttempt.count + 1
    if quiet is not None:
        more = Case(None, [(FailedAttempt.last_at < moment - quiet, 1)], more)
    counted = (FailedAttempt.insert(subject=subject, count=1, last_at=moment)
               .on_conflict(conflict_target=[FailedAttempt.subject], where=may_count,
                            update={FailedAttempt.count: more, FailedAttempt.last_at: EXCLUDED.last_at})
               .returning(FailedAttempt.count).tuples().execute())
    counts = [count for count, in counted]
    if not counts:
        return FailedAttempt.get_by_id(subject).blocked_until
    excess = counts[0] - limit
    if excess >= 0:
        delay = min(FIRST_DELAY * 2 ** min(excess, 20), LONGEST_DELAY)
        FailedAttempt.update(blocked_until=moment + delay).where(FailedAttempt.subject == subject).execute()
    return None


def _too_many(until: datetime) -> TooManyAttempts:
    seconds = max(1, math.ceil((until - now()).total_seconds()))
    return TooManyAttempts(headers={"Retry-After": str(seconds)})
