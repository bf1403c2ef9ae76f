// Places in documents: how they are called, and links that open them.

import { addressOf, isSame } from "./address.js";
import { counted, element, foreign, joined, link } from "./text.js";

/** The title of the document and the headings above a place, each once. */
export function titleOf(place) {
  const named = place.source.endsWith(place.document_title) ? [] : [place.document_title];
  const parts = [...new Set([...named, ...(place.heading_path ?? [])])];
  return joined((parts.length ? parts : [place.document_title]).map(foreign), " › ");
}

/** Where a place stands: the file, and in it the row, the page, or else the characters. */
export function whereabouts(place) {
  return [foreign(fileOf(place.source)), ` · ${within(place)}`];
}

function fileOf(source) {
  return source.startsWith("upload:") ? `${source.slice("upload:".length)} (uploaded)` : source;
}

function within(place) {
  if (place.row_number) return `row\u00a0${place.row_number}`;
  const [first, last] = [place.start_page_number, place.end_page_number];
  if (first) return last > first ? `pages\u00a0${first}–${last}` : `page\u00a0${first}`;
  return `characters\u00a0${place.start_char_index}–${place.end_char_index}`;
}

export function placeHeading(place, question) {
  return element("div", "heading", link(addressOf(question, place), "place", ...titleOf(place)),
    element("p", "where", ...whereabouts(place)));
}

/** Where else the same is said: the list opens by itself where it is short. */
export function alsoIn(item, question) {
  if (!item.also_in.length) return [];
  const places = item.also_in.map((place) => element("li", "", placeLink(place, question)));
  const more = item.also_in_count - item.also_in.length;
  if (more > 0) places.push(element("li", "", `and in ${counted(more, "more place")}`));
  const others = (item.agreeing_documents ?? 1) - 1;
  const where = others ? counted(others, "other document") : counted(item.also_in_count, "other place");
  const list = element("details", "also", element("summary", "", `Also said in ${where}`),
    element("ul", "", ...places));
  list.open = places.length <= 3;
  return [list];
}

function placeLink(place, question) {
  const rows = place.row_number ? [foreign(place.document_title), " · "] : [];
  return link(addressOf(question, place), "place", ...rows, ...whereabouts(place));
}

/** Whether a passage holds all of what is cited. */
export function holds(passage, citation) {
  return passage.document_id === citation.document_id
    && passage.start_char_index <= citation.start_char_index
    && citation.end_char_index <= passage.end_char_index;
}

/** The place as the answer has it, and the places that say the same, itself among them. */
export function inAnswer(answer, place) {
  for (const item of [...(answer?.citations ?? []), ...(answer?.passages ?? [])]) {
    const group = [item, ...item.also_in];
    const found = group.find((each) => isSame(each, place));
    if (found) return { found, group };
  }
  return { found: null, group: [] };
}
