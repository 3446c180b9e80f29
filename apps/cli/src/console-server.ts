import { loadConfig, runProcess } from '@boop/platform';
import { z } from 'zod';
import { CONSOLE_PAGES } from './network/programs.ts';
import { startStaticServer } from './network/static-server.ts';

const schema = z.strictObject({
  http: z.strictObject({ host: z.string(), port: z.number().int().min(0).max(65_535) }),
  publicUrls: z.strictObject({ gateway: z.url(), bridge: z.url(), ledger: z.url(), console: z.url() }),
});

runProcess('console', async ({ onStop }) => {
  const { http, publicUrls } = loadConfig(schema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const { gateway, bridge, ledger } = publicUrls;
  const server = await startStaticServer({ ...http, pages: CONSOLE_PAGES, settings: { gateway, bridge, ledger }, connectTo: [gateway, bridge, ledger] });
  onStop(() => server.close());
});
