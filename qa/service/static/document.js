// The panel that shows a document at a place, with the other places that say the same.

import { addressOf, isSame } from "./address.js";
import { PageViewer } from "./pages.js";
import { labelOf, named, whereabouts } from "./places.js";
import { request } from "./service.js";
import { button, calm, capital, dayOf, element, foreign, link, marked, slice } from "./text.js";
import { isCode } from "./words.js";

const byId = (id) => document.getElementById(id);
const panel = byId("document");
const viewer = new PageViewer(byId("document-pages"));
let showing = null;

/** Call `leave` when the reader wants to close the panel: with the button, Escape, or beside it. */
export function onLeave(leave) {
  byId("document-close").addEventListener("click", leave);
  byId("document-marked").addEventListener("click", toMarked);
  panel.addEventListener("click", (event) => {
    if (event.target === panel) leave(); // a click beside it
  });
  panel.addEventListener("cancel", (event) => {
    event.preventDefault(); // the address goes first
    leave();
  });
  panel.addEventListener("close", () => {
    if (panel.open) return; // again, for another place
    showing = null;
    viewer.clear();
    leave(); // browsers close it at a second Escape, whatever the page says
  });
}

export const isOpen = () => panel.open;

export function close() {
  if (panel.open) panel.close();
}

/**
 * Open the document of `place`. `found` is the place as the answer has it, null if it has not;
 * `group` are the places that say the same, `found` among them; `beside` are the answer's other
 * citations of the document. Resolves to the SHA-256 of the document's text, null if the place could
 * not be shown in it.
 */
export async function open(place, { found, group, beside }) {
  showing = place;
  const text = byId("document-text");
  byId("document-title").replaceChildren(found ? named(calm(found.document_title)) : "Document");
  byId("document-place").replaceChildren(...(found ? whereabouts(found) : []));
  byId("document-group").replaceChildren(...others(group, place));
  byId("document-about").replaceChildren();
  byId("document-marked").hidden = byId("document-ask").hidden = true;
  viewer.clear();
  text.replaceChildren(element("p", "note waiting", "Opening the document…"));
  if (!panel.open) panel.showModal();
  try {
    const json = await request(`v1/documents/${encodeURIComponent(place.document_id)}`);
    return showing === place && show(json, place, found, beside) ? json.text_sha256 : null;
  } catch (refusal) {
    if (showing !== place) return null;
    const message = refusal.status === 404
      ? "This document is not indexed any more." : refusal.message;
    text.replaceChildren(element("p", "note", foreign(message)),
      button("Try again", () => open(place, { found, group, beside })));
    return null;
  }
}

function show(json, place, found, beside) {
  const known = found ?? { ...place, source: json.source, document_title: json.title,
    row_number: rowOf(json) };
  const isWhole = place.end_char_index === 0;
  byId("document-title").replaceChildren(named(calm(json.title)));
  byId("document-place").replaceChildren(...(isWhole ? [named(json.source)] : whereabouts(known)));
  byId("document-about").replaceChildren(...about(json));
  byId("document-ask").href = addressOf({ screen: "ask", history: [], all: false,
    filters: [{ field: "path", sign: "=", value: json.source }] });
  byId("document-ask").hidden = false;
  const stands = isWhole ? showWhole(json) : showPlace(json, place, found, beside);
  const isMarked = stands && !isWhole;
  viewer.show(json, { ...place, ...pagesOf(known) }, isMarked ? beside.map(withPages) : null);
  byId("document-marked").hidden = !isMarked;
  if (isMarked) toMarked(); // only now, as the pages narrow the text
  else byId("document-text").scrollTop = 0;
  return stands;
}

const withPages = (each) => ({ ...each, ...pagesOf(each) });

const pagesOf = ({ start_page_number, end_page_number }) => ({
  start_page_number: start_page_number ?? null,
  end_page_number: end_page_number ?? start_page_number ?? null,
});

function showWhole(json) {
  byId("document-text").replaceChildren(wholeOf(json, []));
  return true;
}

function wholeOf(json, spans) {
  return element("div", isCode(json.source, "") ? "whole code" : "whole", ...marked(json.text, spans));
}

function showPlace(json, place, found, beside) {
  const text = byId("document-text");
  const [start, end] = [place.start_char_index, place.end_char_index];
  const words = slice(json.text, start, end);
  const expected = found ? found.cited_text ?? found.text : words;
  const unchanged = !place.digest || json.text_sha256.startsWith(place.digest);
  const stands = words !== "" && words === expected && (found !== null || unchanged);
  if (stands) {
    const others = beside
      .map((each) => ({ start: each.start_char_index, end: each.end_char_index, kind: "beside",
        words: each.cited_text }))
      .filter((each) => slice(json.text, each.start, each.end) === each.words);
    text.replaceChildren(wholeOf(json, [...others, { start, end, kind: "highlight" }]));
  } else {
    const note = words || place.digest
      ? "The document has changed since this place was cited, so nothing is marked."
      : "The document is too short to have this place, so nothing is marked.";
    text.replaceChildren(element("p", "note", note), wholeOf(json, []));
  }
  return stands;
}

function toMarked() {
  const mark = byId("document-text").querySelector("mark.highlight");
  mark.scrollIntoView({ block: "center", behavior: "instant" });
  viewer.toMarked();
}

function others(group, place) {
  if (group.length < 2) return [];
  const items = group.map((each) => {
    const name = [...labelOf(each), " · ", ...whereabouts(each)];
    const anchor = link(addressOf({ place: each }), "place", ...name);
    if (isSame(each, place)) anchor.ariaCurrent = "true";
    return element("li", "", anchor);
  });
  return [element("details", "also", element("summary", "", `Said in ${group.length} places`),
    element("ul", "", ...items))];
}

/** What is known of the document: its metadata, and what there was to say when it was read. */
function about(json) {
  const facts = [
    ["File", json.source],
    ["Type", json.media_type],
    ["Pages", json.pages ?? ""],
    ["Changed", dayOf(json.modified)],
    ...Object.entries(json.metadata).map(([name, value]) => (
      [capital(name), [value].flat().join(", ")])),
    ...json.remarks.map((remark) => ["Remark", remark]),
    ["SHA-256 of the file", json.document_sha256],
    ["Read by", json.reader],
  ].filter(([, value]) => value !== "");
  const rows = facts.map(([name, value]) => element("div", "",
    element("dt", "", foreign(name)), element("dd", "", foreign(String(value)))));
  return [element("details", "about", element("summary", "", "About this document"),
    element("dl", "", ...rows))];
}

function rowOf(json) {
  if (!json.reader.startsWith("rows/")) return null;
  return json.metadata.pincite_row ?? json.metadata.row ?? null;
}
