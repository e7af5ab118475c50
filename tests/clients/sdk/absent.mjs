// Features that nobody built: they have nothing to tell, and refuse what would need them.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { ids, picture, upload } from "./things.mjs";

const id = crypto.randomUUID();
const noAccess = (permission) => [400, `Not found or no ${permission} access`];
const notBuilt = (feature) => [400, `${feature} are not built into this server`];

async function people({ user, refused }) {
  const ada = await user("Ada");
  const assetId = await upload(ada);
  assert.deepEqual(await ada.getAllPeople({}), { people: [], hasNextPage: false, total: 0, hidden: 0 });
  const unknown = { id, success: false, error: "unknown" };
  assert.deepEqual(await ada.updatePeople({ peopleUpdateDto: { people: [{ id, name: "Eve" }] } }), [unknown]);
  await ada.deletePeople({ bulkIdsDto: { ids: [] } });
  await refused(ada, "createPerson", { personCreateDto: { name: "Eve" } }, ...notBuilt("People and faces"));
  await refused(ada, "getPerson", { id }, ...noAccess("person.read"));
  await refused(ada, "updatePerson", { id, personUpdateDto: { name: "Eve" } }, ...noAccess("person.update"));
  await refused(ada, "deletePerson", { id }, ...noAccess("person.delete"));
  await refused(ada, "getPersonStatistics", { id }, ...noAccess("person.read"));
  await refused(ada, "mergePerson", { id, mergePersonDto: { ids: [assetId] } }, ...noAccess("person.update"));
  const assetFaceUpdateDto = { data: [{ personId: id, assetId }] };
  await refused(ada, "reassignFaces", { id, assetFaceUpdateDto }, ...noAccess("person.update"));
  await refused(ada, "getPersonThumbnail", { id }, 404);

  assert.deepEqual(await ada.getFaces({ id: assetId }), []);
  const box = { imageWidth: 4, imageHeight: 3, x: 0, y: 0, width: 1, height: 1 };
  const assetFaceCreateDto = { assetId, personId: id, ...box };
  await refused(ada, "createFace", { assetFaceCreateDto }, ...noAccess("person.read"));
  await refused(ada, "reassignFacesById", { id, faceDto: { id: crypto.randomUUID() } }, ...noAccess("person.update"));
  await refused(ada, "deleteFace", { id, assetFaceDeleteDto: { force: false } }, ...noAccess("face.delete"));
  assert.deepEqual(await ada.getAssetOcr({ id: assetId }), []);
}

async function streaming({ user, refused }) {
  const ada = await user("Ada");
  const film = { id: await upload(ada) };
  const session = { ...film, sessionId: crypto.randomUUID() };
  await refused(ada, "getMainPlaylist", film, 400);
  await refused(ada, "getMediaPlaylist", { ...session, variantIndex: 0 }, 404);
  await refused(ada, "getSegment", { ...session, variantIndex: 0, filename: "init.mp4" }, 404);
  await ada.endSession(session);
}

async function libraries({ admin, refused }) {
  const libraryId = { id };
  const gone = [400, "Library not found"];
  assert.deepEqual(await admin.getAllLibraries(), []);
  const { id: ownerId } = await admin.getMyUser();
  await refused(admin, "createLibrary", { createLibraryDto: { ownerId } }, ...notBuilt("External libraries"));
  await refused(admin, "getLibrary", libraryId, ...gone);
  await refused(admin, "updateLibrary", { id, updateLibraryDto: { name: "Disk" } }, ...gone);
  await refused(admin, "deleteLibrary", libraryId, ...gone);
  await refused(admin, "scanLibrary", libraryId, ...gone);
  await refused(admin, "getLibraryStatistics", libraryId, ...gone);
  await refused(admin, "validate", { id, validateLibraryDto: { importPaths: [] } }, ...gone);
}

