// Words of a document as it has them: running text, code, or a table.

import { element, foreign } from "./text.js";

const CODE = new RegExp(`\\.(?:${[
  "asm bash bat c cc cfg clj cmake conf cpp cs css cxx dart el ex exs f90 fs go gradle graphql h hh",
  "hpp hs ini java jl js json jsx kt kts less lisp lua mjs cjs ml nim pas php pl pm properties proto",
  "ps1 py pyi r rb rs s sass scala scm scss sh sol sql svelte swift tcl tf toml ts tsx v vb vhd vim",
  "vue yaml yml zig zsh",
].join(" ").replaceAll(" ", "|")})$`, "i");
const FENCE = /^\s*(```|~~~)/;

/** Whether words are code: those of a file of code, or of a fenced block. */
export const isCode = (source, words) => CODE.test(source) || FENCE.test(words);

/** Words as they stand; code keeps its lines and has letters of one width. */
export function wordsOf(source, words) {
  if (!isCode(source, words)) return foreign(words);
  const shown = element("pre", "code", element("code", "", words));
  shown.tabIndex = 0; // wide code scrolls, for the keyboard, too
  return shown;
}

/**
 * A <table> of `{columns, rows, unit, cell}` under its caption, if it has one; the cell asked for is
 * marked.
 */
export function tableOf({ columns, rows, unit, cell }, caption = []) {
  const told = [...caption, ...(unit ? [" ", element("span", "unit", foreign(unit))] : [])];
  const table = element("table");
  if (told.length) table.append(element("caption", "", element("span", "", ...told)));
  if (columns) {
    const heads = columns.map((each, i) => headerCell(each, "col", alignment(rows, i)));
    table.append(element("thead", "", element("tr", "", ...heads)));
  }
  table.append(element("tbody", "", ...rows.map((values, i) => (
    element("tr", "", ...cellsOf(values, cell?.row === i ? cell.column : null, rows))))));
  const isRecord = columns && rows.length === 1; // a phone shows its fields one below another
  if (isRecord) [...table.tBodies[0].rows[0].cells].forEach((each, i) => { each.dataset.label = columns[i]; });
  const frame = element("div", isRecord ? "table record" : "table", table);
  frame.tabIndex = 0; // a wide table scrolls, for the keyboard, too
  frame.role = "group";
  frame.ariaLabel = "Table";
  return frame;
}

/** The cells of a row; that of the column `asked` is marked. A label alone is as wide as the table. */
function cellsOf([first, ...others], asked, rows) {
  if (!others.length) return [valueCell(first, asked === 0)];
  const head = headerCell(first, "row");
  if (others.some((each) => each.trim())) {
    return [head, ...others.map((value, j) => (
      valueCell(value, asked === j + 1, alignment(rows, j + 1))))];
  }
  head.colSpan = others.length + 1;
  return [head];
}

const NUMBER = /^[-–—+(]?\s*[$€£¥]?\s*[(]?[\d.,]+\s*[)]?\s*[%)]*$|^[-–—]$/;

function headerCell(words, scope, className = "") {
  if (!words.trim()) return element("td");
  const node = element("th", className, foreign(words));
  node.scope = scope;
  return node;
}

function valueCell(words, isAsked, className = "") {
  const shown = isAsked ? element("mark", "highlight", foreign(words)) : foreign(words);
  return element("td", className, shown);
}

/** The class of a column and its heading: "number" where most of it are numbers. */
function alignment(rows, column) {
  const values = rows.map((each) => each[column]?.trim()).filter(Boolean);
  const numbers = values.filter((each) => NUMBER.test(each));
  return column && numbers.length * 2 > values.length ? "number" : "";
}

/** A quote as a person reads it: as a table where it has one, else as its words. */
export function quoteOf(quote) {
  return quote.table?.rows.length
    ? tableOf(quote.table) : wordsOf(quote.source, quote.cited_text);
}
