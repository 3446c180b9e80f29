import { existsSync, mkdirSync } from 'node:fs';
import { ensurePrivateDirectory, type EmbeddedPostgres, startEmbeddedPostgres, writeFileAtomic } from '@boop/platform';
import { BoopError, isBoopError } from '@boop/shared';
import { ensureCredentials, writeSeed } from '../network/credentials.ts';
import { addressTable, type Write } from '../network/display.ts';
import { layoutOf } from '../network/layout.ts';
import { ManagedProcess } from '../network/managed-process.ts';
import { assertPortsFree, portPlan } from '../network/ports.ts';
import { type Programs } from '../network/programs.ts';
import { type ProcessPlan, publicUrlsOf } from '../network/provision.ts';
import { provisionServices } from '../network/provision-services.ts';
import { listenForStop } from '../network/stop-request.ts';
import { ServicesTls } from './services-tls.ts';
import { type ServiceRole, ServicesFolder } from './services-folder.ts';

const readyTimeoutMs = 600_000;
const lookEveryMs = 1_000;
const databases = ['gateway', 'ledger', 'attributes'].map((name) => ({ name, user: name }));

/**
 * Runs gateway, bridge, ledger and attributes service until told to stop. They are ready once enough custodians have accepted them.
 * @returns exit status
 */
export async function runServices(dir: string, { programs, write }: { programs: Programs; write: Write }): Promise<number> {
  const folder = ServicesFolder.open(dir);
  const ports = portPlan({ portBase: folder.portBase, nodes: 0, threshold: 0 });
  await assertPortsFree(ports);
  const stopRequest = listenForStop();
  const tls = await ServicesTls.open(folder);
  await tls.keep();
  let postgres: EmbeddedPostgres | undefined;
  let processes: ManagedProcess[] = [];
  const keeping = keepTls(tls, write);
  try {
    mkdirSync(folder.path('logs'), { recursive: true, mode: 0o700 });
    mkdirSync(folder.path('postgres'), { recursive: true, mode: 0o711 });
    postgres = await startEmbeddedPostgres({ dir: folder.path('postgres'), port: ports.postgres, databases });
    const plans = await writeConfigurations(folder, tls, postgres.urls);
    processes = plans.map((plan) => processOf(plan, folder, programs, (description) => write(`  ! ${plan.name} ${description}\n`)));
    for (const process of processes) process.start();
    write(`${addressTable(plans.map((plan) => ({ ...plan, running: true, ready: false })))}\n  waiting until custodians have accepted these services\n`);
    const ready = Promise.all(processes.map((process) => process.waitReady(readyTimeoutMs))).then(() => true);
    if (await Promise.race([ready, stopRequest.requested.then(() => false)])) write('  all are ready\n');
    ready.catch(() => undefined);
    await stopRequest.requested;
    return 0;
  } catch (error) {
    if (!isBoopError(error)) throw error;
    write(`${error.message}\n`);
    return 1;
  } finally {
    keeping();
    // Callers before those whom they call.
    for (const names of [['bridge'], ['gateway'], ['ledger', 'attributes']]) await Promise.all(processes.filter(({ plan }) => names.includes(plan.name)).map((process) => process.stop()));
    await postgres?.stop();
  }
}

async function writeConfigurations(folder: ServicesFolder, tls: ServicesTls, urls: Readonly<Record<string, string>>): Promise<ProcessPlan[]> {
  const layout = layoutOf(folder.dir);
  const ports = portPlan({ portBase: folder.portBase, nodes: 0, threshold: 0 });
  const { networkId } = folder.manifest;
  const credentials = ensureCredentials(layout);
  return await provisionServices({
    layout,
    ports,
    publicUrls: publicUrlsOf(ports),
    manifestFile: folder.manifestFile,
    writeSeed: () => writeSeed(layout, credentials),
    common: async (name, _, database) => {
      ensurePrivateDirectory(folder.path(name));
      const databaseUrlFile = folder.path(name, 'database.url');
      writeFileAtomic(databaseUrlFile, urls[database]!);
      return { networkId, tls: tls.filesOf(name as ServiceRole), databaseUrlFile };
    },
  });
}

function processOf(plan: ProcessPlan, folder: ServicesFolder, programs: Programs, onExit: (description: string) => void): ManagedProcess {
  const program = programs[plan.role];
  if (!program || !existsSync(program.script)) throw new BoopError('network.not-built', `the program of the ${plan.role} is not built: run npm run build`);
  return new ManagedProcess(plan, program, folder.path('logs', `${plan.name}.log`), onExit);
}

/** Follows members and renews certificates; the processes read the files again. @returns a function that ends it */
function keepTls(tls: ServicesTls, write: Write): () => void {
  let complaint: string | undefined;
  const timer = setInterval(() => {
    tls.keep().then(
      () => (complaint = undefined),
      (error: unknown) => {
        if (String(error) !== complaint) write(`  ! TLS is not kept: ${String(error)}\n`);
        complaint = String(error);
      },
    );
  }, lookEveryMs);
  return () => clearInterval(timer);
}
