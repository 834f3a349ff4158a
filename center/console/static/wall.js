// Fetches the figures of the situation wall and turns its pages. Figures that are not renewed leave the screen.
"use strict";
(() => {
  const RENEWALS = 3; // that may be missed
  const { turnMs, refreshMs, edition } = document.body.dataset;
  const [pages, loading, away, last, ended] = ["pages", "loading", "away", "last", "ended"].map((name) =>
    document.getElementById(`wall-${name}`)
  );
  let turned = 0;
  let renewedAt = Date.now();
  let turning = 0;

  const show = () => {
    const all = pages.children;
    for (let i = 0; i < all.length; i += 1) all[i].hidden = i !== turned % all.length;
  };

  const end = () => {
    clearInterval(turning);
    ended.hidden = false;
    document.body.replaceChildren(ended);
  };

  const dropStale = () => {
    if (Math.abs(Date.now() - renewedAt) < RENEWALS * refreshMs) return;
    pages.replaceChildren();
    loading.hidden = true;
    away.hidden = false;
  };

  const ask = async () => {
    try {
      const answer = await fetch("/wall/pages", { signal: AbortSignal.timeout(RENEWALS * refreshMs) });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return { status: 0, text: "" }; // no network, or no answer in time
    }
  };

  const renew = async () => {
    const { status, text } = await ask();
    if (status === 401 || status === 403) return end();
    if (status === 200) {
      pages.innerHTML = text;
      const drawn = pages.firstElementChild.dataset;
      if (drawn.edition !== edition) return location.reload();
      renewedAt = Date.now();
      last.textContent = drawn.at;
      loading.hidden = true;
      away.hidden = true;
      show();
    }
    dropStale();
    setTimeout(renew, refreshMs);
  };

  turning = setInterval(() => {
    turned += 1;
    show();
    dropStale();
  }, turnMs);
  renew();
})();
