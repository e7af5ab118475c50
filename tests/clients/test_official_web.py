"""Immich's own web app in a real browser: what people do every day, without one error in the console or on the screen.

Needs a build of the app: `TEST_WEB_BUILD` names it, as `immich-flask web install` takes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from immich_flask.core.plugins import find_plugins
from immich_flask.testing import photo
from immich_flask.testing.fixtures import Backend
from tests.clients.browser import Watch, open_browser, until, watched
from tests.serving import PASSWORD, serving

BUILD = os.environ.get("TEST_WEB_BUILD")

pytestmark = [
    pytest.mark.skipif(not BUILD, reason="TEST_WEB_BUILD names no build of the official web app"),
    # It waits for what the server tells as it happens.
    pytest.mark.skipif("realtime" not in find_plugins(), reason="the plugin realtime is not installed"),
]

ELSEWHERE = "tiles.immich.cloud"
"""The map's style comes from another host, which tests cannot reach."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in by cookies: `page` and what is watched in it, `api` for what is no test."""

    url: str
    cookies: dict[str, str]
    page: object
    watch: Watch

    def api(self, method: str, path: str, **options: object) -> object:
        answer = requests.request(method, f"{self.url}/api{path}", timeout=30, **options,
                                  headers={"Authorization": f"Bearer {self.cookies['immich_access_token']}"})
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def upload(self, name: str, date: str = "2023-06-15T10:00:00.000Z", *, size: tuple[int, int] = (320, 240)) -> str:
        """A new photo, when its pictures are there (before, the app would be told that they are not)."""
        asset = self.api("POST", "/assets", files={"assetData": (name, photo(*size))},
                         data={"fileCreatedAt": date, "fileModifiedAt": date})["id"]
        self.until(lambda: self.api("GET", f"/assets/{asset}")["thumbhash"])
        return asset

    def until(self, condition: Callable[[], object]) -> None:
        until(self.page, condition)

    def open(self, path: str, ready: str) -> None:
        """Go to a page, and wait for an element of it."""
        self.page.goto(path)
        self.page.locator(ready).first.wait_for()


