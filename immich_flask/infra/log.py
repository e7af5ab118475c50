"""Where log lines go and what they look like: text for people, or one JSON object per line for machines.

Nothing is installed unless `setup_logging` is called, which the programs do (`serve`, `worker`, `wsgi`), not the app:
an application that is embedded or tested keeps the logging of whoever runs it.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import orjson
from flask import g, has_request_context

from immich_flask.infra.config import Config
from immich_flask.infra.fields import iso, since_epoch

STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request"}
"""What every record has; the rest came in by `extra` and goes into the JSON object."""


_SECRETS = re.compile(
    r"""([?&](?:key|slug|apiKey|sessionKey|password|token|accessToken|access_token)=)[^&\s"'#<>]+"""
    r"""|(\bBearer\s+)[^\s"',]+|(://[^\s/:@"']*:)[^\s/@"']+(?=@)""", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """The text without what opens anything: credentials in the queries of addresses, tokens, passwords in addresses of
    databases. Nothing of ours logs those on purpose; libraries, and plugins, may."""
    # Each request writes a line, and the pattern takes 10 to 60 µs for it.
    if "?" not in text and "&" not in text and "://" not in text and "bearer" not in text.lower():
        return text
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}…", text)


class _WithoutSecrets(logging.Filter):
    """For loggers that have handlers of their own: gunicorn's, when an operator starts it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True


def setup_logging(config: Config) -> None:
    """Send everything from `logging.level` on to standard error. Calling it again changes level and form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name("immich_flask")
    handler.setFormatter(JsonFormatter() if config.logging.json else TextFormatter())
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if kept.get_name() != handler.get_name()]
    root.addHandler(handler)
    root.setLevel(config.logging.level.upper())
    for name in ("gunicorn.error", "gunicorn.access"):
        if not any(isinstance(each, _WithoutSecrets) for each in logging.getLogger(name).filters):
            logging.getLogger(name).addFilter(_WithoutSecrets())
    # From where in the code each line comes: nobody shows that (Python's logging HOWTO, "Optimization").
    logging._srcfile = None
    # What plugins use that will go is told by a warning.
    logging.captureWarnings(True)
    # The S3 client's pool tells of every connection; what was migrated is told by who asked for it.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    logging.getLogger("peewee.migrations").setLevel(logging.WARNING)


def correlation_id() -> str | None:
    """The id of the request that is being answered, as its answer's `X-Correlation-ID` has it."""
    return g.get("correlation_id") if has_request_context() else None


class TextFormatter(logging.Formatter):
    """`2024-05-03T14:02:11.123Z INFO immich_flask.access: GET /api/server/ping 200 1ms (4f2a…)`"""

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None) or correlation_id()
        # Text from outside must not be able to begin a line of its own.
        message = record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
        line = f"{_time(record)} {record.levelname} {record.name}: {message}"
        if request:
            line += f" ({request})"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, with `request` and `error` where there is one, and all of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if request := getattr(record, "request", None) or correlation_id():
            entry["request"] = request
        entry |= {key: value for key, value in record.__dict__.items() if key not in STANDARD}
        if record.exc_info:
            entry["error"] = without_secrets(self.formatException(record.exc_info))
        return orjson.dumps(entry, default=str).decode()


def _time(record: logging.LogRecord) -> str:
    return iso(since_epoch(record.created))
