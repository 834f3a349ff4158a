// A map of places (map.py). Texts become text nodes, never markup; the view moves only when somebody asks for it.
import { leaflet as L } from "nicegui-leaflet";
import { loadResource } from "../../static/utils/resources.js";

const FOCUSABLE = 60; // more markers than that would be a wall of tab stops: the words beside the map lead on
const NOTHING = [[3, 73], [54, 136]]; // nothing to fit to

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
      <div class="ws-map-how" v-if="open" role="status">{{ words.how }}</div>
    </div>`,
  props: {
    label: String,
    resourcePath: String,
    ground: Object,
    words: Object,
    drawing: Boolean,
    limits: Array,
    markers: Array,
    heat: Array,
    path: Array,
    area: Array,
  },
  data: () => ({ ready: false, open: false, corners: [] }),
  watch: {
    markers: { deep: true, handler: "drawMarkers" },
    heat: { deep: true, handler: "drawHeat" },
    path: { deep: true, handler: "drawPath" },
    area: { deep: true, handler: "takeArea" },
  },
  async mounted() {
    await this.$nextTick();
    await loadResource((window.path_prefix || "") + this.resourcePath + "/leaflet/leaflet.css");
    if (!this.$refs.map) return; // the page went meanwhile
    const map = L.map(this.$refs.map, {
      zoomControl: false,
      attributionControl: Boolean(this.ground.attribution),
      doubleClickZoom: !this.drawing,
      maxZoom: this.ground.max_zoom,
      zoomSnap: 0.5,
      fadeAnimation: false,
    });
    // Not among what Vue watches: Leaflet changes its own objects all the time.
    this.own = { map, marks: new Map(), fitted: false };
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
    this.$refs.map.addEventListener("keydown", this.key);
    // A map whose box was hidden or changed would draw into the old size.
    this.own.observer = new ResizeObserver(() => map.invalidateSize({ animate: false }));
    this.own.observer.observe(this.$refs.map);
    this.ready = true;
    this.drawMarkers();
    this.drawHeat();
    this.drawPath();
    this.takeArea();
    if (this.ground.outlines) await this.drawOutlines();
  },
  unmounted() {
    this.own?.observer.disconnect();
    this.own?.map.remove();
    this.own = undefined;
  },
  methods: {
    async drawOutlines() {
      const answer = await fetch(this.ground.outlines, { credentials: "same-origin" });
      if (!answer.ok || !this.own) return;
      L.geoJSON(await answer.json(), {
        interactive: true,
        bubblingMouseEvents: true,
        style: { className: "ws-map-outline" },
        onEachFeature: (feature, layer) => this.say(layer, feature.properties?.name, "", { sticky: true }),
      }).addTo(this.own.outlines);
      this.fitOnce();
    },
    drawMarkers() {
      if (!this.own) return;
      const { map, marks } = this.own;
      const keys = new Set(this.markers.map((marker) => marker.key));
      for (const [key, mark] of marks) {
        if (!keys.has(key)) {
          mark.remove();
          marks.delete(key);
        }
      }
      for (const marker of this.markers) {
        let mark = marks.get(marker.key);
        const drawn = JSON.stringify(marker);
        if (mark?.drawn === drawn) continue;
        if (mark) mark.remove();
        mark = L.marker(marker.at, {
          icon: L.divIcon({ className: "ws-map-marker ws-map-" + marker.tone, iconSize: [16, 16] }),
          keyboard: this.markers.length <= FOCUSABLE && Boolean(marker.href),
          bubblingMouseEvents: true,
          zIndexOffset: marker.tone === "bad" ? 2000 : marker.tone === "warn" ? 1000 : 0,
        }).addTo(map);
        mark.drawn = drawn;
        const element = mark.getElement();
        if (mark.options.keyboard) {
          element.setAttribute("role", "link");
          element.setAttribute("aria-label", [marker.title, marker.note].filter(Boolean).join(": "));
        }
        this.say(mark, marker.title, marker.note);
        if (marker.href) this.leads(mark, marker.href);
        marks.set(marker.key, mark);
      }
      this.fitOnce();
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
    drawPath() {
      if (!this.own) return;
      const layer = this.own.path.clearLayers();
      if (this.path.length > 1) {
        L.polyline(this.path.map((step) => step.at), { className: "ws-map-path", interactive: false }).addTo(layer);
      }
      this.path.forEach((step, index) => {
        const number = document.createElement("span");
        number.textContent = String(index + 1);
        const mark = L.marker(step.at, {
          icon: L.divIcon({ className: "ws-map-step", iconSize: [22, 22], html: number }),
          keyboard: false,
          bubblingMouseEvents: true,
          zIndexOffset: 3000 + index,
        }).addTo(layer);
        this.say(mark, `${index + 1} · ${step.title}`, "");
        if (step.href) this.leads(mark, step.href);
      });
      this.fitOnce();
    },
    say(layer, title, note, options) {
      if (!title) return;
      const text = document.createElement("div");
      for (const [tag, words] of [["strong", title], ["div", note]]) {
        if (words) text.appendChild(document.createElement(tag)).textContent = words;
      }
      layer.bindTooltip(text, { direction: "auto", className: "ws-map-tip", ...options });
    },
    leads(mark, href) {
      const go = () => this.open || window.location.assign(href);
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
