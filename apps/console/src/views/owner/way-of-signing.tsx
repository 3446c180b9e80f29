import { forgetPasskey, keepPasskey } from './device-key.ts';
import { makePasskey, passkeysWork } from './passkey.ts';
import type { OwnerClients, OwnerRecords } from './use-owner.ts';
import { dateOf } from './wording.ts';

/** Whether consents are signed by the key in the browser or by a passkey. */
export function WayOfSigning({ clients, records, run }: { clients: OwnerClients; records: OwnerRecords; run(work: () => Promise<unknown>, done: string): Promise<void> }) {
  const enrol = () => run(async () => keepPasskey(await makePasskey(clients.device, clients.network.networkId)), 'Consents are signed with your passkey from now on');
  const stop = () => run(forgetPasskey, 'Consents are signed with the key in this browser again');
  const { passkey } = records;
  return (
    <section className="card" aria-labelledby="signing" data-signing={passkey ? 'passkey' : 'account-key'}>
      <h2 id="signing">How you sign</h2>
      {passkey ? (
        <>
          <p>Consents are given and withdrawn with your passkey, which asks for you each time, until {dateOf(passkey.record.expiresAt)}. The key that this browser keeps signs all else.</p>
          <button className="quiet" onClick={() => void stop()}>Sign without the passkey</button>
        </>
      ) : passkeysWork() ? (
        <>
          <p>The key that this browser keeps signs for you without asking. A passkey asks for your finger, your face or a PIN each time that you give or withdraw a consent.</p>
          <button onClick={() => void enrol()}>Use a passkey for consents</button>
        </>
      ) : (
        <p className="muted">The key that this browser keeps signs for you. Passkeys work on pages that were opened by a name, such as localhost, and not by an address.</p>
      )}
    </section>
  );
}
