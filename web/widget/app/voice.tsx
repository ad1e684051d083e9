import { send } from "./outgoing.ts";
import { change, state } from "./state.ts";
import { say } from "./words.ts";

/** Long enough to explain, and far below the size of a file. */
const secondsMax = 180;
const kinds = ["audio/mp4", "audio/ogg;codecs=opus", "audio/webm;codecs=opus"];

let recorder: MediaRecorder | null = null;
let seconds = 0;
let timer = 0;

/** Records at once when it is opened; what was said is sent or thrown away by a button. */
export function Voice() {
  if (recorder === null) void record();
  return (
    <fieldset class="voice" aria-label={say("record")}>
      <i />
      <span role="timer">{say("recording", { n: seconds })}</span>
      <button type="button" onClick={() => stop(true)}>
        {say("stop")}
      </button>
      <button type="button" onClick={() => stop(false)}>
        {say("discard")}
      </button>
    </fieldset>
  );
}

async function record(): Promise<void> {
  const mimeType = kinds.find((kind) => MediaRecorder.isTypeSupported(kind));
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    recorder = new MediaRecorder(microphone, mimeType === undefined ? {} : { mimeType });
    recorder.start();
    seconds = 0;
    timer = setInterval(tick, 1_000);
  } catch {
    change({ panel: null, error: "noMicrophone" });
  }
}

function tick(): void {
  seconds += 1;
  if (seconds >= secondsMax || state.panel !== "voice") stop(seconds >= secondsMax);
  change({});
}

function stop(wanted: boolean): void {
  clearInterval(timer);
  change({ panel: null });
  const recording = recorder;
  recorder = null;
  if (recording === null) return;
  recording.ondataavailable = ({ data }) => {
    for (const track of recording.stream.getTracks()) track.stop();
    if (!wanted) return;
    const kind = data.type.split(";")[0] ?? "";
    send("", undefined, [new File([data], `voice.${kind.split("/")[1]}`, { type: kind })]);
  };
  recording.stop();
}
