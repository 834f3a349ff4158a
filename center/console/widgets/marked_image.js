// An image of a picture, or of a machine cut out, beneath the watermark (marked_image.py, static/watermark.js).
export default {
  template: `<span class="ws-marked"><img :src="src" :alt="alt" :loading="lazy ? 'lazy' : null" /></span>`,
  props: {
    src: String,
    alt: { type: String, default: "" },
    lazy: Boolean,
  },
};
