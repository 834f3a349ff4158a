// Reads a chosen file as text and passes it on (file_text.py): of a larger one only enough to tell that it is.
export default {
  template: `<label class="ws-file"><span>{{ label }}</span>
    <input type="file" accept="application/json,.json" @change="read" /></label>`,
  props: { label: String, most: Number },
  methods: {
    async read(event) {
      const [file] = event.target.files;
      if (!file) return;
      const text = await file.slice(0, this.most + 1).text();
      event.target.value = ""; // so that the same file can be chosen again
      this.$emit("text", text);
    },
  },
};
