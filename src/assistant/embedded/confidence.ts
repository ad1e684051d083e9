/**
 * All numbers here come from `npm run eval -- --calibrate`: five-fold cross-validation on the sample questions of all
 * four languages together. Never set them on content/eval, which must stay unseen.
 */
const weights = { constant: -5.65, likelihood: 0.44, familiarity: 5.46 };

/** From here on 96 of 100 answers are right. */
export const answerFrom = 0.75;
/** Below this the right article is too seldom among the three that "did you mean" shows. */
export const clarifyFrom = 0.4;
/** A flow that starts for no reason annoys more than one more question does. */
export const flowFrom = 0.55;
/** A person who is asked for must be understood, even at the price of a needless hand-off: as a bare probability. */
export const personFrom = 0.4;
/** Where training knew less of the text than this, a probability says nothing. */
export const familiarFrom = 0.4;
/** A text of which a language knows less than this may well be in another one. */
export const nativeFrom = 0.8;
/** A person asked for in another language than the text seemed to be in. */
export const foreignPersonFrom = 0.75;

/** How often a text's best label is right, by its probability and by how much of the text training knew. */
export function confidenceOf(probability: number, familiarity: number): number {
  const bounded = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
  const likelihood = Math.log(bounded / (1 - bounded));
  return 1 / (1 + Math.exp(-(weights.constant + weights.likelihood * likelihood + weights.familiarity * familiarity)));
}
