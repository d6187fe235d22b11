"use strict";

// The axes 0, 1, 2 run to the patient's left, back and feet, as far as that is known; the plane "across" an axis
// shows the other two, the lower one as its columns.
const view = JSON.parse(document.getElementById("view").textContent);
const CASES = marchingSquares();
const state = {
  index: view.shape.map((size) => Math.floor(size / 2)),
  hidden: new Set(),
  selected: null,
  boxes: true,
  masks: true,
  lines: true,
};
const slices = [];
const masks = [];
const panels = [];

start();

async function start() {
  for (const [index, phrase] of view.phrases.entries()) addMask(index, phrase.mask);
  for (const region of view.regions) addMask(region.phrase, region.mask);
  for (const element of document.querySelectorAll(".plane")) panels.push(makePanel(element));
  listen();
  document.getElementById("planes").hidden = false;
  document.getElementById("bar").hidden = false;
  const first = document.querySelector("[data-region]");
  await Promise.all(view.slices.map(decodeSlice));
  if (first) goTo(first);
  new ResizeObserver(drawAll).observe(document.getElementById("planes"));
  drawAll();
  document.body.dataset.state = "ready";
}

async function decodeSlice(jpeg, place) {
  const image = new Image();
  image.src = "data:image/jpeg;base64," + jpeg;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = view.shape;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const grey = new Uint8Array(canvas.width * canvas.height);
  for (let pixel = 0; pixel < grey.length; pixel++) grey[pixel] = rgba[4 * pixel];
  slices[place] = grey;
}

function addMask(phrase, mask) {
  if (mask) masks.push({ phrase, low: mask.low, size: mask.size, inside: decodeRuns(mask) });
}

// COCO's run lengths: five bits a character, low bits first, each run after the third less the one before last.
function decodeRuns(mask) {
  const inside = new Uint8Array(mask.size[0] * mask.size[1] * mask.size[2]);
  const runs = [];
  let value = 0, shift = 0, place = 0;
  for (let at = 0; at < mask.counts.length; at++) {
    const code = mask.counts.charCodeAt(at) - 48;
    value |= (code & 31) << shift;
    shift += 5;
    if (code & 32) continue;
    if (code & 16 && shift < 32) value |= -1 << shift;
    if (runs.length > 2) value += runs[runs.length - 2];
    if (runs.length % 2) inside.fill(1, place, place + value);
    runs.push(value);
    place += value;
    value = shift = 0;
  }
  return inside;
}

function makePanel(element) {
  const across = Number(element.dataset.across);
  const [column, row] = [0, 1, 2].filter((axis) => axis !== across);
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [view.shape[column], view.shape[row]];
  return {
    element, across, column, row, picture,
    canvas: element.querySelector("canvas"),
    slider: element.querySelector("input"),
    output: element.querySelector("output"),
  };
}

function listen() {
  for (const panel of panels) {
    panel.slider.addEventListener("input", () => scrollTo(panel.across, Number(panel.slider.value)));
    panel.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.deltaY) scrollTo(panel.across, state.index[panel.across] + Math.sign(event.deltaY));
    }, { passive: false });
    panel.canvas.addEventListener("keydown", (event) => pressKey(panel, event));
    panel.canvas.addEventListener("pointerdown", (event) => {
      panel.canvas.setPointerCapture(event.pointerId);
      point(panel, event);
    });
    panel.canvas.addEventListener("pointermove", (event) => event.buttons && point(panel, event));
  }
  const switches = [...document.querySelectorAll("[data-phrase]:enabled")], all = document.getElementById("show-all");
  for (const input of switches) input.addEventListener("change", () => switchPhrases([input], input.checked));
  all.addEventListener("change", () => switchPhrases(switches, all.checked));
  for (const button of document.querySelectorAll("[data-region]")) button.addEventListener("click", () => goTo(button));
  for (const name of ["boxes", "masks", "lines"]) {
    const input = document.getElementById("show-" + name);
    input.addEventListener("change", () => { state[name] = input.checked; drawAll(); });
  }
  for (const input of document.querySelectorAll("[name=plane]")) input.addEventListener("change", () => choose(input.value));
}

