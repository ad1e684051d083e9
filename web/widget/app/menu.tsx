import { tellHost } from "./host.ts";
import { forget } from "./leave.ts";
import { openReach } from "./reach.tsx";
import { setSound } from "./sound.ts";
import { change, state } from "./state.ts";
import { saveTranscript } from "./transcript.ts";
import { config, say } from "./words.ts";

/** What is wanted seldom. The browser opens and closes it, Escape included. */
export function Menu() {
  const { entries, sound, signedIn } = state;
  return (
    <div id="menu" popover="auto">
      <button type="button" onClick={() => setSound(!sound)}>
        {say(sound ? "soundOff" : "soundOn")}
      </button>
      {entries.length > 0 && (
        <button type="button" onClick={() => void download()}>
          {say("transcript")}
        </button>
      )}
      {entries.length > 0 && (
        <button type="button" popoverTarget="menu" onClick={openReach}>
          {say("tellMe")}
        </button>
      )}
      {signedIn !== null && (
        <button type="button" onClick={() => void forget()}>
          {say("signOut")}
        </button>
      )}
      {entries.length > 0 && (
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
