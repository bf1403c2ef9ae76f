// Files become documents: chosen or dropped, sent two at a time, indexed by jobs.

import * as catalogue from "./catalogue.js";
import * as jobs from "./jobs.js";
import { isSure, notify } from "./notice.js";
import { upload } from "./service.js";
import { button, counted, element, foreign, joined } from "./text.js";

const AT_ONCE = 2;
const MOST_FILES = 500;
const LONGEST_ID = 120;
const MOST_TRIES = 4;
const waiting = [];
let sending = 0;

/** A field to choose files in, or to drop them on. */
export function dropZone() {
  const input = element("input", "unseen");
  input.type = "file";
  input.multiple = true;
  input.id = "upload";
  const label = element("label", "", element("strong", "", "Add documents"),
    element("span", "", "Drop files here, or choose them."));
  label.htmlFor = input.id;
  input.addEventListener("change", () => {
    send([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  const zone = element("div", "drop", input, label);
  takeDrops(zone);
  return zone;
}

/** Files may be dropped anywhere on the screen that has the zone. */
function takeDrops(zone) {
  const isHere = (event) => zone.checkVisibility() && event.dataTransfer?.types.includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    window.addEventListener(name, (event) => {
      if (!isHere(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      zone.classList.add("over");
    });
  }
  window.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!isHere(event)) return;
    event.preventDefault();
    const items = [...event.dataTransfer.items];
    const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;
    if (items.some(isFolder)) notify("Folders cannot be added here: open them and choose the files.");
    send(items.filter((item) => item.kind === "file" && !isFolder(item))
      .map((item) => item.getAsFile()));
  });
}

async function send(files) {
  if (files.length > MOST_FILES) notify(`The first ${MOST_FILES} files are added; add the rest after.`);
  const { documents } = await catalogue.list().catch(() => ({ documents: [] }));
  const uploads = new Map(catalogue.filesOf(documents).filter((each) => each.upload)
    .map((each) => [each.upload, catalogue.nameOf(each.source)]));
  const named = files.slice(0, MOST_FILES).map((file) => ({ file, id: idOf(file.name, uploads) }));
  const replacing = named.filter(({ id }) => uploads.has(id));
  const replaces = !replacing.length || await isSure(
    `Replace ${counted(replacing.length, "document")}?`,
    [...joined(replacing.slice(0, 5).map(({ file }) => foreign(file.name)), ", "),
      replacing.length > 5 ? ` and ${replacing.length - 5} more` : "",
      replacing.length > 1 ? " are there already." : " is there already."],
    "Replace",
  );
  for (const { file, id } of named) {
    if (!replaces && uploads.has(id)) continue;
    enter(file, id, jobs.line(file.name));
  }
}

function enter(file, id, shown) {
  shown.say("Waiting…", "waiting");
  waiting.push({ file, id, shown });
  next();
}

async function next() {
  if (sending >= AT_ONCE || !waiting.length) return;
  sending += 1;
  const { file, id, shown } = waiting.shift();
  const again = () => enter(file, id, shown);
  try {
    const job = await sent(file, id, shown);
    jobs.follow(job, file.name, shown, again);
  } catch (refusal) {
    jobs.fail(shown, refusal.message, again);
  }
  sending -= 1;
  next();
}

/** Send a file; where the service is busy, wait as long as it asks, and try again. */
async function sent(file, id, shown) {
  for (let tries = 1; ; tries += 1) {
    const form = new FormData();
    form.append("file", file, file.name);
    const stopping = new AbortController();
    shown.say("Sending…", "sending", button("Stop", () => stopping.abort(), "plain"));
    try {
      return await upload(`v1/documents/${id}?wait=false`, form,
        { signal: stopping.signal, progress: shown.sent });
    } catch (refusal) {
      if (refusal.waitSeconds === null || tries === MOST_TRIES) throw refusal;
      shown.say("The service is busy; trying again in a moment…", "waiting");
      await new Promise((resolve) => setTimeout(resolve, refusal.waitSeconds * 1000));
    }
  }
}

/** The id of an upload, from its file's name; two names never share one. */
function idOf(name, uploads) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const id = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  const losesLetters = /[^\p{ASCII}]/u.test(plain.replace(/[^\p{L}\p{N}]/gu, ""));
  const isTaken = uploads.has(id) && uploads.get(id) !== name;
  if (id && id.length <= LONGEST_ID && !losesLetters && !isTaken) return id;
  return [id.slice(0, LONGEST_ID - 9).replace(/-+$/, ""), hash(name)].filter(Boolean).join("-");
}

/** Eight hexadecimal digits of a text (FNV-1a). */
function hash(text) {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
