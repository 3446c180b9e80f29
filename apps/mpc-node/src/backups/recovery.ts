import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { x25519 } from '@noble/curves/ed25519.js';
import { type KeyCustody, type NodeCustody, writeFileAtomic } from '@boop/platform';
import { heldHpkeKeyPair, type HpkeKeyPair, sealedBoxSchema } from '@boop/protocol';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type BackupHeader } from './backup-format.ts';
import { combineShares, handOnShare } from './backup-key.ts';

const handedOnSchema = sealedBoxSchema.extend({ party: z.number().int().min(1).max(255) });

/** Begins a restoration for which other custodians are needed. @returns the public key to which they hand on their shares, base64url */
export function beginRecovery(keyFile: string): string {
  const secret = new Uint8Array(randomBytes(32));
  writeFileAtomic(keyFile, toBase64Url(secret));
  return pairOf(secret).publicKey;
}

/** Another custodian's part: its share, for the key of {@link beginRecovery} only. @throws BoopError `backup.no-share` */
export async function handOn(custody: NodeCustody, header: BackupHeader, requester: string): Promise<string> {
  const identity = custody.publicKeys('identity')[0]!;
  const acting = (hpkeKey: string): KeyCustody | undefined => (custody.publicKeys('hpke').some((held) => toBase64Url(held) === hpkeKey) ? custody.withKeys({ identity, hpke: fromBase64Url(hpkeKey) }) : undefined);
  return await handOnShare(acting, header, requester);
}

/** @param shares as {@link handOn} gave them @throws BoopError `backup.bad-share`, `backup.too-few-shares`, `backup.wrong-key` */
export async function recoverKey(keyFile: string, header: BackupHeader, shares: readonly string[]): Promise<Uint8Array> {
  return await combineShares(pairOf(fromBase64Url(readFileSync(keyFile, 'utf8').trim())), header, shares.map(parseShare));
}

export const endRecovery = (keyFile: string): void => rmSync(keyFile, { force: true });

function parseShare(text: string): z.infer<typeof handedOnSchema> {
  try {
    return handedOnSchema.parse(JSON.parse(text));
  } catch {
    throw new BoopError('backup.bad-share', 'this is not a share that a custodian handed on');
  }
}

const pairOf = (secret: Uint8Array): HpkeKeyPair => heldHpkeKeyPair(x25519.getPublicKey(secret), (publicKey) => x25519.getSharedSecret(secret, publicKey));
