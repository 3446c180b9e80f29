import { type AttributeDefinition, attributeDefinitionSchema, type AttributeIssuer, attributeIssuerSchema, type AttributeRegistry, checkDefinition, commonDefinitions } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

/** Public definitions of attributes, and who may attest them. Definitions never change once there; issuers do by being accredited anew. */
export class RegistryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What every network starts with. */
  async seed(): Promise<void> {
    await this.#database.attributeDefinitionRow.createMany({ data: commonDefinitions.map((definition) => ({ name: definition.name, definition: definition as unknown as Prisma.InputJsonValue })), skipDuplicates: true });
  }

  async read(): Promise<AttributeRegistry> {
    const [definitions, issuers] = await Promise.all([this.#database.attributeDefinitionRow.findMany({ orderBy: { position: 'asc' } }), this.#database.attributeIssuerRow.findMany({ orderBy: { id: 'asc' } })]);
    return { definitions: definitions.map(({ definition }) => attributeDefinitionSchema.parse(definition)), issuers: issuers.map(({ issuer }) => attributeIssuerSchema.parse(issuer)) };
  }

  /** @throws BoopError `attribute.defined`, `attribute.bad-expression`, `expression.*` */
  async define(definition: AttributeDefinition): Promise<void> {
    checkDefinition(await this.read(), definition);
    const { count } = await this.#database.attributeDefinitionRow.createMany({ data: [{ name: definition.name, definition: definition as unknown as Prisma.InputJsonValue }], skipDuplicates: true });
    if (count !== 1) throw new BoopError('attribute.defined', 'there is an attribute of that name');
  }

  /** @throws BoopError `attribute.unknown` */
  async accredit(issuer: AttributeIssuer): Promise<void> {
    const { definitions } = await this.read();
    if (issuer.attributes.some((name) => !definitions.some((definition) => definition.name === name && definition.source !== 'user'))) throw new BoopError('attribute.unknown', 'no such attribute that an issuer attests is defined');
    const data = { issuer: issuer as unknown as Prisma.InputJsonValue };
    await this.#database.attributeIssuerRow.upsert({ where: { id: issuer.id }, create: { id: issuer.id, ...data }, update: data });
  }
}
