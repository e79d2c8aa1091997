"use strict";
/* The network, as WebAssembly, and what it makes of a drawing. */

let wasm, known = [];

/* From now on the network is the one in these bytes. */
function use(bytes) {
  known = [];
  wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}
const memory = (place, length) => new Uint8Array(wasm.memory.buffer, place, length);

/* What the network says of an image, 784 bytes. */
function classify(image) {
  memory(wasm.image(), 784).set(image);
  const digit = wasm.classify(), scale = wasm.scale();
  const logits = [...new Int32Array(wasm.memory.buffer, wasm.scores(), 10)].map((one) => one * scale);
  const powers = logits.map((one) => Math.exp(one - Math.max(...logits)));
  const sum = powers.reduce((a, b) => a + b);
  const probabilities = powers.map((one) => one / sum);
  const runner_up = probabilities.reduce((best, one, place) => (place !== digit && (best < 0 || one > probabilities[best]) ? place : best), -1);
  const [probability, runner_up_probability] = [probabilities[digit], probabilities[runner_up]];
  /* As the reader of photos: a digit whose runner-up is near is not to be trusted. */
  return { image, digit, probability, runner_up, runner_up_probability, probabilities, line: 0, accepted: runner_up_probability <= 0.2 };
}

/* What it makes of ink, bytes of height × width with one glyph. */
function read(ink, height, width) {
  memory(wasm.picture(), height * width).set(ink);
  return wasm.normalize(height, width) ? classify(memory(wasm.image(), 784).slice()) : null;
}

/* Columns from one to another of each glyph: ink that overlaps sideways belongs together. */
function glyphs(ink, height, width) {
  const spans = [];
  const seen = new Uint8Array(ink.length);
  for (let start = 0; start < ink.length; start++) {
    if (seen[start] || ink[start] < 32) continue;
    let low = width, high = 0, mass = 0;
    const waiting = [start];
    seen[start] = 1;
    while (waiting.length) {
      const pixel = waiting.pop(), x = pixel % width, y = (pixel - x) / width;
      low = Math.min(low, x); high = Math.max(high, x); mass++;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) {
        const next = pixel + dy * width + dx;
        if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height && !seen[next] && ink[next] >= 32) {
          seen[next] = 1;
          waiting.push(next);
        }
      }
    }
    if (mass >= 6) spans.push([low, high]);
  }
  spans.sort((a, b) => a[0] - b[0]);
  const joined = [];
  for (const span of spans) {
    const last = joined[joined.length - 1];
    const shared = last ? Math.min(last[1], span[1]) - span[0] + 1 : 0;
    if (last && shared > 0.3 * Math.min(last[1] - last[0] + 1, span[1] - span[0] + 1)) last[1] = Math.max(last[1], span[1]);
    else joined.push([...span]);
  }
  return joined;
}

/* All digits of a drawing, from left to right; those that are as they were last time are not read again. */
function readAll(ink, height, width) {
  known = glyphs(ink, height, width).map(([low, high]) => {
    const across = high - low + 1, part = new Uint8Array(height * across);
    for (let y = 0; y < height; y++) part.set(ink.subarray(y * width + low, y * width + high + 1), y * across);
    const same = known.find((one) => one.across === across && one.part.every((value, place) => value === part[place]));
    return same ?? { across, part, digit: read(part, height, across) };
  });
  return known.map((one) => one.digit).filter(Boolean);
}
