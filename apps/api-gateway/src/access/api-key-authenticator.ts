import { type DirectoryStore } from '../services/ports.ts';
import { type Authenticator } from './authenticator.ts';

const bearerKey = /^Bearer ([A-Za-z0-9_.~-]{1,200})$/i;

/** API keys as RFC 6750 bearer credentials. */
export const apiKeyAuthenticator = (directory: Pick<DirectoryStore, 'principalOf'>): Authenticator => ({
  async authenticate({ headers }) {
    const [, key] = bearerKey.exec(headers.authorization ?? '') ?? [];
    return key === undefined ? undefined : directory.principalOf(key);
  },
});
