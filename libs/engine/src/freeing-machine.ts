import { freeMemory, type ProtocolMachine, type Step } from '@boop/shared';

const roundOf = (payload: Uint8Array): number => (payload[0]! << 8) | payload[1]!;

/**
 * A round machine that frees received messages as soon as their round is over. For protocols that keep none of them beyond the step that reads them, and
 * messages with memory of their own.
 */
export function freeing<Output>(machine: ProtocolMachine<Output>): ProtocolMachine<Output> {
  const received = new Map<number, Uint8Array[]>();
  const after = (step: Step<Output>): Step<Output> => {
    if (step.kind === 'abort') return step;
    // What came in before the round that was sent last has been read.
    const last = step.send.at(-1);
    const before = step.kind === 'done' ? Infinity : last ? roundOf(last.payload) : -1;
    for (const [round, payloads] of received) {
      if (round >= before) continue;
      received.delete(round);
      payloads.forEach(freeMemory);
    }
    return step;
  };
  return {
    start: () => after(machine.start()),
    onMessage(from, payload) {
      if (payload.length >= 2) {
        const round = roundOf(payload);
        const others = received.get(round);
        if (others) others.push(payload);
        else received.set(round, [payload]);
      }
      return after(machine.onMessage(from, payload));
    },
  };
}
