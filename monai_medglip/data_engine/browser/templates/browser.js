"use strict";

// The page has two faces, a list of images and one image; which one, and what is filtered, stands in the address, so
// that "back" works. Names are other people's words: they are only ever written as text.
const COLORS = JSON.parse(document.getElementById("colors").textContent);
const SVG = "http://www.w3.org/2000/svg";
const element = (id) => document.getElementById(id);
const filter = element("filter"), image = element("image"), slider = element("slice");
const shown = { number: null, facts: null, across: 0, index: 0, asked: 0 };

start();

function start() {
  filter.addEventListener("change", () => go({ ...chosen() }));
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("reset", () => setTimeout(() => go({})));
  element("previous").addEventListener("click", () => turn(-1));
  element("next").addEventListener("click", () => turn(1));
  element("earlier").addEventListener("click", () => step(-1));
  element("later").addEventListener("click", () => step(1));
  slider.addEventListener("input", () => scrollTo(Number(slider.value)));
  element("stage").addEventListener("wheel", (event) => {
    if (plane().slices < 2 || !event.deltaY) return;
    event.preventDefault();
    scrollTo(shown.index + Math.sign(event.deltaY));
  }, { passive: false });
  image.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    scrollTo(shown.index + steps[event.key]);
  });
  for (const name of ["masks", "boxes"]) element("show-" + name).addEventListener("change", drawShapes);
  window.addEventListener("hashchange", route);
  route();
}

// --- the address

function words() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function go(next) {
  location.hash = new URLSearchParams(Object.entries(next).filter(([, value]) => value)).toString();
}

function chosen() {
  return Object.fromEntries([...new FormData(filter)].filter(([, value]) => value));
}

function route() {
  const now = words(), isRecord = now.record !== undefined;
  for (const field of filter.elements) if (field.name) field.value = now[field.name] ?? "";
  element("list").hidden = isRecord;
  element("record").hidden = !isRecord;
  document.body.dataset.state = "loading";
  return isRecord ? openRecord(Number(now.record)) : openList(now);
}

async function ask(path, parameters = {}) {
  const answer = await fetch(path + "?" + new URLSearchParams(parameters));
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.problem ?? answer.statusText);
  return content;
}

// --- the list

async function openList(now) {
  const page = Number(now.page ?? 0), { record, ...question } = now;
  let found;
  try {
    found = await ask("/records", question);
  } catch (problem) {
    element("total").textContent = problem.message;
    return;
  }
  const last = Math.max(0, Math.ceil(found.total / found.page_size) - 1);
  const count = found.total.toLocaleString("en") + (found.total === 1 ? " image" : " images");
  element("total").textContent = last ? count + ", page " + (page + 1) + " of " + (last + 1).toLocaleString("en") : count;
  element("previous").disabled = page === 0;
  element("next").disabled = page >= last;
  element("records").replaceChildren(...found.records.map((row) => card(row, now)));
  sessionStorage.setItem("numbers", JSON.stringify(found.records.map((row) => row.number)));
  document.body.dataset.state = "ready";
}

function card(row, now) {
  const link = make("a", { href: "#" + new URLSearchParams({ ...now, record: row.number }) });
  const name = row.source + "/" + row.id;
  link.append(make("img", { src: "/records/" + row.number + "/thumbnail", alt: name, loading: "lazy" }));
  const text = make("div", {});
  text.append(make("b", { title: name }, row.id), make("small", {}, [row.source, row.modality, row.split].join(" · ")));
  text.append(make("small", {}, row.shape.join(" x ") + " · " + plural(row.regions, "region")));
  if (row.findings) text.append(make("small", { class: "mark" }, plural(row.findings, "finding")));
  link.append(text);
  const item = make("li", {});
  item.append(link);
  return item;
}

function turn(by) {
  const now = words();
  go({ ...now, page: Number(now.page ?? 0) + by });
}

