// Features that nobody built: they have nothing to tell, and refuse what would need them.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { ids, picture, upload } from "./things.mjs";


async function streaming({ user, refused }) {
  const ada = await user("Ada");
  const film = { id: await upload(ada) };
  const session = { ...film, sessionId: crypto.randomUUID() };
  await refused(ada, "getMainPlaylist", film, 400);
  await refused(ada, "getMediaPlaylist", { ...session, variantIndex: 0 }, 404);
  await refused(ada, "getSegment", { ...session, variantIndex: 0, filename: "init.mp4" }, 404);
  await ada.endSession(session);
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

export default { streaming, maintenance, oauth };
