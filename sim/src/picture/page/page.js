"use strict";
// Draws the picture of a trace. Rows are drawn in a window around the scrubber, so that thousands cost what fifty do.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows.map(([life, n, at, own, what, from, to, text, asked, state]) =>
    ({ life, n, at, own, what, from, to, text, asked, answer: null, state }));
  rows.forEach((row, index) => { if (row.asked !== null) rows[row.asked].answer = index; });
  const states = data.states.map((it) => it && ({
    phase: it[0], epoch: it[1], source: it[2], scope: it[3], place: it[4], version: it[5],
    cursor: it[6], events: it[7], bytes: it[8], failures: it[9], sinkFailures: it[10],
  }));
  const faults = rows.flatMap((row, index) => (row.what === "fault" ? [index] : []));
  const byId = (id) => document.getElementById(id);
  const [curves, sequence, scrubber] = ["curves", "sequence", "scrubber"].map(byId);
  const ROW = 24, HEAD = 26, LAST = rows.length - 1;
  let here = 0, zoom = 1;

  // The page may be opened at a row: page.html#120
  const wanted = Number.parseInt(location.hash.slice(1), 10);

  const svg = (name, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const html = (name, className, ...children) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...children);
    return node;
  };
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const grouped = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");
  const moment = (micros) => {
    const seconds = micros / 1e6;
    if (seconds === 0) return "0s";
    if (seconds < 1) return `${(seconds * 1e3).toFixed(3)}ms`;
    if (seconds < 600) return `${seconds.toFixed(3)}s`;
    return `${Math.floor(seconds / 60)}m ${(seconds % 60).toFixed(1)}s`;
  };
  const bytes = (count) => (count < 10240 ? `${grouped(count)} B` : `${grouped(Math.round(count / 1024))} KiB`);

  // Moments of the wall clock are long numbers: told from the first one on.
  const beginning = (() => {
    const found = rows.map((row) => row.text.match(/\b1\d{15}\b/)).find(Boolean);
    return found ? Number(found[0]) : null;
  })();
  const plain = (text) => (beginning === null ? text : text.replace(/\b(1\d{15})(us|µs)?\b/g, (whole, digits) => {
    const since = (Number(digits) - beginning) / 1e6;
    return Math.abs(since) > 864000 ? whole : `T${since < 0 ? "−" : "+"}${Math.abs(since).toFixed(3)}`;
  }).replace(/\b(1\d{9})\.(\d{1,6})s\b/g, (whole, seconds, rest) => {
    const since = Number(seconds) - beginning / 1e6 + Number(`0.${rest}`);
    return Math.abs(since) > 864000 ? whole : `T${since < 0 ? "−" : "+"}${Math.abs(since).toFixed(3)}`;
  }));

  // Which rows the curves show: all of them, or a part around the scrubber.
  const span = () => {
    const count = Math.max(20, Math.ceil(rows.length / zoom));
    const from = clamp(here - Math.floor(count / 2), 0, Math.max(0, rows.length - count));
    return [from, Math.min(LAST, from + count - 1)];
  };

  const series = (from, to) => {
    const lines = { cursor: new Map(), buffer: [], failures: [] };
    for (let index = from; index <= to; index += 1) {
      const state = states[rows[index].state];
      if (!state) continue;
      if (state.cursor !== null) {
        const key = state.scope;
        if (!lines.cursor.has(key)) lines.cursor.set(key, []);
        lines.cursor.get(key).push([index, state.cursor]);
      }
      lines.buffer.push([index, state.events]);
      lines.failures.push([index, state.failures]);
    }
    return lines;
  };

  // A line of steps, with no more corners than there are pixels.
  const path = (points, x, y) => {
    let drawn = "", lastX = -1, lastY = -1;
    for (const [index, value] of points) {
      const px = Math.round(x(index)), py = Math.round(y(value) * 10) / 10;
      if (py === lastY || (px === lastX && py <= lastY && drawn)) continue;
      drawn += drawn ? `H${px}V${py}` : `M${px} ${py}`;
      [lastX, lastY] = [px, py];
    }
    return points.length ? `${drawn}H${Math.round(x(points[points.length - 1][0]))}` : "";
  };

  const drawCurves = () => {
    const width = curves.clientWidth, height = curves.clientHeight, [from, to] = span();
    const left = width < 500 ? 58 : 84, right = width - 8;
    // The scrubber's thumb, 16 pixels wide, stands below the mark.
    scrubber.style.marginLeft = `${left - 8}px`;
    scrubber.style.width = `${right - left + 16}px`;
    const x = (index) => left + ((index - from) / Math.max(1, to - from)) * (right - left);
    curves.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const lines = series(from, to), nodes = [];
    rows.slice(from, to + 1).reduce((first, row, offset, all) => {
      const next = all[offset + 1];
      if (next && next.life === row.life) return first;
      const band = { x: x(from + first), y: 0, width: Math.max(1, x(from + offset) - x(from + first)), height: height - 16 };
      nodes.push(svg("rect", { ...band, class: row.life % 2 ? "life odd" : "life" }));
      return offset + 1;
    }, 0);
    const bandHeight = (height - 22) / 3;
    const band = (place, name, groups, kind, told) => {
      const top = place * bandHeight + 5, bottom = (place + 1) * bandHeight - 2;
      let most = 0;
      for (const points of groups) {
        const values = points.map((point) => point[1]);
        const high = values.reduce((a, b) => Math.max(a, b), 0);
        const low = kind === "cursor" ? values.reduce((a, b) => Math.min(a, b), high) : 0;
        most = Math.max(most, high);
        const y = (value) => bottom - ((value - low) / Math.max(1, high - low)) * (bottom - top);
        nodes.push(svg("path", { d: path(points, x, y), class: `curve ${kind}` }));
      }
      nodes.push(svg("text", { x: 2, y: top + 11 }, name));
      nodes.push(svg("text", { x: 2, y: top + 26, class: "soft" }, told(most)));
    };
    const marked = new Set();
    for (const index of faults) {
      if (index < from || index > to) continue;
      const px = Math.round(x(index));
      if (!marked.has(px)) nodes.push(svg("line", { x1: px, x2: px, y1: 0, y2: height - 16, class: "mark" }));
      marked.add(px);
    }
    const scopes = lines.cursor.size;
    band(0, "cursor", [...lines.cursor.values()], "cursor", () => (scopes === 1 ? "1 scope" : `${scopes} scopes`));
    band(1, "buffer", [lines.buffer], "buffer", (most) => `to ${grouped(most)}`);
    band(2, "failures", [lines.failures], "failures", (most) => `to ${grouped(most)}`);
    const ticks = Math.max(2, Math.floor((right - left) / 150));
    for (let tick = 0; tick <= ticks; tick += 1) {
      const index = Math.round(from + ((to - from) * tick) / ticks);
      const anchor = tick === 0 ? "start" : tick === ticks ? "end" : "middle";
      nodes.push(svg("text", { x: x(index), y: height - 3, class: "soft", "text-anchor": anchor }, moment(rows[index].at)));
    }
    nodes.push(svg("line", { x1: x(here), x2: x(here), y1: 0, y2: height - 14, class: "scrub" }));
    curves.replaceChildren(...nodes);
    curves.index = (px) => clamp(Math.round(from + ((px - left) / (right - left)) * (to - from)), 0, LAST);
    byId("window").textContent = `rows ${grouped(from + 1)} to ${grouped(to + 1)} of ${grouped(rows.length)}`;
  };

  const laneAt = (width) => {
    const isNarrow = width < 600, left = isNarrow ? 14 : 124, gap = isNarrow ? (width - 40) / data.actors.length : 96;
    return { isNarrow, left, gap, x: (lane) => left + gap * (lane + 0.5), end: left + gap * data.actors.length };
  };

  const drawRow = (index, y, place, width, height) => {
    const row = rows[index], mid = y + ROW / 2, lanes = [];
    const says = place.isNarrow ? { x: place.left, y: y + height - 6 } : { x: place.end + 34, y: mid + 4 };
    lanes.push(svg("rect", { x: 0, y, width, height }));
    const previous = rows[index - 1];
    if (!place.isNarrow && (!previous || previous.at !== row.at)) {
      lanes.push(svg("text", { x: place.left - 6, y: mid + 4, class: "moment" }, moment(row.at)));
    }
    const [from, to] = [place.x(row.from), place.x(row.to)];
    if (row.what === "fault") {
      lanes.push(svg("path", { d: `M${from - 5} ${mid - 5}l10 10m0-10l-10 10`, class: "cross" }));
    } else {
      if (from !== to) {
        const side = Math.sign(to - from), tip = to - side;
        const d = `M${from} ${mid}H${tip}m${-side * 6} -4l${side * 6} 4l${-side * 6} 4`;
        lanes.push(svg("path", { d, class: `arrow ${row.what === "out" || row.what === "end" ? "out" : "in"}` }));
      }
      lanes.push(svg("circle", { cx: from, cy: mid, r: 3.4, class: `dot-${row.what}` }));
    }
    const room = Math.floor((width - says.x - 6) / (place.isNarrow ? 6.7 : 7.3));
    const text = plain(row.text);
    lanes.push(svg("text", { ...says, class: "said" }, text.length > room ? `${text.slice(0, room - 1)}…` : text));
    const classes = ["row", row.what === "fault" ? "fault" : "", index === here ? "here" : ""].join(" ");
    const node = svg("g", { class: classes }, ...lanes);
    node.addEventListener("click", () => go(index));
    return node;
  };

  const drawSequence = () => {
    const width = sequence.clientWidth, height = sequence.clientHeight, place = laneAt(width);
    const tall = place.isNarrow ? ROW + 16 : ROW;
    const count = Math.max(3, Math.floor((height - HEAD) / tall));
    const from = clamp(here - Math.floor(count * 0.45), 0, Math.max(0, rows.length - count));
    const to = Math.min(LAST, from + count - 1), y = (index) => HEAD + (index - from) * tall;
    sequence.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const drawn = [], over = [];
    for (let index = from; index <= to; index += 1) {
      drawn.push(drawRow(index, y(index), place, width, tall));
      const row = rows[index], isNew = index > from && rows[index - 1].n !== row.n && row.what !== "fault";
      if (isNew) over.push(svg("line", { x1: 0, x2: width, y1: y(index), y2: y(index), class: "step" }));
      const asked = row.asked ?? (row.answer !== null && row.answer > to ? index : null);
      if (asked === null) continue;
      const answer = rows[asked].answer ?? index;
      const [top, bottom] = [asked, answer].map((at) => clamp(y(at) + ROW / 2, HEAD, height));
      const isHere = asked === here || answer === here;
      const edge = place.isNarrow ? width - 10 : place.end + 8, bow = place.isNarrow ? 6 : 14;
      const d = `M${edge} ${top}C${edge + bow} ${top} ${edge + bow} ${bottom} ${edge} ${bottom}m5 -4l-5 4l5 3`;
      over.push(svg("path", { d, class: isHere ? "cause here" : "cause" }));
    }
    const poles = data.actors.map((name, lane) => svg("g", {},
      svg("line", { x1: place.x(lane), x2: place.x(lane), y1: HEAD - 4, y2: height, class: "lane" }),
      svg("text", { x: place.x(lane), y: 17, class: "name" }, place.isNarrow ? name.replace("operator", "op.") : name)));
    // Lanes and causes lie above the ground of a row, and below what is said in it.
    const grounds = drawn.map((node, offset) => svg("rect", {
      x: 0, y: y(from + offset), width, height: tall, class: node.getAttribute("class").replace("row", "ground"),
    }));
    sequence.replaceChildren(...grounds, ...poles, ...over, ...drawn);
  };

  const drawState = () => {
    const row = rows[here], state = states[row.state], life = data.lives[row.life], list = html("dl");
    const say = (name, value) => list.append(html("dt", "", name), html("dd", "", String(value)));
    const whose = `process ${row.life + 1} of ${data.lives.length}`;
    const head = html("h2", "", state ? state.phase : "unknown", html("span", "", `step ${grouped(row.n)} · ${whose}`));
    say("time", moment(row.at));
    if (row.own !== row.at) say("its own clock", moment(row.own));
    if (state) {
      say("connection", state.epoch === null ? "none" : `#${state.epoch} to source ${state.source}`);
      say("checkpoint", state.place === null ? "none yet" : plain(state.place));
      say("scope", state.scope === null ? "none yet" : `${state.scope}, version ${state.version}`);
      say("buffer", `${grouped(state.events)} events, ${bytes(state.bytes)}`);
      say("failures", `${state.failures} in a row`);
      say("sink failures", state.sinkFailures);
    }
    if (life[2] !== null) say("it ends with", plain(life[2]));
    const said = rows.flatMap((other, index) => (other.life === row.life && other.n === row.n ? [index] : []))
      .map((index) => {
        const text = html("p", `${rows[index].what}${index === here ? " now" : ""}`, plain(rows[index].text));
        const other = rows[index].asked ?? rows[index].answer;
        if (other !== null) {
          const link = html("a", "", rows[index].asked === null ? "its answer" : "what asked for it");
          link.addEventListener("click", () => go(other));
          text.append(" ", link);
        }
        return text;
      });
    byId("state").replaceChildren(head, list, ...said);
  };

  const draw = () => { drawState(); drawCurves(); drawSequence(); };
  const go = (index) => {
    here = clamp(index, 0, LAST);
    scrubber.value = String(here);
    history.replaceState(null, "", `#${here}`);
    draw();
  };
  const page = () => Math.max(3, Math.floor((sequence.clientHeight - HEAD) / ROW) - 2);
  const ways = {
    first: () => go(0), last: () => go(LAST), back: () => go(here - 1), on: () => go(here + 1),
    "page-back": () => go(here - page()), page: () => go(here + page()),
    fault: () => go(faults.find((index) => index > here) ?? here),
    "fault-back": () => go(faults.findLast((index) => index < here) ?? here),
    cause: () => go(rows[here].asked ?? rows[here].answer ?? here),
    in: () => { zoom = Math.min(zoom * 2, Math.max(1, rows.length / 20)); draw(); },
    out: () => { zoom = Math.max(1, zoom / 2); draw(); },
  };
  const keys = {
    ArrowLeft: "back", ArrowUp: "back", ArrowRight: "on", ArrowDown: "on", Home: "first", End: "last",
    PageUp: "page-back", PageDown: "page", n: "fault", p: "fault-back", c: "cause", "+": "in", "=": "in", "-": "out",
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    ways[keys[event.key]]();
  });
  byId("tools").addEventListener("click", (event) => ways[event.target.dataset?.go]?.());
  scrubber.addEventListener("input", () => go(Number(scrubber.value)));
  const drag = (event) => {
    if (event.buttons & 1) go(curves.index(event.clientX - curves.getBoundingClientRect().left));
  };
  curves.addEventListener("pointerdown", (event) => { curves.setPointerCapture(event.pointerId); drag(event); });
  curves.addEventListener("pointermove", drag);
  sequence.addEventListener("wheel", (event) => { event.preventDefault(); go(here + Math.sign(event.deltaY) * 3); }, { passive: false });
  const watcher = new ResizeObserver(() => { drawCurves(); drawSequence(); });
  watcher.observe(curves);
  watcher.observe(byId("lanes"));
  addEventListener("hashchange", () => go(Number.parseInt(location.hash.slice(1), 10) || 0));

  scrubber.max = String(LAST);
  const bad = data.lives.map((life) => life[2]).find((verdict) => verdict && /^(O\d+|world)/.test(verdict));
  byId("title").textContent = data.title;
  byId("summary").append(
    `${grouped(rows.length)} rows, ${data.lives.length} ${data.lives.length === 1 ? "process" : "processes"}, `
    + `${moment(rows[LAST].at)}, ${faults.length} faults`, ...(bad ? [" · ", html("b", "", plain(bad))] : []));
  go(Number.isInteger(wanted) ? wanted : bad ? LAST : 0);
  document.documentElement.dataset.ready = String(rows.length);
})();
