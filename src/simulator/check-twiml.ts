/** What Twilio takes in the verbs of a live call; null: any text. Lists end where we have no use for more. */
const voices: Readonly<Record<string, Readonly<Record<string, RegExp | null>>>> = {
  Connect: { action: /^https?:\/\//, method: /^(GET|POST)$/ },
  ConversationRelay: {
    url: /^(wss:\/\/[^?#]+|ws:\/\/(127\.0\.0\.1|localhost)[^?#]*)$/,
    welcomeGreeting: null,
    welcomeGreetingInterruptible: /^(none|dtmf|speech|any|true|false)$/,
    interruptible: /^(none|dtmf|speech|any|true|false)$/,
    reportInputDuringAgentSpeech: /^(none|dtmf|speech|any)$/,
    interruptSensitivity: /^(low|medium|high)$/,
    preemptible: /^(true|false)$/,
    dtmfDetection: /^(true|false)$/,
    partialPrompts: /^(true|false)$/,
    ignoreBackchannel: /^(true|false)$/,
    language: /^[a-z]{2,3}-[A-Z]{2}$/,
    ttsLanguage: /^[a-z]{2,3}-[A-Z]{2}$/,
    transcriptionLanguage: /^[a-z]{2,3}-[A-Z]{2}$/,
    ttsProvider: null,
    voice: null,
    transcriptionProvider: null,
    speechModel: null,
    hints: null,
    events: /^(debugging|speaker-events|tokens-played)( (debugging|speaker-events|tokens-played))*$/,
  },
  Language: {
    code: /^[a-z]{2,3}-[A-Z]{2}$/,
    ttsProvider: null,
    voice: null,
    transcriptionProvider: null,
    speechModel: null,
  },
  Parameter: { name: /^.+$/, value: null },
};

/** Why Twilio would not take this TwiML: not well-formed, or an attribute it does not know. Null: it takes it. */
export function twimlFault(xml: string): string | null {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(xml)) return "a character that XML forbids";
  const open: string[] = [];
  let rest = xml.replace(/^<\?xml [^?]*\?>/, "");
  while (rest !== "") {
    const text = /^[^<&]+|^&(?:amp|lt|gt|quot|apos);/.exec(rest);
    const tag = /^<(\/?)([A-Za-z]+)((?:\s+[A-Za-z]+="(?:[^"<&]|&(?:amp|lt|gt|quot|apos);)*")*)\s*(\/?)>/.exec(rest);
    if (text === null && tag === null) return `not well-formed at "${rest.slice(0, 40)}"`;
    rest = rest.slice((text ?? tag)?.[0].length);
    if (tag === null) continue;
    const [, closes, name = "", attributes = "", empty] = tag;
    if (closes === "/" && open.pop() !== name) return `</${name}> closes nothing`;
    const fault = closes === "/" ? null : attributeFault(name, attributes);
    if (fault !== null) return fault;
    if (closes !== "/" && empty !== "/") open.push(name);
  }
  return open.length === 0 ? null : `<${open.at(-1)}> is not closed`;
}

function attributeFault(name: string, attributes: string): string | null {
  const known = voices[name];
  if (known === undefined) return null;
  const seen = new Set<string>();
  for (const [, attribute = "", value = ""] of attributes.matchAll(/([A-Za-z]+)="([^"]*)"/g)) {
    const form = known[attribute];
    if (form === undefined) return `<${name}> has no attribute ${attribute}`;
    if (form !== null && !form.test(value)) return `<${name} ${attribute}> has a value that is not taken`;
    if (seen.has(attribute)) return `<${name} ${attribute}> is there twice`;
    seen.add(attribute);
  }
  return name === "ConversationRelay" && !seen.has("url") ? "<ConversationRelay> has no url" : null;
}
