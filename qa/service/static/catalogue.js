// The documents that the service has, listed as far as they are needed, a file each.

import { request } from "./service.js";

const A_REQUEST = 200;
const A_BATCH = 1000;
const UPLOAD = /^upload:([a-z0-9](?:[a-z0-9-]{0,118}[a-z0-9])?)/;

let listed = nothing();
let loading = Promise.resolve();

function nothing() {
  return { documents: [], cursor: "", complete: false };
}

/** Forget what is listed: it changed, or another collection is shown. */
export function forget() {
  listed = nothing();
  loading = Promise.resolve();
}

/**
 * List the first documents, or with `more` as many again; `{documents, complete}`. Whoever asks
 * while a list is on its way gets the same one. Throws a Refusal.
 */
export function list({ more = false, quietly = false } = {}) {
  const mine = listed;
  loading = loading.catch(() => null).then(async () => {
    const wanted = more ? mine.documents.length + A_BATCH : Math.max(mine.documents.length, A_BATCH);
    while (!mine.complete && mine.documents.length < wanted) await next(mine, quietly);
    return mine;
  });
  return loading;
}

async function next(mine, quietly) {
  const cursor = mine.cursor ? `&cursor=${encodeURIComponent(mine.cursor)}` : "";
  const page = await request(`v1/documents?limit=${A_REQUEST}${cursor}`, { quietly });
  mine.documents.push(...page.documents);
  mine.cursor = page.next_cursor;
  mine.complete = page.next_cursor === null;
}

/** The files that documents came from: `{source, title, upload, documents}`, in their order. */
export function filesOf(documents) {
  const files = new Map();
  for (const document of documents) {
    const file = files.get(document.source);
    if (file) file.documents.push(document);
    else files.set(document.source, fileOf(document));
  }
  return [...files.values()];
}

function fileOf(document) {
  const { source, title } = document;
  return { source, title, upload: UPLOAD.exec(source)?.[1] ?? null, documents: [document] };
}

/** The name of a file without its folders, as it was uploaded or lies on the disk. */
export const nameOf = (source) => source.split("/").at(-1).replace(/^upload:/, "");
