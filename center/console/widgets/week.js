// Counts by hour of the week (week.py): a table whose cells are darker the more there were.
export default {
  template: `
    <table class="ws-week" :aria-label="words.label">
      <thead>
        <tr><th></th><th v-for="hour in 24" scope="col">{{ (hour - 1) % 3 ? "" : hour - 1 }}</th></tr>
      </thead>
      <tbody>
        <tr v-for="(name, day) in words.days">
          <th scope="row">{{ name }}</th>
          <td v-for="hour in 24" :style="{ '--ws-share': share(day, hour - 1) }" :title="said(name, day, hour - 1)">
            <span class="ws-unseen">{{ count(day, hour - 1) }}</span>
          </td>
        </tr>
      </tbody>
    </table>`,
  props: { words: Object, hours: { type: Object, default: () => ({}) } },
  computed: {
    most() {
      return Math.max(1, ...Object.values(this.hours));
    },
  },
  methods: {
    count(day, hour) {
      return this.hours[day * 24 + hour] || 0;
    },
    share(day, hour) {
      return this.count(day, hour) / this.most;
    },
    said(name, day, hour) {
      const span = `${String(hour).padStart(2, "0")}:00 – ${String(hour + 1).padStart(2, "0")}:00`;
      return `${name} ${span} · ${this.words.unit.replace("{count}", this.count(day, hour).toLocaleString())}`;
    },
  },
};
