"use strict";
/* Digits that were read wrong, with the right labels, as an .npz that `tinydigits train` and `evaluate --dataset` take. */

const samples = new Map();
const nameOf = (image) => String.fromCharCode(...image);

/* What a digit is: what it was read as, unless somebody has said otherwise. */
const labelOf = (one) => samples.get(nameOf(one.image))?.label ?? one.digit;

function correct(one, label) {
  if (label === one.digit) samples.delete(nameOf(one.image));
  else samples.set(nameOf(one.image), { image: one.image, label });
  countSamples();
}
function countSamples() {
  document.getElementById("samples").hidden = !samples.size;
  document.getElementById("count").textContent = samples.size ? `${samples.size} corrected ${samples.size === 1 ? "digit" : "digits"} to train on` : "";
}

/* Whole numbers as bytes, little-endian; each is [bytes, value]. */
function packed(...fields) {
  return fields.flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, place) => Math.floor(value / 256 ** place) % 256));
}

/* NumPy's format .npy, version 1.0, of uint8. */
function npy(shape, data) {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n";
  return new Uint8Array([0x93, ...[..."NUMPY"].map((one) => one.charCodeAt(0)), 1, 0, ...packed([2, header.length]), ...[...header].map((one) => one.charCodeAt(0)), ...data]);
}

function crc32(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/* A zip archive of files that are stored as they are: [name, bytes] each. */
function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const letters = [...name].map((one) => one.charCodeAt(0));
    /* Version 2.0, no flags, stored, midnight of the first day of 1980. */
    const about = packed([2, 20], [2, 0], [2, 0], [2, 0], [2, 33], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, letters.length], [2, 0]);
    const local = new Uint8Array([...packed([4, 0x04034b50]), ...about, ...letters]);
    directory.push(...packed([4, 0x02014b50], [2, 20]), ...about, ...packed([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), ...letters);
    parts.push(local, bytes);
    offset += local.length + bytes.length;
  }
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, directory.length], [4, offset], [2, 0]);
  return new Blob([...parts, new Uint8Array([...directory, ...end])], { type: "application/zip" });
}

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

document.getElementById("download").addEventListener("click", () => {
  const all = [...samples.values()];
  const images = new Uint8Array(784 * all.length);
  all.forEach((one, place) => images.set(one.image, 784 * place));
  save("corrected.npz", zip([["images.npy", npy([all.length, 28, 28], images)], ["labels.npy", npy([all.length], all.map((one) => one.label))]]));
});
document.getElementById("discard").addEventListener("click", () => {
  samples.clear();
  countSamples();
  present(shown);
});
