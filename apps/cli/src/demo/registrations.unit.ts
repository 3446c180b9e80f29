import { describe, expect, test } from '@jest/globals';
import { type RegisterInput, type RegistrationClient } from '@boop/sdk';
import { BoopError } from '@boop/shared';
import { enrolmentOf } from './plan.ts';
import { registerAgain, registerAll } from './registrations.ts';
import { Story } from './story.ts';

const enrolments = ['left-1', '2'].map((name) =>
  enrolmentOf({ name, position: name.includes('left') ? 'left-palm' : 'right-palm', captures: [1, 2, 3, 4, 5, 6].map((n) => ({ name: `${name}/${n}`, load: () => Promise.resolve(Uint8Array.of(n)) })) }),
);
const signal = new AbortController().signal;

function kiosk(...codes: (string | undefined)[]) {
  const inputs: RegisterInput[] = [];
  let text = '';
  const client = {
    register: (input: RegisterInput) => {
      const code = codes[inputs.push(input) - 1];
      return code === undefined ? Promise.resolve({}) : Promise.reject(new BoopError(code, code));
    },
  } as unknown as RegistrationClient;
  return { client, inputs, story: new Story({ write: (part) => (text += part) }), told: () => text };
}

describe('registering', () => {
  test('uses the first three captures, each person under an own key', async () => {
    const { client, inputs, story } = kiosk();
    expect(await registerAll(client, enrolments, story, signal)).toBe(2);
    expect(inputs.map(({ positions }) => positions)).toEqual([{ 'left-palm': [1, 2, 3].map((n) => Uint8Array.of(n)) }, { 'right-palm': [1, 2, 3].map((n) => Uint8Array.of(n)) }]);
    expect(inputs[0]!.accountKey.publicKey).not.toBe(inputs[1]!.accountKey.publicKey);
    expect(await inputs[0]!.onConsent({ version: 'v', locale: 'en', title: 't', text: 'x' })).toBe(true);
  });

  test('counts only those whom the network did not know, and says how to begin anew', async () => {
    const { client, story, told } = kiosk('registration.duplicate', 'registration.duplicate');
    expect(await registerAll(client, enrolments, story, signal)).toBe(0);
    expect(told()).toContain('--fresh');
    expect(told()).not.toContain('✓');
  });

  test('stops at anything else, and explains missing nodes', async () => {
    const missing = kiosk(undefined, 'mpc.nodes-unavailable');
    await expect(registerAll(missing.client, enrolments, missing.story, signal)).rejects.toMatchObject({ code: 'demo.nodes-missing' });
    const other = kiosk('receipt.invalid');
    await expect(registerAll(other.client, enrolments, other.story, signal)).rejects.toMatchObject({ code: 'receipt.invalid' });
  });

  test('a second time it tries with other captures, and a success is a fault', async () => {
    const { client, inputs, story, told } = kiosk('registration.duplicate', undefined);
    expect(await registerAgain(client, enrolments, story, signal)).toBe(1);
    expect(inputs[1]!.positions).toEqual({ 'right-palm': [4, 5, 6].map((n) => Uint8Array.of(n)) });
    expect(told()).toContain('✗ 2 could be registered twice');
  });
});
