// Which collection is asked, where the service has several: each has a page of its own.

import { ANEW, addressOf, read } from "./address.js";
import { request } from "./service.js";
import { element } from "./text.js";

const DEFAULT = "default"; // whose page is the service's first one
const PAGE_OF_ONE = /\/collections\/([^/]+)\/$/;
const label = document.getElementById("collections");
const select = document.getElementById("collection");
const here = decodeURIComponent(PAGE_OF_ONE.exec(location.pathname)?.[1] ?? DEFAULT);
const root = here === DEFAULT ? "./" : "../../";

select.addEventListener("change", () => {
  const page = select.value === DEFAULT
    ? root : `${root}collections/${encodeURIComponent(select.value)}/`;
  const anew = addressOf({ ...ANEW, screen: read().screen, filters: [], name: "", list: 1 });
  location.assign(page + anew.replace("./", ""));
});

/** Ask for the collections; where there are several, let the reader choose. */
export async function offer() {
  try {
    const { collections } = await request(`${root}v1/collections`, { quietly: true });
    const names = collections.map(({ name }) => name);
    if (names.length < 2) return;
    select.replaceChildren(...names.map((name) => element("option", "", name)));
    select.value = here;
    label.hidden = false;
  } catch { /* this service has none, or needs a key first */ }
}
