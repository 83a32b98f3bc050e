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

  // Every scope, with its level and the one around it.
  const full = levels[levels.length - 1];
  const scopes = new Map();
  for (const it of full.querySelectorAll(".node.open")) {
    const around = it.parentElement.closest(".node")?.dataset.path;
    scopes.set(it.dataset.path, { depth: Number(it.dataset.depth), around });
  }
  const fold = folding(full.querySelector("svg"));
  const from = (depth) => new Set([...scopes.keys()].filter((it) => scopes.get(it).depth >= depth));
  const around = (path) => {
    const { around: next } = scopes.get(path);
    return next === undefined ? [] : [next, ...around(next)];
  };

  // Those that are closed; a search opens some of them for as long as it lasts.
  let closed = from(Number(level.dataset.level));
  let sought = new Set();
  const folded = () => new Set([...closed].filter((it) => !sought.has(it)));

  // Where all of a level are closed and none above it, there is a picture of that; for the rest, scopes of the whole one fold.
  const update = () => {
    const now = folded();
    const shown = [...scopes.keys()].filter((it) => !around(it).some((it) => now.has(it)));
    const depths = (isClosed) => shown.filter((it) => now.has(it) === isClosed).map((it) => scopes.get(it).depth);
    const lowest = Math.min(...depths(true));
    const isEven = depths(true).every((it) => it === lowest) && depths(false).every((it) => it < lowest);
    const even = levels.find((it) => (it === full ? lowest === Infinity : isEven && Number(it.dataset.level) === lowest));
    level = even ?? full;
    for (const it of levels) it.hidden = it !== level;
    for (const it of buttons) it.setAttribute("aria-pressed", String(it.dataset.level === even?.dataset.level));
    if (level === full) fold(now);
    for (const it of level.querySelectorAll(".open > .name, .closed > .name")) {
      const isOpen = it.parentElement.matches(".open");
      for (const [name, value] of [["tabindex", 0], ["role", "button"], ["aria-expanded", isOpen]]) it.setAttribute(name, value);
    }
  };
  for (const it of buttons) {
    it.addEventListener("click", () => {
      closed = from(Number(it.dataset.level));
      sought = new Set();
      update();
      mark();
      fit(false);
    });
  }
  byId("fit").addEventListener("click", () => fit(true));

  // Opens or closes a scope, which stays where it is on the screen.
  const turn = (node) => {
    const path = node.dataset.path;
    if (!scopes.has(path)) return;
    const corner = (it) => it.querySelector(":scope > .name").getBoundingClientRect();
    const hadFocus = node.contains(document.activeElement);
    const before = corner(node);
    closed = folded();
    sought = new Set();
    if (!closed.delete(path)) closed.add(path);
    update();
    mark();
    const after = nodeAt(path);
    const now = corner(after);
    place.x += before.left - now.left;
    place.y += before.top - now.top;
    apply();
    tell(after);
    if (hadFocus) after.querySelector(":scope > .name").focus({ preventScroll: true });
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

  // Search: what is found is marked, and the scopes around it are open.
  const hits = () => {
    const text = search.value.trim().toLowerCase();
    const says = (it) => it.querySelector(":scope > title").textContent.toLowerCase().includes(text);
    return text ? [...full.querySelectorAll(".node:not(.end)")].filter(says) : [];
  };
  const mark = () => {
    for (const it of canvas.querySelectorAll(".found")) it.classList.remove("found");
    const paths = hits().map((it) => it.dataset.path);
    const nodes = paths.map(nodeAt).filter((it) => it);
    for (const it of nodes) it.classList.add("found");
    found.textContent = !search.value.trim() ? "" : paths.length === 1 ? "1 block" : `${paths.length} blocks`;
    return nodes;
  };
  search.addEventListener("input", () => {
    const parents = (it) => {
      const next = it.parentElement.closest(".node");
      return next ? [next.dataset.path, ...parents(next)] : [];
    };
    sought = new Set(hits().flatMap(parents));
    update();
    const [first] = mark();
    if (!first) return;
    center(first);
    tell(first);
  });

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
    if (node.matches(".open, .closed")) turn(node);
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
    const name = event.target.closest("text.name");
    if (name && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      turn(name.parentElement);
      return;
    }
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
  // Whoever goes by keys is told of what the keys are at.
  view.addEventListener("focusin", (event) => tell(event.target.closest(".node")));
  for (const it of canvas.querySelectorAll("svg")) it.setAttribute("role", "group");
  update();
  fit(false);
})();
