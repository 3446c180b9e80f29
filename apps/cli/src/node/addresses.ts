import { readFileSync, statSync } from 'node:fs';
import { BoopError } from '@boop/shared';
import { type Address } from './meeting.ts';

const form = /^([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:]{2,45}\]):([1-9][0-9]{0,4})$/;

/** @throws BoopError `node.address` */
export function parseAddress(text: string): Address {
  const match = form.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw new BoopError('node.address', 'an address is written host:port');
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}

/** Addresses in a file, one a line, or separated by commas. @throws BoopError `node.address` */
export function parseAddresses(text: string): Address[] {
  const list = statSync(text, { throwIfNoEntry: false })?.isFile() ? readFileSync(text, 'utf8').split('\n') : text.split(',');
  const addresses = list.map((line) => line.replace(/#.*$/, '').trim()).filter((line) => line !== '').map(parseAddress);
  if (addresses.length < 2) throw new BoopError('node.address', 'a network needs three nodes at least: name the others');
  return addresses;
}
