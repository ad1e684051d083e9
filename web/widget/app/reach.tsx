import { call, Refused, session } from "./call.ts";
import { store, stored } from "./host.ts";
import { sayAway } from "./later.ts";
import { change, state } from "./state.ts";
import { config, say, type WordKey } from "./words.ts";

/** Where this customer can be told, as the service says. */
interface OfferMade {
  readonly publicKey: string;
  readonly channels: readonly { readonly id: string; readonly name: string }[];
  readonly consent: string;
  readonly number: { readonly ending: string; readonly channel: string } | null;
}

let made: OfferMade | null = null;
let madeTo: string | null = null;
let fault: WordKey | null = null;
/** What the form says so far, for the words of consent. */
let wish = { phone: "", channel: "" };

/** While a person is to answer: nobody has to sit and wait. What was chosen is shown, and can be changed. */
export function Offer() {
  const { line, panel } = state;
  if (panel === "reach") return <Reach />;
  if (line === null || line.owner === "assistant" || line.status === "resolved") return null;
  const offer = offered();
  if (offer === null || !canTell()) return null;
  const told = offer.number !== null || isPushed();
  return (
    <p class="card">
      {told && `${say("tellTold")} `}
      <button type="button" class={told ? "plain" : undefined} onClick={openReach}>
        {say(told ? "tellChange" : "tellMe")}
      </button>
    </p>
  );
}

/** How an absent customer is told: a push message to this browser, a text to a number. Each with its way back. */
export function Reach() {
  const offer = offered();
  if (offer === null || !canTell()) return null;
  return (
    <section class="card" aria-label={say("tellMe")}>
      <h2>{say("tellMe")}</h2>
      {fault !== null && (
        <p id="fault" role="alert">
          {say(fault)}
        </p>
      )}
      <Push offer={offer} />
      <NumberLeft offer={offer} />
      <button type="button" onClick={done}>
        {say("done")}
      </button>
    </section>
  );
}

/** Asked for once for each conversation. */
function offered(): OfferMade | null {
  const { conversationId = null } = session() ?? {};
  if (conversationId !== madeTo) {
    madeTo = conversationId;
    made = null;
    fault = null;
    if (conversationId !== null) void load(conversationId);
  }
  return made;
}

async function load(conversationId: string): Promise<void> {
  try {
    const offer = (await call("GET", `/reach?locale=${config.locale}`)) as OfferMade;
    if (madeTo !== conversationId) return;
    made = offer;
    wish = { phone: "", channel: offer.channels[0]?.id ?? "" };
    change({});
  } catch {
    if (madeTo === conversationId) madeTo = null;
    if (state.panel === "reach") {
      change({ panel: null });
      sayAway();
    }
  }
}

/** On somebody else's page browsers let nobody ask for notifications: our own page can. */
const embedded = parent !== window && !isOurs(parent);

function isOurs(other: Window): boolean {
  try {
    return other.location.origin === location.origin;
  } catch {
    return false;
  }
}

/** In this browser, or on our own page, to which the key of the conversation leads; who signed in has none. */
const canPush = (): boolean => "PushManager" in window && (!embedded || session()?.resume !== undefined);

/** Is there any way to tell this customer? Where only the service knows, it is asked if it `may` be, and says it later. */
export const canTell = (may = true): boolean => canPush() || (may && (offered()?.channels.length ?? 0) > 0);

/** This browser's address, kept with the conversation that it is told of: of another one it is told nothing. */
function pushedTo(): string | null {
  const [conversationId, endpoint = null] = stored("t")?.split(" ") ?? [];
  return conversationId === session()?.conversationId ? endpoint : null;
}

const isPushed = (): boolean => pushedTo() !== null && Notification.permission === "granted";

/** A conversation was added to this one: what was chosen there holds here. */
export function goOnTelling(from: string): void {
  const [conversationId, endpoint] = stored("t")?.split(" ") ?? [];
  if (conversationId === from) store("t", `${session()?.conversationId} ${endpoint}`);
  madeTo = null;
}

