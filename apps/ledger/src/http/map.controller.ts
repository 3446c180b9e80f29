import { LABEL_BYTES_MAX } from '@boop/log';
import { BoopError, toBase64Url } from '@boop/shared';
import { Controller, Get, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import { MapProofs } from '../map/map-proofs.ts';
import { type MapStore, type StoredRevision } from '../map/map-store.ts';
import { stapled } from '../store/log-store.ts';
import { BRIEF, type HttpReply, IMMUTABLE } from './exchange.ts';
import { malformedRequest, parseBytes, parseCount } from './parsing.ts';
import { LookupLimit } from './rate-limit.ts';

export const MAP_STORE = Symbol('map store');
const PAGE_MAX = 100;

/** The map of accounts: what it holds, with proofs, and its revisions. */
@Controller('v1/ledger/map')
export class MapController {
  readonly #proofs: MapProofs;
  readonly #store: MapStore;

  constructor(@Inject(MapProofs) proofs: MapProofs, @Inject(MAP_STORE) store: MapStore) {
    this.#proofs = proofs;
    this.#store = store;
  }

  @Get('head')
  async head(@Res() reply: HttpReply): Promise<void> {
    const { published, revision } = await this.#proofs.served();
    reply.header('cache-control', BRIEF).send({ ...revisionBody(revision), checkpoint: stapled(published) });
  }

  /** Where an account stands or would stand: what its first mutation must name. */
  @Get('indexes/:label')
  @UseGuards(LookupLimit)
  index(@Param('label') label: string, @Res() reply: HttpReply): void {
    const { index, vrfProof, vrfKey } = this.#proofs.indexOf(parseLabel(label));
    reply.header('cache-control', BRIEF).send({ index: toBase64Url(index), vrfProof: toBase64Url(vrfProof), vrfKey: toBase64Url(vrfKey) });
  }

  @Get('lookup/:label')
  @UseGuards(LookupLimit)
  async lookup(@Param('label') label: string, @Query('history') history: string | undefined, @Res() reply: HttpReply): Promise<void> {
    if (history !== undefined && history !== 'true' && history !== 'false') throw malformedRequest();
    reply.header('cache-control', 'no-store').send(await this.#proofs.lookup(parseLabel(label), { history: history === 'true' }));
  }

  @Get('revisions')
  async revisions(@Query('after') after: string | undefined, @Query('limit') limit: string | undefined, @Res() reply: HttpReply): Promise<void> {
    const { published, revision: newest } = await this.#proofs.served();
    const revisions = await this.#store.revisions(parseCount(after, 0), Math.min(parseCount(limit, PAGE_MAX), PAGE_MAX));
    const items = revisions.filter(({ revision }) => revision <= newest.revision).map(revisionBody);
    reply.header('cache-control', BRIEF).send({ items, newest: newest.revision, checkpoint: stapled(published) });
  }

  /** Why the map went from one revision to the next, for whoever knows only the old root (`verifyMapTransition`). */
  @Get('revisions/:revision/transition')
  async transition(@Param('revision') text: string, @Res() reply: HttpReply): Promise<void> {
    const revision = parseCount(text);
    const { revision: newest } = await this.#proofs.served();
    const transition = revision <= newest.revision ? await this.#store.transition(revision) : undefined;
    if (!transition) throw new BoopError('request.not-found', 'there is no such revision under a checkpoint');
    reply.header('content-type', 'application/octet-stream').header('cache-control', IMMUTABLE).send(Buffer.from(transition));
  }

  @Get(':index')
  @UseGuards(LookupLimit)
  async byIndex(@Param('index') index: string, @Res() reply: HttpReply): Promise<void> {
    reply.header('cache-control', BRIEF).send(await this.#proofs.byIndex(parseBytes(index, 32, 32)));
  }
}

const parseLabel = (text: string): Uint8Array => parseBytes(text, 1, LABEL_BYTES_MAX);

const revisionBody = ({ revision, root, leafIndex }: StoredRevision) => ({ revision, root: toBase64Url(root), leafIndex });
