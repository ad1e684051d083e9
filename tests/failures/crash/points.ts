/** Every step of a message's way at which a process can be told to die. */
export const stepsOf = {
  web: ["verify", "accept", "bell", "status"],
  worker: ["claim-turns", "write-replies", "claim-deliveries", "provider-call", "settle", "look-up", "sweep", "bell"],
} as const;

export type Role = keyof typeof stepsOf;
export type Step = (typeof stepsOf)[Role][number];
/** `during`: the step was begun and its outcome is not known yet. */
type Moment = "before" | "during" | "after";
export type Point = `${Moment} ${Step}`;

/** Steps that are over at once, or of which only one side exists. */
const momentsOf: { readonly [Name in Step]?: readonly Moment[] } = {
  verify: ["after"],
  sweep: ["before", "after"],
  bell: ["before", "after"],
};

/** All points of a role, in the order of the way. */
export function pointsOf(role: Role): Point[] {
  return stepsOf[role].flatMap((step) =>
    (momentsOf[step] ?? (["before", "during", "after"] as const)).map((moment): Point => `${moment} ${step}`),
  );
}

/** What the harness says to a process: die when this point is passed for the nth time; null: do not. */
export interface Order {
  readonly dieAt: { readonly point: Point; readonly pass: number } | null;
}

/** What a process says to the harness. */
export type Report = { readonly kind: "ready" } | { readonly kind: "passed"; readonly point: Point };
