// A shape in a camera's picture (shape.py): corners by click, drag, arrow key or number. What is wrong with it says the
// page, at once. Corners are shares of the picture's width and height, to a thousandth. v-memo: Vue writes a field's
// value anew with whatever else changes, so the page's answer would wipe out a number that is being typed.
const STEP = 0.005;
const TOLD_MS = 100; // A drag is told this often at most, and its end at once: what is clicked next finds it known.
const share = (value) => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;

export default {
  template: `
    <div class="ws-shape" :class="{ 'ws-shape-bad': fault }">
      <div class="ws-shape-sheet" ref="sheet" :style="{ aspectRatio: ratio }" @click="add" @pointermove="move"
        @pointerup="drop" @pointercancel="drop">
        <img v-if="src && !failed" :src="src" :alt="alt" draggable="false" @error="failed = true" @load="loaded" />
        <div v-else class="ws-picture-note">{{ src ? words.failed : note }}</div>
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <component :is="line ? 'polyline' : 'polygon'" :points="way" vector-effect="non-scaling-stroke" />
        </svg>
        <button v-for="(corner, at) in corners" type="button" class="ws-shape-corner" :style="place(corner)"
          :aria-label="named(at)" @pointerdown="take(at, $event)" @click.stop @keydown="key(at, $event)">
          <span>{{ at + 1 }}</span>
        </button>
      </div>
      <div class="ws-shape-side">
        <p class="ws-muted" role="status">{{ line ? words.how_line : words.how }}</p>
        <div class="ws-shape-acts">
          <button type="button" @click="undo" :disabled="!past.length">↶ {{ words.undo }}</button>
          <button type="button" @click="change([])" :disabled="!corners.length">✕ {{ words.clear }}</button>
          <button type="button" @click="more" :disabled="corners.length >= most">＋ {{ words.add }}</button>
        </div>
        <p v-if="fault" class="ws-alert ws-alert-bad" role="alert">{{ fault }}</p>
        <ol v-if="corners.length" class="ws-shape-numbers">
          <li v-for="(corner, at) in corners" v-memo="[at, corner[0], corner[1]]">
            <span>{{ at + 1 }}</span>
            <label>{{ words.across }} <input type="number" min="0" max="100" step="0.1" :value="percent(corner[0])"
              @change="set(at, 0, $event)" :aria-label="named(at) + words.colon + words.across" /> %</label>
            <label>{{ words.down }} <input type="number" min="0" max="100" step="0.1" :value="percent(corner[1])"
              @change="set(at, 1, $event)" :aria-label="named(at) + words.colon + words.down" /> %</label>
            <button type="button" @click="remove(at)" :aria-label="words.remove + ' ' + (at + 1)">✕</button>
          </li>
        </ol>
      </div>
    </div>`,
  props: {
    src: String,
    alt: { type: String, default: "" },
    note: { type: String, default: "" },
    fault: { type: String, default: "" },
    line: Boolean,
    most: Number,
    drawn: { type: Array, default: () => [] },
    words: Object,
  },
  data() {
    return { corners: this.drawn.map((corner) => [...corner]), past: [], held: null, failed: false, ratio: "16 / 9" };
  },
  watch: {
    src() {
      this.failed = false;
    },
  },
  computed: {
    way() {
      return this.corners.map((corner) => corner.join(",")).join(" ");
    },
  },
  beforeCreate() {
    this.told = 0;
  },
  methods: {
    loaded(event) {
      this.ratio = event.target.naturalWidth + " / " + event.target.naturalHeight;
    },
    place([x, y]) {
      return { left: 100 * x + "%", top: 100 * y + "%" };
    },
    percent: (value) => Math.round(value * 1000) / 10,
    named(at) {
      return this.words.corner + " " + (at + 1);
    },
    at(event) {
      const box = this.$refs.sheet.getBoundingClientRect();
      return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
    },
    change(corners) {
      this.past.push(this.corners);
      this.corners = corners;
      this.$emit("shape", corners);
    },
    add(event) {
      if (this.corners.length < this.most) this.change([...this.corners, this.at(event)]);
    },
    more() {
      // Where the keyboard has no place to click: in the middle, from where numbers and arrows lead on.
      const last = this.corners[this.corners.length - 1];
      this.change([...this.corners, last ? [share(last[0] + 0.1), last[1]] : [0.5, 0.5]]);
    },
    undo() {
      this.corners = this.past.pop();
      this.$emit("shape", this.corners);
    },
    remove(at) {
      this.change(this.corners.filter((_, each) => each !== at));
    },
    put(at, corner) {
      this.change(this.corners.map((each, number) => (number === at ? corner : each)));
    },
    set(at, axis, event) {
      const value = share(Number(event.target.value) / 100);
      event.target.value = this.percent(value);
      this.put(at, axis ? [this.corners[at][0], value] : [value, this.corners[at][1]]);
    },
    take(at, event) {
      if (event.button) return;
      this.held = { at, before: this.corners };
      event.target.closest("button").setPointerCapture(event.pointerId);
    },
    move(event) {
      if (!this.held) return;
      const to = this.at(event);
      this.corners = this.corners.map((each, number) => (number === this.held.at ? to : each));
      if (event.timeStamp - this.told < TOLD_MS) return;
      this.told = event.timeStamp;
      this.$emit("shape", this.corners);
    },
    drop() {
      if (this.held && this.held.before !== this.corners) {
        this.past.push(this.held.before);
        this.$emit("shape", this.corners);
      }
      this.held = null;
    },
    key(at, event) {
      const far = event.shiftKey ? 10 * STEP : STEP;
      const way = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key];
      if (way) this.put(at, [share(this.corners[at][0] + way[0]), share(this.corners[at][1] + way[1])]);
      else if (event.key === "Delete" || event.key === "Backspace") this.remove(at);
      else return;
      event.preventDefault();
    },
  },
};
