import { generate, keep, keepEarlier, session, unlessEnded } from "./call.ts";

/** Goes on with the conversation of a link that was sent to the customer; false: the link has ended. */
export async function resumeWith(key: string): Promise<boolean> {
  const before = session();
  const resumed = await unlessEnded(generate({ resume: key }));
  // The chat that this browser had is not lost: whoever signs in is asked about it.
  if (resumed !== null && before?.resume !== undefined && before.conversationId !== resumed.conversationId)
    keepEarlier(before.resume);
  if (resumed !== null) keep(resumed);
  return resumed !== null;
}
