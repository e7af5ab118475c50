// What users do with their photos. Each flow checks what its calls answer, not only that they are answered.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { ids, once, picture, upload, uploads } from "./things.mjs";

const FILM = process.argv[5];

async function assets({ user, caller, refused }) {
  const ada = await user("Ada");
  const [one, two] = await uploads(ada, 2);
  const file = picture();
  const checksum = Buffer.from(await crypto.subtle.digest("SHA-1", await file.arrayBuffer())).toString("base64");
  const items = { assets: [{ id: "there", checksum }, { id: "gone", checksum: checksum.replace(/^../, "AA") }] };
  const three = await upload(ada, file, { isFavorite: true });
  const [there, gone] = (await ada.checkBulkUpload({ assetBulkUploadCheckDto: items })).results;
  assert.deepEqual([there.action, there.assetId, gone.action], ["reject", three, "accept"]);
  assert.deepEqual(await ada.getAssetStatistics({ isFavorite: true }), { images: 1, videos: 0, total: 1 });

  const described = await ada.updateAsset({ id: one, updateAssetDto: { description: "Sea", rating: 4 } });
  assert.deepEqual([described.exifInfo.description, described.exifInfo.rating], ["Sea", 4]);
  await ada.updateAssets({ assetBulkUpdateDto: { ids: [one, two], visibility: "archive" } });
  assert.equal((await ada.getAssetInfo({ id: two })).visibility, "archive");
  await ada.copyAsset({ assetCopyDto: { sourceId: three, targetId: two } });
  assert.equal((await ada.getAssetInfo({ id: two })).isFavorite, true);

  const key = "mobile-app";
  await ada.updateAssetMetadata({ id: one, assetMetadataUpsertDto: { items: [{ key, value: { iCloudId: "1" } }] } });
  assert.deepEqual((await ada.getAssetMetadataByKey({ id: one, key })).value, { iCloudId: "1" });
  const upserted = await ada.updateBulkAssetMetadata({ assetMetadataBulkUpsertDto: { items: [
    { assetId: one, key, value: { iCloudId: "2" } }, { assetId: two, key, value: { iCloudId: "3" } }] } });
  assert.deepEqual(upserted.map((item) => item.value.iCloudId).sort(), ["2", "3"]);
  await ada.deleteAssetMetadata({ id: one, key });
  assert.deepEqual(await ada.getAssetMetadata({ id: one }), []);
  await ada.deleteBulkAssetMetadata({ assetMetadataBulkDeleteDto: { items: [{ assetId: two, key }] } });
  assert.deepEqual(await ada.getAssetMetadata({ id: two }), []);

  await ada.deleteAssets({ assetBulkDeleteDto: { ids: [one, two, three] } });
  assert.deepEqual(await ada.restoreAssets({ bulkIdsDto: { ids: [one] } }), { count: 1 });
  assert.deepEqual(await ada.restoreTrash(), { count: 2 });
  await ada.deleteAssets({ assetBulkDeleteDto: { ids: [one] } });
  assert.deepEqual(await ada.emptyTrash(), { count: 1 });
  await refused(caller({}), "getAssetInfo", { id: two }, 401, "Authentication required");
}

async function media({ user }) {
  const ada = await user("Ada");
  const film = await upload(ada, new File([await readFile(FILM)], "film.mp4"));
  const id = await upload(ada);
  await once(async () => (await ada.getAssetInfo({ id })).thumbhash);
  await once(async () => (await ada.getAssetInfo({ id: film })).thumbhash);
  assert.equal((await ada.viewAsset({ id, size: "preview" })).type, "image/jpeg");
  assert.equal((await ada.viewAsset({ id: film })).type, "image/webp");
  assert.equal((await ada.playAssetVideo({ id: film })).size, (await readFile(FILM)).length);
  assert.match(Buffer.from(await (await ada.downloadAsset({ id })).arrayBuffer()).toString("latin1"), /^\x89PNG/);
  await ada.runAssetJobs({ assetJobsDto: { assetIds: [id], name: "regenerate-thumbnail" } });
  const edits = [{ action: "rotate", parameters: { angle: 90 } }];
  assert.equal((await ada.editAsset({ id, assetEditsCreateDto: { edits } })).edits[0].action, "rotate");
  assert.equal((await ada.getAssetEdits({ id })).edits.length, 1);
  await ada.removeAssetEdits({ id });
  assert.deepEqual((await ada.getAssetEdits({ id })).edits, []);

  const { archives } = await ada.getDownloadInfo({ downloadInfoDto: { assetIds: [id, film] } });
  assert.deepEqual(archives[0].assetIds.sort(), [id, film].sort());
  const zip = await ada.downloadArchive({ downloadArchiveDto: { assetIds: archives[0].assetIds } });
  assert.equal(Buffer.from(await zip.arrayBuffer()).toString("latin1", 0, 2), "PK");
}

