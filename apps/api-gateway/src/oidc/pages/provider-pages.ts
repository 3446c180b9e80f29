import { type ErrorOut, type KoaContextWithOIDC } from 'oidc-provider';
import { html, Html, page } from './html.ts';

const show = (ctx: KoaContextWithOIDC, title: string, body: Html): void => {
  ctx.type = 'html';
  ctx.body = page(title, body);
};

/** The provider's own forms come as text that it has escaped; inline handlers, which the content policy forbids, are taken out. */
const formOf = (text: string): Html => new Html(text.replaceAll(/ on\w+="[^"]*"/g, ''));

const nameOf = (ctx: KoaContextWithOIDC): string => ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId ?? 'this service';

export async function deviceInputPage(ctx: KoaContextWithOIDC, form: string, _out?: unknown, error?: Error): Promise<void> {
  const message = !error
    ? 'Enter the code that your device shows.'
    : error.name === 'AbortedError'
      ? 'You stopped this sign-in. Enter another code, or close this page.'
      : 'No device waits for this code. Look at the device again, and enter what it shows.';
  show(ctx, 'Connect a device', html`<h1>Connect a device</h1><p${error ? new Html(' role="alert" class="problem"') : undefined}>${message}</p>${formOf(form)}<button type="submit" form="op.deviceInputForm">Continue</button>`);
}

export async function deviceConfirmPage(ctx: KoaContextWithOIDC, form: string, _client: unknown, _device: unknown, userCode: string): Promise<void> {
  show(
    ctx,
    'Connect a device',
    html`<h1>Is this your device?</h1><p><strong>${nameOf(ctx)}</strong> asks you to sign in on a device that shows this code:</p><p class="code">${userCode}</p>
<p>If no device in front of you shows it, somebody else may be trying to use your sign-in: stop here.</p>${formOf(form)}
<div class="actions"><button type="submit" form="op.deviceConfirmForm">It is mine</button><button type="submit" class="quiet" form="op.deviceConfirmForm" name="abort" value="yes">Stop</button></div>`,
  );
}

export async function deviceDonePage(ctx: KoaContextWithOIDC): Promise<void> {
  show(ctx, 'Device connected', html`<h1>Done</h1><p>Your device goes on with ${nameOf(ctx)}. You can close this page.</p>`);
}

export async function signOutPage(ctx: KoaContextWithOIDC, form: string): Promise<void> {
  show(ctx, 'Sign out', html`<h1>Sign out?</h1>${formOf(form)}<div class="actions"><button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button><button type="submit" class="quiet" form="op.logoutForm">Stay signed in</button></div>`);
}

export async function signedOutPage(ctx: KoaContextWithOIDC): Promise<void> {
  show(ctx, 'Signed out', html`<h1>Signed out</h1><p>You can close this page.</p>`);
}

export async function errorPage(ctx: KoaContextWithOIDC, out: ErrorOut): Promise<void> {
  show(ctx, 'The sign-in could not go on', html`<h1>The sign-in could not go on</h1><p role="alert" class="problem">${out.error_description ?? 'The request was not one that can be answered.'}</p><p>Go back to the service that sent you here, and start again.</p><p class="fine">${out.error}</p>`);
}
