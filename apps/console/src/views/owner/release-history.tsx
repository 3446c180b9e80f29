import type { OwnerRecords } from './use-owner.ts';
import { momentOf, titleOf } from './wording.ts';

/** Who saw what, and when. */
export function ReleaseHistory({ records }: { records: OwnerRecords }) {
  return (
    <section className="card" aria-labelledby="seen">
      <h2 id="seen">Who saw it and when</h2>
      {records.releases.length === 0 && <p className="muted">Nobody has seen anything.</p>}
      {records.releases.length > 0 && (
        <table>
          <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">By</th></tr></thead>
          <tbody>
            {records.releases.map(({ releaseId, at, vendorId, attribute, version, by }) => (
              <tr key={`${releaseId}/${attribute}`} data-vendor={vendorId ?? 'self'}>
                <td>{momentOf(at / 1000)}</td><th scope="row">{vendorId ?? 'you'}</th><td>{titleOf(records.registry, attribute)} <span className="muted">version {version}</span></td><td>{by === 'palm' ? 'your palm' : 'this device'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
