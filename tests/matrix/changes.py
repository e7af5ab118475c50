"""What changes assets, or what is said of them: how each operation is asked to, and who may.

Each row asks for something that the operation would do if it could: a change of the asset itself, or to put it into an
album, a tag, a link of the caller's own. Whoever may not is refused, or his id skipped; the rule is about what has
happened in the database afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.matrix.readings import Request, Rule
from tests.matrix.world import Asked, World


@dataclass(frozen=True)
class Change:
    """`ask(world, actor, asset)`: the request by which `actor`, a user of the world, would change the asset."""

    rule: Rule
    ask: Callable[[World, str, Asked], Request]


def send(method: str, path: str, body: dict | None = None) -> Request:
    return method, path, {"body": body}


# Rules.

def owns(asset: Asked) -> set[str]:
    return asset.owners()


def shares(asset: Asked) -> set[str]:
    return asset.sharers()


def keeps(*places: str) -> Rule:
    """Whoever has a tag, a memory or a stack may take anything out of it, what is locked as well."""
    return lambda asset: {"owner", "owner elevated"} if asset.whose == "mine" and asset.place in places else set()


def restored(asset: Asked) -> set[str]:
    """The film of a trashed still comes along."""
    return asset.owners() if asset.condition == "trashed" else set()


def emptied(asset: Asked) -> set[str]:
    """Films go with their stills, by a job."""
    return restored(asset) if not asset.is_film else set()


def takes_out_of_album(asset: Asked) -> set[str]:
    """The owner of the album; editors what is their own. (What was locked has left it.)"""
    if asset.place != "album" or asset.locked:
        return set()
    return {"owner", "owner elevated"} | ({"editor"} if asset.whose == "editor's" else set())


def taken_off_link(asset: Asked) -> set[str]:
    """What was locked is off it already."""
    return set() if asset.locked else keeps("link")(asset)


def stacks(asset: Asked) -> set[str]:
    """One's own; the rest of its stack comes along, what is locked as well."""
    return asset.owners() | keeps("plain")(asset)


def leaves_stack(asset: Asked) -> set[str]:
    """Any but the first."""
    return keeps("plain")(asset) if asset.condition != "timeline" else set()


def leads_stack(asset: Asked) -> set[str]:
    """The only other member that is shown; the first one follows it then."""
    return keeps("plain")(asset) if asset.shows_in("timeline", "archive") else set()


def nobody(_asset: Asked) -> set[str]:
    return set()


METADATA = {"key": "mobile-app", "value": {"iCloudId": "other"}}
EDIT = {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]}

