// What all pages share: times of this place, questions before what is hard to undo, and forms that renew parts of a page.

import { ask, askForm, forgetFailure, pageOf, renew, tellFailure } from "./forms.js";

const PAUSE = 300; // milliseconds after the last letter, until a search is asked

const underWay = new WeakMap(); // by form or link
const sure = new WeakSet(); // forms whose question was answered with yes

/** Times in the zone and the language of who reads; the one of the server stays as their title. */
function localise() {
  for (const time of document.querySelectorAll("time:not([title])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.title = time.textContent;
    const style = { dateStyle: "medium", ...(time.dataset.style === "date" ? {} : { timeStyle: "short" }) };
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, style).format(at);
  }
}

/** Renews the parts that a form or a link names, by what it asks for. */
async function load(from, begun) {
  underWay.get(from)?.abort();
  forgetFailure();
  const { request, ended } = begun;
  underWay.set(from, request);
  await ended;
  if (underWay.get(from) !== request) return; // asked again meanwhile
  underWay.delete(from);
  const page = pageOf(request);
  if (!page) return tellFailure(request);
  const parts = (request.status < 400 ? from.dataset.parts : from.dataset.failed).split(" ");
  if (!parts.some((id) => page.getElementById(id))) return location.reload(); // such as the form to sign in
  renew(page, parts);
  if (parts.includes("done")) document.getElementById("done").scrollIntoView({ block: "nearest" });
}

async function send(form) {
  const progress = form.querySelector(".progress");
  const hasFile = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length > 0);
  const button = form.querySelector("button:not([type=button])");
  if (progress) progress.hidden = !hasFile;
  if (form.method === "post") button.disabled = true;
  await load(form, askForm(form, undefined, (part) => {
    if (progress) progress.firstElementChild.value = part;
  }));
  if (progress) progress.hidden = true;
  button.disabled = false;
  if (form.method === "get") history.replaceState(null, "", `?${new URLSearchParams(new FormData(form))}`);
}

function question(form, submitter) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("#question").textContent = form.dataset.confirm;
  dialog.querySelector("button[value=yes]").textContent = submitter?.textContent.trim() ?? "";
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    sure.add(form);
    form.requestSubmit();
  }, { once: true });
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !sure.delete(form)) {
    event.preventDefault();
    question(form, event.submitter);
  } else if (form.dataset.parts) {
    event.preventDefault();
    send(form);
  }
});

let timer;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || !("live" in form.dataset)) return;
  clearTimeout(timer);
  timer = setTimeout(() => send(form), PAUSE);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-parts]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  load(link, ask("GET", link.href));
});

document.addEventListener("renewed", localise);
localise();
