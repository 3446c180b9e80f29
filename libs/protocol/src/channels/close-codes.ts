/** Close codes of all four channels; 4000…4999 are ours, those below are what RFC 6455 section 7.4.1 has for it. */
export const closeCodes = {
  1001: { name: 'going-away', reconnect: true, meaning: 'The process shuts down; reconnect elsewhere' },
  1002: { name: 'protocol-error', reconnect: true, meaning: 'A frame broke RFC 6455' },
  1007: { name: 'not-utf-8', reconnect: false, meaning: 'A text was not UTF-8' },
  1009: { name: 'frame-far-too-large', reconnect: false, meaning: 'A frame was so large that it was not read' },
  4400: { name: 'malformed', reconnect: false, meaning: 'A frame was not a documented message' },
  4401: { name: 'unauthenticated', reconnect: false, meaning: 'The hello carried no valid credential, or it was revoked since' },
  4403: { name: 'forbidden', reconnect: false, meaning: 'The credential may not use this channel' },
  4408: { name: 'hello-timeout', reconnect: true, meaning: 'No hello within 5 s' },
  4409: { name: 'out-of-order', reconnect: false, meaning: 'A message came before the hello, or a second hello' },
  4413: { name: 'payload-too-large', reconnect: false, meaning: 'A frame was larger than 1 MiB' },
  4423: { name: 'idle', reconnect: true, meaning: 'No pong within two heartbeats' },
  4429: { name: 'rate-limited', reconnect: true, meaning: 'Too many messages, or too many wrong keys from this address' },
  4430: { name: 'slow-consumer', reconnect: true, meaning: 'More than 1 MiB waited to be read' },
  4431: { name: 'too-many-connections', reconnect: true, meaning: 'Connection cap of this identity' },
  4440: { name: 'session-ended', reconnect: false, meaning: 'The session that this connection served is over' },
  4500: { name: 'internal', reconnect: true, meaning: 'Something went wrong here' },
} as const;
export type CloseCode = keyof typeof closeCodes;