@pytest.fixture(scope="module")
def site(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the web app and an administrator."""
    with serving(backend, tmp_path_factory.mktemp("web"), web_app=BUILD) as (url, _):
        who = {"email": "admin@test.example", "password": PASSWORD, "name": "Admin"}
        requests.post(f"{url}/api/auth/admin-sign-up", json=who, timeout=30).raise_for_status()
        cookies = log_in(url, who["email"])
        requests.post(f"{url}/api/system-metadata/admin-onboarding", json={"isOnboarded": True}, cookies=cookies,
                      timeout=30).raise_for_status()
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with open_browser() as browser:
        yield browser


def log_in(url: str, email: str) -> dict[str, str]:
    login = requests.post(f"{url}/api/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
    login.raise_for_status()
    cookies = login.cookies.get_dict()
    requests.put(f"{url}/api/users/me/onboarding", json={"isOnboarded": True}, cookies=cookies,
                 timeout=30).raise_for_status()
    return cookies


@pytest.fixture
def admin(site: str, browser: object) -> Iterator[Person]:
    with watched(browser, site) as (context, watch):
        yield signed_in(site, log_in(site, "admin@test.example"), context, watch)


@pytest.fixture
def user(site: str, browser: object, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A new user; at the end nothing must have gone wrong in his browser."""
    email = f"{abs(hash(request.node.nodeid))}@test.example"
    requests.post(f"{site}/api/admin/users", json={"email": email, "password": PASSWORD, "name": "User"}, timeout=30,
                  cookies=log_in(site, "admin@test.example")).raise_for_status()
    with watched(browser, site) as (context, watch):
        yield signed_in(site, log_in(site, email), context, watch)


def signed_in(url: str, cookies: dict[str, str], context: object, watch: Watch) -> Person:
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return Person(url, cookies, context.new_page(), watch)


def test_the_first_run(backend: Backend, browser: object, tmp_path: Path) -> None:
    """Sign-up, login, the wizard, and the empty timeline."""
    with serving(backend, tmp_path, web_app=BUILD) as (url, _), watched(browser, url) as (context, _):
        page = context.new_page()
        page.goto("/")
        page.get_by_role("link", name="Getting Started").click()
        page.get_by_label("Admin Email").fill("me@test.example")
        page.get_by_label("Admin Password", exact=True).fill(PASSWORD)
        page.get_by_label("Confirm Admin Password").fill(PASSWORD)
        page.get_by_label("Name").fill("Me")
        page.get_by_role("button", name="Sign up").click()
        page.wait_for_url("**/auth/login**")
        page.get_by_label("Email").fill("me@test.example")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Login").click()
        for step in ("Theme", "Language", "Server Privacy", "User Privacy", "Storage Template", "Backups",
                     "Mobile App", "Done"):
            page.get_by_role("button", name=step).click()
        page.wait_for_url("**/photos")
        page.get_by_role("button", name=re.compile("upload your first photo", re.IGNORECASE)).wait_for()


def test_a_wrong_password(site: str, browser: object) -> None:
    with watched(browser, site) as (context, watch):
        watch.expected.append("401 POST")
        page = context.new_page()
        page.goto("/auth/login")
        page.get_by_label("Email").fill("admin@test.example")
        page.get_by_label("Password").fill("guess")
        page.get_by_role("button", name="Login").click()
        page.get_by_text("Incorrect email or password").wait_for()


def test_uploading_by_the_button(user: Person, tmp_path: Path) -> None:
    names = ["one.jpg", "two.jpg"]
    for name in names:
        (tmp_path / name).write_bytes(photo(640, 480))
    user.open("/photos", "text=Upload")
    with user.page.expect_file_chooser() as chooser:
        user.page.get_by_role("button", name="Upload", exact=True).first.click()
    chooser.value.set_files([tmp_path / name for name in names])
    user.page.wait_for_function("document.querySelectorAll('[data-asset-id] img').length === 2")
    assert user.api("GET", "/assets/statistics")["images"] == 2


def test_uploading_by_drag_and_drop(user: Person) -> None:
    user.open("/photos", "text=Upload")
    files = user.page.evaluate_handle("""async (content) => {
      const bytes = Uint8Array.from(content);
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], 'dropped.jpg', { type: 'image/jpeg' }));
      return transfer;
    }""", list(photo(640, 480)))
    # Who drops too early finds nobody who takes it.
    user.page.wait_for_load_state("networkidle")
    for event in ("dragenter", "dragover", "drop"):
        user.page.dispatch_event("body", event, {"dataTransfer": files})
    user.page.locator("[data-asset-id] img").first.wait_for()
    assert user.api("GET", "/assets/statistics")["images"] == 1


def test_scrolling_through_years(user: Person) -> None:
    ids = [user.upload(f"{year}-{month}.jpg", f"{year}-{month:02}-15T10:00:00.000Z")
           for year in range(2010, 2020) for month in range(1, 7)]
    user.open("/photos", "[data-asset-id]")
    for _ in range(60):
        if user.page.locator(f"[data-asset-id='{ids[0]}']").count():
            break
        user.page.mouse.move(500, 400)
        user.page.mouse.wheel(0, 1500)
        user.page.wait_for_timeout(50)
    user.page.locator(f"[data-asset-id='{ids[0]}'] img").first.wait_for()


def test_the_viewer(user: Person) -> None:
    """One after another, the panel, a description, favourite and archive."""
    first, second = user.upload("a.jpg", "2023-06-16T10:00:00.000Z"), user.upload("b.jpg")
    user.open("/photos", f"[data-asset-id='{second}']")
    user.page.locator(f"[data-asset-id='{first}']").first.click()
    user.page.wait_for_url(f"**/photos/{first}")
    user.page.locator("[data-testid=preview]").locator("visible=true").first.wait_for()
    user.page.get_by_role("button", name="View next asset").click()
    user.page.wait_for_url(f"**/photos/{second}")
    user.page.get_by_role("button", name="Info").click()
    user.page.get_by_placeholder("Add a description").fill("A fine day")
    user.page.keyboard.press("Tab")
    user.page.get_by_text("b.jpg").first.wait_for()
    user.page.get_by_role("button", name="Favorite", exact=True).click()
    user.page.get_by_role("button", name="Unfavorite", exact=True).wait_for()
    user.page.get_by_role("button", name="More", exact=True).click()
    user.page.get_by_role("menuitem", name="Archive").click()
    user.page.get_by_text("Added to archive").first.wait_for()
    user.open("/favorites", f"[data-asset-id='{second}']")
    user.open("/archive", f"[data-asset-id='{second}']")
    assert user.api("GET", f"/assets/{second}")["exifInfo"]["description"] == "A fine day"


def test_an_album_and_its_link_in_a_private_window(user: Person, browser: object) -> None:
    shown = user.upload("shown.jpg")
    user.open(f"/photos/{shown}", "[data-testid=preview]")
    user.page.get_by_role("button", name="More", exact=True).click()
    user.page.get_by_role("menuitem", name="Add to album").click()
    user.page.get_by_role("dialog").get_by_placeholder("Search").fill("Holidays")
    user.page.keyboard.press("ArrowDown")
    user.page.keyboard.press("Enter")
    user.until(lambda: any(album["assetCount"] for album in user.api("GET", "/albums")))
    album, = user.api("GET", "/albums")
    assert (album["albumName"], album["assetCount"]) == ("Holidays", 1)
    user.open(f"/albums/{album['id']}", f"[data-asset-id='{shown}']")
    user.page.get_by_role("button", name="Share", exact=True).first.click()
    user.page.get_by_role("button", name="Create link").click()
    user.page.get_by_role("button", name="Create link").last.click()
    user.until(lambda: user.api("GET", "/shared-links"))
    key = user.api("GET", "/shared-links")[0]["key"]
    with watched(browser, user.url, accept_downloads=True) as (window, _):
        page = window.new_page()
        page.goto(f"/share/{key}")
        page.get_by_role("heading", name="Holidays").wait_for()
        page.locator(f"[data-asset-id='{shown}'] img").first.wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.startswith("Holidays")
        page.locator(f"[data-asset-id='{shown}']").first.click()
        page.locator("[data-testid=preview]").first.wait_for()


def test_searching(user: Person) -> None:
    found, _ = user.upload("kingfisher.jpg"), user.upload("heron.jpg")
    user.open("/photos", "[data-asset-id]")
    user.page.get_by_role("button", name="Show search options").click()
    user.page.get_by_text("File name or extension").click()
    user.page.get_by_placeholder(re.compile("IMG_1234")).fill("kingfisher")
    user.page.get_by_role("button", name="Search", exact=True).last.click()
    user.page.wait_for_url("**/search**")
    pictures = user.page.locator("img[src*='/thumbnail']")
    pictures.first.wait_for()
    assert [found in picture.get_attribute("src") for picture in pictures.all()] == [True]


def test_trash_and_back(user: Person) -> None:
    asset = user.upload("gone.jpg")
    user.open(f"/photos/{asset}", "[data-testid=preview]")
    user.page.get_by_role("button", name="Delete").click()
    user.until(lambda: user.api("GET", f"/assets/{asset}")["isTrashed"])
    user.open("/trash", f"[data-asset-id='{asset}']")
    user.page.get_by_role("button", name="Restore all").click()
    user.page.get_by_role("button", name="Confirm").click()
    user.until(lambda: not user.api("GET", f"/assets/{asset}")["isTrashed"])
    user.open("/photos", f"[data-asset-id='{asset}']")


def test_the_locked_folder(user: Person) -> None:
    """A PIN is set up and asked for, and what is moved there is nowhere else."""
    asset = user.upload("private.jpg")
    user.page.goto("/locked")
    user.page.get_by_role("button", name="Create").wait_for()
    for field in user.page.locator("input").all():
        field.focus()
        user.page.keyboard.type("123456")
    user.page.get_by_role("button", name="Create").click()
    user.page.get_by_text("Enter your PIN code").wait_for()
    user.page.keyboard.type("123456")
    user.page.wait_for_url("**/locked")
    user.open(f"/photos/{asset}", "[data-testid=preview]")
    user.page.get_by_role("button", name="More", exact=True).click()
    user.page.get_by_role("menuitem", name="Move to locked folder").click()
    user.page.get_by_role("button", name=re.compile("Move|Confirm")).last.click()
    user.until(lambda: user.api("GET", "/assets/statistics")["images"] == 0)
    user.open("/locked", f"[data-asset-id='{asset}']")


def test_an_api_key(user: Person) -> None:
    user.open("/user-settings?isOpen=api-keys", "text=API Keys")
    user.page.get_by_role("button", name="New API Key").click()
    user.page.get_by_label("Name").last.fill("test")
    user.page.get_by_label("Select all").click()
    user.page.get_by_role("button", name="Create").click()
    user.until(lambda: [key["name"] for key in user.api("GET", "/api-keys")] == ["test"])


PAGES = ("/photos", "/albums", "/archive", "/favorites", "/trash", "/recently-added", "/explore", "/places", "/people",
         "/map", "/memory", "/sharing", "/shared-links", "/tags", "/folders", "/user-settings", "/utilities",
         "/utilities/duplicates", "/utilities/large-files", "/utilities/geolocation", "/workflows", "/buy")

ADMIN_PAGES = ("/admin/users", "/admin/users/new", "/admin/queues", "/admin/queues/thumbnail-generation",
               "/admin/library-management", "/admin/library-management/new", "/admin/server-status",
               "/admin/maintenance", "/admin/maintenance/integrity-report/missing_file", "/admin/system-settings")


def test_every_page(user: Person) -> None:
    user.watch.expected.append(ELSEWHERE)
    user.api("PUT", "/users/me/preferences", json={
        "folders": {"enabled": True, "sidebarWeb": True}, "tags": {"enabled": True, "sidebarWeb": True},
        "ratings": {"enabled": True}, "people": {"sidebarWeb": True}, "sharedLinks": {"sidebarWeb": True}})
    user.upload("a.jpg")
    for path in PAGES:
        user.page.goto(path, wait_until="networkidle")
        assert "Error" not in user.page.title(), path


def test_every_page_of_the_administrator(admin: Person) -> None:
    me = admin.api("GET", "/users/me")["id"]
    for path in (*ADMIN_PAGES, f"/admin/users/{me}", f"/admin/users/{me}/edit"):
        admin.page.goto(path, wait_until="networkidle")
        assert "Error" not in admin.page.title(), path


def test_changing_a_system_setting(admin: Person) -> None:
    admin.open("/admin/system-settings?isOpen=trash", "text=Trash")
    days = admin.page.get_by_label("Number of days")
    days.fill("31")
    admin.page.get_by_role("button", name="Save").locator("visible=true").first.click()
    admin.until(lambda: admin.api("GET", "/server/config")["trashDays"] == 31)


def test_creating_and_deleting_a_user(admin: Person) -> None:
    admin.open("/admin/users", "text=Create user")
    admin.page.get_by_role("button", name="Create user").click()
    admin.page.get_by_label("Email").fill("new@test.example")
    admin.page.get_by_label("Password", exact=True).fill(PASSWORD)
    admin.page.get_by_label("Confirm Password").fill(PASSWORD)
    admin.page.get_by_label("Name").fill("New")
    admin.page.get_by_role("button", name="Create", exact=True).click()
    admin.until(lambda: any(user["email"] == "new@test.example" for user in admin.api("GET", "/admin/users")))
