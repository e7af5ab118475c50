// The server, its users and how they sign in. Each flow checks what its calls answer, not only that they are answered.

import assert from "node:assert/strict";

import { ids, picture, upload } from "./things.mjs";

async function server({ admin, caller, refused }) {
  const nobodyAtAll = caller({});
  assert.deepEqual(await nobodyAtAll.pingServer(), { res: "pong" });
  const { major, minor, patch } = await nobodyAtAll.getServerVersion();
  assert.deepEqual([major, minor, patch], [3, 1, 0]);
  assert.equal((await nobodyAtAll.getServerConfig()).isInitialized, true);
  assert.equal((await nobodyAtAll.getServerFeatures()).trash, true);
  assert.ok((await nobodyAtAll.getSupportedMediaTypes()).image.includes(".jpg"));
  assert.equal((await admin.getAboutInfo()).version, "v3.1.0");
  assert.match((await admin.getApkLinks()).universal, /\.apk$/);
  assert.ok((await admin.getStorage()).diskSizeRaw > 0);
  assert.ok((await admin.getServerStatistics()).usageByUser.length > 0);
  assert.ok("releaseVersion" in (await admin.getVersionCheck()));
  assert.ok((await nobodyAtAll.getVersionHistory()).length > 0);
  const licenseKey = "IMSV-6ECZ-91TE-WZRM-Q7AQ-MBN4-UW48-2CPT-71X9";
  const licenseKeyDto = { licenseKey, activationKey: "bm90IGEga2V5" };
  await refused(admin, "setServerLicense", { licenseKeyDto }, 400, "Invalid license key");
  await refused(admin, "getServerLicense", {}, 404, "Not Found");
  await admin.deleteServerLicense();
}

async function system({ admin, refused }) {
  const config = await admin.getConfig();
  assert.deepEqual(Object.keys(config), Object.keys(await admin.getConfigDefaults()));
  const trash = { ...config.trash, days: 12 };
  assert.equal((await admin.updateConfig({ systemConfigDto: { ...config, trash } })).trash.days, 12);
  assert.deepEqual(await admin.updateConfig({ systemConfigDto: config }), config);
  assert.ok((await admin.getStorageTemplateOptions()).yearOptions.includes("y"));
  await admin.updateAdminOnboarding({ adminOnboardingUpdateDto: { isOnboarded: true } });
  assert.deepEqual(await admin.getAdminOnboarding(), { isOnboarded: true });
  assert.ok("lastUpdate" in (await admin.getReverseGeocodingState()));
  assert.ok("checkedAt" in (await admin.getVersionCheckState()));
  await refused(admin, "sendTestEmailAdmin", { systemConfigSmtpDto: config.notifications.smtp }, 400,
    "This server sends no e-mail");
  await refused(admin, "getNotificationTemplateAdmin", { name: "welcome", templateDto: { template: "" } }, 400,
    "This server sends no e-mail");
}

async function queues({ admin, user }) {
  const name = "metadataExtraction";
  assert.equal((await admin.updateQueue({ name, queueUpdateDto: { isPaused: true } })).isPaused, true);
  await upload(await user("Ada"));
  assert.equal((await admin.getQueue({ name })).statistics.paused, 1);
  assert.equal((await admin.getQueueJobs({ name })).length, 1);
  await admin.emptyQueue({ name, queueDeleteDto: { failed: false } });
  assert.deepEqual(await admin.getQueueJobs({ name }), []);
  await admin.createJob({ jobCreateDto: { name: "tag-cleanup" } });
  const resumed = await admin.runQueueCommandLegacy({ name, queueCommandDto: { command: "resume" } });
  assert.equal(resumed.queueStatus.isPaused, false);
  assert.equal((await admin.getQueues()).find((queue) => queue.name === name).isPaused, false);
  assert.equal((await admin.getQueuesLegacy())[name].queueStatus.isPaused, false);
}

async function accounts({ admin, user, caller, refused }) {
  const signUpDto = { email: "second@test.example", name: "Second", password: "Sesame-Open-1" };
  await refused(caller({}), "signUpAdmin", { signUpDto }, 400, "The server already has an admin");
  const ada = await user("Ada");
  const { id, email } = ada;
  assert.equal((await admin.getUserAdmin({ id })).email, email);
  assert.equal((await admin.updateUserAdmin({ id, userAdminUpdateDto: { name: "Ada L." } })).name, "Ada L.");
  assert.equal((await admin.getUserSessionsAdmin({ id })).length, 1);
  assert.deepEqual(await admin.getUserStatisticsAdmin({ id }), { images: 0, videos: 0, total: 0 });
  assert.ok((await admin.getUserCalendarHeatmapAdmin({ id, $type: "Taken" })).series);
  const userPreferencesUpdateDto = { tags: { enabled: true } };
  const changed = await admin.updateUserPreferencesAdmin({ id, userPreferencesUpdateDto });
  assert.deepEqual(await admin.getUserPreferencesAdmin({ id }), changed);
  await admin.deleteUserAdmin({ id, userAdminDeleteDto: {} });
  assert.deepEqual(ids(await admin.searchUsersAdmin({ id, withDeleted: true })), [id]);
  assert.deepEqual(await admin.searchUsersAdmin({ id, withDeleted: false }), []);
  assert.equal((await admin.restoreUserAdmin({ id })).status, "active");
}

