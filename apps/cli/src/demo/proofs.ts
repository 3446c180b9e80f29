import { type LogProof } from '@boop/protocol';
import { verifyProof, type VendorClient } from '@boop/sdk';
import { isBoopError } from '@boop/shared';
import { type ProbeResult } from './report.ts';
import { type Story } from './story.ts';

/** Checkpoints come every fraction of a second; this is for a log that lags. */
const inclusionWaitMs = 30_000;
const parallel = 4;

/** Fetches and verifies the log proof of every result, accepted and rejected. @returns verified proofs by log entry */
export async function collectProofs(vendor: VendorClient, results: readonly ProbeResult[], checkpointKey: string, story: Story, signal: AbortSignal): Promise<Map<string, LogProof>> {
  const proofs = new Map<string, LogProof>();
  const queue = results.filter(({ logEntry }) => logEntry !== undefined);
  const total = queue.length;
  const deadline = performance.now() + inclusionWaitMs;
  const worker = async (): Promise<void> => {
    for (let result = queue.shift(); result; result = queue.shift()) {
      const proof = await proofOf(vendor, result, checkpointKey, Math.max(0, deadline - performance.now()), story, signal);
      if (proof) proofs.set(result.logEntry!, proof);
      story.progress(proofs.size, total, 'log proofs');
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return proofs;
}

async function proofOf(vendor: VendorClient, { probe, logEntry, decision }: ProbeResult, checkpointKey: string, waitMs: number, story: Story, signal: AbortSignal): Promise<LogProof | undefined> {
  try {
    const proof = await vendor.getLogProof(logEntry!, { waitMs, signal });
    const { entry } = verifyProof(proof, checkpointKey, logEntry);
    if (entry.kind === 'authentication' && entry.decision === (decision === 'accept' ? 'accepted' : 'rejected')) return proof;
    story.line(`  ${story.bad(`${probe}: the log says something else`)}`);
  } catch (error) {
    signal.throwIfAborted();
    if (!isBoopError(error)) throw error;
    story.line(`  ${story.bad(`${probe}: no valid log proof (${error.code})`)}`);
  }
  return undefined;
}
