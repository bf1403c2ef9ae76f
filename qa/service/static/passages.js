// The passages behind an answer, each folded to what matters.

import { excerpt } from "./excerpt.js";
import { alsoIn, holds, labelOf, placeHeading } from "./places.js";
import { element } from "./text.js";
import { isCode, tableOf } from "./words.js";

/** The section of passages, under a heading. */
export function passageList(answer, heading, legend) {
  return [element("h2", "", heading),
    ...(legend ? [element("p", "legend", legend)] : []),
    element("ol", "", ...answer.passages.map((each) => passageItem(each, answer)))];
}

function passageItem(passage, answer) {
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
  const rows = passage.table?.rows.length ? [tableOf(passage.table, labelOf(passage))] : [];
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
