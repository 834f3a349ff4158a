// Results as a grid of pictures (results.py). Only the rows in view are in the page; the rest is empty height.
const GAP = 14;
const WALL = window.matchMedia("(min-width: 2400px)"); // as in the style sheet: read from metres away
const least = () => (WALL.matches ? 400 : 232); // px of a card's width
const text = () => (WALL.matches ? 103 : 76); // px below a picture: name, what is in it, when
const MARGIN = 2; // rows drawn above and below what is seen
const SETTLE_MS = 150; // an arrow key that is held opens the last result, not each on the way

export default {
  template: `
    <div ref="grid" class="ws-results" role="list" :aria-label="words.label" :data-loaded="items.length"
      :style="{ height: height + 'px' }" @keydown="key">
      <a v-for="item in shown" :key="item.key" class="ws-card" role="listitem" :href="item.href + '?' + query"
        :ref="(element) => hold(item.at, element)" :tabindex="item.at === focused ? 0 : -1" @focus="focused = item.at"
        :aria-current="item.key === opened ? 'true' : null" @click.exact.prevent="show(item.at)"
        :style="place(item.at)" :aria-posinset="item.at + 1" :aria-setsize="more ? -1 : items.length">
        <div class="ws-picture" :style="{ aspectRatio: '16 / 9' }">
          <img v-if="item.src && !failed[item.key]" :src="item.src" :alt="item.alt" draggable="false"
            @error="failed[item.key] = true" @load="there[item.key] = true" />
          <svg v-if="there[item.key]" :viewBox="'0 0 ' + item.width + ' ' + item.height"
            preserveAspectRatio="none" aria-hidden="true">
            <rect v-for="b in item.boxes" :x="b.box[0]" :y="b.box[1]" :width="b.box[2] - b.box[0]"
              :height="b.box[3] - b.box[1]" :class="['ws-box', 'ws-box-' + b.tone, { 'ws-box-other': !b.hit }]"
              vector-effect="non-scaling-stroke" />
          </svg>
          <div v-if="!item.src || failed[item.key]" class="ws-picture-note">{{ item.src ? words.failed : item.note }}</div>
        </div>
        <div class="ws-card-body">
          <span class="ws-name">{{ item.camera }}</span>
          <span class="ws-name ws-plain">{{ item.what }}</span>
          <span class="ws-muted ws-nowrap" :title="item.utc">{{ item.time }}</span>
        </div>
      </a>
    </div>`,
  props: { words: Object, query: String },
  data: () => ({
    items: [],
    more: false,
    asked: false,
    focused: 0,
    opened: null,
    failed: {},
    there: {},
    width: 0,
    from: 0,
    to: 0,
  }),
  computed: {
    columns() {
      return Math.max(1, Math.floor((this.width + GAP) / (least() + GAP)));
    },
    side() {
      return (this.width - GAP * (this.columns - 1)) / this.columns;
    },
    step() {
      return Math.round((this.side * 9) / 16) + text() + GAP;
    },
    height() {
      return this.width ? Math.ceil(this.items.length / this.columns) * this.step : 0;
    },
    shown() {
      const first = Math.max(0, this.from * this.columns);
      const drawn = this.items.slice(first, this.to * this.columns).map((item, index) => ({ ...item, at: first + index }));
      return drawn;
    },
  },
  created() {
    this.elements = new Map();
  },
  mounted() {
    this.observer = new ResizeObserver(() => {
      const moved = this.width !== this.$refs.grid.clientWidth;
      this.width = this.$refs.grid.clientWidth;
      this.look();
      // Other columns: what is open, or has the focus, is where another was.
      const kept = this.opened || this.$refs.grid.contains(document.activeElement);
      if (moved && kept) this.$nextTick(() => this.bring(this.focused));
    });
    this.observer.observe(this.$refs.grid);
    this.width = this.$refs.grid.clientWidth;
    window.addEventListener("scroll", this.look, { passive: true });
    window.addEventListener("resize", this.look);
    document.addEventListener("keydown", this.press);
  },
  unmounted() {
    this.observer.disconnect();
    window.removeEventListener("scroll", this.look);
    window.removeEventListener("resize", this.look);
    document.removeEventListener("keydown", this.press);
    clearTimeout(this.soon);
  },
  methods: {
    // Called by the page: a first part replaces what was there, others follow it.
    put(items, more, first) {
      if (first) {
        // An image that stays does not load again: what is known to be there stays, too.
        const stays = new Set(items.map((item) => item.key));
        this.there = Object.fromEntries(Object.entries(this.there).filter(([key]) => stays.has(key)));
        this.items = [];
        this.failed = {};
        this.focused = 0;
        if (this.opened) this.close();
      }
      this.items.push(...items);
      this.more = more;
      this.asked = false;
      // For the page of one of them, which leads on to the next (neighbours.js).
      const keys = this.items.map((item) => item.key);
      sessionStorage.setItem("wayside-results", JSON.stringify({ query: this.query, keys }));
      this.$nextTick(this.look);
    },
    // Resolves when each picture in view is drawn, or has failed.
    async seen() {
      // A frame until the grid is as wide as the page, one more until its pictures are in it.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      const inView = [...this.$refs.grid.querySelectorAll("img")].filter((image) => {
        const box = image.getBoundingClientRect();
        return !image.complete && box.bottom > 0 && box.top < window.innerHeight;
      });
      const drawn = (image) =>
        new Promise((done) => ["load", "error"].forEach((kind) => image.addEventListener(kind, done, { once: true })));
      await Promise.all(inView.map(drawn));
    },
    look() {
      if (!this.$refs.grid || !this.width) return;
      const top = -this.$refs.grid.getBoundingClientRect().top;
      this.from = Math.max(0, Math.floor(top / this.step) - MARGIN);
      this.to = Math.ceil((top + window.innerHeight) / this.step) + MARGIN;
      if (this.more && !this.asked && this.to * this.columns >= this.items.length) {
        this.asked = true;
        this.$emit("more");
      }
    },
    place(at) {
      const column = at % this.columns;
      const row = Math.floor(at / this.columns);
      return {
        width: this.side + "px",
        height: this.step - GAP + "px",
        transform: `translate(${column * (this.side + GAP)}px, ${row * this.step}px)`,
      };
    },
    hold(at, element) {
      if (element) this.elements.set(at, element);
      else this.elements.delete(at);
    },
    key(event) {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
      let to;
      if (event.key in steps) to = this.focused + steps[event.key];
      else if (event.key === "Home") to = 0;
      else if (event.key === "End") to = this.items.length - 1;
      else return;
      event.preventDefault();
      if (to < 0 || to >= this.items.length) return;
      this.focus(to);
      clearTimeout(this.soon);
      if (this.opened) this.soon = setTimeout(() => this.show(to), SETTLE_MS);
    },
    // A row that is not drawn yet cannot be focused: scroll to where it will be, then look again.
    bring(at) {
      const floor = document.querySelector(".ws-beside:not(.hidden)");
      const covered = floor && getComputedStyle(floor).position === "fixed";
      const bottom = covered ? floor.getBoundingClientRect().top : window.innerHeight;
      const top = this.$refs.grid.getBoundingClientRect().top + Math.floor(at / this.columns) * this.step;
      if (top + this.step > bottom) window.scrollBy({ top: top + this.step - bottom, behavior: "instant" });
      else if (top < 120) window.scrollBy({ top: top - 120, behavior: "instant" });
      this.look();
    },
    focus(at) {
      this.focused = at;
      this.bring(at);
      this.$nextTick(() => this.elements.get(at)?.focus({ preventScroll: true }));
    },
    place_of(key) {
      return this.items.findIndex((item) => item.key === key);
    },
    // Opens a result beside the list, and keeps the focus where it is: in the list or in what is beside it.
    show(at) {
      if (this.$refs.grid.contains(document.activeElement)) this.focus(at);
      this.focused = at;
      this.opened = this.items[at].key;
      this.bring(at);
      this.$emit("open", this.opened);
    },
    // Called by the page once the result is drawn: on a narrow screen it covers the lower part of the list.
    settle() {
      if (this.opened) this.bring(this.focused);
    },
    // Called by the page: the result that its address names, if it is among the items.
    reveal(key) {
      const at = this.place_of(key);
      if (at >= 0) this.show(at);
    },
    walk(by) {
      const at = this.place_of(this.opened) + by;
      if (at >= 0 && at < this.items.length) this.show(at);
    },
    close() {
      this.opened = null;
      this.$emit("close");
    },
    leave() {
      const at = this.place_of(this.opened);
      this.close();
      this.focus(at);
    },
    press(event) {
      const step = { j: 1, k: -1 }[event.key];
      if (!this.opened || event.defaultPrevented || document.querySelector(".q-dialog, .q-menu")) return;
      if (step && window.waysideSingleKey(event)) this.walk(step);
      else if (event.key === "Escape" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) this.leave();
      else return;
      event.preventDefault();
    },
  },
};
