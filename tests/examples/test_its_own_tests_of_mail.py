"""The example's tests of mail, word for word; they have a server of their own."""

from test_digest_mail import *  # noqa: F403
