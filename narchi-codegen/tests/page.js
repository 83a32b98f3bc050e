"use strict";
// Put into a page by page.py: uses it, and writes down what is wrong.
(() => {
  const problems = [];
  let count = 0;
  const check = (holds, what) => {
    count += 1;
    if (!holds && problems.length < 100) problems.push(what);
  };
  const byId = (id) => document.getElementById(id);
  const shown = () => [...document.querySelectorAll(".level")].find((it) => !it.hidden);
  const isVisible = (it) => it.getClientRects().length > 0;
  const all = (selector) => [...shown().querySelectorAll(selector)].filter(isVisible);
  const at = (path) => shown().querySelector(`.node[data-path="${CSS.escape(path)}"]`);
  const click = (it) => {
    const { left, top } = it.getBoundingClientRect();
    const where = { bubbles: true, clientX: left + 3, clientY: top + 3, pointerId: 1 };
    it.dispatchEvent(new PointerEvent("pointerdown", where));
    it.dispatchEvent(new PointerEvent("pointerup", where));
    it.dispatchEvent(new MouseEvent("click", where));
  };
  const name = (path) => at(path).querySelector(":scope > .name");
  const key = (it, key) => it.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const find = (text) => {
    byId("search").value = text;
    byId("search").dispatchEvent(new Event("input"));
  };

  // Places in the picture, whatever it is scaled to.
  const area = (it) => {
    const svg = it.ownerSVGElement;
    const box = it.getBBox();
    const to = svg.getScreenCTM().inverse().multiply(it.getScreenCTM());
    // Points are where wires cross a border; lines of text have more room than letters take.
    if (it.matches("circle")) [box.x, box.y, box.width, box.height] = [it.cx.baseVal.value, it.cy.baseVal.value, 0, 0];
    const size = it.matches("text") && Number(it.getAttribute("font-size"));
    if (size) [box.y, box.height] = [Number(it.getAttribute("y")) - 0.8 * size, size];
    return { left: box.x + to.e, top: box.y + to.f, right: box.x + to.e + box.width, bottom: box.y + to.f + box.height };
  };
  const isOver = (a, b) => a.left < b.right - 0.3 && b.left < a.right - 0.3 && a.top < b.bottom - 0.3 && b.top < a.bottom - 0.3;
  const isIn = (a, b) => a.left >= b.left - 0.3 && a.right <= b.right + 0.3 && a.top >= b.top - 0.3 && a.bottom <= b.bottom + 0.3;
  const boxOf = (node) => area(node.querySelector(":scope > .box"));
  // As WCAG has it.
  const luminance = (colour) => {
    const linear = (it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = colour.match(/[\d.]+/g).map((it) => linear(it / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (...colours) => {
    const [low, high] = colours.map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const points = (wire) => {
    const numbers = wire.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    return numbers.flatMap((x, place) => (place % 2 === 0 ? [[x, numbers[place + 1]]] : []));
  };
  // How long wires are from their last corner on, where all scopes are open.
  const arrows = new Map();
  const look = (when) => {
    const texts = all("text").map((it) => [it.textContent, area(it)]);
    texts.forEach(([text, one], place) => {
      for (const [other, two] of texts.slice(0, place)) check(!isOver(one, two), `${when}: "${text}" is over "${other}"`);
    });
    const nodes = all(".node").filter((it) => isVisible(it.querySelector(":scope > .box")));
    const around = new Map(nodes.map((it) => [it, it.parentElement.closest(".node")]));
    for (const node of nodes) {
      const [box, path] = [boxOf(node), node.dataset.path];
      if (around.get(node)) check(isIn(box, boxOf(around.get(node))), `${when}: ${path} is not in its scope`);
      for (const it of nodes) {
        if (it === node) break;
        if (around.get(it) === around.get(node)) check(!isOver(box, boxOf(it)), `${when}: ${path} is over ${it.dataset.path}`);
      }
      const inside = [...node.querySelectorAll(":scope > text:not(.shape)")];
      for (const it of inside) check(isIn(area(it), box), `${when}: a text of ${path} is not in its box`);
    }
    for (const node of all("[class*=fill_], .closed[class*=tint_]")) {
      const { fill, fillOpacity } = getComputedStyle(node.querySelector(":scope > .box"));
      check(fillOpacity === "1", `${when}: ${node.dataset.path} is not filled`);
      for (const it of node.querySelectorAll(":scope > text")) {
        const found = contrast(fill, getComputedStyle(it).fill);
        check(found >= 4.5 || !isVisible(it), `${when}: "${it.textContent}" has a contrast of ${found}`);
      }
    }
    const folded = all(".folded");
    for (const wire of all(".wire")) {
      const [ends, siblings] = [points(wire), nodes.filter((it) => it.parentElement === wire.parentElement)];
      const to = siblings.find((it) => `${it.dataset.path}` === wire.dataset.to.replace(/:\d+$/, ""));
      const box = to && boxOf(to);
      const [x, y] = ends[ends.length - 1];
      const center = box && (box.top + box.bottom) / 2;
      const ported = box && (to.querySelector(":scope > circle") ? Math.abs(y - center) < 0.3 : Math.abs(y - box.top) < 0.3);
      check(ported && x > box.left - 0.3 && x < box.right + 0.3, `${when}: the wire to ${wire.dataset.to} does not end there`);
      // Other levels are laid out anew.
      const open = folded.length > 0 && arrows.get(`${wire.dataset.from} ${wire.dataset.to}`);
      const least = Math.min(open || 0, 14.7);
      const last = y - ends[ends.length - 2][1];
      check(last >= least - 0.3, `${when}: the arrow to ${wire.dataset.to} has no room: ${last}`);
      ends.slice(1).forEach(([x, y], place) => {
        const [a, b] = ends[place];
        const line = { left: Math.min(a, x) - 0.4, right: Math.max(a, x) + 0.4, top: Math.min(b, y), bottom: Math.max(b, y) };
        for (const it of siblings) {
          const box = boxOf(it);
          check(!isOver(line, box), `${when}: the wire to ${wire.dataset.to} goes through ${it.dataset.path}`);
        }
      });
    }
    for (const node of folded) {
      const { top, bottom } = boxOf(node);
      check(bottom - top < 25, `${when}: ${node.dataset.path} is folded, and ${bottom - top} high`);
    }
    const page = area(shown().querySelector(".page"));
    for (const node of nodes) check(isIn(boxOf(node), page), `${when}: ${node.dataset.path} is not on the page`);
  };
  const places = () => all(".node > .box, text, .wire").map((it) => [it.textContent, ...Object.values(area(it))]);
  // Letters are a little wider or narrower at another scale.
  const isSame = (a, b) => a.length === b.length && a.every((it, i) => it.every((v, j) => v === b[i][j] || Math.abs(v - b[i][j]) < 1.5));

  const run = () => {
    const buttons = [...byId("levels").querySelectorAll("button")];
    const open = () => click(buttons[buttons.length - 1]);
    for (const it of buttons) {
      click(it);
      check(it.getAttribute("aria-pressed") === "true", `level ${it.dataset.level} is not shown`);
      look(`level ${it.dataset.level}`);
    }
    open();
    const [before, scopes] = [places(), all(".open").map((it) => it.dataset.path)];
    for (const wire of all(".wire")) {
      const ends = points(wire);
      arrows.set(`${wire.dataset.from} ${wire.dataset.to}`, ends[ends.length - 1][1] - ends[ends.length - 2][1]);
    }
    const height = () => area(shown().querySelector(".page")).bottom;
    const whole = height();
    for (const path of scopes.slice(0, 12)) {
      const inside = shown().querySelectorAll(`.node[data-path^="${CSS.escape(path)}."]`).length;
      click(name(path));
      check(at(path).matches(".closed"), `${path} does not fold`);
      check(height() <= whole, `folding ${path} makes the picture higher`);
      const left = all(`.node[data-path^="${CSS.escape(path)}."]`).length;
      check(inside === 0 || left === 0, `${left} blocks of ${path} are still there`);
      look(`with ${path} folded`);
      key(name(path), "Enter");
      check(at(path).matches(".open"), `${path} does not unfold by keys`);
      check(isSame(places(), before), `unfolding ${path} does not lead back`);
    }
    // Any of them together; always the same.
    let seed = 7;
    for (let round = 0; round < 6 && scopes.length > 1; round += 1) {
      for (const path of scopes) {
        seed = (seed * 48271) % 2147483647;
        if (seed % 3 === 0 && at(path) && isVisible(name(path))) click(name(path));
      }
      look(`in round ${round}`);
    }
    open();
    check(isSame(places(), before), "opening all does not lead back");
    // A search opens what it has to, and closes it again.
    const deepest = all(".node:not(.end, .open)").sort((a, b) => b.dataset.depth - a.dataset.depth)[0].dataset.path;
    click(buttons[0]);
    const closed = places();
    find(deepest);
    check(isVisible(at(deepest)) && at(deepest).matches(".found"), `${deepest} is not found`);
    look("in a search");
    const panel = byId("panel").querySelector("h2");
    check(panel && panel.textContent.length > 0, "the panel does not say what was found");
    find("");
    check(isSame(places(), closed) && all(".found").length === 0, "the end of a search does not lead back");
    find("there is no such block");
    check(byId("found").textContent === "0 blocks", "what is not there is found");
    find("");
    for (const it of all(".closed > .name, .open > .name")) {
      const said = it.getAttribute("aria-expanded") === String(it.parentElement.matches(".open"));
      check(said && it.getAttribute("tabindex") === "0", "a scope cannot be folded by keys");
    }
  };
  try {
    run();
  } catch (error) {
    problems.push(String(error.stack));
  }
  const result = document.createElement("pre");
  result.id = "checked";
  result.textContent = JSON.stringify({ count, problems });
  document.body.append(result);
})();
