// The questions asked last, kept in this browser only.

import { ANEW, addressOf } from "./address.js";
import { button, element, foreign, link } from "./text.js";

const NAME = "pincite-recent";
const MOST = 30;
const SHOWN = 6;

/** Keep a question with the filters it was asked with, first; the same one only once. */
export function remember({ question, filters }) {
  const { pathname, search } = new URL(addressOf({ ...ANEW, question, filters }), location);
  const address = pathname + search;
  const others = kept().filter((each) => each.address !== address);
  store(JSON.stringify([{ question, address }, ...others].slice(0, MOST)));
}

export function forget() {
  store(null);
}

function kept() {
  try {
    const questions = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return questions.filter(({ question, address }) => (
      typeof question === "string" && /^\/(?!\/)/.test(address)));
  } catch {
    return []; // storage is forbidden, or another program wrote there
  }
}

function store(text) {
  try {
    if (text === null) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, text);
  } catch { /* forbidden, or full: then nothing is kept */ }
}

/** The list of recent questions, with a button that clears it; nothing if there are none. */
export function recentList() {
  const asked = kept().filter(({ address }) => address.startsWith(`${location.pathname}?`));
  if (!asked.length) return [];
  const items = (some) => some.map(({ question, address }) => (
    element("li", "", link(address, "example", foreign(question)))));
  const list = element("ul", "", ...items(asked.slice(0, SHOWN)));
  const node = element("div", "examples", element("h2", "", "Recent questions"), list);
  const tools = element("p", "tools");
  if (asked.length > SHOWN) {
    const more = button(`Show all ${asked.length}`, () => {
      list.append(...items(asked.slice(SHOWN)));
      list.children[SHOWN].querySelector("a").focus();
      more.remove();
    }, "plain");
    tools.append(more);
  }
  tools.append(button("Clear", () => {
    forget();
    node.remove();
    document.getElementById("question").focus();
  }, "plain"), element("span", "note", "Kept in this browser only."));
  node.append(tools);
  return [node];
}
