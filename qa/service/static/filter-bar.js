// The filters beside the question and the list: chips that can be removed, and a form that adds one.

import { addressOf, go, read } from "./address.js";
import * as catalogue from "./catalogue.js";
import { SIGNS, adding, fieldsOf, inWords, nameOf, valuesOf } from "./filters.js";
import { notify } from "./notice.js";
import { button, element, foreign } from "./text.js";

const MOST_SUGGESTED = 200;
const root = document.getElementById("filters");
const chips = element("ul", "chips");
chips.ariaLabel = "Filters";
const field = element("select");
const sign = element("select");
const value = element("input");
const values = element("datalist");
const complaint = element("p", "complaint");
const form = element("form", "filter-form", labelled("Field", field), labelled("Condition", sign),
  labelled("Value", value), element("button", "", "Add"), values, complaint);
const editor = element("details", "filter-editor", element("summary", "", "Add a filter"), form);
let documents = [];

values.id = "filter-values";
value.setAttribute("list", values.id);
value.autocomplete = "off";
value.required = true;
complaint.role = "alert";
form.ariaLabel = "Add a filter";
form.hidden = true;
root.prepend(chips, editor);

function labelled(name, control) {
  return element("label", "", name, control);
}

/** Show the filters of the address. */
export function show({ filters }) {
  chips.replaceChildren(...filters.map((each, i) => {
    const [name, words, wanted] = inWords(each);
    const remove = button("×", () => {
      const others = read().filters.filter((_, at) => at !== i);
      go(addressOf({ filters: others, list: 1 }));
      (chips.children[Math.min(i, others.length - 1)]?.querySelector("button")
        ?? editor.firstChild).focus();
    });
    remove.ariaLabel = `Remove the filter ${name} ${words} ${wanted}`;
    return element("li", "chip",
      element("span", "", foreign(name), ` ${words} `, foreign(wanted)), remove);
  }));
  chips.hidden = !filters.length;
}

editor.addEventListener("toggle", open);
editor.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  editor.open = false;
  editor.firstChild.focus();
});
field.addEventListener("change", offerSigns);
sign.addEventListener("change", offerValues);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = typed(value.value.trim());
  if (wanted === null) return;
  const added = { field: field.value, sign: sign.value, value: wanted };
  editor.open = false;
  value.value = "";
  go(addressOf({ filters: adding(read().filters, added), list: 1 }));
  editor.firstChild.focus();
});

async function open() {
  if (!editor.open) return;
  complaint.textContent = "";
  try {
    ({ documents } = await catalogue.list());
  } catch (refusal) {
    editor.open = false;
    notify(refusal.message);
    return;
  }
  field.replaceChildren(...fieldsOf(documents).map((each) => option(each, nameOf(each))));
  form.hidden = false;
  offerSigns();
  field.focus();
}

function option(name, words = name) {
  const node = element("option", "", words);
  node.value = name;
  return node;
}

const had = () => documents.flatMap((each) => valuesOf(each, field.value));
const kindOf = () => typeof (had()[0] ?? "");

function offerSigns() {
  const isText = kindOf() === "string";
  const order = field.value === "path" ? ["^=", "="] : ["=", ...(isText ? ["^="] : [])];
  const ranged = kindOf() === "boolean" || field.value === "path" ? [] : [">=", "<="];
  sign.replaceChildren(...[...order, ...ranged].map((each) => option(each, SIGNS[each].words)));
  offerValues();
}

function offerValues() {
  const all = field.value === "path" && sign.value === "^=" ? had().flatMap(foldersOf) : had();
  const counts = new Map();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  const sorted = [...counts].sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1));
  values.replaceChildren(...sorted.slice(0, MOST_SUGGESTED).map(([each]) => option(String(each))));
  complaint.textContent = "";
}

/** The folders that a file lies in: "a/b/c.txt" gives "a/" and "a/b/". */
function foldersOf(path) {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => `${parts.slice(0, i + 1).join("/")}/`);
}

/** What was typed, as the kind of value that documents have there; null if it is none. */
function typed(text) {
  const kind = kindOf();
  if (kind === "string") return text;
  const wanted = kind === "number" ? Number(text) : { true: true, false: false }[text];
  if (wanted === undefined || Number.isNaN(wanted)) {
    complaint.textContent = kind === "number" ? "Write a number." : "Write true or false.";
    return null;
  }
  return wanted;
}
