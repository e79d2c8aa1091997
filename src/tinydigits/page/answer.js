"use strict";
/* What was read: the number, each digit as the network saw it, and the probabilities of one of them. */

const answer = document.getElementById("answer"), notice = document.getElementById("notice");
const list = document.getElementById("digits"), bars = document.getElementById("bars");
let shown = [], inFocus = null;

/* The numbers, one for each line of writing. */
function linesOf(digits) {
  const lines = [];
  for (const one of digits) lines[one.line] = (lines[one.line] ?? "") + (labelOf(one) ?? "");
  return lines.filter(Boolean);
}
/* Only what changes is announced. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function present(digits) {
  shown = digits;
  const labels = digits.map(labelOf), none = labels.filter((one) => one === null).length;
  const doubtful = digits.filter((one, place) => !one.accepted && labels[place] !== null && labels[place] === one.digit).length;
  const facts = [
    none && (none === digits.length ? "Not a digit" : `${none} of ${digits.length} not ${none === 1 ? "a digit" : "digits"}, left out`),
    doubtful && `${doubtful} of ${digits.length} with low confidence, marked “?”`,
  ];
  say(answer, linesOf(digits).join("\n"));
  answer.classList.toggle("long", digits.length > 10);
  say(notice, digits.length ? facts.filter(Boolean).join("; ") : "The number appears here.");
  document.getElementById("with-answer").hidden = !digits.length;
  digits.forEach((one, place) => {
    const old = list.children[place];
    if (old?.digit === one) return update(old);
    if (old && old.digit.probabilities && nameOf(old.digit.image) === nameOf(one.image)) {
      old.digit = one;
      return update(old);
    }
    old ? old.replaceWith(card(one, place)) : list.append(card(one, place));
  });
  while (list.children.length > digits.length) list.lastChild.remove();
  showBars();
}

/* A digit as the network saw it, with a choice of what it is. */
function card(one, place) {
  const item = document.createElement("li"), seen = document.createElement("canvas");
  const choice = document.createElement("select"), share = document.createElement("span");
  seen.width = seen.height = 28;
  const pixels = new ImageData(28, 28);
  one.image.forEach((value, at) => pixels.data.set([value, value, value, 255], 4 * at));
  seen.getContext("2d").putImageData(pixels, 0, 0);
  seen.setAttribute("aria-hidden", "true");
  if (one.digit === null) choice.append(new Option("–", ""));
  for (let digit = 0; digit < 10; digit++) choice.append(new Option(digit, digit));
  share.className = "share";
  choice.addEventListener("change", () => {
    correct(item.digit, choice.value ? Number(choice.value) : null);
    present(shown);
  });
  choice.addEventListener("focus", () => { inFocus = place; showBars(); });
  choice.addEventListener("blur", () => { inFocus = null; });
  item.append(seen, choice, share);
  item.digit = one;
  item.place = place;
  update(item);
  return item;
}
function update(item) {
  const { digit: one, place } = item, [, choice, share] = item.children;
  const label = labelOf(one), percent = `${(100 * one.probability).toFixed(0)} %`;
  const doubtful = !one.accepted && label === one.digit;
  item.classList.toggle("doubtful", doubtful);
  if (choice.value !== String(label ?? "")) choice.value = label ?? "";
  if (one.digit === null) {
    share.textContent = label === null ? "not a digit" : "corrected";
    choice.setAttribute("aria-label", `Drawing ${place + 1}, not a digit`);
    return;
  }
  share.textContent = label !== one.digit ? `not ${one.digit}` : doubtful ? `${percent} ?` : percent;
  share.title = doubtful ? `Low confidence; or a ${one.runner_up}` : "";
  choice.setAttribute("aria-label", `Digit ${place + 1}, read as ${one.digit}, ${percent}${doubtful ? `, low confidence, or a ${one.runner_up}` : ""}`);
}

for (let digit = 0; digit < 10; digit++) {
  const row = bars.tBodies[0].insertRow(), head = document.createElement("th");
  head.scope = "row";
  head.textContent = digit;
  row.append(head, document.createElement("td"), document.createElement("td"));
  row.cells[1].append(document.createElement("div"));
}
/* Of the digit in focus, or else of the last. */
function showBars() {
  const place = Math.min(inFocus ?? Infinity, shown.length - 1), one = shown[place];
  bars.hidden = !one?.probabilities || one.digit === null;
  if (bars.hidden) return;
  bars.caption.textContent = shown.length === 1 ? "Probabilities" : `Probabilities of digit ${place + 1}`;
  one.probabilities.forEach((share, digit) => {
    const row = bars.rows[digit];
    row.classList.toggle("best", digit === one.digit);
    row.cells[1].firstChild.style.width = `${(100 * share).toFixed(1)}%`;
    row.cells[2].textContent = `${(100 * share).toFixed(1)} %`;
  });
}

document.getElementById("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(answer.textContent);
  } catch { /* not over plain HTTP from another machine */
    getSelection().selectAllChildren(answer);
    document.execCommand("copy");
  }
  notice.textContent = "Copied.";
});
