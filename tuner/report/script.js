"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const page = read("page");
  const pool = read("pool");
  const unpooled = (data) => {
    if (data === null || typeof data !== "object") return data;
    if (Array.isArray(data)) return data.map(unpooled);
    if ("pool" in data) return pool[data.pool];
    return Object.fromEntries(Object.entries(data).map(([key, inner]) => [key, unpooled(inner)]));
  };
  const chosen = { device: page.devices[0], resource: page.resources[0] };

  /* Light and dark: the system's choice until the reader makes another. */
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const mode = () => root.dataset.mode;
  const setMode = (dark) => {
    root.dataset.mode = dark ? "dark" : "light";
    all(".figure.drawn").forEach((box) => { if (visible(box)) draw(box); else box.classList.remove("drawn"); });
  };

  /* Figures are drawn when they come into view. */
  const visible = (box) => box.offsetParent !== null;
  const narrow = matchMedia("(max-width: 560px)");
  function draw(box) {
    const figure = unpooled(read(`figure-${box.dataset.figure}`));
    const layout = { ...figure.layout, template: page.templates[mode()] };
    if (narrow.matches) layout.margin = { ...(layout.margin || {}), l: 44, r: 8 };
    Plotly.react(box, figure.data, layout, { responsive: true, displayModeBar: false });
    box.classList.add("drawn");
  }
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && visible(entry.target) && !entry.target.classList.contains("drawn")) draw(entry.target);
    }
  }, { rootMargin: "300px" });

  /* One board and one resource are chosen for the whole page. */
  function show() {
    for (const box of all("[data-for-device], [data-for-resource], [data-for-trial]")) {
      const { forDevice, forResource, forTrial } = box.dataset;
      box.hidden = (forDevice !== undefined && forDevice !== chosen.device)
        || (forResource !== undefined && forResource !== chosen.resource)
        || (forTrial !== undefined && forTrial !== chosen.trial);
    }
    for (const button of all("[data-device]")) button.setAttribute("aria-pressed", button.dataset.device === chosen.device);
    for (const button of all("[data-resource]")) button.setAttribute("aria-pressed", button.dataset.resource === chosen.resource);
    /* Hidden boxes become visible without scrolling, which the watcher does not see. */
    all(".figure").forEach((box) => { watcher.unobserve(box); watcher.observe(box); });
    all(".figure.drawn").forEach((box) => { if (visible(box)) Plotly.Plots.resize(box); });
  }
  for (const button of all("[data-device]")) {
    button.addEventListener("click", () => { chosen.device = button.dataset.device; pickTrial(); show(); fill(); });
  }
  for (const button of all("[data-resource]")) {
    button.addEventListener("click", () => { chosen.resource = button.dataset.resource; show(); });
  }
  function pickTrial() {
    const select = document.querySelector(`select[data-for-device="${CSS.escape(chosen.device)}"]`);
    chosen.trial = select ? select.value : undefined;
  }
  for (const select of all("select[data-for-device]")) {
    select.addEventListener("change", () => { chosen.trial = select.value; show(); });
  }

  /* The candidates: sorted and filtered here, some rows at a time. */
  const STEP = 25;
  const table = document.getElementById("candidates");
  const search = document.getElementById("search");
  const stateOf = document.getElementById("state");
  const fitting = document.getElementById("fitting");
  const order = { column: "score", down: true };
  let limit = STEP;
  const value = (row, column) => {
    const here = row.on[chosen.device];
    const at = { ram: 0, flash: 1, latency: 2 }[column];
    return at === undefined ? row[column] : here ? here[at] : null;
  };
  const bytes = (count) => count === null ? "–" : count < 1024 ? `${count.toFixed(0)} B`
    : count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
  const milliseconds = (time) => time === null ? "–" : time < 1 ? `${Number((time * 1e3).toPrecision(3))} µs`
    : time < 1000 ? `${Number(time.toPrecision(3))} ms` : `${(time / 1e3).toFixed(1)} s`;
  const percent = (share) => share === null ? "–" : `${(100 * share).toFixed(1)}%`;
  const plain = (number) => number === null ? "–" : String(Number(number.toPrecision(4)));
  const [score, second] = (page.shares ?? []).map((share) => share ? percent : plain);
  const columns = [["number", String], ["state", null], ["score", score], ["second", second], ["float32", score],
    ["ram", bytes], ["flash", bytes], ["latency", milliseconds], ["candidate", null]];
  function cell(text, className) {
    const made = document.createElement("td");
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }
  function note(text) {
    const made = document.createElement("div");
    made.textContent = text;
    made.className = "note";
    return made;
  }
  function line(row) {
    const made = document.createElement("tr");
    const here = row.on[chosen.device];
    for (const [name, write] of columns) {
      if (write) { made.append(cell(write(value(row, name)))); continue; }
      if (name === "state") {
        const text = here && here[4] ? "front" : row.state === "trained" && here && !here[3] ? "does not fit" : row.state;
        const tag = document.createElement("span");
        tag.className = `tag ${text.split(" ")[0]}`;
        tag.textContent = text;
        const box = cell("", "text");
        box.append(tag);
        made.append(box);
      } else {
        const box = cell("", "text wrap");
        const more = document.createElement("details");
        const short = document.createElement("summary");
        short.textContent = row.candidate;
        more.append(short, note(row.detail));
        box.append(more);
        const why = row.state === "failed" ? row.reason : here ? here[5] : row.reason;
        if (why) box.append(note(why));
        made.append(box);
      }
    }
    return made;
  }
  function fill() {
    if (!table) return;
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = page.trials.filter((row) => {
      const here = row.on[chosen.device];
      if (stateOf.value === "front" ? !(here && here[4]) : stateOf.value && row.state !== stateOf.value) return false;
      if (fitting.checked && !(here && here[3])) return false;
      return wanted.every((word) => row.text.includes(word));
    });
    const sign = order.down ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = [value(a, order.column), value(b, order.column)];
      if (x === y) return a.number - b.number;
      if (x === null) return 1;
      if (y === null) return -1;
      return sign * (x < y ? -1 : 1);
    });
    table.tBodies[0].replaceChildren(...rows.slice(0, limit).map(line));
    document.getElementById("found").textContent =
      `${Math.min(limit, rows.length).toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    document.getElementById("more").hidden = rows.length <= limit;
    for (const head of all("th[data-column]", table)) {
      const sorted = head.dataset.column === order.column;
      if (sorted) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }
  if (table) {
    for (const row of page.trials) row.text = `${row.number} ${row.state} ${row.candidate} ${row.detail} ${row.reason}`.toLowerCase();
    for (const head of all("th[data-column]", table)) {
      head.firstElementChild.addEventListener("click", () => {
        const same = order.column === head.dataset.column;
        order.down = same ? !order.down : ["score", "float32"].includes(head.dataset.column);
        order.column = head.dataset.column;
        fill();
      });
    }
    const again = () => { limit = STEP; fill(); };
    search.addEventListener("input", again);
    stateOf.addEventListener("change", again);
    fitting.addEventListener("change", again);
    document.getElementById("more").addEventListener("click", () => { limit += STEP; fill(); });
  }

  document.getElementById("mode").addEventListener("click", () => setMode(mode() !== "dark"));
  system.addEventListener("change", () => setMode(system.matches));
  setMode(system.matches);
  pickTrial();
  show();
  fill();
})();
