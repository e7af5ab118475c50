// Uploads: chosen or dropped, a few at a time, with one bar for all of them.

import { call, upload } from "./api.js";

const AT_ONCE = 3;
const element = (id) => document.getElementById(id);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const queue = [];
let batch = null;

// Takes files from now on; `refresh` shows what has come in.
export async function acceptUploads(refresh) {
  const types = await call("GET", "/server/media-types");
  const known = new Set([...types.image, ...types.video]);
  const input = element("files");
  input.accept = [...known].join(",");
  input.addEventListener("change", () => {
    add([...input.files], known, refresh);
    input.value = "";
  });
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) element("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    element("drop").hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files], known, refresh);
  });
  addEventListener("beforeunload", (event) => {
    if (batch) event.preventDefault();
  });
}

function add(files, known, refresh) {
  const fits = (file) => known.has(`.${file.name.split(".").pop().toLowerCase()}`);
  const wanted = files.filter(fits);
  const starting = !batch;
  batch ??= { bytes: 0, sent: 0, total: 0, made: 0, there: 0, failed: 0, running: 0 };
  if (starting) element("upload-failures").replaceChildren();
  for (const file of files.filter((file) => !fits(file))) fail(file, "this kind of file is not supported");
  batch.total += wanted.length;
  batch.bytes += wanted.reduce((sum, file) => sum + file.size, 0);
  queue.push(...wanted);
  element("uploads").hidden = false;
  while (batch.running < AT_ONCE && queue.length) work(refresh);
  if (!batch.running) finish(refresh);
}

async function work(refresh) {
  batch.running++;
  while (queue.length) {
    const file = queue.shift();
    const before = { sent: 0 };
    try {
      const answer = await upload(file, (part) => {
        batch.sent += part * file.size - before.sent;
        before.sent = part * file.size;
        show();
      });
      answer.status === "duplicate" ? batch.there++ : batch.made++;
    } catch (error) {
      fail(file, error.message);
    }
    batch.sent += file.size - before.sent;
    show();
  }
  batch.running--;
  if (!batch.running) finish(refresh);
}

function fail(file, why) {
  batch.failed++;
  const item = document.createElement("li");
  item.textContent = `${file.name}: ${why}`;
  element("upload-failures").append(item);
}

function show() {
  element("upload-bar").value = batch.bytes ? batch.sent / batch.bytes : 1;
  const done = batch.made + batch.there;
  element("upload-text").textContent = `Uploading: ${done} of ${plural(batch.total, "file")}`;
}

function finish(refresh) {
  const { made, there, failed } = batch;
  element("upload-bar").value = 1;
  element("upload-text").textContent = [
    `${plural(made, "file")} uploaded`,
    there ? `${plural(there, "file")} already here` : "",
    failed ? `${plural(failed, "file")} not uploaded:` : "",
  ].filter(Boolean).join(", ");
  batch = null;
  refresh().catch(() => {});
  if (!failed) setTimeout(() => { if (!batch) element("uploads").hidden = true; }, 8000);
}
