// What the pages do not need and some like: new errors without a reload, and a few keys.
"use strict";

const POLL_MS = 5000;
const AHEAD_MS = Date.parse(document.body.dataset.now) - Date.now();
const live = document.querySelector("[data-updates]");

if (live) {
  let etag = live.dataset.etag;
  let waiting = null;
  const bar = document.querySelector("#arrived");

  // Somebody is about to click or to type there: nothing may move.
  const busy = () =>
    scrollY > 200 ||
    live.matches(":hover") ||
    live.contains(document.activeElement) ||
    live.querySelector("input:checked") !== null;

  const show = () => {
    const fresh = waiting;
    waiting = null;
    bar.hidden = true;
    const known = new Set([...live.querySelectorAll("[data-group]")].map((row) => row.dataset.group));
    const chosen = new Set([...live.querySelectorAll("input:checked")].map((box) => box.value));
    for (const part of fresh.querySelectorAll("[data-part]")) {
      document.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceWith(part);
    }
    for (const row of document.querySelectorAll("[data-group]")) {
      row.classList.toggle("fresh", !known.has(row.dataset.group));
      const box = row.querySelector("input");
      if (box) box.checked = chosen.has(box.value);
    }
  };

  const look = async () => {
    if (document.hidden) return;
    let answer;
    try {
      answer = await fetch(live.dataset.updates, { headers: { "If-None-Match": etag } });
    } catch {
      return; // The server is away: the next look may find it.
    }
    if (answer.redirected || answer.status === 401) return location.reload();
    if (answer.status !== 200) return;
    etag = answer.headers.get("ETag");
    waiting = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (busy()) bar.hidden = false;
    else show();
  };

  const settle = () => waiting && !busy() && show();
  bar.addEventListener("click", () => waiting && show());
  live.addEventListener("mouseleave", settle);
  addEventListener("scroll", settle, { passive: true });
  document.addEventListener("visibilitychange", look);
  setInterval(look, POLL_MS);
}

// Ages grow while a page is open.
const ago = (then) => {
  const s = Math.floor((Date.now() + AHEAD_MS - then) / 1000);
  if (s < 1) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 2 * 86400) return `${Math.floor(s / 3600)} h ago`;
  return s < 60 * 86400 ? `${Math.floor(s / 86400)} d ago` : null;
};
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const said = ago(Date.parse(time.dateTime));
    if (said && said !== time.textContent) time.textContent = said;
  }
}, 10000);

// j and k walk the list, x ticks, / searches. Never while somebody types.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  const links = [...document.querySelectorAll("[data-group] th a")];
  const here = links.findIndex((link) => link.closest("[data-group]").contains(document.activeElement));
  if (event.key === "/") document.querySelector("#search")?.focus();
  else if (event.key === "j") links[Math.min(here + 1, links.length - 1)]?.focus();
  else if (event.key === "k") links[Math.max(here - 1, 0)]?.focus();
  else if (event.key === "x" && here >= 0) links[here].closest("[data-group]").querySelector("input")?.click();
  else return;
  event.preventDefault();
});
