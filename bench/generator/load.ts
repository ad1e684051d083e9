import { setTimeout as sleep } from "node:timers/promises";
import { customers, type Percentiles, type Question, type RunOrder, type RunReport } from "../lib/orders.ts";
import { createLedger } from "./ledger.ts";
import { createSenders, type Senders } from "./senders.ts";
import { buildWebhook } from "./webhook.ts";

/** After the last message of a run: whoever has no reply by then counts as lost. Longer than any retry of a lost bell. */
const drainMs = 15_000;
const openLoopTickMs = 5;
/** Replies after their run are duplicates; this is how long a run waits for such stragglers. */
const stragglersMs = 300;
/** No customer: waits for nothing, so that a reply to a number of nobody's is counted. */
const nobody = -1;

interface Customer {
  readonly id: number;
  readonly phone: string;
  turns: number;
  sentAt: number;
}

interface Run {
  readonly order: RunOrder;
  readonly senders: Senders;
  readonly acknowledgements: number[];
  readonly answers: number[];
  waiting: number;
  refused: number;
  sending: boolean;
  answeredInTime: number;
}

export interface Load {
  run(order: RunOrder): Promise<Omit<RunReport, "badSends">>;
  /** A reply reached the provider. */
  onReply(to: string, text: string): void;
}

/** Customers who ask one question after the other; each waits for its reply before it asks the next. */
export function createLoad(questions: () => readonly (readonly Question[])[]): Load {
  /** Every contestant has its own customers' histories: their conversations live in its database. */
  const crowds = new Map<string, Customer[]>();
  const ledger = createLedger();
  let free: Customer[] = [];
  let byPhone = new Map<string, Customer>();
  let run: Run | null = null;

  function ask(current: Run, customer: Customer): void {
    const { order } = current;
    const language = questions()[customer.id % questions().length] ?? [];
    // Each customer starts elsewhere in the list, so that all questions are asked at all times.
    const question = language[(customer.id + customer.turns) % language.length] ?? { text: "", answer: "" };
    const request = buildWebhook(order.target, customer.phone, question.text);
    customer.turns += 1;
    current.waiting += 1;
    ledger.asked(customer.id, order.replies === "assistant" ? question.answer : question.text);
    const sentAt = performance.now();
    customer.sentAt = sentAt;
    current.senders.send(request, (status) => {
      if (status >= 200 && status < 300) {
        current.acknowledgements.push(performance.now() - sentAt);
        if (order.replies === "none") replied(current, customer, question.text);
        return;
      }
      current.refused += 1;
      ledger.refused(customer.id);
      finish(current, customer);
    });
  }

  function replied(current: Run, customer: Customer, text: string): void {
    if (ledger.replied(customer.id, text) !== "answered") return;
    current.answers.push(performance.now() - customer.sentAt);
    if (current.sending) current.answeredInTime += 1;
    finish(current, customer);
  }

  function finish(current: Run, customer: Customer): void {
    current.waiting -= 1;
    free.push(customer);
    if (current.order.rate === null) fill(current);
  }

  /** Closed loop: as many customers wait as the order says. */
  function fill(current: Run): void {
    while (current.sending && current.waiting < current.order.inFlight) {
      const customer = free.shift();
      if (customer === undefined) return;
      ask(current, customer);
    }
  }

  /** Open loop: what is due by the clock is sent, whether or not the replies keep up. */
  async function keepRate(current: Run, rate: number): Promise<void> {
    const began = performance.now();
    for (let sent = 0; current.sending; await sleep(openLoopTickMs)) {
      for (const due = ((performance.now() - began) / 1000) * rate; sent < due; sent += 1) {
        const customer = free.shift();
        if (customer !== undefined) ask(current, customer);
      }
    }
  }

  return {
    async run(order) {
      const crowd = crowds.get(order.target.publicUrl) ?? makeCrowd(crowds.size);
      crowds.set(order.target.publicUrl, crowd);
      free = [...crowd];
      byPhone = new Map(crowd.map((customer) => [customer.phone, customer]));
      const current: Run = {
        order,
        senders: createSenders(order.target.port),
        acknowledgements: [],
        answers: [],
        waiting: 0,
        refused: 0,
        sending: true,
        answeredInTime: 0,
      };
      run = current;
      const began = performance.now();
      if (order.rate === null) fill(current);
      else void keepRate(current, order.rate);
      await sleep(order.seconds * 1000);
      current.sending = false;
      const seconds = (performance.now() - began) / 1000;
      for (const until = performance.now() + drainMs; current.waiting > 0 && performance.now() < until; )
        await sleep(5);
      await sleep(stragglersMs);
      current.senders.close();
      run = null;
      return {
        ...ledger.close(),
        refused: current.refused,
        perSecond: current.answeredInTime / seconds,
        acknowledgementMs: percentiles(current.acknowledgements),
        answerMs: percentiles(current.answers),
      };
    },
    onReply(to, text) {
      if (run === null) return;
      const customer = byPhone.get(to);
      if (customer === undefined) ledger.replied(nobody, text);
      else replied(run, customer, text);
    },
  };
}

/** Customers with numbers that no other crowd has: a reply after the end of its run is seen as nobody's. */
function makeCrowd(index: number): Customer[] {
  return Array.from({ length: customers }, (_, id) => ({
    id,
    phone: `+4670${String((index + 1) * 1_000_000 + id)}`,
    turns: 0,
    sentAt: 0,
  }));
}

function percentiles(values: number[]): Percentiles {
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
