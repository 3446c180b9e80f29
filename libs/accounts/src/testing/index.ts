export { Oracle } from './oracle.ts';
export { type Pick, randomAccounts, RandomRequests } from './random-requests.ts';
