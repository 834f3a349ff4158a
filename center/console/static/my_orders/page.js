// Draws the technician's page from the browser's database: the list or one order, and what is not sent yet.
import { leave, synchronise } from "./center.js";
import * as store from "./store.js";

const EVERY_MS = 30_000;
const { texts, states, faults, stepNames, flow, zoneMs, zone } = JSON.parse(document.getElementById("words").textContent);
const [main, status, stepDialog, askDialog] = ["content", "status", "step", "ask"].map((id) =>
  document.getElementById(id)
);
let connection = "starting";
let offlineFault = false;

const fill = (text, blanks) => text.replace(/\{(\w+)\}/g, (_, name) => blanks[name]);
const moment = (atMs) => `${new Date(atMs + zoneMs).toISOString().slice(0, 16).replace("T", " ")} ${zone}`;

function duration(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const blanks = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
  return fill(blanks.hours ? texts.hours : texts.minutes, blanks);
}

// Makes an element. Texts go in as text nodes and attributes as values: nothing is parsed.
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== false) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The state of an order once its waiting steps are with the centre.
const expected = (order, steps) =>
  steps
    .filter((step) => step.order_id === order.id && !step.refusal)
    .reduce((state, step) => new Map(flow[state]).get(step.kind) ?? state, order.state);

// The term that runs, as the time it ends at and what is left of it.
function drawTerm(order) {
  if (order.waiting) return element("p", { class: "mo-term" }, texts.paused);
  if (order.due_at_ms === null) return null;
  const leftMs = order.due_at_ms - Date.now();
  const text = fill(leftMs < 0 ? texts.overdue : texts.left, { duration: duration(leftMs) });
  const left = element("span", { class: leftMs < 0 ? "mo-late" : "mo-left" }, text);
  return element("p", { class: "mo-term" }, fill(texts.due, { time: moment(order.due_at_ms) }), left);
}

const faultOf = (order) => [faults[order.fault], order.cause].filter(Boolean).join(" · ");
const titleOf = (order) => order.camera_name || order.camera_id || faultOf(order);
const badge = (text, tone) => element("span", { class: `mo-badge mo-badge-${tone}` }, text);

function stateOf(order, steps) {
  const waiting = steps.filter((step) => step.order_id === order.id);
  const bad = waiting.some((step) => step.refusal);
  return element(
    "p",
    { class: "mo-state" },
    element("strong", {}, states[expected(order, steps)] ?? order.state),
    waiting.length ? badge(bad ? texts.refused : texts.unsent, bad ? "bad" : "warn") : null
  );
}

function drawList({ orders, steps }) {
  const head = element("h1", { tabindex: "-1" }, texts.title);
  const lost = steps.filter((step) => !orders.some((order) => order.id === step.order_id));
  const urgent = (one, other) => (one.due_at_ms ?? Infinity) - (other.due_at_ms ?? Infinity) || one.id - other.id;
  const items = orders.sort(urgent).map((order) =>
    element(
      "li",
      {},
      element(
        "a",
        { class: "mo-card", href: `#${order.id}`, "data-key": order.id },
        element("strong", { class: "mo-name" }, titleOf(order)),
        element("span", {}, faultOf(order)),
        order.district ? element("span", { class: "ws-muted" }, order.district) : null,
        stateOf(order, steps),
        drawTerm(order)
      )
    )
  );
  const none = element("p", { class: "ws-empty" }, element("strong", {}, texts.none), element("span", {}, texts.noneWhy));
  return [head, items.length ? element("ul", { class: "mo-list" }, ...items) : none, ...drawSteps(lost)];
}

function drawSteps(steps) {
  if (!steps.length) return [];
  const items = steps.map((step) =>
    element(
      "li",
      { class: "mo-step" },
      element("strong", {}, stepNames[step.kind]),
      element("span", { class: "ws-muted" }, moment(step.told_at)),
      step.note ? element("span", {}, step.note) : null,
      ...(step.parts ?? []).map((part) => element("span", {}, `${part.name} × ${part.count}`)),
      step.refusal ? element("span", { class: "mo-late" }, texts[step.refusal.code] ?? step.refusal.message) : null,
      step.refusal
        ? element(
            "span",
            { class: "mo-pair" },
            element("button", { type: "button", "data-act": "retry", "data-seq": step.seq }, texts.retry),
            element("button", { type: "button", "data-act": "discard", "data-seq": step.seq }, texts.discard)
          )
        : badge(texts.waiting, "warn")
    )
  );
  return [element("h2", {}, texts.unsentSteps), element("ul", { class: "mo-steps" }, ...items)];
}

