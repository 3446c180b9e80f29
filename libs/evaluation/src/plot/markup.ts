/** Text that is safe in XML and HTML, in elements and in quoted attributes; control characters, which XML forbids, are replaced. */
export const escapeText = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export type Attributes = Readonly<Record<string, string | number>>;

/** An XML element; `children` is markup already. */
export function element(name: string, attributes: Attributes, children = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value)}"`);
  return children === '' ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${children}</${name}>`;
}

export const text = (content: string, attributes: Attributes): string => element('text', attributes, escapeText(content));

/** At most two decimals, never an exponent. */
export const coordinate = (value: number): string => String(Math.round(value * 100) / 100);

/** SVG path through points. */
export const path = (points: readonly (readonly [number, number])[]): string => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${coordinate(x)} ${coordinate(y)}`).join('');
