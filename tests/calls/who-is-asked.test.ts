import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { byFit, isAmongBest, speaks } from "../../src/agents/fit.ts";
import { hoursSetting } from "../../src/settings/hours.ts";
import { writeSetting } from "../../src/settings/settings.ts";
import { alwaysOpenHours } from "../support/always-open.ts";
import { type CallCentre, clearLines, openCallCentre, ourNumber } from "../support/call-centre.ts";
import type { SignedIn } from "../support/desk.ts";

describe("who fits a customer best", () => {
  const agents = [
    { id: "nobody's", languages: ["de"], team: "South" },
    { id: "of the team", languages: ["de"], team: "North" },
    { id: "speaks", languages: ["en", "sv"], team: "South" },
    { id: "speaks all", languages: [], team: "" },
    { id: "both", languages: ["sv"], team: "North" },
  ];
  const ids = (wanted: Parameters<typeof byFit>[1]) => byFit(agents, wanted).map(({ id }) => id);

  test("the language before the team, then the order they stood in; nobody is left out", () => {
    expect(ids({ locale: "sv-SE", team: "North" })).toEqual([
      "both",
      "speaks",
      "speaks all",
      "of the team",
      "nobody's",
    ]);
    expect(ids({ locale: "sv", team: null })).toEqual(["speaks", "speaks all", "both", "nobody's", "of the team"]);
    expect(ids({ locale: null, team: "" })).toEqual(["speaks all", "nobody's", "of the team", "speaks", "both"]);
    expect(ids({ locale: null, team: null })).toEqual(agents.map(({ id }) => id));
  });

  test("whoever is among the best is asked at once, and everybody is where nobody speaks the language", () => {
    const best = (locale: string) =>
      agents.filter((one) => isAmongBest(one, agents, { locale, team: null })).map(({ id }) => id);
    expect(best("sv")).toEqual(["speaks", "speaks all", "both"]);
    expect(best("de")).toEqual(["nobody's", "of the team", "speaks all"]);
    const germans = agents.filter((one) => !speaks(one, "sv"));
    expect(germans).toHaveLength(2);
    for (const one of germans) expect(isAmongBest(one, germans, { locale: "sv", team: null })).toBe(true);
  });
});

