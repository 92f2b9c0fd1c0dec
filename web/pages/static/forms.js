// Sends a form, or asks for the page of a link, and puts parts of the page that comes back in the place of the old ones.
// The server alone makes markup: with this script or without, it answers the same page.

const NO_CONTENT = 0;
const UNAUTHORISED = 401;

/** Asks for what an address answers. Returns the request, and a promise of its end. */
export function ask(method, url, data = null, onUpload = () => {}) {
  const request = new XMLHttpRequest();
  request.open(method, url);
  request.setRequestHeader("Accept", "application/json, text/html");
  request.upload.addEventListener("progress", (event) => onUpload(event.loaded / (event.total || 1)));
  const ended = new Promise((resolve) => request.addEventListener("loadend", () => resolve(request)));
  request.send(data);
  return { request, ended };
}

/** Asks for what a form asks for, with its fields or others. */
export function askForm(form, data = new FormData(form), onUpload) {
  if (form.method === "post") return ask("POST", form.action, data, onUpload);
  const url = new URL(form.action);
  url.search = new URLSearchParams(data);
  return ask("GET", url);
}

/** The page that came back; null if it was none. */
export function pageOf(request) {
  const isPage = (request.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
  return isPage ? new DOMParser().parseFromString(request.responseText, "text/html") : null;
}

/** Renews parts (ids) of this page from another, but neither where the focus is nor what is unfolded. */
export function renew(page, ids) {
  for (const id of ids) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    for (const open of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector(`#${CSS.escape(open.id)}`);
      if (same) same.open = true;
    }
    old.replaceWith(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (fresh.dataset.told) announce(fresh.dataset.told);
  }
  document.dispatchEvent(new CustomEvent("renewed"));
}

/** Shows why a request came to nothing, if it did, by the problem document that the server answered. */
export function tellFailure(request) {
  if (request.status === UNAUTHORISED) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    return;
  }
  const problem = parse(request.responseText);
  const message = document.getElementById("message");
  const [detail, fix] = message.querySelectorAll("p");
  const status = request.status === NO_CONTENT ? "" : `${request.status} ${request.statusText}`;
  detail.textContent = problem.detail ?? (status || message.dataset.offline);
  fix.textContent = problem.fix ?? "";
  message.hidden = false;
}

/** Takes the message of an earlier failure away. */
export function forgetFailure() {
  document.getElementById("message").hidden = true;
}

/** Says something to who listens to a screen reader; the same words again are said again. */
export function announce(words) {
  const status = document.getElementById("status");
  status.textContent = "";
  requestAnimationFrame(() => {
    status.textContent = words;
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
