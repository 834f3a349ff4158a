// What a map stands on (map.js): the world, the site's imported map, and names. All of it comes from this centre, and every
// name becomes a text node or is painted on a canvas, never markup.
const FILE = (name) => new URL(`./libraries/${name}`, import.meta.url).href;
const NAMES_UNTIL = 8; // zoom from which the name of a country says nothing more
const POINTS_FROM = 12; // zoom from which single places are named

// Classic scripts; those that draw PMTiles look for Leaflet in the window.
function script(name, L) {
  globalThis.L ??= L;
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement("script"), { src: FILE(name), onload: done, onerror: failed });
    document.head.append(element);
  });
}

// Groups markers that are near to each other. Where the libraries are not installed each stands by itself.
export async function grouping(L, installed) {
  if (!installed) return Ungrouped;
  await script("supercluster.min.js", L);
  return globalThis.Supercluster;
}

class Ungrouped {
  load(points) {
    this.points = points;
  }

  getClusters([west, south, east, north]) {
    const inside = ([x, y]) => x >= west && x <= east && y >= south && y <= north;
    return this.points.filter((point) => inside(point.geometry.coordinates));
  }
}

async function json(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

export function panes(map) {
  for (const [name, order] of [["ws-world", 150], ["ws-site", 250], ["ws-names", 450]]) {
    map.createPane(name).style.zIndex = order;
  }
  map.getPane("ws-names").style.pointerEvents = "none";
}

export async function world(L, map, names) {
  const [topology] = await Promise.all([json(FILE("countries-50m.json")), script("topojson-client.min.js", L)]);
  const { countries, land } = topology.objects;
  const { feature, mesh } = globalThis.topojson;
  const drawn = { pane: "ws-world", interactive: false };
  L.geoJSON(feature(topology, land), { ...drawn, style: { className: "ws-map-land" } }).addTo(map);
  const borders = mesh(topology, countries, (one, other) => one !== other);
  L.geoJSON(borders, { ...drawn, style: { className: "ws-map-border" } }).addTo(map);
  return feature(topology, countries).features.map((country) => ({
    text: names[country.id] ?? country.properties.name,
    ...middle(L, country.geometry),
    until: NAMES_UNTIL,
    kind: "ws-map-country",
  }));
}

export async function site(L, map, ground) {
  if (ground.site.kind === "geojson") return features(L, map, ground.site.url);
  await script("pmtiles.js", L);
  if (!map.getPane("ws-site")) return []; // the page went meanwhile
  const archive = new globalThis.pmtiles.PMTiles(ground.site.url);
  const options = { pane: "ws-site", attribution: "", maxZoom: ground.max_zoom };
  if (ground.site.kind === "pictures") {
    globalThis.pmtiles.leafletRasterLayer(archive, { ...options, maxNativeZoom: ground.site.max_zoom }).addTo(map);
    return [];
  }
  await script("protomaps-leaflet.js", L);
  const style = ground.site.layers.includes("earth") ? { flavor: dark() ? "dark" : "light" } : rules(ground.site.layers);
  globalThis.protomapsL
    .leafletLayer({ ...options, url: archive, maxDataZoom: ground.site.max_zoom, lang: ground.language, ...style })
    .addTo(map);
  return [];
}

const dark = () => document.body.classList.contains("body--dark");

// A county's layers have names of its own: each is drawn by its geometry. One with a layer `earth` has the scheme of
// Protomaps' basemap, which the library can dress.
function rules(layers) {
  const { PolygonSymbolizer, LineSymbolizer, CircleSymbolizer, CenteredTextSymbolizer, LineLabelSymbolizer } =
    globalThis.protomapsL;
  const [ink, soft, paper] = dark() ? ["#9aa5b4", "#3a4454", "#0e1116"] : ["#5a6472", "#aeb6c2", "#ffffff"];
  const of = (type) => (_zoom, feature) => feature.geomType === type;
  const text = { fill: ink, stroke: paper, width: 2, font: "12px sans-serif", labelProps: ["name"] };
  return {
    paintRules: layers.flatMap((dataLayer) => [
      { dataLayer, filter: of(3), symbolizer: new PolygonSymbolizer({ fill: soft, opacity: 0.25, stroke: ink, width: 1 }) },
      { dataLayer, filter: of(2), symbolizer: new LineSymbolizer({ color: soft, width: 2 }) },
      { dataLayer, filter: of(1), symbolizer: new CircleSymbolizer({ radius: 2.5, fill: ink }) },
    ]),
    labelRules: layers.flatMap((dataLayer) => [
      { dataLayer, filter: of(2), symbolizer: new LineLabelSymbolizer(text) },
      { dataLayer, filter: (zoom, feature) => feature.geomType !== 2, symbolizer: new CenteredTextSymbolizer(text) },
    ]),
  };
}

async function features(L, map, url) {
  const collection = await json(url);
  const drawn = { pane: "ws-site", interactive: false };
  L.geoJSON(collection, {
    ...drawn,
    style: (feature) => ({ className: /Polygon$/.test(feature.geometry.type) ? "ws-map-ground-area" : "ws-map-ground-line" }),
    pointToLayer: (_feature, at) => L.circleMarker(at, { ...drawn, radius: 3, className: "ws-map-ground-place" }),
  }).addTo(map);
  return collection.features
    .filter((feature) => feature.properties?.name)
    .map((feature) => ({ text: feature.properties.name, ...middle(L, feature.geometry), kind: "ws-map-name" }));
}

// Where a name stands, and what it must fit into: of a country with islands that is its greatest part.
function middle(L, { type, coordinates }) {
  if (type === "Point") return { at: at(coordinates), from: POINTS_FROM };
  const parts = { MultiPolygon: () => coordinates.map((each) => each[0]), Polygon: () => [coordinates[0]] };
  const lines = parts[type]?.() ?? (type === "LineString" ? [coordinates] : type === "MultiPoint" ? [coordinates] : coordinates);
  const boxes = lines.map((line) => L.latLngBounds(line.map(at)));
  const size = (box) => (box.getEast() - box.getWest()) * (box.getNorth() - box.getSouth());
  const greatest = boxes.reduce((best, box, index) => (size(box) > size(boxes[best]) ? index : best), 0);
  const line = lines[greatest];
  const place = /Polygon$/.test(type) ? centre(line) : line[Math.floor(line.length / 2)];
  return { at: at(place), box: boxes[greatest] };
}

const at = ([longitude, latitude]) => [latitude, longitude];

function centre(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i < ring.length - 1; i++) {
    const [[x0, y0], [x1, y1]] = [ring[i], ring[i + 1]];
    const cross = x0 * y1 - x1 * y0;
    area += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  }
  return area ? [x / (3 * area), y / (3 * area)] : ring[0];
}

