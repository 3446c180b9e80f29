import { describe, expect, test } from '@jest/globals';
import { createRegistrationSchema, parseRegistrationLink, registrationLinkOf } from './registrations.ts';

const invitation = { registrationId: 'reg_1', secret: 'A'.repeat(43), positions: ['left-palm', 'right-palm'] as const };
const link = registrationLinkOf('https://boop.example', invitation);

describe('a registration link', () => {
  test('says in its fragment what was put in', () => {
    expect(new URL(link)).toMatchObject({ origin: 'https://boop.example', pathname: '/', search: '' });
    expect(parseRegistrationLink(link)).toEqual(invitation);
    expect(parseRegistrationLink(new URL(link).hash)).toEqual(invitation);
  });

  test.each(['', '#/register', `${link}x y`, link.replace('AAA', 'A'), link.replace('reg_1', ''), link.replace('left-palm', 'nose'), link.replace('left-palm', 'right-palm')])('is refused as %p', (text) => {
    expect(() => parseRegistrationLink(text)).toThrow(expect.objectContaining({ code: 'link.malformed' }));
  });
});

test('a wish has known palms and a language', () => {
  expect(createRegistrationSchema.safeParse({}).success).toBe(true);
  for (const wish of [{ positions: [] }, { positions: ['nose'] }, { locale: 'de_CH' }, { name: 'Ada' }]) expect(createRegistrationSchema.safeParse(wish).success).toBe(false);
});
