// All places that answer, by document, and a file of them to keep.

import { sureness } from "./answer.js";
import { webAddress } from "./citation.js";
import { fileOf, placeHeading } from "./places.js";
import { csv, saveFile } from "./saving.js";
import { button, counted, element, foreign } from "./text.js";
import { quoteOf } from "./words.js";

const OPEN = 20;

/** The section that lists all places. */
export function allPlaces(answer) {
  const { count, complete, documents, bounds = [] } = answer.all;
  if (!count) return [element("h2", "", "All places"), element("p", "note", "There are none.")];
  const told = `${counted(count, "place")} in ${counted(documents.length, "document")}. `;
  return [element("h2", "", "All places"),
    element("p", "", told, complete
      ? "All that the search found was read." : ["There may be more.", ...bounds].join(" ")),
    element("p", "tools",
      button("Download as CSV", () => saveFile(`${stem(answer)}.csv`, "text/csv", csv(rows(answer))),
        "plain"),
      button("Download as JSON", () => saveFile(`${stem(answer)}.json`, "application/json",
        JSON.stringify(answer.all, null, 2)), "plain")),
    element("ol", "documents", ...documents.map((each, i) => group(each, i < OPEN)))];
}

function group(document, open) {
  const places = counted(document.quotes.length, "place");
  const summary = element("summary", "", element("strong", "", foreign(document.document_title)),
    element("span", "note", " · ", places));
  const node = element("details", "card group", summary,
    element("p", "where", foreign(fileOf(document.source))),
    element("ol", "", ...document.quotes.map(quoteItem)));
  node.open = open;
  return element("li", "", node);
}

function quoteItem(quote) {
  const words = element("blockquote", "text", quoteOf(quote));
  const item = element("li", "", words, placeHeading(quote));
  if (typeof quote.confidence === "number") {
    const sure = element("p", "note sureness", sureness(quote.confidence));
    sure.title = `Confidence ${quote.confidence.toFixed(2)} of 1`;
    item.append(sure);
  }
  return item;
}

const stem = (answer) => answer.question.toLowerCase()
  .replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "places";

const COLUMNS = ["document_title", "source", "document_id", "label", "heading_path", "cited_text",
  "start_page_number", "end_page_number", "row_number", "start_char_index", "end_char_index",
  "confidence", "url"];

function rows({ all }) {
  const quotes = all.documents.flatMap((each) => each.quotes.map((quote) => ({
    ...quote,
    heading_path: (quote.heading_path ?? []).join(" › "),
    url: webAddress(quote),
  })));
  return [COLUMNS, ...quotes.map((quote) => COLUMNS.map((name) => quote[name]))];
}