async function albums({ user }) {
  const [ada, bob] = [await user("Ada"), await user("Bob")];
  const assetIds = await uploads(ada, 3);
  const createAlbumDto = { albumName: "Coast", assetIds: assetIds.slice(0, 1) };
  const { id } = await ada.createAlbum({ createAlbumDto });
  const added = await ada.addAssetsToAlbum({ id, bulkIdsDto: { ids: assetIds.slice(0, 2) } });
  assert.deepEqual(added.map((item) => item.success), [false, true]);
  const both = { albumIds: [id], assetIds: assetIds.slice(2) };
  assert.equal((await ada.addAssetsToAlbums({ albumsAddAssetsDto: both })).success, true);
  assert.equal((await ada.getAlbumInfo({ id })).assetCount, 3);
  assert.equal((await ada.updateAlbumInfo({ id, updateAlbumDto: { order: "asc" } })).order, "asc");
  const removed = await ada.removeAssetFromAlbum({ id, bulkIdsDto: { ids: [assetIds[0]] } });
  assert.deepEqual(removed, [{ id: assetIds[0], success: true }]);

  await ada.addUsersToAlbum({ id, addUsersDto: { albumUsers: [{ userId: bob.id, role: "viewer" }] } });
  await ada.updateAlbumUser({ id, userId: bob.id, updateAlbumUserDto: { role: "editor" } });
  assert.deepEqual(ids(await bob.getAllAlbums({ isOwned: false })), [id]);
  assert.deepEqual(await bob.getAlbumStatistics(), { owned: 0, shared: 1, notShared: 0 });
  await ada.updateAssets({ assetBulkUpdateDto: { ids: [assetIds[1]], latitude: 48.1, longitude: 11.6 } });
  assert.deepEqual(ids(await bob.getAlbumMapMarkers({ id })), [assetIds[1]]);

  const activityCreateDto = { albumId: id, type: "comment", comment: "Nice" };
  const said = await bob.createActivity({ activityCreateDto });
  assert.deepEqual(ids(await ada.getActivities({ albumId: id, $type: "comment" })), [said.id]);
  assert.deepEqual(await ada.getActivityStatistics({ albumId: id }), { comments: 1, likes: 0 });
  await bob.deleteActivity({ id: said.id });
  await bob.removeUserFromAlbum({ id, userId: "me" });
  await ada.deleteAlbum({ id });
  assert.deepEqual(await ada.getAllAlbums({}), []);
}

async function duplicates({ user }) {
  const ada = await user("Ada");
  const groups = [];
  for (const duplicateId of [1, 2, 3].map(() => crypto.randomUUID())) {
    const pair = await uploads(ada, 2);
    await ada.updateAssets({ assetBulkUpdateDto: { ids: pair, duplicateId } });
    groups.push({ duplicateId, pair });
  }
  const [one, two, three] = groups;
  const known = async () => (await ada.getAssetDuplicates()).map((group) => group.duplicateId).sort();
  assert.deepEqual(await known(), groups.map((group) => group.duplicateId).sort());
  const decided = { duplicateId: one.duplicateId, keepAssetIds: [one.pair[0]], trashAssetIds: [one.pair[1]] };
  const [resolved] = await ada.resolveDuplicates({ duplicateResolveDto: { groups: [decided] } });
  assert.deepEqual(resolved, { id: one.duplicateId, success: true });
  assert.equal((await ada.getAssetInfo({ id: one.pair[1] })).isTrashed, true);
  await ada.deleteDuplicate({ id: two.duplicateId });
  await ada.deleteDuplicates({ bulkIdsDto: { ids: [three.duplicateId] } });
  assert.deepEqual(await known(), []);
}

async function partners({ user }) {
  const [ada, bob] = [await user("Ada"), await user("Bob")];
  await ada.createPartner({ partnerCreateDto: { sharedWithId: bob.id } });
  assert.deepEqual(ids(await bob.getPartners({ direction: "shared-with" })), [ada.id]);
  assert.equal((await bob.updatePartner({ id: ada.id, partnerUpdateDto: { inTimeline: true } })).inTimeline, true);
  await ada.removePartner({ id: bob.id });
  assert.equal((await ada.createPartnerDeprecated({ id: bob.id })).id, bob.id);
}

