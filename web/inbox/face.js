import { call } from "./api.js";
import { closeDialog, openDialog } from "./dialog.js";
import { $, el } from "./dom.js";
import { toast } from "./toast.js";

/** Twice as sharp as the chat shows it. */
const sizePx = 96;

/** The agent's picture, which customers see beside their name; without one they see the first letters of it. */
export async function faceDialog() {
  const { ok, data, words } = await call("GET", "/session/face");
  if (!ok) return toast(words);
  const problem = el("p", { role: "alert" });
  const input = el("input", {
    type: "file",
    accept: "image/*",
    onchange: async () => {
      const [file] = input.files;
      if (file === undefined) return;
      const result = await send(file);
      problem.textContent = result.ok ? "" : result.words;
      if (result.ok) done("Customers see this picture now.");
    },
  });
  const take = el(
    "button",
    {
      type: "button",
      className: "quiet",
      onclick: async () => {
        const result = await call("DELETE", "/session/face");
        result.ok ? done("Customers see your initials now.") : toast(result.words);
      },
    },
    "Take it away",
  );
  openDialog(
    "Your picture",
    el("p", {}, "Customers whom you talk with in the chat see it beside your name."),
    data.face === null ? null : el("img", { src: data.face, alt: "Your picture now", width: sizePx, height: sizePx }),
    el("label", {}, "Choose a picture ", input),
    problem,
    data.face === null ? null : take,
  );
}

function done(words) {
  closeDialog();
  toast(words);
}

/** The middle of the picture, small: nobody has to cut it first. */
async function send(file) {
  try {
    const picture = await createImageBitmap(file);
    const side = Math.min(picture.width, picture.height);
    const canvas = el("canvas", { width: sizePx, height: sizePx });
    const [x, y] = [(picture.width - side) / 2, (picture.height - side) / 2];
    canvas.getContext("2d").drawImage(picture, x, y, side, side, 0, 0, sizePx, sizePx);
    const blob = await new Promise((made) => canvas.toBlob(made, "image/webp", 0.9));
    return await call("PUT", "/session/face", blob);
  } catch {
    return { ok: false, words: "This file is no picture that the browser can open. Choose another." };
  }
}

$("my-face").addEventListener("click", faceDialog);
