import { PALM_ENCODER } from '@boop/biometric';
import { verifySignature } from '@boop/identity';
import { type PvsConfiguration } from '@boop/protocol';
import { canonicalJson } from '@boop/shared';

/** Domain of the signature over {document, rollbackOf?, version}. */
const domain = 'boop-pvs-configuration/1';

export type ConfigurationVerdict = { readonly apply: true } | { readonly apply: false; readonly code: string };

/**
 * Whether a terminal takes a configuration: signed by the key that signed the one before (the first is trusted), newer
 * than the current one or the undoing of that and perhaps more, and for an encoder that this terminal has.
 */
export function judgeConfiguration(offered: PvsConfiguration, current: PvsConfiguration | undefined): ConfigurationVerdict {
  const { version, rollbackOf, document, publicKey, signature } = offered;
  const signed = canonicalJson({ version, ...(rollbackOf === undefined ? {} : { rollbackOf }), document });
  const trusted = current === undefined || current.publicKey === publicKey;
  if (!trusted || !verifySignature(domain, signed, signature, publicKey)) return { apply: false, code: 'configuration.invalid' };
  const undone = rollbackOf !== undefined && current !== undefined && version < current.version && current.version <= rollbackOf;
  const inOrder = current === undefined || version >= current.version || undone;
  if (!inOrder) return { apply: false, code: 'configuration.invalid' };
  if (document.encoder !== PALM_ENCODER) return { apply: false, code: 'template.unknown-encoder' };
  return { apply: true };
}
