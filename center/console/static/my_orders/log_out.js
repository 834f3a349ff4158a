// Logs out of the console: on a telephone with steps that are not sent, by the technician's page, which asks about them.
import { leave } from "./center.js";
import { exists, read } from "./store.js";

export async function logOut() {
  if (isSecureContext && (await exists())) {
    const { account, steps } = await read();
    if (steps.length) return location.assign("/my-orders#log-out");
    await leave(account);
  } else await fetch("/api/logout", { method: "POST" });
  return location.assign("/login");
}
