import type pkcs11 from 'pkcs11js';
import { BoopError } from '@boop/shared';

/** The binding of PKCS#11 2.40, an optional dependency that has to be compiled. */
export type Pkcs11 = typeof pkcs11;

/** A user's session with one token. */
export interface Pkcs11Session {
  readonly library: Pkcs11;
  readonly token: pkcs11.PKCS11;
  readonly session: pkcs11.Handle;
  close(): void;
}

interface LoadedModule {
  readonly instance: pkcs11.PKCS11;
  users: number;
}

/** PKCS#11 modules are initialised once a process, whoever uses them. */
const loaded = new Map<string, LoadedModule>();

/**
 * Opens a session with the token of that label and logs its user in.
 * @throws BoopError `custody.pkcs11-missing` (binding or module), `custody.token-missing`, `custody.wrong-pin`, `custody.token-failed`
 */
export async function openPkcs11(settings: { module: string; token: string; pin: string }): Promise<Pkcs11Session> {
  const library = await loadLibrary();
  const { instance, release } = acquire(library, settings.module);
  try {
    const slot = instance.C_GetSlotList(true).find((candidate) => instance.C_GetTokenInfo(candidate).label.trimEnd() === settings.token);
    if (!slot) throw fatal('custody.token-missing', `no token is labelled ${settings.token}`);
    const session = instance.C_OpenSession(slot, library.CKF_RW_SESSION | library.CKF_SERIAL_SESSION);
    logIn(library, instance, session, settings.pin);
    const close = (): void => {
      instance.C_CloseSession(session);
      release();
    };
    return { library, token: instance, session, close };
  } catch (error) {
    release();
    throw tokenError(error);
  }
}

/** What a token's failure becomes: its PKCS#11 code only, since some modules put data into their messages. */
export function tokenError(error: unknown): BoopError {
  if (error instanceof BoopError) return error;
  const code = /CKR_[A-Z_]+/.exec(error instanceof Error ? error.message : '')?.[0] ?? 'no code';
  return fatal('custody.token-failed', `the token refused an operation (${code})`);
}

async function loadLibrary(): Promise<Pkcs11> {
  try {
    const imported = (await import('pkcs11js')) as unknown as { default?: Pkcs11 } & Pkcs11;
    return imported.default ?? imported;
  } catch {
    throw fatal('custody.pkcs11-missing', 'the PKCS#11 binding is not installed: npm rebuild pkcs11js, with a C compiler');
  }
}

function acquire(library: Pkcs11, module: string): { instance: pkcs11.PKCS11; release: () => void } {
  const entry = loaded.get(module) ?? { instance: initialise(library, module), users: 0 };
  loaded.set(module, entry);
  entry.users += 1;
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    entry.users -= 1;
    if (entry.users > 0) return;
    loaded.delete(module);
    entry.instance.C_Finalize();
    entry.instance.close();
  };
  return { instance: entry.instance, release };
}

function initialise(library: Pkcs11, module: string): pkcs11.PKCS11 {
  const instance = new library.PKCS11();
  try {
    instance.load(module);
    instance.C_Initialize();
    return instance;
  } catch {
    throw fatal('custody.pkcs11-missing', `the PKCS#11 module ${module} can't be loaded`);
  }
}

function logIn(library: Pkcs11, instance: pkcs11.PKCS11, session: pkcs11.Handle, pin: string): void {
  try {
    instance.C_Login(session, library.CKU_USER, pin);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    // A login counts for all sessions of a process with its token.
    if (text.includes('CKR_USER_ALREADY_LOGGED_IN')) return;
    if (/CKR_PIN_(INCORRECT|LEN_RANGE|INVALID|EXPIRED|LOCKED)/.test(text)) throw fatal('custody.wrong-pin', "the token refused its user's PIN");
    throw error;
  }
}

const fatal = (code: string, message: string): BoopError => new BoopError(code, message, { kind: 'fatal' });
