"""Stills that move: films within photos, and live photos whose halves come one by one."""

from __future__ import annotations

import pytest

from immich_flask.core.assets.keys import is_cut_out
from immich_flask.core.models import Asset, User
from immich_flask.testing import Caller, Server
from tests.plugins.media.files import corners, encoded, exif, jpeg, photo, xmp
from tests.plugins.media.test_metadata import apple_note
from tests.plugins.media.test_motion import samsung_trailer
from tests.plugins.media.test_video import film

FILM = film(corners(64, 48), frames=5)
OTHER_FILM = film(corners(80, 48), frames=5)


def google(content: bytes = FILM, seed: int = 1) -> bytes:
    """A photo with a film behind it."""
    marks = xmp(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(content)}"')
    still = encoded(photo(160, 120, seed), "JPEG", exif=exif(DateTimeOriginal="2022:05:05 05:05:05"), xmp=marks)
    return still + content


def samsung_heic() -> bytes:
    return encoded(photo(160, 120), "HEIF") + (len(FILM) + 8).to_bytes(4, "big") + b"mpvd" + FILM


def read(caller: Caller, asset: str) -> dict:
    response = caller.get(f"/assets/{asset}")
    assert response.status_code == 200, response.text
    return response.json


def extract_again(caller: Caller, *assets: str) -> None:
    body = {"assetIds": list(assets), "name": "refresh-metadata"}
    assert caller.post("/assets/jobs", body).status_code == 204


def counted(caller: Caller) -> dict:
    return caller.get("/assets/statistics").json


def usage(server: Server, caller: Caller) -> int:
    with server.context():
        return User.get_by_id(caller.id).quota_usage_in_bytes


def films(server: Server, caller: Caller) -> list[tuple[str, str, bool]]:
    """Id, storage key, and whether its bytes are there, of all films of an account."""
    with server.context():
        rows = Asset.select(Asset.id, Asset.storage_key).where(Asset.owner == caller.id, Asset.type == "VIDEO").tuples()
        return [(film_id, key, server.runtime.storage.exists(key)) for film_id, key in rows]


@pytest.mark.parametrize(("content", "name"), [
    (google(), "MV IMG.jpg"), (jpeg() + samsung_trailer(FILM), "20200101.jpg"), (samsung_heic(), "20230101.heic"),
], ids=["Google", "Samsung JPEG", "Samsung HEIC"])
def test_a_film_in_a_photo_becomes_its_moving_part(server: Server, user: Caller, content: bytes, name: str) -> None:
    still = user.asset(content, name)
    answer = read(user, still)
    moving = read(user, answer["livePhotoVideoId"])
    assert (moving["type"], moving["visibility"], moving["originalFileName"]) == (
        "VIDEO", "hidden", name.rpartition(".")[0] + ".mp4")
    assert (moving["duration"], moving["width"], moving["height"]) == (500, 64, 48)
    playback = user.get(f"/assets/{moving['id']}/video/playback")
    assert (playback.data, playback.content_type) == (FILM, "video/mp4")
    assert user.get(f"/assets/{still}/original").data == content
    assert counted(user) == {"images": 1, "videos": 0, "total": 1}
    assert usage(server, user) == len(content) + len(FILM)
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": None}).json == {
        "message": "Cannot unlink Android motion photos"}
    user.delete("/assets", {"ids": [still], "force": True})
    assert (usage(server, user), films(server, user)) == (0, [])


def test_reading_again_changes_nothing(server: Server, user: Caller) -> None:
    still = user.asset(google())
    before, known = read(user, still), films(server, user)
    extract_again(user, still, known[0][0])
    assert films(server, user) == known
    assert {**read(user, still), "updatedAt": None} == {**before, "updatedAt": None}
    assert usage(server, user) == len(google()) + len(FILM)


def test_a_lost_film_is_put_back(server: Server, user: Caller) -> None:
    still = user.asset(google())
    (film_id, key, _), = films(server, user)
    server.runtime.storage.delete([key])
    extract_again(user, still)
    assert films(server, user) == [(film_id, key, True)]
    assert user.get(f"/assets/{film_id}/video/playback").data == FILM


