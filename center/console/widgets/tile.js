// A tile of the live page (tile.py): words of a camera around its picture. One component: as elements of their own the
// words of a wall take the centre and the browser several times as long.
export default {
  template: `
    <a class="ws-card" :href="href || null">
      <div class="ws-card-head">
        <span :class="'ws-dot ws-dot-' + tone"></span>
        <div class="ws-name">{{ name }}</div>
        <div class="ws-muted">{{ word }}</div>
      </div>
      <div v-if="why" class="ws-sub ws-card-why">{{ why }}</div>
      <slot></slot>
      <div class="ws-card-foot">
        <div>{{ what }}</div>
        <div class="ws-nowrap" :title="utc || null">{{ time }}</div>
      </div>
    </a>`,
  props: {
    href: String,
    tone: { type: String, default: "off" },
    name: String,
    word: String,
    why: String,
    what: String,
    time: String,
    utc: String,
  },
};
