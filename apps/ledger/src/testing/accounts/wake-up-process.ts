import { createInterface } from 'node:readline';
import { openWakeUp, silentLogger } from '@boop/platform';

// A process that never polls: it says when it was woken, wakes others when told, and ends with its input.
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const wakeUp = await openWakeUp('boop-settlements', { databaseUrl: process.env['JOBS_DATABASE_URL']! }, { work: async () => say('woken'), log: silentLogger, intervalMs: 600_000 });
say('ready');
for await (const line of createInterface(process.stdin)) if (line === 'wake') wakeUp.wake();
await wakeUp.close();
