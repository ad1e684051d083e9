const everyMs = 2_500;
let audio = null;
let timer = null;

/** Rings until it is told to stop. */
export function ringing(is) {
  if (is === (timer !== null)) return;
  clearInterval(timer);
  timer = is ? setInterval(play, everyMs) : null;
  if (is) play();
}

/** Browsers let a page sound once somebody has touched it. */
function wake() {
  audio ??= new AudioContext();
  void audio.resume();
}
addEventListener("pointerdown", wake, { once: true });
addEventListener("keydown", wake, { once: true });

/** A bell of two tones, made here: no file is fetched. */
function play() {
  if (audio?.state !== "running") return;
  const volume = audio.createGain();
  const end = audio.currentTime + 1.1;
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.setValueAtTime(0.06, end - 0.1);
  volume.gain.linearRampToValueAtTime(0, end);
  volume.connect(audio.destination);
  for (const pitch of [440, 480]) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start();
    tone.stop(end);
  }
}
