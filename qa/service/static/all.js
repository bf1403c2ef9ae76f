// All places that answer, by file, and a file of them to keep.

import { sureness } from "./answer.js";
import { fileOf, placeHeading } from "./places.js";
import { saveFile } from "./saving.js";
import { button, counted, element, foreign } from "./text.js";
import { quoteOf } from "./words.js";

const OPEN = 20;
const BYTE_ORDER_MARK = "\ufeff"; // by which Excel sees that it is UTF-8

/** The section that lists all places; `csv` gets them as a table. */
export function allPlaces(answer, csv) {
  const { count, complete, documents, bounds = [], remarks = [] } = answer.all;
  if (!count) {
    const why = bounds.length ? `None was found: ${bounds.join("; ")}.` : "There are none.";
    return [element("h2", "", "All places"), element("p", "note", foreign(why))];
  }
  const files = [...Map.groupBy(documents, (each) => each.source).values()];
  const told = `${counted(count, "place")} in ${counted(files.length, "file")}. `;
  return [element("h2", "", "All places"),
    element("p", "", told, complete
      ? "All that the search found was read." : `There may be more: ${bounds.join("; ")}.`),
    ...remarks.map((remark) => element("p", "note", foreign(remark))),
    element("p", "tools",
      button("Download as CSV", async () =>
        saveFile(`${stem(answer)}.csv`, "text/csv", `${BYTE_ORDER_MARK}${await csv()}`), "plain"),
      button("Download as JSON", () => saveFile(`${stem(answer)}.json`, "application/json",
        JSON.stringify(answer.all, null, 2)), "plain")),
    element("ol", "documents", ...files.map((each, i) => group(each, i < OPEN)))];
}

/** The quotes of a file; its rows are documents, with titles of their own. */
function group(documents, open) {
  const [{ document_title: title, source }] = documents;
  const quotes = documents.flatMap((each) => each.quotes);
  const name = documents.length > 1 ? fileOf(source) : title;
  const summary = element("summary", "", element("strong", "", foreign(name)),
    element("span", "note", " · ", counted(quotes.length, "place")));
  const node = element("details", "card group", summary,
    element("p", "where", foreign(fileOf(source))),
    element("ol", "", ...quotes.map(quoteItem)));
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
