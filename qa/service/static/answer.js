// The answer: its quotes, each with its citations beside it, how it was read, how sure it is, and
// whether it was of help.

import { addressOf } from "./address.js";
import { citationItem } from "./citation.js";
import { labelOf } from "./places.js";
import { request } from "./service.js";
import { button, counted, element, foreign, joined, link, slice } from "./text.js";
import { isCode, tableOf, wordsOf } from "./words.js";

/** What stands in place of the answer. */
export function answerBody(answer) {
  return [
    element("h2", "", "Answer"),
    ...readings(answer),
    quotes(answer),
    confidence(answer),
  ];
}

// --- How the question was read ---

const either = (nodes) => nodes.flatMap((node, i) => (
  i ? [i < nodes.length - 1 ? ", " : " or ", node] : [node]));
const quoted = (words) => element("span", "", "“", foreign(words), "”");

/** Words that no document holds, but for those of a missing name, which is told by itself. */
export function unknownWords(answer) {
  const inNames = answer.missing_names.join(" ").toLowerCase().split(" ");
  const bare = (word) => word.toLowerCase().replace(/['’]s$/, "");
  return answer.unknown_words.filter((word) => !inNames.includes(bare(word)));
}

/** What was searched, how words were read, and which names and words no document has. */
export function readings(answer) {
  const notes = [...searched(answer), ...answer.corrections.map(
    ({ written, read }) => ["“", foreign(written), "” was read as “", foreign(read), "”."],
  )];
  const names = answer.missing_names.map(quoted);
  if (names.length) notes.push(["No document found has the name ", ...either(names), "."]);
  const unknown = unknownWords(answer).map(quoted);
  if (unknown.length) notes.push(["No document holds ", ...either(unknown), "."]);
  return notes.map((note) => element("p", "note", ...note));
}

/** A question that follows on from earlier ones: what was searched, and a way to undo it. */
function searched(answer) {
  if (!answer.searched) return [];
  const carried = (answer.carried_over ?? []).map(quoted);
  const from = carried.length ? [" with ", ...joined(carried, ", "), " from before"] : [];
  return [["Searched: ", quoted(answer.searched), ...from, ". ",
    link(addressOf({ history: [] }), "plain", "Ask it by itself")]];
}

// --- The quotes ---

function quotes(answer) {
  const told = new Set();
  const blocks = blocksOf(answer).map((spans) => {
    const numbers = [...new Set(spans.flatMap(({ citations }) => citations))];
    const fresh = numbers.filter((number) => !told.has(number));
    fresh.forEach((number) => told.add(number));
    const items = answer.citations.filter(({ number }) => fresh.includes(number));
    return element("li", "block", ...wordsOfBlock(spans, numbers, answer),
      ...(items.length ? [citations(items, answer)] : []));
  });
  return element("ol", "answer", ...blocks);
}

/** The citations of a quote; where there are several, each has the words that it is of. */
function citations(items, answer) {
  const several = items.length > 1;
  const list = element("ul", "citations",
    ...items.map((each) => citationItem(each, answer, several)));
  list.ariaLabel = items.length > 1 ? "Citations" : "Citation";
  return list;
}

/** The spans of the answer's text, together where a line end joins them: the parts of a quote. */
function blocksOf({ answer: { text, spans } }) {
  const blocks = [];
  spans.forEach((span, i) => {
    const joins = i && slice(text, spans[i - 1].end, span.start) === "\n";
    if (joins) blocks.at(-1).push(span);
    else blocks.push([span]);
  });
  return blocks;
}

/** A quote's words; those of a table as one, with its words below, letter for letter. */
function wordsOfBlock(spans, numbers, answer) {
  const words = element("blockquote", spans.length > 1 ? "words parts" : "words",
    ...spansOf(spans, answer));
  const cited = answer.citations.filter(({ number }) => numbers.includes(number));
  const widest = cited.filter(({ table }) => table?.rows.length) // of equals the last, the row
    .sort((one, other) => one.table.rows.length - other.table.rows.length).at(-1);
  if (!widest) return [words];
  const opening = link(addressOf({ place: widest }), "", ...labelOf(widest));
  const frame = tableOf(widest.table, [opening]);
  frame.dataset.cites = numbers.join(" ");
  frame.querySelector("caption > span").append(...linksOf(numbers, answer));
  return [frame, element("details", "also verbatim", element("summary", "", "Word for word"), words)];
}

function spansOf(spans, answer) {
  return spans.map(({ start, end, citations: numbers }) => {
    const words = slice(answer.answer.text, start, end);
    const source = answer.citations.find(({ number }) => numbers.includes(number))?.source ?? "";
    const className = isCode(source, words) ? "quote block-code" : "quote";
    const quote = element("span", className, wordsOf(source, words));
    quote.dataset.cites = numbers.join(" ");
    quote.append(...linksOf(numbers, answer));
    return quote;
  });
}

const linksOf = (numbers, { citations: all }) => numbers.map((number) => (
  numberLink(all.find((each) => each.number === number), "Citation")));

/** The number of a citation, which opens it; `called` names it to who cannot see where it stands. */
export function numberLink(place, called) {
  const open = link(addressOf({ place }), "", String(place.number));
  open.ariaLabel = `${called} ${place.number}, open its document`;
  return element("sup", "", open);
}

// --- How sure ---

const SURE = [[0.9, "very sure"], [0.6, "fairly sure"], [0, "unsure"]];

/** A probability in words. */
export const sureness = (confidence) => SURE.find(([least]) => confidence >= least)[1];

function confidence(answer) {
  const told = `Confidence ${answer.confidence.toFixed(2)} of 1`;
  const words = element("strong", "", sureness(answer.confidence));
  const summary = element("summary", "", "Pincite is ", words, " that this answers");
  summary.title = told;
  return element("details", "facts sure", summary, element("p", "", ...promise(answer, told)));
}

function promise({ calibration }, told) {
  if (!calibration) {
    return [`${told}: how likely this answers, judged from public questions, not from yours.`];
  }
  const held = calibration.promise ?? `Nothing is promised: ${calibration.stale
    ? "the documents changed since it was calibrated." : "the threshold was set by hand."}`;
  return [`${told}. `, foreign(held)];
}

/** How many documents the passages are of, for the screen without an answer. */
export function passagesOf(answer) {
  const documents = new Set(answer.passages.map((each) => each.document_id)).size;
  return `${counted(answer.passages.length, "passage")} of ${counted(documents, "document")}`;
}

/** A button that asks for all places, where the service can list them. */
export function allButton(answer, show) {
  if (!("all" in answer) || answer.all) return [];
  return [...(answer.more ? [element("span", "note", answer.answered
    ? "More than this answers." : "Rows of a table match.")] : []), button("Show all places", show)];
}

// --- Whether it was of help: a thumb, kept for whoever runs the service ---

const MOST_CITATIONS = 20;

/** Ask whether an answer, or that there is none, was of help. */
export function rating(answer) {
  const node = element("p", "rating note");
  node.role = "status";
  const rate = async (helpful) => {
    node.replaceChildren("Sending…");
    try {
      await request("v1/feedback", { body: feedback(answer, helpful), quietly: true });
      node.replaceChildren("Thank you. It is kept for whoever runs this service.");
    } catch (refusal) {
      node.replaceChildren("It could not be kept: ", foreign(refusal.message), " ", ...choice());
    }
  };
  const choice = () => [
    button("Yes", () => rate(true), "plain"), button("No", () => rate(false), "plain"),
  ];
  node.append("Was this of help? ", ...choice());
  return node;
}

function feedback(answer, helpful) {
  const citations = answer.citations.slice(0, MOST_CITATIONS).map((each) => ({
    document_id: each.document_id,
    cited_text: each.cited_text,
    start_char_index: each.start_char_index,
    end_char_index: each.end_char_index,
  }));
  const { question, answered, snapshot } = answer;
  return { question, helpful, answered, snapshot, citations };
}

// --- What belongs together ---

/**
 * While a sentence of the answer, or a citation, is under the pointer or has the focus, light all
 * that belongs to it: sentence, citation, and the words in the passages. Nothing scrolls.
 */
export function lightSources(root) {
  root.addEventListener("pointerover", (event) => light(root, event.target));
  root.addEventListener("pointerleave", () => light(root));
  root.addEventListener("focusin", (event) => light(root, event.target));
  root.addEventListener("focusout", () => light(root));
}

function light(root, node = null) {
  const numbers = citesOf(node) ?? citesOf(document.activeElement) ?? [];
  for (const each of root.querySelectorAll("[data-cites]")) {
    each.classList.toggle("lit", citesOf(each).some((number) => numbers.includes(number)));
  }
}

const citesOf = (node) => node?.closest("[data-cites]")?.dataset.cites.split(" ");
