// Files that are made in the browser and saved by it.

/** Save `content` under a name, as downloads are. */
export function saveFile(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // once the browser has read it
}
