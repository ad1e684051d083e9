import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { within } from "../lib/within.ts";

/** A check that takes longer than this has failed. */
const checkWithinMs = 1_500;

export interface Check {
  readonly name: string;
  /** Resolves when it works, throws when not. */
  run(): Promise<void>;
}

export interface Metrics {
  readonly registry: Registry;
  readonly inbound: Counter<"channel" | "outcome">;
  readonly refused: Counter<"channel" | "reason">;
  readonly turns: Counter<"outcome">;
  readonly deliveries: Counter<"state">;
  readonly acknowledgement: Histogram<"channel">;
  readonly liveCalls: Gauge<"channel">;
  readonly model: ModelMetrics;
}

/** The language model, seen by the operator: zero and silent while the embedded assistant is the only one. */
export interface ModelMetrics {
  readonly turns: Counter<"outcome">;
  readonly guarded: Counter<"fault">;
  readonly tokens: Counter;
  readonly seconds: Histogram;
  readonly breakerOpen: Gauge;
}

/** Numbers for Prometheus; names end in their unit. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "everline_" });
  const registers = [registry];
  return {
    registry,
    inbound: new Counter({
      name: "everline_inbound_total",
      help: "Events accepted from channels.",
      labelNames: ["channel", "outcome"],
      registers,
    }),
    refused: new Counter({
      name: "everline_refused_total",
      help: "Requests to channels that were refused.",
      labelNames: ["channel", "reason"],
      registers,
    }),
    turns: new Counter({ name: "everline_turns_total", help: "Turns by outcome.", labelNames: ["outcome"], registers }),
    deliveries: new Counter({
      name: "everline_deliveries_total",
      help: "Provider calls by what they came to.",
      labelNames: ["state"],
      registers,
    }),
    acknowledgement: new Histogram({
      name: "everline_acknowledgement_seconds",
      help: "From a webhook's arrival to its answer.",
      labelNames: ["channel"],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
    liveCalls: new Gauge({
      name: "everline_live_calls",
      help: "Calls that this process holds over a socket.",
      labelNames: ["channel"],
      registers,
    }),
    model: createModelMetrics(registers),
  };
}

function createModelMetrics(registers: Registry[]): ModelMetrics {
  return {
    turns: new Counter({
      name: "everline_model_turns_total",
      help: 'Turns offered to the language model, by what came of it; all but "answer" and "command" fell to the embedded assistant.',
      labelNames: ["outcome"],
      registers,
    }),
    guarded: new Counter({
      name: "everline_model_guarded_total",
      help: "Answers of the language model that were not sent, by fault.",
      labelNames: ["fault"],
      registers,
    }),
    tokens: new Counter({ name: "everline_model_tokens_total", help: "Tokens spent, in and out.", registers }),
    seconds: new Histogram({
      name: "everline_model_seconds",
      help: "From a turn's offer to the language model to its outcome.",
      buckets: [0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
      registers,
    }),
    breakerOpen: new Gauge({
      name: "everline_model_breaker_open",
      help: "1 while the language model is left alone because it failed.",
      registers,
    }),
  };
}

/** Alive, able to work, and the numbers. */
export function healthRoutes(
  app: FastifyInstance,
  deps: { readonly checks: readonly Check[]; readonly metrics: Metrics },
): void {
  const ready = new Gauge({
    name: "everline_ready",
    help: "1 when every check passes.",
    registers: [deps.metrics.registry],
  });
  app.get("/healthz", { schema: { hide: true } }, async () => ({ status: "alive" }));
  app.get("/readyz", { schema: { hide: true } }, async (_request, reply) => {
    const results = await Promise.all(deps.checks.map(runCheck));
    const works = results.every((result) => result.works);
    ready.set(works ? 1 : 0);
    return reply.status(works ? 200 : 503).send({ status: works ? "ready" : "not-ready", checks: results });
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) =>
    reply.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics()),
  );
}

async function runCheck(check: Check): Promise<{ readonly name: string; readonly works: boolean }> {
  try {
    await within(check.run(), checkWithinMs);
    return { name: check.name, works: true };
  } catch {
    return { name: check.name, works: false };
  }
}
