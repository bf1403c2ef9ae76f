// The page: asks POST /v1/ask and shows the answer, its citations and the passages behind it.

import { button, element, marked, slice } from "./text.js";

const byId = (id) => document.getElementById(id);
const input = byId("question");
const panel = byId("document");
let asking = new AbortController();
let opening = null;

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = input.value.trim();
  if (!question) return;
  const address = `?${new URLSearchParams({ q: question })}`;
  if (address !== location.search) history.pushState(null, "", address);
  ask(question);
});
byId("document-close").addEventListener("click", () => panel.close());
panel.addEventListener("click", (event) => {
  if (event.target === panel) panel.close(); // a click beside it
});
window.addEventListener("popstate", askWhatTheAddressSays);
askWhatTheAddressSays();

function askWhatTheAddressSays() {
  panel.close();
  input.value = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  if (input.value) ask(input.value);
  else introduce();
}

// --- Talking to the service ---

async function ask(question) {
  asking.abort();
  const mine = (asking = new AbortController());
  wait(question);
  try {
    const answer = await request("v1/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question }),
      signal: mine.signal,
    });
    if (mine === asking) show(answer);
  } catch (error) {
    if (mine === asking) fail(error.message, () => ask(question));
  }
}

async function request(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("The service cannot be reached. Is it still running?");
  });
  const json = await response.json().catch(() => null);
  if (response.ok && json) return json;
  throw new Error(json?.detail ?? `The service answered with status ${response.status}.`);
}

// --- What the page shows ---

function introduce() {
  asking.abort();
  asking = new AbortController();
  document.title = "Pincite";
  fillAnswer(element("p", "note", "Ask in your own words. Every word of an answer is quoted "
    + "from your documents, and every quote leads to the place where it stands."));
}

function wait(question) {
  document.title = `${question} · Pincite`;
  fillAnswer(element("p", "note waiting", "Looking through your documents…"));
  byId("answer").ariaBusy = "true";
}

function fail(message, retry) {
  fillAnswer(element("div", "card error", element("h2", "", "That did not work"),
    element("p", "", message), button("Try again", retry)));
}

function show(answer) {
  if (answer.answered) {
    fillAnswer(element("h2", "", "Answer"), ...readings(answer), answerText(answer));
    list("citations", "Citations", answer.citations.map(citationItem));
    list("passages", "Passages", answer.passages.map((each) => passageItem(each, answer)),
      "Highlighted: nearest to the question. Underlined: quoted in the answer.");
  } else {
    fillAnswer(element("div", "card", element("h2", "", "No answer found in your documents"),
      ...readings(answer), element("p", "", "They may not treat this, or use other words. Try asking another way, "
        + "or see whether the nearest passages help.")));
    list("passages", "Nearest passages", answer.passages.map((each) => passageItem(each, answer)));
  }
  byId("facts").textContent = `Confidence ${answer.confidence.toFixed(2)} · `
    + `${Math.round(answer.took_ms)} ms · ${answer.model} · snapshot ${answer.snapshot}`
    + (answer.calibration ? ` · ${promise(answer.calibration)}` : "");
}

function readings(answer) {
  const notes = answer.corrections.map((each) => `“${each.written}” was read as “${each.read}”`);
  const unknown = answer.unknown_words.map((word) => `“${word}”`);
  if (unknown.length) notes.push(`No document holds ${unknown.join(", ")}`);
  return notes.map((note) => element("p", "note", note));
}

function promise(calibration) {
  if (calibration.promise) return calibration.promise;
  return `Nothing is promised: ${calibration.stale
    ? "the documents changed since it was calibrated." : "the threshold was set by hand."}`;
}

function fillAnswer(...children) {
  byId("answer").replaceChildren(...children);
  byId("answer").ariaBusy = "false";
  byId("citations").hidden = byId("passages").hidden = true;
  byId("facts").textContent = "";
}

function list(id, heading, items, legend = "") {
  byId(id).replaceChildren(element("h2", "", heading), element("p", "legend", legend),
    element("ol", "", ...items));
  byId(id).hidden = items.length === 0;
}

