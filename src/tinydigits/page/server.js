"use strict";
/* What else a server gives: the choice of a network for drawings, and the camera. */

const choice = document.getElementById("network");
let networks = [];

async function chooseNetwork() {
  const one = networks.find((network) => network.name === choice.value);
  const bytes = await (await fetch(one.wasm.slice(1))).arrayBuffer();
  if (one.name !== choice.value) return; /* another was chosen meanwhile */
  use(bytes);
  const bound = one.lower95 === null ? "" : `, at least ${one.lower95.toFixed(2)} % with 95 % confidence`;
  document.getElementById("facts").textContent =
    `${one.parameters.toLocaleString("en")} parameters, ${Math.round(one.weights_bytes / 1000)} kB of weights. ` +
    `MNIST: ${one.accuracy.toFixed(2)} % (mean of ${one.seeds} trainings${bound}).`;
  show();
}

async function startServed() {
  try {
    judge = instance(await (await fetch("page/judge.wasm")).arrayBuffer());
    networks = (await (await fetch("v1/networks")).json()).filter((one) => one.wasm);
    choice.append(...networks.map((one) => new Option(one.name)));
    choice.value = "swift";
    document.getElementById("networks").hidden = false;
    await chooseNetwork();
  } catch {
    say(notice, "The server does not answer; load the page again.");
  }
}
choice.addEventListener("change", chooseNetwork);
startServed();

const shot = document.getElementById("shot"), video = shot.querySelector("video");
document.getElementById("camera").addEventListener("click", async () => {
  /* Browsers give a page the camera itself only over HTTPS, or from this machine; a phone takes the photo for it. */
  if (!navigator.mediaDevices) {
    file.capture = "environment";
    file.click();
    file.removeAttribute("capture");
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
    shot.showModal();
  } catch (error) {
    say(notice, `No camera: ${error.message}.`);
  }
});
const take = document.getElementById("take");
video.addEventListener("loadeddata", () => { take.disabled = false; });
take.addEventListener("click", () => {
  const still = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  still.getContext("2d").drawImage(video, 0, 0);
  shot.close();
  still.convertToBlob({ type: "image/jpeg", quality: 0.92 }).then((blob) => readPhoto(new File([blob], "camera.jpg", { type: blob.type })));
});
document.getElementById("stop").addEventListener("click", () => shot.close());
shot.addEventListener("close", () => {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  take.disabled = true;
});
