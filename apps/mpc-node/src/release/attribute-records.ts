import { type AttributeDocument } from '@boop/identity';
import { type Fact } from '../consents/facts.ts';

export interface KnownAttribute {
  readonly document: AttributeDocument;
  readonly attested: string | undefined;
}

/** Attributes of one person that a node keeps at most. */
export const attributesPerPersonMax = 256;

/** The newest document of each attribute of each person, as this node has verified it; a storage that offers anything else is caught. */
export class AttributeRecords {
  readonly #byPerson = new Map<string, Map<string, KnownAttribute>>();
  readonly #erased = new Map<string, Fact & { kind: 'erased' }>();

  latest(personId: string, attribute: string): KnownAttribute | undefined {
    return this.#byPerson.get(personId)?.get(attribute);
  }

  all(personId: string): KnownAttribute[] {
    return [...(this.#byPerson.get(personId)?.values() ?? [])];
  }

  /** Versions up to this one are written or erased. */
  lastVersion(personId: string, attribute: string): number {
    return Math.max(this.latest(personId, attribute)?.document.version ?? 0, this.#erased.get(personId)?.floor ?? 0);
  }

  /** Highest version of any attribute that the person ever had. */
  highest(personId: string): number {
    return Math.max(this.#erased.get(personId)?.floor ?? 0, ...this.all(personId).map(({ document }) => document.version));
  }

  set({ personId, document, attested }: Fact & { kind: 'attribute' }): void {
    const attributes = this.#byPerson.get(personId) ?? new Map<string, KnownAttribute>();
    this.#byPerson.set(personId, attributes.set(document.attribute, { document, attested }));
  }

  /** Seconds; −1 when nothing of the person was ever erased. */
  erasedUntil(personId: string): number {
    return this.#erased.get(personId)?.until ?? -1;
  }

  erase(fact: Fact & { kind: 'erased' }): void {
    this.#byPerson.delete(fact.personId);
    this.#erased.set(fact.personId, fact);
  }
}
