/** `/ws/registration` frame by frame, for what the SDK would never send. */
export class RegistrationChannel {
  readonly #socket: WebSocket;
  readonly #messages: Message[] = [];
  #wake = (): void => undefined;

  constructor(bridgeUrl: string) {
    this.#socket = new WebSocket(`${bridgeUrl}/ws/registration`, 'boop.v1.json');
    this.#socket.addEventListener('message', ({ data }) => {
      this.#messages.push(JSON.parse(String(data)) as Message);
      this.#wake();
    });
  }

  /** Opens a session for one right palm. @returns the hello response */
  async hello(): Promise<Message> {
    await new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', resolve);
      this.#socket.addEventListener('error', () => reject(new Error('the bridge does not answer')));
    });
    return await this.ask({ type: 'registration_hello', positions: ['right-palm'] }, ['registration_hello_response']);
  }

  /** Sends a message and waits for the first one of these types that comes after it, or an error. */
  async ask(message: object, types: readonly string[]): Promise<Message> {
    const from = this.#messages.length;
    this.#socket.send(JSON.stringify({ ...message, id: `m${from}` }));
    const deadline = Date.now() + 60_000;
    for (;;) {
      const answer = this.#messages.slice(from).find(({ type }) => type === 'error' || types.includes(type));
      if (answer) return answer;
      if (Date.now() > deadline) throw new Error(`no answer of type ${types.join(' or ')}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1_000);
      });
    }
  }

  close(): void {
    this.#socket.close();
  }
}

export type Message = { readonly type: string; readonly code?: string; readonly message?: string } & Record<string, unknown>;
