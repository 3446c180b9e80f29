import { createPublicKey, type X509Certificate } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import { type TLSSocket } from 'node:tls';
import { issueUnderIdentity, type KeyCustody, newP256Secret, tlsKeyPem } from '@boop/platform';
import { BoopError, isBoopError, fromBase64Url } from '@boop/shared';
import { CLOCK_SKEW_MAX_MS, MEETING_BYTES_MAX, MEETING_PATH, type MeetingMessage, meetingMessageSchema, meetingReplySchema } from './meeting-messages.ts';
import { type MemberDescriptor, verifyDescriptor } from './member-descriptor.ts';

const requestTimeoutMs = 10_000;
const certificateLifetimeMs = 86_400_000;

/** A key and a certificate for the meeting alone, issued by the identity key: so a connection speaks for the identity that its messages show. */
export interface MeetingTls {
  readonly cert: string;
  readonly key: string;
}

export async function meetingTls(custody: KeyCustody, nowMs: number): Promise<MeetingTls> {
  const tlsSecret = newP256Secret();
  const cert = await issueUnderIdentity({ uri: 'boop://meeting/node/0', identityKey: custody.identityPublicKey, tlsSecret, sign: (bytes) => custody.signIdentity(bytes), notBeforeMs: nowMs, lifetimeMs: certificateLifetimeMs });
  return { cert, key: tlsKeyPem(tlsSecret) };
}

export interface MeetingParty {
  readonly tls: MeetingTls;
  /** What this machine says now. */
  readonly message: () => MeetingMessage;
  readonly nowMs: () => number;
}

/** mTLS 1.3 among machines that trust nobody yet: certificates prove the identity that comes with them, and custodians compare the fingerprint of them all. */
const mutual = ({ cert, key }: MeetingTls) => ({ cert, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', rejectUnauthorized: false }) as const;

/** Answers every caller that proves an identity with what this machine says. */
export async function serveMeeting(party: MeetingParty, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer({ ...mutual(party.tls), requestCert: true }, (incoming, response) => void answer(party, incoming, response));
  server.requestTimeout = requestTimeoutMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new BoopError('link.port-taken', `port ${port} of ${host} is taken`) : error));
    server.listen(port, host, resolve);
  });
  return server;
}

/** Tells a machine what this one says. @returns what it says, checked. @throws BoopError `join.*`, `link.unavailable` */
export async function meet(party: MeetingParty, { host, port }: { host: string; port: number }): Promise<{ member: MemberDescriptor; message: MeetingMessage }> {
  const sentMs = party.nowMs();
  const { body, certificate } = await post(party, { host, port });
  const reply = meetingReplySchema.safeParse(body);
  if (!reply.success) throw malformed();
  if (!reply.data.ok) throw new BoopError(reply.data.code, `${host}:${port} refuses this node: ${reply.data.reason}`, { kind: 'peer' });
  const { message } = reply.data;
  return { member: checked(message, certificate, (sentMs + party.nowMs()) / 2, `${host}:${port}`), message };
}

/** @throws BoopError `join.descriptor`, `join.other-certificate`, `join.clock-off` */
function checked(message: MeetingMessage, certificate: X509Certificate | undefined, nowMs: number, who: string): MemberDescriptor {
  const member = verifyDescriptor(message.member);
  const identity = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: member.identityKey }, format: 'jwk' });
  if (fromBase64Url(member.identityKey).length !== 32 || !certificate?.verify(identity)) throw new BoopError('join.other-certificate', `the certificate of ${who} was not issued by the identity that it shows`, { kind: 'peer' });
  const aheadMs = message.atMs - nowMs;
  if (Math.abs(aheadMs) > CLOCK_SKEW_MAX_MS) throw new BoopError('join.clock-off', `the clock of ${who} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one's: set both by NTP`, { kind: 'peer' });
  return member;
}

async function answer(party: MeetingParty, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (incoming.method !== 'POST' || incoming.url !== MEETING_PATH) throw malformed();
    const message = meetingMessageSchema.safeParse(await readJson(incoming));
    if (!message.success) throw malformed();
    checked(message.data, (incoming.socket as TLSSocket).getPeerX509Certificate(), party.nowMs(), 'the caller');
    reply(response, 200, { ok: true, message: party.message() });
  } catch (error) {
    const { code, message: reason } = isBoopError(error) ? error : malformed();
    reply(response, 400, { ok: false, code, reason });
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
}

async function post(party: MeetingParty, { host, port }: { host: string; port: number }): Promise<{ body: unknown; certificate: X509Certificate | undefined }> {
  const body = JSON.stringify(party.message());
  return await new Promise((resolve, reject) => {
    const unreachable = (): void => reject(new BoopError('link.unavailable', `${host}:${port} can't be reached`, { kind: 'unavailable' }));
    const outgoing = request({ ...mutual(party.tls), host, port, path: MEETING_PATH, method: 'POST', agent: false, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      const certificate = (response.socket as TLSSocket).getPeerX509Certificate();
      readJson(response).then((value) => resolve({ body: value, certificate }), reject);
    });
    outgoing.setTimeout(requestTimeoutMs, () => outgoing.destroy(new Error('timeout')));
    outgoing.once('error', unreachable);
    outgoing.end(body);
  });
}

/** @throws BoopError `join.malformed` */
async function readJson(stream: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MEETING_BYTES_MAX) throw malformed();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw malformed();
  }
}

const malformed = (): BoopError => new BoopError('join.malformed', 'a message of another form', { kind: 'peer' });
