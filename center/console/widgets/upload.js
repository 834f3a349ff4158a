// Brings recordings to desk agents (upload.py). The desk asks for pieces of a file by their place (docs/desk.md); the
// centre gives permits and never sees a byte. A file is identified here by size and date alone, so that after a reload
// the same file can be chosen again; no name leaves this page.
const KEPT = "wayside-uploads";
const AT_ONCE = 3; // A browser has six connections to a host, and one waits for each file.
const RENEW_MS = 120000; // A permit is followed by another so long before its end.
const TRANSIENT = ["busy", "center", "session_unknown", "permit_used", "permit_expired", "stopping", "slow", "spool"];
const PERMIT_TRIES = 5;
// Of these a file is at fault: to choose it again would change nothing.
const UNFIT = ["unknown_container", "unreadable", "no_video", "unknown_codec", "untimed", "damaged", "too_large"];
const ZONES = Array.from({ length: 53 }, (_, at) => -720 + 30 * at);
const two = (n) => String(n).padStart(2, "0");

class Refused extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

class Unreachable extends Error {}

async function json(url, init) {
  let answer;
  try {
    answer = await fetch(url, { cache: "no-store", referrerPolicy: "no-referrer", ...init });
  } catch (error) {
    if (init.signal.aborted) throw error;
    throw new Unreachable(String(error));
  }
  let body;
  try {
    body = await answer.json();
  } catch (error) {
    if (init.signal.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (!answer.ok) throw new Refused(body.error || body.code || "http_" + answer.status, body.detail || body.message || "");
  return body;
}

const later = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

export default {
  template: `
    <div class="ws-upload">
      <form class="ws-panel ws-upload-form" @submit.prevent="begin">
        <label><span>{{ words.camera }}</span>
          <select v-model="chosen" required>
            <option value="" disabled>{{ words.choose }}</option>
            <optgroup v-for="desk in desks" :key="desk.agent_id" :label="desk.agent_id">
              <option v-for="camera in desk.cameras" :key="camera.id" :value="desk.agent_id + ' ' + camera.id">
                {{ camera.name }}</option>
            </optgroup>
          </select></label>
        <label><span>{{ words.purpose }}</span>
          <input v-model="purpose" required maxlength="200" autocomplete="off" /></label>
        <label><span>{{ words.zone }}</span>
          <select v-model="offset" required>
            <option value="" disabled>{{ words.choose }}</option>
            <option v-for="each in zones" :key="each" :value="each">{{ zoned(each) }}</option>
          </select></label>
        <label class="ws-upload-files"><span>{{ words.files }}</span>
          <input type="file" multiple ref="files" @change="take" /></label>
        <p class="ws-hint ws-upload-wide">{{ words.times }}</p>
        <p v-for="each in left" :key="each.key" class="ws-alert ws-alert-warn ws-upload-wide">
          <strong>{{ words.left }}</strong>
          <span>{{ each.camera_id }} · {{ told(each.started_at_ms, each.offset) }} · {{ bytes(each.size) }}</span>
          <button type="button" @click="forget(each)">{{ words.forget }}</button>
        </p>
        <ul v-if="fresh.length" class="ws-upload-fresh ws-upload-wide">
          <li v-for="item in fresh" :key="item.id">
            <div class="ws-what">{{ item.file.name }}</div>
            <div class="ws-sub">{{ bytes(item.file.size) }} · {{ item.hint }}</div>
            <label><span>{{ words.start }}</span>
              <input type="datetime-local" step="1" min="2000-01-01T00:00:00" required v-model="item.start"
                :aria-label="words.start + words.colon + item.file.name" /></label>
            <span class="ws-sub">{{ item.start && offset !== '' ? told(at(item.start), offset) : '' }}</span>
            <button type="button" @click="drop(item)" :aria-label="words.remove + words.colon + item.file.name">✕</button>
          </li>
        </ul>
        <p v-if="fault" class="ws-alert ws-alert-bad ws-upload-wide" role="alert">{{ fault }}</p>
        <div class="ws-upload-wide"><button type="submit" class="ws-upload-main" :disabled="!fresh.length">
          {{ words.upload }}</button></div>
      </form>
      <ul class="ws-panel ws-cares" v-if="items.length" :aria-label="words.uploads">
        <li v-for="item in items" :key="item.id" class="ws-upload-row" :data-state="item.state">
          <span class="ws-dot" :class="'ws-dot-' + tone(item)"></span>
          <div class="ws-what">{{ item.file.name }}</div>
          <div class="ws-acts">
            <button v-if="active(item)" type="button" @click="pause(item)">{{ words.pause }}</button>
            <button v-if="item.state === 'paused'" type="button" @click="resume(item)">{{ words.resume }}</button>
            <button v-if="item.state === 'failed'" type="button" @click="resume(item)">{{ words.again }}</button>
            <button v-if="!over(item)" type="button" @click="cancel(item)">{{ words.cancel }}</button>
          </div>
          <div class="ws-sub">{{ item.camera }} · {{ told(item.started_at_ms, item.offset) }} · {{ bytes(item.file.size) }}</div>
          <progress class="ws-upload-bar" max="1000" :value="share(item)"
            :aria-label="words.progress + words.colon + item.file.name"></progress>
          <div class="ws-sub" role="status">{{ state(item) }}</div>
          <div v-if="item.fault" class="ws-alert ws-alert-bad ws-upload-fault" role="alert">
            <strong>{{ item.fault[0] }}</strong><span>{{ item.fault[1] }}</span>
            <a v-if="item.link" :href="item.link" target="_blank" rel="noopener noreferrer">{{ item.link }}</a>
            <span v-if="item.detail" class="ws-mono" lang="en">{{ item.detail }}</span>
          </div>
        </li>
      </ul>
    </div>`,
  props: { desks: Array, words: Object, faults: Object, zone: Number },
  data() {
    return { chosen: "", purpose: "", offset: "", fresh: [], items: [], left: [], fault: "" };
  },
  computed: {
    zones() {
      return [this.zone, ...ZONES.filter((each) => each !== this.zone)];
    },
  },
  beforeCreate() {
    this.next = 1;
    this.running = new Map(); // id → AbortController, of files whose desk is being asked
    this.leaving = (event) => {
      if (this.running.size) event.preventDefault();
    };
  },
  created() {
    this.left = this.kept();
  },
  mounted() {
    window.addEventListener("beforeunload", this.leaving);
  },
  beforeUnmount() {
    window.removeEventListener("beforeunload", this.leaving);
    for (const each of this.running.values()) each.abort();
  },
  methods: {
    zoned(minutes) {
      const size = Math.abs(minutes);
      return "UTC" + (minutes < 0 ? "−" : "+") + two(Math.floor(size / 60)) + ":" + two(size % 60);
    },
    at(start) {
      return Date.parse(start + "Z") - this.offset * 60000;
    },
    told(at_ms, offset) {
      if (!Number.isFinite(at_ms)) return "";
      const text = new Date(at_ms + offset * 60000).toISOString();
      return text.slice(0, 10) + " " + text.slice(11, 19) + " " + this.zoned(offset);
    },
    bytes(size) {
      const units = ["B", "KiB", "MiB", "GiB"];
      let at = 0;
      while (size >= 1024 && at < 3) (size /= 1024), (at += 1);
      return (at ? size.toFixed(1) : size) + " " + units[at];
    },
    clock(ms) {
      const s = Math.max(0, Math.floor(ms / 1000));
      return Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
    },
    fill(text, facts) {
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
    },
    hinted(file) {
      const found = file.name.match(/(20\d\d)\D?([01]\d)\D?([0-3]\d)\D{0,3}([0-2]\d)\D?([0-5]\d)\D?([0-5]\d)/);
      const name = found ? found[1] + "-" + found[2] + "-" + found[3] + " " + found.slice(4, 7).join(":") : "";
      const changed = new Date(file.lastModified).toLocaleString();
      return (name ? this.fill(this.words.named, { time: name }) + " · " : "") + this.fill(this.words.changed, { time: changed });
    },

    // --- what was begun and not finished, by size and date of the file; in this browser alone

    kept() {
      try {
        const found = JSON.parse(localStorage.getItem(KEPT) || "[]");
        return Array.isArray(found) ? found.filter((each) => each && typeof each.key === "string").slice(0, 50) : [];
      } catch {
        return [];
      }
    },
    keep(list) {
      try {
        localStorage.setItem(KEPT, JSON.stringify(list.slice(-50)));
      } catch {
        this.fault = this.words.unkept;
      }
    },
    remember(item) {
      const { key, agent_id, camera_id, started_at_ms, offset } = item;
      const entry = { key, agent_id, camera_id, started_at_ms, offset, size: item.file.size };
      this.keep([...this.kept().filter((each) => each.key !== key), entry]);
    },
    forget(entry) {
      this.keep(this.kept().filter((each) => each.key !== entry.key));
      this.left = this.left.filter((each) => each.key !== entry.key);
    },

    // --- the form

    take() {
      for (const file of this.$refs.files.files) {
        const key = file.size + "-" + file.lastModified;
        const before = this.left.find((each) => each.key === key);
        if (before) {
          this.chosen = before.agent_id + " " + before.camera_id;
          this.offset = before.offset;
        }
        const start = before ? new Date(before.started_at_ms + before.offset * 60000).toISOString().slice(0, 19) : "";
        this.fresh.push({ id: this.next++, file, key, start, hint: this.hinted(file) });
      }
      this.$refs.files.value = "";
    },
    drop(item) {
      this.fresh = this.fresh.filter((each) => each !== item);
    },
    begin() {
      this.fault = "";
      const [agent_id, camera_id] = this.chosen.split(" ");
      const desk = this.desks.find((each) => each.agent_id === agent_id);
      const now = Date.now();
      for (const item of this.fresh) {
        const at_ms = this.at(item.start);
        if (!(at_ms >= Date.UTC(2000, 0, 1) && at_ms <= now)) {
          this.fault = item.file.name + this.words.colon + this.faults.implausible_start.join(" ");
          return;
        }
      }
      for (const fresh of this.fresh) {
        const item = {
          id: fresh.id,
          file: fresh.file,
          key: fresh.key,
          agent_id,
          camera_id,
          camera: desk.cameras.find((each) => each.id === camera_id).name,
          purpose: this.purpose,
          offset: this.offset,
          started_at_ms: this.at(fresh.start),
          state: "waiting",
          note: "",
          position_ms: -1,
          after_ms: -1,
          length_ms: null,
          found: 0,
          sent: 0,
          speed: 0,
          times: null,
          held: false,
          fault: null,
          detail: "",
          link: "",
        };
        this.items.push(item);
        this.remember(item);
        this.left = this.left.filter((each) => each.key !== item.key);
      }
      this.fresh = [];
      this.chosen = "";
      this.fill_slots();
    },

    // --- the rows

    active(item) {
      return item.state === "waiting" || item.state === "sending";
    },
    over(item) {
      return item.state === "done" || item.state === "cancelled";
    },
    tone(item) {
      if (item.note && item.state === "sending") return "warn";
      return { done: "ok", sending: "ok", failed: "bad", waiting: "off", paused: "warn", cancelled: "off" }[item.state];
    },
    share(item) {
      if (item.state === "done") return 1000;
      return item.length_ms > 0 ? Math.min(1000, Math.round((1000 * Math.max(0, item.position_ms)) / item.length_ms)) : 0;
    },
    state(item) {
      const parts = [item.note || this.words[item.state]];
      if (item.length_ms > 0 && !this.over(item)) {
        parts.push(Math.floor(this.share(item) / 10) + " %");
        parts.push(this.clock(item.position_ms) + " / " + this.clock(item.length_ms));
      }
      if (item.after_ms >= 0) parts.push(this.fill(this.words.after, { time: this.clock(item.after_ms) }));
      if (item.state === "sending" && !item.note) {
        if (item.speed > 0) parts.push(this.bytes(item.speed) + "/s");
        if (item.times !== null) parts.push(this.fill(this.words.times_real, { times: item.times.toFixed(1) }));
        if (item.held) parts.push(this.words.held);
      }
      if (item.position_ms >= 0 || item.state === "done") parts.push(this.fill(this.words.found, { count: item.found }));
      return parts.join(" · ");
    },
    pause(item) {
      item.state = "paused";
      this.stop(item);
    },
    resume(item) {
      item.state = "waiting";
      item.fault = null;
      this.fill_slots();
    },
    cancel(item) {
      item.state = "cancelled";
      item.note = "";
      this.stop(item);
      this.keep(this.kept().filter((each) => each.key !== item.key));
    },
    stop(item) {
      const running = this.running.get(item.id);
      if (running) running.abort();
    },
    // Three files at once, and one a camera: a desk takes no more of one.
    fill_slots() {
      for (const item of this.items) {
        const under_way = this.items.filter((each) => this.running.has(each.id));
        const is_free = !under_way.some((each) => each.agent_id === item.agent_id && each.camera_id === item.camera_id);
        if (item.state === "waiting" && is_free && under_way.length < AT_ONCE) this.start(item);
      }
    },
    async start(item) {
      const stopped = new AbortController();
      this.running.set(item.id, stopped);
      item.state = "sending";
      try {
        await this.bring(item, stopped.signal);
      } catch (error) {
        if (!stopped.signal.aborted) this.fail(item, error);
      } finally {
        this.running.delete(item.id);
        if (item.state !== "done") item.note = "";
        this.fill_slots();
      }
    },
    fail(item, error) {
      item.state = "failed";
      const code = error instanceof Refused ? error.code : error instanceof Unreachable ? "unreachable" : "file";
      const [what, remedy] = this.faults[code] || this.faults.failed;
      const desk = this.desks.find((each) => each.agent_id === item.agent_id);
      const facts = { ...item, console: desk.console, permission: "task.upload" };
      item.fault = [this.fill(what, facts), this.fill(remedy, facts)];
      item.detail = code in this.faults && code !== "failed" ? "" : code + ": " + error.message;
      if (UNFIT.includes(code)) this.keep(this.kept().filter((each) => each.key !== item.key));
      item.link = code === "unreachable" ? desk.url + "/health" : "";
    },

    // --- one file: opened anew as often as the way to the desk breaks; it goes on where the desk says

    async bring(item, signal) {
      let waits = 0;
      let refusals = 0;
      const was = { reached: false };
      while (!signal.aborted) {
        try {
          await this.session(item, signal, was);
          return;
        } catch (error) {
          if (signal.aborted) return;
          const passes = error instanceof Unreachable ? was.reached : TRANSIENT.includes(error.code);
          if (!passes) throw error;
          refusals = /^permit/.test(error.code || "") ? refusals + 1 : 0;
          if (refusals) was.unused = null;
          if (refusals >= PERMIT_TRIES) throw error;
          waits = was.moved ? 0 : waits + 1;
          was.moved = false;
          item.note = error.code === "busy" ? this.words.busy : this.words.retrying;
          await later(Math.min(30000, 500 * 2 ** Math.min(waits, 6)), signal);
        }
      }
    },
    async permit(item, signal, renews) {
      const path = "/api/tasks/" + encodeURIComponent(item.agent_id) + "/" + encodeURIComponent(item.camera_id);
      const init = {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ purpose: item.purpose, renews }),
        signal,
      };
      try {
        const given = await json(path + "/upload-permit", init);
        return { ...given, ends: performance.now() + given.lasts_ms };
      } catch (error) {
        throw error instanceof Unreachable ? new Refused("center", error.message) : error;
      }
    },
    async session(item, signal, was) {
      // One that the desk did not take, since the camera was busy, is shown again: each is an entry of the audit.
      const unused = was.unused && was.unused.ends - performance.now() > RENEW_MS ? was.unused : null;
      let permit = unused || (await this.permit(item, signal, ""));
      was.unused = permit;
      const file = permit.url + "/cameras/" + encodeURIComponent(item.camera_id) + "/file";
      const ask = (method, headers, body) => json(file, { method, headers, body, signal, credentials: "omit" });
      let turn = await ask(
        "POST",
        { Authorization: "Wayside-Permit " + permit.permit, "Content-Type": "application/json" },
        JSON.stringify({ started_at_ms: item.started_at_ms, size: item.file.size }),
      );
      was.reached = true;
      was.unused = null;
      const session = { "Wayside-Session": turn.session };
      const paced = { since: performance.now(), sent: 0, position: null, found: item.found };
      try {
        for (;;) {
          this.show(item, turn, paced);
          if (this.ended(item, turn)) return;
          if (permit.ends - performance.now() < RENEW_MS) {
            permit = await this.permit(item, signal, permit.id);
            turn = await ask("PATCH", { ...session, Authorization: "Wayside-Permit " + permit.permit });
          } else if (turn.wants) {
            const { at, size } = turn.wants;
            const part = await item.file.slice(at, at + size).arrayBuffer();
            turn = await ask("PUT", { ...session, "Wayside-At": String(at) }, part);
            item.sent += size;
            paced.sent += size;
            was.moved = true;
          } else {
            turn = await ask("PUT", session);
          }
        }
      } finally {
        // The camera is free at once for who comes next; the page that is left sends it, too.
        if (signal.aborted) {
          fetch(file, { method: "DELETE", headers: session, keepalive: true, credentials: "omit" }).catch(() => {});
        }
      }
    },
    show(item, turn, paced) {
      item.note = "";
      item.length_ms = turn.length_ms;
      if (turn.after_ms >= 0) item.after_ms = turn.after_ms;
      const seconds = (performance.now() - paced.since) / 1000;
      if (seconds > 1) item.speed = paced.sent / seconds;
      const progress = turn.progress;
      if (!progress) return;
      item.position_ms = progress.position_ms;
      item.found = paced.found + progress.selected; // the desk counts since the file was opened
      item.held = progress.held;
      if (paced.position === null) paced.position = [performance.now(), progress.position_ms];
      const [began, at] = paced.position;
      const passed = performance.now() - began;
      if (passed > 1000 && progress.position_ms > at) item.times = (progress.position_ms - at) / passed;
    },
    ended(item, turn) {
      if (turn.problem) throw new Refused(turn.problem.error, turn.problem.detail);
      const end = turn.progress && turn.progress.end;
      if (!turn.known && !end) return false;
      if (end === "stopping" || end === "broken") throw new Refused("stopping", turn.progress.detail);
      if (end && end !== "complete") {
        throw new Refused(end === "unusable" ? turn.progress.code || "damaged" : end, turn.progress.detail);
      }
      item.state = "done";
      this.keep(this.kept().filter((each) => each.key !== item.key));
      if (turn.known) item.after_ms = -1;
      item.note = turn.known ? this.words.known : "";
      return true;
    },
  },
};
