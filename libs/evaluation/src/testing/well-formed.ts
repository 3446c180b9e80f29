/** Elements of an XML document in order, or an error that says where it is not well-formed. Void elements of HTML count as closed. */
export function elementsOf(markup: string): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const stack: string[] = [];
  let rest = markup.replace(/^<!doctype html>/i, '').replace(/<style>[^<]*<\/style>/g, '<style></style>');
  while (rest !== '') {
    const content = /^[^<]+/.exec(rest)?.[0];
    if (content !== undefined) {
      if (/&(?!#\d+;|amp;|lt;|gt;|quot;)|>/.test(content)) throw new Error(`unescaped text: ${content.slice(0, 60)}`);
      rest = rest.slice(content.length);
      continue;
    }
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][\w-]*="[^"<]*")*)\s*(\/?)>/.exec(rest);
    if (tag === null) throw new Error(`no tag: ${rest.slice(0, 80)}`);
    const [whole, closing, name, attributes, selfClosing] = tag as unknown as [string, string, string, string, string];
    if (closing !== '') {
      if (stack.pop() !== name) throw new Error(`</${name}> closes another element`);
    } else {
      found.push({ name, attributes: Object.fromEntries([...attributes.matchAll(/([a-zA-Z][\w-]*)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])) });
      if (selfClosing === '' && name !== 'meta') stack.push(name);
    }
    rest = rest.slice(whole.length);
  }
  if (stack.length > 0) throw new Error(`<${stack.at(-1)!}> is never closed`);
  return found;
}
