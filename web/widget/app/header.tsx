import { tellHost } from "./host.ts";
import { fetchLater, later, sayAway } from "./later.ts";
import { change, state } from "./state.ts";
import { config, say } from "./words.ts";

/** Who is on the other side, and how long it takes. */
export function Header() {
  const { name: agent = config.company, face } = state.line?.agent ?? {};
  const { signedIn } = state;
  const parts = later();
  return (
    <header>
      {face ? (
        <img class="face" src={face} alt="" />
      ) : (
        <span class="face" aria-hidden="true">
          {initials(agent)}
        </span>
      )}
      <div>
        <h1>
          <bdi>{agent}</bdi>
        </h1>
        <p id="who" role="status">
          {whoAnswers()}
        </p>
        {signedIn !== null && (
          <p>
            {say("signedIn")}: <bdi>{signedIn}</bdi>
          </p>
        )}
      </div>
      <button
        type="button"
        popoverTarget="menu"
        aria-label={say("more")}
        title={say("more")}
        aria-haspopup="true"
        onClick={later() === null ? openMenu : null}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4z" />
        </svg>
      </button>
      <button type="button" aria-label={say("close")} title={say("close")} onClick={close}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M19 6.4 17.6 5 12 10.6 6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6z" />
        </svg>
      </button>
      {parts !== null && <parts.Menu />}
    </header>
  );
}

/** The browser opens the menu by itself, once it is there. */
async function openMenu(): Promise<void> {
  if ((await fetchLater()) === null) sayAway();
  else document.querySelector<HTMLElement>("#menu")?.showPopover();
}

export function close(): void {
  change({ panel: null });
  tellHost("close");
}

function whoAnswers(): string {
  const { line } = state;
  if (line?.status === "resolved") return say("resolved");
  if (line?.owner === "agent" && line.agent !== null) return say("with", { name: line.agent.name });
  if (line?.owner !== "queue") return `${say("ai")} · ${say("atOnce")}`;
  const { desk, opensAt, place, waitSeconds } = line;
  const minutes = waitSeconds === null ? "" : say("minutes", { n: Math.max(1, Math.ceil(waitSeconds / 60)) });
  const stands = {
    here: minutes || (place ?? 1) > 1 ? minutes : say("waitsForPerson"),
    busy: `${say("busy")} ${minutes}`,
    away: say("nobody"),
    closed: opensAt === null ? say("nobody") : say("closed", { when: shortly(opensAt) }),
  };
  return `${place === null ? "" : say("line", { n: place })} ${stands[desk]}`;
}

/** In the customer's own zone. */
function shortly(at: string): string {
  const form = { weekday: "long", hour: "numeric", minute: "2-digit" } as const;
  return new Date(at).toLocaleString(config.locale, form);
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
}