function pressKey(panel, event) {
  const last = view.shape[panel.across] - 1, now = state.index[panel.across];
  const target = {
    ArrowUp: now - 1, ArrowLeft: now - 1, ArrowDown: now + 1, ArrowRight: now + 1,
    PageUp: now - 10, PageDown: now + 10, Home: 0, End: last,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  scrollTo(panel.across, target);
}

function switchPhrases(switches, isShown) {
  for (const input of switches) {
    input.checked = isShown;
    state.hidden[isShown ? "delete" : "add"](Number(input.dataset.phrase));
  }
  drawAll();
}

function choose(value) {
  document.getElementById("planes").classList.toggle("single", value !== "all");
  for (const panel of panels) panel.element.hidden = value !== "all" && Number(value) !== panel.across;
  drawAll();
}

function scrollTo(axis, index) {
  state.index[axis] = Math.max(0, Math.min(view.shape[axis] - 1, index));
  drawAll();
}

function goTo(button) {
  const box = view.regions[Number(button.dataset.region)].box;
  state.selected = Number(button.dataset.region);
  for (const other of document.querySelectorAll("[data-region]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  for (let axis = 0; axis < 3; axis++) scrollTo(axis, Math.floor((box[axis] + box[axis + 3]) / 2));
}

// Where the plane lies on its canvas: left, top and pixels of the canvas for a column and a row.
function placed(panel) {
  const { canvas, column, row } = panel;
  const width = view.shape[column] * view.pixelSize[column], height = view.shape[row] * view.pixelSize[row];
  const zoom = Math.min(canvas.width / width, canvas.height / height);
  return {
    left: (canvas.width - width * zoom) / 2, top: (canvas.height - height * zoom) / 2,
    x: view.pixelSize[column] * zoom, y: view.pixelSize[row] * zoom,
  };
}

function point(panel, event) {
  const bounds = panel.canvas.getBoundingClientRect(), at = placed(panel);
  const zoom = panel.canvas.width / bounds.width;
  scrollTo(panel.column, Math.floor(((event.clientX - bounds.left) * zoom - at.left) / at.x));
  scrollTo(panel.row, Math.floor(((event.clientY - bounds.top) * zoom - at.top) / at.y));
}

function drawAll() {
  if (slices.length) for (const panel of panels) if (!panel.element.hidden) draw(panel);
}

function draw(panel) {
  const { canvas, across } = panel;
  const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), at = placed(panel);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, side, side);
  drawPixels(panel);
  context.imageSmoothingQuality = "high";
  context.drawImage(panel.picture, at.left, at.top, panel.picture.width * at.x, panel.picture.height * at.y);
  const unit = Math.max(1, side / 480);
  if (state.lines) drawLines(panel, context, at, unit);
  if (state.masks) for (const mask of masks) if (!state.hidden.has(mask.phrase)) drawMask(panel, context, at, mask, unit);
  if (state.boxes) drawBoxes(panel, context, at, unit);
  drawLetters(panel, context, side, unit);
  panel.slider.value = state.index[across];
  panel.output.textContent = sliceName(across);
}

// The number of the slice in the file, counted from 1; a page voxel may average several.
function sliceName(across) {
  const size = view.storedShape[across], factor = view.factors[across];
  let first = state.index[across] * factor, last = Math.min(first + factor, size) - 1;
  if (view.reversed[across]) [first, last] = [size - 1 - last, size - 1 - first];
  const numbers = first === last ? String(first + 1) : first + 1 + "–" + (last + 1);
  return view.planes[across] + " · " + numbers + "/" + size;
}

function drawPixels(panel) {
  const { picture, across, column, row } = panel;
  const context = picture.getContext("2d"), image = context.createImageData(picture.width, picture.height);
  const pixels = new Uint32Array(image.data.buffer), columns = view.shape[0], at = [0, 0, 0];
  at[across] = state.index[across];
  let pixel = 0;
  for (at[row] = 0; at[row] < picture.height; at[row]++) {
    for (at[column] = 0; at[column] < picture.width; at[column]++) {
      pixels[pixel++] = 0xff000000 | (0x010101 * slices[at[2]][at[1] * columns + at[0]]);
    }
  }
  context.putImageData(image, 0, 0);
}

function drawLines(panel, context, at, unit) {
  context.strokeStyle = "rgba(255, 255, 255, 0.35)";
  context.lineWidth = unit;
  context.setLineDash([2 * unit, 6 * unit]);
  const x = at.left + (state.index[panel.column] + 0.5) * at.x, y = at.top + (state.index[panel.row] + 0.5) * at.y;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, context.canvas.height);
  context.moveTo(0, y);
  context.lineTo(context.canvas.width, y);
  context.stroke();
  context.setLineDash([]);
}

