// A map of places (map.py). Texts become text nodes, never markup; the view moves only when somebody asks for it.
import { leaflet as L } from "nicegui-leaflet";
import { Names, grouping, panes, site, world } from "wayside-ground";
import { loadResource } from "../../static/utils/resources.js";

const FOCUSABLE = 60; // more markers than that would be a wall of tab stops: the words beside the map lead on
const LEAST_MS = 700; // of a sighting of a path that is played
const PLAYED_MS = 8000; // of a whole path, beside that
const NOTHING = [[3, 73], [54, 136]]; // nothing to fit to
const APART_PX = 40; // markers nearer to each other than that are one cluster
const WORST = ["bad", "warn", "off", "ok"];
const PEEK_MS = 250; // a pointer that only passes asks for no picture

// Where a camera looks: behind its dot, turned clockwise from north.
function sector({ bearing_deg }) {
  if (bearing_deg === null || bearing_deg === undefined) return false;
  const element = document.createElement("span");
  element.className = "ws-map-sector";
  element.style.transform = `rotate(${Number(bearing_deg)}deg)`;
  return element;
}

export default {
  template: `
    <div>
      <div ref="map" class="ws-map-view" role="application" :aria-label="label"></div>
      <div class="ws-map-tools" v-if="ready">
        <button type="button" @click="fit" :title="words.all" :aria-label="words.all">⤢</button>
        <template v-if="drawing">
          <button type="button" @click="begin" :aria-pressed="String(open)" :title="words.draw" :aria-label="words.draw">⬠</button>
          <button type="button" @click="undo" :disabled="!open || !corners.length" :title="words.undo" :aria-label="words.undo">↶</button>
          <button type="button" @click="close" :disabled="!open || corners.length < limits[0]" :title="words.close" :aria-label="words.close">✓</button>
          <button type="button" @click="clear" :disabled="!open && !corners.length" :title="words.clear" :aria-label="words.clear">✕</button>
        </template>
      </div>
      <div class="ws-map-how" v-if="open || trouble" role="status">{{ open ? words.how : trouble }}</div>
      <div class="ws-map-player" v-if="ready && plays && path.length > 1">
        <button type="button" class="ws-tool" @click="play" :title="playing ? words.pause : words.play"
          :aria-label="playing ? words.pause : words.play">{{ playing ? "❚❚" : "▶" }}</button>
        <input type="range" min="0" :max="path.length - 1" :value="at" @input="go(Number($event.target.value))"
          :aria-label="words.moment" :aria-valuetext="moment" />
        <span class="ws-map-moment">{{ moment }}</span>
      </div>
    </div>`,
  props: {
    label: String,
    resourcePath: String,
    ground: Object,
    words: Object,
    drawing: Boolean,
    peeking: Boolean,
    limits: Array,
    markers: Array,
    heat: Array,
    path: Array,
    plays: Boolean,
    area: Array,
  },
  data: () => ({ ready: false, open: false, corners: [], trouble: "", at: 0, playing: false }),
  computed: {
    moment() {
      return `${this.at + 1}/${this.path.length} · ${this.path[this.at]?.title || ""}`;
    },
  },
  watch: {
    markers: { deep: true, handler: "drawMarkers" },
    heat: { deep: true, handler: "drawHeat" },
    path: { deep: true, handler: "takePath" },
    area: { deep: true, handler: "takeArea" },
  },
  async mounted() {
    await this.$nextTick();
    const [Grouping] = await Promise.all([
      grouping(L, this.ground.libraries),
      loadResource((window.path_prefix || "") + this.resourcePath + "/leaflet/leaflet.css"),
    ]);
    if (!this.$refs.map) return; // the page went meanwhile
    const map = L.map(this.$refs.map, {
      zoomControl: false,
      attributionControl: Boolean(this.ground.attribution),
      doubleClickZoom: !this.drawing,
      minZoom: 1,
      maxZoom: this.ground.max_zoom,
      zoomSnap: 0.5,
      fadeAnimation: false,
    });
    panes(map);
    // Not among what Vue watches: Leaflet changes its own objects all the time.
    this.own = { map, marks: new Map(), fitted: false, names: new Names(L, map) };
    this.own.index = new Grouping({
      radius: APART_PX,
      extent: 256,
      maxZoom: this.ground.max_zoom,
      map: ({ marker }) => ({ tones: { [marker.tone]: 1 } }),
      reduce: (all, one) => {
        all.tones = Object.fromEntries(WORST.map((tone) => [tone, (all.tones[tone] ?? 0) + (one.tones[tone] ?? 0)]));
      },
    });
    for (const name of ["outlines", "heat", "path", "area"]) this.own[name] = L.layerGroup().addTo(map);
    L.control.zoom({ zoomInTitle: this.words.nearer, zoomOutTitle: this.words.farther }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    if (this.ground.attribution) {
      const text = document.createElement("span");
      text.textContent = this.ground.attribution;
      map.attributionControl.setPrefix(false).addAttribution(text.innerHTML);
    }
    if (this.ground.tiles) L.tileLayer(this.ground.tiles, { maxZoom: this.ground.max_zoom }).addTo(map);
    map.fitBounds(NOTHING, { animate: false });
    map.on("click", (event) => this.corner(event.latlng));
    map.on("moveend", this.drawMarks);
    this.$refs.map.addEventListener("keydown", this.key);
    // A map whose box was hidden or changed would draw into the old size.
    this.own.observer = new ResizeObserver(() => map.invalidateSize({ animate: false }));
    this.own.observer.observe(this.$refs.map);
    this.ready = true;
    this.drawMarkers();
    this.drawHeat();
    this.takePath();
    this.takeArea();
    this.trouble = this.ground.fault;
    const { libraries } = this.ground;
    const parts = [
      libraries && this.ground.site && (() => site(L, map, this.ground)),
      libraries && this.ground.world && (() => world(L, map, this.ground.names)),
      this.ground.outlines && this.drawOutlines,
    ];
    await Promise.all(parts.filter(Boolean).map(this.lay));
    if (this.own) this.$refs.map.dataset.ground = "laid";
  },
  unmounted() {
    clearTimeout(this.next);
    this.own?.observer.disconnect();
    this.own?.map.remove();
    this.own = undefined;
  },
  methods: {
    // One part of the ground; without it the map still has its markers.
    async lay(part) {
      try {
        const names = (await part()) ?? [];
        if (this.own) this.own.names.add(names);
      } catch (error) {
        console.warn(error);
        if (this.own) this.trouble = this.words.failed;
      }
    },
    async drawOutlines() {
      const answer = await fetch(this.ground.outlines, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`${this.ground.outlines}: ${answer.status}`);
      const outlines = await answer.json();
      if (!this.own) return;
      L.geoJSON(outlines, {
        interactive: true,
        bubblingMouseEvents: true,
        style: { className: "ws-map-outline" },
        onEachFeature: (feature, layer) => this.say(layer, feature.properties?.name, "", { sticky: true }),
      }).addTo(this.own.outlines);
      this.fitOnce();
    },
    drawMarkers() {
      if (!this.own) return;
      this.own.index.load(
        this.markers.map((marker) => ({
          type: "Feature",
          properties: { marker },
          geometry: { type: "Point", coordinates: [marker.at[1], marker.at[0]] },
        })),
      );
      this.drawMarks();
      this.fitOnce();
    },
    // What is in view, by itself or in a cluster. A mark that stays as it was is left alone: it may have the focus.
    drawMarks() {
      if (!this.own) return;
      const { map, marks, index } = this.own;
      const view = map.getBounds().pad(0.25);
      const box = [Math.max(view.getWest(), -180), view.getSouth(), Math.min(view.getEast(), 180), view.getNorth()];
      const shown = index.getClusters(box, Math.floor(map.getZoom())).map(({ properties, geometry, id }) => {
        if (!properties.cluster) return properties.marker;
        const [longitude, latitude] = geometry.coordinates;
        return { key: `cluster ${id}`, at: [latitude, longitude], cluster: id, count: properties.point_count, tones: properties.tones };
      });
      const keys = new Set(shown.map((each) => each.key));
      for (const [key, mark] of marks) {
        if (!keys.has(key)) {
          mark.remove();
          marks.delete(key);
        }
      }
      for (const each of shown) {
        const drawn = JSON.stringify(each);
        const before = marks.get(each.key);
        if (before?.drawn === drawn) continue;
        before?.remove();
        const mark = each.count ? this.clusterMark(each, shown.length) : this.markerMark(each, shown.length);
        mark.drawn = drawn;
        marks.set(each.key, mark);
      }
    },
    mark(at, tone, among, options) {
      return L.marker(at, {
        keyboard: among <= FOCUSABLE,
        bubblingMouseEvents: true,
        zIndexOffset: tone === "bad" ? 2000 : tone === "warn" ? 1000 : 0,
        ...options,
      }).addTo(this.own.map);
    },
    markerMark(marker, among) {
      const mark = this.mark(marker.at, marker.tone, marker.href ? among : Infinity, {
        icon: L.divIcon({ className: "ws-map-marker ws-map-" + marker.tone, iconSize: [16, 16], html: sector(marker) }),
      });
      if (mark.options.keyboard) {
        const element = mark.getElement();
        element.setAttribute("role", "link");
        element.setAttribute("aria-label", [marker.title, marker.note].filter(Boolean).join(this.words.colon));
      }
      this.say(mark, marker.title, marker.note);
      if (marker.href) this.leads(mark, () => window.location.assign(marker.href));
      if (this.peeking) {
        let timer;
        mark.on("tooltipopen", () => (timer = setTimeout(() => this.$emit("peek", marker.key), PEEK_MS)));
        mark.on("tooltipclose remove", () => clearTimeout(timer));
      }
      return mark;
    },
    clusterMark({ at, cluster, count, tones }, among) {
      const tone = WORST.find((each) => tones[each]);
      const number = document.createElement("span");
      number.textContent = String(count);
      const icon = L.divIcon({ className: `ws-map-cluster ws-map-${tone}`, iconSize: [34, 34], html: number });
      const mark = this.mark(at, tone, among, { icon });
      const parts = WORST.filter((each) => tones[each]).map((each) => `${this.words[each]}${this.words.colon}${tones[each]}`);
      const whole = `${this.words.count}${this.words.colon}${count}`;
      if (mark.options.keyboard) {
        mark.getElement().setAttribute("role", "button");
        mark.getElement().setAttribute("aria-label", [whole, ...parts].join(", "));
      }
      this.say(mark, whole, parts.join(" · "));
      this.leads(mark, () => this.openCluster(at, cluster));
      return mark;
    },
    // Zooms to where a cluster falls apart. What stands at one place never does: its markers are listed.
    openCluster(at, cluster) {
      const { map, index } = this.own;
      const zoom = index.getClusterExpansionZoom(cluster);
      if (zoom <= this.ground.max_zoom) return map.setView(at, zoom, { animate: false });
      const list = document.createElement("ul");
      list.className = "ws-map-list";
      for (const { properties } of index.getLeaves(cluster, FOCUSABLE)) {
        const { title, note, tone, href } = properties.marker;
        const line = list.appendChild(document.createElement("li"));
        line.appendChild(document.createElement("span")).className = `ws-dot ws-dot-${tone}`;
        const name = line.appendChild(document.createElement(href ? "a" : "span"));
        if (href) name.href = href;
        name.textContent = [title, note].filter(Boolean).join(this.words.colon);
      }
      L.popup({ className: "ws-map-popup", closeButton: false }).setLatLng(at).setContent(list).openOn(map);
    },
    // Called by the page with the newest picture of the marker whose words are open; no `src`: there is none.
    showPeek(key, src, alt, note) {
      const tip = this.own?.marks.get(key)?.getTooltip();
      const text = tip?.getContent();
      if (!tip?.isOpen() || !text) return;
      text.querySelector(".ws-map-peek")?.remove();
      const box = text.appendChild(document.createElement("div"));
      box.className = "ws-map-peek";
      if (src) {
        const marked = box.appendChild(document.createElement("span"));
        marked.className = "ws-marked";
        const picture = marked.appendChild(new Image());
        picture.alt = alt;
        picture.onload = () => tip.update();
        picture.onerror = () => box.remove();
        picture.src = src;
      }
      if (note) box.appendChild(document.createElement("div")).textContent = note;
      tip.update();
    },
    drawHeat() {
      if (!this.own) return;
      const layer = this.own.heat.clearLayers();
      const most = Math.max(...this.heat.map((each) => each.value), 0);
      // The small ones last, so that none lies hidden under a great one.
      for (const each of [...this.heat].sort((a, b) => b.value - a.value)) {
        const share = most > 0 ? Math.max(each.value, 0) / most : 0;
        const disc = L.circleMarker(each.at, {
          radius: 5 + 23 * Math.sqrt(share),
          className: "ws-map-heat",
          fillOpacity: 0.25 + 0.5 * share,
          bubblingMouseEvents: true,
        }).addTo(layer);
        this.say(disc, each.title, "");
      }
      this.fitOnce();
    },
    // A path is shown whole until it is played.
    takePath() {
      this.go(Math.max(0, this.path.length - 1));
      if (this.own) this.fitOnce();
    },
    play() {
      if (this.playing) return this.stop();
      if (this.at === this.path.length - 1) this.at = 0;
      this.playing = true;
      this.drawPath();
      this.wait();
    },
    stop() {
      this.playing = false;
      clearTimeout(this.next);
    },
    go(at) {
      this.stop();
      this.at = at;
      this.drawPath();
    },
    // Waits in proportion to the time between two sightings, so that a long gap is seen to be long.
    wait() {
      const span = this.path.at(-1).at_ms - this.path[0].at_ms || 1;
      const gap = this.path[this.at + 1].at_ms - this.path[this.at].at_ms;
      this.next = setTimeout(() => {
        this.at += 1;
        this.drawPath();
        if (this.at < this.path.length - 1) this.wait();
        else this.stop();
      }, LEAST_MS + (PLAYED_MS * gap) / span);
    },
    drawPath() {
      if (!this.own) return;
      const layer = this.own.path.clearLayers();
      const path = this.path.slice(0, this.at + 1);
      if (path.length > 1) {
        L.polyline(path.map((step) => step.at), { className: "ws-map-path", interactive: false }).addTo(layer);
      }
      path.forEach((step, index) => {
        const now = this.plays && this.path.length > 1 && index === this.at ? " ws-map-now" : "";
        const number = document.createElement("span");
        number.textContent = String(index + 1);
        const mark = L.marker(step.at, {
          icon: L.divIcon({ className: "ws-map-step" + now, iconSize: [22, 22], html: number }),
          keyboard: false,
          bubblingMouseEvents: true,
          zIndexOffset: 3000 + index,
        }).addTo(layer);
        this.say(mark, `${index + 1} · ${step.title}`, "");
        if (step.href) this.leads(mark, () => window.location.assign(step.href));
      });
    },
    say(layer, title, note, options) {
      if (!title) return;
      const text = document.createElement("div");
      for (const [tag, words] of [["strong", title], ["div", note]]) {
        if (words) text.appendChild(document.createElement(tag)).textContent = words;
      }
      layer.bindTooltip(text, { direction: "auto", opacity: 1, className: "ws-map-tip", ...options });
    },
    leads(mark, act) {
      const go = () => this.open || act();
      mark.on("click", go);
      mark.on("keypress", (event) => event.originalEvent.key === "Enter" && go());
    },
    bounds() {
      const places = [...this.markers, ...this.heat, ...this.path].map((each) => each.at).concat(this.corners);
      if (places.length) return L.latLngBounds(places);
      const outlines = L.latLngBounds([]);
      this.own.outlines.eachLayer((layer) => outlines.extend(layer.getBounds()));
      return outlines;
    },
    fitOnce() {
      if (!this.own.fitted) this.own.fitted = this.fit();
    },
    fit() {
      const bounds = this.bounds();
      if (!bounds.isValid()) return false;
      this.own.map.fitBounds(bounds, { padding: [36, 36], maxZoom: 16, animate: false });
      return true;
    },
    begin() {
      this.open = !this.open;
      if (this.open) {
        this.corners = [];
        this.$refs.map.focus({ preventScroll: true });
      } else {
        this.corners = this.area.map(([lat, lng]) => [lat, lng]);
      }
      this.drawArea();
    },
    corner(at) {
      if (!this.open || this.corners.length >= this.limits[1]) return;
      const { lat, lng } = at.wrap();
      this.corners.push([lat, lng]);
      this.drawArea();
    },
    undo() {
      this.corners.pop();
      this.drawArea();
    },
    close() {
      this.open = false;
      this.drawArea();
      this.$emit("area", this.corners.map((corner) => [...corner]));
    },
    clear() {
      const had = this.area.length > 0 || !this.open;
      this.open = false;
      this.corners = [];
      this.drawArea();
      if (had) this.$emit("area", []);
    },
    takeArea() {
      if (!this.own || this.open) return;
      this.corners = this.area.map(([lat, lng]) => [lat, lng]);
      this.drawArea();
      this.fitOnce();
    },
    key(event) {
      if (!this.open || event.target !== this.$refs.map) return;
      if (event.key === "Enter") this.corner(this.own.map.getCenter());
      else if (event.key === "Backspace") this.undo();
      else if (event.key === "Escape") this.begin();
      else return;
      event.preventDefault();
    },
    drawArea() {
      const layer = this.own.area.clearLayers();
      this.$refs.map.classList.toggle("ws-map-drawing", this.open);
      if (!this.corners.length) return;
      const shape = this.open ? L.polyline : L.polygon;
      shape(this.corners, { className: "ws-map-area", interactive: false, fill: !this.open }).addTo(layer);
      if (!this.open) return;
      for (const corner of this.corners) {
        L.circleMarker(corner, { radius: 4, className: "ws-map-corner", interactive: false }).addTo(layer);
      }
    },
  },
};
