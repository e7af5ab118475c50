"""`/api/socket.io/`: where clients connect. It is not in the description of the API, as upstream's is not.

Only the WebSocket transport of Engine.IO 4 is served. Refusals are in the words of Engine.IO; whoever may not listen
is refused by Socket.IO itself, after he connected.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, request

from immich_flask.infra.http.answers import json_response
from immich_flask.infra.http.blueprint import Access
from immich_flask.infra.http.handover import Handover, can_be_taken
from plugins.realtime.callers import caller_of
from plugins.realtime.live import live_of

log = logging.getLogger(__name__)

UNKNOWN_TRANSPORT = 0, "Transport unknown"
UNKNOWN_SESSION = 1, "Session ID unknown"
BAD_METHOD = 2, "Bad handshake method"
BAD_REQUEST = 3, "Bad request"
BAD_VERSION = 5, "Unsupported protocol version"


def add_routes(app: Flask) -> None:
    connect.access = Access(login=False)
    for path in ("/api/socket.io", "/api/socket.io/"):
        app.add_url_rule(path, "connectRealtime", connect, methods=["GET", "POST", "OPTIONS"],
                         provide_automatic_options=False)
        # Another rule for Werkzeug, by the headers of the request.
        app.add_url_rule(path, "connectRealtime", connect, methods=["GET"], websocket=True)


def connect() -> Response:
    response = _answer()
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _answer() -> Response:
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
                                             "Access-Control-Allow-Headers":
                                                 request.headers.get("Access-Control-Request-Headers", "")})
    if request.args.get("transport") != "websocket":
        return _refused(*UNKNOWN_TRANSPORT)
    if "sid" in request.args:
        return _refused(*UNKNOWN_SESSION)
    if request.method != "GET":
        return _refused(*BAD_METHOD)
    if request.args.get("EIO") != "4":
        return _refused(*BAD_VERSION)
    if request.headers.get("Upgrade", "").lower() != "websocket":
        log.warning("a client asked for a WebSocket without saying so in its headers: a proxy before this server must "
                    "pass on Upgrade and Connection (docs/realtime.md)")
        return _refused(*BAD_REQUEST)
    if not can_be_taken(request.environ):
        log.error("WebSockets need gunicorn's gthread or sync worker, without TLS of its own (docs/realtime.md)")
        return json_response({"message": "WebSockets are not supported by this web server"}, 501)
    try:
        take = live_of(current_app).admit(request.headers, caller_of(request))
    except ValueError:
        return _refused(*BAD_REQUEST)
    if take is None:
        return json_response({"message": "No more live connections are possible now"}, 503)
    return Handover(take)


def _refused(code: int, message: str) -> Response:
    return json_response({"code": code, "message": message}, 400)
