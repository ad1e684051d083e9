import { flowOf, outOfScope } from "./brain.ts";
import type { HeldOut } from "./cross-validate.ts";

/** One place to set the thresholds by: what would happen if everything from this confidence on were answered. */
export interface Choice {
  readonly from: number;
  readonly answered: number;
  readonly answersRight: number;
  readonly wronglyAnswered: number;
}

interface Row {
  readonly features: readonly [number, number, number];
  readonly right: number;
}

/** Descent finds its way quickly only among features of like size around zero. */
const usualFamiliarity = 0.85;

/** Fits confidence to how often the best label was right, by logistic regression on questions held out of training. */
export function fitConfidence(heldOut: readonly HeldOut[]): readonly number[] {
  const rows = heldOut.flatMap((one): Row[] => {
    const best = one.ranking.ranked[0];
    if (best === undefined || best.label === outOfScope || flowOf[best.label] !== undefined) return [];
    const bounded = Math.min(Math.max(best.probability, 1e-6), 1 - 1e-6);
    const features = [1, Math.log(bounded / (1 - bounded)), (one.ranking.familiarity - usualFamiliarity) * 10] as const;
    return [{ features, right: best.label === one.label ? 1 : 0 }];
  });
  const weights: [number, number, number] = [0, 0, 0];
  for (let pass = 0; pass < 2_000; pass++) {
    const slope = [0, 0, 0];
    for (const { features, right } of rows) {
      const miss = right - 1 / (1 + Math.exp(-dot(weights, features)));
      features.forEach((value, at) => {
        slope[at] = (slope[at] ?? 0) + miss * value;
      });
    }
    slope.forEach((value, at) => {
      weights[at] = (weights[at] ?? 0) + (0.3 * value) / rows.length;
    });
  }
  const [constant, likelihood, familiarity] = [
    weights[0] - weights[2] * 10 * usualFamiliarity,
    weights[1],
    weights[2] * 10,
  ];
  return [constant, likelihood, familiarity].map((weight) => Math.round(weight * 100) / 100);
}

/** The trade between answering much and answering right, along the threshold. */
export function choices(heldOut: readonly HeldOut[]): Choice[] {
  const inScope = heldOut.filter((one) => typeof one.question.article === "string");
  const outside = heldOut.filter((one) => one.label === outOfScope);
  return [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8].map((from) => {
    const sure = (one: HeldOut): boolean =>
      one.got.flow === null &&
      one.ranking.ranked[0]?.label !== outOfScope &&
      (one.got.articles[0]?.confidence ?? 0) >= from;
    const answered = inScope.filter(sure);
    return {
      from,
      answered: answered.length / inScope.length,
      answersRight: answered.filter((one) => one.got.articles[0]?.id === one.label).length / answered.length,
      wronglyAnswered: outside.filter(sure).length / outside.length,
    };
  });
}

function dot(weights: readonly number[], features: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (features[at] ?? 0), 0);
}
