"""Every event, as the official client gets it from a real tree of processes: with what, and who hears it."""

from __future__ import annotations

import uuid

import requests

from immich_flask.testing import photo
from tests.plugins.realtime.clients import Account, Client, Node
from tests.serving import Served


def quiet(client: Client) -> bool:
    """Has heard of nothing that is not for everybody."""
    return client.names() == ["on_server_version"]


def test_what_an_upload_becomes(account: Account, client: Client, stranger: Client) -> None:
    asset = account.upload()
    told, = client.wait("on_upload_success")
    ready, = client.wait("AssetUploadReadyV2")
    assert told == account.call("GET", f"/assets/{asset}")
    assert told["thumbhash"]
    lines = {line["type"]: line["data"] for line in account.sync("AssetsV2", "AssetExifsV1")}
    assert ready == {"asset": lines["AssetV2"], "exif": lines["AssetExifV1"]}
    account.call("PUT", f"/assets/{asset}", {"isFavorite": True})
    account.call("POST", "/assets/jobs", {"name": "regenerate-thumbnail", "assetIds": [asset]})
    account.call("PUT", f"/assets/{asset}", {"description": "hills"})
    client.wait("on_asset_update")
    # A favourite is no detail, and pictures that are made again are no upload.
    assert client.names() == ["on_server_version", "on_upload_success", "AssetUploadReadyV2", "on_asset_update"]
    assert quiet(stranger)


def test_details(account: Account, client: Client) -> None:
    assets = [account.upload() for _ in range(3)]
    client.wait("AssetUploadReadyV2", count=3)
    account.call("PUT", "/assets", {"ids": assets, "description": "hills", "rating": 4})
    tag = account.call("PUT", "/tags", {"tags": ["hills"]})[0]["id"]
    account.call("PUT", f"/tags/{tag}/assets", {"ids": assets})
    client.wait("on_asset_update", count=6)
    for asset in assets:
        told, = client.wait("on_asset_update", lambda told, asset=asset: told["id"] == asset, count=2)
        assert told == account.call("GET", f"/assets/{asset}")
        assert (told["exifInfo"]["description"], told["tags"][0]["value"]) == ("hills", "hills")


def test_what_is_locked_is_not_told(account: Account, client: Client) -> None:
    locked, plain = account.upload(visibility="locked"), account.upload()
    client.wait("on_upload_success", lambda told: told["id"] == plain)
    account.call("POST", "/auth/pin-code", {"pinCode": "123456"})
    account.call("POST", "/auth/session/unlock", {"pinCode": "123456"})
    account.call("PUT", f"/assets/{locked}", {"description": "mine"})
    account.call("PUT", f"/assets/{plain}", {"description": "yours"})
    client.wait("on_asset_update", lambda told: told["id"] == plain)
    assert locked not in str(client.heard)


def test_edits(account: Account, client: Client) -> None:
    asset = account.upload()
    client.wait("on_upload_success")
    account.call("PUT", f"/assets/{asset}/edits", {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]})
    told, = client.wait("AssetEditReadyV2")
    lines = account.sync("AssetsV2", "AssetEditsV1")
    assert told["asset"] == next(line["data"] for line in lines if line["type"] == "AssetV2")
    assert told["edit"] == [line["data"] for line in lines if line["type"] == "AssetEditV1"]
    assert told["asset"]["isEdited"] and len(told["edit"]) == 1
    account.call("DELETE", f"/assets/{asset}/edits")
    told, = client.wait("AssetEditReadyV2", count=2)
    assert (told["asset"]["isEdited"], told["edit"]) == (False, [])


