import { type PartyId, type ProtocolMachine, type Step } from '@boop/shared';
import { seededUint32 } from './seeded-rng.ts';

export type SimulationOutcome<Output> =
  | { readonly kind: 'done'; readonly output: Output }
  | { readonly kind: 'abort'; readonly code: string; readonly blame: readonly PartyId[] }
  | { readonly kind: 'stalled' };

/**
 * What happens to one message on its way. `index` counts the messages sent so far on the link from → to, from 0, so in a
 * round protocol where that link is used in every round it is the round number.
 * Return the payload itself to leave it alone.
 */
export type Tamper = (from: PartyId, to: PartyId, payload: Uint8Array, index: number) => Uint8Array | 'drop' | 'duplicate';

export interface SimulationOptions {
  readonly seed?: number;
  readonly tamper?: Tamper;
}

interface InFlight {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly payload: Uint8Array;
}

/**
 * Runs one machine per party on a network without losses that delivers in a random order drawn from `seed`, messages of
 * one link included. Payloads are copied, so no party sees another's memory. Ends when nothing is in flight: a party that
 * neither finished nor aborted has then stalled. A message to a party that isn't in `machines` is lost.
 * The result has the order of `machines`.
 */
export function runSimulation<Output>(
  machines: ReadonlyMap<PartyId, ProtocolMachine<Output>>,
  options: SimulationOptions = {},
): Map<PartyId, SimulationOutcome<Output>> {
  const next = seededUint32(options.seed ?? 1);
  const outcomes = new Map<PartyId, SimulationOutcome<Output>>();
  const sentOnLink = new Map<string, number>();
  const pending: InFlight[] = [];

  const take = (from: PartyId, step: Step<Output>): void => {
    for (const { to, payload } of step.send) {
      const link = `${from}>${to}`;
      const index = sentOnLink.get(link) ?? 0;
      sentOnLink.set(link, index + 1);
      const fate = options.tamper ? options.tamper(from, to, payload.slice(), index) : payload;
      if (fate === 'drop') continue;
      const delivered = fate === 'duplicate' ? payload : fate;
      pending.push({ from, to, payload: delivered.slice() });
      if (fate === 'duplicate') pending.push({ from, to, payload: delivered.slice() });
    }
    if (step.kind === 'done') outcomes.set(from, { kind: 'done', output: step.output });
    if (step.kind === 'abort') outcomes.set(from, { kind: 'abort', code: step.code, blame: step.blame });
  };

  // Start in random order too, but all of them before the first delivery: a machine takes no message before its start.
  for (const party of shuffled([...machines.keys()], next)) take(party, machines.get(party)!.start());
  while (pending.length > 0) {
    const at = next() % pending.length;
    const message = pending[at]!;
    pending[at] = pending[pending.length - 1]!;
    pending.pop();
    const machine = machines.get(message.to);
    if (machine && !outcomes.has(message.to)) take(message.to, machine.onMessage(message.from, message.payload));
  }
  return new Map([...machines.keys()].map((party) => [party, outcomes.get(party) ?? { kind: 'stalled' }]));
}

function shuffled<T>(items: T[], next: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
