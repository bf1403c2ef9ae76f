// The pages of a PDF as they look, one at a time, with what is cited marked on them.

import { request } from "./service.js";
import { button, element, foreign } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH_STEP = 200;
const WIDEST = 2000;
const ALL_OF_IT = 0.98;

/** Shows the pages of a document in `root`, which is hidden if it has none. */
export class PageViewer {
  constructor(root) {
    this.root = root;
    this.loading = new AbortController();
  }

  clear() {
    this.loading.abort();
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  /**
   * Open the page of `place`, or the first one. The place is marked, and what the answer cites
   * `beside` it; nothing is where that is null.
   */
  show(json, place, beside) {
    this.clear();
    if (!json.pages || json.media_type !== "application/pdf") return;
    Object.assign(this, { json, place: beside ? place : null, beside: beside ?? [] });
    this.root.hidden = false;
    this.build();
    this.turnTo(Math.min(place.start_page_number ?? 1, json.pages));
  }

  build() {
    this.field = element("input", "page-number");
    Object.assign(this.field, { type: "number", min: 1, max: this.json.pages, ariaLabel: "Page" });
    this.field.addEventListener("change", () => this.turnTo(Number(this.field.value)));
    this.back = button("←", () => this.turnTo(this.page - 1));
    this.forth = button("→", () => this.turnTo(this.page + 1));
    this.back.ariaLabel = "Previous page";
    this.forth.ariaLabel = "Next page";
    this.note = element("p", "note");
    this.note.role = "status";
    this.sheet = element("div", "sheet");
    this.root.replaceChildren(
      element("div", "leafing", this.back, element("span", "", "Page "), this.field,
        element("span", "", `of ${this.json.pages}`), this.forth),
      this.note, this.sheet,
    );
  }

  async turnTo(page) {
    if (!Number.isInteger(page) || page < 1 || page > this.json.pages) {
      this.field.value = this.page;
      return;
    }
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.page = page;
    this.field.value = page;
    this.back.disabled = page === 1;
    this.forth.disabled = page === this.json.pages;
    this.note.replaceChildren("Loading the page…");
    this.sheet.ariaBusy = "true";
    try {
      const [picture, marks, ...others] = await Promise.all([this.picture(page, signal),
        ...[this.place, ...this.beside].map((place) => this.marks(place, page, signal))]);
      if (signal.aborted) return;
      this.sheet.replaceChildren(picture, ...others.flatMap((each) => this.drawn(each, "beside")),
        ...this.drawn(marks));
      this.note.replaceChildren(...this.told(marks));
      this.toMarked();
    } catch (refusal) {
      if (signal.aborted) return;
      this.sheet.replaceChildren();
      this.note.replaceChildren("This page cannot be shown. ", foreign(refusal.message));
    }
    this.sheet.ariaBusy = "false";
  }

  address(page) {
    return `v1/documents/${encodeURIComponent(this.json.id)}/pages/${page}`;
  }

  /** The page as a canvas: what fetch has brought needs no exception in the page's policy. */
  async picture(page, signal) {
    const wanted = this.root.clientWidth * devicePixelRatio;
    const width = Math.min(WIDEST, Math.max(1, Math.ceil(wanted / WIDTH_STEP)) * WIDTH_STEP);
    const blob = await request(`${this.address(page)}?width=${width}`, { as: "blob", signal });
    const image = await createImageBitmap(blob);
    const canvas = element("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.role = "img";
    canvas.ariaLabel = `Page ${page} of ${this.json.title}`;
    return canvas;
  }

  /** Where the words of a place are on a page; null if none are on it, or it cannot be told. */
  async marks(place, page, signal) {
    if (!place?.start_page_number) return null;
    if (page < place.start_page_number || page > place.end_page_number) return null;
    const { start_char_index: start, end_char_index: end } = place;
    try {
      return await request(`${this.address(page)}/marks?start=${start}&end=${end}`, { signal });
    } catch (refusal) {
      if (signal.aborted) throw refusal;
      return { rectangles: [], marked: 0 };
    }
  }

  drawn(marks, className = "") {
    if (!marks?.rectangles.length) return [];
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", `0 0 ${marks.width} ${marks.height}`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.ariaHidden = "true";
    if (className) drawing.classList.add(className);
    for (const { left, top, right, bottom } of marks.rectangles) {
      const mark = document.createElementNS(SVG, "rect");
      const box = { x: left, y: top, width: right - left, height: bottom - top };
      for (const [name, value] of Object.entries(box)) mark.setAttribute(name, value);
      drawing.append(mark);
    }
    return [drawing];
  }

  told(marks) {
    if (!marks || marks.marked >= ALL_OF_IT) return [];
    return [marks.marked > 0
      ? "Some of the cited words could not be marked on the page; the text has them all."
      : "The cited words could not be marked on the page; the text has them."];
  }

  toMarked() {
    const mark = this.root.querySelector("svg:not(.beside) rect");
    if (!mark) return; // on a phone the pages lie below the text, and nothing scrolls
    const pane = this.root.getBoundingClientRect();
    const { top, height } = mark.getBoundingClientRect();
    this.root.scrollTop += top + height / 2 - (pane.top + pane.height / 2);
  }
}
