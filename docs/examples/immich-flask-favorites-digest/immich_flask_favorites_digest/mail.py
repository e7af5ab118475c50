"""Mail, by the server that the administrator has set up."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from immich_flask.core.server.about import external_domain
from immich_flask_favorites_digest.digests import title

PATIENCE = 30
"""Seconds for each answer of the mail server."""


def send(smtp: Mapping[str, Any], email: str, name: str, count: int) -> None:
    """Raises OSError (what smtplib raises is one) when it cannot be handed over."""
    message = EmailMessage()
    message["Subject"] = title(count)
    message["From"] = smtp["from"]
    message["To"] = Address(name, addr_spec=email)
    if smtp["replyTo"]:
        message["Reply-To"] = smtp["replyTo"]
    where = external_domain()
    message.set_content(f"Hello {name},\n\nsince the last digest you have marked {title(count).removeprefix('new ')}."
                        + (f"\n\n{where.rstrip('/')}/favorites\n" if where else "\n"))
    transport = smtp["transport"]
    context = ssl.create_default_context()
    if transport["ignoreCert"]:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _connect(transport, context) as server:
        if transport["username"]:
            server.login(transport["username"], transport["password"])
        server.send_message(message)


def _connect(transport: Mapping[str, Any], context: ssl.SSLContext) -> smtplib.SMTP:
    where = {"host": transport["host"], "port": transport["port"], "timeout": PATIENCE}
    if transport["secure"]:
        return smtplib.SMTP_SSL(**where, context=context)
    server = smtplib.SMTP(**where)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=context)
    return server
