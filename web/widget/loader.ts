import { storagePrefix, type ToFrame, type ToHost } from "./protocol.ts";

/** What the operator chose; the service writes it in here (src/http/widget.ts). */
declare const EVERLINE_LOOK: readonly [
  colour: string,
  /** Black or white. */
  ink: string,
  /** What the button is called in its languages, and under "" in every other. */
  names: Readonly<Record<string, string>>,
];

type Name = "ready" | "open" | "close" | "message" | "unread" | "error" | "identity";
type Listener = (detail?: unknown) => void;
type Who = string | (() => string | null | Promise<string | null>);
type Call = readonly [method: string, ...rest: unknown[]];
type Methods = Record<string, ((...rest: never[]) => void) | undefined>;

/**
 * The one script that a site embeds: `<script async src="https://chat.example.com/widget.js">`. It adds a button, and
 * loads the chat itself into a frame when that is opened first. Nothing is stored or asked for before. It uses no inline
 * style or script, so a host's strict policy has to allow our origin under script-src and frame-src alone.
 */
function start(global: { Everline?: { q?: Call[]; open?: unknown } }, doc: Document): void {
  if (global.Everline?.open) return;
  const script = (doc.currentScript ?? doc.querySelector("[src*='/widget.js']")) as HTMLScriptElement;
  const { dataset } = script;
  const home = new URL(script.src).origin;
  const page = doc.documentElement;
  const listeners: Partial<Record<Name, Set<Listener>>> = {};
  const kept: Record<string, string> = {};
  const waiting: ToFrame[] = [];
  let locale = dataset.locale || page.lang || navigator.language;
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let shown = false;
  let who: Who | null = null;
  /** What we have put before the page's own title. */
  let mark = "";

  const [colour, ink, names] = EVERLINE_LOOK;
  const host = doc.createElement("div");
  const button = doc.createElement("button");
  const badge = doc.createElement("b");
  const style = new CSSStyleSheet();
  const root = host.attachShadow({ mode: "open" });
  let opener: HTMLElement = button;
  // The last colour rule is white or black by the luminance of WCAG, far beyond either: 4.5 to 1 or more on any colour.
  const light = "calc((.18 - y)*1e6)";
  style.replaceSync(
    `:host{all:initial}*{position:fixed;bottom:20px;inset-inline-${dataset.position === "left" ? "start" : "end"}:20px;z-index:2147483647;border:0;box-shadow:0 4px 20px #0005}button{width:56px;height:56px;border-radius:50%;background:var(--c);color:${ink};color:color(from var(--c) xyz ${light} ${light} ${light});font:700 13px/20px system-ui;cursor:pointer}button:focus-visible{outline:3px solid;outline-offset:-6px}i,b{position:absolute;inset:16px}i{background:currentColor;clip-path:path("M4 2h16a3 3 0 0 1 3 3v9a3 3 0 0 1-3 3h-7l-6 5v-5H4a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3")}b{inset:-4px -4px auto auto;min-width:20px;border-radius:20px;background:#b3261e;color:#fff}iframe{bottom:88px;width:400px;height:min(700px,100dvh - 108px);border-radius:16px}@media(max-width:480px){iframe{inset:0;width:100%;height:100dvh;border-radius:0}[aria-expanded=true]{display:none}}@media print{*{display:none}}`,
  );
  root.adoptedStyleSheets = [style];
  host.style.setProperty("--c", dataset.color || colour);
  button.append(doc.createElement("i"), badge);
  button.onclick = () => show(!shown);
  root.append(button);
  point();
  button.ariaExpanded = "false";

  function label(count = 0, words = (names[locale.slice(0, 2)] || names[""]) as string) {
    button.ariaLabel = words;
    if (frame) frame.title = words;
    badge.textContent = `${count}`;
    badge.hidden = !count;
    const title = doc.title;
    const own = title.slice(title.startsWith(mark) ? mark.length : 0);
    mark = count ? `(${count}) ` : "";
    if (mark + own !== title) doc.title = mark + own;
  }

  /** The frame, loaded when it was not. */
  function load(): HTMLIFrameElement {
    if (!frame) {
      frame = doc.createElement("iframe");
      frame.hidden = true;
      frame.allow = "microphone;camera;autoplay;clipboard-write";
      point();
      root.append(frame);
    }
    return frame;
  }

  function point(): void {
    ready = false;
    label();
    if (frame) frame.src = `${home}/widget/frame?locale=${locale}`;
  }

  function tell(...message: ToFrame): void {
    if (ready) load().contentWindow?.postMessage(message, home);
    else waiting.push(message);
  }

  function show(wanted: boolean): void {
    if (wanted === shown) return;
    shown = wanted;
    load().hidden = !wanted;
    button.ariaExpanded = `${wanted}`;
    // The page below a chat that fills the screen does not scroll.
    page.style.overflow = wanted && innerWidth < 481 ? "hidden" : "";
    (wanted ? load() : opener).focus();
    opener = button;
    tell("shown", shown);
    emit(wanted ? "open" : "close");
  }

  function emit(name: Name, detail?: unknown): void {
    for (const listener of listeners[name] ?? []) listener(detail);
  }

  function keep(key: string, value: string | null): void {
    if (value === null) delete kept[key];
    else kept[key] = value;
  }

  const api = {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!shown),
    /** A fresh token, or a function that gets one whenever it is needed. */
    identify(token: Who) {
      who = token;
      if (typeof token === "string") load();
      if (frame) void hear.who();
    },
    reset() {
      who = null;
      if (!Object.keys(kept)[0]) return;
      load();
      tell("reset");
    },
    setLocale(wanted: string) {
      locale = wanted;
      point();
    },
    prefill(text: string) {
      load();
      tell("prefill", text);
    },
    resume(key: string) {
      show(true);
      tell("resume", key);
    },
    on(name: Name, listener: Listener) {
      listeners[name] ??= new Set();
      listeners[name].add(listener);
    },
    off: (name: Name, listener: Listener) => void listeners[name]?.delete(listener),
    q: { push: (wanted: Call) => call(api as unknown as Methods, wanted) },
  };

  const hear = {
    ...api,
    emit,
    ready() {
      ready = true;
      tell("init", { stored: kept, colour: dataset.color, theme: dataset.theme, shown });
      for (const message of waiting.splice(0)) tell(...message);
      // A function has a token whenever one is wanted.
      if (who) void hear.who();
      emit("ready");
    },
    store(key: string, value: string | null) {
      keep(key, value);
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch {
        // Blocked or full: kept in this page alone.
      }
    },
    unread(count: number, words: string) {
      label(count, words);
      emit("unread", count);
    },
    async who() {
      const token = typeof who === "function" ? await who() : who;
      // A token is good once.
      if (token === who) who = null;
      tell("identify", token);
    },
  };

  function call(methods: Methods, [method, ...rest]: Call | ToHost): void {
    methods[method]?.(...(rest as never[]));
  }

  addEventListener("message", ({ origin, source, data }: MessageEvent<ToHost>) => {
    if (origin === home && source && source === frame?.contentWindow) call(hear as unknown as Methods, data);
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (!key?.startsWith(storagePrefix)) return;
    keep(key, newValue);
    if (frame) tell("stored", key, newValue);
    else if (newValue) load();
  });
  doc.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLElement>("[data-everline-open],a[href='#chat']");
    if (!link) return;
    event.preventDefault();
    opener = link;
    show(true);
  });

  try {
    for (const [key, value] of Object.entries(localStorage)) if (key.startsWith(storagePrefix)) kept[key] = value;
  } catch {
    // Storage is blocked: the conversation lives as long as this page.
  }
  const earlier = global.Everline?.q ?? [];
  global.Everline = api as never;
  (doc.body ?? page).append(host);
  earlier.forEach(api.q.push);
  // Whoever has written before hears of answers without opening the chat.
  if (Object.keys(kept)[0]) setTimeout(load, 1_000);
}

start(window as never, document);
