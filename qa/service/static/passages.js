// The passages behind an answer, each folded to the lines that matter, with a button that unfolds
// it. All of its text is there; what is folded away is not shown.

import { keyOf } from "./citation.js";
import { alsoIn, holds, placeHeading } from "./places.js";
import { button, element, marked, slice } from "./text.js";
import { isCode, tableOf } from "./words.js";

// In code points, as offsets count.
const BEGINNING = 200;
const LONGEST = 400;
const NEAR = 120;
const AROUND = 60;
const LEAST_FOLDED = 120;

/** The section of passages, under a heading. */
export function passageList(answer, heading, legend) {
  return [element("h2", "", heading),
    ...(legend ? [element("p", "legend", legend)] : []),
    element("ol", "", ...answer.passages.map((each) => passageItem(each, answer)))];
}

function passageItem(passage, answer) {
  const from = passage.start_char_index;
  const highlights = passage.highlights.map((each) => ({ ...each, kind: "highlight" }));
  const all = [...answer.citations, ...(answer.written?.citations ?? [])];
  const cited = all.filter((each) => holds(passage, each)).map((each) => ({
    start: each.start_char_index - from,
    end: each.end_char_index - from,
    kind: "cited",
    cites: [keyOf(each)],
  }));
  const score = element("span", "score", `score ${passage.score.toFixed(2)}`);
  score.title = "How far the passage goes towards answering, 0 to 1";
  const rows = passage.table?.rows.length ? [tableOf(passage.table)] : [];
  const shown = excerpt(passage.text, [...highlights, ...cited], rows.length > 0);
  if (isCode(passage.source, passage.text)) shown[0].classList.add("code");
  const item = element("li", "card passage",
    element("header", "", placeHeading(passage), score),
    ...rows, ...shown,
    ...alsoIn(passage));
  item.id = `passage-${passage.rank}`;
  item.tabIndex = -1;
  return item;
}

// --- Folding ---

/**
 * The text of a passage with `spans` marked, folded to what is cited, or else answers best; to
 * nothing where that is `told` already, as by a table.
 */
function excerpt(text, spans, told = false) {
  const points = [...text];
  const shown = told ? [] : widened(points, shownOf(spans));
  const folded = gaps(shown, points.length);
  const hidden = folded.reduce((sum, { start, end }) => sum + end - start, 0);
  if (!told && hidden < LEAST_FOLDED) {
    return [element("p", "text", ...marked(text, spans))];
  }
  const pieces = [...shown, ...folded].sort((a, b) => a.start - b.start);
  const paragraph = element("p", "text folded", ...pieces.map((piece) => {
    const words = marked(slice(text, piece.start, piece.end), within(spans, piece));
    return element("span", folded.includes(piece) ? "rest" : "kept", ...words);
  }));
  const toggle = button("Show the whole passage", () => {
    const isFolded = paragraph.classList.toggle("folded");
    toggle.textContent = isFolded ? "Show the whole passage" : "Show less";
    toggle.ariaExpanded = String(!isFolded);
  }, "plain");
  toggle.ariaExpanded = "false";
  return [paragraph, toggle];
}

/** What to show of a passage: what is cited of it, else its best part, else its beginning. */
function shownOf(spans) {
  const cited = spans.filter(({ kind }) => kind === "cited");
  const best = cited.length ? cited : spans.slice(0, 1);
  if (!best.length) return [{ start: 0, end: BEGINNING }];
  return best.map(({ start, end }) => ({ start, end: Math.min(end, start + LONGEST) }));
}

/** The same with the rest of their lines, or some words more, joined where they nearly touch. */
function widened(points, spans) {
  const joined = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const start = before(points, Math.min(span.start, points.length));
    const end = after(points, Math.min(span.end, points.length));
    const last = joined.at(-1);
    if (last && start - last.end < LEAST_FOLDED) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

const isBlank = (point) => /\s/.test(point);

function before(points, at) {
  const line = at ? points.lastIndexOf("\n", at - 1) + 1 : 0;
  if (at - line <= NEAR) return line;
  let start = at - AROUND;
  while (start > line && !isBlank(points[start - 1])) start -= 1;
  return start;
}

function after(points, at) {
  const found = points.indexOf("\n", at);
  const line = found < 0 ? points.length : found;
  if (line - at <= NEAR) return line;
  let end = at + AROUND;
  while (end < line && !isBlank(points[end])) end += 1;
  return end;
}

function gaps(spans, length) {
  const ends = [0, ...spans.flatMap(({ start, end }) => [start, end]), length];
  const between = [];
  for (let i = 0; i < ends.length; i += 2) {
    if (ends[i] < ends[i + 1]) between.push({ start: ends[i], end: ends[i + 1] });
  }
  return between;
}

/** The parts of spans that lie in a piece, counted from its start. */
function within(spans, piece) {
  return spans
    .map((span) => ({
      ...span,
      start: Math.max(span.start, piece.start) - piece.start,
      end: Math.min(span.end, piece.end) - piece.start,
    }))
    .filter(({ start, end }) => start < end);
}
