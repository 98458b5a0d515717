// Every page works without this; it only makes some smoother. What it says is in the page already, in
// the visitor's language, as attributes of the body.
"use strict";
(() => {
  const body = document.body;
  const words = body.dataset;
  const fields = "input:not([type=hidden]), select, textarea";
  const begun = new WeakSet();

  /** Does something once for each element there is. */
  function once(selector, begin) {
    for (const element of document.querySelectorAll(selector)) {
      if (!begun.has(element)) {
        begun.add(element);
        begin(element);
      }
    }
  }

  /** Tells those who listen instead of looking. */
  function tell(text) {
    const place = document.getElementById("told");
    if (place && text) place.textContent = text;
  }

  // Fragments.

  function edited(element) {
    return [...element.querySelectorAll(fields)].some((field) =>
      field.type === "checkbox" || field.type === "radio"
        ? field.checked !== field.defaultChecked
        : field.options
          ? changed(field)
          : field.value !== field.defaultValue);
  }

  /** Without any option that the page chose, a browser shows the first. */
  function changed(select) {
    const options = [...select.options];
    const chosen = options.findIndex((option) => option.defaultSelected);
    return !select.multiple && select.selectedIndex !== Math.max(0, chosen);
  }

  /** What a button or link is called in the next version of its fragment, too. */
  function mark(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    return href && `a[href="${CSS.escape(href)}"]`;
  }

  function mayChange(element) {
    const focused = element.contains(document.activeElement) && document.activeElement;
    return !edited(element) && (!focused || (!focused.matches(fields) && Boolean(mark(focused))));
  }

  async function fetched(path) {
    const answer = await fetch(path, { cache: "no-store", redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    return answer.text();
  }

  /** Puts a fragment where its older version is; gives the element that is there then. */
  function swap(element, html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const only = fresh.content.children.length === 1 && fresh.content.firstElementChild;
    const focused = element.contains(document.activeElement) && mark(document.activeElement);
    const open = [...element.querySelectorAll("details[open][id]")].map((it) => it.id);
    const [x, y] = [scrollX, scrollY];
    let now = element;
    if (only && only.tagName === element.tagName) {
      element.replaceWith(only);
      now = only;
    } else {
      element.replaceChildren(fresh.content);
    }
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) now.querySelector(focused)?.focus({ preventScroll: true });
    scrollTo(x, y);
    begin();
    return now;
  }

  // What is live: fetched again whenever the clinic has changed.

  const shown = new WeakMap();

  async function renew(element, anyway) {
    if (!element.isConnected || element.dataset.fetching) return;
    element.dataset.fetching = "";
    let html;
    try {
      html = await fetched(element.dataset.live);
    } catch {
      return;
    } finally {
      delete element.dataset.fetching;
    }
    if (shown.get(element) === html || !element.isConnected) return;
    if (anyway || mayChange(element)) {
      lineOf(element)?.remove();
      shown.set(swap(element, html), html);
    } else {
      offer(element);
    }
  }

  const lineOf = (element) => document.getElementById(`news-${element.id || "here"}`);

  /** A quiet line instead of a change under somebody's hands. */
  function offer(element) {
    if (lineOf(element)) return;
    const line = document.createElement("p");
    line.className = "news no-print";
    line.id = `news-${element.id || "here"}`;
    line.setAttribute("role", "status");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.news;
    button.addEventListener("click", () => renew(element, true));
    (element.closest("table, .scroll") ?? element).before(line);
    line.append(button);
  }

  let stream;
  let pause = 1000;
  let waiting;

  function renewAll() {
    for (const element of document.querySelectorAll("[data-live]")) renew(element);
  }

  /** A stream that fails is tried again, after 1 s, 2 s … 30 s; what was missed is fetched. */
  function listen() {
    clearTimeout(waiting);
    stream?.close();
    if (!document.querySelector("[data-live]") || !window.EventSource) return;
    stream = new EventSource("/live");
    stream.addEventListener("open", () => {
      pause = 1000;
      renewAll();
    });
    stream.addEventListener("changed", renewAll);
    stream.addEventListener("message", renewAll);
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      waiting = setTimeout(listen, pause);
      pause = Math.min(pause * 2, 30000);
    });
  }

  addEventListener("pagehide", () => {
    clearTimeout(waiting);
    stream?.close();
  });
  document.addEventListener("focusout", (event) => {
    const element = event.target.closest("[data-live]");
    if (element && lineOf(element)) setTimeout(() => mayChange(element) && renew(element));
  });

  // What is being asked for still: fetched again until it no longer says so.

  function refresh(element) {
    let tries = 0;
    const again = async () => {
      if (!element.isConnected || ++tries > 30) return;
      if (document.hidden || !mayChange(element)) return void setTimeout(again, 2000);
      try {
        swap(element, await fetched(element.dataset.refresh));
      } catch {
        setTimeout(again, 2000 * tries);
      }
    };
    setTimeout(again, 2000);
  }

  // How long something is still kept.

  function countDown(element) {
    const end = Number(element.dataset.countdown);
    if (!end) return;
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
      if (left > 0) return void setTimeout(tick, 1000 - ((Date.now() - end) % 1000 + 1000) % 1000 || 1000);
      tell(words.timeOver);
      // A moment later: then it is over by the center's clock as well.
      setTimeout(() => location.replace(element.dataset.then || location.href), 1500);
    };
    element.setAttribute("role", "timer");
    tick();
  }

  // Keys, which whoever speaks to the computer can turn off (WCAG 2.1.4).

  const keysOff = () => localStorage.getItem("keys") === "off";

  function showKeys() {
    const keys = document.querySelectorAll("[data-key]");
    const button = document.getElementById("keys");
    body.classList.toggle("keys", keys.length > 0 && !keysOff());
    if (!button) return;
    button.hidden = keys.length === 0;
    button.setAttribute("aria-pressed", String(!keysOff()));
    for (const element of keys) {
      if (keysOff()) element.removeAttribute("aria-keyshortcuts");
      else element.setAttribute("aria-keyshortcuts", element.dataset.key);
    }
  }

  document.getElementById("keys")?.addEventListener("click", () => {
    localStorage.setItem("keys", keysOff() ? "on" : "off");
    showKeys();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const typing = event.target.closest?.(`${fields}, [contenteditable]`);
    if (typing || event.defaultPrevented || keysOff()) return;
    const wanted = [...document.querySelectorAll("[data-key]")].find(
      (element) => element.dataset.key === event.key && element.getClientRects().length > 0);
    if (!wanted) return;
    event.preventDefault();
    if (wanted.matches(fields)) wanted.focus();
    else wanted.click();
  });

  // A form is sent once.

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) return void event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
    // What is answered with a file, or with nothing, leaves the page where it is.
    setTimeout(() => restore(form), 10000);
  });

  function restore(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach(restore);
    listen();
  });

  function begin() {
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
  if (refused && !document.querySelector("[autofocus]")) {
    refused.tabIndex = -1;
    refused.focus();
  }
  begin();
  listen();
})();
