"use strict";
/* The paper: strokes by finger, pen, mouse or keyboard, read while they are drawn. */

const WIDTH = 600, HEIGHT = 400, HALF = 2, PEN = 18;
const paper = document.getElementById("paper"), context = paper.getContext("2d");
const hidden = new OffscreenCanvas(WIDTH / HALF, HEIGHT / HALF), ink = hidden.getContext("2d", { willReadFrequently: true });
const pens = new Map(), key = { x: WIDTH / 2, y: HEIGHT / 2, down: false };
let strokes = [], keyboard = false;

function paint(target, scale, colour) {
  target.setTransform(scale, 0, 0, scale, 0, 0);
  target.clearRect(0, 0, WIDTH, HEIGHT);
  target.lineCap = target.lineJoin = "round";
  target.lineWidth = PEN;
  target.strokeStyle = colour;
  for (const stroke of strokes) {
    target.beginPath();
    target.moveTo(...stroke[0]);
    for (const point of stroke) target.lineTo(...point);
    target.stroke();
  }
}
function show() {
  const style = getComputedStyle(document.documentElement);
  paint(context, paper.width / WIDTH, style.getPropertyValue("--ink"));
  if (keyboard) {
    context.fillStyle = style.getPropertyValue(key.down ? "--doubt" : "--accent");
    context.fillRect(key.x - 12, key.y - 2, 24, 4);
    context.fillRect(key.x - 2, key.y - 12, 4, 24);
  }
  document.getElementById("hint").hidden = strokes.length > 0 || keyboard;
  if (!wasm || paper.hidden) return; /* no network yet, or a photo in its place */
  paint(ink, 1 / HALF, "#000");
  const { data } = ink.getImageData(0, 0, hidden.width, hidden.height);
  const alpha = new Uint8Array(data.length / 4);
  for (let pixel = 0; pixel < alpha.length; pixel++) alpha[pixel] = data[4 * pixel + 3];
  present(readAll(alpha, hidden.height, hidden.width));
}

function at(event) {
  const box = paper.getBoundingClientRect();
  return [(event.clientX - box.left) * WIDTH / box.width, (event.clientY - box.top) * HEIGHT / box.height];
}
paper.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  paper.setPointerCapture(event.pointerId);
  keyboard = false;
  const stroke = [at(event)];
  strokes.push(stroke);
  pens.set(event.pointerId, stroke);
  show();
});
paper.addEventListener("pointermove", (event) => {
  const stroke = pens.get(event.pointerId);
  if (!stroke) return;
  for (const one of event.getCoalescedEvents?.() ?? []) stroke.push(at(one));
  stroke.push(at(event));
  show();
});
for (const kind of ["pointerup", "pointercancel"]) paper.addEventListener(kind, (event) => pens.delete(event.pointerId));

const undo = () => { strokes.pop(); key.down = false; show(); };
const clear = () => { strokes = []; key.down = false; show(); };
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("clear").addEventListener("click", clear);
paper.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in moves) {
    const step = event.shiftKey ? 4 : 16;
    key.x = Math.min(WIDTH - 10, Math.max(10, key.x + step * moves[event.key][0]));
    key.y = Math.min(HEIGHT - 10, Math.max(10, key.y + step * moves[event.key][1]));
    if (key.down) strokes[strokes.length - 1].push([key.x, key.y]);
  } else if (event.key === " ") {
    key.down = !key.down;
    if (key.down) strokes.push([[key.x, key.y]]);
  } else if (event.key === "Delete" || event.key === "Backspace") clear();
  else if (event.key === "z" || event.key === "Z") undo();
  else return;
  keyboard = true;
  event.preventDefault();
  show();
});

/* As sharp as the screen is. */
new ResizeObserver(() => {
  paper.width = Math.round(paper.clientWidth * devicePixelRatio);
  paper.height = Math.round(paper.clientHeight * devicePixelRatio);
  show();
}).observe(paper);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

/* `tinydigits export --to html` puts the networks into the page. */
async function unpacked(name) {
  const bytes = Uint8Array.from(atob(document.getElementById(name).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}
async function start() {
  judge = instance(await unpacked("judge"));
  use(await unpacked("wasm"));
  show();
}
const started = document.getElementById("wasm") && start();
