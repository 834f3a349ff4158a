// How many machines there were when (timeline.py). Drag over bars, or choose them by keys, to search that span.
export default {
  template: `
    <div class="ws-timeline">
      <div ref="bars" class="ws-timeline-bars" tabindex="0" role="slider" :aria-label="words.label" aria-valuemin="0"
        :aria-valuemax="bins.length - 1" :aria-valuenow="at" :aria-valuetext="said" @keydown="key"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="cancel" @pointerleave="over = -1">
        <svg :viewBox="'0 0 ' + Math.max(bins.length, 1) + ' 100'" preserveAspectRatio="none" aria-hidden="true">
          <rect v-if="chosen" class="ws-timeline-chosen" :x="chosen[0]" y="0" :width="chosen[1] - chosen[0] + 1" height="100" />
          <rect v-else-if="over >= 0" class="ws-timeline-over" :x="over" y="0" width="1" height="100" />
          <template v-for="(bin, index) in bins">
            <rect class="ws-timeline-four" :x="index + 0.08" width="0.84" :y="100 - tall(bin.four + bin.two)"
              :height="tall(bin.four)" />
            <rect class="ws-timeline-two" :x="index + 0.08" width="0.84" :y="100 - tall(bin.two)" :height="tall(bin.two)" />
          </template>
        </svg>
      </div>
      <div class="ws-timeline-foot">
        <span class="ws-nowrap">{{ from }}</span>
        <span class="ws-timeline-said" aria-hidden="true">{{ over >= 0 || chosen ? said : words.how }}</span>
        <span class="ws-nowrap">{{ to }}</span>
      </div>
    </div>`,
  props: {
    words: Object,
    bins: { type: Array, default: () => [] },
    from: { type: String, default: "" },
    to: { type: String, default: "" },
  },
  data: () => ({ at: 0, over: -1, anchor: -1, chosen: null }),
  computed: {
    most() {
      return Math.max(1, ...this.bins.map((bin) => bin.two + bin.four));
    },
    said() {
      if (!this.bins.length) return "";
      const [low, high] = this.chosen || [this.over >= 0 ? this.over : this.at, this.over >= 0 ? this.over : this.at];
      const bins = this.bins.slice(low, high + 1);
      if (!bins.length) return "";
      const count = bins.reduce((sum, bin) => sum + bin.two + bin.four, 0);
      return `${bins[0].start} – ${bins[bins.length - 1].end} · ${this.words.machines.replace("{count}", count.toLocaleString())}`;
    },
  },
  watch: {
    bins() {
      this.at = Math.min(this.at, Math.max(this.bins.length - 1, 0));
      this.cancel();
    },
  },
  methods: {
    tall(count) {
      return count ? Math.max(2, (96 * count) / this.most) : 0;
    },
    bin(event) {
      const box = this.$refs.bars.getBoundingClientRect();
      const index = Math.floor(((event.clientX - box.left) / box.width) * this.bins.length);
      return Math.min(Math.max(index, 0), this.bins.length - 1);
    },
    down(event) {
      if (!this.bins.length || event.button) return;
      this.$refs.bars.setPointerCapture(event.pointerId);
      this.anchor = this.at = this.bin(event);
      this.chosen = [this.anchor, this.anchor];
    },
    move(event) {
      if (!this.bins.length) return;
      this.over = this.bin(event);
      if (this.anchor >= 0) this.span(this.over);
    },
    up() {
      if (this.anchor >= 0 && this.chosen) this.choose();
    },
    cancel() {
      this.anchor = -1;
      this.chosen = null;
    },
    span(to) {
      this.at = to;
      this.chosen = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    },
    choose() {
      const [low, high] = this.chosen || [this.at, this.at];
      this.cancel();
      this.$emit("choose", { from_ms: this.bins[low].from_ms, to_ms: this.bins[high].to_ms });
    },
    key(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) {
        const to = Math.min(Math.max(this.at + step, 0), this.bins.length - 1);
        if (event.shiftKey) {
          if (this.anchor < 0) this.anchor = this.at;
          this.span(to);
        } else {
          this.cancel();
          this.at = to;
          this.chosen = [to, to];
        }
      } else if (event.key === "Enter" && this.bins.length) this.choose();
      else if (event.key === "Escape") this.cancel();
      else return;
      event.preventDefault();
    },
  },
};
