"use strict";
const table = document.querySelector(".questions");
const rows = [...table.tBodies[0].rows];

function valueOf(row, column) {
  const text = row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text.toLowerCase();
}

function compare(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

for (const button of table.tHead.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const descending = head.ariaSort === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.ariaSort = descending ? "descending" : "ascending";
    const column = head.cellIndex;
    rows.sort((a, b) => compare(valueOf(a, column), valueOf(b, column)) * (descending ? -1 : 1));
    table.tBodies[0].append(...rows);
  });
}

const words = document.getElementById("words");
const choices = ["verdict", "kind", "split"].map((id) => document.getElementById(id));
const count = document.getElementById("count");

function filter() {
  const wanted = words.value.toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const fits = row.textContent.toLowerCase().includes(wanted)
      && choices.every((each) => !each.value || row.dataset[each.id] === each.value);
    row.classList.toggle("skip", !fits);
    shown += fits;
  }
  count.textContent = `${shown} of ${rows.length}`;
}

words.addEventListener("input", filter);
for (const each of choices) each.addEventListener("change", filter);
filter();
