import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Inbox, RelyingParty } from '../../testing/relying-party.ts';
import { TestGateway } from '../../testing/test-gateway.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium) process.stderr.write('SKIPPED sign-in page in a browser: no Chromium\n');
const withChromium = hasChromium ? describe : describe.skip;
/** Where to keep a picture of the page, for the documentation. */
const pictureFile = process.env['BOOP_LOGIN_PICTURE'];
const waitMs = 60_000;

withChromium('the sign-in page in a browser', () => {
  let gateway: TestGateway;
  let party: RelyingParty;
  let config: client.Configuration;
  let browser: Browser;
  const shop = new Inbox();
  let callback: string;

  beforeAll(async () => {
    // A relying party of WebAuthn has a domain; browsers take this one for secure.
    gateway = await TestGateway.start({ config: { issuer: 'http://localhost:40401' } });
    party = new RelyingParty(gateway);
    shop.status = 200;
    callback = `${await shop.open()}callback`;
    await party.register({ redirect_uris: [callback] });
    config = await party.configure();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', `--host-resolver-rules=MAP localhost:40401 127.0.0.1:${gateway.gateway.httpPort}`] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await shop.close();
    await gateway?.stop();
  }, 120_000);

  async function opened(options: { javaScriptEnabled?: boolean; passkeys?: boolean } = {}) {
    const context = await browser.newContext({ javaScriptEnabled: options.javaScriptEnabled ?? true, viewport: { width: 480, height: 820 }, colorScheme: 'light' });
    context.setDefaultTimeout(waitMs);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    if (options.passkeys) {
      const devtools = await context.newCDPSession(page);
      await devtools.send('WebAuthn.enable');
      await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    }
    return { page, problems };
  }

  /** Of the link on the page; the page may load itself again meanwhile, as it does without a script. */
  async function contextAt(page: Page): Promise<string> {
    const link = await page.getByRole('link', { name: 'its link' }).getAttribute('href');
    return decodeURIComponent(new URL(link!).pathname.split('/').at(-1)!);
  }

  async function visit(page: Page, extra: Record<string, string> = {}): Promise<() => Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers>> {
    const { verifier, url } = await party.begin(config, { redirect_uri: callback, ...extra });
    await page.goto(url.href);
    return async () => {
      await page.waitForURL(`${callback}*`, { timeout: waitMs });
      return await client.authorizationCodeGrant(config, new URL(page.url()), { pkceCodeVerifier: verifier });
    };
  }

  test('shows who asks and a code, and goes on by itself when the palm was accepted', async () => {
    const { page, problems } = await opened();
    const tokens = await visit(page);
    await page.getByRole('heading', { name: 'Sign in to Shop' }).waitFor();
    await page.getByRole('img', { name: 'Code for a palm scanner' }).waitFor();
    await page.getByText(/good for \d+ seconds/).waitFor();
    if (pictureFile !== undefined) {
      mkdirSync(dirname(pictureFile), { recursive: true });
      await page.screenshot({ path: pictureFile });
    }
    await party.present(await contextAt(page));
    expect((await tokens()).claims()).toMatchObject({ sub: 'subject', amr: ['urn:boop:amr:palm'] });
    expect(problems).toEqual([]);
  }, 120_000);

  test('works without a script', async () => {
    const { page } = await opened({ javaScriptEnabled: false });
    const tokens = await visit(page);
    await party.present(await contextAt(page));
    await page.reload();
    await page.getByRole('button', { name: 'Continue to Shop' }).click();
    expect((await tokens()).claims()).toMatchObject({ sub: 'subject' });
  }, 120_000);

  test('a passkey made after a palm stands for the same subject, by the gateway\'s word', async () => {
    const { page, problems } = await opened({ passkeys: true });
    const first = await visit(page);
    await page.getByLabel('After my palm, make a passkey for next time').check();
    await party.present(await contextAt(page));
    await page.getByRole('button', { name: 'Make a passkey for next time' }).click({ timeout: waitMs });
    const palm = await first();
    expect(palm.claims()).toMatchObject({ sub: 'subject', amr: ['urn:boop:amr:palm'] });

    const second = await visit(page);
    await page.getByRole('button', { name: 'Use a passkey instead' }).click();
    const passkey = await second();
    expect(passkey.claims()).toMatchObject({ sub: 'subject', acr: 'urn:boop:acr:passkey', amr: ['hwk', 'user'] });
    expect(decodeProtectedHeader(passkey.id_token!).kid).not.toBe(decodeProtectedHeader(palm.id_token!).kid);
    expect(problems).toEqual([]);

    await visit(page, { acr_values: 'urn:boop:acr:palm:t1n5:verified:liveness-0' });
    await page.getByRole('heading', { name: 'Sign in to Shop' }).waitFor();
    expect(await page.getByRole('button', { name: 'Use a passkey instead' }).count()).toBe(0);
  }, 120_000);

  test('somebody without a palm has a subject that can be told from a palm\'s, the same every time', async () => {
    const { page } = await opened({ passkeys: true });
    const first = await visit(page, { nonce: 'n' });
    await page.getByRole('button', { name: 'Make a passkey: no palm needed' }).click();
    await page.waitForURL(`${callback}*`, { timeout: waitMs });
    await expect(first()).rejects.toMatchObject({ code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' });

    const second = await visit(page);
    await page.getByRole('button', { name: 'Use a passkey instead' }).click();
    const { sub } = (await second()).claims()!;
    expect(sub).toMatch(/^passkey:[A-Za-z0-9_-]{43}$/);
    expect(await gateway.sql('SELECT sub FROM passkeys WHERE sub = $1', [sub])).toHaveLength(1);
  }, 120_000);
});
