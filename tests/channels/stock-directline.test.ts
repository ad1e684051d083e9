import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { loadDirectLine, type StockActivity, type StockClient, stockDirectLine } from "../support/peers.ts";
import { type FaultyNetwork, startProxy } from "../support/proxy.ts";

const within = { timeout: 15_000, interval: 20 };
const cuts = 20;
/** More than one cut can hit a post, and the service takes 60 a minute from one visitor. */
const postTries = 5;

describeWith(stockDirectLine, "the published Direct Line client in Node.js", () => {
  let everline: Everline;
  let network: FaultyNetwork;
  let agent: Agent;
  const open: Tab[] = [];

  beforeAll(async () => {
    // The service must know the proxy's address to name it in stream addresses, so the proxy learns the target later.
    network = await startProxy({
      host: "127.0.0.1",
      get port() {
        return Number(new URL(everline.url).port);
      },
    });
    everline = await startEverline({ PUBLIC_URL: `http://127.0.0.1:${network.port}` });
    agent = await everline.agent();
  });
  afterEach(() => {
    for (const tab of open.splice(0)) tab.client.end();
  });
  afterAll(async () => {
    await network.stop();
    await everline.stop();
  });

  test("R2 R7 it connects, posts, sees its own message come back under its own id, and the answer once", async () => {
    const { token, conversationId } = await visitor(everline);
    const [first, second] = [openTab(token), openTab(token)];
    await post(first, "where can I find my payment plan?", "mine-1");
    for (const tab of [first, second]) {
      await expect.poll(() => tab.seen.map((one) => one.from.role), within).toEqual(["user", "bot"]);
      expect(tab.seen[0]?.channelData.clientActivityID).toBe("mine-1");
      expect(tab.seen[1]?.text).toMatch(/plan/i);
      expect(idsOf(tab)).toEqual(await storedIds(everline, conversationId));
    }
  });

  test("R7 a socket that is lost before its first message misses nothing", async () => {
    const { token, conversationId } = await visitor(everline);
    const [early, late] = [openTab(token), openTab(token)];
    await Promise.all([connected(early, 1), connected(late, 1)]);
    network.cut();
    await post(late, "hello", "mine-1");
    for (const tab of [early, late]) await expect.poll(() => tab.seen.length, within).toBe(2);
    expect(idsOf(early)).toEqual(await storedIds(everline, conversationId));
  });

  test(`R2 R3 R7 ${cuts} cuts while customer and agent write: every tab sees everything, once, in order`, async () => {
    const { token, conversationId } = await visitor(everline);
    const tabs = [openTab(token), openTab(token), openTab(token)];
    const [writer = openTab(token)] = tabs;
    await post(writer, "where can I find my payment plan?", "mine-first");
    await expect.poll(() => writer.seen.length, within).toBe(2);
    for (let round = 0; round < cuts; round++) {
      await Promise.all(tabs.map((tab) => connected(tab, round + 1)));
      await Promise.all([
        post(writer, `question ${round}`, `mine-${round}`),
        agent("POST", `/conversations/${conversationId}/messages`, {
          clientId: `agent-${round}`,
          kind: "reply",
          text: `answer ${round}`,
        }),
        // From at once to when both are stored and on their way out.
        sleep(round * 3).then(() => network.cut()),
      ]);
    }
    // Each cut cost every tab its socket.
    await Promise.all(tabs.map((tab) => connected(tab, cuts + 1)));
    const stored = await storedIds(everline, conversationId);
    expect(stored.length).toBeGreaterThanOrEqual(2 + 2 * cuts);
    for (const tab of tabs) {
      await expect.poll(() => tab.seen.length, within).toBeGreaterThanOrEqual(stored.length);
      expect(idsOf(tab)).toEqual(await storedIds(everline, conversationId));
      const mine = tab.seen.filter((one) => one.from.role === "user").map((one) => one.channelData.clientActivityID);
      expect(mine).toEqual(["mine-first", ...Array.from({ length: cuts }, (_, round) => `mine-${round}`)]);
    }
  });

  function openTab(token: string): Tab {
    const sockets: WebSocket[] = [];
    class Counted extends WebSocket {
      constructor(address: string) {
        super(address);
        sockets.push(this);
      }
    }
    const client = new (loadDirectLine())({
      domain: `http://127.0.0.1:${network.port}/v3/directline`,
      token,
      WebSocket: Counted as unknown as typeof WebSocket,
      // The client waits 3 to 15 s for a lost socket and 20 s for a lost request; its own options make that short.
      random: () => -0.24,
      timeout: 1_000,
    });
    const seen: StockActivity[] = [];
    // When a test is over, `end` breaks the stream off with an error that nobody waits for.
    client.activity$.subscribe(
      (activity) => seen.push(activity),
      () => undefined,
    );
    const tab = { client, seen, sockets };
    open.push(tab);
    return tab;
  }
});

/** One client of one visitor; several share the conversation as tabs do. */
interface Tab {
  readonly client: StockClient;
  readonly seen: StockActivity[];
  readonly sockets: WebSocket[];
}

/** Waits until the client's n-th socket, or a later one, is open. */
async function connected({ sockets }: Tab, n: number): Promise<void> {
  await expect.poll(() => sockets.length >= n && sockets.at(-1)?.readyState, within).toBe(WebSocket.OPEN);
}

/** Posts until it is taken: "retry" is the client's word for "not sent". The id makes a second post the same message. */
async function post({ client }: Tab, text: string, clientActivityID: string): Promise<void> {
  const activity = { type: "message", from: { id: "me" }, text, channelData: { clientActivityID } };
  for (let tries = 0; tries < postTries; tries++) {
    const id = await new Promise<string>((taken, failed) => client.postActivity(activity).subscribe(taken, failed));
    if (id !== "retry") return;
    await sleep(100);
  }
  throw new Error(`The client could not send ${clientActivityID} in ${postTries} tries.`);
}

async function visitor({ url }: Everline): Promise<{ readonly token: string; readonly conversationId: string }> {
  const answer = await fetch(`${url}/v3/directline/tokens/generate`, { method: "POST" });
  return (await answer.json()) as { token: string; conversationId: string };
}

const idsOf = ({ seen }: Tab): string[] => seen.map((activity) => activity.id);

/** What the database holds for the customer's eyes, as the ids under which it is sent. */
async function storedIds({ sql }: Everline, conversationId: string): Promise<string[]> {
  const rows = await sql<{ seq: number }[]>`
    select seq from messages where conversation_id = ${conversationId} and visibility = 'public' order by seq`;
  return rows.map(({ seq }) => `${conversationId}|${String(seq).padStart(7, "0")}`);
}
