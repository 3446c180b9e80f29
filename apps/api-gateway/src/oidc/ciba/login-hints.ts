/** Whom a backchannel request means: somebody before a terminal, whoever answers an open context, or one person. */
export type LoginHint = { readonly kind: 'context' | 'terminal'; readonly id: string } | { readonly kind: 'sub'; readonly sub: string };

const id = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const sub = /^[\x21-\x7e]{1,255}$/;

/** `context:…`, `terminal:…` or `sub:…`; undefined for anything else. */
export function parseLoginHint(text: string): LoginHint | undefined {
  const cut = text.indexOf(':');
  const [kind, rest] = [text.slice(0, cut), text.slice(cut + 1)];
  if ((kind === 'context' || kind === 'terminal') && id.test(rest)) return { kind, id: rest };
  return kind === 'sub' && sub.test(rest) ? { kind, sub: rest } : undefined;
}
