/** Every step at which a process can be told to die: of a message's way, and of a promised call's. */
const stepsOf = {
  messages: {
    web: ["verify", "accept", "bell", "status"],
    worker: ["claim-turns", "write-replies", "claim-deliveries", "provider-call", "settle", "look-up", "sweep", "bell"],
    // `hold`: it stores a message and takes the turn in one, to answer at once.
    all: [
      "verify",
      "hold",
      "write-replies",
      "provider-call",
      "settle",
      "status",
      "claim-turns",
      "claim-deliveries",
      "look-up",
      "sweep",
      "bell",
    ],
  },
  calls: {
    web: ["verify", "report", "record-leg", "write-leg", "step-callback", "place-call", "end-call"],
    worker: [
      "due",
      "allow",
      "write-leg",
      "step-callback",
      "place-call",
      "record-leg",
      "claim-look-ups",
      "look-up-call",
    ],
    // A promised call goes the same way in a process that is both.
    all: [],
  },
} as const;

export type Way = keyof typeof stepsOf;
/** What a process is started as; `all` is the default of `npm start`. */
export type Role = "web" | "worker" | "all";
export type Step = (typeof stepsOf)[Way][Role][number];
/** `during`: the step was begun and its outcome is not known yet. */
type Moment = "before" | "during" | "after";
export type Point = `${Moment} ${Step}`;

/** Steps that are over at once, or of which only one side exists. */
const momentsOf: { readonly [Name in Step]?: readonly Moment[] } = {
  verify: ["after"],
  sweep: ["before", "after"],
  bell: ["before", "after"],
  due: ["before", "after"],
};

/** All points of a role, in the order of the way. */
export function pointsOf(role: Role, way: Way): Point[] {
  return stepsOf[way][role].flatMap((step) =>
    (momentsOf[step] ?? (["before", "during", "after"] as const)).map((moment): Point => `${moment} ${step}`),
  );
}

/** What the harness says to a process: die when this point is passed for the nth time; null: do not. */
export interface Order {
  readonly dieAt: { readonly point: Point; readonly pass: number } | null;
}

/** What a process says to the harness. */
export type Report = { readonly kind: "ready" } | { readonly kind: "passed"; readonly point: Point };
