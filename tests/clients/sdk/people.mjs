// People and their faces, libraries of files on the server's disk, workflows.

import assert from "node:assert/strict";
import { dirname } from "node:path";

import { ids, once, upload } from "./things.mjs";

const film = process.argv[5];
const unknown = { id: crypto.randomUUID() };

async function people({ user, refused }) {
  const ada = await user("Ada");
  const assetId = await upload(ada);
  await once(async () => (await ada.getAssetInfo({ id: assetId })).thumbhash);
  const { id: eve } = await ada.createPerson({ personCreateDto: { name: "Eve" } });
  const { id: adam } = await ada.createPerson({ personCreateDto: { name: "Adam" } });
  assert.equal((await ada.getPerson({ id: eve })).name, "Eve");
  assert.equal((await ada.updatePerson({ id: eve, personUpdateDto: { isFavorite: true } })).isFavorite, true);
  const update = { people: [{ id: adam, isHidden: true }] };
  assert.deepEqual(await ada.updatePeople({ peopleUpdateDto: update }), [{ id: adam, success: true }]);

  const box = { imageWidth: 4, imageHeight: 3, x: 0, y: 0, width: 2, height: 2 };
  await ada.createFace({ assetFaceCreateDto: { assetId, personId: eve, ...box } });
  const [{ id: face }] = await ada.getFaces({ id: assetId });
  assert.equal((await ada.getPersonStatistics({ id: eve })).assets, 1);
  await ada.reassignFacesById({ id: adam, faceDto: { id: face } });
  const assetFaceUpdateDto = { data: [{ personId: adam, assetId }] };
  assert.deepEqual(ids(await ada.reassignFaces({ id: eve, assetFaceUpdateDto })), [eve]);
  await ada.mergePerson({ id: eve, mergePersonDto: { ids: [adam] } });
  assert.deepEqual(ids((await ada.getAllPeople({ withHidden: true })).people), [eve]);
  assert.deepEqual(ids(await ada.searchPerson({ name: "eve" })), [eve]);
  await refused(ada, "getPersonThumbnail", unknown, 404);
  await ada.deleteFace({ id: face, assetFaceDeleteDto: { force: true } });
  assert.deepEqual(await ada.getFaces({ id: assetId }), []);
  assert.deepEqual(await ada.getAssetOcr({ id: assetId }), []);
  await ada.deletePerson({ id: eve });
  const { id: cain } = await ada.createPerson({ personCreateDto: {} });
  await ada.deletePeople({ bulkIdsDto: { ids: [cain] } });
  await refused(ada, "getPerson", { id: eve }, 400, "Not found or no person.read access");
}

async function libraries({ admin }) {
  const { id: ownerId } = await admin.getMyUser();
  const importPaths = [dirname(film)];
  const { id } = await admin.createLibrary({ createLibraryDto: { ownerId, name: "Disk" } });
  assert.ok(ids(await admin.getAllLibraries()).includes(id));
  const checked = await admin.validate({ id, validateLibraryDto: { importPaths } });
  assert.deepEqual(checked.importPaths.map((path) => path.isValid), [true]);
  await admin.updateLibrary({ id, updateLibraryDto: { importPaths } });
  assert.deepEqual((await admin.getLibrary({ id })).importPaths, importPaths);
  await admin.scanLibrary({ id });
  await once(async () => (await admin.getLibraryStatistics({ id })).videos === 1);
  await admin.deleteLibrary({ id });
}

async function workflows({ user, refused }) {
  const ada = await user("Ada");
  assert.ok((await ada.getWorkflowTriggers()).length > 0);
  const workflowCreateDto = { trigger: "AssetCreate", name: "Mine", steps: [] };
  const { id } = await ada.createWorkflow({ workflowCreateDto });
  assert.deepEqual(ids(await ada.searchWorkflows({})), [id]);
  assert.equal((await ada.getWorkflow({ id })).name, "Mine");
  assert.equal((await ada.getWorkflowForShare({ id })).name, "Mine");
  assert.equal((await ada.updateWorkflow({ id, workflowUpdateDto: { name: "Ours" } })).name, "Ours");
  await ada.deleteWorkflow({ id });
  assert.deepEqual(await ada.searchPlugins({}), []);
  assert.deepEqual(await ada.searchPluginMethods({}), []);
  assert.deepEqual(await ada.searchPluginTemplates(), []);
  await refused(ada, "getPlugin", unknown, 400, "Plugin not found");
}

export default { people, libraries, workflows };
