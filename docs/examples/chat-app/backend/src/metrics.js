/** Counts, in the text format that Prometheus reads. */

/** Upper bounds of the latency histogram, seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export class Metrics {
  #requests = new Map();
  #counts = BUCKETS.map(() => 0);
  #seconds = 0;
  #total = 0;

  observe(method, route, status, seconds) {
    const key = `method="${method}",route="${route}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    this.#total++;
    this.#seconds += seconds;
    for (const [at, bound] of BUCKETS.entries()) if (seconds <= bound) this.#counts[at]++;
  }

  /** @param room what the chat counts itself. */
  text(room, uptime) {
    const requests = [...this.#requests].map(([key, n]) => `chat_http_requests_total{${key}} ${n}`);
    const buckets = BUCKETS.map(
      (bound, at) => `chat_http_request_seconds_bucket{le="${bound}"} ${this.#counts[at]}`,
    );
    return [
      ...metric('chat_connections', 'gauge', 'Open WebSocket connections.', room.guests),
      ...metric('chat_users', 'gauge', 'People with a name.', room.users.length),
      ...metric('chat_messages_total', 'counter', 'Messages since the start.', room.messages),
      ...metric('chat_answers_total', 'counter', 'Scripted answers since the start.', room.answers),
      ...metric('chat_uptime_seconds', 'gauge', 'Seconds since the start.', uptime),
      ...metric('process_resident_memory_bytes', 'gauge', 'Memory.', process.memoryUsage.rss()),
      ...head('chat_http_requests_total', 'counter', 'Answered requests.'),
      ...requests,
      ...head('chat_http_request_seconds', 'histogram', 'Time to answer.'),
      ...buckets,
      `chat_http_request_seconds_bucket{le="+Inf"} ${this.#total}`,
      `chat_http_request_seconds_sum ${this.#seconds}`,
      `chat_http_request_seconds_count ${this.#total}`,
      '',
    ].join('\n');
  }
}

function metric(name, type, help, value) {
  return [...head(name, type, help), `${name} ${value}`];
}

function head(name, type, help) {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
