// Keeps a page as it is now, and lets the keyboard do everything. The server says over one event
// stream which regions changed; those that this page shows are asked for and morphed in place, so
// that focus, open details and what is being read stay where they are.
import { Idiomorph } from "./vendor/idiomorph.esm.js";

const SILENCE = 25000; // milliseconds without an event after which we say so; events come each 10 s
const live = document.getElementById("live");
const said = document.getElementById("said");
let heard = Date.now();
let since = "";
let leaving = false;

async function showRates() {
  if (!document.getElementById("rates")) return; // the chart's library is loaded where it is shown
  const rates = await import("./rates.js");
  await rates.showRates();
}

function tell(text, lost) {
  if (live.textContent !== text) live.textContent = text;
  live.classList.toggle("lost", lost);
}

function leave() {
  if (!leaving) location.assign("/login"); // a second one would cut the first short
  leaving = true;
}

async function renew(region) {
  const source = region.dataset.from || location.pathname + location.search;
  const answer = await fetch(source, {
    headers: { "X-Region": region.dataset.region },
    redirect: "error",
    credentials: "same-origin",
  });
  if (answer.status === 401) return leave();
  if (!answer.ok) return;
  const before = new Set([...region.querySelectorAll("[data-item]")].map((item) => item.id));
  Idiomorph.morph(region, await answer.text(), {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      // What a person opened stays open, and what they wrote stays written.
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.nodeName === "DETAILS"),
      beforeNodeMorphed: (old) => !(old.matches?.("input, textarea, select") && old.value),
    },
  });
  announce(region, before);
}

function announce(region, before) {
  const fresh = [...region.querySelectorAll("[data-item]")].filter((item) => !before.has(item.id));
  for (const item of fresh) item.classList.add("fresh");
  const first = fresh[0]?.querySelector("h3, h2, summary, strong");
  if (first) {
    const more = fresh.length > 1 ? `, and ${fresh.length - 1} more` : "";
    said.textContent = `New: ${first.textContent.replace(/\s+/g, " ").trim()}${more}`;
  }
}

function shows(region, changed) {
  const [kind, name] = region.dataset.region.split(":");
  return changed.some((one) => one === region.dataset.region || (one === "*" && name) || (one === kind && !name));
}

async function changed(event) {
  heard = Date.now();
  const regions = JSON.parse(event.data);
  const wanted = [...document.querySelectorAll("[data-region]:not([data-once])")];
  const due = regions.length ? wanted.filter((one) => shows(one, regions)) : wanted;
  await Promise.allSettled(due.map(renew));
  if (regions.includes("alerts")) showRates();
  since = new Date().toISOString().slice(11, 19);
  tell(`● live, ${since} UTC`, false);
}

function listen() {
  const source = new EventSource("/events");
  source.addEventListener("open", () => { heard = Date.now(); tell("● live", false); });
  source.addEventListener("changed", changed);
  source.addEventListener("over", () => { source.close(); leave(); });
  source.addEventListener("error", () => {
    tell(`✕ connection lost${since ? `: as of ${since} UTC` : ""}`, true);
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

setInterval(() => {
  if (Date.now() - heard > SILENCE) tell(`✕ nothing heard: as of ${since || "the start"} UTC`, true);
}, 5000);

// --- keys ---------------------------------------------------------------------------------------

const OFF = "firebreak-keys-off";
let prefix = "";

function move(step) {
  const items = [...document.querySelectorAll("[data-item]")].filter((item) => item.offsetParent);
  if (!items.length) return;
  const at = items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
  const next = items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  const field = event.target.matches?.("input, textarea, select");
  if (field && event.key === "Escape") return event.target.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(OFF)) return;
  const key = (prefix + event.key).trim();
  prefix = "";
  if (event.key === "g") { prefix = "g "; return; }
  // A key of a list's items is meant for the one that has the focus, and for none without it.
  const item = document.activeElement?.closest("[data-item]");
  const link = item?.querySelector(`[data-item-key="${CSS.escape(key)}"]`)
    ?? document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (link) { event.preventDefault(); link.click(); return; }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "Enter" && event.target.matches?.("[data-item]")) {
    event.target.querySelector("summary, a")?.click(); // no button: to open decides nothing
  }
});

const keysOn = document.getElementById("keys-on");
if (keysOn) {
  keysOn.checked = !localStorage.getItem(OFF);
  keysOn.addEventListener("change", () => {
    if (keysOn.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1");
  });
}

for (const region of document.querySelectorAll("[data-region][data-once]")) renew(region);
showRates();
listen();
