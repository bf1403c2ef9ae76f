// The page follows its address: it shows a screen, asks a question, opens a place.

import { addressOf, go, isSame, read, staysHere } from "./address.js";
import { lightSources } from "./answer.js";
import * as ask from "./ask.js";
import * as catalogue from "./catalogue.js";
import * as collections from "./collections.js";
import * as panel from "./document.js";
import * as documents from "./documents.js";
import * as filterBar from "./filter-bar.js";
import * as key from "./key.js";
import { copy, notify } from "./notice.js";
import * as recent from "./recent.js";

const byId = (id) => document.getElementById(id);
let shown = null;
let goingBack = false;

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href]");
  if (!anchor || anchor.target || !staysHere(event, anchor)) return;
  event.preventDefault();
  go(anchor.href, { replace: panel.isOpen() });
});
window.addEventListener("popstate", follow);
window.addEventListener("beforeprint", () => {
  for (const each of byId("page").querySelectorAll("details:not(.filter-editor)")) each.open = true;
});
panel.onLeave(() => {
  if (goingBack || !read().place) return;
  goingBack = Boolean(history.state?.opened);
  if (goingBack) history.back();
  else go(addressOf({}), { replace: true });
});
for (const id of ["copy-link", "document-copy"]) {
  byId(id).addEventListener("click", () => copy(location.href, "Link copied."));
}
byId("key-forget").addEventListener("click", () => {
  key.forget();
  recent.forget();
  begin("./");
  notify("The API key and the recent questions are forgotten.");
});
ask.start(enterKey);
documents.start(enterKey);
lightSources(byId("page"));
collections.offer();
follow();

async function follow() {
  const state = read();
  const address = addressOf({});
  goingBack = false;
  if (!state.place) panel.close();
  if (state.broken) notify("This link names no place in a document that can be opened.");
  if (address !== shown) {
    shown = address;
    enterScreen(state);
    if (state.screen === "documents") documents.show(state);
    else await ask.show(state);
    if (addressOf({}) !== address) return; // gone on meanwhile
  }
  const { place } = read();
  if (place && !(state.screen === "ask" && ask.isRefused())) await open(place);
}

/** What the screens share: which of them is shown, and the filters. */
function enterScreen(state) {
  filterBar.show(state);
  const isAsk = state.screen === "ask";
  for (const id of ["ask", "answer"]) byId(id).hidden = !isAsk;
  for (const id of ["find", "documents"]) byId(id).hidden = isAsk;
  if (!isAsk) {
    ask.forget();
    for (const id of ["all", "passages", "copy-link", "topic"]) byId(id).hidden = true;
    byId("facts").textContent = "";
  }
  byId("to-ask").ariaCurrent = isAsk ? "page" : null;
  byId("to-documents").ariaCurrent = isAsk ? null : "page";
  const anew = { question: "", history: [], all: false, name: "", list: 1 };
  for (const [id, screen, filters] of [["home", "ask", []], ["to-ask", "ask", state.filters],
    ["to-documents", "documents", state.filters]]) {
    byId(id).href = addressOf({ ...anew, screen, filters });
  }
}

/** Open a place, and put into the address which text of the document it is a place of. */
async function open(place) {
  const digest = await panel.open(place, ask.known(place));
  const now = read().place;
  if (digest && now && isSame(now, place)) {
    history.replaceState(history.state, "", addressOf({ place: { ...now, digest } }));
  }
}

async function enterKey() {
  if (!(await key.enter())) return;
  collections.offer();
  begin(location.href);
}

/** Show an address anew, whatever was shown. */
function begin(address) {
  shown = null;
  catalogue.forget();
  ask.forget();
  go(address, { replace: address === location.href });
}