async function workflows({ user, refused }) {
  const ada = await user("Ada");
  assert.deepEqual(await ada.searchWorkflows({}), []);
  assert.ok((await ada.getWorkflowTriggers()).length > 0);
  const workflowCreateDto = { trigger: "AssetCreate", name: "Mine", steps: [] };
  await refused(ada, "createWorkflow", { workflowCreateDto }, ...notBuilt("Workflows"));
  await refused(ada, "getWorkflow", { id }, ...noAccess("workflow.read"));
  await refused(ada, "getWorkflowForShare", { id }, ...noAccess("workflow.read"));
  await refused(ada, "updateWorkflow", { id, workflowUpdateDto: { name: "Ours" } }, ...noAccess("workflow.update"));
  await refused(ada, "deleteWorkflow", { id }, ...noAccess("workflow.delete"));
  assert.deepEqual(await ada.searchPlugins({}), []);
  assert.deepEqual(await ada.searchPluginMethods({}), []);
  assert.deepEqual(await ada.searchPluginTemplates(), []);
  await refused(ada, "getPlugin", { id }, 400, "Plugin not found");
}

async function maintenance({ admin, caller, refused }) {
  const anybody = caller({});
  assert.equal((await anybody.getMaintenanceStatus()).active, false);
  assert.deepEqual(await admin.detectPriorInstall(), { storage: [] });
  await admin.setMaintenanceMode({ setMaintenanceModeDto: { action: "end" } });
  await refused(anybody, "maintenanceLogin", { maintenanceLoginDto: { token: "x" } }, 400, "Not in maintenance mode");

  await admin.createJob({ jobCreateDto: { name: "backup-database" } });
  let backups = [];
  // A worker makes it.
  for (const began = Date.now(); !backups.length && Date.now() - began < 60_000; await sleep(100)) {
    ({ backups } = await admin.listDatabaseBackups());
  }
  assert.equal(backups.length, 1);
  const { filename, filesize } = backups[0];
  const backup = await admin.downloadDatabaseBackup({ filename });
  assert.equal(backup.size, filesize);
  await admin.uploadDatabaseBackup({ databaseBackupUploadDto: { file: new File([backup], filename) } });
  await admin.deleteDatabaseBackup({ databaseBackupDeleteDto: { backups: [filename, `uploaded-${filename}`] } });
  assert.deepEqual(await admin.listDatabaseBackups(), { backups: [] });
  await refused(admin, "downloadDatabaseBackup", { filename: "one.sql.gz" }, 404);
  await refused(admin, "uploadDatabaseBackup", { databaseBackupUploadDto: { file: picture() } }, 400,
    "Invalid backup name!");
  await refused(anybody, "startDatabaseRestoreFlow", {}, 400, "The server already has an admin");

  const nothing = { checksum_mismatch: 0, missing_file: 0, untracked_file: 0 };
  const entry = { id: "01890a5d-ac96-774b-bcce-b302099a8057" };
  assert.deepEqual(await admin.getIntegrityReportSummary(), nothing);
  assert.deepEqual(ids((await admin.getIntegrityReport({ $type: "missing_file" })).items), []);
  assert.match(await (await admin.getIntegrityReportCsv({ $type: "missing_file" })).text(), /^id,type/);
  await refused(admin, "getIntegrityReportFile", entry, 404);
  await refused(admin, "deleteIntegrityReport", entry, 404);
}

async function oauth({ admin, user, caller, refused }) {
  const [ada, anybody, off] = [await user("Ada"), caller({}), [400, "OAuth is not enabled"]];
  await refused(anybody, "startOAuth", { oAuthConfigDto: { redirectUri: "app.immich:///oauth-callback" } }, ...off);
  await refused(anybody, "finishOAuth", { oAuthCallbackDto: { url: "app.immich:///?code=1" } }, ...off);
  await refused(anybody, "logoutOAuth", { oAuthBackchannelLogoutDto: { logout_token: "x" } }, 400);
  await refused(ada, "linkOAuthAccount", { oAuthCallbackDto: { url: "app.immich:///?code=1" } }, 400,
    "OAuth state is missing");
  assert.equal((await ada.unlinkOAuthAccount()).oauthId, "");
  await admin.unlinkAllOAuthAccountsAdmin();
}

export default { people, streaming, libraries, workflows, maintenance, oauth };