// The images before and after are those of the page that the image was opened from.
function step(by) {
  const target = neighbors()[by];
  if (target !== undefined) go({ ...words(), record: String(target) });
}

function neighbors() {
  const numbers = JSON.parse(sessionStorage.getItem("numbers") ?? "[]"), place = numbers.indexOf(shown.number);
  return place < 0 ? {} : { [-1]: numbers[place - 1], 1: numbers[place + 1] };
}

// --- one image

async function openRecord(number) {
  const { record, ...list } = words();
  shown.number = number;
  element("back").href = "#" + new URLSearchParams(list);
  element("earlier").disabled = neighbors()[-1] === undefined;
  element("later").disabled = neighbors()[1] === undefined;
  for (const id of ["regions", "phrases", "findings", "directions"]) element(id).replaceChildren();
  image.replaceChildren();
  element("name").textContent = element("facts").textContent = "";
  try {
    const facts = await ask("/records/" + number);
    if (shown.number !== number) return;
    openFacts(facts);
    await drawSlice();
    listPhrases(await ask("/records/" + number + "/phrases"), number);
    element("problem").hidden = true;
  } catch (problem) {
    element("problem").textContent = problem.message;
    element("problem").hidden = false;
  }
  document.body.dataset.state = "ready";
}

function openFacts(facts) {
  shown.facts = facts;
  shown.colors = new Map();
  for (const region of facts.regions) {
    if (!shown.colors.has(region.concept)) shown.colors.set(region.concept, COLORS[shown.colors.size % COLORS.length]);
  }
  element("name").textContent = facts.source + "/" + facts.id;
  const spacing = facts.spacing_mm && facts.spacing_mm.join(" x ") + " mm";
  element("facts").textContent = [
    facts.modality, facts.body_region, facts.shape.join(" x "), spacing, facts.split, facts.license,
  ].filter(Boolean).join(" · ");
  shown.across = facts.planes.length - 1;
  shown.index = facts.regions.length ? facts.regions[0].middles[shown.across] : Math.floor(plane().slices / 2);
  element("scroll").hidden = plane().slices < 2;
  if (facts.planes.length > 1) element("directions").replaceChildren(...facts.planes.map(direction));
  element("regions").replaceChildren(...facts.regions.map(regionRow));
  element("found").hidden = !facts.findings.length;
  element("findings").replaceChildren(...facts.findings.map(findingRow));
}

function direction(one, across) {
  const button = make("button", { type: "button", "aria-pressed": String(across === shown.across) }, one.title);
  button.addEventListener("click", () => {
    const middle = shown.facts.regions[shown.pointed ?? 0]?.middles[across];
    shown.across = across;
    for (const other of element("directions").children) other.setAttribute("aria-pressed", String(other === button));
    scrollTo(middle ?? Math.floor(one.slices / 2));
  });
  return button;
}

function regionRow(region, place) {
  const notes = [region.ignored ? "speck" : region.level, region.truth === "expert" ? "" : region.truth];
  const row = entry(region.concept, notes.filter(Boolean).join(", "), [place]);
  const swatch = make("i", {});
  swatch.style.background = shown.colors.get(region.concept).fill;
  row.firstChild.prepend(swatch);
  row.firstChild.dataset.region = place;
  return row;
}

function listPhrases(phrases, number) {
  if (shown.number !== number) return;
  element("phrases").replaceChildren(...phrases.map((phrase) => {
    const row = entry(phrase.text, phrase.kind, phrase.regions);
    if (!phrase.regions.length) row.firstChild.firstChild.className = "absent";
    return row;
  }));
}

// A row that lights its regions up while it is pointed at, and leads to the first of them when it is pressed.
function entry(text, note, regions) {
  const item = make("li", {}), button = make("button", { type: "button" });
  button.append(make("span", {}, text), make("small", {}, note));
  for (const kind of ["pointerenter", "focus"]) button.addEventListener(kind, () => light(regions));
  for (const kind of ["pointerleave", "blur"]) button.addEventListener(kind, () => light([]));
  button.addEventListener("click", () => {
    if (!regions.length) return;
    shown.pointed = regions[0];
    scrollTo(shown.facts.regions[regions[0]].middles[shown.across]).then(() => light(regions));
  });
  item.append(button);
  return item;
}

