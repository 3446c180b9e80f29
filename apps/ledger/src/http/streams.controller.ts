import { BoopError } from '@boop/shared';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { Announcements } from '../streams/announcements.ts';
import { isStream, StreamSource } from '../streams/stream-source.ts';
import { type HttpReply } from './exchange.ts';
import { malformedRequest, parseCount } from './parsing.ts';

const LIMIT_MAX = 64;
/** Below the request timeout of this server and of common proxies. */
const WAIT_SECONDS_MAX = 25;

/** Streams by long poll, for those without a WebSocket; same items, same positions. */
@Controller('v1/ledger/streams')
export class StreamsController {
  readonly #source: StreamSource;
  readonly #announcements: Announcements;

  constructor(@Inject(StreamSource) source: StreamSource, @Inject(Announcements) announcements: Announcements) {
    this.#source = source;
    this.#announcements = announcements;
  }

  /** Answers at once when there is something after `after`, else when something comes or after `wait` seconds. */
  @Get(':stream')
  async read(@Param('stream') stream: string, @Query() query: Record<string, string | undefined>, @Res() reply: HttpReply): Promise<void> {
    if (!isStream(stream)) throw new BoopError('request.not-found', 'there is no such stream');
    const after = parseCount(query['after'], 0);
    const limit = parseCount(query['limit'], LIMIT_MAX);
    const waitSeconds = parseCount(query['wait'], 0);
    if (limit < 1 || limit > LIMIT_MAX || waitSeconds > WAIT_SECONDS_MAX) throw malformedRequest();
    const deadline = performance.now() + waitSeconds * 1_000;
    for (;;) {
      const seen = this.#announcements.size;
      const items = await this.#source.read(stream, after, limit);
      const leftMs = deadline - performance.now();
      if (items.length > 0 || leftMs <= 0) return void reply.header('cache-control', 'no-store').send({ items, next: items.at(-1)?.position ?? after });
      await this.#announcements.beyond(seen, leftMs);
    }
  }
}