describe("calls", () => {
  let centre: CallCentre;
  let ada: SignedIn;
  let bob: SignedIn;
  let root: SignedIn;
  beforeAll(async () => {
    centre = await openCallCentre({ VOICE_TRANSPORT: "gather" });
    centre.double.behave({ musicMs: 300 });
    [ada, bob, root] = await Promise.all([
      centre.desk.agent("Ada"),
      centre.desk.agent("Bob"),
      centre.desk.agent("Root", "admin"),
    ]);
  }, 60_000);
  afterAll(async () => {
    expect(centre.double.faults).toEqual([]);
    await centre.close();
  });
  const sql = <Row>(work: Parameters<typeof centre.desk.db.run<Row>>[0]) => centre.desk.db.run(work);
  const takesCalls = (who: SignedIn, phone: string | null = null) =>
    sql((db) => db`update agents set presence = 'available', phone = ${phone}, open_at = now() where id = ${who.id}`);
  const can = async (who: SignedIn, skills: { languages?: string[]; team?: string }) =>
    expect((await root.call("PATCH", `/agents/${who.id}`, skills)).status).toBe(200);
  beforeEach(async () => {
    await sql(
      (db) => db`update callbacks set state = 'cancelled', ended_at = now()
        where state in ('requested', 'scheduled', 'due', 'dialling', 'connected')`,
    );
    await sql((db) => db`update offers set state = 'withdrawn' where state in ('open', 'taken')`);
    await sql((db) => db`update agents set presence = 'offline', phone = null, languages = '{}', team = ''`);
    await clearLines(centre.desk.db);
  });

  interface Offer {
    readonly id: string;
    readonly callId: string;
    readonly locale: string;
    readonly spoken: boolean;
  }
  const offersOf = async (who: SignedIn) => (await who.call("GET", "/calls")).body.offers as Offer[];
  const offerOf = (who: SignedIn, callId: string) =>
    centre.until("it is offered", async () => (await offersOf(who)).find((one) => one.callId === callId));

  let numbers = 0;
  const number = () => `+4670177${String(++numbers).padStart(4, "0")}`;
  /** A Swedish caller who waits for a person. */
  async function caller() {
    const { callSid } = await centre.double.customer.call({ from: number(), to: ourNumber });
    await centre.double.customer.gather({ callSid, digits: "0" });
    return centre.until("the call is offered", async () => {
      const rows = await sql(
        (db) => db<{ id: string }[]>`select c.id from calls c join offers o on o.conference = c.id::text
          where c.external_id = ${callSid} and o.state = 'open'`,
      );
      return rows[0]?.id;
    });
  }
  async function promised(team: string | null = null) {
    const phone = number();
    centre.double.answerAs(phone, { talkMs: 600_000 });
    const { conversationId } = await centre.desk.says(phone, "Kan ni ringa mig?");
    await sql((db) => db`update conversations set locale = 'sv' where id = ${conversationId}`);
    await sql(
      (db) => db`update contacts set locale = 'sv'
      where id = (select contact_id from conversations where id = ${conversationId})`,
    );
    const { body, status } = await root.call("POST", "/callbacks", { conversationId });
    expect(status).toBe(201);
    await sql((db) => db`update callbacks set team = ${team}, locale = 'sv' where id = ${body.callback.id}`);
    return body.callback.id as string;
  }

  test("administrators say which languages an agent speaks and which team is theirs; agents do not, and a team must be there", async () => {
    const teams = [{ ...alwaysOpenHours.teams[0] }, { ...alwaysOpenHours.teams[0], name: "Nordic" }];
    const set = await root.call("PUT", "/settings/hours", { value: { ...alwaysOpenHours, teams } });
    expect(set.status).toBe(200);
    const skills = { languages: ["sv", "en", "sv"], team: "Nordic" };
    expect((await ada.call("PATCH", `/agents/${ada.id}`, skills)).body.error.code).toBe("AdministratorsOnly");
    const { body } = await root.call("PATCH", `/agents/${ada.id}`, skills);
    expect(body.agent).toMatchObject({ id: ada.id, languages: ["sv", "en"], team: "Nordic" });
    // What is left out stays.
    await root.call("PATCH", `/agents/${ada.id}`, { name: "Ada L." });
    const { agents } = (await bob.call("GET", "/agents")).body as { agents: { id: string }[] };
    expect(agents.find(({ id }) => id === ada.id)).toMatchObject({
      name: "Ada L.",
      languages: ["sv", "en"],
      team: "Nordic",
    });
    expect((await root.call("PATCH", `/agents/${ada.id}`, { team: "Moon" })).body.error.code).toBe("NoSuchTeam");
    expect((await root.call("PATCH", `/agents/${ada.id}`, { languages: ["Swedish"] })).status).toBe(400);
    expect((await root.call("PATCH", `/agents/${ada.id}`, { languages: [], team: "" })).body.agent).toMatchObject({
      languages: [],
      team: "",
    });
  });

  test("R6 a caller is offered first to who speaks their language, and to everybody when that one does not take it", async () => {
    await can(ada, { languages: ["sv"] });
    await can(bob, { languages: ["de"] });
    await takesCalls(ada);
    await takesCalls(bob);
    const call = await caller();
    const offer = await offerOf(ada, call);
    expect(offer).toMatchObject({ locale: "sv", spoken: true });
    expect(await offersOf(bob)).toEqual([]);
    expect((await ada.call("POST", `/calls/offers/${offer.id}/decline`)).status).toBe(204);
    expect(await offerOf(bob, call)).toMatchObject({ locale: "sv", spoken: false });
    expect(await offersOf(ada)).toEqual([]);
  }, 60_000);

  test("R6 nobody who speaks it is free, or they let it ring: anybody is asked, and told so before they take it", async () => {
    await can(ada, { languages: ["sv"] });
    await can(bob, { languages: ["de"] });
    await takesCalls(bob);
    const alone = await caller();
    expect(await offerOf(bob, alone)).toMatchObject({ spoken: false });
    await takesCalls(ada);
    const second = await caller();
    await offerOf(ada, second);
    expect((await offersOf(bob)).map(({ callId }) => callId)).not.toContain(second);
    await sql((db) => db`update offers set made_at = now() - interval '21 seconds' where conference = ${second}`);
    await offerOf(bob, second);
  }, 60_000);

  test("R5 a promised call goes to who speaks the language and is of its team, though others wait longer; the next is chosen alike", async () => {
    const mode = { ...alwaysOpenHours, mode: "agent-first" as const };
    await writeSetting(centre.desk.db, hoursSetting.key, mode, null);
    await can(ada, { languages: ["sv"] });
    await can(bob, { languages: ["de"] });
    await sql((db) => db`update agents set team = 'Nordic', languages = '{sv}' where id = ${root.id}`);
    for (const who of [ada, bob, root]) await takesCalls(who);
    // Bob has had no call at all; the others have just had one.
    const call = await promised("Nordic");
    const first = await offerOf(root, call);
    expect([await offersOf(ada), await offersOf(bob)]).toEqual([[], []]);
    expect((await root.call("POST", `/calls/offers/${first.id}/decline`)).status).toBe(204);
    const second = await offerOf(ada, call);
    expect(second.spoken).toBe(true);
    expect((await ada.call("POST", `/calls/offers/${second.id}/decline`)).status).toBe(204);
    // Nobody else speaks it: it is not left alone.
    expect(await offerOf(bob, call)).toMatchObject({ spoken: false, locale: "sv" });
  }, 60_000);

  test("R5 an agent with a number hears which language it is when it is not theirs", async () => {
    const phone = "+46812340077";
    centre.double.answerAs(phone, { talkMs: 600_000 });
    await can(bob, { languages: ["de"] });
    await takesCalls(bob, phone);
    await promised();
    const heard = () => centre.double.calls.findLast(({ to }) => to === phone)?.heard.join(" ") ?? "";
    await centre.until("the agent hears it", async () => heard().includes("Callback"));
    expect(heard()).toContain("They speak Swedish.");
  }, 60_000);
});
