// Keys of every page: `?` shows them, `g` and a letter leads to a page, `/` goes to the first field. Tells when the page is left.
"use strict";
(() => {
  const STORE = "wayside-keys";
  const counts = () => localStorage.getItem(STORE) !== "off";
  const dialog = () => document.getElementById("keys");
  let after = 0; // until when a letter belongs to a `g`

  // True if a key pressed alone is one of the page's: not typed into a field, not taken by another listener.
  window.waysideSingleKey = (event) => {
    const at = event.target;
    const typing = at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.closest("[role=application]");
    return !(event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing || !counts());
  };

  function toggle() {
    const keys = dialog();
    if (!keys) return;
    document.getElementById("keys-on").checked = counts();
    if (keys.open) keys.close();
    else keys.showModal();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#keys-open, #keys-close")) toggle();
    else if (event.target.id === "keys") toggle(); // beside the dialog
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "keys-on") localStorage.setItem(STORE, event.target.checked ? "on" : "off");
  });
  document.addEventListener("keydown", (event) => {
    if (!window.waysideSingleKey(event)) return;
    const led = performance.now() < after && document.querySelector(`.ws-nav a[data-key="${CSS.escape(event.key)}"]`);
    after = 0;
    if (led) location.assign(led.href);
    else if (event.key === "?") toggle();
    else if (event.key === "g") after = performance.now() + 1500;
    else if (event.key === "/") document.querySelector(".ws-main input, .ws-main select")?.focus();
    else return;
    event.preventDefault();
  });
  // What the page still waits for is given up at once, and not when its browser has been away for long.
  addEventListener("pagehide", () => window.emitEvent?.("page_left"));
})();
