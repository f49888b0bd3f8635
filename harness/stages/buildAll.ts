// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import { buildGuestTests, type GuestTestsArtifact } from './buildGuestTests.ts';
import { buildKernel, type KernelArtifact, type KernelRequest } from './buildKernel.ts';
import { buildQemu, type QemuArtifact } from './buildQemu.ts';
import { checkChoice, type KernelChoice, resolveKernel } from './kernelRequest.ts';
import { type ImageArtifact, makeImage } from './makeImage.ts';
import { type PlannedTest, type Selection, selectTests } from './testPlan.ts';
import type { Workspace } from './workspace.ts';

/** Everything that a run boots and runs. */
export interface Built {
  planned: PlannedTest[];
  qemu: QemuArtifact;
  kernel: KernelArtifact;
  image: ImageArtifact;
  guestTests: GuestTestsArtifact;
}

/** Adds tests, and what they need in the guest, to pinlab's own. */
export type ExtendGuestTests = (
  guestTests: GuestTestsArtifact,
  kernel: KernelRequest,
) => Promise<GuestTestsArtifact>;

/** Builds what is stale, once it is known that a test is selected. QEMU and the kernel are built side by side; if one fails, all stop. */
export async function buildAll(
  workspace: Workspace,
  choice: KernelChoice,
  selection: Selection,
  extend: ExtendGuestTests = async (guestTests) => guestTests,
): Promise<Built> {
  await checkChoice(choice);
  const failure = new AbortController();
  const signal = AbortSignal.any([workspace.signal, failure.signal]);
  const linked = { ...workspace, signal };
  const builds = [buildQemu(linked), buildGuestSide(linked, choice, selection, extend)] as const;
  try {
    const [qemu, guestSide] = await Promise.all(builds);
    return { qemu, ...guestSide };
  } catch (error) {
    failure.abort();
    await Promise.allSettled(builds);
    throw error;
  }
}

async function buildGuestSide(
  workspace: Workspace,
  choice: KernelChoice,
  selection: Selection,
  extend: ExtendGuestTests,
) {
  const request = await resolveKernel(workspace, choice);
  // Seconds against the kernel's minutes, and a mistake in a test shows at once.
  const guestTests = await extend(await buildGuestTests(workspace, request), request);
  const planned = selectTests(guestTests.tests, selection);
  if (planned.length === 0) {
    throw new InfraError('no test matches: nothing ran', {
      hint: 'npx pinlab list prints every test id',
    });
  }
  const kernel = await buildKernel(workspace, request);
  return { planned, kernel, image: await makeImage(workspace, kernel.driver), guestTests };
}