CHANGES: dict[str, Change] = {
    "updateAsset": Change(owns, lambda w, me, a: send("PUT", f"/assets/{a.id}", {"isFavorite": True})),
    "updateAssets": Change(owns, lambda w, me, a: send("PUT", "/assets", {"ids": [a.id], "isFavorite": True})),
    "deleteAssets": Change(owns, lambda w, me, a: send("DELETE", "/assets", {"ids": [a.id], "force": True})),
    "copyAsset": Change(owns, lambda w, me, a: send("PUT", "/assets/copy", {
        "sourceId": w.own[me], "targetId": a.id, "favorite": True})),
    "updateAssetMetadata": Change(owns, lambda w, me, a: send("PUT", f"/assets/{a.id}/metadata", {
        "items": [METADATA]})),
    "deleteAssetMetadata": Change(owns, lambda w, me, a: send("DELETE", f"/assets/{a.id}/metadata/mobile-app")),
    "updateBulkAssetMetadata": Change(owns, lambda w, me, a: send("PUT", "/assets/metadata", {
        "items": [{"assetId": a.id, **METADATA}]})),
    "deleteBulkAssetMetadata": Change(owns, lambda w, me, a: send("DELETE", "/assets/metadata", {
        "items": [{"assetId": a.id, "key": "mobile-app"}]})),
    "runAssetJobs": Change(owns, lambda w, me, a: send("POST", "/assets/jobs", {
        "assetIds": [a.id], "name": "refresh-metadata"})),
    "editAsset": Change(lambda a: owns(a) if not a.has_film else set(), lambda w, me, a: send("PUT", f"/assets/{a.id}/edits", EDIT)),
    "restoreAssets": Change(restored, lambda w, me, a: send("POST", "/trash/restore/assets", {"ids": [a.id]})),
    "restoreTrash": Change(restored, lambda w, me, a: send("POST", "/trash/restore")),
    "emptyTrash": Change(emptied, lambda w, me, a: send("POST", "/trash/empty")),
    "createAlbum": Change(shares, lambda w, me, a: send("POST", "/albums", {"albumName": "new", "assetIds": [a.id]})),
    "addAssetsToAlbum": Change(shares, lambda w, me, a: send("PUT", f"/albums/{w.albums[me]}/assets", {"ids": [a.id]})),
    "addAssetsToAlbums": Change(shares, lambda w, me, a: send("PUT", "/albums/assets", {
        "albumIds": [w.albums[me]], "assetIds": [a.id]})),
    "removeAssetFromAlbum": Change(takes_out_of_album, lambda w, me, a: send(
        "DELETE", f"/albums/{w.shared_album}/assets", {"ids": [a.id]})),
    "updateAlbumInfo": Change(nobody, lambda w, me, a: send("PATCH", f"/albums/{w.albums[me]}", {
        "albumThumbnailAssetId": a.id})),
    "createActivity": Change(nobody, lambda w, me, a: send("POST", "/activities", {
        "albumId": w.albums[me], "assetId": a.id, "type": "like"})),
    "createStack": Change(stacks, lambda w, me, a: send("POST", "/stacks", {"assetIds": [w.own[me], a.id]})),
    "updateStack": Change(leads_stack, lambda w, me, a: send("PUT", f"/stacks/{w.stack}", {"primaryAssetId": a.id})),
    "removeAssetFromStack": Change(leaves_stack, lambda w, me, a: send("DELETE", f"/stacks/{w.stack}/assets/{a.id}")),
    "tagAssets": Change(shares, lambda w, me, a: send("PUT", f"/tags/{w.tags[me]}/assets", {"ids": [a.id]})),
    "bulkTagAssets": Change(owns, lambda w, me, a: send("PUT", "/tags/assets", {
        "tagIds": [w.tags[me]], "assetIds": [a.id]})),
    "untagAssets": Change(keeps("plain", "album", "link", "film"), lambda w, me, a: send(
        "DELETE", f"/tags/{w.tag}/assets", {"ids": [a.id]})),
    "createSharedLink": Change(shares, lambda w, me, a: send("POST", "/shared-links", {
        "type": "INDIVIDUAL", "assetIds": [a.id]})),
    "addSharedLinkAssets": Change(shares, lambda w, me, a: send("PUT", f"/shared-links/{w.links['by ' + me]}/assets", {
        "assetIds": [a.id]})),
    "removeSharedLinkAssets": Change(taken_off_link, lambda w, me, a: send(
        "DELETE", f"/shared-links/{w.links['link']}/assets", {"assetIds": [a.id]})),
    "createMemory": Change(shares, lambda w, me, a: send("POST", "/memories", {
        "type": "on_this_day", "data": {"year": 1995}, "memoryAt": "1995-07-01T00:00:00.000Z", "assetIds": [a.id]})),
    "addMemoryAssets": Change(shares, lambda w, me, a: send("PUT", f"/memories/{w.memories[me]}/assets", {
        "ids": [a.id]})),
    "removeMemoryAssets": Change(keeps("plain", "album", "link", "film"), lambda w, me, a: send(
        "DELETE", f"/memories/{w.memory}/assets", {"ids": [a.id]})),
}
"""By operationId."""

