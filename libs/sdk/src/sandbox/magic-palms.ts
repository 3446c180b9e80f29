import { encodePalm, score, syntheticPalm, type Template } from '@boop/biometric';
import { type Position } from '@boop/identity';
import { encodeGreyBmp } from '../capture/grey-bmp.ts';

/** What a palm of the sandbox makes happen; `palm-2` and so on are people like everybody else, whom nobody has registered yet. */
export const sandboxCases = ['match', 'no-match', 'duplicate', 'liveness-failure', 'timeout', 'node-down'] as const;
export type SandboxCase = (typeof sandboxCases)[number];

/** Synthetic people far from those whom tests and demonstrations use. */
const firstIdentity = 900_000;
const imageOf = (identity: number, position: Position, capture: number) => syntheticPalm({ identity: firstIdentity + identity, position, capture });

/**
 * A capture file of a person of the sandbox, as a scanner would take it.
 * @param person one of {@link sandboxCases}, or any number for somebody without a part
 * @param capture which of the person's captures, from 0
 */
export function sandboxCapture(person: SandboxCase | number, capture = 0, position: Position = 'right-palm'): Uint8Array {
  const identity = typeof person === 'number' ? sandboxCases.length + Math.abs(Math.trunc(person)) : sandboxCases.indexOf(person);
  return encodeGreyBmp(imageOf(identity, position, capture));
}

let known: readonly { readonly name: SandboxCase; readonly template: Template }[] | undefined;

/** Whose palm a template is, of those with a part. @param theta score from which two templates are of one palm */
export function caseOf(template: Template, theta: number): SandboxCase | undefined {
  known ??= sandboxCases.flatMap((name, identity) => (['left-palm', 'right-palm'] as const).map((position) => ({ name, template: encodePalm(imageOf(identity, position, 0)).template })));
  return known.find((candidate) => score(candidate.template, template) >= theta)?.name;
}
