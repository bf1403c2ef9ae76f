// Files that are made in the browser and saved by it.

/** Save `content` under a name, as downloads are. */
export function saveFile(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // once the browser has read it
}

/** Rows as CSV (RFC 4180) with a byte order mark, by which Excel sees that it is UTF-8. */
export const csv = (rows) => `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return `"${text.replaceAll("\"", "\"\"")}"`;
}

/** What a spreadsheet would run as a formula; an apostrophe before it makes it text. */
const FORMULA = /^[=+\-@\t\r]/;
