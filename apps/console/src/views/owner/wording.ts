import { type AttributeRegistry, type Position } from '@boop/identity';
import { type Consent } from '@boop/protocol';

export const titleOf = (registry: AttributeRegistry, name: string): string => registry.definitions.find((definition) => definition.name === name)?.title ?? name;

export const sourceWords = { user: 'you said so', verified: 'attested', system: 'the network', computed: 'computed' } as const;

export const statusWords: Record<Consent['status'], string> = {
  pending: 'The nodes are being told',
  active: 'Active',
  expired: 'Expired',
  revoking: 'Being withdrawn',
  revoked: 'Withdrawn',
};

export const palmWords = (positions: readonly Position[]): string => (positions.length === 2 ? 'either palm' : positions[0] === 'left-palm' ? 'left palm' : 'right palm');

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
export const dateOf = (seconds: number): string => date.format(new Date(seconds * 1000));
export const momentOf = (seconds: number): string => moment.format(new Date(seconds * 1000));
