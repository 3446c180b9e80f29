import { connect } from 'node:net';

/** Of a crowd: where it goes, how many stand there at once, and what each says before it falls silent. */
export interface Crowd {
  readonly port: number;
  readonly count: number;
  /** Sent over the connections in turn. */
  readonly openings: readonly string[];
}

/** What a crowd tells of itself. */
export interface CrowdState {
  readonly open: number;
  readonly opened: number;
  readonly closed: number;
}

/** Connections of one loopback address; caps of one address let so many in. */
const perAddress = 400;
const atOnceMax = 200;

/** A program of its own: opens half-open connections, and a new one for each that is closed, until it is killed. */
export function crowd({ port, count, openings }: Crowd, tell: (state: CrowdState) => void): void {
  let [open, opened, closed, dialling] = [0, 0, 0, 0];
  const dial = (place: number): void => {
    if (dialling >= atOnceMax) return void setTimeout(dial, 20, place);
    dialling += 1;
    const at = Math.floor(place / perAddress);
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.${1 + Math.floor(at / 200)}.${1 + (at % 200)}` });
    let isOpen = false;
    socket.once('connect', () => {
      [isOpen, open, opened, dialling] = [true, open + 1, opened + 1, dialling - 1];
      socket.write(openings[place % openings.length]!);
    });
    socket.on('data', () => undefined).on('error', () => undefined);
    socket.once('close', () => {
      if (isOpen) [open, closed] = [open - 1, closed + 1];
      else dialling -= 1;
      setTimeout(dial, 100, place);
    });
  };
  for (let place = 0; place < count; place++) dial(place);
  setInterval(() => tell({ open, opened, closed }), 100);
}

if (process.argv[2] !== undefined) {
  crowd(JSON.parse(process.argv[2]) as Crowd, (state) => process.send!(state));
  process.once('disconnect', () => process.exit(0));
}
