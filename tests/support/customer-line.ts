import { hoursSetting } from "../../src/settings/hours.ts";
import { writeSetting } from "../../src/settings/settings.ts";
import type { Callee } from "../../src/simulator/calls-api.ts";
import { alwaysOpenHours } from "./always-open.ts";
import { openCallCentre, ourNumber } from "./call-centre.ts";

type Mode = "agent-first" | "customer-first" | "assistant-first";

/** A customer on one channel. */
interface Writer {
  readonly name: string;
  /** Where they are called. */
  readonly phone: string;
  says(text: string): Promise<void>;
  conversation(): Promise<string | null>;
}

/** A call centre with one agent, and customers who write and are rung. */
export async function openCustomerLine() {
  const agentPhone = "+46812345678";
  const centre = await openCallCentre({ DEMO: "true", TWILIO_WHATSAPP_NUMBER: ourNumber, VOICE_TRANSPORT: "gather" });
  const ada = await centre.desk.agent("Ada");
  const { double, desk, until } = centre;
  const sql = <Row>(work: Parameters<typeof desk.db.run<Row>>[0]) => desk.db.run(work);
  /** Whoever takes calls has said what came of the last one. */
  const agents = async (presence: string) => {
    await sql((db) => db`update agents set presence = ${presence}, phone = ${agentPhone} where id = ${ada.id}`);
    await sql((db) => db`update calls set wrapped_at = now() where leg = 'agent' and joined_at is not null`);
  };
  const agentAnswers = (change: Partial<Callee>) =>
    double.answerAs(agentPhone, { key: "1", talkMs: 60_000, ...change });
  agentAnswers({});
  await agents("available");
  let numbers = 0;
  const nextNumber = () => `+4670174${String(++numbers).padStart(4, "0")}`;
  const texts = (phone: string) =>
    double.journal
      .of("sms", phone)
      .filter((one) => one.direction === "out")
      .map((one) => one.body);

  async function conversationOf(phone: string): Promise<string | null> {
    const [row] = await sql(
      (db) => db<
        { id: string }[]
      >`select c.id from conversations c join contact_addresses a on a.contact_id = c.contact_id
        where a.value = ${phone} limit 1`,
    );
    return row?.id ?? null;
  }

  return {
    centre,
    double,
    ada,
    agentPhone,
    sql,
    until,
    agents,
    agentAnswers,
    texts,
    mode: async (mode: Mode) => {
      await agents("available");
      await writeSetting(desk.db, hoursSetting.key, { ...alwaysOpenHours, mode }, null);
    },
    /** A call that is promised now, or in so many minutes, to somebody whose telephone is answered so. */
    async promised({ minutes }: { readonly minutes?: number } = {}, callee: Partial<Callee> = {}) {
      const phone = nextNumber();
      double.answerAs(phone, callee);
      const { conversationId } = await desk.says(phone, "Please call me");
      const wantedAt = minutes === undefined ? undefined : new Date(Date.now() + minutes * 60_000).toISOString();
      const booked = await ada.call("POST", "/callbacks", {
        conversationId,
        ...(wantedAt === undefined ? {} : { wantedAt, customerPicked: true }),
      });
      if (booked.status !== 201) throw new Error(`It was not booked: ${JSON.stringify(booked.body)}`);
      return { id: booked.body.callback.id as string, phone, conversationId };
    },
    comesTo: (id: string, state: string) =>
      until(`callback ${state}`, async () => {
        const [row] = await sql((db) => db`select 1 from callbacks where id = ${id} and state = ${state}`);
        return row;
      }),
    callsTo: (phone: string) => double.calls.filter((call) => call.to === phone),
    /** Somebody who writes text messages. */
    customer() {
      const phone = nextNumber();
      const answered = (): number => texts(phone).length;
      let seen = 0;
      return {
        phone,
        async writes(body: string): Promise<void> {
          seen = answered();
          await double.customer.sms({ from: phone, to: ourNumber, body });
        },
        hears: (words: RegExp) =>
          until(`they read ${words}`, async () =>
            texts(phone)
              .slice(seen)
              .some((text) => words.test(text)),
          ),
        heardCount: async () => answered(),
        callbacks: () =>
          sql(
            (db) => db<{ id: string; state: string; localTime: string | null }[]>`
              select k.id, k.state, k.local_time as "localTime" from callbacks k
              join contact_addresses a on a.contact_id = k.contact_id where a.value = ${phone} order by k.created_at`,
          ),
      };
    },
    /** Somebody who writes in the chat of the page. */
    async webChat(locale: string): Promise<Writer> {
      const chat = async (path: string, token: string | null, body: object) => {
        const response = await fetch(`${desk.url}/v3/directline/${path}`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify(body),
        });
        if (!response.ok) throw new Error(`The web chat answered ${response.status}: ${await response.text()}`);
        return (await response.json()) as Record<string, string>;
      };
      const { token = "" } = await chat("tokens/generate", null, {});
      const { conversationId = "" } = await chat("conversations", token, {});
      return {
        name: "web chat",
        phone: nextNumber(),
        says: async (text) =>
          void (await chat(`conversations/${conversationId}/activities`, token, {
            type: "message",
            from: { id: "visitor" },
            text,
            locale,
          })),
        conversation: async () => {
          const [row] = await sql(
            (db) => db<
              { id: string }[]
            >`select c.id from conversations c join contact_addresses a on a.contact_id = c.contact_id
              where a.channel = 'web-chat' order by c.created_at desc limit 1`,
          );
          return row?.id ?? null;
        },
      };
    },
    whatsApp(): Writer {
      const phone = nextNumber();
      return {
        name: "WhatsApp",
        phone,
        says: async (body) => void (await double.customer.whatsapp({ from: phone, to: ourNumber, body })),
        conversation: () => conversationOf(phone),
      };
    },
    async onThePhone(locale: string): Promise<Writer> {
      const abroad = { en: "+1202555", de: "+49151123", es: "+346123", ar: "+9715012" }[locale] ?? "+467017";
      const phone = `${abroad}${String(++numbers).padStart(abroad === "+1202555" ? 4 : 5, "0")}`;
      const { callSid } = await double.customer.call({ from: phone, to: ourNumber });
      return {
        name: "telephone",
        phone,
        says: async (speech) => void (await double.customer.gather({ callSid, speech })),
        conversation: () => conversationOf(phone),
      };
    },
    close: () => centre.close(),
  };
}

export type CustomerLine = Awaited<ReturnType<typeof openCustomerLine>>;
