import { sendFiles } from "./composer.tsx";
import { say } from "./words.ts";

/** On telephones and tablets one touch opens the camera; elsewhere such a field would only choose a file. */
export function Camera() {
  if (!matchMedia("(pointer: coarse)").matches) return null;
  return (
    <label class="icon" title={say("camera")}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M9 4 7.5 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.5L15 4zm3 13a4 4 0 1 1 0-8 4 4 0 0 1 0 8z" />
      </svg>
      <span class="hidden">{say("camera")}</span>
      <input type="file" accept="image/*" capture="environment" onChange={take} />
    </label>
  );
}

function take(event: Event): void {
  const input = event.currentTarget as HTMLInputElement;
  sendFiles(input.files);
  input.value = "";
}
