import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { parseTilePath } from '@boop/log';
import { BoopError } from '@boop/shared';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { PublishedTiles } from '../serving/published-tiles.ts';
import { stapled } from '../store/log-store.ts';
import { BRIEF, type HttpReply, type HttpRequest, IMMUTABLE } from './exchange.ts';

const gzipAsync = promisify(gzip);

/** C2SP tlog-tiles: the log as static resources that any mirror or cache may hold. */
@Controller()
export class TilesController {
  readonly #tiles: PublishedTiles;

  constructor(@Inject(PublishedTiles) tiles: PublishedTiles) {
    this.#tiles = tiles;
  }

  @Get('checkpoint')
  async checkpoint(@Res() reply: HttpReply): Promise<void> {
    const published = await this.#tiles.checkpoint();
    if (!published) throw new BoopError('request.not-found', 'nothing has been published yet');
    reply.header('content-type', 'text/plain; charset=utf-8').header('cache-control', BRIEF).send(stapled(published));
  }

  @Get('tile/*')
  async tile(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const tile = parseTilePath(request.url.slice(1).split('?', 1)[0]!);
    const bytes = Buffer.from(await this.#tiles.read(tile));
    reply.header('content-type', 'application/octet-stream').header('cache-control', IMMUTABLE);
    // Hashes do not compress.
    if (tile.level !== 'entries') return void reply.send(bytes);
    reply.header('vary', 'accept-encoding');
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return void reply.send(bytes);
    reply.header('content-encoding', 'gzip').send(await gzipAsync(bytes));
  }
}
