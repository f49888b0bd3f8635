// SPDX-License-Identifier: MIT
import { Argument } from '@commander-js/extra-typings';
import { UsageError } from '../errors.ts';
import { buildGuestTests } from '../stages/buildGuestTests.ts';
import { buildKernel } from '../stages/buildKernel.ts';
import { buildQemu, buildQtests } from '../stages/buildQemu.ts';
import { ensureHost } from '../stages/hostTools.ts';
import { inputsKey } from '../stages/inputsKey.ts';
import { type KernelChoice, resolveKernel } from '../stages/kernelRequest.ts';
import { makeImage } from '../stages/makeImage.ts';
import { sideBySide } from '../stages/sideBySide.ts';
import type { Workspace } from '../stages/workspace.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { progressReporter } from './reporters.ts';

/** Builds one part, and returns the path that names its result. */
type BuildPart = (workspace: Workspace, choice: KernelChoice) => Promise<string>;

/** What is built beside the guest's parts: the two share nothing. */
const HOST_PARTS: Record<string, BuildPart> = {
  qemu: async (workspace) => (await buildQemu(workspace)).binary,
  qtests: async (workspace) => (await buildQtests(workspace)).programs.join('\n'),
};

const GUEST_PARTS: Record<string, BuildPart> = {
  kernel: async (workspace, choice) => (await kernel(workspace, choice)).image,
  image: async (workspace, choice) =>
    (await makeImage(workspace, (await kernel(workspace, choice)).driver)).initramfs,
  'guest-tests': async (workspace, choice) => {
    const request = await resolveKernel(workspace, choice);
    return (await buildGuestTests(workspace, request)).directory;
  },
};

const PARTS = Object.keys({ ...HOST_PARTS, ...GUEST_PARTS });

/** `pinlab build`: builds, and prints the artifact's path. */
export function buildCommand(invocation: Invocation) {
  return withKernelOptions('build')
    .description(`build without running; prints each artifact's path`)
    .addArgument(new Argument('[parts...]', `any of ${PARTS.join(', ')}; all without`))
    .option('--coverage', 'the kernel of pinlab run --coverage')
    .option('--print-cache-key', 'print what the artifacts depend on as one hash, building nothing')
    .addHelpText('after', '\nExample:\n  $ npx pinlab build kernel --flavour debug')
    .action(async (parts, options) => {
      if (options.printCacheKey) {
        process.stdout.write(`${await inputsKey(invocation.environment.root)}\n`);
        return;
      }
      const workspace = invocation.workspace(progressReporter(invocation.environment));
      // All names first: what is wrong should not wait for what takes long.
      parts.forEach(checkPart);
      await ensureHost(workspace);
      const names = parts.length > 0 ? parts : PARTS;
      const paths = await buildParts(workspace, kernelChoice(options), names);
      process.stdout.write(`${paths.join('\n')}\n`);
    });
}

function checkPart(name: string) {
  if (PARTS.includes(name)) return;
  throw new UsageError(`there is no part ${name} to build`, {
    hint: `choose among ${PARTS.join(', ')}`,
  });
}

/** Builds `names`, the host's beside the guest's, and returns their paths; if one fails, all stop. */
async function buildParts(
  workspace: Workspace,
  choice: KernelChoice,
  names: readonly string[],
): Promise<string[]> {
  const paths = new Map<string, string>();
  const sides = [HOST_PARTS, GUEST_PARTS];
  await sideBySide(sides.length, workspace.signal, async (signal) => {
    const parts = sides.pop() ?? {};
    for (const name of names) {
      const build = Object.hasOwn(parts, name) ? parts[name] : undefined;
      if (build) paths.set(name, await build({ ...workspace, signal }, choice));
    }
  });
  return names.map((name) => paths.get(name) ?? '');
}

async function kernel(workspace: Workspace, choice: KernelChoice) {
  return buildKernel(workspace, await resolveKernel(workspace, choice));
}
