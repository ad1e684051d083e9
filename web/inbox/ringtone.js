const offKey = "everline:ring-off";
const everyMs = 3_000;
let timer = null;
let audio = null;

export const soundIsOn = () => localStorage.getItem(offKey) === null;

export function toggleSound() {
  if (soundIsOn()) localStorage.setItem(offKey, "yes");
  else localStorage.removeItem(offKey);
}

/** Rings as long as a call is offered. */
export function ringing(is) {
  if (is === (timer !== null)) return;
  clearInterval(timer);
  timer = is ? setInterval(play, everyMs) : null;
  if (is) play();
}

/** Browsers let a page sound once somebody has touched it. */
export function ring() {
  const wake = () => {
    audio ??= new AudioContext();
    void audio.resume();
  };
  addEventListener("pointerdown", wake, { once: true });
  addEventListener("keydown", wake, { once: true });
}

/** Two notes, twice; made here, no file is fetched. */
function play() {
  if (audio === null || audio.state !== "running" || !soundIsOn()) return;
  for (const [at, pitch] of [
    [0, 660],
    [0.18, 880],
    [0.5, 660],
    [0.68, 880],
  ]) {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0.1, audio.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.3);
    note.connect(volume).connect(audio.destination);
    note.start(audio.currentTime + at);
    note.stop(audio.currentTime + at + 0.3);
  }
}
