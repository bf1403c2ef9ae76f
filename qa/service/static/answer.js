// The answer with its citations, and the passages behind it.

import { addressOf } from "./address.js";
import { alsoIn, holds, placeHeading } from "./places.js";
import { button, counted, element, foreign, link, marked, slice } from "./text.js";

/** What stands in place of the answer: the quotes, each with its number, and how sure this is. */
export function answerBody(answer) {
  return [
    element("h2", "", "Answer"),
    ...readings(answer),
    quotes(answer),
    element("p", "facts", ...confidence(answer)),
  ];
}

const either = (nodes) => nodes.flatMap((node, i) => (
  i ? [i < nodes.length - 1 ? ", " : " or ", node] : [node]));
const quoted = (words) => element("span", "", "“", foreign(words), "”");

/** Words that no document holds, but for those of a missing name, which is told by itself. */
export function unknownWords(answer) {
  const inNames = answer.missing_names.join(" ").toLowerCase().split(" ");
  const bare = (word) => word.toLowerCase().replace(/['’]s$/, "");
  return answer.unknown_words.filter((word) => !inNames.includes(bare(word)));
}

/** How words of the question were read, and which names and words no document has. */
export function readings(answer) {
  const notes = answer.corrections.map(
    ({ written, read }) => ["“", foreign(written), "” was read as “", foreign(read), "”."],
  );
  const names = answer.missing_names.map(quoted);
  if (names.length) notes.push(["No document found has the name ", ...either(names), "."]);
  const unknown = unknownWords(answer).map(quoted);
  if (unknown.length) notes.push(["No document holds ", ...either(unknown), "."]);
  return notes.map((note) => element("p", "note", ...note));
}

function quotes(answer) {
  const { text, spans } = answer.answer;
  const shown = element("p", "answer");
  let done = 0;
  for (const { start, end, citations } of spans) {
    const quote = element("span", "quote", foreign(slice(text, start, end)));
    quote.dataset.cites = citations.join(" ");
    quote.append(...citations.map((number) => numberLink(number, answer)));
    shown.append(slice(text, done, start), quote);
    done = end;
  }
  shown.append(slice(text, done));
  return shown;
}

function numberLink(number, answer) {
  const citation = answer.citations.find((each) => each.number === number);
  const open = link(addressOf(answer.question, citation), "", String(number));
  open.ariaLabel = `Citation ${number}, open its document`;
  return element("sup", "", open);
}

function confidence(answer) {
  const told = `Confidence ${answer.confidence.toFixed(2)}`;
  const { calibration } = answer;
  if (!calibration) {
    return [`${told} of 1: how likely this answers, judged from public questions, not from yours.`];
  }
  const promise = calibration.promise ?? `Nothing is promised: ${calibration.stale
    ? "the documents changed since it was calibrated." : "the threshold was set by hand."}`;
  return [`${told} of 1. `, foreign(promise)];
}

export function citationItem(citation, answer) {
  const passage = answer.passages.find((each) => holds(each, citation));
  const jump = passage
    ? [button(`Show in passage ${passage.rank}`, () => goTo(passage), "plain")] : [];
  const item = element("li", "citation", placeHeading(citation, answer.question),
    element("blockquote", "text printed", citation.cited_text),
    ...jump,
    ...alsoIn(citation, answer.question));
  item.id = `citation-${citation.number}`;
  item.dataset.cites = citation.number;
  return item;
}

function goTo(passage) {
  const item = document.getElementById(`passage-${passage.rank}`);
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "center" });
}

export function passageItem(passage, answer) {
  const from = passage.start_char_index;
  const highlights = passage.highlights.map((each) => ({ ...each, kind: "highlight" }));
  const cited = answer.citations.filter((each) => holds(passage, each)).map((each) => ({
    start: each.start_char_index - from,
    end: each.end_char_index - from,
    kind: "cited",
    cites: [each.number],
  }));
  const score = element("span", "score", passage.score.toFixed(2));
  score.title = "Score: how far the passage goes towards answering, 0 to 1";
  const item = element("li", "card passage",
    element("header", "", placeHeading(passage, answer.question), score),
    element("p", "text", ...marked(passage.text, [...highlights, ...cited])),
    ...alsoIn(passage, answer.question));
  item.id = `passage-${passage.rank}`;
  item.tabIndex = -1;
  return item;
}

/** How many documents the passages are of, for the screen without an answer. */
export function passagesOf(answer) {
  const documents = new Set(answer.passages.map((each) => each.document_id)).size;
  return `${counted(answer.passages.length, "passage")} of ${counted(documents, "document")}`;
}
