import { type WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** How often a progress line is repeated where it can't be overwritten. */
const plainProgressMs = 5000;
const barWidth = 24;

export interface StoryOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Tells the demo on a terminal or, in plain lines, to a file. */
export class Story {
  readonly #out: StoryOutput;
  readonly #live: boolean;
  #progressShown = false;
  #lastPlainMs = -Infinity;

  constructor(out: StoryOutput = process.stdout) {
    this.#out = out;
    this.#live = out.isTTY === true;
  }

  chapter(title: string): void {
    this.line();
    this.line(this.#style('bold', title));
  }

  line(text = ''): void {
    this.#clearProgress();
    this.#out.write(`${text}\n`);
  }

  good = (text: string): string => this.#style('green', `✓ ${text}`);
  bad = (text: string): string => this.#style('red', `✗ ${text}`);
  quiet = (text: string): string => this.#style('gray', text);

  /** One line that is replaced as it goes on. */
  progress(done: number, total: number, note: string): void {
    const filled = Math.round((done / Math.max(1, total)) * barWidth);
    const text = `  ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done}/${total}  ${note}`;
    if (this.#live) {
      const width = (this.#out as Partial<WriteStream>).columns ?? 100;
      this.#out.write(`\r\u001b[2K${text.slice(0, width - 1)}`);
      this.#progressShown = true;
    } else if (performance.now() - this.#lastPlainMs > plainProgressMs) {
      this.#out.write(`${text}\n`);
      this.#lastPlainMs = performance.now();
    }
  }

  table(rows: readonly (readonly string[])[]): void {
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    for (const row of rows) this.line(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('   ')}`);
  }

  #clearProgress(): void {
    if (this.#progressShown) this.#out.write('\r\u001b[2K');
    this.#progressShown = false;
    this.#lastPlainMs = -Infinity;
  }

  #style(format: 'bold' | 'green' | 'red' | 'gray', text: string): string {
    return this.#live ? styleText(format, text) : text;
  }
}
