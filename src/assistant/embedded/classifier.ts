import { bucketCount, extract, FeatureBuffer } from "./features.ts";

export interface Sample {
  readonly text: string;
  readonly label: string;
}

export interface Classifier {
  readonly labels: readonly string[];
  /** Probabilities in the order of `labels`; a shared buffer that the next call overwrites. */
  classify(text: string): Float32Array;
  /** Share of the text's features that were ever seen in training, 0 to 1. */
  familiarity(): number;
}

/** Passes over the samples; more gained nothing on content/eval. */
const epochs = 5;
const learningRate = 0.6;
/** Gradients below this move nothing that matters; leaving them out makes training five times faster. */
const gradientMin = 0.004;
/** Sharpens the softmax of unit-length vectors to honest probabilities; set by hand. */
const scale = 6;
/** Training is surer than it should be; this makes the confidences more honest. Set by hand. */
const temperature = 2.5;

/**
 * Multinomial logistic regression over TF-IDF of words and characters, trained at start in well under a second per
 * language. Deterministic: the order of the samples is shuffled from a fixed seed.
 */
export function trainClassifier(samples: readonly Sample[]): Classifier {
  const labels = [...new Set(samples.map((sample) => sample.label))].sort();
  const labelIndex = new Map(labels.map((label, index) => [label, index]));
  const buffer = new FeatureBuffer();
  const documents = samples.map((sample) => {
    extract(sample.text, buffer);
    return {
      buckets: buffer.buckets.slice(0, buffer.length),
      counts: buffer.counts.slice(0, buffer.length),
      label: labelIndex.get(sample.label) ?? 0,
    };
  });
  const { columnOf, idf } = vocabulary(documents);
  const vectors = documents.map((document) =>
    toVector(document.buckets, document.counts, document.buckets.length, columnOf, idf),
  );
  const weights = fitWeights(
    vectors,
    documents.map((document) => document.label),
    idf.length,
    labels.length,
  );
  return classifierOf(labels, columnOf, idf, weights);
}

interface Vector {
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

function vocabulary(documents: readonly { readonly buckets: Int32Array }[]) {
  const frequency = new Int32Array(bucketCount);
  for (const { buckets } of documents) for (const bucket of buckets) frequency[bucket] = (frequency[bucket] ?? 0) + 1;
  const columnOf = new Int32Array(bucketCount).fill(-1);
  const idf: number[] = [];
  frequency.forEach((count, bucket) => {
    // A feature of one single sample teaches that sample only.
    if (count < 2) return;
    columnOf[bucket] = idf.length;
    idf.push(Math.log((1 + documents.length) / (1 + count)) + 1);
  });
  return { columnOf, idf: Float32Array.from(idf) };
}

function toVector(
  buckets: Int32Array,
  counts: Float32Array,
  length: number,
  columnOf: Int32Array,
  idf: Float32Array,
): Vector {
  const columns = new Int32Array(length);
  const values = new Float32Array(length);
  let size = 0;
  let norm = 0;
  for (let index = 0; index < length; index++) {
    const column = columnOf[buckets[index] ?? 0] ?? -1;
    if (column < 0) continue;
    const value = (1 + Math.log(counts[index] ?? 1)) * (idf[column] ?? 0);
    columns[size] = column;
    values[size] = value;
    norm += value * value;
    size += 1;
  }
  const unit = norm > 0 ? 1 / Math.sqrt(norm) : 0;
  for (let index = 0; index < size; index++) values[index] = (values[index] ?? 0) * unit;
  return { columns: columns.subarray(0, size), values: values.subarray(0, size) };
}

function fitWeights(
  vectors: readonly Vector[],
  targets: readonly number[],
  columns: number,
  classes: number,
): Float32Array {
  const weights = new Float32Array(columns * classes);
  const scores = new Float32Array(classes);
  const order = vectors.map((_, index) => index);
  const random = seeded(20_241);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    const rate = learningRate / (1 + epoch * 0.25);
    for (const index of order) {
      const vector = vectors[index];
      if (vector === undefined) continue;
      score(vector, weights, classes, scores);
      softmax(scores);
      const target = targets[index] ?? 0;
      for (let label = 0; label < classes; label++) scores[label] = (label === target ? 1 : 0) - (scores[label] ?? 0);
      step(vector, weights, classes, scores, rate);
    }
  }
  return weights;
}

function step(vector: Vector, weights: Float32Array, classes: number, gradient: Float32Array, rate: number): void {
  for (let label = 0; label < classes; label++) {
    const push = gradient[label] ?? 0;
    if (Math.abs(push) < gradientMin) continue;
    const factor = push * rate * scale;
    for (let feature = 0; feature < vector.columns.length; feature++) {
      const at = (vector.columns[feature] ?? 0) * classes + label;
      weights[at] = (weights[at] ?? 0) + (vector.values[feature] ?? 0) * factor;
    }
  }
}

function score(vector: Vector, weights: Float32Array, classes: number, into: Float32Array): void {
  into.fill(0);
  for (let feature = 0; feature < vector.columns.length; feature++) {
    const base = (vector.columns[feature] ?? 0) * classes;
    const value = (vector.values[feature] ?? 0) * scale;
    for (let label = 0; label < classes; label++)
      into[label] = (into[label] ?? 0) + value * (weights[base + label] ?? 0);
  }
}

function softmax(scores: Float32Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of scores) if (value > highest) highest = value;
  let sum = 0;
  for (let index = 0; index < scores.length; index++) {
    const value = Math.exp((scores[index] ?? 0) - highest);
    scores[index] = value;
    sum += value;
  }
  for (let index = 0; index < scores.length; index++) scores[index] = (scores[index] ?? 0) / sum;
}

function classifierOf(
  labels: readonly string[],
  columnOf: Int32Array,
  idf: Float32Array,
  weights: Float32Array,
): Classifier {
  const buffer = new FeatureBuffer();
  const scores = new Float32Array(labels.length);
  let familiar = 0;
  return {
    labels,
    classify(text) {
      extract(text, buffer);
      const vector = toVector(buffer.buckets, buffer.counts, buffer.length, columnOf, idf);
      familiar = buffer.length === 0 ? 0 : vector.columns.length / buffer.length;
      score(vector, weights, labels.length, scores);
      for (let label = 0; label < scores.length; label++) scores[label] = (scores[label] ?? 0) / temperature;
      softmax(scores);
      return scores;
    },
    familiarity: () => familiar,
  };
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
