"""Tokens and password hashes. Only digests are stored: SHA-256 of random tokens, bcrypt of what people choose."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from functools import cache

import bcrypt

from immich_flask.core.runtime import runtime


def new_token() -> str:
    """A session token or API key: 32 random bytes as base64 without its non-word characters."""
    return re.sub(r"\W", "", base64.b64encode(secrets.token_bytes(32)).decode())


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex. Tokens are random, so no slower hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    return bcrypt.hashpw(_bounded(password), bcrypt.gensalt(runtime.config.auth.bcrypt_rounds)).decode()


def verify_password(password: str, hashed: str | None) -> bool:
    """Compare in constant time. Without a hash (unknown account, no password set) the answer is False after as much
    work, so that the time does not tell whether the account exists."""
    if not hashed:
        bcrypt.checkpw(_bounded(password), _dummy(runtime.config.auth.bcrypt_rounds))
        return False
    return bcrypt.checkpw(_bounded(password), hashed.encode())


def _bounded(password: str) -> bytes:
    # bcrypt reads 72 bytes and its Python library refuses more; Immich's own hash cuts silently.
    return password.encode()[:72]


@cache
def _dummy(rounds: int) -> bytes:
    return bcrypt.hashpw(b"dummy", bcrypt.gensalt(rounds))
