const yesOrNo = /^(true|false)$/;
/** An address, whole or below the one of the document. */
const httpUrl = /^(https?:\/\/|\/)\S+$/;
const method = /^(GET|POST)$/;
const wholeNumber = /^\d{1,5}$/;
const language = /^[a-z]{2,3}-[A-Z]{2}$/;

/** What Twilio takes in the verbs of a live call; null: any text. Lists end where we have no use for more. */
const voices: Readonly<Record<string, Readonly<Record<string, RegExp | null>>>> = {
  Response: {},
  Say: { language, voice: null, loop: wholeNumber },
  Play: { loop: wholeNumber, digits: /^[\d*#w]+$/ },
  Pause: { length: wholeNumber },
  Redirect: { method },
  Hangup: {},
  Reject: { reason: /^(rejected|busy)$/ },
  Gather: {
    input: /^(speech|dtmf|speech dtmf|dtmf speech)$/,
    method,
    action: httpUrl,
    language,
    speechTimeout: /^(auto|\d{1,3})$/,
    timeout: wholeNumber,
    numDigits: /^[1-9]\d{0,2}$/,
    finishOnKey: /^[\d*#]?$/,
    actionOnEmptyResult: yesOrNo,
    hints: null,
    bargeIn: yesOrNo,
    profanityFilter: yesOrNo,
    speechModel: null,
  },
  Record: {
    action: httpUrl,
    method,
    maxLength: /^[1-9]\d{0,4}$/,
    timeout: wholeNumber,
    finishOnKey: /^[\d*#]+$/,
    playBeep: yesOrNo,
    trim: /^(trim-silence|do-not-trim)$/,
    transcribe: yesOrNo,
    transcribeCallback: httpUrl,
    recordingStatusCallback: httpUrl,
    recordingStatusCallbackMethod: method,
    recordingStatusCallbackEvent: /^(in-progress|completed|absent)( (in-progress|completed|absent))*$/,
  },
  Dial: {
    action: httpUrl,
    method,
    timeout: wholeNumber,
    timeLimit: wholeNumber,
    callerId: null,
    answerOnBridge: yesOrNo,
  },
  Conference: {
    beep: /^(true|false|onEnter|onExit)$/,
    startConferenceOnEnter: yesOrNo,
    endConferenceOnExit: yesOrNo,
    participantLabel: /^.{1,128}$/,
    muted: yesOrNo,
    coach: /^CA[0-9a-f]{32}$/,
    waitUrl: httpUrl,
    waitMethod: method,
    maxParticipants: wholeNumber,
    statusCallback: httpUrl,
    statusCallbackEvent: null,
  },
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

const verbs = ["Say", "Play", "Pause", "Redirect", "Hangup", "Reject", "Gather", "Record", "Dial", "Connect"];
/** What may stand in what. */
const inside: Readonly<Record<string, readonly string[]>> = {
  Response: verbs,
  Gather: ["Say", "Play", "Pause"],
  Dial: ["Conference"],
  Connect: ["ConversationRelay"],
  ConversationRelay: ["Language", "Parameter"],
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
    const fault = closes === "/" ? null : (placeFault(name, open.at(-1)) ?? attributeFault(name, attributes));
    if (fault !== null) return fault;
    if (closes !== "/" && empty !== "/") open.push(name);
  }
  return open.length === 0 ? null : `<${open.at(-1)}> is not closed`;
}

function placeFault(name: string, parent: string | undefined): string | null {
  if (voices[name] === undefined) return `there is no verb <${name}>`;
  if (parent === undefined) return name === "Response" ? null : `<${name}> stands outside <Response>`;
  return inside[parent]?.includes(name) === true ? null : `<${name}> does not stand in <${parent}>`;
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
