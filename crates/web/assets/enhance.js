// Every page works without this; it only makes some smoother. What it says is in the page already, in
// the visitor's language, as attributes of the body. A module: deferred, strict, nothing global.
const body = document.body;
const words = body.dataset;
const fields = "input:not([type=hidden]), select, textarea";
const begun = new WeakSet();
const all = (selector) => document.querySelectorAll(selector);

/** Tells those who listen instead of looking. */
function tell(text) {
  document.getElementById("told").textContent = text;
}

// Fragments.

const edited = (field) =>
  field.options
    ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((it) => it.defaultSelected))
    : field.value !== field.defaultValue || field.checked !== field.defaultChecked;

/** How what has the focus is found again in the next version of its fragment. */
function mark(element) {
  const href = element.getAttribute("href");
  return element.id ? `#${CSS.escape(element.id)}` : href && `a[href="${CSS.escape(href)}"]`;
}

function focusedIn(element) {
  return element.contains(document.activeElement) ? document.activeElement : null;
}

function mayChange(element) {
  const focused = focusedIn(element);
  if (focused && (focused.matches(fields) || !mark(focused))) return false;
  return ![...element.querySelectorAll(fields)].some(edited);
}

async function fetched(path) {
  const answer = await fetch(path, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

function parsed(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  return fresh.content;
}

/** Puts a fragment where its older version is. */
function swap(element, fresh) {
  const [only, more] = fresh.children;
  const focused = focusedIn(element) && mark(document.activeElement);
  const open = [...element.querySelectorAll("details[open][id]")];
  const place = [scrollX, scrollY];
  const whole = only && !more && only.tagName === element.tagName;
  if (whole) element.replaceWith(only);
  else element.replaceChildren(fresh);
  const now = whole ? only : element;
  for (const { id } of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) now.querySelector(focused)?.focus({ preventScroll: true });
  scrollTo(...place);
  begin();
}

// What is live is fetched again whenever the clinic has changed.

const lines = new Map();

async function renew(element, anyway) {
  const path = element.dataset.live;
  const html = await fetched(path).catch(() => null);
  if (html === null || !element.isConnected) return;
  const fresh = parsed(html);
  if (fresh.firstElementChild?.isEqualNode(element)) return;
  if (!anyway && !mayChange(element)) return offer(element, path);
  lines.get(path)?.remove();
  lines.delete(path);
  swap(element, fresh);
}

/** A quiet line instead of a change under somebody's hands. */
function offer(element, path) {
  if (lines.has(path)) return;
  const line = document.createElement("p");
  line.className = "news no-print";
  line.setAttribute("role", "status");
  (element.closest("table, .scroll") ?? element).before(line);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.news;
  button.addEventListener("click", () => renew(element, true));
  line.append(button);
  lines.set(path, line);
}

const renewAll = () => all("[data-live]").forEach((element) => renew(element));
let stream;
let pause = 1000;
let waiting;

function hangUp() {
  clearTimeout(waiting);
  stream?.close();
}

/** A stream that fails is tried again, after 1 s, 2 s … 30 s; what was missed is fetched. */
function listen() {
  hangUp();
  if (!all("[data-live]").length) return;
  stream = new EventSource("/live");
  stream.addEventListener("open", () => {
    pause = 1000;
    renewAll();
  });
  stream.addEventListener("changed", renewAll);
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    waiting = setTimeout(listen, pause);
    pause = Math.min(pause * 2, 30000);
  });
}

addEventListener("pagehide", hangUp);
document.addEventListener("focusout", ({ target }) => {
  const element = target.closest("[data-live]");
  if (!element || !lines.has(element.dataset.live)) return;
  setTimeout(() => mayChange(element) && renew(element));
});

// What is being asked for still is fetched again until it no longer says so.

function refresh(element) {
  let tries = 0;
  const again = async () => {
    if (!element.isConnected || ++tries > 30) return;
    const html = mayChange(element) && (await fetched(element.dataset.refresh).catch(() => null));
    if (html) swap(element, parsed(html));
    else setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
}

// How long something is still kept.

function countDown(element) {
  const end = Number(element.dataset.countdown);
  let warned = end - Date.now() <= 60000;
  const tick = () => {
    if (!element.isConnected) return;
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    element.textContent = words.left.replace("%", time);
    if (left <= 60 && !warned) {
      warned = true;
      tell(words.lastMinute);
    }
    if (left > 0) return setTimeout(tick, 500);
    tell(words.timeOver);
    // A moment later: then it is over by the center's clock as well.
    setTimeout(() => location.replace(element.dataset.then || location.href), 1500);
  };
  element.setAttribute("role", "timer");
  tick();
}

// Keys, which whoever speaks to the computer can turn off (WCAG 2.1.4).

const keysOff = () => localStorage.getItem("keys") === "off";
const keysButton = document.getElementById("keys");

function showKeys() {
  const keys = all("[data-key]");
  body.classList.toggle("keys", !keysOff());
  keysButton.hidden = !keys.length;
  keysButton.setAttribute("aria-pressed", !keysOff());
  for (const element of keys) {
    element.setAttribute("aria-keyshortcuts", keysOff() ? "" : element.dataset.key);
  }
}

keysButton.addEventListener("click", () => {
  localStorage.setItem("keys", keysOff() ? "on" : "off");
  showKeys();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
  if (keysOff() || event.target.closest?.(fields)) return;
  const wanted = [...all("[data-key]")].find(
    (element) => element.dataset.key === event.key && element.checkVisibility());
  if (!wanted) return;
  event.preventDefault();
  wanted.matches(fields) ? wanted.focus() : wanted.click();
});

// A form is sent once. What is answered with a file leaves the page where it is: then once more.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(() => restore(form), 10000);
});

function restore(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-disabled]").forEach((it) => it.removeAttribute("aria-disabled"));
}

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  all("form[data-sent]").forEach(restore);
  listen();
});

function begin() {
  const once = (selector, start) => {
    for (const element of all(selector)) {
      if (!begun.has(element)) start(element);
      begun.add(element);
    }
  };
  once("[data-refresh]", refresh);
  once("[data-countdown]", countDown);
  once("[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
  showKeys();
}

// What was refused is read first.
const refused = document.querySelector("main .refused[role=alert]");
if (refused) {
  refused.tabIndex = -1;
  refused.focus();
}
begin();
listen();
