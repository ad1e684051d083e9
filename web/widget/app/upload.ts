import { base, openSession, Refused, refusal } from "./call.ts";
import { toActivity, update } from "./outgoing.ts";
import { type Pending, state } from "./state.ts";

/** The slowest line that is waited for sends 20 bytes in a millisecond; what is not through then is sent anew, under its id. */
const slowestBytesPerMs = 20;
const uploadWithinMs = { least: 15_000, most: 120_000 };

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
  let bytes = 0;
  for (const file of pending.files) {
    if (!(file instanceof File)) continue;
    form.append("file", file, file.name);
    bytes += file.size;
  }
  const request = new XMLHttpRequest();
  upload = request;
  await new Promise<void>((resolve, reject) => {
    request.open("POST", `${base}/conversations/${opened.conversationId}/upload`);
    request.setRequestHeader("authorization", `Bearer ${opened.token}`);
    request.timeout = Math.min(uploadWithinMs.least + bytes / slowestBytesPerMs, uploadWithinMs.most);
    request.upload.onprogress = ({ loaded, total }) => update(pending.id, { progress: loaded / total });
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(refusal(request.status, request.responseText, request.getResponseHeader("retry-after")));
    request.onerror = () => reject(new Error("away"));
    request.ontimeout = () => reject(new DOMException("away", "TimeoutError"));
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
