import { isOfPrimeOrder, verifyEd25519 } from './ed25519-openssl.ts';
import { addEachP256, decompressP256, multiplyBaseP256, multiplyEachP256, multiplyP256 } from './p256-openssl.ts';

/** Group operations by OpenSSL, in the form in which threshold keys want them. */
export const opensslArithmetic = {
  p256: { multiply: multiplyP256, multiplyBase: multiplyBaseP256, multiplyEach: multiplyEachP256, addEach: addEachP256, decompress: decompressP256 },
  ed25519: { isOfPrimeOrder, verify: verifyEd25519 },
} as const;