function findingRow(finding) {
  const item = make("li", {});
  item.append(make("b", {}, finding.check), " " + finding.reason);
  if (finding.waived_by) item.append(make("small", {}, " waived: " + finding.waived_by));
  if (finding.region !== null) {
    item.addEventListener("pointerenter", () => light([finding.region]));
    item.addEventListener("pointerleave", () => light([]));
  }
  return item;
}

// --- the picture

function plane() {
  return shown.facts.planes[shown.across];
}

function scrollTo(index) {
  shown.index = Math.max(0, Math.min(plane().slices - 1, index));
  return drawSlice();
}

async function drawSlice() {
  const { number, across, index } = shown, asked = ++shown.asked, place = { across, index };
  slider.max = plane().slices - 1;
  slider.value = index;
  element("slice-name").textContent = index + 1 + " / " + plane().slices;
  const path = "/records/" + number + "/picture?" + new URLSearchParams(place);
  const [shapes, picture] = await Promise.all([ask("/records/" + number + "/shapes", place), loaded(path)]);
  if (asked !== shown.asked) return URL.revokeObjectURL(picture);  // the person has scrolled on
  if (shown.picture) URL.revokeObjectURL(shown.picture);
  Object.assign(shown, { shapes, picture });
  for (const [side, letter] of plane().letters.entries()) element("stage").querySelectorAll("b")[side].textContent = letter;
  drawShapes();
}

// Decoded before it is shown, so that no black picture flashes up between two slices.
async function loaded(path) {
  const picture = new Image(), answer = await fetch(path);
  picture.src = URL.createObjectURL(await answer.blob());
  await picture.decode();
  return picture.src;
}

function drawShapes() {
  const { columns, rows, pixel_size: [width, height] } = plane();
  image.setAttribute("viewBox", [0, 0, columns * width, rows * height].join(" "));
  const picture = draw("image", { href: shown.picture, width: columns, height: rows, preserveAspectRatio: "none" });
  const inside = draw("g", { transform: "scale(" + width + " " + height + ")" });
  inside.append(picture, ...shown.shapes.map(drawRegion));
  image.replaceChildren(inside);
  image.dataset.slice = shown.across + "/" + shown.index;
}

function drawRegion(shape) {
  const region = shown.facts.regions[shape.region], color = shown.colors.get(region.concept).fill;
  const group = draw("g", { class: "region", "data-region": shape.region });
  const [left, top, right, bottom] = shape.box, hasMask = shape.outline && element("show-masks").checked;
  if (hasMask) group.append(draw("path", { class: "mask", d: shape.outline, stroke: color, fill: color }));
  if (element("show-boxes").checked) {
    const size = { x: left, y: top, width: right - left, height: bottom - top };
    group.append(draw("rect", { class: hasMask ? "box masked" : "box", ...size, stroke: color }));
  }
  group.addEventListener("pointerenter", () => light([shape.region]));
  group.addEventListener("pointerleave", () => light([]));
  return group;
}

function light(regions) {
  const lit = new Set(regions), names = new Set(regions.map((place) => shown.facts.regions[place].concept));
  image.classList.toggle("choosing", lit.size > 0);
  for (const group of image.querySelectorAll(".region")) {
    const isLit = lit.has(Number(group.dataset.region));
    for (const part of [group, ...group.children]) part.classList.toggle("lit", isLit);
  }
  for (const row of element("regions").querySelectorAll("button")) {
    row.classList.toggle("lit", lit.has(Number(row.dataset.region)));
  }
  element("pointed").textContent = [...names].join(", ");
}

// --- small things

function make(name, attributes, text) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function plural(count, word) {
  return count.toLocaleString("en") + " " + word + (count === 1 ? "" : "s");
}
