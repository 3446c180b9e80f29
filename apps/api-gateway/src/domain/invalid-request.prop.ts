import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAuthenticationSchema, probeSchema } from '@boop/protocol';
import { InvalidRequest, parseRequest } from './invalid-request.ts';

const marker = 'Zx9Qw';

describe('a refused request', () => {
  test('never shows a value or a key of what was refused', () => {
    const leaf = fc.oneof(fc.constant(marker), fc.constant(`${marker}\n`), fc.integer(), fc.boolean(), fc.constant(null));
    const tree = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(marker, 'type', 'split', 'header', 'capture', 'policy', 'amount'), tie('any'), { maxKeys: 4 })),
    })).any;
    fc.assert(
      fc.property(tree, fc.constantFrom(createAuthenticationSchema, probeSchema), (value, schema) => {
        try {
          parseRequest<unknown>(schema, value);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequest);
          const { errors, message } = error as InvalidRequest;
          expect(errors.length).toBeGreaterThan(0);
          expect(JSON.stringify([message, errors])).not.toContain(marker);
        }
      }),
    );
  });

  test('points at the field, in the branch of a union that was meant', () => {
    const pointers = (schema: Parameters<typeof parseRequest>[0], value: unknown): string[] => {
      try {
        parseRequest(schema, value);
        return [];
      } catch (error) {
        return (error as InvalidRequest).errors.map(({ pointer }) => pointer);
      }
    };
    expect(pointers(createAuthenticationSchema, { type: 'access', nonce: 5, policy: { operatingPoint: '' } })).toEqual(['/nonce', '/policy/operatingPoint']);
    expect(pointers(probeSchema, { capture: 'AA', position: 'foot' })).toEqual(['/position']);
  });
});
