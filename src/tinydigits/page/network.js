"use strict";
/* The networks, as WebAssembly, and what they make of one glyph: which digit it is, and whether it is one. */

let wasm, judge;
/* Of digits as people draw them, two in a hundred have log-odds under 0, and five under this (tools/train_page_judge.py). */
const SURE = 1.1;

const instance = (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
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

/* By how much the judge's log-odds that an image is a digit exceed those from which it counts as one. */
function likeness(image) {
  new Uint8Array(judge.memory.buffer, judge.image(), 784).set(image);
  judge.classify();
  const [digit, other] = new Int32Array(judge.memory.buffer, judge.scores(), 2);
  return (digit - other) * judge.scale();
}

/* What they make of ink, bytes of height × width with one glyph: `digit` is null where it is none. */
function read(ink, height, width) {
  memory(wasm.picture(), height * width).set(ink);
  if (!wasm.normalize(height, width)) return null;
  const image = memory(wasm.image(), 784).slice(), odds = likeness(image);
  const one = classify(image);
  return { ...one, odds, digit: odds < 0 ? null : one.digit, accepted: one.accepted && odds >= SURE };
}
