// A redacted picture with its machine boxes. Picture and boxes change together: a box never lies on another moment.

// One that stays: an ordinary image, which can be saved and printed.
async function still(blob) {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
  return { url, close: () => URL.revokeObjectURL(url) };
}

export default {
  template: `
    <div class="ws-picture" :style="shape">
      <canvas v-if="moving" v-show="shown" ref="sheet" role="img" :aria-label="alt" />
      <img v-else-if="shown" :src="shown.url" :alt="alt" draggable="false" />
      <div v-if="!shown" class="ws-picture-note">{{ problem || note || waiting }}</div>
      <svg v-if="shown" :viewBox="'0 0 ' + shown.width + ' ' + shown.height" preserveAspectRatio="none" aria-hidden="true">
        <rect v-for="b in shown.boxes" :x="b.box[0]" :y="b.box[1]" :width="b.box[2] - b.box[0]"
          :height="b.box[3] - b.box[1]" :class="'ws-box ws-box-' + b.tone" vector-effect="non-scaling-stroke" />
      </svg>
      <template v-if="shown">
        <span v-for="b in labelled" :class="'ws-tag ws-tag-' + b.tone" :style="place(b)" aria-hidden="true">{{ b.label }}</span>
      </template>
    </div>`,
  props: {
    src: String,
    boxes: { type: Array, default: () => [] },
    alt: { type: String, default: "" },
    note: { type: String, default: "" },
    waiting: { type: String, default: "" },
    missing: { type: String, default: "" },
    failed: { type: String, default: "" },
    minimum: { type: Number, default: 0 },
    // Replaced again and again: the browser keeps each <img> that it decoded long after it was taken away, hundreds
    // of MiB of a live wall; a canvas has the bitmap that it shows and no other. The first ones off the screen come
    // after those on it; then only what is on the screen is asked for.
    moving: { type: Boolean, default: false },
  },
  data: () => ({ shown: null, problem: "" }),
  computed: {
    shape() {
      return { aspectRatio: this.shown ? this.shown.width + " / " + this.shown.height : "16 / 9" };
    },
    labelled() {
      return this.shown.boxes.filter((b) => b.box[2] - b.box[0] >= this.minimum * this.shown.width);
    },
  },
  watch: {
    src: { immediate: true, handler: "load" },
  },
  beforeCreate() {
    this.era = 0; // rises when what is on its way must not be shown any more
    this.busy = false;
    this.again = false;
    this.inView = null; // not known before the first frame
    this.picture = null; // has `close()`: an ImageBitmap, or what `still` gives
  },
  mounted() {
    if (!this.moving) return;
    const seen = (entries) => {
      this.inView = entries.at(-1).isIntersecting;
      this.catchUp();
    };
    this.eye = new IntersectionObserver(seen, { rootMargin: "25%" });
    this.eye.observe(this.$el);
    document.addEventListener("visibilitychange", this.catchUp);
  },
  beforeUnmount() {
    this.eye?.disconnect();
    document.removeEventListener("visibilitychange", this.catchUp);
    this.era++;
    this.show(null);
  },
  methods: {
    // One picture on its way at a time, then the newest: where each new one took the place of the one that is on its
    // way, a line slower than the camera would never show any.
    async load() {
      if (!this.src) {
        this.era++;
        return this.show(null);
      }
      if (this.moving && this.inView === null) return;
      if (this.moving && this.shown && (document.hidden || !this.inView)) return;
      this.again = true;
      if (this.busy) return;
      this.busy = true;
      while (this.again && this.src) {
        this.again = false;
        await this.bring(this.src, this.boxes, this.era);
      }
      this.busy = false;
    },
    catchUp() {
      if (this.src && this.shown?.src !== this.src) this.load();
    },
    async bring(src, boxes, era) {
      let answer;
      try {
        answer = await fetch(src, { credentials: "same-origin", priority: this.inView === false ? "low" : "auto" });
      } catch (error) {
        if (era === this.era && !this.shown) this.problem = this.failed;
        return;
      }
      if (era !== this.era) return;
      if (!answer.ok) {
        this.problem = answer.status === 404 ? this.missing : this.failed;
        return this.show(null);
      }
      let picture;
      try {
        picture = await (this.moving ? createImageBitmap : still)(await answer.blob());
      } catch (error) {
        if (era === this.era) this.problem = this.failed;
        return;
      }
      if (era !== this.era) return picture.close();
      this.problem = "";
      const width = Number(answer.headers.get("X-Picture-Width"));
      const height = Number(answer.headers.get("X-Picture-Height"));
      this.show({ src, url: picture.url, boxes, width, height }, picture);
    },
    show(next, picture = null) {
      const last = this.picture;
      this.picture = picture;
      this.shown = next;
      if (this.moving) this.$refs.sheet?.getContext("bitmaprenderer").transferFromImageBitmap(picture);
      // The old picture stays valid until the new one is on the screen.
      if (last) this.$nextTick(() => last.close());
    },
    place(b) {
      const [x0, y0, x1] = b.box;
      const inside = y0 < 0.08 * this.shown.height;
      return {
        left: (100 * x0) / this.shown.width + "%",
        top: (100 * y0) / this.shown.height + "%",
        transform: inside ? "none" : "translateY(-100%)",
      };
    },
  },
};
