// Shows or hides the boxes on all pictures of a page (boxes.py).
const STORE = "wayside-boxes";
const CHANGED = "ws-boxes";
const shown = () => localStorage.getItem(STORE) !== "off";

function flip() {
  localStorage.setItem(STORE, shown() ? "off" : "on");
  window.dispatchEvent(new Event(CHANGED));
}

// One listener for all buttons of the page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "b" || !window.waysideSingleKey(event) || !document.querySelector(".ws-boxes")) return;
  event.preventDefault();
  flip();
});

export default {
  template: `
    <button type="button" class="ws-tool ws-boxes" :aria-pressed="String(on)" :title="words.how" @click="flip">
      {{ words.name }}
    </button>`,
  props: { words: Object },
  data: () => ({ on: true }),
  mounted() {
    window.addEventListener(CHANGED, this.read);
    this.read();
  },
  unmounted() {
    window.removeEventListener(CHANGED, this.read);
  },
  methods: {
    flip,
    read() {
      this.on = shown();
      document.documentElement.classList.toggle("ws-boxes-off", !this.on);
    },
  },
};