function Push({ offer }: { readonly offer: OfferMade }) {
  if (!canPush()) return null;
  if (embedded)
    return (
      <p>
        <a href={`/?chat=open#resume=${session()?.resume}`} target="_blank" rel="noopener">
          {say("pushElsewhere")}
        </a>
      </p>
    );
  if (isPushed())
    return (
      <p>
        {say("pushOn")}{" "}
        <button type="button" class="plain" onClick={() => void pushNoMore()}>
          {say("pushOff")}
        </button>
      </p>
    );
  if (Notification.permission === "denied") return <p>{say("pushDenied")}</p>;
  return (
    <button type="button" class="main" onClick={() => void pushHere(offer.publicKey)}>
      {say("pushAsk")}
    </button>
  );
}

/** Only ever from the customer's own click: the browser then asks them itself. */
async function pushHere(publicKey: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") return change({});
  try {
    await navigator.serviceWorker.register("/push-worker.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
    const to = session()?.conversationId;
    await call("POST", "/push", { subscription: subscription.toJSON() });
    store("t", `${to} ${subscription.endpoint}`);
    settled(null);
  } catch (error) {
    if (error instanceof Refused && (error.status >= 500 || error.status === 429)) sayAway();
    else settled("pushFailed");
  }
}

async function pushNoMore(): Promise<void> {
  const endpoint = pushedTo();
  await attempt(async () => {
    await call("DELETE", "/push", { endpoint });
    store("t", null);
  });
}

function NumberLeft({ offer: { channels, consent, number } }: { readonly offer: OfferMade }) {
  if (channels.length === 0) return null;
  const nameOf = (id: string): string => channels.find((one) => one.id === id)?.name ?? id;
  if (number !== null)
    return (
      <p>
        {say("numberLeft", { number: `\u2066…${number.ending}\u2069`, channel: nameOf(number.channel) })}{" "}
        <button type="button" class="plain" onClick={() => void takeBack()}>
          {say("numberBack")}
        </button>
      </p>
    );
  const agreed = consent
    .replace("{channel}", nameOf(wish.channel))
    .replace("{number}", `\u2066${wish.phone || "…"}\u2069`);
  return (
    <form onSubmit={leave}>
      <label>
        {say("numberAsk")}
        <input
          name="phone"
          type="tel"
          dir="ltr"
          autocomplete="tel"
          required
          maxLength={40}
          aria-describedby={fault === null ? "agreed" : "fault agreed"}
          onInput={fill}
        />
      </label>
      <fieldset>
        <legend class="hidden">{say("numberBy")}</legend>
        {channels.map(({ id, name }) => (
          <label>
            <input name="channel" type="radio" value={id} checked={id === wish.channel} onChange={fill} /> {name}
          </label>
        ))}
      </fieldset>
      <small id="agreed">{agreed}</small>
      <button type="submit" class="main">
        {say("numberSend")}
      </button>
    </form>
  );
}

function fill({ currentTarget }: Event): void {
  const { name, value } = currentTarget as HTMLInputElement;
  wish = { ...wish, [name]: value };
  change({});
}

const faults: Readonly<Record<string, WordKey>> = {
  NotANumber: "numberWrong",
  CountryNotReached: "numberCountry",
  NumberNotReached: "numberKind",
  TooManyNumbers: "numberMany",
};

function leave(event: Event): void {
  event.preventDefault();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  void attempt(async () => {
    await call("POST", "/reach", { ...wish, locale: config.locale, zone });
    await look();
  });
}

async function takeBack(): Promise<void> {
  await attempt(async () => {
    await call("DELETE", "/reach", {});
    await look();
  });
}

async function look(): Promise<void> {
  made = (await call("GET", `/reach?locale=${config.locale}`)) as OfferMade;
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    settled(null);
  } catch (error) {
    const known = error instanceof Refused ? faults[error.code] : undefined;
    if (known === undefined) sayAway();
    else settled(known);
  }
}

export function openReach(): void {
  change({ panel: "reach" });
  settled(null);
}

/** What had the focus may be gone, or the menu that closes takes it. */
function settled(wrong: WordKey | null): void {
  fault = wrong;
  change({});
  setTimeout(() => document.querySelector<HTMLElement>(wrong === null ? ".card button" : ".card input")?.focus());
}

function done(): void {
  change({ panel: null });
  document.querySelector("textarea")?.focus();
}