async function tags({ user }) {
  const ada = await user("Ada");
  const assetIds = await uploads(ada, 2);
  const { id } = await ada.createTag({ tagCreateDto: { name: "sea" } });
  const [{ id: coast }] = await ada.upsertTags({ tagUpsertDto: { tags: ["sea/coast"] } });
  assert.deepEqual((await ada.getAllTags()).map((tag) => tag.value), ["sea", "sea/coast"]);
  assert.equal((await ada.getTagById({ id: coast })).parentId, id);
  assert.equal((await ada.updateTag({ id, tagUpdateDto: { color: "#112233" } })).color, "#112233");
  const tagged = await ada.tagAssets({ id, bulkIdsDto: { ids: assetIds } });
  assert.deepEqual(tagged.map((item) => item.success), [true, true]);
  const tagBulkAssetsDto = { tagIds: [coast], assetIds };
  assert.deepEqual(await ada.bulkTagAssets({ tagBulkAssetsDto }), { count: 2 });
  const untagged = await ada.untagAssets({ id, bulkIdsDto: { ids: assetIds } });
  assert.deepEqual(untagged.map((item) => item.success), [true, true]);
  await ada.deleteTag({ id });
  assert.deepEqual(await ada.getAllTags(), []);
}

async function stacks({ user }) {
  const ada = await user("Ada");
  const assetIds = await uploads(ada, 3);
  const { id, primaryAssetId } = await ada.createStack({ stackCreateDto: { assetIds } });
  assert.equal(primaryAssetId, assetIds[0]);
  const stackUpdateDto = { primaryAssetId: assetIds[1] };
  assert.equal((await ada.updateStack({ id, stackUpdateDto })).primaryAssetId, assetIds[1]);
  await ada.removeAssetFromStack({ id, assetId: assetIds[0] });
  assert.deepEqual(ids((await ada.getStack({ id })).assets), assetIds.slice(1).sort());
  assert.deepEqual(ids(await ada.searchStacks(stackUpdateDto)), [id]);
  await ada.deleteStack({ id });
  const again = await ada.createStack({ stackCreateDto: { assetIds } });
  await ada.deleteStacks({ bulkIdsDto: { ids: [again.id] } });
  assert.deepEqual(await ada.searchStacks(), []);
}

async function memories({ user }) {
  const ada = await user("Ada");
  const [one, two] = await uploads(ada, 2);
  const memoryAt = "2023-06-15T00:00:00.000Z";
  const memoryCreateDto = { type: "on_this_day", data: { year: 2023 }, memoryAt, assetIds: [one] };
  const { id } = await ada.createMemory({ memoryCreateDto });
  assert.deepEqual(await ada.addMemoryAssets({ id, bulkIdsDto: { ids: [two] } }), [{ id: two, success: true }]);
  assert.deepEqual(await ada.removeMemoryAssets({ id, bulkIdsDto: { ids: [one] } }), [{ id: one, success: true }]);
  assert.equal((await ada.updateMemory({ id, memoryUpdateDto: { isSaved: true } })).isSaved, true);
  assert.deepEqual(ids((await ada.getMemory({ id })).assets), [two]);
  assert.deepEqual(ids(await ada.searchMemories({ isSaved: true })), [id]);
  assert.deepEqual(await ada.memoriesStatistics({}), { total: 1 });
  await ada.deleteMemory({ id });
}

async function links({ user, caller }) {
  const ada = await user("Ada");
  const [one, two] = await uploads(ada, 2);
  const sharedLinkCreateDto = { type: "INDIVIDUAL", assetIds: [one], password: "open" };
  const { id, key } = await ada.createSharedLink({ sharedLinkCreateDto });
  const more = { id, assetIdsDto: { assetIds: [two] } };
  assert.deepEqual(await ada.addSharedLinkAssets(more), [{ assetId: two, success: true }]);
  assert.deepEqual(ids((await ada.getSharedLinkById({ id })).assets), [one, two].sort());
  const visitor = caller({});
  assert.equal((await visitor.sharedLinkLogin({ key, sharedLinkLoginDto: { password: "open" } })).id, id);
  await ada.updateSharedLink({ id, sharedLinkEditDto: { password: null, description: "Two" } });
  assert.equal((await visitor.getMySharedLink({ key })).description, "Two");
  assert.equal((await visitor.getAssetInfo({ key, id: two })).id, two);
  assert.deepEqual(await ada.removeSharedLinkAssets(more), [{ assetId: two, success: true }]);
  assert.deepEqual(ids(await ada.getAllSharedLinks({})), [id]);
  await ada.removeSharedLink({ id });
}