// The contour between voxel centers, as marching squares finds it.
function drawMask(panel, context, at, mask, unit) {
  const { across, column, row } = panel, place = state.index[across] - mask.low[across];
  if (place < 0 || place >= mask.size[across]) return;
  const strides = [mask.size[1] * mask.size[2], mask.size[2], 1], width = mask.size[column], height = mask.size[row];
  const isInside = (x, y) => x >= 0 && y >= 0 && x < width && y < height &&
    mask.inside[place * strides[across] + x * strides[column] + y * strides[row]];
  context.beginPath();
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = (isInside(x, y) ? 1 : 0) | (isInside(x + 1, y) ? 2 : 0) |
        (isInside(x + 1, y + 1) ? 4 : 0) | (isInside(x, y + 1) ? 8 : 0);
      for (const [fromX, fromY, toX, toY] of CASES[corners]) {
        context.moveTo(at.left + (mask.low[column] + x + 0.5 + fromX) * at.x, at.top + (mask.low[row] + y + 0.5 + fromY) * at.y);
        context.lineTo(at.left + (mask.low[column] + x + 0.5 + toX) * at.x, at.top + (mask.low[row] + y + 0.5 + toY) * at.y);
      }
    }
  }
  context.strokeStyle = view.phrases[mask.phrase].color;
  context.lineWidth = 2 * unit;
  context.lineCap = "round";
  context.stroke();
}

// Which middles of the sides of a square are joined, for each of its 16 kinds of corners (bits: the corner at the upper
// left, upper right, lower right, lower left).
function marchingSquares() {
  const top = [0.5, 0], right = [1, 0.5], bottom = [0.5, 1], left = [0, 0.5];
  const lines = [
    [], [left, top], [top, right], [left, right], [right, bottom], [left, top, right, bottom], [top, bottom],
    [left, bottom], [bottom, left], [top, bottom], [top, right, bottom, left], [right, bottom], [left, right],
    [top, right], [left, top], [],
  ];
  return lines.map((ends) => {
    const pairs = [];
    for (let at = 0; at < ends.length; at += 2) pairs.push([...ends[at], ...ends[at + 1]]);
    return pairs;
  });
}

function drawBoxes(panel, context, at, unit) {
  const { across, column, row } = panel, center = state.index[across] + 0.5;
  const order = [...view.regions.keys()].sort((one, other) => (one === state.selected) - (other === state.selected));
  for (const index of order) {
    const region = view.regions[index], box = region.box;
    if (state.hidden.has(region.phrase) || box[across] >= center || box[across + 3] <= center) continue;
    const x = at.left + box[column] * at.x, y = at.top + box[row] * at.y;
    const width = (box[column + 3] - box[column]) * at.x, height = (box[row + 3] - box[row]) * at.y;
    const isSelected = index === state.selected, phrase = view.phrases[region.phrase];
    context.lineWidth = (isSelected ? 5 : 3.5) * unit;
    context.strokeStyle = "#000";
    context.strokeRect(x, y, width, height);
    context.lineWidth = (isSelected ? 3 : 1.5) * unit;
    context.strokeStyle = phrase.color;
    context.strokeRect(x, y, width, height);
    if (isSelected) drawLabel(context, phrase.text + " " + region.score.toFixed(2), x, y, phrase.color, unit);
  }
}

function drawLabel(context, text, x, y, color, unit) {
  const height = 20 * unit, most = context.canvas.width * 0.6;
  context.font = 14 * unit + "px system-ui, sans-serif";
  let shown = text;
  while (shown.length > 1 && context.measureText(shown + "…").width > most) shown = shown.slice(0, -1);
  if (shown !== text) shown += "…";
  const width = context.measureText(shown).width + 8 * unit;
  const left = Math.max(0, Math.min(x, context.canvas.width - width)), top = y >= height ? y - height : y;
  context.fillStyle = color;
  context.fillRect(left, top, width, height);
  context.fillStyle = isPale(color) ? "#000" : "#fff";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(shown, left + 4 * unit, top + height / 2);
}

function isPale(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}

function drawLetters(panel, context, side, unit) {
  const [left, right] = view.ends[panel.column], [top, bottom] = view.ends[panel.row], far = side - 8 * unit;
  const letters = [
    [left, 8 * unit, side / 2, "left", "middle"], [right, far, side / 2, "right", "middle"],
    [top, side / 2, 8 * unit, "center", "top"], [bottom, side / 2, far, "center", "bottom"],
  ];
  context.font = "bold " + 16 * unit + "px system-ui, sans-serif";
  context.lineWidth = 3 * unit;
  context.lineJoin = "round";
  for (const [letter, x, y, align, baseline] of letters) {
    context.textAlign = align;
    context.textBaseline = baseline;
    context.strokeStyle = "#000";
    context.strokeText(letter, x, y);
    context.fillStyle = "#fff";
    context.fillText(letter, x, y);
  }
}
