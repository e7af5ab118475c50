"""What is left of Flask's requests and answers is what Flask would say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request, Response, request, session

from immich_flask.infra.http.lean import App, Complete


def said_of(app: Flask, question: Callable[[Request], Any], path: str = "/", **asked: Any) -> Any:
    answers: list[Any] = []

    @app.route("/", methods=["GET", "POST"])
    def view() -> str:
        answers.append(question(request._get_current_object()))
        return ""

    app.test_client().open(path, **asked)
    return answers[0]


@pytest.mark.parametrize("question", [
    lambda asked: asked.headers.get("X-Some-Thing"),
    lambda asked: asked.headers.get("x-some-thing", "none"),
    lambda asked: asked.headers.get("x-number", type=int),
    lambda asked: asked.headers.get("x-some-thing", 5, type=int),
    lambda asked: asked.headers.get("X-Missing"),
    lambda asked: asked.headers.get("X-Missing", "none"),
    lambda asked: asked.headers.get("content-type"),
    lambda asked: asked.headers.get("Content-Length", type=int),
    lambda asked: ["X-SOME-THING" in asked.headers, "x-missing" in asked.headers, "Content-Type" in asked.headers],
    lambda asked: sorted(asked.headers),
    lambda asked: asked.args.get("a"),
    lambda asked: asked.args.get("a", type=int),
    lambda asked: asked.args.get("c"),
    lambda asked: asked.args.get("c", "none"),
    lambda asked: asked.args.get("b", 7, type=int),
    lambda asked: asked.args.getlist("a"),
    lambda asked: (asked.path, asked.method, asked.host, asked.url, asked.endpoint, asked.view_args),
])
def test_a_request_says_the_same(question: Callable[[Request], Any]) -> None:
    asked: dict[str, Any] = {"method": "POST", "data": b"{}", "content_type": "application/json", "path": "/?a=1&a=2&b=x",
                             "headers": {"X-Some-Thing": "some", "X-Number": "12", "Host": "photos.example.org:8080"}}
    assert said_of(App("a"), question, **asked) == said_of(Flask("a"), question, **asked)


@pytest.mark.parametrize("host", ["a b", '"><script>', "a/b", "a@b", "", "[::1]:80", "photos.example.org:443"])
def test_what_can_be_no_host_is_none(host: str) -> None:
    def question(asked: Request) -> Any:
        return asked.host, asked.host_url, asked.url

    assert said_of(App("a"), question, headers={"Host": host}) == said_of(Flask("a"), question, headers={"Host": host})


@pytest.mark.parametrize(("path", "status"), [("/a/b", 200), ("/a//b", 404), ("/%2fa/b", 200), ("/a/%2e", 200), ("/b", 404)])
def test_addresses_lead_to_the_same(path: str, status: int) -> None:
    for app in (App("a"), Flask("a")):
        app.url_map.merge_slashes = False
        app.add_url_rule("/a/<name>", view_func=lambda name: name, endpoint="a")
        assert app.test_client().get(path).status_code == status
        assert app.test_client().post(path).status_code == (405 if status == 200 else status)
        assert app.test_client().get(path, headers={"Connection": "Upgrade", "Upgrade": "websocket"}).status_code != 200


def test_a_complete_answer_leaves_as_it_is() -> None:
    app = App("a")
    app.add_url_rule("/", view_func=lambda: Complete(b"abc", headers={"Content-Length": "3", "X-A": "1"}))
    answer = app.test_client().get("/")
    assert (answer.data, answer.headers["Content-Length"], answer.headers["X-A"]) == (b"abc", "3", "1")
    answer = app.test_client().head("/")
    assert (answer.data, answer.headers["Content-Length"]) == (b"", "3")
    plain = App("a")
    plain.add_url_rule("/", view_func=lambda: Response(b"abc"))
    assert plain.test_client().get("/").headers["Content-Length"] == "3"


def test_nothing_can_be_kept_in_sessions_of_flask() -> None:
    def keep(_request: Request) -> bool:
        with pytest.raises(RuntimeError, match="session is unavailable"):
            session["a"] = 1
        return "a" in session

    assert said_of(App("a"), keep) is False
