/**
 * WebSocket messages of all four channels. One envelope: `type`, the client's `id` (echoed as `re` in what answers it),
 * and on events of a channel its `epoch` and `offset`, with which a client that reconnects gets what it missed. One module a channel: a client
 * carries the messages of those that it uses.
 */
export { adminClientMessage, type AdminClientMessage, adminServerMessage, type AdminServerMessage, adminTopics } from './channels/admin.ts';
export { type CloseCode, closeCodes } from './channels/close-codes.ts';
export { type Channel, channels } from './channels/names.ts';
export { pvsClientMessage, type PvsClientMessage, type PvsConfiguration, pvsConfigurationSchema, type PvsDocument, pvsDocumentSchema, pvsServerMessage, type PvsServerMessage } from './channels/pvs.ts';
export { qualityReasons, qualitySchema, sampleQualityMin } from './channels/quality.ts';
export { registrationClientMessage, type RegistrationClientMessage, type RegistrationReceipt, registrationReceiptSchema, registrationServerMessage, type RegistrationServerMessage, registrationSteps } from './channels/registration.ts';
export { vendorClientMessage, type VendorClientMessage, vendorServerMessage, type VendorServerMessage } from './channels/vendor.ts';
