const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** HTML that is already safe. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const safe = (value: unknown): string => {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(safe).join('');
  return value === undefined || value === false ? '' : String(value).replaceAll(/[&<>"']/g, (character) => entities[character]!);
};

/** Template tag: every value is escaped unless it is {@link Html}; undefined and false are nothing. */
export const html = (parts: TemplateStringsArray, ...values: unknown[]): Html => new Html(parts.reduce((text, part, at) => text + safe(values[at - 1]) + part));

/** A whole page in the style of the sign-in. */
export const page = (title: string, body: Html, head: Html = html``): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/login/assets/login.css">
${head}</head>
<body><main>${body}</main></body>
</html>
`.text;
