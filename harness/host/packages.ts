// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import { withArchiveHint } from './apt.ts';
import { run, tryRun } from './spawn.ts';

export interface HostPackage {
  name: string;
  reason: string;
}

const COMMON: HostPackage[] = [
  { name: 'gcc', reason: `QEMU, the kernel's build tools, the native listing of tests` },
  { name: 'libc6-dev', reason: 'headers for the same' },
  { name: 'make', reason: 'the kernel, the driver and the guest programs' },
  { name: 'git', reason: 'applies the series as git am would' },
  { name: 'xz-utils', reason: 'unpacks the sources' },
  { name: 'flex', reason: `the kernel's configuration tools and device trees` },
  { name: 'bison', reason: 'the same' },
  { name: 'bc', reason: 'a kernel header is computed' },
  { name: 'perl', reason: `the kernel's scripts` },
  { name: 'libssl-dev', reason: `the kernel's certificate tools` },
  { name: 'libelf-dev', reason: `the kernel's objtool and modpost` },
  { name: 'kmod', reason: 'depmod for the module build' },
  { name: 'cpio', reason: 'writes the initramfs' },
  { name: 'rsync', reason: `the kernel's headers_install` },
  { name: 'python3', reason: `QEMU's configure and meson` },
  { name: 'python3-venv', reason: `QEMU's configure` },
  { name: 'ninja-build', reason: 'builds QEMU' },
  { name: 'pkg-config', reason: 'finds the libraries of QEMU' },
  { name: 'libglib2.0-dev', reason: 'QEMU' },
  { name: 'libpixman-1-dev', reason: 'QEMU' },
  { name: 'libfdt-dev', reason: `QEMU's virt machine makes a device tree` },
  { name: 'libslirp-dev', reason: 'QEMU user-mode networking, for SSH' },
  { name: 'zlib1g-dev', reason: 'QEMU' },
];

const CROSS: HostPackage[] = [
  { name: 'gcc-aarch64-linux-gnu', reason: 'compiles the kernel and the guest programs' },
  { name: 'libc6-dev-arm64-cross', reason: 'static C library of the guest programs' },
];

/** What has to be installed on this host, and why. */
export const hostPackages: readonly HostPackage[] =
  process.arch === 'arm64' ? COMMON : [...COMMON, ...CROSS];

/** What `pinlab gdb` needs besides. */
export const debuggerPackages: readonly HostPackage[] = [
  { name: 'gdb-multiarch', reason: 'debugs an arm64 kernel from any host' },
];

/** Those of `wanted` that this host lacks. */
export async function missingPackages(
  signal?: AbortSignal,
  wanted: readonly HostPackage[] = hostPackages,
): Promise<HostPackage[]> {
  const names = wanted.map(({ name }) => name);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
  const format = '${Package} ${db:Status-Status}\\n';
  const options = { what: 'ask dpkg what is installed', signal };
  // dpkg-query exits with 1 when it knows none or only some of the names.
  const { code, stdout } = await tryRun('dpkg-query', ['-W', '-f', format, ...names], options);
  if (code !== 0 && code !== 1) {
    throw new InfraError(`dpkg-query exited with ${code}: this host is not Debian`, {
      hint: 'pinlab runs on Debian 12 and 13; elsewhere use a debian: container',
    });
  }
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return wanted.filter(({ name }) => !installed.has(name));
}

/** The one command that installs `packages`. */
export function installCommand(packages: readonly HostPackage[]): string {
  const names = packages.map(({ name }) => name).join(' ');
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}sh -c 'apt-get update && apt-get install -y --no-install-recommends ${names}'`;
}

/** Installs `packages` as root or by passwordless sudo; throws with the command where it may not. */
export async function installPackages(
  packages: readonly HostPackage[],
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const become = await privilege(signal);
  if (!become) {
    throw new InfraError(`this host lacks ${packages.map(({ name }) => name).join(', ')}`, {
      hint: `install them with: ${installCommand(packages)}`,
    });
  }
  const apt = async (...args: string[]) => {
    const command = [...become, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
    const options = { what: `apt-get ${args[0]}`, onLine, signal };
    await run(command[0] as string, command.slice(1), options).catch(withArchiveHint);
  };
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...packages.map(({ name }) => name));
}

/** The words that make a command run as root, or undefined where that is not allowed. */
export async function privilege(signal?: AbortSignal): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const probe = await tryRun('sudo', ['-n', 'true'], { what: 'probe sudo', signal });
  return probe.code === 0 ? ['sudo', '-n'] : undefined;
}
