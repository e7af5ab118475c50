"""Our own page in a real browser: the first account, uploads, the photos by month, one photo large, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from immich_flask.testing import photo
from immich_flask.testing.fixtures import Backend
from tests.clients.browser import open_browser, until, watched
from tests.serving import PASSWORD, Served, serving

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with open_browser() as browser:
        yield browser


def test_from_the_first_account_to_a_photo(backend: Backend, browser: object, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(photo(800, 600))
    (tmp_path / "notes.txt").write_text("no photo")
    with serving(backend, tmp_path) as (url, _), watched(browser, url, accept_downloads=True) as (context, _):
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Name").fill("Me")
        page.get_by_label("Email").fill("me@test.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        page.get_by_text("There are no photos yet").wait_for()

        files = [tmp_path / f"{number}.jpg" for number in range(3)]
        page.locator("#files").set_input_files([*files, tmp_path / "notes.txt"])
        page.get_by_text("3 files uploaded, 1 file not uploaded").wait_for()
        page.get_by_text("notes.txt: this kind of file is not supported").wait_for()
        page.locator("#files").set_input_files(files[:1])
        page.get_by_text("0 files uploaded, 1 file already here").wait_for()
        until(page, lambda: page.evaluate("[...document.querySelectorAll('.tile img')].filter((i) => i.naturalWidth)"
                                          ".length") == 3)
        assert page.get_by_role("heading", level=2).filter(has_text="3 items").count() == 1

        page.get_by_role("button", name="Photo, ").first.click()
        until(page, lambda: page.evaluate("document.querySelector('#stage img')?.naturalWidth > 0"))
        first = page.locator("#stage img").get_attribute("src")
        page.keyboard.press("ArrowRight")
        until(page, lambda: page.locator("#stage img").get_attribute("src") != first)
        page.get_by_role("button", name="Favourite").click()
        page.locator("#favorite[aria-pressed=true]").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename.endswith(".jpg")
        page.get_by_role("button", name="Move to trash").click()
        page.get_by_text("Moved to the trash.").wait_for()
        page.keyboard.press("Escape")
        until(page, lambda: page.locator(".tile").count() == 2)

        page.reload()
        until(page, lambda: page.locator(".tile").count() == 2)
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("heading", name="Log in").wait_for()


def test_logging_in_on_a_phone(served: Served, browser: object) -> None:
    user = served.user()
    with watched(browser, served.url.removesuffix("/api"), viewport={"width": 360, "height": 700}, has_touch=True,
                 color_scheme="dark") as (context, watch):
        watch.expected.append("401 POST")
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password").fill("guess")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("Incorrect email or password").wait_for()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("There are no photos yet").wait_for()
        page.get_by_text("Other ways in").click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it has to be scrolled sideways"


def test_dropping_files(served: Served, browser: object) -> None:
    user = served.user()
    origin = served.url.removesuffix("/api")
    with watched(browser, origin) as (context, _):
        login = context.request.post("/api/auth/login", data={"email": user.email, "password": PASSWORD})
        assert login.ok
        page = context.new_page()
        page.goto("/")
        page.get_by_text("There are no photos yet").wait_for()
        files = page.evaluate_handle("""(content) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(content)], 'dropped.jpg'));
          return transfer;
        }""", list(photo(640, 480)))
        page.dispatch_event("body", "dragover", {"dataTransfer": files})
        page.get_by_text("Drop the files to upload them").wait_for()
        page.dispatch_event("body", "drop", {"dataTransfer": files})
        page.get_by_text("1 file uploaded").wait_for()
        page.locator(".tile img").wait_for()
    assert user.get("/assets/statistics")["images"] == 1
