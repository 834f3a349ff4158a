// Links to the results before and after an observation (neighbours.py), from what `results.js` keeps in this tab.
export default {
  template: `
    <nav v-if="at >= 0" class="ws-neighbours" :aria-label="words.label">
      <a v-for="way in ways" class="ws-tool" :href="way.href" :aria-disabled="way.href ? null : 'true'"
        :role="way.href ? null : 'link'" :aria-label="way.name" :title="way.name" @click.exact.prevent="go(way.href)">{{ way.sign }}</a>
      <span class="ws-muted ws-number">{{ place }}</span>
    </nav>`,
  props: { current: String, query: String, path: String, words: Object },
  data: () => ({ keys: [] }),
  computed: {
    at() {
      return this.keys.indexOf(this.current);
    },
    ways() {
      return [
        { name: this.words.previous, sign: "‹", href: this.href(this.at - 1) },
        { name: this.words.next, sign: "›", href: this.href(this.at + 1) },
      ];
    },
    place() {
      return this.words.place.replace("{number}", this.at + 1).replace("{count}", this.keys.length.toLocaleString());
    },
  },
  mounted() {
    const kept = JSON.parse(sessionStorage.getItem("wayside-results") || "{}");
    if (kept.query === this.query) this.keys = kept.keys;
    document.addEventListener("keydown", this.key);
  },
  unmounted() {
    document.removeEventListener("keydown", this.key);
  },
  methods: {
    href(at) {
      return at in this.keys ? `${this.path}${encodeURIComponent(this.keys[at])}?${this.query}` : null;
    },
    key(event) {
      const step = { j: 1, k: -1 }[event.key];
      const href = step && this.at >= 0 && window.waysideSingleKey(event) && this.href(this.at + step);
      if (!href) return;
      event.preventDefault();
      this.go(href);
    },
    // Back leads to the results, however many were looked through.
    go(href) {
      if (href) window.location.replace(href);
    },
  },
};