function answerText(answer) {
  const text = element("p", "answer");
  let done = 0;
  for (const span of answer.answer.spans) {
    text.append(slice(answer.answer.text, done, span.end));
    text.append(...span.citations.map((number) => numberLink(number, answer)));
    done = span.end;
  }
  text.append(slice(answer.answer.text, done));
  return text;
}

function numberLink(number, answer) {
  const citation = answer.citations.find((each) => each.number === number);
  const passage = answer.passages.find((each) => holds(each, citation));
  const link = element("a", "", String(number));
  link.href = `#citation-${number}`;
  link.ariaLabel = `Citation ${number}`;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (passage) byId(`passage-${passage.rank}`).focus();
    else openDocument(citation);
  });
  return element("sup", "", link);
}

function citationItem(citation) {
  const agreeing = citation.agreeing_documents;
  const item = element("li", "citation", placeHeading(citation),
    ...(agreeing > 1 ? [element("p", "note", `${agreeing} documents say this`)] : []),
    ...alsoIn(citation));
  item.id = `citation-${citation.number}`;
  return item;
}

function passageItem(passage, answer) {
  const from = passage.start_char_index;
  const highlights = passage.highlights.map((each) => ({ ...each, kind: "highlight" }));
  const cited = answer.citations.filter((each) => holds(passage, each)).map((each) => (
    { start: each.start_char_index - from, end: each.end_char_index - from, kind: "cited" }));
  const score = element("span", "score", passage.score.toFixed(2));
  score.title = "Score: how far the passage goes towards answering, 0 to 1";
  const item = element("li", "card passage", element("header", "", placeHeading(passage), score),
    element("p", "text", ...marked(passage.text, [...highlights, ...cited])), ...alsoIn(passage));
  item.id = `passage-${passage.rank}`;
  item.tabIndex = -1;
  return item;
}

function placeHeading(place) {
  const open = button(placeTitle(place), () => openDocument(place), "place");
  open.title = "Open the document here";
  return element("div", "", open, element("p", "where", whereabouts(place)));
}

function alsoIn(item) {
  if (!item.also_in.length) return [];
  const places = item.also_in.map((place) => (
    element("li", "", button(whereabouts(place), () => openDocument(place), "place"))));
  const more = item.also_in_count - places.length;
  if (more > 0) places.push(element("li", "", `and in ${more} more place${more > 1 ? "s" : ""}`));
  return [element("div", "also", "Also said in", element("ul", "", ...places))];
}

async function openDocument(place) {
  opening = place;
  const text = byId("document-text");
  byId("document-title").textContent = place.document_title ?? place.source;
  byId("document-place").textContent = whereabouts(place);
  text.replaceChildren(element("p", "note waiting", "Opening the document…"));
  if (!panel.open) panel.showModal();
  try {
    const found = await request(`v1/documents/${encodeURIComponent(place.document_id)}`);
    if (opening !== place) return;
    byId("document-title").textContent = found.title;
    showDocument(text, found.text, place);
  } catch (error) {
    if (opening === place) text.replaceChildren(element("p", "note", error.message));
  }
}

function showDocument(node, text, place) {
  const [start, end] = [place.start_char_index, place.end_char_index];
  if (slice(text, start, end) === (place.cited_text ?? place.text)) {
    node.replaceChildren(...marked(text, [{ start, end, kind: "highlight" }]));
    node.querySelector("mark").scrollIntoView({ block: "center", behavior: "instant" });
  } else {
    const note = "The document has changed since this answer was given; ask again.";
    node.replaceChildren(element("p", "note", note), text);
  }
}

// --- Places ---

function holds(passage, citation) {
  return passage.document_id === citation.document_id
    && passage.start_char_index <= citation.start_char_index
    && citation.end_char_index <= passage.end_char_index;
}

function placeTitle(place) {
  const named = place.source.endsWith(place.document_title) ? [] : [place.document_title];
  const parts = new Set([...named, ...place.heading_path]);
  return [...parts].join(" › ") || place.document_title;
}

function whereabouts(place) {
  const page = place.start_page_number ? ` · page\u00a0${place.start_page_number}` : "";
  return `${place.source}${page} · characters\u00a0${place.start_char_index}–${place.end_char_index}`;
}
