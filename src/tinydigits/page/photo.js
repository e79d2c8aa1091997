"use strict";
/* A photo, read by the server: with boxes and digits over it, and as JSON and CSV. */

const photo = document.getElementById("photo"), file = document.getElementById("file");
const COLUMNS = ["image", "line", "digit", "probability", "x", "y", "width", "height", "runner_up", "runner_up_probability", "in_distribution_percentile", "accepted", "read"];
let asked = null, nameOfPhoto = "", digits = [];

async function readPhoto(blob) {
  asked?.abort();
  const asking = asked = new AbortController();
  nameOfPhoto = blob.name ?? "photo";
  present([]);
  showPhoto(blob);
  say(notice, `Reading ${nameOfPhoto}…`);
  let text;
  try {
    const reply = await fetch("v1/read?glyphs=true", { method: "POST", body: blob, headers: { "Content-Type": blob.type || "application/octet-stream" }, signal: asking.signal });
    const found = await reply.json();
    if (reply.ok) digits = found.digits.map((one) => ({ ...one, image: Uint8Array.from(atob(one.glyph), (letter) => letter.charCodeAt(0)) }));
    else text = `Not read: ${found.detail}.`;
  } catch (error) {
    if (error.name === "AbortError") return;
    text = "Not read: the server does not answer.";
  }
  photo.classList.remove("waiting");
  presentPhoto();
  if (text || !digits.length) say(notice, text ?? `No digits were found in ${nameOfPhoto}.`);
}

function showPhoto(blob) {
  const image = document.createElement("img");
  image.alt = `The photo ${nameOfPhoto}`;
  image.src = URL.createObjectURL(blob);
  image.addEventListener("load", () => { URL.revokeObjectURL(image.src); drawBoxes(); });
  image.addEventListener("error", () => { URL.revokeObjectURL(image.src); image.replaceWith("This browser cannot show the photo."); });
  digits = [];
  photo.replaceChildren(image);
  photo.classList.add("waiting");
  setMode(true);
}
/* The sheet is a photo, or the paper. */
function setMode(isPhoto) {
  photo.hidden = !isPhoto;
  for (const name of ["paper", "undo"]) document.getElementById(name).hidden = isPhoto;
  for (const name of ["json", "csv"]) document.getElementById(name).hidden = !isPhoto;
  document.getElementById("hint").hidden = isPhoto || strokes.length > 0;
}
function presentPhoto() {
  present(digits);
  drawBoxes();
}
list.addEventListener("change", () => drawBoxes());
document.getElementById("discard").addEventListener("click", () => drawBoxes());

function drawBoxes() {
  const image = photo.querySelector("img");
  photo.querySelector("svg")?.remove();
  if (!image?.naturalWidth || !digits.length) return;
  const make = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  };
  const drawing = make("svg", { viewBox: `0 0 ${image.naturalWidth} ${image.naturalHeight}`, "aria-hidden": true });
  digits.forEach((one, place) => {
    const [x, y, width, height] = one.box, label = labelOf(one);
    const doubtful = !one.accepted && label === one.digit, group = make("g", { class: doubtful ? "doubtful" : "" });
    const size = Math.max(height / 2, image.naturalWidth / 60);
    const text = make("text", { x, y: y > 1.2 * size ? y - size / 5 : y + height + size, "font-size": size });
    text.textContent = doubtful ? `${label}?` : label;
    group.append(make("rect", { x, y, width, height, rx: size / 8 }), text);
    group.addEventListener("click", () => list.children[place].querySelector("select").focus());
    drawing.append(group);
  });
  photo.append(drawing);
}

/* As `tinydigits read --json` and `--csv` have it; `read` is what a corrected digit was read as. */
function rows() {
  return digits.map(({ image, glyph, ...one }) => ({ ...one, digit: labelOf({ ...one, image }), read: one.digit }));
}
document.getElementById("json").addEventListener("click", () => {
  const text = JSON.stringify([{ image: nameOfPhoto, lines: linesOf(digits), digits: rows() }], null, 2);
  save("digits.json", new Blob([text, "\n"], { type: "application/json" }));
});
document.getElementById("csv").addEventListener("click", () => {
  const quoted = (value) => (/[",\n\r]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value);
  const lines = rows().map(({ box: [x, y, width, height], ...one }) => {
    const values = { ...one, image: nameOfPhoto, x, y, width, height };
    return COLUMNS.map((column) => quoted(values[column])).join(",");
  });
  save("digits.csv", new Blob([[COLUMNS.join(","), ...lines, ""].join("\n")], { type: "text/csv" }));
});

for (const [name, back] of [["clear", clear], ["undo", undo]]) document.getElementById(name).addEventListener("click", () => {
  asked?.abort();
  digits = [];
  photo.replaceChildren();
  setMode(false);
  show();
});

document.getElementById("choose").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  if (file.files[0]) readPhoto(file.files[0]);
  file.value = "";
});
addEventListener("paste", (event) => {
  if (event.clipboardData.files[0]) readPhoto(event.clipboardData.files[0]);
});
const sheet = document.getElementById("sheet");
for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (event) => {
  event.preventDefault();
  sheet.classList.add("over");
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) sheet.classList.remove("over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  sheet.classList.remove("over");
  if (event.dataTransfer.files[0]) readPhoto(event.dataTransfer.files[0]);
});
