"use strict";
/* Parallel coordinates on a canvas: a line a candidate, and a range kept on any axis by dragging along it.
   Plotly's need WebGL and a script compiled at run time, which the page's security policy forbids. */
window.tunerParallel = (box, { trials, qualities, dimensions }, changed) => {
  const TOP = 66, BOTTOM = 14, LEFT = 46, RIGHT = 70, HEIGHT = 380;
  const kept = new Map();
  box.replaceChildren();
  if (!trials.length) { box.textContent = "No candidate has been trained yet."; return; }
  const make = (name, parent, className) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    parent.append(made);
    return made;
  };
  const canvas = make("canvas", box);
  const overlay = make("div", box, "axes");
  const ends = dimensions.map(({ values, tickvals }) => {
    const all = values.concat(tickvals);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  });
  const low = Math.min(...qualities), span = Math.max(...qualities) - low || 1;
  const STOPS = [[59, 76, 192], [74, 168, 184], [201, 162, 39], [209, 73, 91]];
  const color = (quality) => {
    const place = 3 * (quality - low) / span, stop = Math.min(2, Math.floor(place));
    return STOPS[stop].map((from, part) => Math.round(from + (place - stop) * (STOPS[stop + 1][part] - from))).join(",");
  };
  const across = (axis) => LEFT + axis * (box.clientWidth - LEFT - RIGHT) / Math.max(1, dimensions.length - 1);
  const down = (axis, value) => {
    const [from, to] = ends[axis];
    return HEIGHT - BOTTOM - (value - from) / (to - from) * (HEIGHT - TOP - BOTTOM);
  };
  const isKept = (place) => [...kept].every(([axis, [from, to]]) => {
    const value = dimensions[axis].values[place];
    return value >= from && value <= to;
  });
  const order = trials.map((_, place) => place).sort((a, b) => qualities[a] - qualities[b]);

  function draw() {
    const scale = devicePixelRatio || 1, width = box.clientWidth;
    canvas.width = width * scale; canvas.height = HEIGHT * scale;
    canvas.style.width = `${width}px`; canvas.style.height = `${HEIGHT}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const strength = Math.max(0.25, Math.min(0.85, 60 / trials.length));
    for (const shown of [false, true]) {
      for (const place of order) {
        if (isKept(place) !== shown) continue;
        pen.strokeStyle = shown ? `rgba(${color(qualities[place])},${strength})` : "rgba(139,150,165,0.10)";
        pen.lineWidth = shown ? 1.4 : 1;
        pen.beginPath();
        dimensions.forEach(({ values }, axis) => {
          if (axis) pen.lineTo(across(axis), down(axis, values[place])); else pen.moveTo(across(axis), down(axis, values[place]));
        });
        pen.stroke();
      }
    }
    overlay.replaceChildren();
    dimensions.forEach((dimension, axis) => drawAxis(dimension, axis));
  }

  function drawAxis({ label, tickvals, ticktext }, axis) {
    const line = make("div", overlay, "axis");
    line.style.cssText = `left:${across(axis)}px;top:${TOP}px;height:${HEIGHT - TOP - BOTTOM}px`;
    const title = make("div", line, "title");
    title.textContent = label;
    title.title = label;
    tickvals.forEach((value, place) => {
      const tick = make("div", line, "tick");
      tick.style.top = `${down(axis, value) - TOP}px`;
      tick.textContent = ticktext[place];
    });
    if (kept.has(axis)) {
      const [from, to] = kept.get(axis).map((value) => down(axis, value) - TOP);
      const range = make("div", line, "range");
      range.style.cssText = `top:${to}px;height:${Math.max(3, from - to)}px`;
    }
    brush(line, axis);
  }

  function brush(line, axis) {
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const height = HEIGHT - TOP - BOTTOM, frame = line.getBoundingClientRect();
      const [from, to] = ends[axis];
      const value = (y) => to - Math.min(1, Math.max(0, (y - frame.top) / height)) * (to - from);
      const begun = event.clientY;
      const move = (moved) => {
        const pair = [value(begun), value(moved.clientY)].sort((a, b) => a - b);
        if (Math.abs(moved.clientY - begun) < 4) kept.delete(axis); else kept.set(axis, pair);
        draw();
      };
      const end = (moved) => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        move(moved);
        changed(kept.size ? trials.filter((_, place) => isKept(place)) : null);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
    });
  }

  if (box.watcher) box.watcher.disconnect();
  box.watcher = new ResizeObserver(draw);
  box.watcher.observe(box);
  changed(null);
};
