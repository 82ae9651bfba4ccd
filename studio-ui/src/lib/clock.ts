/** The studio's clock as seen from here. Ages are differences to it, so a wrong clock on this computer does not matter. */

const SAMPLES = 10;

export class ServerClock {
  readonly #offsets: number[] = [];
  #offset = 0;
  #standing: number | undefined;

  /** Takes a moment the studio just sent. The travel makes each sample late, so the largest of the last few is the truest. */
  observe(timestamp: string, receivedAt: number): void {
    const offset = Date.parse(timestamp) - receivedAt;
    if (Number.isNaN(offset)) return;
    this.#offsets.push(offset);
    if (this.#offsets.length > SAMPLES) this.#offsets.shift();
    this.#offset = Math.max(...this.#offsets);
  }

  now(): number {
    return this.at(Date.now());
  }

  /** The studio's time at a moment of this computer's clock. */
  at(local: number): number {
    return this.#standing ?? local + this.#offset;
  }

  /** Stands at a moment of the past that is shown; goes on without one. */
  stand(at: number | undefined): void {
    this.#standing = at;
  }
}

export const serverClock = new ServerClock();
