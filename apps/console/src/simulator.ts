import { SigningKey } from '@boop/identity';
import { fromBase64Url } from '@boop/shared';
import { createTerminalClient, createVendorClient } from '@boop/sdk';
import type { Addresses } from './settings.ts';

interface Credentials {
  readonly vendor: { readonly id: string; readonly apiKey: string };
  readonly terminal: { readonly id: string; readonly key: string; readonly deviceSecret: string };
}

export interface SimulatorResult {
  readonly accepted: boolean;
  readonly reason: string;
  readonly milliseconds: number;
  readonly claims?: object;
}
