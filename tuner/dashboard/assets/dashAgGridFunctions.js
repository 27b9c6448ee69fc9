"use strict";
/* How figures are written in tables; the same as in `tuner/report/words.py`. */
(() => {
  const written = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const absent = (value) => value === null || value === undefined;
  written.percent = (share) => absent(share) ? "–" : `${(100 * share).toFixed(1)}%`;
  written.decimal = (value) => absent(value) ? "–" : value.toFixed(3);
  written.bytes = (count) => absent(count) ? "–" : count < 1024 ? `${count.toFixed(0)} B`
    : count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
  written.milliseconds = (time) => absent(time) ? "–" : time < 1 ? `${Number((time * 1e3).toPrecision(3))} µs`
    : time < 1000 ? `${Number(time.toPrecision(3))} ms` : `${(time / 1e3).toFixed(1)} s`;
  written.megahertz = (hertz) => absent(hertz) ? "–" : `${hertz / 1e6} MHz`;

  /* A cell that leads to another page without loading everything again. */
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  parts.Way = (props) => {
    if (!props.data || absent(props.value)) return "";
    const go = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState({}, "", props.data.href);
      window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    };
    return window.React.createElement("a", { href: props.data.href, onClick: go }, props.value);
  };
  parts.Tag = (props) => absent(props.value) ? ""
    : window.React.createElement("span", { className: `tag ${props.value.split(" ")[0]}` }, props.value);
})();
