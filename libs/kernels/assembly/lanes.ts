// Hot loops of the comparison protocol on shares of many lanes at once, with 128-bit SIMD.
//
// Layouts: a *slice* holds one bit per lane, lane i in bit i mod 8 of byte i >> 3, in whole vectors of 128 lanes;
// residues are u16, one per lane, canonical unless said otherwise. Lane counts are multiples of 128, byte counts of slices
// multiples of 16. `p` is 8191 or 65521. Loop bounds and addresses depend on public values only; the one branch on data is
// the rejection of keystream words outside the field, which says nothing about the words that are kept.

export * from './lane-residues';
export * from './lane-slices';
