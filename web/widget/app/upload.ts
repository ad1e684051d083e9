import { base, openSession, Refused, refusal } from "./call.ts";
import { toActivity, update } from "./outgoing.ts";
import { type Pending, state } from "./state.ts";

const uploadWithinMs = 120_000;

let upload: XMLHttpRequest | null = null;

/** Posts a message with its files, and shows how far it is. */
export async function postFiles(pending: Pending): Promise<void> {
  const opened = await openSession(true);
  if (opened === null) throw new Refused(403, "Ended", 0);
  // Cancelled before it began.
  if (!state.pending.some(({ id }) => id === pending.id)) return;
  const form = new FormData();
  form.append(
    "activity",
    new Blob([JSON.stringify(toActivity(pending))], { type: "application/vnd.microsoft.activity" }),
  );
  for (const file of pending.files) if (file instanceof File) form.append("file", file, file.name);
  const request = new XMLHttpRequest();
  upload = request;
  await new Promise<void>((resolve, reject) => {
    request.open("POST", `${base}/conversations/${opened.conversationId}/upload`);
    request.setRequestHeader("authorization", `Bearer ${opened.token}`);
    request.timeout = uploadWithinMs;
    request.upload.onprogress = ({ loaded, total }) => update(pending.id, { progress: loaded / total });
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(refusal(request.status, request.responseText, request.getResponseHeader("retry-after")));
    request.onerror = request.ontimeout = () => reject(new Error("away"));
    // Cancelled by the customer: its entry is gone.
    request.onabort = () => resolve();
    request.send(form);
  }).finally(() => {
    upload = null;
  });
}

export function cancelUpload(): void {
  upload?.abort();
}
