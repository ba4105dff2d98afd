import { WebSocket } from 'ws';

/** An open or opening socket, as far as the transport uses one. */
export interface Socket {
  send(text: string): void;
  /** Ends it at once, without a farewell. `onClose` is called once, now or later. */
  terminate(): void;
}

/** What a socket tells. */
export interface SocketEvents {
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  /** Once, however it ended, also when it never opened. */
  readonly onClose: () => void;
}

/** How a socket is opened. */
export type OpenSocket = (
  target: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly bytesMax: number;
  },
  events: SocketEvents,
) => Socket;

/** Opens a socket of the `ws` package, and leaves no listener on it once it is closed. */
export const openWebSocket: OpenSocket = ({ url, headers, bytesMax }, events) => {
  const socket = new WebSocket(url, { headers, maxPayload: bytesMax, followRedirects: false });
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    socket.removeAllListeners();
    // A socket that is terminated while it connects still reports that as an error.
    socket.on('error', () => undefined);
    socket.terminate();
    events.onClose();
  };
  socket.on('open', events.onOpen);
  socket.on('message', (frame, isBinary) => {
    if (isBinary) end();
    else events.onMessage(frame.toString());
  });
  socket.on('close', end);
  socket.on('error', end);
  return { send: (text) => socket.send(text), terminate: end };
};
