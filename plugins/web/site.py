"""All addresses outside the API: the web app that the configuration names, else the installed one, else our own page."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from immich_flask.infra.config import Config
from plugins.web.build import Build, build_page
from plugins.web.installed import Builds
from plugins.web.pages import own_page


def site(config: Config) -> Blueprint:
    """The routes, and our own page's style and scripts."""
    pages = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/_page")
    chosen = Build(config.web.root) if config.web.root else _Installed(Builds(config.data_path))

    @pages.get("/", provide_automatic_options=False)
    @pages.get("/<path:path>", provide_automatic_options=False)
    def page(path: str = "index.html") -> Response:
        if path == "api" or path.startswith("api/"):
            raise NotFound()
        build = chosen if isinstance(chosen, Build) else chosen.build()
        return build_page(build, path) if build else own_page(path)

    return pages


class _Installed:
    """The installed build, which may be changed or removed while the server runs."""

    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self._known: tuple[Path, Build] | None = None

    def build(self) -> Build | None:
        root, known = self.builds.current(), self._known
        if root is None:
            return None
        if known is None or known[0] != root:
            try:
                self._known = known = (root, Build(root))
            except OSError:
                # Replaced by the next one between the two looks, or taken away by hand.
                return None
        return known[1]
