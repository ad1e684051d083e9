import { store, stored } from "./host.ts";
import { change, state } from "./state.ts";

/** Two short notes, made here: no file is fetched for them. Off until the customer turns it on. */
export function chime(): void {
  if (!state.sound) return;
  const audio = new AudioContext();
  for (const [at, pitch] of [
    [0, 660],
    [0.12, 880],
  ] as const) {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0.08, audio.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.3);
    note.connect(volume).connect(audio.destination);
    note.start(audio.currentTime + at);
    note.stop(audio.currentTime + at + 0.3);
  }
  setTimeout(() => void audio.close(), 1_000);
}

export function setSound(sound: boolean): void {
  change({ sound });
  store("sound", sound ? "1" : null);
  chime();
}

export const recallSound = (): void => change({ sound: stored("sound") === "1" });