def test_the_trash(account: Account, client: Client, stranger: Client) -> None:
    assets = sorted(account.upload() for _ in range(2))
    account.call("DELETE", "/assets", {"ids": assets})
    assert sorted(client.wait("on_asset_trash")[0]) == assets
    account.call("POST", "/trash/restore/assets", {"ids": assets})
    assert sorted(client.wait("on_asset_restore")[0]) == assets
    account.call("DELETE", "/assets", {"ids": assets})
    # Upstream tells of this neither.
    account.call("POST", "/trash/restore")
    account.call("DELETE", "/assets", {"ids": assets, "force": True})
    client.wait("on_asset_delete", count=2)
    assert sorted(arguments[0] for name, arguments, _ in client.heard if name == "on_asset_delete") == assets
    assert client.names().count("on_asset_restore") == 1
    assert quiet(stranger)


def test_a_moving_part(account: Account, client: Client) -> None:
    moving = account.upload(uuid.uuid4().bytes, "live.mov")
    account.upload(photo(), "live.jpg", livePhotoVideoId=moving)
    assert client.wait("on_asset_hidden") == [moving]


def test_stacks(account: Account, client: Client, stranger: Client) -> None:
    assets = [account.upload() for _ in range(3)]
    stack = account.call("POST", "/stacks", {"assetIds": assets})["id"]
    assert client.wait("on_asset_stack_update") == []
    account.call("PUT", f"/stacks/{stack}", {"primaryAssetId": assets[1]})
    account.call("DELETE", f"/stacks/{stack}/assets/{assets[2]}")
    account.call("DELETE", f"/stacks/{stack}")
    client.wait("on_asset_stack_update", count=4)
    assert quiet(stranger)


def test_albums_and_notifications(account: Account, client: Client, stranger: Client, node: Node,
                                  served: Served) -> None:
    member = Account(served)
    theirs = member.client(node)
    album = account.call("POST", "/albums", {"albumName": "Hills"})["id"]
    account.call("PUT", f"/albums/{album}/users", {"albumUsers": [{"userId": member.id, "role": "viewer"}]})
    notification, = theirs.wait("on_notification")
    assert notification == member.call("GET", "/notifications")[0]
    assert notification["type"] == "AlbumInvite"
    account.call("PUT", f"/albums/{album}/assets", {"ids": [account.upload()]})
    for who in (client, theirs):
        assert who.wait("on_album_update") == [album]
    assert "on_notification" not in client.names()
    assert quiet(stranger)
    theirs.close()


def test_what_everybody_hears(account: Account, client: Client, stranger: Client, served: Served) -> None:
    gone = Account(served).id
    admin = {"x-api-key": served.key}
    config = account.call("GET", "/system-config", headers=admin)
    account.call("PUT", "/system-config", {**config, "server": {**config["server"], "loginPageMessage": gone}},
                 headers=admin)
    account.call("DELETE", f"/admin/users/{gone}", {"force": True}, headers=admin)
    for who in (client, stranger):
        assert who.wait("on_config_update") == []
        assert who.wait("on_user_delete", lambda user_id: user_id == gone) == [gone]


def test_a_session_ends(account: Account, client: Client, node: Node) -> None:
    token = account.login()
    ending = node.open(account.served.url, extraHeaders={"Cookie": f"immich_access_token={token}"})
    ending.wait("on_server_version")
    session, = (session["id"] for session in account.call("GET", "/sessions") if not session["current"])
    requests.post(f"{account.served.url}/auth/logout", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert ending.wait("on_session_delete") == [session]
    assert ending.wait("(disconnect)") == ["io server disconnect"]
    asset = account.upload()
    client.wait("on_upload_success", lambda told: told["id"] == asset)
    assert ending.names() == ["on_server_version", "on_session_delete"]
    assert "on_session_delete" not in client.names()
    # By the hand of another session, with all that it made.
    account.call("DELETE", "/sessions")
    assert "on_session_delete" not in client.names()


def test_an_account_goes(served: Served, node: Node) -> None:
    leaving = Account(served)
    client = leaving.client(node)
    leaving.call("DELETE", f"/admin/users/{leaving.id}", {}, headers={"x-api-key": served.key})
    assert client.wait("(disconnect)") == ["io server disconnect"]