def test_two_photos_with_the_same_film_share_it(server: Server, user: Caller) -> None:
    first, second = user.asset(google(seed=1)), user.asset(google(seed=2))
    (film_id, _, _), = films(server, user)
    assert read(user, first)["livePhotoVideoId"] == read(user, second)["livePhotoVideoId"] == film_id
    user.delete("/assets", {"ids": [first], "force": True})
    assert [found[::2] for found in films(server, user)] == [(film_id, True)]
    user.delete("/assets", {"ids": [second], "force": True})
    assert films(server, user) == []


@pytest.mark.parametrize("trashed", [False, True])
def test_a_film_that_was_uploaded_before_is_taken(server: Server, user: Caller, trashed: bool) -> None:
    uploaded = user.asset(FILM, "mine.mp4")
    if trashed:
        user.delete("/assets", {"ids": [uploaded]})
    still = user.asset(google())
    extract_again(user, still)
    assert read(user, still)["livePhotoVideoId"] == uploaded
    answer = read(user, uploaded)
    assert (answer["visibility"], answer["isTrashed"]) == ("hidden", False)
    assert len(films(server, user)) == 1
    assert usage(server, user) == len(FILM) + len(google())
    # It is the user's own file, so he can take it back.
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": None}).status_code == 200
    assert read(user, uploaded)["visibility"] == "timeline"


def test_the_bytes_of_a_film_under_another_type_are_no_moving_part(user: Caller) -> None:
    user.asset(FILM, "film.jpg")
    assert read(user, user.asset(google()))["livePhotoVideoId"] is None


def test_a_film_that_the_user_chose_stays(server: Server, user: Caller) -> None:
    chosen = user.asset(OTHER_FILM, "chosen.mp4")
    still = user.asset(google(), livePhotoVideoId=chosen)
    extract_again(user, still)
    assert read(user, still)["livePhotoVideoId"] == chosen
    assert [film_id for film_id, _, _ in films(server, user)] == [chosen]


def test_a_film_that_is_no_longer_the_right_one_goes(server: Server, user: Caller) -> None:
    still, second = user.asset(google()), user.asset(google(OTHER_FILM, seed=2))
    wrong, right = (read(user, asset)["livePhotoVideoId"] for asset in (second, still))
    with server.context():
        Asset.update(live_photo_video=wrong).where(Asset.id == still).execute()
        Asset.update(live_photo_video=None).where(Asset.id == second).execute()
    extract_again(user, still)
    assert read(user, still)["livePhotoVideoId"] == right
    assert [film_id for film_id, _, _ in films(server, user)] == [right]
    assert usage(server, user) == len(google()) + len(google(OTHER_FILM, seed=2)) + len(FILM)


def test_owners_do_not_share(server: Server, user: Caller, other: Caller) -> None:
    for caller in (user, other):
        caller.asset(google())
    assert len(films(server, user)) == len(films(server, other)) == 1
    assert films(server, user)[0][0] != films(server, other)[0][0]


def test_a_full_account_keeps_the_film_of_what_it_took(server: Server) -> None:
    tight = server.user("tight", quota_size_in_bytes=len(google()))
    still = tight.asset(google())
    assert read(tight, still)["livePhotoVideoId"] is not None
    assert usage(server, tight) == len(google()) + len(FILM)
    assert tight.upload().json["message"] == "Quota has been exceeded!"


def test_damage_costs_the_film_only(user: Caller) -> None:
    for content in (google()[:-10], google(FILM[:4] + b"junk" + FILM[8:])):
        answer = read(user, user.asset(content))
        assert (answer["livePhotoVideoId"], answer["width"]) == (None, 160)


def halves(identifier: str) -> dict[str, tuple[bytes, str]]:
    note = apple_note(identifier)
    facts = {"com.apple.quicktime.content.identifier": identifier}
    return {"still": (jpeg(exif=exif(Make="Apple", MakerNote=note)), "IMG_9.JPG"),
            "film": (film(corners(64, 48), format="mov", frames=5, facts=facts), "IMG_9.MOV")}


