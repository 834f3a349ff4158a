// Keeps the orders of an account, and its steps that the centre has not confirmed yet, in the browser's database.
const NAME = "wayside-orders";
const FIELDS = ["id", "state", "camera_id", "camera_name", "district", "fault", "cause", "opened_at_ms", "due_at_ms", "waiting"];
export const KEPT_MS = 72 * 3_600_000; // that orders stay without a word of the centre; steps stay until they are sent

let opening = null;

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("orders", { keyPath: ["account", "id"] });
      request.result.createObjectStore("steps", { keyPath: "seq", autoIncrement: true });
      request.result.createObjectStore("about", { keyPath: "name" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

// Runs `work` in one transaction over all of the database; what it returns counts once that is on the disk.
async function act(mode, work) {
  const database = await open();
  const transaction = database.transaction(["orders", "steps", "about"], mode, { durability: "strict" });
  const written = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const [orders, steps, about] = ["orders", "steps", "about"].map((name) => transaction.objectStore(name));
  const value = await work({ orders, steps, about });
  await written;
  return value;
}

const range = (account) => IDBKeyRange.bound([account], [account, []]);
const kept = (account, order) => ({ account, ...Object.fromEntries(FIELDS.map((name) => [name, order[name]])) });

// Everything that the page shows: whose it is, the orders, the steps in the order they were entered, and those of others.
export const read = () =>
  act("readonly", async ({ orders, steps, about }) => {
    const [owner, all] = [await result(about.get("owner")), await result(steps.getAll())];
    const account = owner?.account ?? "";
    const fresh = Math.abs(Date.now() - (owner?.atMs ?? 0)) < KEPT_MS;
    return {
      account,
      readAtMs: owner?.atMs ?? 0,
      orders: account && fresh ? await result(orders.getAll(range(account))) : [],
      steps: all.filter((step) => step.account === account),
      others: [...new Set(all.filter((step) => step.account !== account).map((step) => step.account))],
    };
  });

// Makes the page one account's: orders of another leave it, steps of another stay for their own account.
export const become = (account) =>
  act("readwrite", async ({ orders, about }) => {
    const owner = await result(about.get("owner"));
    if (owner?.account === account) return;
    orders.clear();
    about.put({ name: "owner", account, atMs: 0 });
  });

export const replaceOrders = (account, found) =>
  act("readwrite", ({ orders, about }) => {
    orders.clear();
    for (const order of found) orders.put(kept(account, order));
    about.put({ name: "owner", account, atMs: Date.now() });
  });

export const addStep = (account, step) => act("readwrite", ({ steps }) => void steps.add({ ...step, account }));

// The next step of the account that the centre has neither confirmed nor refused.
export const nextStep = (account) =>
  act("readonly", async ({ steps }) =>
    (await result(steps.getAll())).find((step) => step.account === account && !step.refusal)
  );

// The step is the centre's now: it goes, and the order is as the centre answered, in one transaction.
export const confirmStep = (step, order) =>
  act("readwrite", ({ orders, steps }) => {
    steps.delete(step.seq);
    orders.put(kept(step.account, order));
  });

export const refuseStep = (step, refusal) => act("readwrite", ({ steps }) => void steps.put({ ...step, refusal }));

export const retryStep = ({ refusal: _, ...step }) => act("readwrite", ({ steps }) => void steps.put(step));

export const dropStep = (step) => act("readwrite", ({ steps }) => void steps.delete(step.seq));

// Clears the account's data; the steps of another account stay, since only that account can send them.
export const forget = (account) =>
  act("readwrite", async ({ orders, steps, about }) => {
    orders.clear();
    about.clear();
    for (const step of await result(steps.getAll())) if (step.account === account) steps.delete(step.seq);
  });

// True if this browser has such a database; none is made by the question.
export const exists = async () => (await indexedDB.databases()).some((each) => each.name === NAME);