async function me({ user, refused }) {
  const ada = await user("Ada");
  assert.equal((await ada.getMyUser()).email, ada.email);
  assert.equal((await ada.updateMyUser({ userUpdateMeDto: { name: "A." } })).name, "A.");
  assert.equal((await ada.getUser({ id: ada.id })).name, "A.");
  assert.ok(ids(await ada.searchUsers()).includes(ada.id));
  const changed = await ada.updateMyPreferences({ userPreferencesUpdateDto: { folders: { enabled: true } } });
  assert.equal(changed.folders.enabled, true);
  assert.deepEqual(await ada.getMyPreferences(), changed);
  assert.deepEqual(await ada.setUserOnboarding({ onboardingDto: { isOnboarded: true } }), { isOnboarded: true });
  await ada.deleteUserOnboarding();
  assert.deepEqual(await ada.getUserOnboarding(), { isOnboarded: false });
  assert.ok((await ada.getMyCalendarHeatmap({ $type: "Taken" })).series);
  const made = await ada.createProfileImage({ createProfileImageDto: { file: picture() } });
  assert.equal(made.userId, ada.id);
  assert.ok((await ada.getProfileImage({ id: ada.id })).size > 0);
  await ada.deleteProfileImage();
  const licenseKey = "IMCL-6ECZ-91TE-WZRM-Q7AQ-MBN4-UW48-2CPT-71X9";
  const licenseKeyDto = { licenseKey, activationKey: "bm90IGEga2V5" };
  await refused(ada, "setUserLicense", { licenseKeyDto }, 400, "Invalid license key");
  await refused(ada, "getUserLicense", {}, 404, "Not Found");
  await ada.deleteUserLicense();
}

async function signIn({ user, caller }) {
  const ada = await user("Ada");
  assert.deepEqual(await ada.validateAccessToken(), { authStatus: true });
  await ada.setupPinCode({ pinCodeSetupDto: { pinCode: "123456" } });
  await ada.changePinCode({ pinCodeChangeDto: { pinCode: "123456", newPinCode: "654321" } });
  await ada.unlockAuthSession({ sessionUnlockDto: { pinCode: "654321" } });
  assert.equal((await ada.getAuthStatus()).isElevated, true);
  await ada.lockAuthSession();
  assert.equal((await ada.getAuthStatus()).isElevated, false);
  await ada.resetPinCode({ pinCodeResetDto: { password: ada.password } });
  assert.equal((await ada.getAuthStatus()).pinCode, false);
  const child = await ada.createSession({ sessionCreateDto: { deviceType: "TV", deviceOS: "SDK" } });
  const reset = { id: child.id, sessionUpdateDto: { isPendingSyncReset: true } };
  assert.equal((await ada.updateSession(reset)).isPendingSyncReset, true);
  await ada.lockSession({ id: child.id });
  assert.equal((await ada.getSessions()).length, 2);
  await ada.deleteSession({ id: child.id });
  const credentials = { email: ada.email, password: "Sesame-Open-2" };
  await ada.changePassword({ changePasswordDto: { password: ada.password, newPassword: credentials.password } });
  await caller({}).login({ loginCredentialDto: credentials });
  assert.equal((await ada.getSessions()).length, 2);
  await ada.deleteAllSessions();
  assert.equal((await ada.getSessions()).length, 1);
  assert.equal((await ada.logout()).successful, true);
}

async function keys({ user, caller }) {
  const ada = await user("Ada");
  const { apiKey, secret } = await ada.createApiKey({ apiKeyCreateDto: { name: "k", permissions: ["apiKey.read"] } });
  assert.equal((await caller({ "x-api-key": secret }).getMyApiKey()).id, apiKey.id);
  assert.deepEqual(ids(await ada.getApiKeys()), [apiKey.id]);
  assert.equal((await ada.updateApiKey({ id: apiKey.id, apiKeyUpdateDto: { name: "l" } })).name, "l");
  assert.equal((await ada.getApiKey({ id: apiKey.id })).name, "l");
  await ada.deleteApiKey({ id: apiKey.id });
}

export default { server, system, queues, accounts, me, signIn, keys };
