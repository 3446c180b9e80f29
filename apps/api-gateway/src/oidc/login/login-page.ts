import encodeQR from 'qr';
import { html, Html, page } from '../pages/html.ts';
import { type Login, type LoginStatus } from './login-service.ts';

const messages: Readonly<Record<LoginStatus, string>> = {
  waiting: 'Hold your palm over a scanner that read this code.',
  comparing: 'Your palm is being compared.',
  accepted: 'You are signed in.',
  refused: 'Your palm was not recognised. Try again, or take another way.',
  expired: 'The time for this code is over.',
};

/** The sign-in page. Without a script it loads itself again every few seconds. */
export function loginPage(login: Login, options: { passkeys: boolean }): string {
  const { uid, vendor, status, ways } = login;
  const action = (name: string): string => `/login/${uid}/${name}`;
  const reload = status === 'waiting' || status === 'comparing' ? html`<noscript><meta http-equiv="refresh" content="5"></noscript>\n` : undefined;
  const head = html`${reload}<script type="module" src="/login/assets/login.js"></script>\n`;
  const body = html`<h1>Sign in to <span class="vendor">${vendor.name}</span></h1>
<div id="login" data-uid="${uid}" data-status="${status}">
${ways.palm && palmPart(login)}
${ways.palm && html`<p id="status" role="status" aria-live="polite" class="${status}">${messages[status]}</p>`}
<div class="actions">
${status === 'accepted' && html`<form method="post" action="${action('finish')}" id="finish"><button type="submit">Continue to ${vendor.name}</button></form>`}
${(status === 'refused' || status === 'expired') && ways.palm && html`<form method="get" action="/login/${uid}" id="again"><input type="hidden" name="again" value="1"><button type="submit">Try again</button></form>`}
${options.passkeys && passkeyPart(login)}
<form method="post" action="${action('cancel')}"><button type="submit" class="quiet">Cancel</button></form>
</div>
</div>
<p class="fine">${vendor.name} learns a name for you that no other service knows, and that you signed in. Your palm is compared by independent nodes, none of which sees it.</p>`;
  return page(`Sign in to ${vendor.name}`, body, head);
}

/** What becomes of a sign-in whose time is over, or that never was. */
export const lostPage = (message: string): string =>
  page('Sign in', html`<h1>This sign-in is over</h1><p role="alert" class="problem">${message}</p><p>Go back to the service that sent you here, and start again.</p>`);

function palmPart({ record, status }: Login): Html | undefined {
  if (!record || (status !== 'waiting' && status !== 'comparing')) return undefined;
  const seconds = Math.round((record.expiresAtMs - record.createdAtMs) / 1000);
  return html`<figure><div class="qr" role="img" aria-label="Code for a palm scanner">${new Html(encodeQR(record.link, 'svg'))}</div>
<figcaption>Show this code to a palm scanner, or open <a href="${record.link}" rel="noreferrer" target="_blank">its link</a> on a device that has one. <time id="left" data-until="${record.expiresAtMs}">It is good for ${seconds} seconds.</time></figcaption></figure>`;
}

/** Shown by the script: a passkey takes one. */
function passkeyPart({ ways, status }: Login): Html {
  return html`${ways.passkey && status !== 'accepted' && html`<button type="button" id="passkey" class="quiet" hidden>Use a passkey instead</button><button type="button" id="passkey-new" class="quiet" hidden>Make a passkey: no palm needed</button>`}
${ways.passkey && ways.palm && (status === 'waiting' || status === 'comparing') && html`<label class="fine" id="keep" hidden><input type="checkbox"> After my palm, make a passkey for next time</label>`}
${ways.passkey && status === 'accepted' && html`<button type="button" id="passkey-keep" hidden>Make a passkey for next time</button>`}
<noscript><p class="fine">A passkey, the way without a palm, needs JavaScript.</p></noscript>`;
}
