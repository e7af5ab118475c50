// The photos by month. A month's photos are asked for when it comes near the screen.

import { call } from "./api.js";
import { openViewer } from "./viewer.js";

const months = document.getElementById("months");
const empty = document.getElementById("empty");
const language = document.documentElement.lang;
const asMonth = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" });
const asDay = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" });

const RETRY = 1500; // milliseconds until a month is asked for again whose pictures are still being made
const RETRIES = 20;

const near = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => fill(entry.target).catch(() => {})),
  { rootMargin: "1200px" },
);

// Shows everything; returns the function that does so again after uploads.
export function showLibrary() {
  const refresh = async () => {
    const buckets = await call("GET", "/timeline/buckets?visibility=timeline");
    empty.hidden = buckets.length > 0;
    const old = new Map([...months.children].map((section) => [section.dataset.bucket, section]));
    const sections = buckets.map(({ timeBucket, count }) => {
      const section = old.get(timeBucket) ?? newSection(timeBucket);
      if (Number(section.dataset.count) !== count) {
        section.dataset.count = count;
        section.querySelector("h2 span").textContent = count === 1 ? "1 item" : `${count} items`;
        delete section.dataset.filled;
        near.unobserve(section);
        near.observe(section);
      }
      return section;
    });
    months.replaceChildren(...sections);
  };
  refresh().catch((error) => {
    empty.hidden = false;
    empty.textContent = error.message;
  });
  return refresh;
}

function newSection(bucket) {
  const section = document.createElement("section");
  section.className = "month";
  section.dataset.bucket = bucket;
  const heading = document.createElement("h2");
  heading.textContent = asMonth.format(new Date(`${bucket.slice(0, 10)}T00:00:00Z`));
  heading.append(document.createElement("span"));
  const list = document.createElement("ul");
  list.className = "tiles";
  section.append(heading, list);
  return section;
}

async function fill(section, tries = 0) {
  if (section.dataset.filled) return;
  section.dataset.filled = "yes";
  let photos;
  try {
    photos = await call("GET", `/timeline/bucket?visibility=timeline&timeBucket=${section.dataset.bucket}`);
  } catch (error) {
    delete section.dataset.filled;
    throw error;
  }
  const list = section.querySelector("ul");
  list.replaceChildren(...photos.id.map((id, i) => tile(photos, i)));
  if (photos.thumbhash.includes(null) && tries < RETRIES) {
    setTimeout(() => {
      delete section.dataset.filled;
      fill(section, tries + 1).catch(() => {});
    }, RETRY);
  }
}

function tile(photos, i) {
  const item = document.createElement("li");
  item.className = "tile";
  item.style.setProperty("--ratio", Math.min(Math.max(photos.ratio[i] || 1, 0.4), 3));
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.id = photos.id[i];
  button.dataset.video = photos.isImage[i] ? "" : "yes";
  button.dataset.favorite = photos.isFavorite[i] ? "yes" : "";
  const what = photos.isImage[i] ? "Photo" : "Video";
  button.dataset.caption = `${asDay.format(localDate(photos, i))}${photos.city[i] ? `, ${photos.city[i]}` : ""}`;
  button.setAttribute("aria-label", `${what}, ${button.dataset.caption}`);
  if (photos.thumbhash[i]) {
    const image = document.createElement("img");
    image.loading = "lazy";
    image.alt = "";
    image.src = `/api/assets/${photos.id[i]}/thumbnail?size=thumbnail&c=${encodeURIComponent(photos.thumbhash[i])}`;
    button.append(image);
  }
  if (!photos.isImage[i]) button.append(badge("length", length(photos.duration[i])));
  if (photos.isFavorite[i]) button.append(badge("loved", "♥"));
  button.addEventListener("click", () => openViewer(button, neighbour));
  item.append(button);
  return item;
}

function localDate(photos, i) {
  const instant = new Date(`${photos.fileCreatedAt[i].replace(/Z$/, "")}Z`);
  return new Date(instant.getTime() + (photos.localOffsetHours[i] ?? 0) * 3600_000);
}

function badge(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function length(milliseconds) {
  const seconds = Math.round((milliseconds ?? 0) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// The tile before (-1) or after (1) this one, in another month if need be, which is loaded then; else undefined.
async function neighbour(button, step) {
  const side = step > 0 ? "nextElementSibling" : "previousElementSibling";
  const beside = button.closest("li")[side];
  if (beside) return beside.firstElementChild;
  for (let section = button.closest("section")[side]; section; section = section[side]) {
    await fill(section);
    const tiles = section.querySelectorAll("li button");
    if (tiles.length) return tiles[step > 0 ? 0 : tiles.length - 1];
  }
}
