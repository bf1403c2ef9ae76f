// A citation: its number, what it is called, and what can be done with it.

import { alsoIn, details, holds, labelOf, placeHeading } from "./places.js";
import { copy } from "./notice.js";
import { button, element, foreign, link } from "./text.js";

/** What tells a citation from all others of the page: those of a text are numbered anew. */
export const keyOf = ({ key, number }) => key ?? String(number);

/** A citation of the answer; one of several of a quote `hasWords` of its own, to tell them apart. */
export function citationItem(citation, answer, hasWords) {
  const item = element("li", "citation", placeHeading(citation),
    ...(hasWords ? [element("p", "of", "“", foreign(citation.cited_text), "”")] : []),
    element("p", "tools", ...tools(citation, answer)),
    ...alsoIn(citation));
  item.id = `citation-${keyOf(citation)}`;
  item.dataset.cites = keyOf(citation);
  item.dataset.number = citation.number;
  return item;
}

function tools(citation, answer) {
  const passage = answer.passages.find((each) => holds(each, citation));
  const copying = button("Copy quote", () => copy(asText(citation), "Quote copied."), "plain");
  copying.title = "Copy the words with their citation";
  return [
    copying,
    ...(passage ? [button(`Show in passage ${passage.rank}`, () => goTo(passage), "plain")] : []),
    ...(webAddress(citation) ? [outside(citation)] : []),
  ];
}

/** A link to the exact place on the web, where the document has an address there. */
function outside(citation) {
  const anchor = link(webAddress(citation), "plain", "Open on the web");
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

/** The address of a citation on the web; "" without one, or if it is of another kind. */
export function webAddress({ url }) {
  return /^https?:\/\//i.test(url ?? "") ? url : "";
}

/** The words with their citation, as they are pasted elsewhere. */
function asText(citation) {
  const textOf = (nodes) => element("span", "", ...nodes).textContent;
  const parts = [textOf(labelOf(citation)), textOf(details(citation)), webAddress(citation)];
  return `“${citation.cited_text}”\n— ${parts.filter(Boolean).join(" · ")}`;
}

function goTo(passage) {
  const item = document.getElementById(`passage-${passage.rank}`);
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "center" });
}
