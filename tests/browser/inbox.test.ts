import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { accessibilityFaults, faultsInLooks } from "../support/accessibility.ts";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the inbox", () => {
  let desk: Desk;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk();
    ada = await desk.agent("Ada");
  });
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  type Open = (options?: BrowserContextOptions & { expectedFaults?: RegExp }) => Promise<Page>;

  /** The page of a signed-in agent, before it was loaded. */
  async function signedIn(open: Open, options: Parameters<Open>[0] = {}): Promise<Page> {
    const page = await open(options);
    await page
      .context()
      .addCookies([{ name: "everline_session", value: ada.token, url: desk.url, sameSite: "Strict" }]);
    return page;
  }

  let numbers = 0;
  /** A new customer who waits in the queue, and how to open them on the page. */
  async function customer(text: string) {
    numbers += 1;
    const from = `+1202555${String(numbers).padStart(4, "0")}`;
    const { conversationId: id } = await desk.says(from, text, "queue");
    return { id, from, open: (page: Page) => page.locator(`#list li[data-id="${id}"] button`).click() };
  }

  const words = (page: Page) => page.locator("#timeline .bubble").allInnerTexts();

  story("X1 X4 names and words are only ever words, whatever is in them", async ({ open }) => {
    const attacks = [
      "<img src=x onerror=\"document.title='taken'\">",
      "<script>document.title='taken'</script>",
      "\u202eevil\u0000\u200b <svg/onload=alert(1)>",
      "javascript:alert(1) [a](javascript:alert(1))",
    ];
    const one = await customer(attacks.join("\n").replace("\u0000", ""));
    await desk.db.run(
      (sql) => sql`update contacts set name = ${attacks[0] ?? ""}
        where id = (select contact_id from conversations where id = ${one.id})`,
    );
    await ada.call("POST", `/conversations/${one.id}/messages`, {
      clientId: "x",
      kind: "note",
      text: attacks[1] ?? "",
    });
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#timeline .note").waitFor();
    expect(await page.locator("#who").textContent()).toBe(attacks[0]);
    expect((await words(page)).join("\n")).toContain("<svg/onload=alert(1)>");
    expect(await page.locator("#desk :is(img, svg, script, iframe)").count()).toBe(0);
    expect(await page.title()).toContain("Inbox");
  });

  story(
    "X1 R7 an answer's marks are shown as the customer sees them, and once how far they have read",
    async ({ open }) => {
      const one = await customer("what is a late fee?");
      const text =
        "A **late fee** is <b>one</b>:\n- paid once\n- [never](javascript:alert(1)) more\n\nSee [here](https://example.com/x).";
      await desk.db.run(
        (sql) => sql`with taken as (
          update conversations set next_seq = next_seq + 4 where id = ${one.id} returning next_seq - 4 as seq),
        said as (insert into messages (conversation_id, seq, author, parts)
          select ${one.id}::uuid, seq + n, 'assistant', ${sql.json([{ t: "text", text, format: "markdown" }])} from taken, generate_series(0, 1) n)
        insert into events (conversation_id, seq, type, actor, data)
          select ${one.id}::uuid, seq + n, 'message', 'assistant', '{}'::jsonb from taken, generate_series(0, 1) n
          union all select ${one.id}::uuid, seq + 1 + n, 'receipt', 'contact', jsonb_build_object('upTo', seq + n - 1)
            from taken, generate_series(1, 2) n`,
      );
      const page = await signedIn(open);
      await page.goto(`${desk.url}/inbox`);
      await one.open(page);
      const answer = page.locator("#timeline .assistant .marked").first();
      await answer.waitFor();
      expect(await answer.locator("strong").allTextContents()).toEqual(["late fee"]);
      expect(await answer.locator("li").allTextContents()).toEqual(["paid once", "[never](javascript:alert(1)) more"]);
      expect(await answer.locator("a").getAttribute("href")).toBe("https://example.com/x");
      expect(await answer.textContent()).toContain("<b>one</b>");
      expect(await page.getByText("The customer has read").count()).toBe(1);
      expect(await page.locator("#timeline > li").last().textContent()).toContain("read up to here");
    },
  );

  story("a draft stays with its conversation, and what is sent goes where it was written", async ({ open }) => {
    const [first, second] = [await customer("first here"), await customer("second here")];
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await first.open(page);
    await page.locator("#text").fill("half a thought");
    await second.open(page);
    await expect.poll(() => page.locator("#text").inputValue()).toBe("");
    await page.locator("#text").fill("Hello, second.");
    await page.keyboard.press("Control+Enter");
    await page.locator("#timeline .ours:not(.unsent)", { hasText: "Hello, second." }).waitFor();
    // Whoever answers has the conversation; from then on the customer sees that more is being written.
    const told = page.waitForRequest(`**/conversations/${second.id}/typing`);
    await expect
      .poll(async () => {
        await page.locator("#text").fill("And");
        return Promise.race([told.then(() => true), page.waitForTimeout(100)]);
      })
      .toBe(true);
    await page.locator("#text").fill("");
    await first.open(page);
    expect(await page.locator("#text").inputValue()).toBe("half a thought");
    await page.reload();
    await first.open(page);
    await expect.poll(() => page.locator("#text").inputValue()).toBe("half a thought");
  });

  story("an agent sees that the customer is writing, in the conversation that is open", async ({ open }) => {
    const direct = async (path: string, token: string | null, body: object) => {
      const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${desk.url}/v3/directline${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, string>;
    };
    const { conversationId = "", token = "" } = await direct("/tokens/generate", null, {});
    const says = (activity: object) => direct(`/conversations/${conversationId}/activities`, token, activity);
    await says({ type: "message", text: "hello" });
    const other = await customer("somebody else");
    await ada.call("POST", `/conversations/${conversationId}/claim`);
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await other.open(page);
    await says({ type: "typing" });
    await page.locator("#views button", { hasText: "Mine" }).click();
    await page.locator(`#list li[data-id="${conversationId}"] button`).click();
    await page.locator("#timeline .bubble", { hasText: "hello" }).waitFor();
    expect(await page.locator("#typing").isHidden()).toBe(true);
    await expect
      .poll(async () => {
        await says({ type: "typing" });
        return page.locator("#typing").isVisible();
      })
      .toBe(true);
    await says({ type: "message", text: "are you there?" });
    await page.locator("#timeline .bubble", { hasText: "are you there?" }).waitFor();
    expect(await page.locator("#typing").isHidden()).toBe(true);
  });

  story("an agent's picture is made small, and the customer sees it beside the name", async ({ open }) => {
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await page.getByRole("button", { name: "My picture" }).click();
    const picture = await page.evaluate(`new Promise((made) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 900, height: 400 });
      canvas.getContext("2d").fillRect(0, 0, 900, 400);
      canvas.toBlob(async (blob) => made([...new Uint8Array(await blob.arrayBuffer())]));
    })`);
    const file = { name: "me.png", mimeType: "image/png", buffer: Buffer.from(picture as number[]) };
    await page.locator("#dialog input[type=file]").setInputFiles(file);
    await page.getByText("Customers see this picture now.").waitFor();

    const visitor = await open();
    const chat = await openChat(visitor, `${desk.url}/help/en`);
    await chat.locator(".people button").first().click();
    await chat.locator("li.assistant").nth(1).waitFor();
    const { conversationId } = JSON.parse(await visitor.evaluate("localStorage['everline:s']"));
    await ada.call("POST", `/conversations/${conversationId}/claim`);
    const face = chat.locator("header img.face");
    await face.waitFor();
    expect(await face.evaluate((image: unknown) => (image as { naturalWidth: number }).naturalWidth)).toBe(96);
    expect(await accessibilityFaults(visitor)).toEqual([]);
  });

  story("R7 a long thread is read to its first message, and a new message appears by itself", async ({ open }) => {
    const one = await customer("number 1");
    for (let number = 2; number <= 260; number++) await desk.says(one.from, `number ${number}`);
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#timeline .bubble", { hasText: /^number 260$/ }).waitFor();
    await expect
      .poll(
        async () => {
          await page.locator("#scroller").evaluate((box) => {
            box.scrollTop = 0;
          });
          return (await words(page)).length;
        },
        { timeout: 15_000 },
      )
      .toBe(260);
    expect(await words(page)).toEqual(Array.from({ length: 260 }, (_, index) => `number ${index + 1}`));
    await desk.says(one.from, "are you there?");
    await page.locator("#timeline .bubble", { hasText: "are you there?" }).waitFor();
  });

  story("newer messages are asked about in the thread, and nothing is sent twice", async ({ open }) => {
    const one = await customer("hello");
    const page = await signedIn(open, { expectedFaults: /409/ });
    // A socket that says nothing, and a timeline that ends before it: the page does not know what came meanwhile.
    await page.routeWebSocket(/\/api\/v1\/live/, () => undefined);
    await page.route(/\/events\?/, async (route) => {
      // What is under way when the route ends is answered by the service.
      const { events } = await (await route.fetch()).json();
      const first = { events: events.filter((event: { seq: number }) => event.seq === 1), lastSeq: 1 };
      await route.fulfill({ json: first }).catch(() => undefined);
    });
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#timeline .bubble").waitFor();
    await page.locator("#text").fill("Good morning");
    await desk.says(one.from, "wait, one more thing");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("1 newer message: send anyway?").waitFor();
    await page.unroute(/\/events\?/);
    await page.getByRole("button", { name: "Send anyway" }).click();
    await page.locator("#timeline .ours:not(.unsent)").waitFor();
    await expect.poll(() => page.locator(".unsent").count()).toBe(0);
    expect(await words(page)).toEqual(["hello", "wait, one more thing", "Good morning"]);
  });

  story("a reply too long for the channel is kept with what to do, and goes back to be edited", async ({ open }) => {
    const one = await customer("hello");
    const page = await signedIn(open, { expectedFaults: /409/ });
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#timeline .bubble").waitFor();
    const text = "This goes on and on without end. ".repeat(120).trim();
    await page.locator("#text").fill(text);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const unsent = page.locator(".unsent", { hasText: "longer than one reply can be on this channel" });
    await unsent.waitFor();
    expect(await unsent.locator(".bubble").textContent()).toBe(text);
    expect(await unsent.getByRole("button").allTextContents()).toEqual(["Edit"]);
    await unsent.getByRole("button", { name: "Edit" }).click();
    expect(await page.locator("#text").inputValue()).toBe(text);
    await page.locator("#text").fill("In short: yes.");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator("#timeline .ours:not(.unsent)", { hasText: "In short: yes." }).waitFor();
    await expect.poll(() => page.locator(".unsent").count()).toBe(0);
  });

  story("what was written without a connection is kept, and goes out once when asked again", async ({ open }) => {
    const one = await customer("hello");
    const page = await signedIn(open, { expectedFaults: /Failed to load resource|WebSocket|net::/ });
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#timeline .bubble").waitFor();
    await page.context().setOffline(true);
    await page.locator("#text").fill("Can you hear me?");
    await page.keyboard.press("Control+Enter");
    await page.getByText("No connection.").waitFor();
    await page.context().setOffline(false);
    await page.locator(".unsent").getByRole("button", { name: "Try again" }).click();
    await page.locator("#timeline .ours:not(.unsent)").waitFor();
    await expect.poll(() => page.locator(".unsent").count()).toBe(0);
    expect(await words(page)).toEqual(["hello", "Can you hear me?"]);
  });

  story("a telephone shows the list, the messages or the customer, each alone", async ({ open }) => {
    const one = await customer("on the train");
    const page = await signedIn(open, { viewport: { width: 390, height: 760 } });
    await page.goto(`${desk.url}/inbox`);
    const shown = async () => {
      const panes = [".list", ".thread", "#context"].map((pane) => page.locator(pane).isVisible());
      return (await Promise.all(panes)).map(Number).join("");
    };
    await page.locator("#list li").first().waitFor();
    expect(await shown()).toBe("100");
    await one.open(page);
    await page.locator("#timeline .bubble").waitFor();
    expect(await shown()).toBe("010");
    await page.locator("#show-context").click();
    expect((await page.locator("#context > header").boundingBox())?.y).toBeLessThan(60);
    await page.getByRole("button", { name: "Back to the messages" }).click();
    await page.getByRole("button", { name: "Back to the list" }).click();
    expect(await shown()).toBe("100");
  });

  story("the keys take, resolve and undo without the mouse", async ({ open }) => {
    const one = await customer("by keyboard, please");
    const page = await signedIn(open);
    await page.goto(`${desk.url}/inbox`);
    await one.open(page);
    await page.locator("#standing", { hasText: "Waits for a person" }).waitFor();
    await page.locator("#list-title").click();
    await page.keyboard.press("c");
    await page.locator("#standing", { hasText: "Yours" }).waitFor();
    await page.keyboard.press("e");
    await page.locator("#standing", { hasText: "Resolved" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator("#standing", { hasText: "Yours" }).waitFor();
    await page.keyboard.press("n");
    expect(await page.locator("#text:focus").count()).toBe(1);
    expect(await page.locator("#composer.noting").count()).toBe(1);
  });

  story(
    "nothing that agents and operators see is inaccessible, by day and night, wide and narrow",
    async ({ open }) => {
      const one = await customer("is this readable?");
      const page = await open({ expectedFaults: /status of 401/ });
      const clean = async (name: string): Promise<void> => {
        expect(await faultsInLooks(page, agentsLooks), name).toEqual([]);
      };
      await page.goto(`${desk.url}/inbox`);
      await page.getByLabel("Password").waitFor();
      await clean("signing in");
      await page.goto(`${desk.url}/inbox/setup?token=none`);
      await page.getByLabel("Your name").waitFor();
      await clean("the first administrator");
      const root = await desk.agent("Rut", "admin");
      await page
        .context()
        .addCookies([{ name: "everline_session", value: root.token, url: desk.url, sameSite: "Strict" }]);
      await page.goto(`${desk.url}/inbox`);
      await page.locator("#list li").first().waitFor();
      await clean("the list");
      await page.setViewportSize({ width: 1_280, height: 760 });
      // While nobody is open nothing of the desk is left bare.
      const head = await page.locator("#head").boundingBox();
      expect((head?.x ?? 0) + (head?.width ?? 0)).toBe(1_280);
      await one.open(page);
      await page.locator("#timeline .bubble").waitFor();
      await clean("a conversation");
      await page.keyboard.press("?");
      await page.locator("dialog[open]").waitFor();
      await clean("the keys");
      for (const path of ["/inbox/settings", "/inbox/articles"]) {
        await page.goto(desk.url + path);
        await page.locator("main:not([hidden])").waitFor();
        await clean(path);
      }
    },
  );
});

const agentsLooks = [
  { colorScheme: "light", width: 1_280 },
  { colorScheme: "dark", width: 1_280 },
  { colorScheme: "dark", width: 390 },
] as const;
