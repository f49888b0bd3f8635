// SPDX-License-Identifier: MIT
import { tryRun } from '../host/spawn.ts';
import type { Frame, Splat } from '../schema/results.ts';
import {
  decodeSplat,
  frameAddress,
  frameKey,
  parseAddr2line,
  type SourceLocation,
} from '../splat/decode.ts';
import type { KernelArtifact } from './buildKernel.ts';
import type { Workspace } from './workspace.ts';

const DRIVER_MODULE = 'dma_testdev';

/** `splats` with the source lines that the build's own vmlinux and driver give for their frames. */
export async function decodeSplats(
  workspace: Workspace,
  kernel: Pick<KernelArtifact, 'vmlinux' | 'driver' | 'source'>,
  splats: readonly Splat[],
): Promise<Splat[]> {
  if (splats.length === 0) return [];
  const places = splats.flatMap(({ frames }) => frames.map(toPlace));
  const core = places.filter(({ module }) => module === undefined);
  const driver = places.filter(({ module }) => module === DRIVER_MODULE);
  const sources = kernel.source.directory;
  const locations = new Map([
    ...(await locate(workspace, kernel.vmlinux, core, sources)),
    ...(await locate(workspace, kernel.driver, driver, sources)),
  ]);
  return splats.map((splat) => decodeSplat(splat, locations));
}

interface Place {
  key: string;
  /** None where the report does not tell. */
  address: string | undefined;
  module: string | undefined;
}

function toPlace(frame: Frame, index: number): Place {
  const { module } = frame;
  return { key: frameKey(frame, index), address: frameAddress(frame, index), module };
}

async function locate(
  { crossCompile, signal }: Workspace,
  file: string,
  places: readonly Place[],
  sources: string,
): Promise<[string, SourceLocation[]][]> {
  const known = places.filter(({ address }) => address !== undefined);
  if (known.length === 0) return [];
  const args = ['-a', '-f', '-i', '-e', file, ...known.map(({ address }) => address as string)];
  const what = 'decode a report of the kernel';
  const { code, stdout } = await tryRun(`${crossCompile}addr2line`, args, { what, signal });
  // A report without source lines is still a report.
  if (code !== 0) return [];
  const found = parseAddr2line(relativeToSources(stdout), sources);
  return known.map(({ key }, i) => [key, found[i] ?? []]);
}

/** Our objects name their sources by where they were built: beside the tree, or a copy of the driver. */
function relativeToSources(text: string): string {
  return text
    .replaceAll(/^\/\S*\/build-[^/\s]+\/\.\.\//gm, '')
    .replaceAll(/^\/\S*\/build(?:-[^/\s]+)?\/dma-testdev\//gm, 'kernel/dma-testdev/');
}
