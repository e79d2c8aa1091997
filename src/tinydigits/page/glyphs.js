"use strict";
/* A drawing → its glyphs, in lines and from left to right. Where two ways of taking it apart are possible, the judge decides. */

const INK = 32, SPECK = 6; /* the least of a stroke's pixels, and pixels of a stroke */
/* Two digits are so wide for their height; they are looked for at so many places, and each must be so likely a digit. */
const WIDE = 0.8, CUTS = 4, CERTAIN = 3;
let known = [];

/* Strokes that are connected, { left, top, right, bottom, label }, and each pixel's label; 0 is none. */
function components(ink, height, width) {
  const found = [], labels = new Uint16Array(ink.length);
  for (let start = 0; start < ink.length; start++) {
    if (labels[start] || ink[start] < INK) continue;
    const one = { left: width, top: height, right: 0, bottom: 0, label: found.length + 1, size: 0 };
    const waiting = [start];
    labels[start] = one.label;
    while (waiting.length) {
      const pixel = waiting.pop(), x = pixel % width, y = (pixel - x) / width;
      one.left = Math.min(one.left, x); one.right = Math.max(one.right, x);
      one.top = Math.min(one.top, y); one.bottom = Math.max(one.bottom, y);
      one.size++;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) {
        const next = pixel + dy * width + dx;
        if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height && !labels[next] && ink[next] >= INK) {
          labels[next] = one.label;
          waiting.push(next);
        }
      }
    }
    found.push(one);
  }
  return [found.filter((one) => one.size >= SPECK), labels];
}

/* Those that overlap by more than a share of the shorter, from one side to the other, belong together. */
function grouped(parts, from, to, share) {
  const groups = [];
  for (const one of [...parts].sort((a, b) => a[from] - b[from])) {
    const last = groups.at(-1);
    const shared = last ? Math.min(last.end, one[to]) - one[from] + 1 : 0;
    if (last && shared > share * Math.min(last.end - last.start + 1, one[to] - one[from] + 1)) {
      last.parts.push(one);
      last.end = Math.max(last.end, one[to]);
    } else groups.push({ parts: [one], start: one[from], end: one[to] });
  }
  return groups.map((one) => one.parts);
}

/* The ink of some strokes alone, between two columns, with a pixel around it. */
function cut(drawing, parts, from = 0, to = drawing.width) {
  const { ink, labels, height, width } = drawing, wanted = new Set([0, ...parts.map((one) => one.label)]);
  const left = Math.max(from, Math.min(...parts.map((one) => one.left)) - 1), right = Math.min(to - 1, Math.max(...parts.map((one) => one.right)) + 1);
  const top = Math.max(0, Math.min(...parts.map((one) => one.top)) - 1), bottom = Math.min(height - 1, Math.max(...parts.map((one) => one.bottom)) + 1);
  const across = right - left + 1, down = bottom - top + 1, part = new Uint8Array(across * down);
  for (let y = 0; y < down; y++) for (let x = 0; x < across; x++) {
    const place = (top + y) * width + left + x;
    if (wanted.has(labels[place])) part[y * across + x] = ink[place];
  }
  return { part, left, top, across, down };
}
function readPart({ part, left, top, across, down }) {
  const one = read(part, down, across);
  return one && { ...one, left, top, right: left + across - 1, bottom: top + down - 1 };
}

/* What strokes above each other are: a digit; or digits above each other; or digits that touch; or no digit. */
function readGroup(drawing, parts) {
  const piece = cut(drawing, parts), whole = readPart(piece);
  if (!whole) return [];
  const rows = grouped(parts, "top", "bottom", 0);
  const pieces = rows.length > 1 ? rows.flatMap((row) => grouped(row, "left", "right", 0.3).flatMap((one) => readGroup(drawing, one))) : [];
  if (pieces.length && pieces.every((one) => one.odds >= Math.max(0, whole.odds))) return pieces;
  return (whole.digit === null && readTouching(drawing, parts, piece)) || [whole];
}

/* Two digits that touch, cut where there is little ink; none where that gives no two digits. */
function readTouching(drawing, parts, { part, left, across, down }) {
  if (across < WIDE * down) return null;
  const mass = new Float64Array(across);
  part.forEach((value, place) => { mass[place % across] += value; });
  const least = [...mass.keys()].filter((x) => x > across / 6 && x < across * 5 / 6 && mass[x] <= mass[x - 1] && mass[x] < mass[x + 1]);
  let best = null;
  for (const x of least.sort((a, b) => mass[a] - mass[b]).slice(0, CUTS)) {
    const first = readPart(cut(drawing, parts, left, left + x)), second = readPart(cut(drawing, parts, left + x, left + across));
    const odds = Math.min(first?.odds ?? 0, second?.odds ?? 0);
    if (odds > (best?.odds ?? CERTAIN)) best = { odds, pair: [first, second] };
  }
  return best && best.pair;
}

/* Each glyph's line: that of a neighbour beside which it stands. From the top, and from left to right. */
function inLines(glyphs) {
  const lines = [];
  for (const one of [...glyphs].sort((a, b) => a.left - b.left)) {
    const beside = (other) => (Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)) / Math.min(one.bottom - one.top, other.bottom - other.top);
    const nearest = lines.filter((line) => beside(line.at(-1)) > 0.2).sort((a, b) => beside(b.at(-1)) - beside(a.at(-1)))[0];
    nearest ? nearest.push(one) : lines.push([one]);
  }
  const middle = (line) => line.reduce((sum, one) => sum + one.top + one.bottom, 0) / line.length;
  lines.sort((a, b) => middle(a) - middle(b));
  return lines.flatMap((line, place) => line.map((one) => Object.assign(one, { line: place })));
}

/* All glyphs of a drawing; those that are as they were last time are not read again. */
function readAll(ink, height, width) {
  const [parts, labels] = components(ink, height, width), drawing = { ink, labels, height, width };
  known = grouped(parts, "left", "right", 0.3).map((group) => {
    const piece = cut(drawing, group);
    const same = known.find((one) => one.left === piece.left && one.top === piece.top && one.across === piece.across && one.part.length === piece.part.length && one.part.every((value, place) => value === piece.part[place]));
    return same ?? { ...piece, glyphs: readGroup(drawing, group) };
  });
  return inLines(known.flatMap((one) => one.glyphs));
}

/* From now on the network is the one in these bytes. */
function use(bytes) {
  known = [];
  wasm = instance(bytes);
}
