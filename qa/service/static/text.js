// What comes from JSON reaches the page through these: as text, never as markup, and with its
// direction kept to itself: text from right to left must not reorder the page's own words.

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children); // strings become text nodes: markup in them stays text
  return node;
}

/** Text of a document, a question or a file's name, within the page's own words. */
export const foreign = (words) => element("bdi", "", words);

/** The same where there are no elements, as in the tab's title: without what turns text around. */
export const plain = (words) => words.replace(CONTROLS, " ");

const CONTROLS = /[\u0000-\u001f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function button(label, onClick, className = "") {
  const node = element("button", className, label);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

export function link(href, className, ...children) {
  const node = element("a", className, ...children);
  node.href = href;
  return node;
}

export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const SMALL = new Set("A AN AND AS AT BY FOR FROM IN OF ON OR THE TO WITH".split(" "));

/** A title or heading that is shouted, less loud; short words may be names, and stay. */
export function calm(words) {
  const letters = words.match(/\p{L}/gu)?.length ?? 0;
  const capitals = words.match(/\p{Lu}/gu)?.length ?? 0;
  if (2 * capitals <= letters || !/\s/.test(words)) return words;
  return words.replace(/\p{Lu}+/gu, (word, at) => {
    if (SMALL.has(word) && at) return word.toLowerCase();
    return word.length > 3 ? word[0] + word.slice(1).toLowerCase() : word;
  });
}

/** Put `between` between the nodes. */
export function joined(nodes, between) {
  return nodes.flatMap((node, i) => (i ? [between, node] : [node]));
}

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** The day of an ISO date; "" if it is none. */
export function dayOf(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.valueOf()) ? "" : DATE.format(date);
}

const NUMBERS = new Intl.NumberFormat("en");
export const counted = (number, one, more = `${one}s`) => (
  `${NUMBERS.format(number)} ${number === 1 ? one : more}`);

/**
 * Divide `text` at the ends of `spans`; what lies in one or more of them becomes a <mark>.
 * `cites` of a span are the numbers of the citations that quote it.
 */
export function marked(text, spans) {
  const ends = [0, Infinity, ...spans.flatMap(({ start, end }) => [start, end])];
  const cuts = [...new Set(ends)].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const over = spans.filter((span) => span.start <= cuts[i] && end <= span.end);
    const words = slice(text, cuts[i], end);
    if (!over.length) return words;
    const mark = element("mark", [...new Set(over.map((span) => span.kind))].join(" "), words);
    const cites = over.flatMap((span) => span.cites ?? []);
    if (cites.length) mark.dataset.cites = cites.join(" ");
    return mark;
  });
}

/** Like `text.slice`, by offsets that count code points, where strings count UTF-16 units. */
export function slice(text, start, end = Infinity) {
  const from = unitsOf(text, start);
  return text.slice(from, end === Infinity ? undefined : unitsOf(text, end));
}

function unitsOf(text, codePoints) {
  let units = 0;
  for (let n = 0; n < codePoints && units < text.length; n += 1) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
  }
  return units;
}
