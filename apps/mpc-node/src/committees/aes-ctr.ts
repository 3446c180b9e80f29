export { opensslCtr as opensslAesCtr } from '@boop/engine';
