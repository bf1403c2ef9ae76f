// The screen that lists documents: found by name and filters, added, and removed.

import { addressOf, go, read } from "./address.js";
import * as catalogue from "./catalogue.js";
import { meets } from "./filters.js";
import * as jobs from "./jobs.js";
import { isSure } from "./notice.js";
import { fileOf, named } from "./places.js";
import { trouble } from "./screens.js";
import { request } from "./service.js";
import { button, calm, counted, dayOf, element, foreign, link } from "./text.js";
import { dropZone } from "./uploading.js";

const A_PAGE = 25;
const MOST_RECORDS = 100;
const byId = (id) => document.getElementById(id);
const count = element("p", "count note");
const listed = element("div", "list");
const found = element("div", "found", count, listed);
let page = null;
let enterKey = () => {};
let built = false;

/** Set the screen up once; `entersKey` is called where a key is needed. */
export function start(entersKey) {
  enterKey = entersKey;
  count.role = "status";
  listed.tabIndex = -1;
  const field = byId("find-name");
  byId("find").addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", () => {
    go(addressOf({ name: field.value.trim(), list: 1 }), { replace: true });
  });
  jobs.onChange(() => {
    catalogue.forget();
    if (read().screen === "documents") show(read());
  });
}

export async function show(state) {
  document.title = "Documents · Pincite";
  const field = byId("find-name");
  if (field.value.trim() !== state.name) field.value = state.name;
  if (!built) {
    built = true;
    byId("documents").append(element("h2", "", "Documents"), dropZone(), jobs.list, found);
    jobs.resume();
  }
  if (!listed.firstChild) listed.replaceChildren(element("p", "note waiting", "Listing…"));
  await tell(() => catalogue.list());
}

async function tell(listing) {
  try {
    const documents = await listing();
    const now = read();
    if (now.screen === "documents") fill(results(documents, now));
    if (page !== null && now.list !== page) found.scrollIntoView({ block: "start" });
    page = now.list;
  } catch (refusal) {
    count.textContent = "";
    fill([trouble(refusal, () => show(read()), enterKey)]);
  }
}

/** Show what is listed; where what had the focus is gone, the list has it. */
function fill(nodes) {
  const hadFocus = listed.contains(document.activeElement);
  listed.replaceChildren(...nodes);
  if (hadFocus) listed.focus({ preventScroll: true });
}

// --- What is listed ---

function results({ documents, complete }, state) {
  const all = catalogue.filesOf(documents);
  const name = state.name.toLowerCase();
  const files = all.filter((each) => (
    each.documents.some((document) => (
      `${each.source}\n${document.title}`.toLowerCase().includes(name)
        && meets(document, state.filters)))));
  const last = Math.max(1, Math.ceil(files.length / A_PAGE));
  const at = Math.min(state.list, last);
  const first = (at - 1) * A_PAGE;
  const shown = files.slice(first, at * A_PAGE);
  const narrowed = Boolean(name || state.filters.length);
  const range = files.length > A_PAGE ? `${first + 1}–${first + shown.length} of ` : "";
  const whole = narrowed ? ` of ${all.length}` : "";
  count.textContent = `${range}${counted(files.length, "file")}${whole}`;
  return [
    ...(complete ? [] : [moreNote(documents.length)]),
    ...(shown.length ? [element("ul", "files", ...shown.map(fileItem))] : [nothing(narrowed)]),
    ...(last > 1 ? [paging(at, last)] : []),
  ];
}

function nothing(narrowed) {
  return element("p", "lead", narrowed
    ? "No document is called that, or meets the filters."
    : "There are no documents yet. Add some above, or run pincite index FOLDER.");
}

function moreNote(count) {
  const node = element("p", "note", `Only the first ${counted(count, "document")} are listed here `
    + "and searched by name. ");
  node.append(button("List more", () => {
    node.replaceChildren("Listing…");
    tell(() => catalogue.list({ more: true }));
  }, "plain"));
  return node;
}

function paging(at, last) {
  const to = (n, words) => (n < 1 || n > last
    ? element("span", "note", words) : link(addressOf({ list: n }), "", words));
  const node = element("nav", "paging", to(at - 1, "← Previous"),
    element("span", "note", `Page ${at} of ${last}`), to(at + 1, "Next →"));
  node.ariaLabel = "Pages of the list";
  return node;
}

// --- A file ---

const START = { start_char_index: 0, end_char_index: 0 };
const placeOf = ({ id }) => ({ document_id: id, ...START });

function fileItem(file) {
  const [document] = file.documents;
  const single = file.documents.length === 1;
  const heading = single
    ? link(addressOf({ place: placeOf(document) }), "place", named(calm(document.title)))
    : element("span", "place", named(catalogue.nameOf(file.source)));
  const filter = { field: "path", sign: "=", value: file.source };
  const asking = link(addressOf({ screen: "ask", question: "", history: [], all: false,
    filters: [filter] }), "plain", "Ask it");
  asking.title = "Ask this file only";
  const tools = element("p", "tools", asking,
    ...(file.upload ? [button("Remove", () => remove(file), "plain")] : []));
  return element("li", "file", element("div", "", heading,
    element("p", "where", named(fileOf(file.source)), ...facts(file)),
    ...(single ? [] : [records(file)]), ...remarks(file)), tools);
}

function facts({ documents }) {
  const [{ pages, characters, modified }] = documents;
  const size = pages ? counted(pages, "page") : counted(characters, "character");
  const day = dayOf(modified);
  return [" · ", documents.length === 1 ? size : counted(documents.length, "record"),
    ...(day ? [` · ${day}`] : [])];
}

function records({ documents }) {
  const node = element("details", "also", element("summary", "", "Records"));
  node.addEventListener("toggle", () => {
    const items = documents.slice(0, MOST_RECORDS).map((each) => element("li", "",
      link(addressOf({ place: placeOf(each) }), "place", foreign(each.title))));
    const more = documents.length - MOST_RECORDS;
    if (more > 0) items.push(element("li", "", `and ${counted(more, "more record")}`));
    node.append(element("ul", "", ...items));
  }, { once: true });
  return node;
}

function remarks({ documents }) {
  const told = [...new Set(documents.flatMap((each) => each.remarks))];
  if (!told.length) return [];
  return [element("details", "also", element("summary", "", counted(told.length, "remark")),
    element("ul", "", ...told.map((each) => element("li", "", foreign(each)))))];
}

async function remove(file) {
  const name = catalogue.nameOf(file.source);
  const all = file.documents.length > 1 ? ` with its ${file.documents.length} records` : "";
  const sure = await isSure(["Remove “", foreign(name), `”${all}?`],
    "It is no longer found. Older snapshots keep it until they are purged.", "Remove");
  if (!sure) return;
  const shown = jobs.line(name);
  const attempt = async () => {
    shown.say("Being removed…", "waiting");
    try {
      const job = await request(`v1/documents/${file.upload}?wait=false`, { method: "DELETE" });
      await jobs.follow(job, name, shown);
    } catch (refusal) {
      jobs.fail(shown, refusal.message, attempt);
    }
  };
  await attempt();
}
