import type { ServedCall } from "./testing-call.js";
import { asSent } from "./testing-check.js";

/** A call that an earlier client has left. */
export interface EarlierCall {
  readonly call: ServedCall;
  /** Milliseconds since 1970, as the next one. */
  readonly sentAt: number;
  /** null while the session goes on in this client. */
  answerableUntil: number | null;
  /** A call with its reference is in flight. */
  superseded: boolean;
  /** It is not to be listed any more. */
  dismissed: boolean;
}

/** The calls that earlier clients have left, as package internal/outbound/recovery keeps them. */
export class EarlierCalls {
  readonly #all: EarlierCall[] = [];

  add(call: ServedCall, sentAt: Date, until: Date | null): void {
    this.#all.push({
      call,
      sentAt: sentAt.getTime(),
      answerableUntil: until === null ? null : until.getTime(),
      superseded: false,
      dismissed: false,
    });
  }

  /** The one of that reference, also where it is not listed. */
  find(referenceId: unknown): EarlierCall | undefined {
    return this.#all.filter(({ call }) => call.referenceId === referenceId).at(-1);
  }

  /** Those that are listed, oldest first. */
  get listed(): EarlierCall[] {
    return this.#all.filter(isListed).sort((a, b) => a.sentAt - b.sentAt);
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<EarlierCall> {
    return this.#all.values();
  }

  /**
   * Has `call`, which begins, take the place of the one with its reference; gives the answer to that one, where it is
   * the very same request.
   */
  supersede(call: ServedCall): ServedCall["outcome"] {
    const earlier = this.find(call.referenceId);
    // Once it is known that it has failed, the caller may want to try again.
    if (!earlier || !(isListed(earlier) || earlier.call.succeeded)) {
      return undefined;
    }
    earlier.superseded = true;
    return earlier.call.answer && isSame(earlier.call, call) ? earlier.call.outcome : undefined;
  }

  /** `call` has come to its end; gives the call whose place it had, unless that stays what it was. */
  end({ referenceId, succeeded, delivery }: ServedCall): ServedCall | undefined {
    const earlier = this.find(referenceId);
    if (!earlier?.superseded) {
      return undefined;
    }
    earlier.superseded = false;
    if (!succeeded && (delivery === "not-sent" || delivery === "rejected")) {
      return undefined;
    }
    earlier.dismissed = true;
    return earlier.call;
  }

  /** The session that went on in this client is over, or would have been at the time of `lost` at the latest. */
  sessionIsOver(lost: number | null): void {
    const over = Math.min(lost ?? Infinity, Date.now());
    for (const earlier of this.#all) {
      earlier.answerableUntil ??= over;
    }
  }

  /** The caller has got what the call of that reference came to: if it is one of these, it is settled. */
  delivered(referenceId: string): void {
    const earlier = this.find(referenceId);
    if (earlier?.call.settled && earlier.call.id !== undefined) {
      earlier.dismissed = true;
    }
  }
}

export function isListed({ superseded, dismissed }: EarlierCall): boolean {
  return !superseded && !dismissed;
}

function isSame(a: ServedCall, b: ServedCall): boolean {
  const text = ({ row, request }: ServedCall) =>
    JSON.stringify([row.operationName, asSent(row, { ...request, referenceId: undefined })]);
  return text(a) === text(b);
}
