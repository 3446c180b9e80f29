import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './layout.ts';
import { type ProcessPlan } from './provision.ts';

export interface Program {
  readonly script: string;
  readonly nodeOptions?: readonly string[];
}

/** A role without a program isn't started. */
export type Programs = Readonly<Partial<Record<ProcessPlan['role'], Program>>>;

/** Where the console's build leaves its pages. */
export const CONSOLE_PAGES = join(projectRoot, 'apps', 'console', 'dist');

/** A search makes and drops some megabytes: a young generation (MiB) that takes them makes an authentication a few milliseconds shorter. */
const nodeOptions = ['--max-semi-space-size=64'];

/** The built apps of this checkout; the console's server only where its pages were built. */
export function builtPrograms(): Programs {
  const app = (name: string, script = 'main.js'): Program => ({ script: join(projectRoot, 'apps', name, 'dist', script) });
  return {
    node: { ...app('mpc-node'), nodeOptions },
    gateway: app('api-gateway'),
    bridge: app('bridge'),
    ledger: app('ledger'),
    attributes: app('attributes'),
    ...(existsSync(join(CONSOLE_PAGES, 'index.html')) ? { console: app('cli', 'console-server.js') } : {}),
  };
}
