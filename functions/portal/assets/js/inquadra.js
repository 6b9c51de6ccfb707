// The QR code of a notice before the camera: by the browser's own reader where it has one, else by one fetched for it.

import { actions, announce, button, callout, el, openDialog, closeDialog, paragraph, t } from "./core.js";

const LOOK_MS = 150;
/** Enough for a notice's code, little enough for a slow telephone. */
const MOST_PIXELS = 640;

/** What finds a code's text in a picture, or nothing. @returns {Promise<(video: HTMLVideoElement) => Promise<string | null>>} */
async function reader() {
  const native = /** @type {any} */ (globalThis).BarcodeDetector;
  if (native && (await native.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const detector = new native({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { default: decodeQR } = await import("../vendor/qr/decode.js");
  const canvas = document.createElement("canvas");
  const picture = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, MOST_PIXELS / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.floor(video.videoWidth * scale);
    canvas.height = Math.floor(video.videoHeight * scale);
    picture.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(picture.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return null;
    }
  };
}

/** Shows what the camera sees until a code is found: its text, or null if the person gave up or there is no camera. */
export async function scan(/** @type {HTMLElement} */ place) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment" } });
  } catch {
    place.append(callout("warning", paragraph(t("ricerca.js.senza_camera"))));
    announce(t("ricerca.js.senza_camera"));
    return null;
  }
  const video = el("video", { class: "mirino", playsinline: true, muted: true });
  video.muted = true;
  video.srcObject = stream;
  const dialog = el("dialog", { "aria-labelledby": "mirino-titolo" }, el("h2", { id: "mirino-titolo" }, t("ricerca.js.mirino")), video,
    actions(button(t("ricerca.js.chiudi"), () => closeDialog(dialog))));
  let open = true;
  dialog.addEventListener("close", () => (open = false));
  document.body.append(dialog);
  openDialog(dialog);
  try {
    const [read] = await Promise.all([reader(), video.play()]);
    while (open) {
      const text = await read(video);
      if (text) return text;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  }
}
