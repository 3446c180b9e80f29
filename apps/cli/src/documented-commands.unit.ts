import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Command } from 'commander';
import { boopProgram } from './program.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const notOurs = /(^|\/)(node_modules|dist|dist-types|coverage|generated|\.[^/]*)(\/|$)/;
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs', 'deploy', 'libs', 'apps'].flatMap(markdownAt).filter((page) => !page.startsWith('docs/adr'));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function markdownAt(path: string): string[] {
  if (path.endsWith('.md')) return [path];
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = `${path}/${entry.name}`;
    if (notOurs.test(inside)) return [];
    return entry.isDirectory() ? markdownAt(inside) : entry.name.endsWith('.md') ? [inside] : [];
  });
}

interface Line {
  readonly text: string;
  /** In a block, which is typed as it stands; a command in a sentence may be shortened. */
  readonly whole: boolean;
}

/** What stands in code: lines of blocks, and spans of sentences. */
function* codeOf(markdown: string): Generator<Line> {
  for (const [at, part] of markdown.split(/^```.*$/m).entries()) {
    if (at % 2 === 1) for (const text of part.split('\n')) yield { text, whole: true };
    else for (const [, text] of part.matchAll(/`([^`\n]+)`/g)) yield { text: text!, whole: false };
  }
}

/** The words of the commands of a line, without redirections and remarks; `a|b` stands for either. */
function* commandsIn(line: string): Generator<string[]> {
  for (const part of line.replace(/(^|\s)#.*$/, '').replace(/"\$\([^)]*\)"/g, 'VALUE').split(/[;&]|\s\|\s|\$\(/)) {
    const words = (part.replace(/\s>.*$/, '').match(/(?:[^\s'"]|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replace(/^\[|\]$/g, ''));
    const alternatives = words.map((word) => (/^[a-z]+(\|[a-z]+)+$/.test(word) ? word.split('|') : [word]));
    yield* alternatives.reduce<string[][]>((all, choice) => all.flatMap((before) => choice.map((word) => [...before, word])), [[]]);
  }
}

/** Arguments of `boop` in any of the ways in which it is called; nothing for other programs. */
function boopArguments(words: readonly string[]): readonly string[] | undefined {
  const [program, action, ...rest] = words;
  if (program === 'boop') return words.slice(1);
  if (program !== 'npm') return undefined;
  const passed = rest.includes('--') ? rest.slice(rest.indexOf('--') + 1) : [];
  if (action === 'start') return ['network', 'up', ...passed];
  if (action !== 'run') return undefined;
  if (rest.includes('demo')) return ['demo', ...passed];
  return rest.includes('boop') ? passed : undefined;
}

const leftOut = '…';

/** What is wrong with a command, by the table of commands itself. */
function faultOf(args: readonly string[], whole: boolean): string | undefined {
  let command: Command = boopProgram();
  const left = [...args];
  while (command.commands.length > 0) {
    const name = left.shift();
    if (name === undefined || name === leftOut || name === '--help') return undefined;
    const found = command.commands.find((one) => one.name() === name);
    if (!found) return `no command ${name} of ${command.name()}`;
    command = found;
  }
  const given = new Set<string>();
  let operands = 0;
  for (let at = 0; at < left.length; at++) {
    const [flag] = left[at]!.split('=', 1);
    if (!flag!.startsWith('-')) {
      operands += flag === leftOut ? 0 : 1;
      continue;
    }
    if (flag === '--help') return undefined;
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (!option) return `no option ${flag} of ${command.name()}`;
    given.add(option.long!);
    if (option.isBoolean() || left[at]!.includes('=')) continue;
    do at += 1;
    while (option.variadic && at + 1 < left.length && !left[at + 1]!.startsWith('-'));
  }
  const wanted = command.registeredArguments;
  if (operands > wanted.length) return `more operands than ${command.name()} takes`;
  if (!whole || args.includes(leftOut)) return undefined;
  if (operands < wanted.filter(({ required }) => required).length) return `fewer operands than ${command.name()} needs`;
  const missing = command.options.find(({ mandatory, long }) => mandatory && !given.has(long!));
  return missing ? `${command.name()} needs ${missing.long}` : undefined;
}

describe('commands in the documentation', () => {
  const lines = pages.flatMap((page) => [...codeOf(read(page))].map((line) => ({ page, ...line })));

  test('are commands of boop with these operands and options', () => {
    const found = lines.flatMap(({ page, text, whole }) => [...commandsIn(text)].flatMap((words) => {
      const args = boopArguments(words);
      return args ? [{ page, text, fault: faultOf(args, whole) }] : [];
    }));
    expect(found.length).toBeGreaterThan(70);
    expect(found.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  test('are scripts, benchmarks and files of the project otherwise', () => {
    const wrong: string[] = [];
    for (const { page, text } of lines) {
      for (const [, script] of text.matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)(?![^;&|]* -w )/g)) if (!(script! in scripts)) wrong.push(`${page}: ${text}`);
      for (const [, names] of text.matchAll(/\bnpm run bench -- ((?:[a-z][a-z0-9-]*\b ?)+)/g)) for (const name of names!.trim().split(' ')) if (!existsSync(join(root, `bench/${name}.mjs`))) wrong.push(`${page}: ${text}`);
      for (const [, file] of text.matchAll(/\bnode (scripts\/[\w./-]+)/g)) if (!existsSync(join(root, file!))) wrong.push(`${page}: ${text}`);
    }
    expect(wrong).toEqual([]);
  });

  test('are told from what does not exist', () => {
    const fault = (line: string): string | undefined => faultOf(boopArguments([...commandsIn(line)][0]!)!, true);
    expect(fault('boop node backup DIR --to FOLDER > digest # kept')).toBeUndefined();
    expect(fault('npm start -- --nodes 7')).toBeUndefined();
    expect(fault('boop node rotate … --help')).toBeUndefined();
    expect(fault('boop node backups DIR')).toBe('no command backups of node');
    expect(fault('npm run boop -- node backup DIR --into FOLDER')).toBe('no option --into of backup');
    expect(fault('boop node backup DIR')).toBe('backup needs --to');
    expect(fault('boop node status')).toBe('fewer operands than status needs');
    expect(fault('boop node status A B')).toBe('more operands than status takes');
    expect(fault('npm run demo -- --palms 3')).toBe('no option --palms of demo');
  });
});

describe('links in the documentation', () => {
  test('lead to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target))).map((target) => `${page}: ${target}`),
    );
    expect(pages.length).toBeGreaterThan(40);
    expect(broken).toEqual([]);
  });
});
