"use strict";
/* What pages do without asking the server. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.tuner = (() => {
  const none = () => window.dash_clientside.no_update;
  const MOST = 6;

  /* The state of a page's controls in its address: a link to what is seen. Ids are "page-name". What a control says
     when the page opens without a word of it in the address goes without saying. */
  const unsaid = new Map();
  function permalink() {
    const inputs = window.dash_clientside.callback_context.inputs_list;
    const query = new URLSearchParams(location.search);
    for (const input of inputs) {
      const name = input.id.slice(input.id.indexOf("-") + 1), known = `${location.pathname} ${name}`;
      const value = Array.isArray(input.value) ? input.value.join(",") : input.value === true ? "yes" : input.value;
      const written = value === undefined || value === null || value === false ? "" : String(value);
      if (!unsaid.has(known) && !query.has(name)) unsaid.set(known, written);
      if (written === (unsaid.get(known) ?? "")) query.delete(name);
      else query.set(name, written);
    }
    const search = query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
    history.replaceState(history.state, "", location.pathname + (search ? `?${search}` : ""));
    return none();
  }

  function opened() {
    window.scrollTo(0, 0);
    return none();
  }

  function putAside(_clicks, _clear, kept) {
    const context = window.dash_clientside.callback_context;
    const by = context.triggered[0];
    if (!by || !by.value) return none();
    if (by.prop_id.startsWith("tray-clear")) return [];
    const trial = JSON.parse(by.prop_id.slice(0, by.prop_id.lastIndexOf("."))).trial;
    if ((kept || []).includes(trial)) return kept.filter((other) => other !== trial);
    return [...(kept || []), trial].slice(-MOST);
  }

  function showTray(kept, pathname) {
    const trials = kept || [];
    requestAnimationFrame(() => {
      for (const button of document.querySelectorAll(".put-aside")) {
        const chosen = trials.includes(JSON.parse(button.id).trial);
        button.setAttribute("aria-pressed", chosen);
        button.textContent = chosen ? "Chosen ✓" : "Compare";
      }
    });
    const names = trials.map((trial) => trial.replace(":", " "));
    const count = trials.length === 1 ? "1 candidate chosen" : `${trials.length} candidates chosen`;
    const hidden = trials.length === 0 || pathname === "/compare";
    return [hidden, count, names.join(" · "), `/compare?trials=${trials.join(",")}`];
  }

  /* Line numbers beside an editor, with the lines that have a problem marked. */
  function lineNumbers(text, problems) {
    const wrong = new Set((problems || []).map((problem) => problem.line));
    const count = (text || "").split("\n").length;
    const line = (number) => ({ namespace: "dash_html_components", type: "Span", props: {
      children: `${number}\n`, className: wrong.has(number) ? "wrong" : "" } });
    return Array.from({ length: count }, (_, place) => line(place + 1));
  }

  function open(clicks) {
    return clicks ? true : none();
  }

  function chooseDevice(clicks) {
    const by = window.dash_clientside.callback_context.triggered[0];
    if (!by || !by.value) return none();
    return JSON.parse(by.prop_id.slice(0, by.prop_id.lastIndexOf("."))).device;
  }

  /* The candidates under a brush or a click in the scatter. */
  function picked(selected) {
    const by = window.dash_clientside.callback_context.triggered[0];
    if (!by || !by.prop_id.startsWith("study-scatter")) return [];
    const numbers = ((selected || {}).points || []).filter((point) => point.customdata).map((point) => point.customdata[0]);
    return [...new Set(numbers)].slice(0, 400);
  }

  /* Searching a table whose rows are all here. */
  function quickFilter(text, id) {
    window.dash_ag_grid.getApiAsync(id).then((grid) => grid.setGridOption("quickFilterText", text || ""));
    return none();
  }

  /* A table that asks for rows as it is scrolled begins anew. */
  function refreshGrid() {
    window.dash_ag_grid.getApiAsync("study-grid").then((grid) => grid.purgeInfiniteCache());
    return none();
  }

  function showWay(way) {
    return [way !== "template", way !== "study", way !== "editor"];
  }

  function drawParallel(coordinates) {
    const box = document.getElementById("study-lines");
    if (box && coordinates) {
      window.tunerParallel(box, coordinates, (trials) =>
        window.dash_clientside.set_props("study-brushed", { data: trials }));
    }
    return none();
  }

  /* Files go from here to the API, not through a callback: a callback's body is limited to what forms need. */
  async function send(path, contents, filename, fields) {
    const bytes = Uint8Array.from(atob(contents.slice(contents.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    form.append("file", new Blob([bytes]), filename);
    try {
      const response = await fetch(`/api/v1${path}`, { method: "POST", body: form });
      const answer = await response.json();
      return response.ok ? { answer } : { refusal: { message: answer.message, hint: answer.hint } };
    } catch {
      return { refusal: { message: "the server did not answer", hint: "is it still there?" } };
    }
  }

  async function profileModel(contents, devices, filename) {
    if (!contents) return none();
    const found = await send("/profiles", contents, filename, (devices || []).map((device) => ["devices", device]));
    for (const device of found.answer?.devices ?? []) device.operators = [];  /* not shown, and long */
    return found;
  }

  async function uploadDataset(contents, filename, name) {
    if (!contents) return none();
    const fields = [["name", name || filename.replace(/\.(tar\.)?[^.]*$/, "")], ["options", "{}"]];
    return send("/datasets/upload", contents, filename, fields);
  }

  return { profileModel, uploadDataset, quickFilter, refreshGrid, showWay, drawParallel, picked, open, chooseDevice, permalink, opened, putAside, showTray, lineNumbers };
})();

/* What sliders say of their position: amounts are on a logarithmic scale. */
window.dashMantineFunctions = Object.assign(window.dashMantineFunctions || {}, {
  amountLabel: (exponent, options) => options.resource === "latency"
    ? window.dashAgGridFunctions.milliseconds(10 ** exponent) : window.dashAgGridFunctions.bytes(10 ** exponent),
  percentLabel: (percent) => percent ? `${percent}%` : "any",
});
