import { channelContract, type Line, type Post } from "./contract.ts";

interface Opened {
  readonly conversationId: string;
  readonly token: string;
}

/** Each person's own conversation, opened once as a browser does. */
const opened = new Map<string, Promise<Opened>>();

function openedFor({ everline }: Line, person: string): Promise<Opened> {
  const known = opened.get(person);
  if (known !== undefined) return known;
  const made = fetch(`${everline.url}/v3/directline/tokens/generate`, { method: "POST" }).then(
    async (response) => (await response.json()) as Opened,
  );
  opened.set(person, made);
  return made;
}

channelContract({
  name: "web-chat",
  settings: () => ({}),
  async text(line, person, id, text) {
    const { conversationId, token } = await openedFor(line, person);
    return {
      path: `/v3/directline/conversations/${conversationId}/activities`,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ type: "message", text, channelData: { clientActivityID: id } }),
    };
  },
  forged: {
    "without a token": (post: Post): Post => ({ ...post, headers: { "content-type": "application/json" } }),
    "with a token cut short": (post: Post): Post => withToken(post, (token) => token.slice(0, -2)),
    "with a token changed": (post: Post): Post => withToken(post, (token) => `x${token.slice(1)}`),
    "for another's conversation": (post: Post): Post => ({
      ...post,
      path: "/v3/directline/conversations/01a20b68-32c3-7b17-a335-d1f249cadc2c/activities",
    }),
  },
});

function withToken(post: Post, change: (token: string) => string): Post {
  const token = (post.headers.authorization ?? "").replace("Bearer ", "");
  return { ...post, headers: { ...post.headers, authorization: `Bearer ${change(token)}` } };
}
