import { type Consent } from '@boop/protocol';
import type { OwnerClients, OwnerRecords } from './use-owner.ts';
import { dateOf, palmWords, statusWords, titleOf } from './wording.ts';
import { download } from './download.ts';

const isOpen = ({ status }: Consent): boolean => status === 'active' || status === 'pending' || status === 'revoking';

/** Who may see what, and the button that ends it. */
export function GivenConsents({ clients, records, run }: { clients: OwnerClients; records: OwnerRecords; run(work: () => Promise<unknown>, done: string): Promise<void> }) {
  const ordered = [...records.consents].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.grant.record.givenAt - a.grant.record.givenAt);
  const withdraw = (consent: Consent) => run(() => clients.consents.revoke(consent), `${consent.grant.record.vendorId} gets nothing more`);
  const receipts = (consent: Consent) => run(async () => download(`consent-${consent.consentId}.json`, { network: clients.network.networkId, log: clients.network.log, receipts: await clients.consents.receipts(consent.consentId, { waitMs: 30_000 }) }), 'The receipt is saved');
  return (
    <section className="card" aria-labelledby="given">
      <h2 id="given">Who may see it</h2>
      {ordered.length === 0 && <p className="muted">Nobody.</p>}
      <ul className="consents">
        {ordered.map((consent) => {
          const { vendorId, purpose, textVersion, attributes, expiresAt } = consent.grant.record;
          const text = records.texts.find((candidate) => candidate.purpose === purpose && candidate.version === textVersion);
          return (
            <li key={consent.consentId} data-consent={consent.consentId} data-status={consent.status}>
              <div>
                <strong>{vendorId}</strong> <span className={`status ${consent.status}`}>{statusWords[consent.status]}</span>
                <p>{attributes.map(({ name, positions }) => `${titleOf(records.registry, name)} (${palmWords(positions)})`).join(', ')}</p>
                <p className="muted">{text?.title ?? purpose}, {consent.status === 'revoked' && consent.revokedAt !== undefined ? `withdrawn ${dateOf(consent.revokedAt)}` : `until ${dateOf(expiresAt)}`}</p>
              </div>
              <div className="row">
                <button className="quiet" onClick={() => void receipts(consent)} aria-label={`Receipt of the consent to ${vendorId}`}>Receipt</button>
                {isOpen(consent) && <button className="danger" onClick={() => void withdraw(consent)} aria-label={`Withdraw the consent to ${vendorId}`}>Withdraw</button>}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
