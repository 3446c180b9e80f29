import { existsSync, mkdirSync } from 'node:fs';
import { type EmbeddedPostgres, readSecretFile, startEmbeddedPostgres, writeFileAtomic } from '@boop/platform';
import { BoopError, isBoopError } from '@boop/shared';
import { listenForStop } from '../network/stop-request.ts';
import { ManagedProcess } from '../network/managed-process.ts';
import { type Program } from '../network/programs.ts';
import { NodeFolder } from './node-folder.ts';

/**
 * Runs a custodian's node until it is told to stop: with a database server of its own in the folder, or with the custodian's.
 * @returns exit status
 */
export async function runNode(dir: string, { databaseUrlFile, program, write }: { databaseUrlFile?: string; program: Program; write: (text: string) => void }): Promise<number> {
  const folder = NodeFolder.open(dir);
  const manifest = folder.manifest();
  if (!existsSync(program.script)) throw new BoopError('network.not-built', `the program of the node is not built (${program.script}): run npm run build`);
  // Refused here, and not in the log of a process that starts again and again.
  (await folder.custody()).destroy();
  const stopRequest = listenForStop();
  let postgres: EmbeddedPostgres | undefined;
  let child: ManagedProcess | undefined;
  try {
    if (databaseUrlFile === undefined) {
      mkdirSync(folder.path('postgres'), { recursive: true, mode: 0o711 });
      postgres = await startEmbeddedPostgres({ dir: folder.path('postgres'), port: folder.settings.databasePort, databases: [{ name: 'node', user: 'node' }] });
      writeFileAtomic(folder.path('database.url'), postgres.urls['node']!);
    } else writeFileAtomic(folder.path('database.url'), readSecretFile(databaseUrlFile));
    const { health, link } = folder.settings;
    let ended = (): void => undefined;
    const exit = new Promise<'ended'>((resolve) => (ended = () => resolve('ended')));
    const plan = { name: folder.settings.name, role: 'node', configFile: folder.configFile, address: `${link.host}:${link.port}`, healthUrl: `http://${health.host}:${health.port}` } as const;
    child = new ManagedProcess(plan, program, folder.path('logs', 'node.log'), ended);
    child.start();
    write(`${folder.settings.name} of ${manifest.networkId} runs at ${plan.address}, log in ${child.logFile}\n`);
    if ((await Promise.race([exit, stopRequest.requested])) !== 'ended') return 0;
    write(`the node has ended\n${child.lastLines()}\n`);
    return 1;
  } catch (error) {
    if (!isBoopError(error)) throw error;
    write(`${error.message}\n`);
    return 1;
  } finally {
    await child?.stop();
    await postgres?.stop();
  }
}
