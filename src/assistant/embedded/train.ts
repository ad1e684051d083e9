import { columnsMax, emptyColumns, type Model, softmax, toVector, type Vector } from "./classifier.ts";
import { bucketCount, FeatureBuffer } from "./features.ts";
import type { Lexicon, Sample } from "./lexicon.ts";

/** Passes over the samples; more gained less than half a point in cross-validation. */
const epochs = 5;
const learningRate = 0.6;
const rateDecay = 0.25;
/** Unit-length vectors are too short for honest probabilities; the scores are stretched by this. */
const stretch = 6;
/** Gradients below this move nothing that matters; leaving them out makes training five times faster. */
const gradientMin = 0.004;
/** A feature of one single sample teaches that sample only. */
const samplesPerFeatureMin = 2;
/** Samples between two offers to let other work through: about two milliseconds. */
const samplesPerStep = 16;

/**
 * Multinomial logistic regression over TF-IDF, in small steps: each `yield` is a place to stop for a moment.
 * Deterministic: the same samples make the same model, on every machine.
 */
export function* training(samples: readonly Sample[], lexicon: Lexicon): Generator<void, Model> {
  const labels = [...new Set(samples.map((sample) => sample.label))].sort();
  const targets = samples.map((sample) => labels.indexOf(sample.label));
  const documents = yield* readAll(samples, lexicon);
  const { columnOf, idf } = vocabulary(documents);
  yield;
  const vectors = documents.map((document) => toVector(document, { columnOf, idf }));
  yield;
  const weights = yield* descend(vectors, targets, idf.length, labels.length);
  return { labels, columnOf, idf, ...(yield* quantise(weights, labels.length)) };
}

/** Trains without a pause; for tests and measurements. */
export function trainNow(samples: readonly Sample[], lexicon: Lexicon): Model {
  const steps = training(samples, lexicon);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

type Document = Pick<FeatureBuffer, "buckets" | "counts" | "length">;

function* readAll(samples: readonly Sample[], lexicon: Lexicon): Generator<void, Document[]> {
  const buffer = new FeatureBuffer();
  const documents: Document[] = [];
  for (const [index, sample] of samples.entries()) {
    buffer.read(sample.text, lexicon);
    const { buckets, counts, length } = buffer;
    documents.push({ buckets: buckets.slice(0, length), counts: counts.slice(0, length), length });
    if (index % samplesPerStep === 0) yield;
  }
  return documents;
}

function vocabulary(documents: readonly Document[]): Pick<Model, "columnOf" | "idf"> {
  const frequency = new Int32Array(bucketCount);
  for (const { buckets } of documents) for (const bucket of buckets) frequency[bucket] = (frequency[bucket] ?? 0) + 1;
  const columnOf = emptyColumns();
  const idf: number[] = [];
  frequency.forEach((count, bucket) => {
    if (count < samplesPerFeatureMin || idf.length === columnsMax) return;
    idf.push(Math.log((1 + documents.length) / (1 + count)) + 1);
    columnOf[bucket] = idf.length;
  });
  return { columnOf, idf: Float32Array.from(idf) };
}

/** Stochastic gradient descent, the samples in a new order each time. */
function* descend(
  vectors: readonly Vector[],
  targets: readonly number[],
  columns: number,
  classes: number,
): Generator<void, Float32Array> {
  const weights = new Float32Array(columns * classes);
  const scores = new Float32Array(classes);
  const order = vectors.map((_, index) => index);
  const random = seeded(20_241);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    const rate = learningRate / (1 + epoch * rateDecay);
    for (const [done, index] of order.entries()) {
      const vector = vectors[index];
      if (vector === undefined) continue;
      score(vector, weights, scores);
      softmax(scores);
      const target = targets[index] ?? 0;
      for (let label = 0; label < classes; label++) scores[label] = (label === target ? 1 : 0) - (scores[label] ?? 0);
      learn(vector, weights, scores, rate);
      if (done % samplesPerStep === 0) yield;
    }
  }
  return weights;
}

function score({ columns, values, size }: Vector, weights: Float32Array, into: Float32Array): void {
  into.fill(0);
  for (let feature = 0; feature < size; feature++) {
    const row = (columns[feature] ?? 0) * into.length;
    const value = (values[feature] ?? 0) * stretch;
    for (let label = 0; label < into.length; label++)
      into[label] = (into[label] ?? 0) + value * (weights[row + label] ?? 0);
  }
}

function learn({ columns, values, size }: Vector, weights: Float32Array, gradient: Float32Array, rate: number): void {
  for (let label = 0; label < gradient.length; label++) {
    const push = gradient[label] ?? 0;
    if (Math.abs(push) < gradientMin) continue;
    const factor = push * rate * stretch;
    for (let feature = 0; feature < size; feature++) {
      const at = (columns[feature] ?? 0) * gradient.length + label;
      weights[at] = (weights[at] ?? 0) + (values[feature] ?? 0) * factor;
    }
  }
}

/** A byte per weight instead of four; the order of the labels changes for less than one text in a thousand. */
function* quantise(weights: Float32Array, classes: number): Generator<void, Pick<Model, "weights" | "scale">> {
  const columns = weights.length / classes;
  const bytes = new Int8Array(weights.length);
  const scale = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const row = weights.subarray(column * classes, (column + 1) * classes);
    let largest = 0;
    for (const weight of row) largest = Math.max(largest, Math.abs(weight));
    const unit = largest / 127 || 1;
    for (let label = 0; label < classes; label++)
      bytes[column * classes + label] = Math.round((row[label] ?? 0) / unit);
    scale[column] = unit * stretch;
    if (column % 1024 === 0) yield;
  }
  return { weights: bytes, scale };
}

/** Mulberry32: small, good enough to shuffle, the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffle(list: number[], random: () => number): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const kept = list[index] ?? 0;
    list[index] = list[other] ?? 0;
    list[other] = kept;
  }
}
