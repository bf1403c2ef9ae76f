// What comes from JSON reaches the page through these: as text, never as markup.

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children); // strings become text nodes: markup in them stays text
  return node;
}

export function button(label, onClick, className = "") {
  const node = element("button", className, label);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

/** Divide `text` at the ends of `spans`; what lies in one or more of them becomes a <mark>. */
export function marked(text, spans) {
  const ends = [0, Infinity, ...spans.flatMap(({ start, end }) => [start, end])];
  const cuts = [...new Set(ends)].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const over = spans.filter((span) => span.start <= cuts[i] && end <= span.end);
    const words = slice(text, cuts[i], end);
    return over.length ? element("mark", over.map((span) => span.kind).join(" "), words) : words;
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
