// What the flows need of the world: files, and patience.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAFElEQVR4nGOUqzjBAANMDEgAhQMAMogBZGgQu3YAAAAASUVORK5CYII=";

export const ids = (rows) => rows.map((row) => row.id).sort();

let serial = 0;

/** A file of its own: the same picture, with other bytes behind it. */
export function picture() {
  serial += 1;
  return new File([Buffer.from(PICTURE, "base64"), `${serial}`], `${serial}.png`, { type: "image/png" });
}

/** The new asset's id. `more` are further fields of the form. */
export async function upload(who, file = picture(), more = {}) {
  const times = { fileCreatedAt: "2023-06-15T10:00:00.000Z", fileModifiedAt: "2023-06-15T10:00:00.000Z" };
  const assetMediaCreateDto = { assetData: file, filename: file.name, ...times, ...more };
  const { id, status } = await who.uploadAsset({ assetMediaCreateDto });
  assert.equal(status, "created");
  return id;
}

export const uploads = async (who, count) => Promise.all(Array.from({ length: count }, () => upload(who)));

/** Waits for the workers. */
export async function once(isSo) {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    const answer = await isSo();
    if (answer) return answer;
  }
  throw new Error(`the workers did not come to it: ${isSo}`);
}