async function finding({ user, refused }) {
  const ada = await user("Ada");
  const [one, two] = await uploads(ada, 2);
  await ada.updateAssets({ assetBulkUpdateDto: { ids: [one], latitude: 48.137, longitude: 11.575 } });
  await once(async () => (await ada.getAssetInfo({ id: one })).exifInfo?.city);
  const { assets } = await ada.searchAssets({ metadataSearchDto: { city: "Munich" } });
  assert.deepEqual(ids(assets.items), [one]);
  assert.equal((await ada.searchAssetStatistics({ statisticsSearchDto: {} })).total, 2);
  assert.equal((await ada.searchRandom({ randomSearchDto: { size: 1 } })).length, 1);
  assert.deepEqual(ids(await ada.searchLargeAssets({ minFileSize: 1 })), [one, two].sort());
  assert.deepEqual(await ada.getSearchSuggestions({ $type: "city" }), ["Munich"]);
  assert.deepEqual(ids(await ada.getAssetsByCity()), [one]);
  assert.equal((await ada.getExploreData())[0].fieldName, "exifInfo.city");
  assert.ok((await ada.searchPlaces({ name: "Munich" })).length > 0);
  assert.deepEqual(await ada.searchPerson({ name: "Ada" }), []);
  await refused(ada, "searchSmart", { smartSearchDto: { query: "sea" } }, 400, "Smart search is not enabled");
  assert.deepEqual(ids(await ada.getMapMarkers({})), [one]);
  assert.equal((await ada.reverseGeocode({ lat: 48.137, lon: 11.575 }))[0].city, "Munich");

  const [month] = await ada.getTimeBuckets({});
  assert.deepEqual([month.timeBucket, month.count], ["2023-06-01", 2]);
  assert.deepEqual((await ada.getTimeBucket({ timeBucket: month.timeBucket })).id.sort(), [one, two].sort());
  const [path] = await ada.getUniqueOriginalPaths();
  assert.deepEqual(ids(await ada.getAssetsByOriginalPath({ path })), [one, two].sort());
}

async function sync({ user }) {
  const ada = await user("Ada");
  // No asset, which the workers would change meanwhile.
  const { id } = await ada.createAlbum({ createAlbumDto: { albumName: "Coast" } });
  const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const syncStreamDto = { types: ["AlbumsV2"] };
  const [album, complete] = lines(await ada.getSyncStream({ syncStreamDto }));
  assert.deepEqual([album.type, album.data.id, complete.type], ["AlbumV2", id, "SyncCompleteV1"]);
  await ada.sendSyncAck({ syncAckSetDto: { acks: [album.ack] } });
  assert.deepEqual((await ada.getSyncAck()).map((ack) => ack.type), ["AlbumV2"]);
  // While somebody else's write is not committed yet, what is newer is sent once more.
  let rest = lines(await ada.getSyncStream({ syncStreamDto }));
  for (let tries = 0; rest.length > 1 && tries < 100; tries++) {
    assert.deepEqual(rest.map((line) => line.data.id ?? line.type), [id, "SyncCompleteV1"]);
    await ada.sendSyncAck({ syncAckSetDto: { acks: [rest[0].ack] } });
    await new Promise((done) => setTimeout(done, 100));
    rest = lines(await ada.getSyncStream({ syncStreamDto }));
  }
  assert.deepEqual(rest.map((line) => line.type), ["SyncCompleteV1"]);
  await ada.deleteSyncAck({ syncAckDeleteDto: { types: ["AlbumV2"] } });
  assert.deepEqual(await ada.getSyncAck(), []);
}

async function notifications({ admin, user }) {
  const ada = await user("Ada");
  const tell = (title) => admin.createNotification({ notificationCreateDto: { userId: ada.id, title } });
  const [one, two, three] = [await tell("1"), await tell("2"), await tell("3")];
  assert.equal((await ada.getNotification({ id: one.id })).title, "1");
  const readAt = "2026-01-01T00:00:00.000Z";
  assert.equal((await ada.updateNotification({ id: one.id, notificationUpdateDto: { readAt } })).readAt, readAt);
  await ada.updateNotifications({ notificationUpdateAllDto: { ids: [two.id], readAt } });
  assert.deepEqual(ids(await ada.getNotifications({ unread: true })), [three.id]);
  await ada.deleteNotification({ id: one.id });
  await ada.deleteNotifications({ notificationDeleteAllDto: { ids: [two.id, three.id] } });
  assert.deepEqual(await ada.getNotifications({}), []);
}

export default {
  assets, media, albums, duplicates, partners, tags, stacks, memories, links, finding, sync, notifications,
};
