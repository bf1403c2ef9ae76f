// All places that answer, by file, and a file of them to keep.

import { addressOf } from "./address.js";
import { sureness } from "./answer.js";
import { fileOf, pageOf, placeHeading } from "./places.js";
import { saveFile } from "./saving.js";
import { button, counted, element, foreign, link } from "./text.js";
import { quoteOf, tableOf } from "./words.js";

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
    element("ol", "", ...runs(quotes).map((run) => (run.length > 1 ? rowsItem(run) : quoteItem(run[0])))));
  node.open = open;
  return element("li", "", node);
}

/** The quotes in order; rows of one table that follow one another are together. */
function runs(quotes) {
  const found = [];
  for (const quote of quotes) {
    if (found.length && isRow(quote) && columnsOf(found.at(-1)[0]) === columnsOf(quote)) {
      found.at(-1).push(quote);
    } else found.push([quote]);
  }
  return found;
}

const isRow = ({ table }) => table?.columns && table.rows.length === 1;
const columnsOf = (quote) => (isRow(quote) ? JSON.stringify(quote.table.columns) : null);

/** Rows of one table, each with a link that opens its place. */
function rowsItem(quotes) {
  const { columns } = quotes[0].table;
  const frame = tableOf({ columns, rows: quotes.map(({ table }) => table.rows[0]) });
  frame.classList.add("rows");
  frame.querySelector("thead tr").prepend(element("td"));
  [...frame.querySelectorAll("tbody tr")].forEach((row, i) => {
    const place = quotes[i];
    const opening = link(addressOf({ place }), "place", pageOf(place) || "Open");
    opening.ariaLabel = `Open ${pageOf(place)} of ${fileOf(place.source)}`;
    row.prepend(element("td", "", opening));
  });
  return element("li", "", frame);
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
