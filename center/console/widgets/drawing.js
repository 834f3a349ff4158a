// Shapes in a camera's picture, to look at (drawing.py). Points are shares of the picture's width and height.
export default {
  template: `
    <div class="ws-shape-sheet ws-drawing" :style="{ aspectRatio: ratio }">
      <img v-if="src && !failed" :src="src" :alt="alt" @error="failed = true" @load="loaded" />
      <div v-else class="ws-picture-note">{{ src ? words.failed : note }}</div>
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        <component v-for="shape in shapes" :is="shape.line ? 'polyline' : 'polygon'" :points="way(shape)"
          vector-effect="non-scaling-stroke" />
      </svg>
      <span v-for="shape in shapes" class="ws-shape-corner" :style="place(shape)"><span>{{ shape.name }}</span></span>
    </div>`,
  props: {
    src: String,
    alt: { type: String, default: "" },
    note: { type: String, default: "" },
    shapes: { type: Array, default: () => [] },
    words: Object,
  },
  data() {
    return { failed: false, ratio: "16 / 9" };
  },
  methods: {
    loaded(event) {
      this.ratio = event.target.naturalWidth + " / " + event.target.naturalHeight;
    },
    way: (shape) => shape.points.map((point) => point.join(",")).join(" "),
    place({ points: [[x, y]] }) {
      return { left: 100 * x + "%", top: 100 * y + "%" };
    },
  },
};
