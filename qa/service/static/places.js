// Places in documents: how they are called, and links that open them.

import { addressOf, isSame } from "./address.js";
import { calm, counted, element, foreign, joined, link } from "./text.js";

/** A short name for people: the service's label, or the document's title with the page or row. */
export function labelOf(place) {
  if (place.label) return [named(place.label)];
  const where = pageOf(place);
  return [named(nameOf(place)), ...(where ? [`, ${where}`] : [])];
}

/** A name that can be cut after a folder: names of files are long, and have no blanks. */
export const named = (name) => element("bdi", "",
  ...name.split(/(?<=\/)/).flatMap((part, i) => (i ? [element("wbr"), part] : [part])));

/** The document's title, or if it has none but its file's name, the nearest heading. */
function nameOf({ document_title, source, heading_path }) {
  return source.endsWith(document_title) ? heading_path?.at(-1) ?? document_title : document_title;
}

/** The headings above a place, but for what its name says already. */
function headingsOf(place) {
  const told = `, ${place.label ?? nameOf(place)},`.toLowerCase();
  const headings = (place.heading_path ?? []).map(calm)
    .filter((each) => !told.includes(`, ${each.toLowerCase()},`));
  return joined([...new Set(headings)].map(foreign), " › ");
}

/** Where a place stands: the file, and in it the row, the page, or else the characters. */
export function whereabouts(place) {
  return [named(fileOf(place.source)), ` · ${pageOf(place) || charactersOf(place)}`];
}

const ENDS_IN_PLACE = /, (?:row|pp?\.|slides?) [\d-]+$/;

/** The same and the headings, but for what the label tells already. */
export function details(place) {
  const label = place.label ?? "";
  const headings = headingsOf(place);
  const parts = [
    ...(label.includes(place.source.replace(UPLOAD, "")) ? [] : [[named(fileOf(place.source))]]),
    ...(ENDS_IN_PLACE.test(label) ? [] : [[pageOf(place) || charactersOf(place)]]),
    ...(headings.length ? [headings] : []),
  ];
  return joined(parts, [" · "]).flat();
}

const UPLOAD = /^upload:(?:[^/]*\/)?/;

export function fileOf(source) {
  return UPLOAD.test(source) ? `${source.replace(UPLOAD, "")} (uploaded)` : source;
}

/** The row, page or pages of a place; "" where there are none. */
export function pageOf(place) {
  if (place.row_number) return `row\u00a0${place.row_number}`;
  const [first, last] = [place.start_page_number, place.end_page_number];
  if (!first) return "";
  return last > first ? `pages\u00a0${first}–${last}` : `page\u00a0${first}`;
}

const charactersOf = (place) => (
  `characters\u00a0${place.start_char_index}–${place.end_char_index}`);

/** A link that opens a place, with where it stands in small below. */
export function placeHeading(place) {
  const heading = element("div", "heading",
    link(addressOf({ place }), "place", ...labelOf(place)));
  const where = element("p", "where", ...details(place));
  where.title = where.textContent; // which may be cut off
  if (where.title) heading.append(where);
  return heading;
}

/** Where else the same is said. */
export function alsoIn(item) {
  if (!item.also_in?.length) return [];
  const places = item.also_in.map((place) => element("li", "", placeLink(place)));
  const more = item.also_in_count - item.also_in.length;
  if (more > 0) places.push(element("li", "", `and in ${counted(more, "more place")}`));
  const others = (item.agreeing_documents ?? 1) - 1;
  const where = others
    ? counted(others, "other document") : counted(item.also_in_count, "other place");
  return [element("details", "also", element("summary", "", `Also said in ${where}`),
    element("ul", "", ...places))];
}

function placeLink(place) {
  const rows = place.row_number ? [foreign(place.document_title), " · "] : [];
  return link(addressOf({ place }), "place", ...rows, ...whereabouts(place));
}

/** Whether a passage holds all of what is cited. */
export function holds(passage, citation) {
  return passage.document_id === citation.document_id
    && passage.start_char_index <= citation.start_char_index
    && citation.end_char_index <= passage.end_char_index;
}

/**
 * The place as the answer has it, the places that say the same, itself among them, and the other
 * citations of its document, such as a table's header.
 */
export function inAnswer(answer, place) {
  const beside = (answer?.citations ?? []).filter((each) => (
    each.document_id === place.document_id && (each.end_char_index <= place.start_char_index
      || place.end_char_index <= each.start_char_index)));
  const listed = (answer?.all?.documents ?? []).flatMap((each) => each.quotes);
  const written = answer?.written?.citations ?? [];
  for (const item of [...(answer?.citations ?? []), ...written, ...(answer?.passages ?? []), ...listed]) {
    const group = [item, ...(item.also_in ?? [])];
    const found = group.find((each) => isSame(each, place));
    if (found) return { found, group, beside };
  }
  return { found: null, group: [], beside };
}
