import { call } from "./api.js";

/** The telephone in this browser: Twilio's Voice SDK, from our own origin, loaded when somebody turns it on. */
const state = { on: false, starting: false, problem: null };
const listeners = new Set();
/** Bundled by the server when it is first asked for. */
const sdk = "/assets/inbox/voice-sdk.js";
let device = null;

export const lineState = () => ({ ...state });
export const onLine = (listener) => listeners.add(listener);

function set(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener();
}

/** Asks for the microphone and signs the telephone in; true when it is on. */
export async function turnOn() {
  if (state.on || state.starting) return state.on;
  set({ starting: true, problem: null });
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of microphone.getTracks()) track.stop();
    const token = await newToken();
    const { Device } = await import(sdk);
    device = new Device(token, { codecPreferences: ["opus", "pcmu"], closeProtection: true, logLevel: "error" });
    device.audio?.incoming(false);
    // Taken in the inbox already: only a call that this agent accepted rings here.
    device.on("incoming", (incoming) => incoming.accept());
    device.on("tokenWillExpire", () => void newToken().then((fresh) => device?.updateToken(fresh), lost));
    device.on("unregistered", () => set({ on: false }));
    device.on("error", lost);
    await device.register();
    set({ on: true, starting: false });
    return true;
  } catch (error) {
    lost(error);
    return false;
  }
}

async function newToken() {
  const { ok, data, words } = await call("POST", "/calls/token", {});
  if (!ok) throw new Error(words);
  return data.token;
}

function lost(error) {
  const words =
    error?.name === "NotAllowedError"
      ? "This page may not use the microphone. Allow it in the browser, then turn the telephone on again."
      : `The telephone in this browser does not work: ${error?.message ?? "no reason given"}. Try again, or enter a number that rings instead.`;
  set({ starting: false, problem: words, on: device?.state === "registered" });
}
