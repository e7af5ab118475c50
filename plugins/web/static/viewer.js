// One photo or video, as large as the window.

import { call } from "./api.js";

const element = (id) => document.getElementById(id);
const viewer = element("viewer");
const stage = element("stage");

let current = null; // the tile whose photo is shown
let neighbourOf = null;

export function openViewer(tile, neighbour) {
  neighbourOf = neighbour;
  show(tile);
  viewer.showModal();
}

function show(tile) {
  current = tile;
  const { id, video, caption, favorite } = tile.dataset;
  const media = document.createElement(video ? "video" : "img");
  if (video) {
    media.controls = media.autoplay = media.playsInline = true;
    media.src = `/api/assets/${id}/video/playback`;
  } else {
    media.alt = caption;
    media.src = `/api/assets/${id}/thumbnail?size=preview`;
  }
  stage.replaceChildren(media);
  element("caption").textContent = caption;
  element("download").href = `/api/assets/${id}/original`;
  element("favorite").setAttribute("aria-pressed", String(Boolean(favorite)));
  for (const [button, step] of [["previous", -1], ["next", 1]]) {
    element(button).disabled = false;
    neighbourOf(tile, step).then((beside) => {
      if (current !== tile) return;
      element(button).hidden = !beside;
      // So that the next one is there at once.
      if (beside && step > 0 && !beside.dataset.video) new Image().src = `/api/assets/${beside.dataset.id}/thumbnail?size=preview`;
    }, () => {});
  }
}

async function go(step) {
  const beside = await neighbourOf(current, step);
  if (beside) show(beside);
}

function say(text) {
  const toast = element("toast");
  toast.textContent = text;
  // Above the dialog while it is open, which covers everything else.
  (viewer.open ? viewer : document.body).append(toast);
  setTimeout(() => { if (toast.textContent === text) toast.textContent = ""; }, 5000);
}

const attempt = (action) => async () => {
  try {
    await action();
  } catch (error) {
    say(error.message);
  }
};

element("previous").addEventListener("click", attempt(() => go(-1)));
element("next").addEventListener("click", attempt(() => go(1)));
element("close").addEventListener("click", () => viewer.close());

element("favorite").addEventListener("click", attempt(async () => {
  const tile = current;
  const isFavorite = !tile.dataset.favorite;
  await call("PUT", "/assets", { ids: [tile.dataset.id], isFavorite });
  tile.dataset.favorite = isFavorite ? "yes" : "";
  tile.querySelector(".loved")?.remove();
  if (isFavorite) {
    const heart = document.createElement("span");
    heart.className = "loved";
    heart.textContent = "♥";
    tile.append(heart);
  }
  if (current === tile) element("favorite").setAttribute("aria-pressed", String(isFavorite));
}));

element("trash").addEventListener("click", attempt(async () => {
  const tile = current;
  await call("DELETE", "/assets", { ids: [tile.dataset.id] });
  const beside = (await neighbourOf(tile, 1)) ?? (await neighbourOf(tile, -1));
  tile.closest("li").remove();
  if (beside) show(beside);
  else viewer.close();
  say("Moved to the trash.");
}));

// On the document: a button that has the focus may vanish, and the focus with it.
document.addEventListener("keydown", (event) => {
  if (!viewer.open || event.target.tagName === "VIDEO") return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) attempt(() => go(step))();
});

viewer.addEventListener("close", () => {
  // A video goes on otherwise.
  stage.replaceChildren();
  document.body.append(element("toast"));
  if (current?.isConnected) current.focus();
});

let touched = null;
stage.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch" ? event.clientX : null; });
stage.addEventListener("pointerup", (event) => {
  const way = touched === null ? 0 : event.clientX - touched;
  touched = null;
  if (Math.abs(way) > 60) attempt(() => go(way < 0 ? 1 : -1))();
});
