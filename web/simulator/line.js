const againMs = 2_000;
let events = null;
let timer;

/** Holds the telephone of `number`: `changed` hears how it stands, again and again; null while nobody can say. */
export function hold(number, changed) {
  clearTimeout(timer);
  events?.close();
  const mine = new EventSource(`/simulator/api/line?${new URLSearchParams({ number })}`);
  events = mine;
  mine.onmessage = ({ data }) => changed(JSON.parse(data));
  mine.onerror = () => {
    changed(null);
    // A browser tries again by itself, except where it was refused.
    if (mine.readyState === EventSource.CLOSED && mine === events)
      timer = setTimeout(hold, againMs * (0.5 + Math.random()), number, changed);
  };
}
