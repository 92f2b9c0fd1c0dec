// Photos of the new post: chosen, dropped or pasted, shown before they are sent, and kept to be sent again.

const kept = new Map(); // files by the id under which the server holds them

/** The files that the next request will send. */
export function pending() {
  return [...(document.getElementById("photo")?.files ?? [])];
}

/** Keeps files that were sent: the ids that are new since then are theirs, in their order. */
export function remember(sent) {
  const fresh = ids().map((input) => input.value).filter((id) => !kept.has(id));
  if (fresh.length === sent.length) fresh.forEach((id, place) => kept.set(id, sent[place]));
}

/** The server holds a photo no more: lets the next request send all that are kept. Returns whether there are any. */
export function sendAgain() {
  const held = ids().filter((input) => kept.has(input.value));
  const files = held.map((input) => kept.get(input.value));
  for (const input of held) input.closest("li").remove();
  kept.clear();
  if (files.length > 0) put([...files, ...pending()]);
  return files.length > 0;
}

/** Calls `changed` whenever photos are added or removed. */
export function watchPhotos(form, changed) {
  form.addEventListener("change", (event) => {
    if (event.target.id !== "photo") return;
    preview();
    changed();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    take(button.closest("li"));
    document.getElementById("photo")?.focus();
    changed();
  });
  const add = (files) => {
    const photos = [...files].filter((file) => file.type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(file.name));
    if (photos.length === 0 || !document.getElementById("photo")) return false;
    put([...pending(), ...photos]);
    preview();
    changed();
    return true;
  };
  document.addEventListener("paste", (event) => {
    if (add(event.clipboardData.files)) event.preventDefault();
  });
  // A photo that misses the form would else be opened in place of the page.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    form.classList.remove("dropping");
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
}

/** Takes a photo away: one that the server holds, or a file that was not sent. */
function take(item) {
  const place = [...document.querySelectorAll("#photos .waiting")].indexOf(item);
  item.remove();
  if (place >= 0) put(pending().filter((_, other) => other !== place));
}

function ids() {
  return [...document.querySelectorAll("#photos input[name=photo_ids]")];
}

function put(files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  document.getElementById("photo").files = transfer.files;
}

/** Shows the files as they will be sent. */
function preview() {
  const list = document.querySelector("#photos .thumbs");
  for (const old of list.querySelectorAll(".waiting")) old.remove();
  for (const file of pending()) {
    const item = document.getElementById("preview").content.firstElementChild.cloneNode(true);
    const image = item.querySelector("img");
    image.src = URL.createObjectURL(file);
    image.alt = file.name;
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    list.append(item);
  }
}