// Names, as many as have room where the map stands; earlier ones first.
export class Names {
  constructor(L, map) {
    Object.assign(this, { L, map, all: [], layer: L.layerGroup().addTo(map) });
    map.on("moveend", this.draw, this);
  }

  add(names) {
    this.all.push(...names);
    this.draw();
  }

  draw() {
    const { L, map } = this;
    this.layer.clearLayers();
    const [zoom, view, taken] = [map.getZoom(), map.getBounds(), []];
    for (const { text, at, box, from = 0, until = Infinity, kind } of this.all) {
      if (zoom < from || zoom >= until || !view.contains(at)) continue;
      const width = [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 12 : 6.5), 8);
      if (box && span(map, box) < width) continue;
      const { x, y } = map.latLngToContainerPoint(at);
      const room = L.bounds([x - width / 2, y - 9], [x + width / 2, y + 9]);
      if (taken.some((other) => other.intersects(room))) continue;
      taken.push(room);
      const label = document.createElement("span");
      label.textContent = text;
      const icon = L.divIcon({ className: `ws-map-label ${kind}`, html: label, iconSize: [0, 0] });
      L.marker(at, { icon, pane: "ws-names", interactive: false, keyboard: false }).addTo(this.layer);
    }
  }
}

function span(map, box) {
  const [west, east] = [box.getSouthWest(), box.getNorthEast()].map((corner) => map.latLngToContainerPoint(corner));
  return Math.max(east.x - west.x, west.y - east.y);
}
