import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectRoot } from './captures.ts';

const filesBelow = (folder: string, name: RegExp): string[] =>
  readdirSync(join(projectRoot, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && name.test(entry.name) && !/\/(dist|generated|node_modules)(\/|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name));
const textOf = (files: readonly string[]): string => files.map((file) => readFileSync(file, 'utf8')).join('\n');

const sources = textOf(['apps', 'libs'].flatMap((folder) => readdirSync(join(projectRoot, folder)).flatMap((name) => filesBelow(join(folder, name, 'src'), /(?<!\.(unit|int|prop|sim|vector|e2e|long))\.ts$/))));
const guides = textOf(filesBelow('docs/operations', /\.md$/));
const spans = new Set([...guides.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!));
const isFile = /\.(ts|mjs|md|json|yaml|yml|url|pem|pub|sig|crt|long|sock|log)$/;

describe('the operations guides', () => {
  test('name metrics that our processes export', () => {
    const named = [...new Set([...spans].flatMap((span) => span.match(/\bboop_[a-z0-9_]+/g) ?? []))];
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((metric) => !sources.includes(`'${metric}'`))).toEqual([]);
  });

  test('name codes that our processes give', () => {
    const codes = [...spans].filter((span) => /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)+$/.test(span) && !isFile.test(span));
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});
