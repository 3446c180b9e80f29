import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { concatBytes, epoch, fromHex, partyId, type PartyId, type Rng, toHex } from '@boop/shared';
import { createGroupKey } from './group-key.ts';
import { opensslArithmetic } from '@boop/platform';
import { aggregate, type CipherSuite, commit, KeyShare, portableArithmetic, signShare } from './index.ts';

interface Signer {
  readonly share: string;
  readonly hidingNonceRandomness: string;
  readonly bindingNonceRandomness: string;
  readonly commitment: string;
  readonly signatureShare: string;
}

interface Vector {
  readonly suite: CipherSuite;
  readonly base: (scalar: Uint8Array) => Uint8Array;
  readonly publicKey: string;
  readonly coefficient: string;
  readonly signers: Readonly<Record<number, Signer>>;
  readonly signature: string;
}

/** RFC 9591 appendices E.1 and E.4: 2 of 3, signers 1 and 3, message "test". */
const vectors: Vector[] = [
  {
    suite: 'FROST-ED25519-SHA512',
    base: (scalar) => ed25519.Point.BASE.multiply(ed25519.Point.Fn.fromBytes(scalar)).toBytes(),
    publicKey: '15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673',
    coefficient: '178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204',
    signers: {
      1: {
        share: '929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509',
        hidingNonceRandomness: '06894e04ee4aceec8619d5f6a0a180e2f47194d2ac306cba586b555e7c48d765',
        bindingNonceRandomness: '40d6f879ff22e22409f7d808fed81f37118e7d3e4af71c0f44c60207553bcbce',
        commitment: '9b116f12589591a7e23fe8048059ab10ab48e67739e7a2fb3890f61a7999478cc39b66b7dfccb122da24f13587f9a08c4347cae70046ca15169adf90ba65854d',
        signatureShare: '60997f0142e43e8005027fe5ab7447dac00d22c2d7ddd9571a02613ba7d81c08',
      },
      3: {
        share: 'd3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02',
        hidingNonceRandomness: 'fa5d950626782aade9e33fa781376d4888c2d1de7c37518bc248eb818ed0cdde',
        bindingNonceRandomness: '7459a4d14ded0e365b085271be8dc6600d5b88f3978a2174297ffa32001a5afc',
        commitment: 'e679a2a971748ccfaabead4dbe8ac1def61275c186c79d471e1e45091ad1e687b2a942478453fabb6bd3181c56ba657413447b4136e1daea2484d396d1a516b3',
        signatureShare: '79390e78bc59699c7af831f8f5fb478ec871a85f561a8641b5670ac4443f720f',
      },
    },
    signature: '154fb694ee7fcb37bf2381d94488c2a84b03b3352ad085feca81ad26d45852b7ecfe971ce4da95c4a95db93ac376b053897fca212ef85f99cf696bffeb178f07',
  },
  {
    suite: 'FROST-P256-SHA256',
    base: (scalar) => p256.Point.BASE.multiply(p256.Point.Fn.fromBytes(scalar)).toBytes(),
    publicKey: '023a309ad94e9fe8a7ba45dfc58f38bf091959d3c99cfbd02b4dc00585ec45ab70',
    coefficient: '80f25e6c0709353e46bfbe882a11bdbb1f8097e46340eb8673b7e14556e6c3a4',
    signers: {
      1: {
        share: '0c9c1a0fe806c184add50bbdcac913dda73e482daf95dcb9f35dbb0d8a9f7731',
        hidingNonceRandomness: '4a8477d587f118308d3069e63995feec76f5d9b83ab7d9bce2fc8011d3462bb4',
        bindingNonceRandomness: '62cbcda4d3d0df22b8dcc973714bc50c4ebb12caed8266df5e1a49cb73c0bcff',
        commitment: '0211fe5268b9341f6de336fbb797effb21160bc836be0a7521ba02864019c94e9703022d2adb2825f4233c21e6a182a91078368bc6b6b2736586a016d2656a14937a',
        signatureShare: '3913cccb804dd81498c9f2873ce7f7d39accf7def963ee2e18817955462ca88a',
      },
      3: {
        share: '0e80d6e8f6192c003b5488ce1eec8f5429587d48cf001541e713b2d53c09d928',
        hidingNonceRandomness: 'da6c48369ed5170e8000a3d379c07c426a98620e7f7835334c87721e090188bc',
        bindingNonceRandomness: 'b9c65da6de960b4c3eea5fb951e51aba852a91b7f893fbf8976c7a945e41d86d',
        commitment: '02d4bfd0ce577be72c1e9d1dd981490a15bf56518d194db0b61bfb3deb00c85d2102a03c9990a3f79be07da4531ea8e2e90afbaf74ea31731f6d98113370a003f804',
        signatureShare: '9149aa8ac15e6e7481f9e3816135bc9e18de1f5dd1f472073fa00c8ef8e749bb',
      },
    },
    signature: '02aea65143565d19f2811d6c1d7a7486fdd57dd3f6b08d8653ca260ec0ebe00b61ca5d775641ac46891ac3d6089e1db471b3ab173ccb586035582185e43f13f245',
  },
];

/** Gives out exactly the recorded bytes, then nothing. */
function replay(recorded: Uint8Array): Rng {
  let at = 0;
  return {
    bytes(count) {
      if (at + count > recorded.length) throw new RangeError('more randomness than the vector has');
      return recorded.slice(at, (at += count));
    },
  };
}

describe.each(vectors)('RFC 9591 appendix E, $suite', ({ suite, base, publicKey, coefficient, signers, signature }) => {
  const message = fromHex('74657374');
  const parties = [1, 2, 3].map(partyId);
  const group = createGroupKey({ name: 'test', suite, epoch: epoch(1), threshold: 2, parties }, [fromHex(publicKey), base(fromHex(coefficient))]);

  test.each([['portable', portableArithmetic], ['OpenSSL', opensslArithmetic]] as const)('commitments, signature shares and signature by %s arithmetic', (_by, arithmetic) => {
    const signing = Object.entries(signers).map(([id, signer]) => {
      const share = new KeyShare(group, partyId(Number(id)), fromHex(signer.share));
      return { signer, share, ...commit(share, replay(concatBytes(fromHex(signer.hidingNonceRandomness), fromHex(signer.bindingNonceRandomness)))) };
    });
    const commitments = new Map<PartyId, Uint8Array>(signing.map(({ share, commitment }) => [share.self, commitment]));
    const shares = new Map<PartyId, Uint8Array>();
    for (const { signer, share, nonces, commitment } of signing) {
      expect(toHex(commitment)).toBe(signer.commitment);
      shares.set(share.self, signShare(share, nonces, commitments, message, arithmetic));
      expect(toHex(shares.get(share.self)!)).toBe(signer.signatureShare);
    }
    expect(toHex(aggregate(group, commitments, message, shares, { arithmetic }))).toBe(signature);
  });
});
