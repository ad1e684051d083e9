/** What this page shows. Modules read it; `changed` tells the others. */
export const desk = {
  me: null,
  /** The view on the left, and which callbacks when it is theirs. */
  view: "queue",
  callbackView: "open",
  /** Whose callbacks: an agent's id, "nobody", or everybody's. */
  callbackAgent: "",
  /** The open conversation's id, the conversation itself once it is here, and the last seq on the screen. */
  openId: null,
  conversation: null,
  lastSeq: 0,
  /** This agent takes calls; one is offered to them now. */
  takesCalls: false,
  /** It did, and then did not any more without having said so here. */
  stopped: false,
  ringing: false,
};

const listeners = new Map();

/** Calls back whenever somebody says that this happened: "list", "thread", "conversation", "signed-out". */
export function on(what, listener) {
  listeners.set(what, [...(listeners.get(what) ?? []), listener]);
}

export function changed(what, detail) {
  for (const listener of listeners.get(what) ?? []) listener(detail);
}
