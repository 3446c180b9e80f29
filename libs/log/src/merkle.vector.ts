import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex } from '@boop/shared';
import { path, subproof } from './fixtures/rfc6962.ts';
import { MemoryLog } from './fixtures/memory-log.ts';
import { consistencyProof, inclusionProof, leafHash, verifyConsistencyProof, verifyInclusionProof } from './index.ts';

/** Leaves and roots of the Certificate Transparency reference tree (google/certificate-transparency, merkle_tree_test). */
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(fromHex);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the Certificate Transparency reference tree', () => {
  const leaves = entries.map(leafHash);

  test.each(roots.map((root, at) => [at + 1, root]))('has at size %i the root %s, and every proof', async (size, root) => {
    const log = new MemoryLog();
    await log.append(entries.slice(0, size as number));
    expect(toHex(log.head.root)).toBe(root);
    for (let index = 0; index < log.head.size; index++) {
      const proof = await inclusionProof(log, index, log.head.size);
      expect(proof).toEqual(path(index, leaves.slice(0, log.head.size)));
      verifyInclusionProof({ leafHash: leaves[index]!, index, ...log.head, proof });
      const older = { size: index + 1, root: fromHex(roots[index]!) };
      const consistency = await consistencyProof(log, older.size, log.head.size);
      expect(consistency).toEqual(subproof(older.size, leaves.slice(0, log.head.size)));
      verifyConsistencyProof(older, log.head, consistency);
    }
  });
});

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** transparency-dev/merkle testdata; elsewhere the reference tree above stands alone. */
function vectorsIn<T>(folder: string): [string, T][] {
  const root = new URL(`../../../../shared/vectors/merkle/${folder}/`, import.meta.url);
  if (!existsSync(root)) return [];
  const files = readdirSync(root, { recursive: true }).map(String).filter((name) => name.endsWith('.json')).sort();
  return files.map((name) => [name, JSON.parse(readFileSync(new URL(name, root), 'utf8')) as T]);
}

function codeOf(work: () => void): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? 'not a BoopError';
  }
}

/**
 * The only positive vector that is refused: its two equal "roots" are 12 bytes of text, and a hash here has 32. The cases with an
 * empty leaf or root are refused for the same reason, as the vectors want; so is every proof from size 0.
 */
const NOT_A_HASH = 'additional/sizes-are-equal-one-and-proof-is-empty.json';

describe('transparency-dev/merkle vectors', () => {
  const inclusion = vectorsIn<InclusionVector>('inclusion');
  const consistency = vectorsIn<ConsistencyVector>('consistency');

  test(`inclusion: all ${inclusion.length}`, () => {
    for (const [name, vector] of inclusion) {
      const work = () =>
        verifyInclusionProof({ leafHash: base64(vector.leafHash), index: vector.leafIdx, size: vector.treeSize, root: base64(vector.root), proof: (vector.proof ?? []).map(base64) });
      expect([name, codeOf(work)]).toEqual([name, vector.wantErr ? expect.stringMatching(/^log\./) : 'ok']);
    }
  });

  test(`consistency: all ${consistency.length}`, () => {
    for (const [name, vector] of consistency) {
      const work = () =>
        verifyConsistencyProof({ size: vector.size1, root: base64(vector.root1) }, { size: vector.size2, root: base64(vector.root2) }, (vector.proof ?? []).map(base64));
      const expected = name === NOT_A_HASH ? 'log.malformed-proof' : vector.wantErr ? expect.stringMatching(/^log\./) : 'ok';
      expect([name, codeOf(work)]).toEqual([name, expected]);
    }
  });
});
