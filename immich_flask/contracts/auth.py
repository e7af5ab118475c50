"""Who is asking: the caller of a request, as `authenticate` found it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuthUser:
    """The account a request acts for; for a shared link that is the link's owner."""

    id: str
    email: str
    name: str
    is_admin: bool
    quota_size_in_bytes: int | None
    quota_usage_in_bytes: int


@dataclass(frozen=True, slots=True)
class AuthSession:
    """A login. `elevated`: the PIN was given and has not run out (locked folder)."""

    id: str
    elevated: bool


@dataclass(frozen=True, slots=True)
class AuthApiKey:
    """An API key and the permissions it holds (`all` grants everything)."""

    id: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuthSharedLink:
    """A shared link used as the credential (`?key=`, `?slug=`); what it may do beyond reading."""

    id: str
    user_id: str
    album_id: str | None
    allow_upload: bool
    allow_download: bool
    show_metadata: bool
    password: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Auth:
    """One caller. Exactly one of `session`, `api_key`, `shared_link` is set."""

    user: AuthUser
    session: AuthSession | None = None
    api_key: AuthApiKey | None = None
    shared_link: AuthSharedLink | None = None

    @property
    def elevated(self) -> bool:
        """May see and change what is in the locked folder."""
        return self.session is not None and self.session.elevated

    @property
    def user_id(self) -> str:
        return self.user.id
