"use strict";
// Folds scopes of a picture in which all are open: what is below moves up, and nothing but the folded boxes moves sideways.
const folding = (svg) => {
  const [FOLDED, ARROW, CORNER] = [24, 15, 6];
  const get = (element, name) => Number(element.getAttribute(name));
  const round = (number) => Math.round(number * 10) / 10;
  const set = (element, values) => {
    for (const [name, value] of Object.entries(values)) {
      element.setAttribute(name, typeof value === "number" ? round(value) : value);
    }
  };
  const child = (element, selector) => element.querySelector(`:scope > ${selector}`);

  // What was drawn, with the places it had at first.
  const graph = (element) => {
    const found = { nodes: [], wires: [], tips: [], labels: [] };
    for (const it of element.children) {
      if (it.matches(".node")) found.nodes.push(node(it));
      else if (it.matches(".wire")) found.wires.push(wire(it));
      else if (it.matches(".tip")) found.tips.push({ element: it, d: it.getAttribute("d") });
      else if (it.matches(".shape")) found.labels.push({ element: it, y: get(it, "y") });
    }
    return found;
  };
  const wire = (element) => {
    const d = element.getAttribute("d");
    const [, end] = d.match(/([^MLQ ]+ [^ ]+)$/);
    const corners = [...d.matchAll(/Q[^ ]+ ([^ ]+)/g)].map((it) => Number(it[1]));
    return { element, d, end, corners, to: element.dataset.to.replace(/:\d+$/, "") };
  };
  const yOf = (point) => Number(point.split(" ")[1]);
  const node = (element) => {
    const box = child(element, ".box");
    if (box.matches("circle")) {
      const [x, y] = [get(box, "cx"), get(box, "cy")];
      return { element, x, width: 0, top: y, bottom: y };
    }
    const [x, width, top] = [get(box, "x"), get(box, "width"), get(box, "y")];
    const placed = { element, x, width, top, bottom: top + get(box, "height") };
    if (!element.matches(".open")) return placed;
    const [name, header] = [child(element, ".name"), child(element, ".header")];
    const start = Number(header.getAttribute("d").match(/ ([\d.]+)H/)[1]);
    const title = { x: get(name, "x"), y: get(name, "y") };
    return { ...placed, scope: { box, name, header, start, title, inside: graph(element) } };
  };
  const whole = graph(svg);
  const page = child(svg, ".page");
  const height = get(svg, "height");

  // Pairs of old and new heights, between which all goes in proportion. What shrinks is what nothing but folded scopes and
  // straight wires are beside: boxes, shapes, corners and arrows need their room.
  const stops = (graph, start, end, heightOf) => {
    const items = graph.nodes.map((it) => ({ top: it.top, bottom: it.bottom, height: heightOf(it) }));
    const rigid = (top, height) => items.push({ top, bottom: top + height, height });
    for (const it of graph.labels) rigid(it.y - 11, 14);
    for (const it of graph.wires) {
      rigid(yOf(it.end) - ARROW, ARROW);
      for (const y of it.corners) rigid(y - CORNER, 2 * CORNER);
    }
    const all = new Set([start, end, ...items.flatMap((it) => [it.top, it.bottom])]);
    const olds = [...all].filter((it) => start <= it && it <= end).sort((a, b) => a - b);
    const news = new Map();
    let [before, y] = [start, 0];
    for (const old of olds) {
      const beside = items.filter((it) => it.top <= before && old <= it.bottom);
      const shrinks = beside.length > 0 && beside.every((it) => it.height < it.bottom - it.top);
      if (!shrinks) y += old - before;
      for (const it of items) {
        if (it.bottom === old && news.has(it.top)) y = Math.max(y, news.get(it.top) + it.height);
      }
      news.set(old, y);
      before = old;
    }
    return [...news];
  };
  const along = (stops, from) => (y) => {
    const next = stops.findIndex((it) => it[0] >= y);
    if (next === 0) return from + y - stops[0][0];
    const [[a, x], [b, z]] = next < 0 ? stops.slice(-2) : stops.slice(next - 1, next + 1);
    return from + x + (next < 0 ? z - x + y - b : ((y - a) * (z - x)) / (b - a));
  };

  const place = (graph, at, isFolded, heightOf, stopsOf) => {
    // A folded box that something higher is beside is at the lower end of its room, where its shape is.
    const topOf = (it) => (it.scope && isFolded(it) ? at(it.bottom) - heightOf(it) : at(it.top));
    const tops = new Map(graph.nodes.map((it) => [it.element.dataset.path, topOf(it)]));
    const ends = new Map();
    for (const { element, d, end, to } of graph.wires) {
      const moved = (_, x, y) => `${x} ${round(at(Number(y)))}`;
      const point = `${end.split(" ")[0]} ${round(tops.get(to))}`;
      ends.set(end, point);
      set(element, { d: d.slice(0, -end.length).replace(/([^MLQ ]+) ([^MLQ ]+)/g, moved) + point });
    }
    for (const { element, d } of graph.tips) {
      const [, from] = d.match(/^M([^l]+)/);
      set(element, { d: d.replace(from, ends.get(from)) });
    }
    for (const { element, y } of graph.labels) set(element, { y: at(y) });
    for (const it of graph.nodes) {
      const [top, bottom] = [topOf(it), at(it.bottom)];
      if (it.scope) placeScope(it, top, bottom, isFolded, heightOf, stopsOf);
      else set(it.element, { transform: `translate(0 ${round(top - it.top)})` });
    }
  };
  const placeScope = (node, top, bottom, isFolded, heightOf, stopsOf) => {
    const { box, name, header, start, title, inside } = node.scope;
    const folds = isFolded(node);
    node.element.classList.toggle("open", !folds);
    node.element.classList.toggle("closed", folds);
    node.element.classList.toggle("folded", folds);
    set(box, { x: node.x, width: node.width, y: top, height: bottom - top });
    if (!folds) {
      set(name, { x: title.x, y: top + title.y - node.top, "text-anchor": "start" });
      const inner = start - node.top;
      set(header, { d: `M${node.x} ${round(top + inner)}H${node.x + node.width}` });
      const stops = stopsOf(node);
      // Where something beside is higher, the rest is below all that is inside.
      const last = stops[stops.length - 1];
      const higher = bottom - top - inner - last[1];
      const at = along([...stops.slice(0, -1), [last[0], last[1] + higher]], top + inner);
      place(inside, at, isFolded, heightOf, stopsOf);
      return;
    }
    // As wide as its name and its wires need.
    const ends = inside.nodes.filter((it) => it.element.matches(".end")).map((it) => it.x + it.width / 2);
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const half = Math.max(name.getComputedTextLength() / 2 + 11, (high - low) / 2 + 8);
    const middle = Math.min(Math.max((low + high) / 2, node.x + half), node.x + node.width - half);
    set(box, { x: middle - half, width: 2 * half });
    set(name, { x: middle, y: (top + bottom) / 2 + 4, "text-anchor": "middle" });
    let second = child(node.element, ".second");
    if (!second) {
      second = box.cloneNode();
      second.setAttribute("class", "second");
      box.after(second);
    }
    set(second, { x: middle - half + 2.5, width: 2 * half - 5, y: top + 2.5, height: bottom - top - 5, rx: 2.5 });
  };

  // Folds the scopes at these paths, and opens all others.
  return (paths) => {
    const isFolded = (node) => paths.has(node.element.dataset.path);
    const known = new Map();
    const stopsOf = (node) => {
      if (!known.has(node)) known.set(node, stops(node.scope.inside, node.scope.start, node.bottom, heightOf));
      return known.get(node);
    };
    const heightOf = (node) => {
      if (!node.scope) return node.bottom - node.top;
      if (isFolded(node)) return Math.min(FOLDED, node.bottom - node.top);
      return node.scope.start - node.top + stopsOf(node).at(-1)[1];
    };
    const at = along(stops(whole, 0, height, heightOf), 0);
    place(whole, at, isFolded, heightOf, stopsOf);
    const now = at(height);
    set(svg, { height: now, viewBox: `0 0 ${get(svg, "width")} ${round(now)}` });
    set(page, { height: now });
  };
};
