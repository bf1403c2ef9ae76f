// While a sentence of the answer, or a citation, is under the pointer or has the focus, all that
// belongs to it is lit: sentence, citation, and the words in the passages below. Nothing scrolls.

export function lightSources(root) {
  root.addEventListener("pointerover", (event) => light(root, event.target));
  root.addEventListener("pointerleave", () => light(root));
  root.addEventListener("focusin", (event) => light(root, event.target));
  root.addEventListener("focusout", () => light(root));
}

function light(root, node = null) {
  const numbers = citesOf(node) ?? citesOf(document.activeElement) ?? [];
  for (const each of root.querySelectorAll("[data-cites]")) {
    each.classList.toggle("lit", citesOf(each).some((number) => numbers.includes(number)));
  }
}

const citesOf = (node) => node?.closest("[data-cites]")?.dataset.cites.split(" ");
