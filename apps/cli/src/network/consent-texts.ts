import { type ConsentText } from '@boop/identity';

/** What people agree to in a development network. A version never changes once people have agreed to it: add another. */
export const consentTexts: readonly ConsentText[] = [
  {
    version: 'development-1-en',
    locale: 'en',
    title: 'Consent to biometric recognition (development network)',
    text:
      'This is a development network. I agree that pictures of my palms are turned into templates on this device, that each template is split into shares ' +
      'sealed to separate nodes, and that the nodes keep their shares to recognise me at vendors that I visit. No node alone can rebuild a template. ' +
      'I agree freely, I can be authenticated in another way instead, and I can withdraw this consent at any time, upon which the shares are deleted.',
  },
  {
    version: 'development-1-de',
    locale: 'de',
    title: 'Einwilligung in biometrische Erkennung (Entwicklungsnetz)',
    text:
      'Dies ist ein Entwicklungsnetz. Ich willige ein, dass Aufnahmen meiner Handflächen auf diesem Gerät in Templates umgewandelt werden, dass jedes Template in Anteile ' +
      'zerlegt und für getrennte Knoten versiegelt wird und dass die Knoten ihre Anteile aufbewahren, um mich bei Anbietern wiederzuerkennen, die ich aufsuche. Kein Knoten allein kann ein Template ' +
      'wiederherstellen. Ich willige freiwillig ein, kann mich stattdessen anders ausweisen und die Einwilligung jederzeit widerrufen; dann werden die Anteile gelöscht.',
  },
];