@pytest.mark.parametrize("order", [("still", "film"), ("film", "still")])
def test_the_halves_of_a_live_photo_find_each_other(user: Caller, other: Caller, order: tuple[str, str]) -> None:
    files = halves("6A1B2C3D-0000-4000-8000-00000000000A")
    strange = other.asset(*files["film"])
    lonely = user.asset(*halves("6A1B2C3D-0000-4000-8000-00000000000B")["film"])
    ids = {half: user.asset(*files[half]) for half in order}
    assert read(user, ids["still"])["livePhotoVideoId"] == ids["film"]
    assert read(user, ids["film"])["visibility"] == "hidden"
    assert read(user, lonely)["visibility"] == read(other, strange)["visibility"] == "timeline"
    assert counted(user) == {"images": 1, "videos": 1, "total": 2}
    extract_again(user, *ids.values())
    assert read(user, ids["still"])["livePhotoVideoId"] == ids["film"]


@pytest.mark.parametrize("order", [("still", "film"), ("film", "still")])
def test_an_archived_film_is_hidden_when_its_still_comes(user: Caller, order: tuple[str, str]) -> None:
    files = halves("6A1B2C3D-0000-4000-8000-00000000000D")
    ids = {half: user.asset(*files[half], **({"visibility": "archive"} if half == "film" else {})) for half in order}
    assert read(user, ids["still"])["livePhotoVideoId"] == ids["film"]
    assert read(user, ids["film"])["visibility"] == "hidden"


@pytest.mark.parametrize("first", ["still", "film"])
def test_the_trash_holds_no_half(user: Caller, first: str) -> None:
    """Who empties it would lose what he has uploaded since."""
    files = halves("6A1B2C3D-0000-4000-8000-00000000000E")
    second = "film" if first == "still" else "still"
    ids = {first: user.asset(*files[first])}
    user.delete("/assets", {"ids": [ids[first]]})
    ids[second] = user.asset(*files[second])
    extract_again(user, ids[first])
    assert read(user, ids["still"])["livePhotoVideoId"] is None
    assert read(user, ids["film"])["visibility"] == "timeline"
    user.post("/trash/restore/assets", {"ids": [ids[first]]})
    extract_again(user, ids[first])
    assert read(user, ids["still"])["livePhotoVideoId"] == ids["film"]


def test_the_locked_folder_keeps_its_films(user: Caller) -> None:
    files, opened = halves("6A1B2C3D-0000-4000-8000-00000000000F"), user.elevated()
    locked = [user.asset(*files["film"]), user.asset(FILM, "mine.mp4")]
    user.put("/assets", {"ids": locked, "visibility": "locked"})
    stills = [user.asset(*files["still"]), user.asset(google())]
    assert [read(user, still)["livePhotoVideoId"] for still in stills] == [None, None]
    assert [read(opened, asset)["visibility"] for asset in locked] == ["locked", "locked"]
    # Where the stills are locked as well, they have them; and nobody sees more of them than before.
    user.put("/assets", {"ids": stills, "visibility": "locked"})
    extract_again(opened, *stills)
    assert [read(opened, still)["livePhotoVideoId"] for still in stills] == locked
    assert [user.get(f"/assets/{asset}").status_code for asset in locked] == [400, 400]


def test_a_still_in_the_locked_folder_takes_its_film_in(user: Caller) -> None:
    files = halves("6A1B2C3D-0000-4000-8000-0000000000A0")
    still = user.asset(*files["still"])
    user.put("/assets", {"ids": [still], "visibility": "locked"})
    film_id = user.asset(*files["film"])
    assert read(user.elevated(), still)["livePhotoVideoId"] == film_id
    assert user.get(f"/assets/{film_id}").status_code == 400


def test_a_half_is_joined_once(user: Caller) -> None:
    files = halves("6A1B2C3D-0000-4000-8000-00000000000C")
    still, moving = user.asset(*files["still"]), user.asset(*files["film"])
    second = user.asset(files["still"][0] + b" ", "IMG_9 (1).JPG")
    extract_again(user, moving)
    assert [read(user, asset)["livePhotoVideoId"] for asset in (still, second)] == [moving, None]


def test_what_is_cut_out_lies_apart(server: Server, user: Caller) -> None:
    user.asset(google())
    (_, key, there), = films(server, user)
    assert is_cut_out(key) and there
