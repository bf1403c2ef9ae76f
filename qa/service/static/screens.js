// What stands in place of an answer: the beginning, the wait, no answer, nothing indexed, trouble.

import { ANEW, addressOf } from "./address.js";
import { passagesOf, readings, unknownWords } from "./answer.js";
import * as key from "./key.js";
import { button, element, foreign, link } from "./text.js";

export function introduction() {
  return element("p", "lead", "Ask in your own words. Every word of an answer is quoted from your "
    + "documents, and every quote leads to the place where it stands. If they do not say, you are "
    + "told so.");
}

export function exampleList(questions, heading) {
  if (!questions.length) return [];
  const items = questions.map((question) => (
    element("li", "", link(addressOf({ ...ANEW, question }), "example", foreign(question)))));
  return [element("div", "examples", element("h2", "", heading), element("ul", "", ...items))];
}

export function waiting(words = "Looking through your documents…") {
  return element("p", "note waiting", words);
}

export function noAnswer(answer, filters) {
  const searched = filters.length ? "All documents that meet the filters" : "All documents";
  const told = `${searched} were searched, by meaning and by words. The nearest are `
    + `${passagesOf(answer)}, shown below; none is likely enough to answer `
    + `(confidence ${answer.confidence.toFixed(2)} of 1).`;
  return element("div", "card", element("h2", "", "Your documents do not seem to answer this"),
    ...readings(answer), element("p", "", told),
    element("h3", "", "What you can try"), element("ul", "tips", ...tips(answer, filters)));
}

function tips(answer, filters) {
  const [name] = answer.missing_names;
  const [unknown, ...more] = unknownWords(answer);
  let words = ["The documents’ own words; the passages below show how they put it."];
  if (name) words = ["Documents about “", foreign(name), "”, or another spelling of the name."];
  else if (more.length) words = ["Other words: those named above stand in no document."];
  else if (unknown) words = ["Another word for “", foreign(unknown), "”: no document holds it."];
  return [
    words,
    ["Ask one thing, as a whole question."],
    ...(filters.length ? [[link(addressOf({ filters: [] }), "", "Without the filters"), "."]] : []),
    ["More documents: ", link(addressOf({ screen: "documents" }), "", "add them"),
      ", or put them into a folder that is indexed."],
  ].map((tip) => element("li", "", ...tip));
}

export function nothingMatches() {
  return element("div", "card", element("h2", "", "No document meets the filters"),
    element("p", "", "So there is nothing to answer from. Remove a filter, or ask ",
      link(addressOf({ filters: [] }), "", "without filters"), "."));
}

export function nothingIndexed(look) {
  return element("div", "card",
    element("h2", "", "Nothing is indexed yet"),
    element("p", "", "There are no documents to answer from. On the machine that this service "
      + "runs on, run"),
    element("pre", "", element("code", "", "pincite index FOLDER")),
    element("p", "", "with the folder that your documents are in, or ",
      link(addressOf({ screen: "documents", filters: [] }), "", "add documents here"),
      "; then ask. The service need not be restarted."),
    button("Look again", look));
}

function keyNeeded(enter) {
  return element("div", "card", element("h2", "", "This service needs an API key"),
    element("p", "", "Whoever runs it can give you one. It is kept in this tab only, until you "
      + "close it or forget the key."),
    button("Enter a key", enter));
}

/** Tell what went wrong, with a way to try again: at once, or by itself after the wait. */
export function trouble(refusal, retry, enterKey) {
  if (refusal.status === 401) return keyNeeded(enterKey);
  const busy = { 429: "One moment, please", 503: "The service is busy" }[refusal.status];
  const card = element("div", busy ? "card" : "card error",
    element("h2", "", busy ?? "That did not work"), element("p", "", foreign(refusal.message)));
  if (refusal.waitSeconds !== null) card.append(countdown(refusal.waitSeconds, retry, card));
  const again = refusal.waitSeconds === null ? "Try again" : "Try now";
  card.append(button(again, retry));
  if (refusal.status === 403 && key.current()) card.append(button("Use another key", enterKey));
  return card;
}

/** Count down and retry, for as long as the card is shown. */
function countdown(seconds, retry, card) {
  const node = element("p", "note");
  node.role = "timer"; // which is not read out at every second
  const until = Date.now() + seconds * 1000;
  const tell = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    node.textContent = `Trying again in ${Math.max(left, 1)} s.`;
    return left;
  };
  tell();
  const ticking = setInterval(() => {
    if (!card.isConnected) clearInterval(ticking);
    else if (tell() <= 0) {
      clearInterval(ticking);
      retry();
    }
  }, 250);
  return node;
}
