import { type BitsPair, type BooleanEngine, type Rounds, type SharedBits } from './boolean-engine.ts';

/** The shared digits of r, one member's part, in an arena. */
export interface DigitTables {
  /** Lowest digit first. */
  readonly widths: readonly number[];
  /** Per held component the offset of the rows [digit < v], v = 1 … 2^width − 1, of all digits one behind the other, a slice each. */
  readonly rows: readonly number[];
  /** Bytes from row to row. */
  readonly stride: number;
}

/** [digit < end] and [digit = end]; the lowest digit needs only the first. */
interface Order {
  readonly less: SharedBits;
  readonly equal: SharedBits | undefined;
}

/** What is added to c modulo p: a = c + fromMax, b = c + fromTheta. */
export function endOffsets(p: number, theta: number, scoreMax: number): { fromMax: number; fromTheta: number } {
  const reduce = (x: number): number => ((x % p) + p) % p;
  return { fromMax: reduce(-scoreMax), fromTheta: reduce(1 - theta) };
}

/**
 * The shared bit S ∈ [θ, scoreMax] per lane, from public c = S + r: r ∈ [c − scoreMax, c − θ] cyclically, or
 * [r < b] ⊕ [r < a] ⊕ (a > b) with a = c − scoreMax and b = c − θ + 1. Over 8191 zero has two words, 0 and 8191; with both ends in 1…p
 * either word of r compares alike. Rounds: ⌈log2 digits⌉. Look-ups go by public addresses.
 * @param opened offset of c, canonical, `lanes` of them (a multiple of 128)
 */
export function* intervalTest(engine: BooleanEngine, p: number, opened: number, lanes: number, theta: number, scoreMax: number, tables: DigitTables): Rounds<SharedBits> {
  const { arena, replication } = engine;
  const bytes = lanes / 8;
  const bits = p === 8191 ? 13 : 16;
  const { fromMax, fromTheta } = endOffsets(p, theta, scoreMax);
  const wraps = arena.allocate(bytes);
  const ends = [arena.allocate(bits * bytes), arena.allocate(bits * bytes)] as const;
  const mark = arena.mark();
  const [a, b] = [arena.allocate(2 * lanes), arena.allocate(2 * lanes)];
  arena.ops.intervalEnds(opened, fromMax, fromTheta, a, b, wraps, lanes, p);
  arena.ops.toSlices(a, ends[0], bytes, lanes, p);
  arena.ops.toSlices(b, ends[1], bytes, lanes, p);
  arena.release(mark);
  let orders = ends.map((end) => digitOrders(engine, end, bytes, tables));
  while (orders[0]!.length > 2) orders = yield* joinLevel(engine, orders, bytes);
  const summand = engine.newZeros(bytes);
  for (const [low, high] of orders) {
    engine.addLinear(summand, high!.less, bytes);
    engine.addProduct(summand, [high!.equal!, low!.less], bytes);
  }
  if (replication.owned.some((c) => replication.held[c] === 0)) arena.ops.xor(summand, wraps, summand, bytes);
  const [result] = (yield* engine.reshare(summand, 1, bytes)) as [SharedBits];
  return result;
}

/** All digits against one end, lowest first. Local. */
function digitOrders(engine: BooleanEngine, end: number, bytes: number, { widths, rows, stride }: DigitTables): Order[] {
  const { arena, replication } = engine;
  let bit = 0;
  let row = 0;
  return widths.map((width, digit) => {
    const less = rows.map(() => arena.allocate(bytes));
    const equal = digit === 0 ? undefined : rows.map(() => arena.allocate(bytes));
    rows.forEach((table, c) => {
      const ones = replication.held[c] === 0 ? -1 : 0;
      arena.ops.lookUp(table + row * stride, stride, width, end + bit * bytes, bytes, ones, less[c]!, equal?.[c] ?? 0, bytes);
    });
    bit += width;
    row += 2 ** width - 1;
    return { less, equal };
  });
}

/** Joins digits in pairs from the highest down, for both ends in one round; an odd one out is the lowest. */
function* joinLevel(engine: BooleanEngine, ends: readonly Order[][], bytes: number): Rounds<Order[][]> {
  const pairs: BitsPair[] = [];
  for (const orders of ends) {
    for (let high = orders.length - 1; high > 0; high -= 2) {
      const [upper, lower] = [orders[high]!, orders[high - 1]!];
      pairs.push([upper.equal!, lower.less]);
      if (lower.equal) pairs.push([upper.equal!, lower.equal]);
    }
  }
  const products = yield* engine.and(pairs, bytes);
  let at = 0;
  return ends.map((orders) => {
    const joined: Order[] = [];
    for (let high = orders.length - 1; high > 0; high -= 2) {
      const less = engine.xor(orders[high]!.less, products[at++]!, bytes);
      joined.unshift({ less, equal: orders[high - 1]!.equal && products[at++] });
    }
    return orders.length % 2 === 1 ? [orders[0]!, ...joined] : joined;
  });
}
