// Talks with the centre: sends the steps in their order and reads the orders. One tab at a time, each step until an answer.
import * as store from "./store.js";

const ORDERS = "/api/orders";
const PATIENCE_MS = 20_000;

// The centre cannot be asked now. `state` is `offline`, `ended` (no session of this account) or `denied`.
class Interrupted extends Error {
  constructor(state) {
    super(state);
    this.state = state;
  }
}

// The centre has answered that it does not take a step; to send it again as it is would not change that.
class Refused extends Error {
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

async function fetchJson(path, account, body) {
  const headers = { Accept: "application/json", ...(account && { "Wayside-Account": account }) };
  const request = { headers, redirect: "error", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body) Object.assign(request, { method: "POST", body: JSON.stringify(body) });
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, request);
    return { status: answer.status, ok: answer.ok, value: await answer.json() };
  } catch {
    throw new Interrupted("offline"); // no network, or something else than the centre answered
  }
}

async function ask(path, account, body) {
  const { status, ok, value } = await fetchJson(path, account, body);
  if (ok) return value;
  if (status === 401) throw new Interrupted("ended");
  if (value.code === "forbidden") throw new Interrupted("denied");
  if (typeof value.code === "string" && status < 500 && status !== 429) throw new Refused(value);
  throw new Interrupted("offline");
}

async function sendSteps(account) {
  for (let step = await store.nextStep(account); step; step = await store.nextStep(account)) {
    const { seq: _seq, account: _account, order_id: orderId, ...body } = step;
    try {
      const { order } = await ask(`${ORDERS}/${orderId}/steps`, account, body);
      await store.confirmStep(step, order);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await store.refuseStep(step, error.problem);
    }
  }
}

async function readAll(account, filters) {
  const found = [];
  for (let cursor = null; ; ) {
    const query = new URLSearchParams(cursor ? [...filters, ["cursor", cursor]] : filters);
    const page = await ask(`${ORDERS}?${query}`, account);
    found.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) return found;
  }
}

// Reads the orders of the account that have not ended, and those in its districts that nobody has.
async function readOrders(account, live) {
  const mine = await readAll(account, [["assignee", "me"], ...live.map((state) => ["status", state])]);
  const free = await readAll(account, [["status", "open"]]);
  await store.replaceOrders(account, [...mine, ...free]);
}

async function run(live) {
  try {
    const { username } = await ask("/api/me", "");
    await store.become(username);
    do {
      await sendSteps(username);
      await readOrders(username, live);
    } while (await store.nextStep(username)); // entered meanwhile
    return "online";
  } catch (error) {
    if (error instanceof Refused) return "denied";
    if (error instanceof Interrupted) return error.state;
    throw error;
  }
}

// Sends what waits and reads the orders in the states `live`. Returns `online`, or why it could not; null where another
// call is at it.
export const synchronise = (live) =>
  navigator.locks.request("wayside-orders", { ifAvailable: true }, (lock) => (lock ? run(live) : null));

// Ends the session at the centre, then clears the account's data. Returns false without a network: nothing is cleared.
export const leave = (account) =>
  navigator.locks.request("wayside-orders", async () => {
    try {
      const answer = await fetch("/api/logout", { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!answer.ok && answer.status !== 401) return false;
    } catch {
      return false;
    }
    await store.forget(account);
    for (const name of await caches.keys()) if (name.startsWith("wayside-orders-")) await caches.delete(name);
    for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
    return true;
  });
