import { bucketCount, type FeatureBuffer } from "./features.ts";
import type { Lexicon } from "./lexicon.ts";

/** What training leaves behind: enough to classify, small enough to keep for every language. */
export interface Model {
  readonly labels: readonly string[];
  /** Column by bucket, counted from 1; 0 means that training did not keep the feature. */
  readonly columnOf: Uint16Array;
  readonly idf: Float32Array;
  /** One row per column, one byte per label; times the row's `scale` it is the weight. */
  readonly weights: Int8Array;
  readonly scale: Float32Array;
}

export interface Ranking {
  /** Every label with its probability, likeliest first. */
  readonly ranked: readonly { readonly label: string; readonly probability: number }[];
  /** Share of the text's features that training knew, 0 to 1. */
  readonly familiarity: number;
}

export interface Vector {
  readonly columns: Int32Array;
  readonly values: Float32Array;
  size: number;
}

/** Columns are numbered in 16 bits. */
export const columnsMax = 0xffff - 1;

export function classify(model: Model, text: string, lexicon: Lexicon, buffer: FeatureBuffer): Ranking {
  buffer.read(text, lexicon);
  const vector = toVector(buffer, model);
  const scores = new Float64Array(model.labels.length);
  addRows(model, vector, scores);
  softmax(scores);
  const ranked = model.labels.map((label, index) => ({ label, probability: scores[index] ?? 0 }));
  ranked.sort((a, b) => b.probability - a.probability);
  return { ranked, familiarity: buffer.length === 0 ? 0 : vector.size / buffer.length };
}

/** TF-IDF of unit length. */
export function toVector(
  { buckets, counts, length }: Pick<FeatureBuffer, "buckets" | "counts" | "length">,
  { columnOf, idf }: Pick<Model, "columnOf" | "idf">,
): Vector {
  const vector: Vector = { columns: new Int32Array(length), values: new Float32Array(length), size: 0 };
  let squares = 0;
  for (let index = 0; index < length; index++) {
    const column = (columnOf[buckets[index] ?? 0] ?? 0) - 1;
    if (column < 0) continue;
    const value = (1 + logOf(counts[index] ?? 1)) * (idf[column] ?? 0);
    vector.columns[vector.size] = column;
    vector.values[vector.size] = value;
    vector.size += 1;
    squares += value * value;
  }
  const unit = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let index = 0; index < vector.size; index++) vector.values[index] = (vector.values[index] ?? 0) * unit;
  return vector;
}

/** Adds up the weights of the text's features. Four at a time: reading and writing the sums costs more than adding. */
function addRows(model: Model, { columns, values, size }: Vector, scores: Float64Array): void {
  const { weights, scale } = model;
  const width = scores.length;
  const rowOf = (feature: number): number => (columns[feature] ?? 0) * width;
  const factorOf = (feature: number): number => (values[feature] ?? 0) * (scale[columns[feature] ?? 0] ?? 0);
  // The values behind the last feature are zero, so the rest of a last group adds nothing.
  for (let feature = 0; feature < size; feature += 4) {
    const [a, b, c, d] = [rowOf(feature), rowOf(feature + 1), rowOf(feature + 2), rowOf(feature + 3)];
    const [x, y, z, w] = [factorOf(feature), factorOf(feature + 1), factorOf(feature + 2), factorOf(feature + 3)];
    for (let label = 0; label < width; label++) {
      scores[label] =
        (scores[label] ?? 0) +
        (x * (weights[a + label] ?? 0) + y * (weights[b + label] ?? 0)) +
        (z * (weights[c + label] ?? 0) + w * (weights[d + label] ?? 0));
    }
  }
}

export function softmax(scores: Float32Array | Float64Array): void {
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

const logs = Float32Array.from({ length: 32 }, (_, count) => Math.log(count));

function logOf(count: number): number {
  return logs[count] ?? Math.log(count);
}

export function emptyColumns(): Uint16Array {
  return new Uint16Array(bucketCount);
}
