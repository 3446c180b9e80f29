// The sign-in page: asks how the sign-in stands, counts down, and offers passkeys where the browser has them.
const { uid, status } = document.getElementById('login').dataset;
const pollMs = 700;
const hasPasskeys = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);
const keepChoice = `make a passkey after ${uid}`;

const left = document.getElementById('left');
function countDown() {
  const seconds = Math.max(0, Math.round((Number(left.dataset.until) - Date.now()) / 1000));
  left.textContent = `It is good for ${seconds} seconds.`;
}
if (left) {
  countDown();
  setInterval(countDown, 1000);
}

// While a passkey is used, the sign-in may end under the page, which then must not ask for it any more.
let asking = new AbortController();
async function poll() {
  const { signal } = asking;
  try {
    const now = (await (await fetch(`/login/${uid}/state`, { cache: 'no-store', signal })).json()).status;
    if (signal.aborted) return;
    if (now === 'expired') return document.location.assign(`/login/${uid}?again=1`);
    if (now !== status) return document.location.assign(`/login/${uid}`);
  } catch {
    // The network is away for a moment: ask again.
  }
  if (!signal.aborted) pollLater();
}

let nextPoll;
function pollLater() {
  clearTimeout(nextPoll);
  if (status === 'waiting' || status === 'comparing') nextPoll = setTimeout(poll, pollMs);
}

function stopPolling() {
  clearTimeout(nextPoll);
  asking.abort();
  asking = new AbortController();
}

async function post(path, body) {
  const response = await fetch(`/login/${uid}/passkey/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function usePasskey() {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post('challenge'));
  return post('sign-in', (await navigator.credentials.get({ publicKey })).toJSON());
}

async function makePasskey() {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await post('new'));
  return post('register', (await navigator.credentials.create({ publicKey })).toJSON());
}

function say(text) {
  let line = document.getElementById('passkey-status');
  if (!line) {
    line = Object.assign(document.createElement('p'), { id: 'passkey-status', role: 'alert', className: 'problem' });
    document.querySelector('.actions').before(line);
  }
  line.textContent = text;
}

function offer(id, act) {
  const button = document.getElementById(id);
  if (!button || !hasPasskeys) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    stopPolling();
    try {
      document.location.assign((await act()).location);
    } catch (error) {
      say(error.name === 'NotAllowedError' ? 'No passkey was used. Try again, or take another way.' : 'The passkey could not be used here.');
      button.disabled = false;
      pollLater();
    }
  });
}
offer('passkey', usePasskey);
offer('passkey-new', makePasskey);

const keep = document.getElementById('keep');
if (keep && hasPasskeys) {
  const box = keep.querySelector('input');
  keep.hidden = false;
  box.checked = sessionStorage.getItem(keepChoice) !== null;
  box.addEventListener('change', () => (box.checked ? sessionStorage.setItem(keepChoice, 'yes') : sessionStorage.removeItem(keepChoice)));
}

pollLater();
if (status === 'accepted') {
  if (hasPasskeys && sessionStorage.getItem(keepChoice) !== null) offer('passkey-keep', makePasskey);
  else document.getElementById('finish').requestSubmit();
}
