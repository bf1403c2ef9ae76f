// Conditions on a document's fields: as the address writes them (FIELD=VALUE, the value in JSON),
// as the service reads them, in words, and whether a listed document meets them.

const WRITTEN = /^\s*([^=<>^]+?)\s*(\^=|>=|<=|=)\s*(.*?)\s*$/s;

/** What a condition can ask, by its sign: the operator of the service, and the words for it. */
export const SIGNS = {
  "=": { operator: "in", words: "is" },
  "^=": { operator: "prefix", words: "starts with" },
  ">=": { operator: "gte", words: "from" },
  "<=": { operator: "lte", words: "up to" },
};

/** What every document has of its own, by the names that filters call it. */
const OWN_FIELDS = {
  path: (document) => document.source,
  title: (document) => document.title,
  media_type: (document) => document.media_type,
  modified: (document) => document.modified,
};
const OWN_NAMES = [...Object.keys(OWN_FIELDS), "id", "source"];

/** A condition of an address, `{field, sign, value}`; null if it is none. */
export function parse(text) {
  const found = WRITTEN.exec(text);
  if (!found) return null;
  const [, field, sign, value] = found;
  return { field, sign, value: valueOf(value) };
}

function valueOf(text) {
  try {
    const value = JSON.parse(text);
    return ["string", "number", "boolean"].includes(typeof value) ? value : text;
  } catch {
    return text;
  }
}

/** A condition as an address has it: `parse` gives it back. */
export const written = ({ field, sign, value }) => `${field}${sign}${JSON.stringify(value)}`;

/** Whether a field can be written in an address. */
const isWritable = (field) => parse(`${field}=1`)?.field === field;

const NAMES = { path: "Path", title: "Title", media_type: "Type", modified: "Changed" };
export const nameOf = (field) => NAMES[field] ?? field.replace(/^metadata\./, "");

export const inWords = ({ field, sign, value }) => (
  [nameOf(field), SIGNS[sign].words, String(value)]);

/** The conditions as the service reads them: of several values of a field, one must hold. */
export function asBody(conditions) {
  const filters = Object.create(null); // a field may have any name
  for (const { field, sign, value } of conditions) {
    const { operator } = SIGNS[sign];
    const wanted = filters[field] ??= {};
    if (operator === "in") wanted.in = [...(wanted.in ?? []), value];
    else wanted[operator] = value;
  }
  return filters;
}

/** The conditions with one more: another of the same kind is replaced, unless it names a value. */
export function adding(conditions, added) {
  const isSame = (each) => each.field === added.field && each.sign === added.sign
    && (each.sign !== "=" || each.value === added.value);
  return [...conditions.filter((each) => !isSame(each)), added];
}

/** What a listed document has in a field, as a list. */
export function valuesOf(document, field) {
  const own = OWN_FIELDS[field];
  const value = own ? own(document) : document.metadata[field.replace(/^metadata\./, "")];
  return [value ?? []].flat().filter((each) => each !== "");
}

/** The fields that listed documents have: their metadata first, then what each has of its own. */
export function fieldsOf(documents) {
  const metadata = new Set(documents.flatMap((each) => Object.keys(each.metadata)));
  const named = [...metadata].sort().map((each) => (
    OWN_NAMES.includes(each) ? `metadata.${each}` : each));
  const own = Object.keys(OWN_FIELDS).filter((field) => (
    documents.some((each) => valuesOf(each, field).length)));
  return [...own.slice(0, 1), ...named.filter(isWritable), ...own.slice(1)];
}

/** Whether a listed document meets all conditions, as the service would judge. */
export function meets(document, conditions) {
  return Object.entries(asBody(conditions)).every(([field, wanted]) => (
    Object.entries(wanted).every(([operator, bound]) => (
      valuesOf(document, field).some((value) => holds(value, operator, bound))))));
}

function holds(value, operator, bound) {
  if (operator === "in") return bound.includes(value);
  if (typeof value !== typeof bound) return false;
  if (operator === "prefix") return value.startsWith(bound);
  return operator === "gte" ? value >= bound : value <= bound;
}
