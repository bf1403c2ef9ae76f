// What a language model writes from the passages: each sentence is shown when it has been checked.

import { numberLink } from "./answer.js";
import { citationItem } from "./citation.js";
import { follow, request } from "./service.js";
import { button, counted, element, foreign } from "./text.js";

const MODEL = "pincite-written";
let models = null;

/** Whether the service can have answers written. It is asked once. */
export async function canWrite() {
  models ??= request("v1/models", { quietly: true });
  try {
    return (await models).data.some(({ id }) => id === MODEL);
  } catch {
    models = null;
    return false;
  }
}

/** Ask again, as the service or the key may be another one. */
export const forget = () => { models = null; };

/**
 * A button that has the answer written, and then the text. `body` is the question as it is posted,
 * `signal` ends all; `done` is called with what was written, `trouble` makes a card of a refusal.
 */
export function writing(answer, { body, signal, done, trouble }) {
  const node = element("section", "written");
  const text = element("p", "words");
  const sources = element("ul", "citations");
  const dropped = droppedList();
  const told = element("div", "told");
  let stopping = new AbortController();
  let isWriting = false;

  const action = button("Write it as a text", () => (isWriting ? stop() : write()));
  node.ariaLabel = "Written answer";
  node.tabIndex = -1;
  sources.ariaLabel = "Sources of the text";
  node.append(action);

  async function write() {
    begin();
    const mine = stopping.signal;
    const cited = [];
    try {
      await follow("v1/ask", {
        body: { ...body, write: true },
        signal: AbortSignal.any([signal, mine]),
      }, {
        sentence: (sentence) => {
          cited.push(...sentence.cited.map(asWritten));
          show(sentence, cited);
        },
        dropped: dropped.add,
        written: (written) => end(written, cited),
      });
      if (isWriting) end(null, cited); // the documents changed: they do not answer any more
    } catch (refusal) {
      if (mine.aborted || signal.aborted) return;
      rest(trouble(refusal, write));
      action.hidden = true; // there is one on the card
    }
  }

  function begin() {
    stopping = new AbortController();
    isWriting = true;
    action.textContent = "Stop";
    action.hidden = false;
    for (const each of [text, sources]) each.replaceChildren();
    dropped.clear();
    told.replaceChildren(element("p", "note waiting", "Writing; each sentence is checked first…"));
    if (text.isConnected) return;
    action.before(element("h2", "", "Written answer"), text, sources, dropped.node, told);
  }

  function show(sentence, cited) {
    const { citations } = sentence;
    const span = element("span", "sentence", foreign(sentence.text));
    span.dataset.cites = citations.map(keyOf).join(" ");
    span.append(...citations.map((number) => (
      numberLink(cited.find((each) => each.number === number), "Source"))));
    text.append(...(text.hasChildNodes() ? [" "] : []), span);
    for (const each of cited.slice(sources.childElementCount)) {
      sources.append(citationItem(each, answer, true));
    }
  }

  function stop() {
    stopping.abort();
    rest(element("p", "note", "You stopped it."));
    action.textContent = "Write it again";
  }

  function end(written, cited) {
    rest(...outcome(written));
    if (document.activeElement === action) node.focus({ preventScroll: true });
    action.remove();
    done({ ...written, citations: cited });
  }

  function rest(...children) {
    isWriting = false;
    told.replaceChildren(...children);
  }

  return node;
}

const keyOf = (number) => `w${number}`;

/** A citation of the text: its number is not one of the quotes, so it has a key of its own. */
const asWritten = (citation) => ({ ...citation, key: keyOf(citation.number) });

/** Why the text is not whole, or is not there, and who wrote it. */
function outcome(written) {
  if (!written) return [element("p", "note", "Your documents do not answer this any more.")];
  const notes = written.ended ? [foreign(written.ended)] : [];
  if (!written.text) {
    if (written.declined) notes.push("It found no answer in the passages.");
    else if (written.dropped) notes.push("The checks found none of its sentences in what it cites.");
    notes.push("The quotes above are the answer.");
  }
  return [
    ...(notes.length ? [element("p", "note", ...notes.flatMap((each, i) => (i ? [" ", each] : [each])))] : []),
    element("p", "facts", "Written by ", foreign(written.model || "a language model"),
      "; every sentence is checked against what it cites."),
  ];
}

/** The sentences that failed a check, folded away: how many, then each with the reason. */
function droppedList() {
  const summary = element("summary");
  const list = element("ul");
  const node = element("details", "also dropped", summary, list);
  node.hidden = true;
  return {
    node,
    clear: () => {
      list.replaceChildren();
      node.hidden = true;
    },
    add: ({ text, reason }) => {
      list.append(element("li", "", "“", foreign(text), "” ", element("span", "reason", foreign(reason))));
      const count = list.childElementCount;
      summary.textContent = `${counted(count, "sentence")} ${count === 1 ? "was" : "were"} dropped`;
      node.hidden = false;
    },
  };
}
