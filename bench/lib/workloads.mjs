// The workloads that other systems were measured on (docs/matching), and the network's own palms. Word sources are uniform 16-bit words.
import { palmGeometry } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';

const identity = (coordinates) => [Int32Array.from({ length: coordinates }, (_, i) => i)];

/** 12,800 code bits with 6,400 mask bits, each for a pair of code bits: S = 2⟨c, c'⟩ − ⟨m, m'⟩. */
const irisCodes = {
  statistic: { id: 'bench-iris-pairs', p: 65521, coordinates: 19_200, codeCoordinates: 12_800, validMin: 0, alpha: 2, beta: 1, scoreMin: -32_000, scoreMax: 19_200, shifts: identity(19_200) },
  geometry: { kind: 'vector', coordinates: 19_200 },
  theta: 2_000,
  plain(word, like) {
    const out = new Int8Array(19_200);
    for (let pixel = 0; pixel < 6_400; pixel++) {
      const bits = word();
      const valid = (bits & 15) === 0 ? 0 : 1;
      out[12_800 + pixel] = valid;
      for (let k = 0; k < 2; k++) {
        const noise = ((bits >> (4 + 3 * k)) & 7) === 0;
        const code = like && !noise && like[2 * pixel + k] !== 0 ? like[2 * pixel + k] : 1 - 2 * ((bits >> (10 + k)) & 1);
        out[2 * pixel + k] = valid * code;
      }
    }
    return out;
  },
};

/** 512 dimensions of int8, ‖x‖² ≤ 4095. */
const embeddings = {
  statistic: { id: 'bench-embedding', p: 8191, coordinates: 512, codeCoordinates: 512, validMin: 0, alpha: 1, beta: 0, scoreMin: -4_095, scoreMax: 4_095, shifts: identity(512) },
  geometry: { kind: 'vector', coordinates: 512 },
  theta: 800,
  plain(word, like) {
    return Int8Array.from({ length: 512 }, (_, i) => {
      const bits = word();
      return like && (bits & 7) !== 0 ? like[i] : ((bits >> 3) % 7) - 3;
    });
  },
};

/** Palms with 25 shifts, one shifted copy among them where `like` is given. */
const palms = {
  statistic: palmStatistic,
  geometry: palmGeometry,
  theta: 302,
  plain(word, like) {
    const out = new Int8Array(4_096);
    for (let pixel = 0; pixel < 1_024; pixel++) {
      const bits = word();
      const valid = (bits & 15) === 0 ? 0 : 1;
      out[3_072 + pixel] = valid;
      for (let plane = 0; plane < 3; plane++) {
        const code = like && (bits >> (4 + 2 * plane)) & 3 && like[3 * pixel + plane] !== 0 ? like[3 * pixel + plane] : 1 - 2 * ((bits >> (10 + plane)) & 1);
        out[3 * pixel + plane] = valid * code;
      }
    }
    return out;
  },
};

export const workloads = { w1: irisCodes, w2: embeddings, palms };

/** S at the first shift, in the clear. */
export function plainScore({ alpha, beta, codeCoordinates }, a, b) {
  let code = 0;
  let mask = 0;
  for (let i = 0; i < codeCoordinates; i++) code += a[i] * b[i];
  for (let i = codeCoordinates; i < a.length; i++) mask += a[i] * b[i];
  return alpha * code - beta * mask;
}
