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
  const faults = new Map<string, string[]>();
  const queue = results.filter(({ logEntry }) => logEntry !== undefined);
  const total = queue.length;
  const deadline = performance.now() + inclusionWaitMs;
  const worker = async (): Promise<void> => {
    for (let result = queue.shift(); result; result = queue.shift()) {
      const proof = await proofOf(vendor, result, checkpointKey, Math.max(0, deadline - performance.now()), signal);
      if (typeof proof === 'string') faults.set(proof, [...(faults.get(proof) ?? []), result.probe]);
      else proofs.set(result.logEntry!, proof);
      story.progress(proofs.size, total, 'log proofs');
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  for (const [code, probes] of faults) story.line(`  ${story.bad(`${probes.length === 1 ? probes[0] : `${probes.length} results`}: ${explanations[code] ?? code}`)}`);
  return proofs;
}

const explanations: Readonly<Record<string, string>> = {
  'log.pending': 'no checkpoint includes them yet. Checkpoints wait while fewer nodes are up than sign them; until then the nodes\' receipts stand, which were verified (log.pending)',
  'demo.other-decision': 'the log says something else than the network answered',
};

/** @returns the verified proof, or the code of what is wrong with it */
async function proofOf(vendor: VendorClient, { logEntry, decision }: ProbeResult, checkpointKey: string, waitMs: number, signal: AbortSignal): Promise<LogProof | string> {
  try {
    const proof = await vendor.getLogProof(logEntry!, { waitMs, signal });
    const { entry } = verifyProof(proof, checkpointKey, logEntry);
    return entry.kind === 'authentication' && entry.decision === (decision === 'accept' ? 'accepted' : 'rejected') ? proof : 'demo.other-decision';
  } catch (error) {
    signal.throwIfAborted();
    if (!isBoopError(error)) throw error;
    return error.code;
  }
}
