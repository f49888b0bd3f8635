// SPDX-License-Identifier: MIT
import { readEnvironment } from '../commands/environment.ts';
import type { Properties } from '../qemu/args.ts';
import { buildGuestTests } from '../stages/buildGuestTests.ts';
import { buildKernel } from '../stages/buildKernel.ts';
import { buildQemu, buildStockQemu } from '../stages/buildQemu.ts';
import { ensureHost } from '../stages/hostTools.ts';
import { resolveKernel } from '../stages/kernelRequest.ts';
import { SSID_BITS } from '../stages/machine.ts';
import { type Measure, type MeasureRequest, measureMachine } from '../stages/measureMachine.ts';
import { openWorkspace } from '../stages/workspace.ts';
import { median, say } from './pairs.ts';

/**
 * What the emulated machine costs: `npm run bench:machine`. Names of parts select them:
 * `-- latency sustained throughput`. Figures of the host's clock are medians; those of stock and
 * patched QEMU are of interleaved boots.
 */
const PARTS = { latency, sustained, throughput };

const CHOICE = { kernel: '6.12', series: 'ours', flavour: 'base', fragments: [] } as const;
const SVA: Properties = { ssidsize: SSID_BITS, stall: 'on' };
const PAIRS = 5;
/** What the path without SubstreamIDs must reach of stock QEMU's throughput. */
const AIM = 0.97;

const environment = readEnvironment();
const { signal } = new AbortController();
const workspace = openWorkspace({ ...environment, emit: () => undefined, signal });
await ensureHost(workspace);
const request = await resolveKernel(workspace, CHOICE);
const guestTests = await buildGuestTests(workspace, request);
const kernel = await buildKernel(workspace, request);
const patched = (await buildQemu(workspace)).binary;
for (const part of chosenParts(process.argv.slice(2))) await PARTS[part]();

function chosenParts(names: readonly string[]): (keyof typeof PARTS)[] {
  const all = Object.keys(PARTS) as (keyof typeof PARTS)[];
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown) throw new Error(`there is no part ${unknown}; choose among ${all.join(', ')}`);
  return names.length === 0 ? all : all.filter((name) => names.includes(name));
}

type Varied = Pick<MeasureRequest, 'qemu' | 'subject' | 'smmu' | 'clock'>;

async function measure(what: 'stalls' | 'bytes', varied: Varied): Promise<Measure[]> {
  const measures = await measureMachine({ ...varied, kernel, guestTests, signal });
  return measures.filter((one) => one.what === what);
}

/** From a stall to its retry: what the guest executes meanwhile, and how long that takes. */
async function latency() {
  const device = { qemu: patched, subject: 'device', smmu: SVA } as const;
  const counted = { ...device, clock: 'instructions' } as const;
  const boots = [await measure('stalls', counted), await measure('stalls', counted)];
  const [first, second] = boots.map((boot) => median(boot.map(perStall)));
  const agree = first === second ? 'the same in two boots' : `${second} in another boot`;
  say(`instructions from stall to retry: ${first} (${agree})`);
  const timed = await measure('stalls', { ...device, clock: 'host' });
  say(`virtual time from stall to retry: ${microseconds(median(timed.map(perStall)))}`);
}

async function sustained() {
  const varied = { qemu: patched, subject: 'device', smmu: SVA, clock: 'host' } as const;
  const rates = (await measure('stalls', varied)).map(perSecond);
  say(`stalls a second, one queue: ${Math.round(median(rates))}`);
}

/** The same boots by turns, so that what else the host does befalls all alike. */
async function throughput() {
  const stock = (await buildStockQemu(workspace)).binary;
  const port = { subject: 'port', clock: 'host' } as const;
  const withSsid = await bytes({ ...port, subject: 'device', qemu: patched, smmu: SVA });
  const rows = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    rows.push({
      stock: await bytes({ ...port, qemu: stock, smmu: {} }),
      patched: await bytes({ ...port, qemu: patched, smmu: {} }),
      capable: await bytes({ ...port, qemu: patched, smmu: SVA }),
    });
  }
  say(`bytes a second with SSID, CHECKSUM of the dma-testdev: ${mebibytes(withSsid)}`);
  say('bytes a second without SSID, writes to a virtio port, which all three have:');
  for (const row of rows) {
    say(
      `  stock ${mebibytes(row.stock)}, patched ${mebibytes(row.patched)}, ` +
        `patched with substreams and stalls offered ${mebibytes(row.capable)}`,
    );
  }
  const ratio = median(rows.map((row) => row.patched / row.stock));
  const capable = median(rows.map((row) => row.capable / row.stock));
  say(
    `patched / stock, virtio port: ${ratio.toFixed(3)}, offering both: ${capable.toFixed(3)} (aim ${AIM})`,
  );
}

async function bytes(varied: Varied): Promise<number> {
  return median((await measure('bytes', varied)).map(perSecond));
}

function perStall({ amount, stallNs }: Measure): number {
  return Math.round(stallNs / amount);
}

function perSecond({ amount, ns }: Measure): number {
  return amount / (ns / 1e9);
}

function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`;
}

function mebibytes(rate: number): string {
  return `${(rate / 2 ** 20).toFixed(1)} MiB/s`;
}
