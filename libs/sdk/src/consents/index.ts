export { type ConsentRequest, formatConsentRequest, parseConsentRequest } from './consent-request.ts';
export { type ConsentsClient, createConsentsClient, type GiveConsentInput, type WaitForReceipts } from './consents-client.ts';
export { keySigner, type OwnerSigner, passkeySigner, webCryptoSigner } from './owner-signer.ts';
export { enrolPasskeyBy, passkeyAlgorithms, passkeyKey, signerWithPasskey } from './passkey.ts';
export { type VerifiedConsent, verifyConsentReceipt } from './receipt.ts';
