/** Connections to Temporal that come back quickly by themselves. */
import { Client, Connection } from '@temporalio/client';
import type { Config } from './config.js';

type Address = Pick<Config, 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE'>;

/** grpc-js would wait up to two minutes between tries; after an outage that is what a user waits. */
const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** A client that connects when it is first used, so that a process can start without Temporal. */
export function temporalClient(config: Address): Client {
  const connection = Connection.lazy({ address: config.TEMPORAL_ADDRESS, channelArgs: CHANNEL });
  return new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
}
