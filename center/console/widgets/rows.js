// Rows of a table (rows.py). One component: a cell of its own element takes the centre and the browser ten times as long,
// and a row that is drawn anew loses the focus of who works by keys.
export default {
  template: `
    <tbody>
      <tr v-for="row in rows" :key="row.key">
        <td v-for="cell in row.cells" :class="{ 'ws-nowrap': cell.utc }" :title="cell.utc">
          <a v-if="cell.href" class="nicegui-link" :href="cell.href">{{ cell.text }}</a>
          <span v-else-if="cell.tone" class="ws-state">
            <span :class="'ws-dot ws-dot-' + cell.tone"></span><span>{{ cell.text }}</span>
          </span>
          <template v-else>{{ cell.text }}</template>
          <div v-if="cell.sub" class="ws-sub">{{ cell.sub }}</div>
        </td>
      </tr>
    </tbody>`,
  props: { rows: { type: Array, default: () => [] } },
};
