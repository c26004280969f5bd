// `npm run bench`: every figure of the product, measured in one run on one machine, beside its peers.
// --json: one document. --only NAME,…: some figures. Takes about ten minutes; stops by itself.
// --only overload (or queued, turns, neighbours, pushes, followers, bigLog, gates): too much of everything;
// sizes by flags: --runs 1000 --turns 60 --wide 200 --pushes 200 --followers 50 --log-mib 100 --gates 2000.
// --only chat (or doors, sockets): chat under load; sizes by --rate 1000 --sockets 1000.
// --only decode: engines beside llama.cpp alone; SLIPWAY_BENCH_MODEL names a real GGUF file to measure too.
// Peers are measured where they are installed: act (host mode), gitlab-ci-local (with rsync).
import { fileURLToPath } from 'node:url';
import { foreground, node, progress, setUp } from './setup.mjs';

await setUp(progress(process.stderr));
const main = fileURLToPath(new URL('bench/main.mjs', import.meta.url));
process.exitCode = await foreground(node, [main, ...process.argv.slice(2)]);
