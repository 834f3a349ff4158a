// Who looks, and when, as a tile over every picture of the page, and as a line at the foot of each printed page. The
// time is the centre's, carried on by the browser's steady clock: to set the machine's clock does not change it.
"use strict";
(() => {
  const EVERY_MS = 15000;
  const began = performance.now();
  const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

  function tile(lines) {
    const width = Math.max(264, 11 * Math.max(...lines.map((line) => line.length)));
    const height = Math.round(width * 0.5);
    const texts = lines.map((line, at) => `<text x="${width / 2}" y="${height / 2 + 17 * at - 4}">${escaped(line)}</text>`);
    // Light letters with a dark edge: they show on a bright sky and on a street at night.
    const look = 'font-family="sans-serif" font-size="13" font-weight="600" text-anchor="middle" fill="#fff" fill-opacity=".5" '
      + 'stroke="#000" stroke-opacity=".35" stroke-width="2.5" paint-order="stroke"';
    const turned = `transform="rotate(-16 ${width / 2} ${height / 2})"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g ${turned} ${look}>${texts.join("")}</g></svg>`;
  }

  function draw() {
    const mark = document.getElementById("watermark");
    if (!mark) return;
    const { user, atMs, zoneMs, zone } = mark.dataset;
    const local = new Date(Number(atMs) + Number(zoneMs) + performance.now() - began);
    const time = `${local.toISOString().slice(0, 16).replace("T", " ")} ${zone}`;
    const image = `url("data:image/svg+xml,${encodeURIComponent(tile([user, time]))}")`;
    document.documentElement.style.setProperty("--ws-watermark", image);
    mark.textContent = `Wayside · ${user} · ${time}`;
  }

  document.addEventListener("DOMContentLoaded", draw);
  addEventListener("beforeprint", draw);
  setInterval(draw, EVERY_MS);
})();
