import { type Notice, orderSchema, type Question } from "../lib/orders.ts";
import { createLoad } from "./load.ts";
import { startSink } from "./sink.ts";

/**
 * The other side of every contestant in a process of its own: customers behind a provider that signs their messages, and
 * the provider's API that takes the replies. Obeys the bench over the process channel.
 */
let questions: readonly (readonly Question[])[] = [];
const load = createLoad(() => questions);
const sink = await startSink(load.onReply);

process.on("message", (message) => {
  const order = orderSchema.parse(message);
  if (order.kind === "questions") questions = order.byLanguage;
  else
    void load.run(order).then((seen) => tell({ kind: "report", report: { ...seen, badSends: sink.takeBadSends() } }));
});
process.on("disconnect", () => process.exit(0));
tell({ kind: "ready", sinkUrl: sink.url });

function tell(notice: Notice): void {
  process.send?.(notice);
}
