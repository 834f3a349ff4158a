// One alarm as a row of a table (row.py). A component of its own, so that the page, which NiceGUI draws anew as a
// whole at each change, has one node a row to compare, and not twenty-four; and nothing of it while its props are
// the same.
export default {
  template: `
    <tr v-memo="[row, notice, missing]">
      <td class="ws-alarm-picture">
        <a v-if="row.href" class="nicegui-link" :href="row.href">
          <span v-if="!missing" class="ws-marked">
            <img :src="row.src" :alt="row.picture" loading="lazy" @error="missing = true" />
          </span>
          <span v-else>{{ row.picture }}</span>
        </a>
      </td>
      <td>
        <span class="ws-state"><span :class="'ws-dot ws-dot-' + row.tone"></span><span>{{ row.state }}</span></span>
        <div class="ws-sub">{{ row.severity }}</div>
        <div v-if="notice.text" :class="notice.isUnsent ? 'ws-badge' : 'ws-sub'">{{ notice.text }}</div>
      </td>
      <td><a class="nicegui-link" :href="row.ruleHref">{{ row.rule }}</a><div class="ws-sub">{{ row.version }}</div></td>
      <td><div>{{ row.what }}</div><div class="ws-sub">{{ row.finding }}</div></td>
      <td><div>{{ row.camera }}</div><div class="ws-sub">{{ row.agent }}</div></td>
      <td>
        <div class="ws-nowrap" :title="row.utc">{{ row.time }}</div>
        <div v-if="row.repeats" class="ws-sub">{{ row.repeats }}</div>
      </td>
      <td>
        <div class="ws-acts">
          <q-btn v-for="act in row.acts" :key="act.event" flat dense no-caps :label="act.name" :aria-label="act.label"
            @click="$emit('act', act.event)" />
        </div>
      </td>
    </tr>`,
  props: { row: Object, notice: Object },
  data: () => ({ missing: false }),
  emits: ["act"],
};
