import { readFileSync } from 'node:fs';
import { BoopError } from '@boop/shared';
import { parse, YAMLParseError } from 'yaml';
import { type z } from 'zod';
import { environmentOverrides, isRecord, mergeOverrides } from './environment.ts';

/** sysexits.h EX_CONFIG: the exit status of a process whose configuration is invalid. */
export const CONFIG_EXIT_STATUS = 78;

export interface ConfigSource {
  /** One YAML document; absent means that the environment says everything. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prefix of the variables that count, for example `BOOP`: `BOOP_HTTP__PORT=8080` sets `http.port`. */
  readonly prefix: string;
}

/** Secrets come from files: such a key must end in `File` and name one. */
const INLINE_SECRET = /(secret|password|passphrase|token|apikey|privatekey)$/i;

/**
 * Reads a process's configuration once, at start: the YAML file first, environment variables over it, then the schema.
 * @throws BoopError `config.unreadable`, `config.malformed`, `config.inline-secret`, `config.invalid`; the message names the key and
 *   never its value.
 */
export function loadConfig<Config>(schema: z.ZodType<Config>, source: ConfigSource): Config {
  const fromFile = source.file === undefined ? {} : readYaml(source.file);
  const merged = mergeOverrides(fromFile, environmentOverrides(source.env, source.prefix));
  refuseInlineSecrets(merged, []);
  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.') || '(top level)'}: ${issue.message}`);
  throw new BoopError('config.invalid', `invalid configuration: ${issues.join('; ')}`, { kind: 'fatal' });
}

function readYaml(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new BoopError('config.unreadable', `configuration file ${file} can't be read`, { kind: 'fatal' });
  }
  try {
    const value: unknown = parse(text, { prettyErrors: false, uniqueKeys: true }) ?? {};
    if (isRecord(value)) return value;
  } catch (error) {
    // The parser's own message quotes the document.
    const code = error instanceof YAMLParseError ? ` (${error.code} at offset ${error.pos[0]})` : '';
    throw new BoopError('config.malformed', `configuration file ${file} isn't valid YAML${code}`, { kind: 'fatal' });
  }
  throw new BoopError('config.malformed', `configuration file ${file} must hold a mapping`, { kind: 'fatal' });
}

function refuseInlineSecrets(value: unknown, path: readonly string[]): void {
  if (!isRecord(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key];
    if (INLINE_SECRET.test(key)) {
      throw new BoopError('config.inline-secret', `${here.join('.')}: secrets come from files, use ${key}File`, { kind: 'fatal' });
    }
    refuseInlineSecrets(inner, here);
  }
}
