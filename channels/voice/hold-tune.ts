/** Telephones carry 8,000 samples a second. */
const rate = 8_000;
const noteSeconds = 0.5;
/** A slow walk through four chords, in semitones from A3. */
const melody = [0, 4, 7, 12, 7, 4, -4, 0, 3, 8, 3, 0, -7, -3, 0, 5, 0, -3, -5, -1, 2, 7, 2, -1];
const a3 = 220;
const loudness = 0.18;

let made: Buffer | null = null;

/** What is heard while waiting: a quiet tune of our own, as a WAV file of twelve seconds; nobody's rights, nobody's server. */
export function holdTune(): Buffer {
  made ??= toWav(play());
  return made;
}

function play(): Int16Array {
  const perNote = rate * noteSeconds;
  const samples = new Int16Array(melody.length * perNote);
  melody.forEach((semitone, index) => {
    const frequency = a3 * 2 ** (semitone / 12);
    for (let at = 0; at < perNote; at++) {
      const time = at / rate;
      // Plucked: a soft beginning, then it fades until the next note.
      const swell = Math.min(1, time / 0.03) * Math.exp(-3.2 * time);
      const tone = Math.sin(2 * Math.PI * frequency * time) + 0.3 * Math.sin(4 * Math.PI * frequency * time);
      samples[index * perNote + at] = Math.round(tone * swell * loudness * 32_767);
    }
  });
  return samples;
}

function toWav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
