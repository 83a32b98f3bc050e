"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const [view, canvas, panel, search, found] = ["view", "canvas", "panel", "search", "found"].map(byId);
  const blocks = JSON.parse(byId("blocks").textContent);
  const levels = [...canvas.querySelectorAll(".level")];
  const buttons = [...byId("levels").querySelectorAll("button")];
  let level = levels.find((it) => !it.hidden);
  let place = { x: 0, y: 0, scale: 1 };

  // The picture, moved and scaled.
  const apply = () => {
    canvas.style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`;
  };
  const zoom = (factor, x, y) => {
    const scale = Math.min(8, Math.max(0.02, place.scale * factor));
    place.x = x - ((x - place.x) * scale) / place.scale;
    place.y = y - ((y - place.y) * scale) / place.scale;
    place.scale = scale;
    apply();
  };
  const size = () => {
    const svg = level.querySelector("svg");
    return { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
  };
  const fit = (isWhole) => {
    const { width, height } = size();
    const wide = view.clientWidth / width;
    const scale = Math.min(isWhole ? Math.min(wide, view.clientHeight / height) : wide, 1);
    place = { x: (view.clientWidth - width * scale) / 2, y: 0, scale };
    apply();
  };
  const center = (node) => {
    const box = node.querySelector(".box").getBoundingClientRect();
    const around = view.getBoundingClientRect();
    place.x += around.left + around.width / 2 - (box.left + box.width / 2);
    place.y += around.top + Math.min(around.height / 2, 60 + box.height / 2) - (box.top + box.height / 2);
    apply();
  };
  const nodeAt = (path) => level.querySelector(`.node[data-path="${CSS.escape(path)}"]`);

  // How many levels are open.
  const open = (wanted) => {
    level = wanted;
    for (const it of levels) it.hidden = it !== level;
    for (const it of buttons) it.setAttribute("aria-pressed", String(it.dataset.level === level.dataset.level));
  };
  const show = (wanted, path) => {
    open(levels.find((it) => Number(it.dataset.level) >= wanted) ?? levels[levels.length - 1]);
    const node = path && nodeAt(path);
    if (node) center(node);
    else fit(false);
    mark(false);
  };
  for (const it of buttons) it.addEventListener("click", () => show(Number(it.dataset.level)));
  byId("fit").addEventListener("click", () => fit(true));

  // A click on a scope opens or closes its level.
  const turn = (node) => {
    const depth = Number(node.dataset.depth);
    if (node.classList.contains("closed")) show(depth + 1, node.dataset.path);
    else if (node.classList.contains("open")) show(depth, node.dataset.path);
  };

  // What the pointer is at.
  const row = (term, text) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = term;
    dd.textContent = text;
    return [dt, dd];
  };
  let current = null;
  const tell = (node) => {
    if (node === current || !node) return;
    current?.classList.remove("current");
    current = node;
    node.classList.add("current");
    const path = node.dataset.path;
    const weights = node.dataset.weights;
    const block = blocks[weights ?? path];
    const title = document.createElement("h2");
    title.textContent = path;
    const list = document.createElement("dl");
    if (block) {
      list.append(...row("class", block.class));
      if (block.layer.includes("{")) {
        list.append(...row("parameters of the layer", block.layer.replace(/^[^{]*\{ | \}$/g, "")));
      }
      list.append(...row("output", block.outputs));
      list.append(...row("parameters", block.parameters));
      list.append(...row("multiply-adds", block.multiply_adds));
      if (weights) list.append(...row("weights of", weights));
    } else {
      const said = node.querySelector(":scope > title").textContent;
      list.append(...row("", said.slice(path.length + 2)));
    }
    panel.replaceChildren(title, list);
  };

  // Search.
  const mark = (jumps) => {
    for (const it of canvas.querySelectorAll(".found")) it.classList.remove("found");
    const text = search.value.trim().toLowerCase();
    if (!text) {
      found.textContent = "";
      return;
    }
    const says = (it) => it.querySelector(":scope > title").textContent.toLowerCase().includes(text);
    const within = (it) => [...it.querySelectorAll(".node:not(.end)")].filter(says);
    let all = within(level);
    // What is in scopes that are closed is found where they are open.
    const opened = jumps && all.length === 0 && levels.find((it) => within(it).length > 0);
    if (opened) {
      open(opened);
      all = within(level);
    }
    for (const it of all) it.classList.add("found");
    found.textContent = all.length === 1 ? "1 block" : `${all.length} blocks`;
    if (jumps && all.length > 0) {
      center(all[0]);
      tell(all[0]);
    }
  };
  search.addEventListener("input", () => mark(true));

  // Mouse, touch and keys.
  const pointers = new Map();
  let travelled = 0;
  view.addEventListener("pointerdown", (event) => {
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, event);
  });
  view.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      tell(event.target.closest(".node"));
      return;
    }
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    travelled += Math.abs(dx) + Math.abs(dy);
    if (pointers.size === 1) {
      if (travelled > 4) {
        view.setPointerCapture(event.pointerId);
        view.classList.add("moving");
      }
      place.x += dx;
      place.y += dy;
      apply();
    } else {
      const other = [...pointers.values()].find((it) => it.pointerId !== event.pointerId);
      const apart = (it) => Math.hypot(it.clientX - other.clientX, it.clientY - other.clientY) || 1;
      const around = view.getBoundingClientRect();
      zoom(apart(event) / apart(before), other.clientX - around.left, other.clientY - around.top);
    }
    pointers.set(event.pointerId, event);
  });
  const ended = (event) => {
    pointers.delete(event.pointerId);
    view.classList.remove("moving");
  };
  for (const it of ["pointerup", "pointercancel", "pointerleave"]) view.addEventListener(it, ended);
  view.addEventListener("click", (event) => {
    const node = travelled <= 4 && event.target.closest(".node");
    if (!node) return;
    tell(node);
    turn(node);
  });
  view.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const around = view.getBoundingClientRect();
      const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
      zoom(Math.exp(-step / 500), event.clientX - around.left, event.clientY - around.top);
    },
    { passive: false },
  );
  view.addEventListener("keydown", (event) => {
    const [x, y] = [view.clientWidth / 2, view.clientHeight / 2];
    const keys = {
      "+": () => zoom(1.25, x, y),
      "-": () => zoom(0.8, x, y),
      0: () => fit(true),
      ArrowLeft: () => (place.x += 60),
      ArrowRight: () => (place.x -= 60),
      ArrowUp: () => (place.y += 60),
      ArrowDown: () => (place.y -= 60),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
    apply();
  });
  fit(false);
})();
