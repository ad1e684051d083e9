import { tellHost } from "./host.ts";
import { forget } from "./leave.ts";
import { canTell, openReach } from "./reach.tsx";
import { setSound } from "./sound.ts";
import { change, state } from "./state.ts";
import { saveTranscript } from "./transcript.ts";
import { config, say } from "./words.ts";

/** It was opened once: what its entries need is asked for. */
let wanted = false;

/** What is wanted seldom. The browser opens and closes it, Escape included. */
export function Menu() {
  const { entries, sound, signedIn, pending } = state;
  return (
    <div id="menu" popover="auto" onToggle={want}>
      <button type="button" onClick={() => setSound(!sound)}>
        {say(sound ? "soundOff" : "soundOn")}
      </button>
      {entries.length > 0 && (
        <button type="button" onClick={() => void download()}>
          {say("transcript")}
        </button>
      )}
      {entries.length > 0 && canTell(wanted) && (
        <button type="button" popoverTarget="menu" onClick={openReach}>
          {say("tellMe")}
        </button>
      )}
      {signedIn !== null && (
        <button type="button" onClick={() => void forget()}>
          {say("signOut")}
        </button>
      )}
      {(entries.length > 0 || pending.length > 0) && (
        <button type="button" onClick={() => void forget()}>
          {say("forget")}
        </button>
      )}
      <div class="languages">
        {Object.entries(config.languages ?? {}).map(([code, name]) => (
          <button type="button" lang={code} aria-current={code === config.locale} onClick={() => speak(code)}>
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}

function want(): void {
  if (wanted) return;
  wanted = true;
  change({});
}

async function download(): Promise<void> {
  await saveTranscript().then(
    () => change({ error: null }),
    () => change({ error: "notNow" }),
  );
}

function speak(code: string): void {
  if (parent !== window) tellHost("setLocale", code);
  else location.search = `?locale=${code}`;
}
