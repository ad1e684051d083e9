import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the simulator's telephones", () => {
  let desk: Desk;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk();
    ada = await desk.agent("Ada");
  }, 60_000);
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const says = async (page: Page, words: string) => {
    await page.getByRole("textbox").fill(words);
    await page.keyboard.press("Enter");
  };

  story(
    "a call asked for on the page is held: it rings with the agent, then with the customer, and both talk (R5)",
    async ({ open }) => {
      const { customers } = (await (await fetch(`${desk.url}/simulator/api/phones`)).json()) as {
        customers: { name: string; number: string }[];
      };
      const customerPhone = customers[0]?.number ?? "";
      const agentPhone = customers.find(({ name }) => name.includes("agent"))?.number ?? "";
      const [agent, customer, page] = await Promise.all([open(), open(), open()]);
      await agent.goto(`${desk.url}/simulator#${agentPhone}`);
      await customer.goto(`${desk.url}/simulator#${customerPhone}`);
      await customer.getByText(customerPhone).waitFor();
      await ada.call("PUT", "/presence", { presence: "available", phone: agentPhone });
      await page.goto(`${desk.url}/call`);
      await page.locator("#phone").fill(customerPhone);
      await page.locator("#topic").fill("My invoice");
      await page.locator("form.call button").last().click();

      await button(agent, "Answer").waitFor();
      expect(await agent.title()).toContain("Customer service calls");
      expect(await button(customer, "Answer").isVisible()).toBe(false);
      // The button has the focus: whoever holds the telephone takes the call with the Enter key.
      await agent.keyboard.press("Enter");
      await agent.getByText(/My invoice.*Press 1/).waitFor();
      await button(agent, "1").click();
      await button(customer, "Answer").waitFor();
      expect(await accessibilityFaults(customer, "main")).toEqual([]);
      await button(customer, "Answer").click();
      await customer.getByText("press 9").waitFor();
      // Another key than the one that ends all calls: they need not hear the rest.
      await button(customer, "1").click();
      await customer.getByText("You, an agent").waitFor();
      await agent.getByText("You, the customer").waitFor();
      await says(customer, "Is it about my invoice?");
      await agent.getByText("Is it about my invoice?").waitFor();
      await says(agent, "It is corrected.");
      await customer.getByText("It is corrected.").waitFor();
      expect(await accessibilityFaults(customer, "main")).toEqual([]);
      // R7: the page is loaded anew in the middle of it.
      await customer.reload();
      await customer.getByText("You, an agent").waitFor();
      await button(customer, "Hang up").click();
      await customer.getByText("The call has ended.").waitFor();
      expect(await customer.evaluate("document.activeElement.id")).toBe("dial");
      await agent.getByText("The call has ended.").waitFor();
      await expect
        .poll(async () => (await ada.call("GET", "/calls")).body.call?.wrapUp, { timeout: 10_000 })
        .toBe(true);
    },
    60_000,
  );
});
