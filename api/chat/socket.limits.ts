/** How many sockets, how much of each, and how long: `/ws/chat`. */
export interface SocketLimits {
  /** Open at once: of this process, of one user, and of those who have not said who they are. */
  all: number;
  perUser: number;
  unidentified: number;
  /** Conversations that one socket follows. */
  joined: number;
  /** Messages of one socket in one second; with twice as many it is closed. */
  messagesPerSecond: number;
  /** Messages of one socket that wait to be carried out. */
  waiting: number;
  /** What a slow client has not taken yet, bytes (1 MiB): above it, it is closed. */
  bufferedBytes: number;
  /** How long a socket may take to say who it is, milliseconds. */
  helloMs: number;
  /** The one timer of all sockets, milliseconds. */
  tickMs: number;
  /** Between pings; one that did not answer the last is closed, milliseconds. */
  pingMs: number;
  /** Between looks whether tokens are still good, milliseconds. */
  tokensMs: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  all: 2_000,
  perUser: 500,
  unidentified: 200,
  joined: 20,
  messagesPerSecond: 30,
  waiting: 50,
  bufferedBytes: 1_048_576,
  helloMs: 5_000,
  tickMs: 1_000,
  pingMs: 20_000,
  tokensMs: 60_000,
};

/** Provider token. */
export const SOCKET_LIMITS_TOKEN = Symbol('SocketLimits');
