import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { LogKey } from '../checkpoints/log-key.ts';
import { Proofs } from '../serving/proofs.ts';
import { BRIEF, type HttpReply } from './exchange.ts';
import { parseCount } from './parsing.ts';

/** What a verifier needs besides the tiles: the key, and ready-made inclusion proofs. */
@Controller('v1/log')
export class ProofsController {
  readonly #proofs: Proofs;
  readonly #key: LogKey;

  constructor(@Inject(Proofs) proofs: Proofs, @Inject(LogKey) key: LogKey) {
    this.#proofs = proofs;
    this.#key = key;
  }

  @Get('proofs/:entryHash')
  async proof(@Param('entryHash') entryHash: string, @Res() reply: HttpReply): Promise<void> {
    const proof = await this.#proofs.proofOf(entryHash);
    reply.header('cache-control', BRIEF).send(proof);
  }

  /** RFC 9162 section 2.1.4, between two sizes that the newest checkpoint covers. */
  @Get('consistency')
  async consistency(@Query('from') from: string | undefined, @Query('to') to: string | undefined, @Res() reply: HttpReply): Promise<void> {
    reply.header('cache-control', BRIEF).send(await this.#proofs.consistency(parseCount(from), to === undefined ? undefined : parseCount(to)));
  }

  @Get('key')
  async key(@Res() reply: HttpReply): Promise<void> {
    const { verifierKey, vkey } = await this.#key.get();
    reply.header('cache-control', BRIEF).send({ origin: verifierKey.name, verifierKey: vkey });
  }
}
