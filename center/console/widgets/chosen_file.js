// A field for a small file (chosen_file.py). Its content goes to the page as base64; of one that is too large, nothing.
export default {
  template: `
    <label class="ws-chosen"><span>{{ label }}</span>
      <input type="file" :accept="accept" @change="take" /></label>`,
  props: { label: String, accept: String, limit: Number },
  methods: {
    take(event) {
      const file = event.target.files[0];
      if (!file) return;
      event.target.value = ""; // so that the same file can be chosen again after it was corrected
      if (file.size > this.limit) {
        this.$emit("file", null);
        return;
      }
      const reader = new FileReader();
      reader.onload = () => this.$emit("file", reader.result.slice(reader.result.indexOf(",") + 1));
      reader.readAsDataURL(file);
    },
  },
};