function drawOrder(order, steps) {
  const facts = [
    [texts.order, order.id],
    [texts.camera, order.camera_id],
    [texts.district, order.district],
    [texts.fault, faultOf(order)],
    [texts.opened, moment(order.opened_at_ms)],
  ].filter(([, value]) => value);
  const offered = flow[expected(order, steps)] ?? [];
  return [
    element("p", {}, element("a", { class: "mo-back", href: "#", "data-key": "back" }, texts.back)),
    element("h1", { tabindex: "-1" }, titleOf(order)),
    stateOf(order, steps),
    drawTerm(order),
    element("dl", { class: "mo-facts" }, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element(
      "div",
      { class: "mo-acts" },
      ...offered.map(([kind]) =>
        element("button", { type: "button", "data-act": "step", "data-kind": kind, "data-key": kind }, stepNames[kind])
      )
    ),
    ...drawSteps(steps.filter((step) => step.order_id === order.id)),
  ].filter(Boolean);
}

const alert = (what, advice, link) =>
  element(
    "div",
    { class: "ws-alert ws-alert-warn" },
    element("strong", {}, what),
    element("span", {}, advice),
    link ? element("a", { class: "mo-button", href: link, "data-key": "log-in" }, texts.logIn) : null
  );

function drawStatus({ account, readAtMs, steps, others }) {
  const count = steps.length;
  const unsent = fill(texts.unsentCount, { count });
  const lines = [];
  const login = `/login?next=${encodeURIComponent(location.pathname)}`;
  if (connection === "ended") {
    lines.push(alert(texts.ended, count ? `${unsent} ${fill(texts.endedSteps, { account })}` : texts.endedAdvice, login));
  } else if (connection === "denied") lines.push(alert(texts.denied, texts.deniedAdvice));
  else if (connection === "offline") lines.push(alert(texts.offline, count ? `${unsent} ${texts.offlineSteps}` : texts.offlineAdvice));
  else if (connection === "online") {
    lines.push(element("span", {}, count ? unsent : fill(texts.online, { time: moment(readAtMs) })));
  } else lines.push(element("span", {}, texts.starting));
  for (const other of others) lines.push(alert(fill(texts.others, { account: other }), texts.othersAdvice));
  if (offlineFault) lines.push(alert(texts.noOffline, texts.noOfflineAdvice));
  return lines;
}

// Replaces what has changed, and keeps the focus where it was.
function replace(place, nodes) {
  const next = element("div", {}, ...nodes);
  if (next.innerHTML === place.innerHTML) return;
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...next.childNodes);
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

async function draw() {
  const view = await store.read();
  const order = view.orders.find((each) => `#${each.id}` === location.hash);
  document.getElementById("account").textContent = view.account;
  document.getElementById("log-out").hidden = !view.account;
  replace(main, order ? drawOrder(order, view.steps) : drawList(view));
  replace(status, drawStatus(view));
  return view;
}

// Draws, asks the centre, and draws what has come of it.
async function refresh() {
  await draw();
  connection = (await synchronise(Object.keys(flow))) ?? connection;
  await draw();
}

async function add(step) {
  const { account } = await store.read();
  await store.addStep(account, { step_id: crypto.randomUUID(), told_at: Date.now(), ...step });
  await refresh();
}

// Asks in a dialogue; true if its button was pressed.
function ask(what, advice, act) {
  askDialog.querySelector("h2").textContent = what;
  askDialog.querySelector("p").textContent = advice;
  askDialog.querySelector("button[value=yes]").textContent = act;
  askDialog.returnValue = "";
  askDialog.showModal();
  return new Promise((resolve) => {
    askDialog.addEventListener("close", () => resolve(askDialog.returnValue === "yes"), { once: true });
  });
}

// Asks for the note, and for the parts where the step is about them; null if the user goes back.
function askStep(kind) {
  const form = stepDialog.querySelector("form");
  form.reset();
  stepDialog.querySelector("h2").textContent = stepNames[kind];
  const parts = stepDialog.querySelector("fieldset");
  parts.hidden = parts.disabled = kind !== "part";
  form.elements.note.required = kind === "note";
  stepDialog.returnValue = "";
  stepDialog.showModal();
  return new Promise((resolve) => {
    stepDialog.addEventListener(
      "close",
      () => {
        if (stepDialog.returnValue !== "yes") return resolve(null);
        const data = new FormData(form);
        const note = data.get("note").trim();
        const used = kind === "part" && [{ name: data.get("part").trim(), count: Number(data.get("count")) }];
        return resolve({ kind, ...(note && { note }), ...(used && { parts: used }) });
      },
      { once: true }
    );
  });
}

const ASKED = ["part", "note", "leave", "done", "reopen"];

const acts = {
  async step({ kind }, button) {
    const orderId = Number(location.hash.slice(1));
    button.disabled = true; // until the page is drawn again: a second tap adds nothing
    const step = ASKED.includes(kind) ? await askStep(kind) : { kind };
    if (step) await add({ order_id: orderId, ...step });
    else button.disabled = false;
  },
  async retry({ seq }) {
    const step = (await store.read()).steps.find((each) => each.seq === Number(seq));
    if (step) await store.retryStep(step);
    await refresh();
  },
  async discard({ seq }) {
    const step = (await store.read()).steps.find((each) => each.seq === Number(seq));
    if (step && (await ask(texts.discardAsk, texts.discardAdvice, texts.discard))) await store.dropStep(step);
    await draw();
  },
  async leave() {
    const { account, steps } = await store.read();
    const count = steps.length;
    if (count && !(await ask(texts.leaveAsk, fill(texts.leaveAdvice, { count }), texts.leave))) return;
    if (await leave(account)) location.assign("/login");
    else if (await ask(texts.leaveOffline, texts.leaveOfflineAdvice, texts.retry)) await acts.leave();
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act](button.dataset, button);
});

async function start() {
  addEventListener("hashchange", async () => {
    await draw();
    main.querySelector("h1").focus();
    scrollTo(0, 0);
  });
  for (const event of ["online", "offline"]) addEventListener(event, refresh);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  setInterval(refresh, EVERY_MS);
  navigator.storage.persist();
  navigator.serviceWorker.register("/my-orders/worker.js").catch(() => {
    offlineFault = navigator.onLine && !navigator.serviceWorker.controller;
    return draw();
  });
  await refresh();
  if (location.hash === "#log-out") await acts.leave();
}

// Without HTTPS a browser has neither a service worker nor locks.
if (isSecureContext) await start();
else replace(status, [alert(texts.noOffline, texts.noOfflineAdvice)]);
