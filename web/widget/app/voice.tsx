import { field } from "./composer.tsx";
import { send } from "./outgoing.ts";
import { change, state } from "./state.ts";
import { say } from "./words.ts";

/** Long enough to explain, and far below the size of a file. */
const secondsMax = 180;
const kinds = ["audio/mp4", "audio/ogg;codecs=opus", "audio/webm;codecs=opus"];

/** Asked for the microphone, recording, or waiting for the customer's word on what was recorded. */
let recorder: MediaRecorder | "asked" | null = null;
let recorded: { readonly file: File; readonly url: string } | null = null;
let seconds = 0;
let timer = 0;

/** Records at once when it is opened; what was said is sent, listened to first, or thrown away by a button. */
export function Voice() {
  if (recorder === null && recorded === null) void record();
  return (
    <fieldset class="voice" aria-label={say("record")}>
      {recorded === null ? (
        <>
          <i />
          <span role="timer">{say("recording", { n: seconds })}</span>
        </>
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: what the customer just said has no captions.
        <audio controls src={recorded.url} aria-label={say("voice")} />
      )}
      <button type="button" class="main" onClick={() => void finish(true)}>
        {say(recorded === null ? "stop" : "send")}
      </button>
      {recorded === null && (
        <button type="button" onClick={() => void listen()}>
          {say("listen")}
        </button>
      )}
      <button type="button" onClick={() => void finish(false)}>
        {say("discard")}
      </button>
    </fieldset>
  );
}

async function record(): Promise<void> {
  recorder = "asked";
  seconds = 0;
  const mimeType = kinds.find((kind) => MediaRecorder.isTypeSupported(kind));
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    recorder = new MediaRecorder(microphone, mimeType === undefined ? {} : { mimeType });
    recorder.start();
    timer = setInterval(tick, 1_000);
    document.querySelector<HTMLElement>(".voice button")?.focus();
  } catch {
    recorder = null;
    change({ panel: null, error: "noMicrophone" });
  }
}

function tick(): void {
  seconds += 1;
  if (state.panel !== "voice") void finish(false);
  else if (seconds >= secondsMax) void listen();
  change({});
}

/** What was said may be heard before it goes. */
async function listen(): Promise<void> {
  const file = await stop();
  if (file !== null && state.panel === "voice") recorded = { file, url: URL.createObjectURL(file) };
  change({});
}

async function finish(wanted: boolean): Promise<void> {
  const file = recorded?.file ?? (await stop());
  if (recorded !== null) URL.revokeObjectURL(recorded.url);
  recorded = null;
  // Whoever closed the panel by another one stays there.
  if (state.panel === "voice") change({ panel: null });
  if (wanted && file !== null) send("", undefined, [file]);
  field()?.focus();
}

/** Ends the recording and lets go of the microphone. Null: there was none. */
function stop(): Promise<File | null> {
  clearInterval(timer);
  const recording = recorder;
  recorder = null;
  if (recording === null || recording === "asked") return Promise.resolve(null);
  return new Promise((resolve) => {
    recording.ondataavailable = ({ data }) => {
      for (const track of recording.stream.getTracks()) track.stop();
      const kind = data.type.split(";")[0] ?? "";
      resolve(new File([data], `voice.${kind.split("/")[1]}`, { type: kind }));
    };
    recording.stop();
  });
}