ELSEWHERE: frozenset[str] = frozenset(" ".join((
    # Accounts, sessions and keys.
    "login logout signUpAdmin validateAccessToken changePassword getAuthStatus setupPinCode changePinCode resetPinCode",
    "unlockAuthSession lockAuthSession createApiKey getApiKeys getMyApiKey getApiKey updateApiKey deleteApiKey",
    "createSession getSessions deleteAllSessions updateSession deleteSession lockSession",
    "startOAuth finishOAuth linkOAuthAccount unlinkOAuthAccount redirectOAuthToMobile logoutOAuth",
    "unlinkAllOAuthAccountsAdmin",
    # Users. What happens to the assets of deleted ones: tests/core/users.
    "searchUsers getMyUser updateMyUser getMyPreferences updateMyPreferences getUserLicense setUserLicense",
    "deleteUserLicense getUserOnboarding setUserOnboarding deleteUserOnboarding createProfileImage deleteProfileImage",
    "getUser getProfileImage searchUsersAdmin createUserAdmin getUserAdmin updateUserAdmin deleteUserAdmin",
    "restoreUserAdmin getUserPreferencesAdmin updateUserPreferencesAdmin getUserSessionsAdmin",
    # The server.
    "getAboutInfo getApkLinks getServerConfig getServerFeatures getServerLicense setServerLicense deleteServerLicense",
    "getSupportedMediaTypes pingServer getServerStatistics getStorage getServerVersion getVersionCheck",
    "getVersionHistory getAdminOnboarding updateAdminOnboarding getReverseGeocodingState getVersionCheckState",
    "getConfig updateConfig getConfigDefaults getStorageTemplateOptions getQueues getQueue updateQueue getQueueJobs",
    "emptyQueue getQueuesLegacy createJob runQueueCommandLegacy getNotificationTemplateAdmin sendTestEmailAdmin",
    "createNotification listDatabaseBackups deleteDatabaseBackup downloadDatabaseBackup uploadDatabaseBackup",
    "startDatabaseRestoreFlow getIntegrityReport getIntegrityReportCsv getIntegrityReportFile",
    "getIntegrityReportSummary deleteIntegrityReport setMaintenanceMode getMaintenanceStatus maintenanceLogin",
    "detectPriorInstall getAllLibraries createLibrary getLibrary updateLibrary deleteLibrary scanLibrary",
    "getLibraryStatistics validate searchPlugins getPlugin searchPluginMethods searchPluginTemplates",
    "searchWorkflows createWorkflow getWorkflow updateWorkflow deleteWorkflow getWorkflowForShare getWorkflowTriggers",
    # What live events tell whom: tests/plugins/realtime.
    "connectRealtime",
    # Numbers without names: tests/core/assets and those of the plugins.
    "getAssetStatistics getUserStatisticsAdmin getAlbumStatistics getActivityStatistics memoriesStatistics",
    # A new asset, of the caller's own: tests/core/assets.
    "uploadAsset",
    # What holds assets, itself. Whose it is and who may change it: tests of the plugins.
    "deleteAlbum addUsersToAlbum updateAlbumUser removeUserFromAlbum deleteActivity deleteStack deleteStacks",
    "getAllTags createTag upsertTags getTagById updateTag deleteTag updateMemory deleteMemory sharedLinkLogin",
    "updateSharedLink removeSharedLink getPartners createPartner createPartnerDeprecated updatePartner removePartner",
    "getNotifications updateNotifications deleteNotifications getNotification updateNotification deleteNotification",
    "getSyncAck sendSyncAck deleteSyncAck removeAssetEdits",
    # Places by name, and what this server finds in no picture.
    "searchPlaces reverseGeocode getAssetOcr getMainPlaylist getMediaPlaylist getSegment endSession",
    # People are their owner's, and the faces on his pictures: tests of the plugin.
    "searchPerson getAllPeople createPerson updatePeople deletePeople getPerson updatePerson deletePerson",
    "getPersonStatistics getPersonThumbnail mergePerson reassignFaces createFace deleteFace reassignFacesById",
    # Groups are their owner's: tests of the plugin.
    "deleteDuplicates deleteDuplicate resolveDuplicates",
)).split())
"""Operations that neither tell of assets nor change them, by anybody's asking."""
