import { existsSync } from 'node:fs';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';

const executablePath = process.env['BOOP_CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser on this machine; where there is none, that is said by name. */
export function hasBrowser(): boolean {
  const found = existsSync(executablePath);
  if (!found) process.stderr.write(`SKIPPED: no Chromium at ${executablePath}; the owner's page was not opened\n`);
  return found;
}

/** A person's own page in a real browser. */
export class OwnerPage {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #consoleUrl: string;
  /** What the page complained of. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser, page: Page, consoleUrl: string) {
    this.#browser = browser;
    this.#page = page;
    this.#consoleUrl = consoleUrl;
    page.on('pageerror', (error) => this.complaints.push(error.message));
  }

  static async open(consoleUrl: string): Promise<OwnerPage> {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: { width: 1_100, height: 900 }, acceptDownloads: true, locale: 'en-GB' });
    context.setDefaultTimeout(60_000);
    return new OwnerPage(browser, await context.newPage(), consoleUrl);
  }

  get page(): Page {
    return this.#page;
  }

  /** Registers a synthetic palm; the account key stays in the browser. */
  async register(palm: number): Promise<void> {
    await this.#page.goto(`${this.#consoleUrl}/#/register`);
    await this.#page.getByLabel('Synthetic palm number').fill(String(palm));
    await this.#page.getByRole('button', { name: /^Register/ }).click();
    await this.#page.getByRole('button', { name: 'I agree' }).click();
    await this.#page.getByText(/Registered\. The log entry is/).waitFor();
  }

  async visit(query = ''): Promise<void> {
    await this.#page.goto(`${this.#consoleUrl}/#/owner${query}`);
    await this.#page.getByRole('heading', { name: 'What is stored' }).waitFor();
  }

  /** Presses a button and waits until the page says what came of it. */
  async press(name: string | RegExp, said: string | RegExp): Promise<void> {
    await this.#page.getByRole('button', { name }).click();
    await this.says(said);
  }

  async says(text: string | RegExp): Promise<void> {
    await this.#page.getByRole('status').filter({ hasText: text }).waitFor();
  }

  /** Gives the browser an authenticator that is there and verifies its user (WebAuthn Level 3 section 11). @returns what takes all its passkeys away */
  async passkeys(): Promise<() => Promise<void>> {
    const devtools: CDPSession = await this.#page.context().newCDPSession(this.#page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    return async () => void (await devtools.send('WebAuthn.clearCredentials', { authenticatorId }));
  }

  async store(attribute: string, value: string): Promise<void> {
    await this.#page.locator('select[name=attribute]').selectOption({ label: attribute });
    await this.#page.locator('input[name=value]').fill(value);
    await this.press('Store', `${attribute} is stored`);
  }

  /** Presses a button that saves a file. @returns its JSON */
  async saved(name: string | RegExp): Promise<unknown> {
    const [download] = await Promise.all([this.#page.waitForEvent('download'), this.#page.getByRole('button', { name }).click()]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  }

  async picture(path: string): Promise<void> {
    await this.#page.screenshot({ path, fullPage: true });
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
