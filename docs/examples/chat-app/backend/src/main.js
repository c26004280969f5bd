/** Starts the chat. PORT says where it listens (default 8080); SIGTERM and SIGINT end it politely. */
import { createChat } from './server.js';

/** After this, whoever is still talking is cut off. */
const GOODBYE_LIMIT_MS = 5_000;

const { server, close } = createChat();
const host = process.env.HOST ?? '127.0.0.1';

server.listen(Number(process.env.PORT ?? 8080), host, () => {
  console.log(`chat listens on http://${host}:${server.address().port}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log(`${signal}: saying goodbye`);
    setTimeout(() => process.exit(0), GOODBYE_LIMIT_MS).unref();
    close().then(() => process.exit(0));
  });
}
