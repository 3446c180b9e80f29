import { type LinkClient, type Logger } from '@boop/platform';
import { type Member } from '@boop/protocol';

/** One link to each member of the manifest in force. */
export class LinkPool {
  readonly #open: (member: Pick<Member, 'party' | 'host' | 'linkPort'>) => LinkClient;
  readonly #log: Logger;
  readonly #links = new Map<number, { readonly address: string; readonly link: LinkClient }>();

  constructor({ open, log }: { open: (member: Pick<Member, 'party' | 'host' | 'linkPort'>) => LinkClient; log: Logger }) {
    this.#open = open;
    this.#log = log;
  }

  of(party: number): LinkClient | undefined {
    return this.#links.get(party)?.link;
  }

  all(): LinkClient[] {
    return [...this.#links.values()].map(({ link }) => link);
  }

  /** Opens links to members that are new or moved, and closes those to members that left. */
  follow(members: readonly Pick<Member, 'party' | 'host' | 'linkPort'>[]): void {
    for (const [party, { address, link }] of this.#links) {
      if (members.some((member) => member.party === party && addressOf(member) === address)) continue;
      this.#links.delete(party);
      link.close().catch((error: unknown) => this.#log.warn('a link was not closed', { error }));
    }
    for (const member of members) if (!this.#links.has(member.party)) this.#links.set(member.party, { address: addressOf(member), link: this.#open(member) });
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((link) => link.close()));
  }
}

const addressOf = ({ host, linkPort }: Pick<Member, 'host' | 'linkPort'>): string => `${host} ${linkPort}`;
